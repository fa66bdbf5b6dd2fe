//! How far the inbox was read, as a line that can be kept.

use std::fmt;
use std::str::FromStr;

use crate::failure::Failure;

/// How far the inbox was read.
///
/// `since` is a date (milliseconds since 1970) such that every message of the inbox with an earlier one is done with, or was
/// there before we began. It is needed only when the provider has forgotten the history that we were at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// By history: all up to `from`, and of what came after it all up to and with `after`.
    History { from: u64, since: i64, after: Option<Mark> },
    /// By list: all messages since that date whose identifier is not greater than `after`; afterwards the history from `then`
    /// on, where it was before the list was begun.
    Listing { then: u64, since: i64, after: Option<String> },
}

/// A message in a record of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) record: u64,
    pub(super) message: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History { from, since, after: None } => write!(f, "history:{from}:{since}"),
            Self::History { from, since, after: Some(Mark { record, message }) } => {
                write!(f, "history:{from}:{since}:{record}:{message}")
            }
            Self::Listing { then, since, after: None } => write!(f, "list:{then}:{since}"),
            Self::Listing { then, since, after: Some(message) } => write!(f, "list:{then}:{since}:{message}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = Failure;

    fn from_str(cursor: &str) -> Result<Self, Failure> {
        let fields: Vec<&str> = cursor.split(':').collect();
        let number = |text: &str| text.parse::<u64>().ok();
        let date = |text: &str| text.parse::<i64>().ok();
        let parsed = match *fields.as_slice() {
            ["history", from, since] => {
                number(from).zip(date(since)).map(|(from, since)| Self::History { from, since, after: None })
            }
            ["history", from, since, record, message] => {
                number(from).zip(date(since)).zip(number(record)).map(|((from, since), record)| {
                    let after = Some(Mark { record, message: message.to_owned() });
                    Self::History { from, since, after }
                })
            }
            ["list", then, since] => {
                number(then).zip(date(since)).map(|(then, since)| Self::Listing { then, since, after: None })
            }
            ["list", then, since, message] => number(then)
                .zip(date(since))
                .map(|(then, since)| Self::Listing { then, since, after: Some(message.to_owned()) }),
            _ => None,
        };
        parsed.ok_or(Failure::Malformed { what: "this is not a cursor of a Gmail inbox" })
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Mark};

    #[test]
    fn a_cursor_comes_back_from_its_line() {
        let mark = |record, message: &str| Mark { record, message: message.to_owned() };
        for cursor in [
            Cursor::History { from: u64::MAX, since: 0, after: None },
            Cursor::History { from: 1, since: -5, after: Some(mark(7, "18c-_x")) },
            Cursor::Listing { then: 3, since: i64::MAX, after: None },
            Cursor::Listing { then: 3, since: i64::MIN, after: Some("18c".to_owned()) },
        ] {
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
    }

    #[test]
    fn anything_else_is_not_a_cursor() {
        for line in [
            "",
            "history",
            "history:1",
            "history:-1:0",
            "history:1:0:2",
            "list:1:x",
            "list:1:2:3:4",
            "uid:1:2",
        ] {
            assert!(line.parse::<Cursor>().is_err(), "{line}");
        }
    }
}
