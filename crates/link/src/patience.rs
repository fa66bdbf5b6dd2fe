//! How long to wait before the next attempt.

use std::time::{Duration, Instant};

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// An attempt that lived as long as this was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Waits longer after each attempt that ended soon.
pub(crate) struct Patience {
    next: Duration,
}

impl Patience {
    pub(crate) const fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// How long to wait after an attempt that was begun then.
    pub(crate) fn after(&mut self, begun: Instant) -> Duration {
        if begun.elapsed() >= GOOD {
            self.next = SHORTEST;
        }
        let now = self.next;
        self.next = (now * 2).min(LONGEST);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_five_seconds_and_begins_anew_after_a_good_attempt() {
        let mut patience = Patience::new();
        let waits: Vec<_> = (0..8).map(|_| patience.after(Instant::now()).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        let long_ago = Instant::now().checked_sub(GOOD);
        assert_eq!(long_ago.map(|begun| patience.after(begun)), Some(SHORTEST));
    }
}
