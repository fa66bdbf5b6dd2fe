//! Whatever stands in a log's file and in its head, opening never panics, never takes what does not verify, and never loses
//! a line that does.
#![no_main]

use action::Digest;
use audit_log::{
    AuditLog, EntryRef, Fold, HeadKey, LogFiles, Need, Options, Origin, Place, Signer, Verdict, check, verify,
};
use jiff::Timestamp;
use libfuzzer_sys::{arbitrary, fuzz_target};
use std::path::Path;
use std::sync::LazyLock;

/// RFC 8032, section 7.1, first key.
const KEY: &str = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// A small one, so that setting space aside takes no time.
const OPTIONS: Options = Options {
    segment: 64 * 1024,
    reserve: 1024,
    deadline: std::time::Duration::from_secs(20),
    queue: 16,
    queue_bytes: 4096,
    head_sync: std::time::Duration::from_secs(1),
};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'a> {
    entries: u8,
    edits: Vec<Edit<'a>>,
    head: Head<'a>,
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Edit<'a> {
    Flip(u16, u8),
    Cut(u16),
    Zeros {
        at: u16,
        count: u8,
    },
    Insert {
        at: u16,
        bytes: &'a [u8],
    },
    Append(&'a [u8]),
    /// A line once more at the end.
    Repeat(u8),
    RemoveLine(u8),
    /// From this line on, all of it.
    Only(&'a [u8]),
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Head<'a> {
    /// Signed over so many of the entries that were written.
    Of(u8),
    /// Signed, over entries that never were.
    Other(u8),
    Bytes(&'a [u8]),
    Missing,
}

#[derive(Default)]
struct Seen(Vec<u64>);

impl Fold for Seen {
    fn begins_with(&mut self, _first: &EntryRef<'_>) -> bool {
        false
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        self.0.push(entry.seq);
    }
}

const LONGEST: usize = 8;

/// A sound log, and the hash after each of its entries.
static SOUND: LazyLock<(Vec<Vec<u8>>, Vec<Digest>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let active = folder.path().join("log.jsonl");
    let mut log = open(&active, &mut Seen::default()).unwrap();
    for n in 0..LONGEST {
        let facts = serde_json::json!({ "n": n, "text": "a \"quoted\" line\nand 日本" });
        log.append(Timestamp::UNIX_EPOCH, "written", &facts, Need::Ordinary)
            .unwrap()
            .wait_blocking()
            .unwrap();
    }
    drop(log);
    let lines =
        std::fs::read(&active).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let checked = check(&LogFiles::of(&active), 1..=LONGEST as u64).unwrap();
    (lines, std::iter::once(Digest::ZERO).chain(checked.hashes.into_values()).collect())
});

fn origin() -> Origin {
    "example.org/log".parse().unwrap()
}

fn open(active: &Path, seen: &mut Seen) -> Result<AuditLog, audit_log::OpenProblem> {
    let signer = Signer { origin: origin(), key: HeadKey::from_text(KEY).unwrap() };
    AuditLog::open(&Place::of(active).unwrap(), signer, &OPTIONS, seen).map(|opened| opened.log)
}

fn edited(lines: &[Vec<u8>], edits: &[Edit<'_>]) -> Vec<u8> {
    let mut bytes = lines.concat();
    for edit in edits {
        let within = |at: u16| usize::from(at) % (bytes.len() + 1);
        match edit {
            Edit::Flip(at, change) => {
                let at = within(*at);
                bytes.get_mut(at..).into_iter().flatten().take(1).for_each(|byte| *byte ^= change);
            }
            Edit::Cut(at) => bytes.truncate(within(*at)),
            Edit::Zeros { at, count } => {
                let at = within(*at);
                bytes.iter_mut().skip(at).take(usize::from(*count)).for_each(|byte| *byte = 0);
            }
            Edit::Insert { at, bytes: more } => {
                let at = within(*at);
                bytes.splice(at..at, more.iter().copied());
            }
            Edit::Append(more) => bytes.extend_from_slice(more),
            Edit::Repeat(line) => bytes.extend_from_slice(&SOUND.0[usize::from(*line) % LONGEST]),
            Edit::RemoveLine(line) => {
                let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
                bytes =
                    lines.filter(|(n, _)| *n != usize::from(*line)).flat_map(|(_, l)| l.to_vec()).collect();
            }
            Edit::Only(other) => bytes = other.to_vec(),
        }
        bytes.truncate(32 * 1024);
    }
    bytes
}

fuzz_target!(|input: Input<'_>| {
    let (lines, hashes) = &*SOUND;
    let folder = tempfile::tempdir().unwrap();
    let active = folder.path().join("log.jsonl");
    let bytes = edited(&lines[..usize::from(input.entries) % (LONGEST + 1)], &input.edits);

    // What holds, looked at without what follows the last line feed: a reader would wait for the rest of that.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    std::fs::write(&active, &bytes[..whole]).unwrap();
    let before = check(&LogFiles::of(&active), []).unwrap();
    std::fs::write(&active, &bytes).unwrap();

    let key = HeadKey::from_text(KEY).unwrap();
    let note = match input.head {
        Head::Of(n) => {
            let n = usize::from(n) % (LONGEST + 1);
            Some(key.sign(&origin(), n as u64, hashes[n]).into_bytes())
        }
        Head::Other(n) => Some(key.sign(&origin(), u64::from(n), Digest::of(&[n])).into_bytes()),
        Head::Bytes(bytes) => Some(bytes.to_vec()),
        Head::Missing => None,
    };
    if let Some(note) = &note {
        std::fs::write(folder.path().join("log.head"), note).unwrap();
    }
    let head = note.and_then(|note| key.verifier().verify(&origin(), &note).ok());

    let mut seen = Seen::default();
    let Ok(log) = open(&active, &mut seen) else { return };
    assert_eq!(log.len(), before.last_seq, "every line that verified is there, and no other");
    assert_eq!(seen.0, Vec::from_iter(1..=log.len()), "and was handed on");
    match head {
        Some(head) => assert!(log.len() >= head.entries(), "no entry is missing that was signed"),
        None => assert!(bytes.is_empty(), "without a head there is only an empty log"),
    }
    drop(log);
    assert_eq!(verify(&LogFiles::of(&active)).unwrap(), Verdict::Valid { entries: before.last_seq });
    assert!(std::fs::read(&active).unwrap() == bytes[..std::fs::metadata(&active).unwrap().len() as usize]);
});
