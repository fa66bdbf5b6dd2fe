//! What was taken in and is clean, for a zone that reads.

use crate::caller::Caller;
use crate::knowledge::clean_content_of;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::ReadItems;
use ledger::{Event, Outcome};

/// The most that a reading action returns, in bytes; the rest is left for the next one. A message on a bridge is 1 MiB.
const RESULT_LIMIT: usize = 768 * 1024;

/// The newest clean items of a source, oldest first: `{"items":[{"item":"…","content":{…}}]}`.
pub(super) fn read(zone1: &Zone1, caller: &Caller, source: &str, read: &ReadItems) -> (Outcome, String) {
    match newest_items(zone1, caller, source, read.limit as usize) {
        Ok((count, result)) => (Outcome::Performed { receipt: format!("{count} items") }, result),
        Err(refusal) => (Outcome::Failed { why: refusal.to_string() }, String::new()),
    }
}

fn newest_items(
    zone1: &Zone1,
    caller: &Caller,
    source: &str,
    limit: usize,
) -> Result<(usize, String), Refusal> {
    let mut record = zone1.record()?;
    let all = record.ledger().items();
    let of_source =
        all.into_iter().rev().filter(|(_, item)| item.source == source && item.cleaned().is_some());
    let newest: Vec<_> = of_source.take(limit).map(|(id, item)| (id.to_owned(), item.clone())).collect();
    let (mut items, mut size) = (Vec::new(), 0);
    for (id, item) in newest {
        let Some(content) = clean_content_of(&record, &item)? else { continue };
        let json = content.to_json();
        size += json.len();
        if size > RESULT_LIMIT {
            break;
        }
        zone1.was_handed(caller, &id, &content)?;
        if !item.cleaned().is_some_and(|cleaned| cleaned.delivered) {
            let delivered = Event::ItemDelivered { item: id.clone(), zone: caller.zone.to_string() };
            // The outcome, which the caller waits for, comes after it.
            let _before_the_outcome = zone1.write(&mut record, delivered)?;
        }
        let content: serde_json::Value = serde_json::from_str(&json)
            .map_err(|error| Refusal::AuditUnavailable(format!("content of {id}: {error}")))?;
        items.push(serde_json::json!({ "item": id, "content": content }));
    }
    items.reverse();
    Ok((items.len(), serde_json::json!({ "items": items }).to_string()))
}
