//! Reading a log from its first entry to its last, checking every link on the way.
//!
//! Verifying looks at every byte, at every number and link, and not at what the facts say: it costs little more than the
//! hashes. Reading entries looks at everything.

use crate::entry::{Entry, NotAnEntry, Tip};
use crate::files::LogFiles;
use crate::head::SignedHead;
use crate::walk::{Step, Walk};
use action::Digest;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

/// What verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every link holds.
    Valid {
        /// How many entries.
        entries: u64,
    },
    /// A link does not hold.
    Broken {
        /// The first entry that is not what it should be; the first of all is 1.
        at: u64,
    },
}

/// What a whole pass over a log found.
///
/// Having one tells you which entries hold together from the first on. It does not tell you that they are all there were:
/// see [`Self::against`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether every link holds.
    pub verdict: Verdict,
    /// The number of the last entry that holds; 0 when none does.
    pub last_seq: u64,
    /// The hash of that entry.
    pub last_hash: Digest,
    /// The hashes of the entries that were asked for, as far as they hold.
    pub hashes: BTreeMap<u64, Digest>,
}

/// What a signed head says about the log beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// The log has the entry that the head was signed over. It may have grown since.
    Agrees {
        /// How many entries the head vouches for.
        entries: u64,
    },
    /// The log was longer: it was cut, or an older copy was put in its place, or it does not hold together that far.
    Shorter {
        /// The last entry that holds.
        last_seq: u64,
        /// How many there were.
        had: u64,
    },
    /// Another entry stands where the head was signed: the log was written anew.
    Rewritten {
        /// The number of that entry.
        at: u64,
    },
}

/// Verifies a whole log.
///
/// A log without any file is an error; so is a file that cannot be read.
pub fn verify(log: &LogFiles) -> io::Result<Verdict> {
    check(log, []).map(|checked| checked.verdict)
}

/// Verifies one file of a log. One that does not begin with entry 1 is checked from its own first entry on.
pub fn verify_file(path: &Path) -> io::Result<Verdict> {
    pass(Walk::through_file(path)?, BTreeMap::new()).map(|checked| checked.verdict)
}

/// Verifies a whole log and tells the hashes of these entries: those that heads were signed over.
pub fn check(log: &LogFiles, seqs: impl IntoIterator<Item = u64>) -> io::Result<Checked> {
    pass(Walk::through(log)?, seqs.into_iter().map(|seq| (seq, Digest::ZERO)).collect())
}

/// The entries of a log in order, each checked; ends after the first that does not hold.
///
/// A line that is being written at this moment is waited for a little.
pub fn entries(
    log: &LogFiles,
) -> io::Result<impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>> + use<>> {
    Walk::through(log).map(entries_of)
}

/// The entries of one file of a log. One that does not begin with entry 1 is checked from its own first entry on.
pub fn entries_of_file(
    path: &Path,
) -> io::Result<impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>> + use<>> {
    Walk::through_file(path).map(entries_of)
}

fn pass(mut walk: Walk, mut wanted: BTreeMap<u64, Digest>) -> io::Result<Checked> {
    let mut hashes = BTreeMap::new();
    let held = loop {
        match walk.step()? {
            Step::Line(line) if walk.accept_bytes(line.clone()).is_ok() => {}
            Step::Line(_) | Step::Broken(_) => break false,
            Step::End => break true,
        }
        let Tip { seq, hash } = walk.tip();
        while let Some(next) = wanted.first_entry().filter(|next| *next.key() <= seq) {
            if next.remove_entry().0 == seq {
                hashes.insert(seq, hash);
            }
        }
    };
    let Tip { seq, hash } = walk.tip();
    let verdict =
        if held { Verdict::Valid { entries: walk.counted() } } else { Verdict::Broken { at: seq + 1 } };
    Ok(Checked { verdict, last_seq: seq, last_hash: hash, hashes })
}

