//! How often: a bucket that fills by itself and is emptied by what happens.

use std::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: f64,
    size: f64,
    level: f64,
    at: Instant,
}

// === impl Bucket ===

impl Bucket {
    pub(crate) fn full(per_second: u32, size: u32, now: Instant) -> Self {
        Self { per_second: f64::from(per_second), size: f64::from(size), level: f64::from(size), at: now }
    }

    /// Takes so many; `false`, and none is taken, when there are not as many.
    pub(crate) fn take(&mut self, many: u32, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = self.size.min(since.mul_add(self.per_second, self.level));
        self.at = now;
        let many = f64::from(many);
        let enough = self.level >= many;
        if enough {
            self.level -= many;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_gives_its_size_at_once_and_its_rate_from_then_on() {
        let start = Instant::now();
        let mut bucket = Bucket::full(10, 20, start);
        assert_eq!((0..100).filter(|_| bucket.take(1, start)).count(), 20);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| bucket.take(1, later)).count(), 10);
        let much_later = later + Duration::from_secs(3600);
        assert_eq!((0..100).filter(|_| bucket.take(1, much_later)).count(), 20, "never more than its size");
    }

    #[test]
    fn what_is_too_much_takes_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(1, 5, start);
        assert!(!bucket.take(6, start));
        assert!(bucket.take(5, start));
    }
}
