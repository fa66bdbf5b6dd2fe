//! The median of some runs, in time that this thread had: what else a machine does is not measured.

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// At least three runs, and as many as fit into the time.
pub(crate) fn median<T>(within: Duration, mut work: impl FnMut() -> T) -> Duration {
    percentiles(within, &mut work).0
}

fn had() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// The median and the 99th percentile.
pub(crate) fn percentiles<T>(within: Duration, work: &mut impl FnMut() -> T) -> (Duration, Duration) {
    let began = Instant::now();
    let mut took = Vec::new();
    while took.len() < 3 || (began.elapsed() < within && took.len() < 10_000) {
        let before = had();
        black_box(work());
        took.push(had().saturating_sub(before));
    }
    took.sort_unstable();
    let at = |hundredths: usize| took.get(took.len() * hundredths / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Millions of bytes a second.
pub(crate) fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
