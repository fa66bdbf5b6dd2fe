//! A message's `ts`: its moment and, in its channel, its name.

use std::fmt;
use std::str::FromStr;

/// Seconds since 1970 and microseconds, as Slack writes them: `1700000000.000100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Timestamp {
    seconds: u64,
    microseconds: u32,
}

/// It is not written so. As a number it would lose its last digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotATimestamp;

// === impl Timestamp ===

impl Timestamp {
    /// Before every message.
    pub(super) const BEGINNING: Timestamp = Timestamp { seconds: 0, microseconds: 0 };
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (seconds, microseconds) = text.split_once('.').ok_or(NotATimestamp)?;
        if !digits(seconds, 1..=12) || !digits(microseconds, 6..=6) {
            return Err(NotATimestamp);
        }
        Ok(Timestamp {
            seconds: seconds.parse().map_err(|_| NotATimestamp)?,
            microseconds: microseconds.parse().map_err(|_| NotATimestamp)?,
        })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.seconds, self.microseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotATimestamp, Timestamp};

    #[test]
    fn it_is_written_as_it_was_read_and_ordered_in_time() {
        let moments = ["0.000000", "9.999999", "10.000000", "1700000000.000099", "1700000000.000100"];
        let parsed: Vec<Timestamp> = moments.iter().map(|text| text.parse().unwrap()).collect();
        assert!(parsed.is_sorted());
        assert_eq!(parsed.iter().map(ToString::to_string).collect::<Vec<_>>(), moments);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "1",
            "1.",
            ".000001",
            "1.1",
            "1.0000001",
            "-1.000000",
            "+1.000000",
            "1.000000 ",
            "1e3.000000",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATimestamp), "{text}");
        }
    }
}