fn entries_of(walk: Walk) -> impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>> {
    let mut rest = Some(walk);
    std::iter::from_fn(move || {
        let mut walk = rest.take()?;
        let entry = match walk.step() {
            Ok(Step::Line(line)) => walk.accept(line).and_then(|entry| entry.to_entry()),
            Ok(Step::Broken(why)) => Err(why),
            Ok(Step::End) => return None,
            Err(error) => return Some(Err(error)),
        };
        rest = entry.is_ok().then_some(walk);
        Some(Ok(entry))
    })
}

// === impl Checked ===

impl Checked {
    /// What a head says about the log. The head's number must have been among those asked for.
    pub fn against(&self, head: &SignedHead) -> Heads {
        let (had, last_seq) = (head.entries(), self.last_seq);
        if had > last_seq {
            return Heads::Shorter { last_seq, had };
        }
        if had == 0 || self.hashes.get(&had) == Some(&head.hash()) {
            return Heads::Agrees { entries: had };
        }
        Heads::Rewritten { at: had }
    }
}

// === impl Verdict ===

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { entries } => write!(f, "Chain integrity: VALID ({entries} entries)"),
            Self::Broken { at } => write!(f, "Chain integrity: BROKEN at entry {at}"),
        }
    }
}

// === impl Heads ===

