//! What can be said for certain when an action did not succeed.

use std::{fmt, io};

/// An action that did not succeed, and whether it may have happened all the same.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The caller asked for something that cannot be said to the world. Nothing was sent.
    #[error("{what}")]
    Malformed {
        /// What is wrong with the request.
        what: &'static str,
    },
    /// The world said no for good. Nothing was sent.
    #[error("{step} was refused: {reply}")]
    Rejected {
        /// What was being done.
        step: &'static str,
        /// The world's words.
        reply: Reply,
    },
    /// Nothing was sent, and a new request may succeed.
    #[error("{step} failed: {cause}")]
    Unavailable {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        cause: Cause,
    },
    /// It may have been done, or not. It must never be repeated without a person looking.
    #[error("{step} broke off, and it may have happened: {cause}")]
    Unknown {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        cause: Cause,
    },
}

/// Why an action broke off.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The other side answered.
    #[error("{0}")]
    Reply(Reply),
    /// Nothing was heard in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection, the TLS handshake or the protocol broke. Text of the other side in it is escaped.
    #[error("{0}")]
    Connection(String),
    /// The local system said no.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Whoever made the request.
    Caller,
    /// This machine.
    Us,
    /// The other side, or what lies between.
    World,
}

/// What the other side said. These are words from outside: they are cut and escaped, and prove nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text behind them, on one line.
    pub words: String,
}

// === impl Failure ===

impl Failure {
    /// Whether the action may have been done in spite of the failure.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Failure::Unknown { .. })
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Failure::Malformed { .. } => Fault::Caller,
            Failure::Rejected { .. } => Fault::World,
            Failure::Unavailable { cause, .. } | Failure::Unknown { cause, .. } => match cause {
                Cause::System(_) => Fault::Us,
                Cause::Reply(_) | Cause::Timeout | Cause::Connection(_) => Fault::World,
            },
        }
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) fn new(code: u16, words: &str) -> Reply {
        Reply { code, words: one_line(words) }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.words)
    }
}

/// Outside text on one line of printable ASCII, at most about 300 characters of it.
pub(crate) fn one_line(text: &str) -> String {
    let most = text.char_indices().nth(300).map_or(text.len(), |(end, _)| end);
    let cut = text.get(..most).unwrap_or_default();
    let mut line = String::with_capacity(cut.len());
    for character in cut.chars() {
        match character {
            ' '..='~' => line.push(character),
            _ => line.extend(character.escape_default()),
        }
    }
    if cut.len() < text.len() {
        line.push_str("...");
    }
    line
}
