//! What the witness, which is another process, has seen of the record, against the record as it is.

use super::head::verifier;
use crate::audit::read::Record;
use action::Digest;
use audit_log::{Entry, LogFiles};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What the witness has seen, and what was met of it.
pub(super) struct Seen {
    heads: BTreeMap<u64, Digest>,
    newest: u64,
    count: u64,
    trouble: Option<Trouble>,
    last: u64,
}

/// The verdict.
pub(super) enum WitnessVerdict {
    /// Every head that was seen is in the record.
    Agrees { heads: u64, newest: u64 },
    /// Nothing was seen yet.
    SawNothing,
    /// It does not agree, or cannot be asked.
    Differs(Trouble),
}

/// Why the record is not what was seen.
pub(super) enum Trouble {
    /// The witness's own log does not hold together.
    Broken { at: u64 },
    /// A head in it was not signed by the executor.
    NotGenuine { entry: u64 },
    /// The witness was shown something that did not go on from what it had seen.
    Alarm { entry: u64, why: String },
    /// The record had more entries.
    Shorter { had: u64, has: u64 },
    /// Another entry stands where one was.
    Rewritten { at: u64 },
}

// === impl Seen ===

impl Seen {
    pub(super) fn read(record: &Record) -> anyhow::Result<Self> {
        let home = record.home();
        let mut seen = Self { heads: BTreeMap::new(), newest: 0, count: 0, trouble: None, last: 0 };
        let (key, origin) = verifier(home)?;
        let files = LogFiles::of(&home.witness_log());
        if files.list().map_or(true, |files| files.is_empty()) {
            return Ok(seen);
        }
        for entry in audit_log::entries(&files)? {
            let Ok(entry) = entry? else {
                seen.trouble = Some(Trouble::Broken { at: seen.count + 1 });
                break;
            };
            seen.count += 1;
            let fact = |name: &str| entry.details.get(name).and_then(Value::as_str).unwrap_or_default();
            if entry.event_type != "head_seen" {
                let why = action::reveal(fact("why"));
                seen.trouble.get_or_insert(Trouble::Alarm { entry: entry.seq, why });
                continue;
            }
            match key.verify(&origin, fact("note").as_bytes()) {
                Ok(head) => {
                    seen.newest = head.entries();
                    seen.heads.insert(head.entries(), head.hash());
                }
                Err(_) => {
                    seen.trouble.get_or_insert(Trouble::NotGenuine { entry: entry.seq });
                }
            }
        }
        Ok(seen)
    }

    /// Meets the next entry of the record that holds.
    pub(super) fn meet(&mut self, entry: &Entry) {
        self.last = entry.seq;
        // An entry that holds has a hash that is one.
        let hash = entry.hash.parse().unwrap_or(Digest::ZERO);
        if self.heads.remove(&entry.seq).is_some_and(|seen| seen != hash) {
            self.trouble.get_or_insert(Trouble::Rewritten { at: entry.seq });
        }
    }

    /// After the last entry that holds.
    pub(super) fn verdict(self) -> WitnessVerdict {
        let Self { heads: _, newest, count, trouble, last } = self;
        match trouble {
            Some(trouble) => WitnessVerdict::Differs(trouble),
            None if newest > last => WitnessVerdict::Differs(Trouble::Shorter { had: newest, has: last }),
            None if count == 0 => WitnessVerdict::SawNothing,
            None => WitnessVerdict::Agrees { heads: count, newest },
        }
    }
}

// === impl WitnessVerdict ===

impl WitnessVerdict {
    pub(super) const fn holds(&self) -> bool {
        matches!(self, Self::Agrees { .. } | Self::SawNothing)
    }
}

impl fmt::Display for WitnessVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees { heads, newest } => {
                write!(f, "Witness: AGREES ({heads} heads seen, the newest over {newest} entries)")
            }
            Self::SawNothing => f.write_str("Witness: SAW NOTHING YET"),
            Self::Differs(trouble) => write!(f, "Witness: DIFFERS ({trouble})"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { at } => write!(f, "its own log is broken at entry {at}"),
            Self::NotGenuine { entry } => {
                write!(f, "its entry {entry} is a head that was not signed with this home's key")
            }
            Self::Alarm { entry, why } => write!(f, "its entry {entry}: {why}"),
            Self::Shorter { had, has } => {
                write!(f, "the record had {had} entries, of which {has} are left: it was cut or put back")
            }
            Self::Rewritten { at } => {
                write!(f, "entry {at} is not the one that was there: the record was written anew")
            }
        }
    }
}
