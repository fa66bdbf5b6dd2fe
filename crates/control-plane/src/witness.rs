//! The witness: keeps, in a chained log of its own, every signed head of the executor's record that it has seen. A record
//! that was cut, written anew or put back to an older copy no longer agrees with what stands here.

use action::Digest;
use audit_log::{
    AuditLog, EntryRef, Fold, HeadVerifier, Need, OpenProblem, Opened, Options, Origin, Place, Signer,
    Unwritable,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the witness wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event_type", content = "details", rename_all = "snake_case")]
pub enum Witnessed {
    /// A genuine head that goes on from the last one.
    HeadSeen {
        /// How many entries the record had.
        entries: u64,
        /// The hash of the last one.
        hash: Digest,
        /// The signed note, so that anybody can check it.
        note: String,
    },
    /// Something was shown as a head and does not go on from the last one.
    HeadRefused {
        /// What is wrong with it.
        why: String,
        /// What was shown, at most 600 characters, escaped.
        note: String,
    },
}

/// What is wrong with a head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// It was not signed with the executor's key.
    #[error("what was shown as the head of the record was not signed by the executor")]
    NotGenuine,
    /// The record became shorter.
    #[error("the record had {seen} entries and now has {shown}: it was cut or put back")]
    Shorter {
        /// Entries of the head seen last.
        seen: u64,
        /// Entries of this one.
        shown: u64,
    },
    /// Another entry stands where one was.
    #[error("entry {at} of the record is not the one that was there: it was written anew")]
    Rewritten {
        /// Which entry.
        at: u64,
    },
}

/// Why a head was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is not in order.
    #[error(transparent)]
    Alarm(#[from] Alarm),
    /// The witness cannot write.
    #[error("the witness cannot write: {0}")]
    Unwritable(#[from] Unwritable),
}

/// The heads seen so far.
#[derive(Debug)]
pub struct Witness {
    log: AuditLog,
    executor: HeadVerifier,
    origin: Origin,
    last: Last,
}

/// The newest genuine head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Last {
    entries: u64,
    hash: Option<Digest>,
}

// === impl Witness ===

impl Witness {
    /// Opens the witness's log, whose newest segment is all that is needed.
    pub fn open(
        log: &Path,
        signer: Signer,
        executor: HeadVerifier,
        origin: Origin,
    ) -> Result<Self, OpenProblem> {
        let place = Place::of(log).map_err(|source| OpenProblem::Io { path: log.to_owned(), source })?;
        let mut last = Last::default();
        let Opened { log, .. } = AuditLog::open(&place, signer, &Options::default(), &mut last)?;
        Ok(Self { log, executor, origin, last })
    }

    /// Takes a head, and writes down that it was seen. One that does not go on from the last is written down as such.
    pub async fn see(&mut self, now: Timestamp, untrusted_note: &str) -> Result<(), NotKept> {
        let checked = self.check(untrusted_note);
        let witnessed = match &checked {
            Ok(None) => return Ok(()),
            Ok(Some(Last { entries, hash })) => Witnessed::HeadSeen {
                entries: *entries,
                hash: hash.unwrap_or(Digest::ZERO),
                note: untrusted_note.to_owned(),
            },
            Err(alarm) => {
                let note = untrusted_note.chars().take(600).collect::<String>();
                Witnessed::HeadRefused { why: alarm.to_string(), note: action::reveal(&note) }
            }
        };
        let value = serde_json::to_value(&witnessed).map_err(|_unserialisable| Unwritable::NotJson)?;
        let event_type = value.get("event_type").and_then(serde_json::Value::as_str).unwrap_or_default();
        let details = value.get("details").cloned().unwrap_or_default();
        // Any entry is enough for a start to begin with.
        let durable = if self.log.rotation_due() {
            self.log.rotate(now, event_type, &details)?
        } else {
            self.log.append(now, event_type, &details, Need::Ordinary)?
        };
        durable.wait().await?;
        if let Some(last) = checked? {
            self.last = last;
        }
        Ok(())
    }

    /// `None` for the head that was seen last.
    fn check(&self, untrusted_note: &str) -> Result<Option<Last>, Alarm> {
        let head = self
            .executor
            .verify(&self.origin, untrusted_note.as_bytes())
            .map_err(|_invalid| Alarm::NotGenuine)?;
        let (seen, shown) = (self.last.entries, head.entries());
        if shown < seen {
            return Err(Alarm::Shorter { seen, shown });
        }
        if shown == seen && self.last.hash.is_some_and(|hash| hash != head.hash()) {
            return Err(Alarm::Rewritten { at: shown });
        }
        let last = Last { entries: shown, hash: Some(head.hash()) };
        Ok((last != self.last).then_some(last))
    }
}

// === impl Last ===

impl Fold for Last {
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool {
        first.event_type == "head_seen"
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        let seen = format!(r#"{{"event_type":"{}","details":{}}}"#, entry.event_type, entry.details);
        if let Ok(Witnessed::HeadSeen { entries, hash, note: _ }) = serde_json::from_str(&seen) {
            *self = Self { entries, hash: Some(hash) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audit_log::HeadKey;

    fn key() -> HeadKey {
        let text = HeadKey::generate_text(&ring::rand::SystemRandom::new()).unwrap();
        HeadKey::from_text(&text).unwrap()
    }

    fn origin() -> Origin {
        home::RECORD_ORIGIN.parse().unwrap()
    }

    fn alarm(result: Result<(), NotKept>) -> Alarm {
        match result {
            Err(NotKept::Alarm(alarm)) => alarm,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_record_that_was_cut_put_back_or_written_anew_raises_the_alarm_after_a_restart_too() {
        let folder = tempfile::tempdir().unwrap();
        let (executor, mine) = (key(), HeadKey::generate_text(&ring::rand::SystemRandom::new()).unwrap());
        let open = || {
            let signer = Signer { origin: origin(), key: HeadKey::from_text(&mine).unwrap() };
            Witness::open(&folder.path().join("heads.jsonl"), signer, executor.verifier(), origin()).unwrap()
        };
        let now = Timestamp::UNIX_EPOCH;
        let note = |entries, text: &[u8]| executor.sign(&origin(), entries, Digest::of(text));

        let mut witness = open();
        witness.see(now, &note(5, b"five")).await.unwrap();
        witness.see(now, &note(9, b"nine")).await.unwrap();
        witness.see(now, &note(9, b"nine")).await.unwrap();
        assert_eq!(witness.log.len(), 2, "the same head again is no news");
        drop(witness);

        let mut witness = open();
        let cut = alarm(witness.see(now, &note(8, b"eight")).await);
        assert_eq!(cut, Alarm::Shorter { seen: 9, shown: 8 });
        let anew = alarm(witness.see(now, &note(9, b"other")).await);
        assert_eq!(anew, Alarm::Rewritten { at: 9 });
        let foreign = key().sign(&origin(), 10, Digest::of(b"ten"));
        assert_eq!(alarm(witness.see(now, &foreign).await), Alarm::NotGenuine);
        // None of them counts as seen.
        witness.see(now, &note(10, b"ten")).await.unwrap();
        assert_eq!(witness.last.entries, 10);
    }
}
