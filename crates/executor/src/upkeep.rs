//! What happens by itself: questions that nobody answered end, what no longer matters is forgotten, and what must not change
//! is watched.

use crate::policy_in_force::File;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use audit_log::Trouble;
use jiff::SignedDuration;
use ledger::Event;
use std::time::Duration;
use zone_bridge::{Health, Readiness};

/// How often is looked.
const EVERY: Duration = Duration::from_millis(250);

/// Once a minute is often enough to forget.
const FORGET_EVERY: u64 = 240;

/// What was seen at the last look.
struct Seen {
    policy: File,
    clock: Option<SignedDuration>,
    full: bool,
}

/// Keeps Zone 1 in order for as long as anything can be recorded.
pub async fn upkeep(zone1: &Zone1, health: &Health) {
    let mut seen = Seen { policy: File::Same, clock: None, full: false };
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for tick_count in 0_u64.. {
        tick.tick().await;
        // A call that failed half-way left the record in a state that nobody vouches for: only a restart brings it back.
        let trouble = match zone1.record() {
            Ok(mut record) => {
                if tick_count.is_multiple_of(FORGET_EVERY) {
                    record.prune(zone1.now());
                }
                record.trouble()
            }
            Err(_half_way) => return,
        };
        // What cannot be recorded now is refused anyway, and recorded at the next tick.
        if let Err(refusal) = look_after(zone1, health, trouble.as_ref(), &mut seen).await {
            tracing::warn!("{refusal}");
        }
    }
}

async fn look_after(
    zone1: &Zone1,
    health: &Health,
    trouble: Option<&Trouble>,
    seen: &mut Seen,
) -> Result<(), Refusal> {
    health.set("record", trouble.map_or(Readiness::Ready, |why| Readiness::NotReady(why.to_string())));
    let full = trouble == Some(&Trouble::Full);
    if full && !seen.full {
        // The one thing that is said on a full disk; whatever is asked meanwhile is refused without an entry.
        zone1.note(Event::RecordFull { what: Trouble::Full.to_string() }).await?;
    }
    seen.full = full;
    if trouble.is_some() {
        return Ok(());
    }
    zone1.expire_due().await?;
    zone1.watch_policy(&mut seen.policy).await?;
    health.set(
        "policy",
        match zone1.means.policy.in_force() {
            Ok(_) => Readiness::Ready,
            Err(refusal) => Readiness::NotReady(refusal.to_string()),
        },
    );
    zone1.watch_clock(&mut seen.clock).await
}

// === impl Zone1 ===

impl Zone1 {
    /// Notes once when the machine's clock was set, and once when it is right again.
    async fn watch_clock(&self, seen: &mut Option<SignedDuration>) -> Result<(), Refusal> {
        let apart = self.means.clock.stepped();
        if apart.is_some() != seen.is_some() {
            let by_seconds = apart.unwrap_or_default().as_secs();
            self.note(Event::ClockStepped { by_seconds }).await?;
            *seen = apart;
        }
        Ok(())
    }
}
