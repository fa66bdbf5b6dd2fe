//! What the signed head says about the log beside it.

use crate::audit::read::Record;
use action::Digest;
use audit_log::{Checked, Entry, HeadVerifier, Heads, Origin, Place, SignedHead, Verdict};
use home::{Home, Problem, Problems, RECORD_ORIGIN};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The head as it was read, and what was met on the way to the entry that it was signed over.
pub(super) struct Expected {
    head: Found,
    last: (u64, Digest),
    hashes: BTreeMap<u64, Digest>,
}

/// The file of the head.
enum Found {
    Signed(SignedHead),
    Missing,
    NotGenuine,
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadVerdict {
    /// There is a head that was signed with this home's key.
    Says(Heads),
    /// There is none.
    Missing,
    /// What is there was not signed with this home's key.
    NotGenuine,
}

// === impl Expected ===

impl Expected {
    pub(super) fn read(record: &Record) -> anyhow::Result<Self> {
        let home = record.home();
        let (key, origin) = verifier(home)?;
        let place = Place::of(&home.audit_log())?;
        let mut head = Found::Missing;
        // It is written in place: what was read in the middle of that is read again.
        for attempt in 0..5 {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
            head = match place.head_note()? {
                None => Found::Missing,
                Some(note) => key.verify(&origin, &note).map_or(Found::NotGenuine, Found::Signed),
            };
            if matches!(head, Found::Signed(_)) {
                break;
            }
        }
        Ok(Self { head, last: (0, Digest::ZERO), hashes: BTreeMap::new() })
    }

    /// Meets the next entry that holds.
    pub(super) fn meet(&mut self, entry: &Entry) {
        // An entry that holds has a hash that is one.
        let hash = entry.hash.parse().unwrap_or(Digest::ZERO);
        self.last = (entry.seq, hash);
        if matches!(self.head, Found::Signed(head) if head.entries() == entry.seq) {
            self.hashes.insert(entry.seq, hash);
        }
    }

    /// After the last entry that holds.
    pub(super) fn verdict(self, verdict: Verdict) -> HeadVerdict {
        let Self { head, last: (last_seq, last_hash), hashes } = self;
        match head {
            Found::Signed(head) => {
                HeadVerdict::Says(Checked { verdict, last_seq, last_hash, hashes }.against(&head))
            }
            Found::Missing => HeadVerdict::Missing,
            Found::NotGenuine => HeadVerdict::NotGenuine,
        }
    }
}

// === impl HeadVerdict ===

impl HeadVerdict {
    pub(super) const fn holds(self) -> bool {
        matches!(self, Self::Says(Heads::Agrees { .. }))
    }
}

impl fmt::Display for HeadVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says(heads) => heads.fmt(f),
            Self::Missing => {
                f.write_str("Signed head: MISSING (whether entries were cut off nobody can tell)")
            }
            Self::NotGenuine => {
                f.write_str("Signed head: NOT GENUINE (it was not signed with this home's key)")
            }
        }
    }
}

/// The key under which heads of the record verify, and the name that they carry.
pub(super) fn verifier(home: &Home) -> Result<(HeadVerifier, Origin), Problems> {
    let file = home.record_public_key_file();
    let problem = |problem: audit_log::HeadKeyProblem| {
        Problem::new(&file, "", format!("{problem}; restore it with `moltctl init`"))
    };
    Ok((Home::read(&file)?.parse().map_err(problem)?, RECORD_ORIGIN.parse().map_err(problem)?))
}
