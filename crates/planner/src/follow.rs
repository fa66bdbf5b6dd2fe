//! One item from its delivery to its end: which rules it meets, what is wished for, what came of it.

use crate::client::{CapabilityClient, Refused, Standing, Wish};
use crate::rules::{Plan, Rules};
use clean_content::{CleanContent, Untrusted};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;
use wire::v1::Delivery;

/// The shortest wait before asking again.
const SOON: Duration = Duration::from_secs(1);

/// The wait while Zone 1 cannot act at all.
const LATER: Duration = Duration::from_secs(15);

/// Plans one item and settles it. Only the loss of the bridge is an error: then the item comes again.
pub async fn follow(
    mut client: CapabilityClient,
    places: &Semaphore,
    rules: &Rules,
    delivery: Delivery,
) -> Result<(), Refused> {
    let Delivery { item, source, clean_json } = delivery;
    // Only the wishes are kept while the owner thinks, not the content.
    let (mut ends, wishes) = match CleanContent::parse(Untrusted::new(clean_json)) {
        Err(misfit) => (vec![format!("not planned: {misfit}")], Vec::new()),
        Ok(content) => {
            let Plan { wishes, problems } = rules.plan(&item, &source, &content);
            (problems.iter().map(|problem| format!("{}: {}", problem.rule, problem.why)).collect(), wishes)
        }
    };
    for (rule, wish) in &wishes {
        ends.push(format!("{rule}: {}", carry_out(&mut client, places, wish).await?));
    }
    let summary = if ends.is_empty() { "no rule".to_owned() } else { ends.join("; ") };
    let summary: String = summary.chars().take(500).collect();
    client.settle(&item, &summary).await
}

/// Carries one wish to its end, and says in a word which. While it waits the item stays unsettled, so nothing is lost when
/// this process ends.
async fn carry_out(
    client: &mut CapabilityClient,
    places: &Semaphore,
    wish: &Wish,
) -> Result<String, Refused> {
    let mut changes_of_mind = 0;
    loop {
        // A place is held on the bridge only: what waits for a rate limit keeps nothing else waiting.
        let place = places.acquire().await;
        let attempted = attempt(client, wish).await;
        drop(place);
        let (code, retry_at) = match attempted {
            Ok(_result) => return Ok("performed".to_owned()),
            Err(Refused::Refusal { code, explanation: _, retry_at }) => (code, retry_at),
            Err(lost @ Refused::Bridge(_)) => return Err(lost),
        };
        match code.as_str() {
            "already_performed" => return Ok("performed".to_owned()),
            "rate_limited" => tokio::time::sleep(until(retry_at)).await,
            // The answer still stands; the next permit may be in time.
            "permit_expired" | "permit_invalid" => tokio::time::sleep(SOON).await,
            // What was allowed when it was granted needs a question now; as long as that may pass, ask again.
            "not_approved" | "approval_superseded" if changes_of_mind < 10 => {
                changes_of_mind += 1;
                tokio::time::sleep(SOON).await;
            }
            // Nobody said no: Zone 1 cannot act now.
            "latched" | "audit_unavailable" | "policy_changed" | "too_many_calls" | "too_many_bytes" => {
                tokio::time::sleep(LATER).await
            }
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
