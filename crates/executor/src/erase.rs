//! Erasing content beside the record: the entries that name it stand, and the chain holds.

use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::Digest;
use audit_log::ContentProblem;
use ledger::{Event, Item, Ledger, quoted};
use std::sync::Arc;

// === impl Zone1 ===

impl Zone1 {
    /// Erases content, and records it. What something open still needs is not erased; the policy in force neither.
    pub async fn erase(
        &self,
        untrusted_about: &str,
        content: Vec<Digest>,
        untrusted_who: &str,
    ) -> Result<u32, Refusal> {
        let (written, store) = {
            let mut record = self.record()?;
            if let Some(digest) = content.iter().find(|digest| is_needed(record.ledger(), digest)) {
                return Err(Refusal::StillNeeded { content: digest.to_hex() });
            }
            // The entry comes first: what is gone must be known to have been erased.
            let (about, who) = (quoted(untrusted_about), quoted(untrusted_who));
            let event = Event::ContentErased { about, content: content.clone(), who };
            (self.write(&mut record, event)?, Arc::clone(record.content()))
        };
        written.wait().await?;
        // It waits for the disk, and nobody else may wait with it.
        let erased = tokio::task::spawn_blocking(move || {
            let mut erased = 0;
            for digest in content {
                erased += u32::from(store.get(digest)?.is_some());
                store.erase(digest)?;
            }
            Ok::<_, ContentProblem>(erased)
        });
        let half_way = |_panicked| Refusal::AuditUnavailable("the erasing failed half-way".to_owned());
        Ok(erased.await.map_err(half_way)??)
    }
}

fn is_needed(ledger: &Ledger, digest: &Digest) -> bool {
    let by_a_request = ledger.open_requests().any(|(_, asked)| asked.parameters == *digest);
    let by_an_item =
        ledger.open_items().filter_map(|(_, item)| Item::cleaned(item)).any(|clean| clean.content == *digest);
    by_a_request || by_an_item || ledger.policy() == Some(*digest)
}
