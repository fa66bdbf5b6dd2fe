//! One entry: how it is written, hashed and read back.

use action::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number; the first is 1.
    pub seq: u64,
    /// When it was written, UTC.
    pub timestamp: Timestamp,
    /// What happened.
    pub event_type: String,
    /// The facts.
    pub details: serde_json::Value,
    /// The hash of the entry before; 64 zeros in the first.
    pub prev_hash: String,
    /// The hash of this one.
    pub hash: String,
}

/// A line that is not the entry that belongs there.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEntry {
    /// Not the fields of an entry.
    #[error("not an entry: {0}")]
    Malformed(String),
    /// The line's bytes do not have the hash that it states.
    #[error("the hash does not match the bytes")]
    HashMismatch,
    /// The number or the link to the entry before is wrong.
    #[error("the entry does not follow the one before")]
    OutOfChain,
}

/// The end of a chain: what the next entry links to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

// === impl Tip ===

impl Tip {
    /// Before the first entry.
    pub(crate) fn genesis() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }

    /// Writes the next entry: its line with the line feed, and the tip after it.
    pub(crate) fn next_line(
        &self,
        timestamp: Timestamp,
        event_type: &str,
        details: &impl Serialize,
    ) -> serde_json::Result<(String, Self)> {
        let seq = self.seq + 1;
        let (event_type, details) = (serde_json::to_string(event_type)?, serde_json::to_string(details)?);
        let prev_hash = &self.hash;
        let mut line = format!(
            r#"{{"seq":{seq},"timestamp":"{timestamp:.6}","event_type":{event_type},"details":{details},"prev_hash":"{prev_hash}"}}"#
        );
        let hash = Digest::of(line.as_bytes()).to_hex();
        line.pop();
        // Writing to a String cannot fail.
        let _ = writeln!(line, r#","hash":"{hash}"}}"#);
        Ok((line, Self { seq, hash }))
    }

    /// Checks that a line (without its line feed) is the entry that follows, and moves on to it.
    pub(crate) fn follow(&mut self, line: &[u8]) -> Result<Entry, NotAnEntry> {
        let entry: Entry =
            serde_json::from_slice(line).map_err(|error| NotAnEntry::Malformed(error.to_string()))?;
        let suffix = format!(r#","hash":"{}"}}"#, entry.hash);
        let mut hashed = line.strip_suffix(suffix.as_bytes()).ok_or(NotAnEntry::HashMismatch)?.to_vec();
        hashed.push(b'}');
        if Digest::of(&hashed).to_hex() != entry.hash {
            return Err(NotAnEntry::HashMismatch);
        }
        if entry.seq != self.seq + 1 || entry.prev_hash != self.hash {
            return Err(NotAnEntry::OutOfChain);
        }
        *self = Self { seq: entry.seq, hash: entry.hash.clone() };
        Ok(entry)
    }
}
