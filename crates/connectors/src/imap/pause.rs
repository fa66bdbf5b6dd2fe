//! How long to leave a server alone.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::failure::Failure;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// Failures in a row, and what follows from them.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    failures: u32,
    next: Option<Duration>,
}

// === impl Pauses ===

impl Pauses {
    /// After success there is none.
    pub(super) fn forget(&mut self) {
        *self = Pauses::default();
    }

    /// Later and later, and at once for long where asking again changes nothing: who knocks with a wrong password again and
    /// again is locked out.
    pub(super) fn add(&mut self, failure: &Failure) {
        let doubled = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.next = Some(match failure {
            Failure::NotAllowed { .. } | Failure::Rejected { .. } | Failure::Malformed { .. } => LONGEST,
            Failure::Limited { retry_after, .. } => {
                retry_after.unwrap_or(LONGEST).max(jittered(doubled)).min(LONGEST.saturating_mul(12))
            }
            Failure::Unavailable { .. } | Failure::Unknown { .. } => jittered(doubled),
        });
    }

    /// The pause that is due, once.
    pub(super) fn take(&mut self) -> Option<Duration> {
        self.next.take()
    }
}

/// Between a half and all of it, so that many who were cut off at once do not come back at once.
fn jittered(pause: Duration) -> Duration {
    // The seed of a hasher is the standard library's randomness; this needs no better one.
    let share = u32::try_from(RandomState::new().hash_one(0) % 1024).unwrap_or(0);
    pause / 2 + pause.saturating_mul(share) / 2048
}

#[cfg(test)]
mod tests {
    use super::{Duration, Failure, LONGEST, Pauses};
    use crate::failure::{Cause, Reply};

    #[test]
    fn pauses_grow_to_a_limit_and_end_with_success() {
        let mut pauses = Pauses::default();
        let mut before = Duration::ZERO;
        for _ in 0..40 {
            pauses.add(&Failure::Unavailable { step: "x", cause: Cause::Timeout });
            let pause = pauses.take().unwrap();
            assert!(pause * 2 >= before.min(LONGEST / 2) && pause <= LONGEST);
            before = pause;
        }
        assert!(before >= LONGEST / 2);
        pauses.forget();
        assert_eq!(pauses.take(), None);
        pauses.add(&Failure::Unavailable { step: "x", cause: Cause::Timeout });
        assert!(pauses.take().unwrap() <= Duration::from_secs(1));
    }

    #[test]
    fn a_wrong_password_is_not_tried_again_soon() {
        let mut pauses = Pauses::default();
        pauses.add(&Failure::NotAllowed { step: "x", connector: "mail", reply: Reply::new(0, "no") });
        assert_eq!(pauses.take(), Some(LONGEST));
    }
}
