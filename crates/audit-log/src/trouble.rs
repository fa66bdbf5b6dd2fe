//! Why a log takes no more entries, and what its health check says.

use std::fmt;
use std::io;

/// The log does not take this entry, or cannot say that it is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A write or a sync failed; only a restart, which reads the log anew, ends this.
    #[error(
        "the audit log cannot be written ({fault}); nothing is done until the executor has been restarted on a sound disk"
    )]
    Poisoned {
        /// What failed first.
        fault: Fault,
    },
    /// Somebody else changed the log's files; only a restart, which reads the log anew, ends this.
    #[error(
        "the audit log was tampered with: {what}; nothing is done until the executor has been restarted on a record \
         that can be trusted"
    )]
    Tampered {
        /// What was seen.
        what: Tampering,
    },
    /// The disk has not answered before the deadline. The entry may still become durable.
    #[error("the disk of the audit log does not answer; nothing is done until it does")]
    Slow,
    /// No space is left but what is reserved.
    #[error("the disk of the audit log is full; make space, it goes on by itself")]
    Full,
    /// Too many entries wait for the disk.
    #[error("too many entries wait for the disk; try again")]
    Busy,
    /// The entry is longer than any reader would take.
    #[error("the entry is too long")]
    TooLong,
    /// The facts cannot be written as JSON.
    #[error("the entry cannot be written as JSON")]
    NotJson,
}

/// What keeps a log from taking ordinary entries at this moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No space is left but what is reserved; ends by itself when there is some.
    #[error("the disk of the audit log is full")]
    Full,
    /// The disk does not answer; ends by itself when it does.
    #[error("the disk of the audit log does not answer")]
    Slow,
    /// A write or a sync failed; ends with a restart.
    #[error("the audit log cannot be written: {fault}")]
    Poisoned {
        /// What failed first.
        fault: Fault,
    },
    /// Somebody else changed the log's files; ends with a restart.
    #[error("the audit log was tampered with: {what}")]
    Tampered {
        /// What was seen.
        what: Tampering,
    },
}

/// The first thing that went wrong with the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    doing: &'static str,
    why: String,
}

/// A file that is not as it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tampering {
    /// The file's name in the log's folder.
    pub file: String,
    /// What happened to it.
    pub how: Tampered,
}

/// What somebody else did to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampered {
    /// Nothing has its name any more.
    Unlinked,
    /// Another file has its name.
    Replaced,
    /// It has a second name, by which it could be written.
    Linked,
    /// It is shorter.
    Truncated,
    /// It is longer.
    Grown,
    /// It has its size, but was written to or given other rights.
    Changed,
}

/// Why a writer has stopped for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    Poisoned(Fault),
    Tampered(Tampering),
}

// === impl Fault ===

impl Fault {
    pub(crate) fn new(doing: &'static str, why: &io::Error) -> Self {
        Self { doing, why: why.to_string() }
    }

    /// The thread ended without a word.
    pub(crate) fn ended() -> Self {
        Self { doing: "write", why: "the writer has ended".to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.why)
    }
}

// === impl Stopped ===

impl Stopped {
    /// For `map_err`: this step failed.
    pub(crate) fn at(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Poisoned(Fault::new(doing, &error))
    }
}

impl From<Stopped> for Unwritable {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Poisoned(fault) => Self::Poisoned { fault },
            Stopped::Tampered(what) => Self::Tampered { what },
        }
    }
}

impl From<Stopped> for Trouble {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Poisoned(fault) => Self::Poisoned { fault },
            Stopped::Tampered(what) => Self::Tampered { what },
        }
    }
}

// === impl Tampering ===

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            Tampered::Unlinked => "was removed or renamed",
            Tampered::Replaced => "was replaced by another file",
            Tampered::Linked => "was given a second name",
            Tampered::Truncated => "was cut short",
            Tampered::Grown => "was appended to",
            Tampered::Changed => "was changed",
        };
        write!(f, "`{}` {how}", self.file)
    }
}
