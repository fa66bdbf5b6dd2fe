//! One item from its delivery to its end: which rules it meets, what is wished for, what came of it.

use crate::client::{CapabilityClient, Refused, Standing, Wish};
use crate::rules::Rules;
use clean_content::{CleanContent, Untrusted};
use std::time::{Duration, SystemTime};
use wire::v1::Delivery;

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

/// Carries one wish to its end, and says in a word which.
async fn carry_out(client: &mut CapabilityClient, wish: &Wish) -> Result<String, Refused> {
    loop {
        match attempt(client, wish).await {
            Ok(_result) => return Ok("performed".to_owned()),
            Err(Refused::Refusal { code, explanation: _, retry_at: Some(retry_at) })
                if code == "rate_limited" =>
            {
                // The item stays unsettled, so nothing is lost if we end while waiting.
                tokio::time::sleep(until(retry_at)).await;
            }
            Err(Refused::Refusal { code, .. }) if code == "already_performed" => {
                return Ok("performed".to_owned());
            }
            Err(Refused::Refusal { code, .. }) => return Ok(code),
            Err(lost @ Refused::Bridge(_)) => return Err(lost),
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

fn until(second: i64) -> Duration {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second.unsigned_abs());
    at.duration_since(SystemTime::now()).unwrap_or_default().max(Duration::from_secs(1))
}
