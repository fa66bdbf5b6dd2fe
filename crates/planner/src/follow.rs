//! One item from its delivery to its end: which rules it meets, what is wished for, what came of it.

use crate::client::{CapabilityClient, Refused, Standing, Wish};
use crate::rules::Rules;
use clean_content::{CleanContent, Untrusted};
use std::time::{Duration, SystemTime};
use wire::v1::Delivery;

/// The shortest wait before asking again.
const SOON: Duration = Duration::from_secs(1);

/// The wait while Zone 1 cannot act at all.
const LATER: Duration = Duration::from_secs(15);

/// Plans one item and settles it. Only the loss of the bridge is an error: then the item comes again.
pub async fn follow(mut client: CapabilityClient, rules: &Rules, delivery: Delivery) -> Result<(), Refused> {
    let Delivery { item, source, clean_json } = delivery;
    let summary = match CleanContent::parse(Untrusted::new(clean_json)) {
        Err(misfit) => format!("not planned: {misfit}"),
        Ok(content) => {
            let plan = rules.plan(&item, &source, &content);
            let mut ends: Vec<String> =
                plan.problems.iter().map(|problem| format!("{}: {}", problem.rule, problem.why)).collect();
            for (rule, wish) in &plan.wishes {
                ends.push(format!("{rule}: {}", carry_out(&mut client, wish).await?));
            }
            if ends.is_empty() { "no rule".to_owned() } else { ends.join("; ") }
        }
    };
    let summary: String = summary.chars().take(500).collect();
    client.settle(&item, &summary).await
}

/// Carries one wish to its end, and says in a word which. While it waits the item stays unsettled, so nothing is lost when
/// this process ends.
async fn carry_out(client: &mut CapabilityClient, wish: &Wish) -> Result<String, Refused> {
    loop {
        let (code, retry_at) = match attempt(client, wish).await {
            Ok(_result) => return Ok("performed".to_owned()),
            Err(Refused::Refusal { code, explanation: _, retry_at }) => (code, retry_at),
            Err(lost @ Refused::Bridge(_)) => return Err(lost),
        };
        match code.as_str() {
            "already_performed" => return Ok("performed".to_owned()),
            "rate_limited" => tokio::time::sleep(until(retry_at)).await,
            // The answer still stands; the next permit may be in time.
            "permit_expired" | "permit_invalid" => tokio::time::sleep(SOON).await,
            // Nobody said no: Zone 1 cannot act now.
            "latched" | "audit_unavailable" => tokio::time::sleep(LATER).await,
            _ => return Ok(code),
        }
    }
}

async fn attempt(client: &mut CapabilityClient, wish: &Wish) -> Result<String, Refused> {
    let mut standing = client.request_capability(wish).await?;
    loop {
        match standing {
            Standing::Granted { permit } => return client.execute_with_token(permit, wish).await,
            Standing::Pending { request } => standing = client.wait_for_approval(&request).await?,
        }
    }
}

fn until(second: Option<i64>) -> Duration {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second.unwrap_or_default().unsigned_abs());
    at.duration_since(SystemTime::now()).unwrap_or_default().max(SOON)
}
