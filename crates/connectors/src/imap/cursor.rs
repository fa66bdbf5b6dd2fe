//! How far a folder was read.

use std::fmt;

use crate::failure::Failure;

/// The last message that is durable here, as `UIDVALIDITY:UID:newest`, and, while a folder is read again whose numbers
/// were given anew, `:until:not-before` behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Which numbering of the folder the number belongs to (RFC 9051 section 2.3.1.1).
    pub(super) validity: u32,
    /// The number; 0 before the first message.
    pub(super) uid: u32,
    /// When the newest message that was met arrived, in seconds since 1970; 0 before the first message.
    pub(super) newest: i64,
    /// What is met a second time.
    pub(super) again: Option<Again>,
}

/// The messages that were there when the folder's numbers were given anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// The last of them.
    pub(super) until: u32,
    /// Those that arrived before this are known for sure, in seconds since 1970.
    pub(super) not_before: i64,
}

/// Clocks of servers differ, and messages may be put in the folder a little later than they arrived. What is met twice
/// because of it has the same bytes.
const OVERLAP: i64 = 24 * 60 * 60;

// === impl Cursor ===

impl Cursor {
    pub(super) fn parse(text: &str) -> Result<Cursor, Failure> {
        let malformed = Failure::Malformed { what: "the cursor is not one of a mail folder" };
        Self::parts(text).ok_or(malformed)
    }

    fn parts(text: &str) -> Option<Cursor> {
        let mut parts = text.split(':');
        let cursor = Cursor {
            validity: parts.next()?.parse().ok()?,
            uid: parts.next()?.parse().ok()?,
            newest: parts.next().map_or(Some(0), |newest| newest.parse().ok())?,
            again: match parts.next() {
                None => None,
                Some(until) => {
                    Some(Again { until: until.parse().ok()?, not_before: parts.next()?.parse().ok()? })
                }
            },
        };
        parts.next().is_none().then_some(cursor)
    }

    /// The same place in a folder whose numbers were given anew: its beginning, less what is known for sure.
    pub(super) fn renumbered(self, validity: u32, last: u32) -> Cursor {
        // Numbers that change twice in a row do not make the messages of before the first change new.
        let known = self.again.map_or(i64::MAX, |again| again.not_before);
        let not_before = self.newest.saturating_sub(OVERLAP).min(known);
        Cursor { validity, uid: 0, newest: self.newest, again: Some(Again { until: last, not_before }) }
    }

    /// Whether this message was there before and is known for sure. One without a date is not.
    pub(super) fn knows(&self, uid: u32, arrived: Option<i64>) -> bool {
        match (self.again, arrived) {
            (Some(again), Some(arrived)) => uid <= again.until && arrived < again.not_before,
            (None, _) | (_, None) => false,
        }
    }

    /// Past one more message. `now` bounds its date: one from the future would make later ones look known.
    pub(super) fn advance(&mut self, uid: u32, arrived: Option<i64>, now: i64) {
        self.uid = self.uid.max(uid);
        self.newest = self.newest.max(arrived.unwrap_or(0).min(now));
        if self.again.is_some_and(|again| self.uid >= again.until) {
            self.again = None;
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { validity, uid, newest, again } = self;
        write!(f, "{validity}:{uid}:{newest}")?;
        match again {
            Some(Again { until, not_before }) => write!(f, ":{until}:{not_before}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Again, Cursor, OVERLAP};
    use proptest::prelude::*;

    #[test]
    fn a_number_alone_is_a_place_too() {
        let cursor = Cursor { validity: 7, uid: 12, newest: 0, again: None };
        assert_eq!(Cursor::parse("7:12").unwrap(), cursor);
        for text in
            ["", "7", "7:", ":12", "7:x", "7:12:3:4", "7:12:3:4:5:6", "7:-1", "99999999999:1", "7:12:"]
        {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn new_numbers_make_no_old_mail_new() {
        let before = Cursor { validity: 1, uid: 50, newest: 10 * OVERLAP, again: None };
        let mut cursor = before.renumbered(2, 40);
        assert!(cursor.knows(1, Some(8 * OVERLAP)), "long before the last that was met");
        assert!(!cursor.knows(2, Some(10 * OVERLAP)), "it may have come while nobody looked");
        assert!(!cursor.knows(3, None), "nobody knows when");
        assert!(!cursor.knows(41, Some(1)), "put in after the numbers were given anew");

        let twice = cursor.renumbered(3, 60);
        assert!(twice.knows(1, Some(8 * OVERLAP)) && !twice.knows(2, Some(10 * OVERLAP)));

        cursor.advance(40, Some(10 * OVERLAP), i64::MAX);
        assert_eq!(cursor, Cursor { validity: 2, uid: 40, newest: 10 * OVERLAP, again: None });
    }

    #[test]
    fn a_date_from_the_future_hides_nothing() {
        let mut cursor = Cursor { validity: 1, uid: 0, newest: 0, again: None };
        cursor.advance(1, Some(i64::MAX), 1_000_000);
        assert!(!cursor.renumbered(2, 10).knows(1, Some(1_000_000)));
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(
            validity: u32, uid: u32, newest: i64, again in prop::option::of((any::<u32>(), any::<i64>()))
        ) {
            let again = again.map(|(until, not_before)| Again { until, not_before });
            let cursor = Cursor { validity, uid, newest, again };
            let text = cursor.to_string();
            prop_assert_eq!(Cursor::parse(&text).unwrap(), cursor);
            prop_assert!(text.is_ascii() && text.len() < 4000);
        }

        #[test]
        fn no_text_breaks_the_reading(text in "[0-9:-]{0,40}|\\PC{0,20}") {
            let _ = Cursor::parse(&text);
        }
    }
}
