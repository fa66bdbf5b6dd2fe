//! How often something may happen: a sliding window.

use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// At most `count` times within `per`, at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    count: usize,
    per: SignedDuration,
}

/// A text that is not a rate limit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a rate limit; write for example \"10/hour\" (second, minute, hour or day)")]
pub struct NotARateLimit(String);

// === impl RateLimit ===

impl RateLimit {
    /// The longest window; what is older never counts.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);

    /// `None` when it may happen now; else the moment from which it may.
    ///
    /// `before` are the times at which it happened, in any order. A time in the future (the clock went back) counts as
    /// now: a clock that is set back never frees anything.
    pub fn next_free(&self, before: impl Iterator<Item = Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let mut counted: Vec<_> =
            before.map(|at| at.min(now)).filter(|at| now.duration_since(*at) < self.per).collect();
        counted.sort_unstable_by(|a, b| b.cmp(a));
        // The count-th newest must leave the window first.
        let blocking = *counted.get(self.count.checked_sub(1)?)?;
        // A moment that cannot be written is never, not now.
        Some(blocking.checked_add(self.per).unwrap_or(Timestamp::MAX))
    }

    /// The stricter of two: fewer per time.
    pub(crate) fn stricter(self, other: Self) -> Self {
        let weight = |limit: &Self, by: &Self| limit.count as i128 * by.per.as_nanos();
        if weight(&other, &self) < weight(&self, &other) { other } else { self }
    }
}

impl std::str::FromStr for RateLimit {
    type Err = NotARateLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotARateLimit(text.to_owned());
        let (count, unit) = text.split_once('/').ok_or_else(refused)?;
        let per = match unit {
            "second" => SignedDuration::from_secs(1),
            "minute" => SignedDuration::from_mins(1),
            "hour" => SignedDuration::from_hours(1),
            "day" => SignedDuration::from_hours(24),
            _ => return Err(refused()),
        };
        match count.parse() {
            Ok(count @ 1..=1_000_000) => Ok(Self { count, per }),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "second",
            60 => "minute",
            3600 => "hour",
            _ => "day",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn check(limit: &str, before: &[i64], now: i64, expected: Option<i64>) {
        let limit: RateLimit = limit.parse().unwrap();
        assert_eq!(
            limit.next_free(before.iter().map(|s| at(*s)), at(now)),
            expected.map(at),
            "{limit} {before:?}"
        );
    }

    #[test]
    fn a_window_slides() {
        check("2/minute", &[], 100, None);
        check("2/minute", &[100], 100, None);
        check("2/minute", &[100, 130], 159, Some(160));
        check("2/minute", &[100, 130], 160, None);
        check("2/minute", &[130, 100, 10], 140, Some(160));
        check("1/second", &[5], 5, Some(6));
    }

    #[test]
    fn a_clock_set_back_frees_nothing() {
        check("1/minute", &[1000], 10, Some(70));
    }

    #[test]
    fn at_the_end_of_time_nothing_is_free() {
        let limit: RateLimit = "1/day".parse().unwrap();
        let end = std::iter::once(Timestamp::MAX);
        assert_eq!(limit.next_free(end, Timestamp::MAX), Some(Timestamp::MAX));
    }

    #[test]
    fn the_stricter_limit_wins() {
        let [a, b]: [RateLimit; 2] = ["10/hour", "1/minute"].map(|text| text.parse().unwrap());
        assert_eq!((a.stricter(b), b.stricter(a)), (a, a));
    }

    #[test]
    fn what_is_not_a_limit_is_refused() {
        for text in
            ["", "10", "0/hour", "-1/hour", "10/week", "10/hours", "ten/hour", "10 / hour", "9999999/hour"]
        {
            assert!(text.parse::<RateLimit>().is_err(), "{text}");
        }
    }
}