impl fmt::Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees { entries } => write!(f, "Signed head: AGREES ({entries} entries)"),
            Self::Shorter { last_seq, had } => {
                write!(f, "Signed head: TRUNCATED OR ROLLED BACK (entry {last_seq} is the last of {had})")
            }
            Self::Rewritten { at } => write!(f, "Signed head: REWRITTEN (another entry {at} was signed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::{HeadKey, Origin};

    /// Ten entries: 1 to 4 and 5 to 7 are closed.
    fn written() -> (tempfile::TempDir, LogFiles, Vec<Digest>) {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFiles::new(folder.path(), "log");
        let (mut tip, mut hashes) = (Tip::genesis(), vec![Digest::ZERO]);
        for (path, count) in [(log.segment(1), 4), (log.segment(5), 3), (log.active(), 3)] {
            let mut bytes = Vec::new();
            for n in 0..count {
                let (line, next) = tip.next_line(jiff::Timestamp::UNIX_EPOCH, "x", &n).unwrap();
                bytes.extend(line);
                tip = next;
                hashes.push(tip.hash);
            }
            std::fs::write(path, bytes).unwrap();
        }
        (folder, log, hashes)
    }

    fn seqs(entries: impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>>) -> Vec<u64> {
        entries.map(|entry| entry.unwrap().unwrap().seq).collect()
    }

    #[test]
    fn the_files_of_a_log_are_one_chain() {
        let (_folder, log, hashes) = written();
        assert_eq!(verify(&log).unwrap(), Verdict::Valid { entries: 10 });
        assert_eq!(seqs(entries(&log).unwrap()), Vec::from_iter(1..=10));
        let checked = check(&log, [4, 5, 10, 11]).unwrap();
        assert_eq!((checked.last_seq, checked.last_hash), (10, hashes[10]));
        assert_eq!(checked.hashes, BTreeMap::from([4, 5, 10].map(|seq| (seq, hashes[seq as usize]))));
    }

    #[test]
    fn one_file_is_checked_from_its_own_first_entry_on() {
        let (_folder, log, _) = written();
        assert_eq!(verify_file(&log.segment(1)).unwrap(), Verdict::Valid { entries: 4 });
        assert_eq!(verify_file(&log.segment(5)).unwrap(), Verdict::Valid { entries: 3 });
        assert_eq!(seqs(entries_of_file(&log.active()).unwrap()), [8, 9, 10]);
        let text = std::fs::read_to_string(log.segment(5)).unwrap();
        std::fs::write(log.segment(5), text.replacen("\"details\":1", "\"details\":7", 1)).unwrap();
        assert_eq!(verify_file(&log.segment(5)).unwrap(), Verdict::Broken { at: 6 });
        assert_eq!(verify(&log).unwrap(), Verdict::Broken { at: 6 });
        assert_eq!(entries(&log).unwrap().map(|entry| entry.unwrap().is_ok()).last(), Some(false));
    }

    #[test]
    fn a_file_that_is_missing_or_too_many_is_found() {
        type Change = fn(&LogFiles);
        let cases: [(&str, Change, Verdict); 8] = [
            ("the first removed", |l| std::fs::remove_file(l.segment(1)).unwrap(), Verdict::Broken { at: 1 }),
            ("one removed", |l| std::fs::remove_file(l.segment(5)).unwrap(), Verdict::Broken { at: 5 }),
            ("one emptied", |l| std::fs::write(l.segment(5), "").unwrap(), Verdict::Broken { at: 5 }),
            (
                "one under another number",
                |l| std::fs::rename(l.segment(5), l.segment(6)).unwrap(),
                Verdict::Broken { at: 5 },
            ),
            (
                "one twice",
                |l| assert!(std::fs::copy(l.segment(5), l.segment(6)).is_ok()),
                Verdict::Broken { at: 11 },
            ),
            (
                "one that begins beyond the end",
                |l| std::fs::rename(l.active(), l.segment(9)).unwrap(),
                Verdict::Broken { at: 8 },
            ),
            (
                "two exchanged",
                |l| {
                    std::fs::rename(l.segment(5), l.segment(9)).unwrap();
                    std::fs::rename(l.active(), l.segment(5)).unwrap();
                    std::fs::rename(l.segment(9), l.active()).unwrap();
                },
                Verdict::Broken { at: 5 },
            ),
            // What only a head can tell.
            (
                "the active one removed",
                |l| std::fs::remove_file(l.active()).unwrap(),
                Verdict::Valid { entries: 7 },
            ),
        ];
        for (what, change, expected) in cases {
            let (_folder, log, _) = written();
            change(&log);
            assert_eq!(verify(&log).unwrap(), expected, "{what}");
        }
        let (_folder, log, _) = written();
        log.list().unwrap().into_iter().for_each(|file| std::fs::remove_file(file).unwrap());
        assert!(verify(&log).is_err(), "all removed");
    }

    #[test]
    fn a_head_tells_a_log_that_was_cut_or_written_anew() {
        let key =
            HeadKey::from_text(&HeadKey::generate_text(&ring::rand::SystemRandom::new()).unwrap()).unwrap();
        let origin: Origin = "log".parse().unwrap();
        let (_folder, log, hashes) = written();
        let check_against = |entries: u64, hash: Digest| {
            let note = key.sign(&origin, entries, hash);
            let head = key.verifier().verify(&origin, note.as_bytes()).unwrap();
            check(&log, [entries]).unwrap().against(&head)
        };
        for (seq, hash) in (0..).zip(&hashes) {
            assert_eq!(check_against(seq, *hash), Heads::Agrees { entries: seq });
        }
        assert_eq!(check_against(9, hashes[8]), Heads::Rewritten { at: 9 });
        assert_eq!(check_against(11, hashes[8]), Heads::Shorter { last_seq: 10, had: 11 });
        // Cut at the end of a line, which is a good log by itself.
        let text = std::fs::read_to_string(log.active()).unwrap();
        std::fs::write(log.active(), text.split_inclusive('\n').take(2).collect::<String>()).unwrap();
        assert_eq!(verify(&log).unwrap(), Verdict::Valid { entries: 9 });
        assert_eq!(check_against(10, hashes[10]), Heads::Shorter { last_seq: 9, had: 10 });
        std::fs::write(log.segment(5), "").unwrap();
        assert_eq!(check_against(9, hashes[9]), Heads::Shorter { last_seq: 4, had: 9 });
    }

    #[test]
    fn the_verdicts_on_heads_read_as_promised() {
        for (heads, text) in [
            (Heads::Agrees { entries: 7 }, "Signed head: AGREES (7 entries)"),
            (
                Heads::Shorter { last_seq: 5, had: 7 },
                "Signed head: TRUNCATED OR ROLLED BACK (entry 5 is the last of 7)",
            ),
            (Heads::Rewritten { at: 7 }, "Signed head: REWRITTEN (another entry 7 was signed)"),
        ] {
            assert_eq!(heads.to_string(), text);
        }
    }
}
