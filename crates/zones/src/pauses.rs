//! How long a process that ended is left to rest, and how many ends are too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The first pause before a restart; each further one is twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// So many ends within [`TOO_OFTEN_WITHIN`] are too many: the process stays down.
pub(crate) const TOO_OFTEN: usize = 5;
/// See [`TOO_OFTEN`].
pub(crate) const TOO_OFTEN_WITHIN: Duration = Duration::from_secs(60);

/// Notes an end at this moment; how many there were within [`TOO_OFTEN_WITHIN`].
pub(crate) fn lately(ends: &mut VecDeque<Instant>) -> usize {
    ends.push_back(Instant::now());
    while ends.front().is_some_and(|end| end.elapsed() > TOO_OFTEN_WITHIN) {
        ends.pop_front();
    }
    ends.len()
}

/// Ends that are as they should be never keep a process down: whoever sends mail that makes a planner end could take it away
/// from its owner. Many of them only make it come back later, so that they do not fill the record.
pub(crate) fn pause_after(well_ends: usize) -> Duration {
    let doublings = u32::try_from(well_ends.saturating_sub(TOO_OFTEN)).unwrap_or(u32::MAX).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// Reading enough takes longer than this: every item waits for the disk.
const SHORTEST_MEAL: Duration = Duration::from_millis(250);

/// The pause after a reader that says that it has read as much as one process may: none, for there is more to read. One that
/// was taken over could say so at once, over and over, and so fill the record; it is believed only if it lived for a while.
pub(crate) fn pause_after_meal(lived: Duration, well_ends: &mut VecDeque<Instant>) -> Option<Duration> {
    (lived < SHORTEST_MEAL).then(|| pause_after(lately(well_ends)))
}

#[test]
fn who_has_read_enough_comes_back_at_once_and_who_says_so_too_soon_comes_later() {
    let mut ends = VecDeque::new();
    let mut pauses =
        |lived: Duration| -> Vec<_> { (0..20).map(|_| pause_after_meal(lived, &mut ends)).collect() };
    assert_eq!(pauses(SHORTEST_MEAL), [None; 20]);
    let short = pauses(SHORTEST_MEAL / 2);
    assert_eq!((short[0], short[19]), (Some(FIRST_PAUSE), Some(LONGEST_PAUSE)));
}

#[test]
fn ends_that_are_as_they_should_be_make_a_process_later_and_never_keep_it_down() {
    assert_eq!([1, 5].map(pause_after), [FIRST_PAUSE; 2]);
    assert!(pause_after(7) > pause_after(6));
    assert_eq!([20, usize::MAX].map(pause_after), [LONGEST_PAUSE; 2]);
}
