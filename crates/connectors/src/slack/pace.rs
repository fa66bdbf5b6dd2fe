//! How often each method may be called (<https://docs.slack.dev/apis/web-api/rate-limits>).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::calls;

/// A call waits for its turn up to here; one that would wait longer is told so.
const PATIENCE: Duration = Duration::from_secs(5);

/// Channels whose last post is remembered. With more it is Slack that says to slow down.
const MOST: usize = 1000;

/// When each method was called, for each thing that Slack counts by.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: HashMap<(&'static str, String), Instant>,
    put_off: HashMap<&'static str, Instant>,
}

/// When a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// At once.
    Now,
    /// Then. The turn is taken.
    At(Instant),
    /// Not for so long. No turn is taken.
    NotFor(Duration),
}

// === impl Pace ===

impl Pace {
    /// Takes the next turn of a method.
    pub(super) fn turn(&mut self, now: Instant, step: &'static str, about: &str) -> Turn {
        self.forget(now);
        let key = (step, about.to_owned());
        let next = self.next.get(&key).copied().unwrap_or(now);
        let put_off = self.put_off.get(step).copied().unwrap_or(now);
        let then = now.max(next).max(put_off);
        let wait = then.duration_since(now);
        if wait > PATIENCE {
            return Turn::NotFor(wait);
        }
        self.next.insert(key, then + between(step));
        if wait.is_zero() { Turn::Now } else { Turn::At(then) }
    }

    /// Slack said how long no call of this method will be taken.
    pub(super) fn put_off(&mut self, now: Instant, step: &'static str, wait: Duration) {
        if let Some(then) = now.checked_add(wait) {
            let later = self.put_off.get(step).map_or(then, |before| then.max(*before));
            self.put_off.insert(step, later);
        }
    }

    fn forget(&mut self, now: Instant) {
        if self.next.len() >= MOST {
            self.next.retain(|_, next| *next > now);
        }
        if self.next.len() >= MOST {
            self.next.clear();
        }
    }
}

/// One post a second and channel. The other methods have a number of calls a minute, which depends on the kind of app; Slack says
/// how long to wait when it is used up.
fn between(step: &str) -> Duration {
    match step {
        calls::POSTING => Duration::from_secs(1),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_channel_gets_one_post_a_second_and_another_channel_does_not_wait() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.turn(now, calls::POSTING, "C1"), Turn::Now);
        assert_eq!(pace.turn(now, calls::POSTING, "C1"), Turn::At(now + SECOND));
        assert_eq!(pace.turn(now, calls::POSTING, "C2"), Turn::Now);
        assert_eq!(pace.turn(now + 3 * SECOND, calls::POSTING, "C1"), Turn::Now);
    }

    #[test]
    fn who_would_wait_long_is_told_so_and_takes_no_turn() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..6 {
            assert!(!matches!(pace.turn(now, calls::POSTING, "C1"), Turn::NotFor(_)));
        }
        for _ in 0..2 {
            assert_eq!(pace.turn(now, calls::POSTING, "C1"), Turn::NotFor(6 * SECOND));
        }
    }

    #[test]
    fn what_slack_put_off_holds_for_the_method_in_every_channel_and_for_no_other() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.put_off(now, calls::POSTING, 30 * SECOND);
        pace.put_off(now, calls::POSTING, 10 * SECOND);
        assert_eq!(pace.turn(now, calls::POSTING, "C1"), Turn::NotFor(30 * SECOND));
        assert_eq!(pace.turn(now + 28 * SECOND, calls::POSTING, "C2"), Turn::At(now + 30 * SECOND));
        assert_eq!(pace.turn(now, calls::LOOKING, ""), Turn::Now);
        pace.put_off(now, calls::LOOKING, Duration::MAX);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for channel in 0..5000 {
            pace.turn(now, calls::POSTING, &channel.to_string());
        }
        assert!(pace.next.len() <= MOST);
    }
}
