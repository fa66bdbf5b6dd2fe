//! Which version of each file of secrets was used stands in the record, so that an older file with its own signature, put back
//! while nobody looked, is not used after a start. `moltctl secrets trust` signs it as a version of now, if it was the owner.

use crate::credentials::FromVault;
use crate::zone1::Zone1;
use ledger::Event;
use std::time::Duration;

/// A version that was used for less than this before a crash may not be in the record: then it is as if it had never been used.
const EVERY: Duration = Duration::from_millis(250);

/// Notes what comes into use, for as long as the process lives.
pub async fn watch(zone1: &Zone1, vault: &FromVault) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        note(zone1, vault).await;
    }
}

/// Notes what came into use. What cannot be recorded now is, at the next look.
pub async fn note(zone1: &Zone1, vault: &FromVault) {
    for (file, version) in vault.used() {
        let is_new = zone1.record().is_ok_and(|record| {
            record.trouble().is_none()
                && record.ledger().secrets_used().get(&file).is_none_or(|used| *used < version)
        });
        if is_new && let Err(refusal) = zone1.note(Event::SecretsUsed { file, version }).await {
            tracing::warn!("{refusal}");
        }
    }
}
