//! Zone 1's own time: it never goes back, and a clock that somebody sets frees nothing and revives nothing.
//!
//! The machine's clock is followed as long as it moves as the steady clock does. Where it was set, Zone 1 goes on by the
//! steady clock until its next start, and says so.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};

/// How far the machine's clock may be from the steady one without having been set: clocks are slewed.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// The two clocks of a machine at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What the machine's clock says.
    pub wall: Timestamp,
    /// Time since some moment, which nobody can set; it runs while the machine sleeps.
    pub steady: SignedDuration,
}

/// Zone 1's own time.
pub struct Clock {
    read: Box<dyn Fn() -> Reading + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// A moment of our time, and the steady clock at that moment.
    anchor: Reading,
    last: Timestamp,
    /// How far the machine's clock is from our time.
    apart: SignedDuration,
}

// === impl Clock ===

impl Clock {
    /// The machine's clocks; our time is never before `not_before`, the newest entry of the record.
    pub fn of_the_machine(not_before: Timestamp) -> Self {
        Self::new(not_before, read_machine)
    }

    /// A clock over these readings.
    pub fn new(not_before: Timestamp, read: impl Fn() -> Reading + Send + Sync + 'static) -> Self {
        let now = read();
        let last = now.wall.max(not_before);
        let anchor = Reading { wall: last, steady: now.steady };
        let state = State { anchor, last, apart: now.wall.duration_since(last) };
        Self { read: Box::new(read), state: Mutex::new(state) }
    }

    /// Our time.
    pub fn now(&self) -> Timestamp {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = (self.read)();
        let passed = reading.steady.saturating_sub(state.anchor.steady);
        // A time that cannot be written is the end of time: then everything has expired.
        let steady = state.anchor.wall.checked_add(passed).unwrap_or(Timestamp::MAX);
        state.apart = reading.wall.duration_since(steady);
        let now = if state.apart.abs() <= TOLERANCE {
            state.anchor = Reading { wall: reading.wall, steady: reading.steady };
            reading.wall
        } else {
            steady
        };
        state.last = state.last.max(now);
        state.last
    }

    /// How far the machine's clock was set away from our time; `None` while they agree.
    pub fn stepped(&self) -> Option<SignedDuration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.apart.abs() > TOLERANCE).then_some(state.apart)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").field("state", &self.state).finish_non_exhaustive()
    }
}

fn read_machine() -> Reading {
    #[cfg(target_os = "linux")]
    let steady = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let steady = rustix::time::ClockId::Monotonic;
    let steady = rustix::time::clock_gettime(steady);
    let nanoseconds = i32::try_from(steady.tv_nsec).unwrap_or_default();
    Reading { wall: Timestamp::now(), steady: SignedDuration::new(steady.tv_sec, nanoseconds) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    /// Our time, in seconds, after each of these readings (wall, steady).
    fn check(not_before: i64, readings: &[(i64, i64)], expected: &[i64]) {
        let (wall, steady) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let set = |(w, s): (i64, i64)| {
            wall.store(w, Ordering::Relaxed);
            steady.store(s, Ordering::Relaxed);
        };
        set(readings[0]);
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let clock = Clock::new(at(not_before), {
            let (wall, steady) = (Arc::clone(&wall), Arc::clone(&steady));
            move || Reading {
                wall: at(wall.load(Ordering::Relaxed)),
                steady: SignedDuration::from_secs(steady.load(Ordering::Relaxed)),
            }
        });
        let times: Vec<_> = readings
            .iter()
            .map(|reading| {
                set(*reading);
                clock.now().as_second()
            })
            .collect();
        assert_eq!(times, expected, "{readings:?}");
    }

    #[test]
    fn a_clock_that_is_left_alone_is_followed() {
        check(0, &[(1000, 5), (1010, 15), (1021, 25)], &[1000, 1010, 1021]);
    }

    #[test]
    fn a_clock_set_forward_moves_nothing() {
        check(0, &[(1000, 5), (400_000_000, 15), (400_000_010, 25)], &[1000, 1010, 1020]);
    }

    #[test]
    fn a_clock_set_back_moves_nothing() {
        check(0, &[(5000, 5), (1010, 15), (1020, 25)], &[5000, 5010, 5020]);
    }

    #[test]
    fn a_clock_that_was_set_and_set_right_again_is_followed_again() {
        check(0, &[(1000, 0), (9000, 10), (1020, 20), (1031, 30)], &[1000, 1010, 1020, 1031]);
    }

    #[test]
    fn time_does_not_go_back_behind_the_record() {
        check(5000, &[(1000, 0), (1010, 10)], &[5000, 5010]);
        check(5000, &[(9000, 0)], &[9000]);
    }
}
