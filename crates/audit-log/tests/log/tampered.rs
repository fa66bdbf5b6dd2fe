//! Somebody else writes, cuts, removes or replaces the log's files: while it is open, and while it is not.

use crate::support::{Seen, open, open_options, open_with, rotate, signer};
use audit_log::{
    AuditLog, Head, HeadKey, Need, OpenProblem, Opened, Options, Place, Signer, Tampered, Trouble, Unwritable,
};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn append(log: &mut AuditLog) -> Result<(), Unwritable> {
    log.append(Timestamp::now(), "happened", &"x".repeat(100), Need::Reserved)?.wait_blocking()
}

/// A log of three entries, the first of which stands in a closed segment.
fn written() -> (tempfile::TempDir, PathBuf, Opened) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let mut opened = open_options(&path, &small()).unwrap();
    append(&mut opened.log).unwrap();
    rotate(&mut opened.log);
    append(&mut opened.log).unwrap();
    (folder, path, opened)
}

fn small() -> Options {
    Options { segment: 128 * 1024, reserve: 0, queue_bytes: 64 * 1024, ..Options::default() }
}

fn change_in_place(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[9] ^= 1;
    // Written through the same file, and its time set back.
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    (&file).write_all(&bytes).unwrap();
    file.set_modified(modified).unwrap();
}

type Deed = fn(&Path);

const DEEDS: [(Tampered, Deed); 8] = [
    (Tampered::Unlinked, |path| std::fs::remove_file(path).unwrap()),
    (Tampered::Unlinked, |path| std::fs::rename(path, path.with_extension("aside")).unwrap()),
    (Tampered::Replaced, |path| {
        std::fs::copy(path, path.with_extension("copy")).unwrap();
        std::fs::rename(path.with_extension("copy"), path).unwrap();
    }),
    (Tampered::Linked, |path| std::fs::hard_link(path, path.with_extension("link")).unwrap()),
    (Tampered::Truncated, |path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    }),
    (Tampered::Grown, |path| {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"{}\n").unwrap();
    }),
    (Tampered::Changed, change_in_place),
    (Tampered::Changed, |path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }),
];

#[test]
fn whatever_somebody_does_to_a_file_of_an_open_log_is_noticed_and_nothing_is_written_any_more() {
    for name in ["executor.jsonl", "executor-000000000001.jsonl", "executor.head", "executor.lock"] {
        for (how, deed) in DEEDS {
            let (folder, _path, mut opened) = written();
            deed(&folder.path().join(name));
            // An idle log looks several times a second; how long that takes on a busy machine is not the point.
            let begun = Instant::now();
            while opened.log.trouble().is_none() && begun.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(10));
            }
            let Some(Trouble::Tampered { what }) = opened.log.trouble() else { panic!("{name} {how:?}") };
            assert_eq!((what.file.as_str(), what.how), (name, how));
            assert_eq!(append(&mut opened.log), Err(Unwritable::Tampered { what }));
        }
    }
}

#[test]
fn an_entry_is_not_acknowledged_into_a_file_that_is_no_longer_the_log() {
    for (how, deed) in DEEDS {
        let (_folder, path, mut opened) = written();
        deed(&path);
        // At once: the look before the group must see it.
        let Err(Unwritable::Tampered { what }) = append(&mut opened.log) else { panic!("{how:?}") };
        assert_eq!((what.file.as_str(), what.how), ("executor.jsonl", how));
    }
}

#[test]
fn a_folder_that_was_moved_away_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("audit");
    std::fs::create_dir(&folder).unwrap();
    let mut log = open(&folder.join("executor.jsonl")).unwrap().log;
    append(&mut log).unwrap();
    std::fs::rename(&folder, home.path().join("elsewhere")).unwrap();
    assert!(matches!(append(&mut log), Err(Unwritable::Tampered { .. })));
}

#[test]
fn a_name_that_rotation_needs_is_never_taken_over() {
    for name in ["executor-000000000001.jsonl", "executor.next"] {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open_options(&folder.path().join("executor.jsonl"), &small()).unwrap().log;
        while !log.rotation_due() {
            append(&mut log).unwrap();
        }
        let _ = std::fs::remove_file(folder.path().join(name));
        std::fs::write(folder.path().join(name), "mine").unwrap();
        let refused = log.rotate(Timestamp::now(), "rotated", &()).unwrap().wait_blocking();
        assert!(matches!(refused, Err(Unwritable::Tampered { what }) if what.file == name));
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"mine");
    }
}

/// A closed log of `count` entries, and every head that it had.
fn closed(count: usize) -> (tempfile::TempDir, PathBuf, Vec<Head>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let mut log = open(&path).unwrap().log;
    let mut heads = vec![log.head()];
    for _ in 0..count {
        append(&mut log).unwrap();
        heads.push(log.head());
    }
    (folder, path, heads)
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().split_inclusive('\n').map(ToOwned::to_owned).collect()
}

#[test]
fn a_log_that_lost_its_end_is_refused_and_left_as_it_is() {
    let (_folder, path, _heads) = closed(4);
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let refused = open(&path);
        let there = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert!(
            matches!(refused, Err(OpenProblem::Truncated { entries, signed: 4, .. }) if entries == there),
            "{cut}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), whole[..cut]);
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Truncated { entries: 0, signed: 4, .. })));
    assert!(!path.exists());
}

#[test]
fn a_changed_last_entry_is_broken_and_never_taken_for_a_torn_one() {
    let (_folder, path, _heads) = closed(2);
    let whole = std::fs::read(&path).unwrap();
    let last = lines(&path)[0].len();
    for position in last..whole.len() - 1 {
        for changed in [whole[position] ^ 1, 0] {
            let mut bytes = whole.clone();
            bytes[position] = changed;
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(open(&path), Err(OpenProblem::Broken { at: 2, .. })), "{position}");
        }
    }
    // Also beyond the head, where nobody can have heard of it, a whole line is not dropped.
    let (_folder, path, heads) = closed(2);
    put_head(&path, &heads[1]);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Broken { at: 2, .. })));
}

#[test]
fn a_chain_that_was_written_anew_is_not_the_one_that_was_signed() {
    let (_folder, path, _heads) = closed(3);
    let (_other_folder, other, _heads) = closed(3);
    std::fs::copy(&other, &path).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Rewritten { at: 3, .. })));
    // Longer does not help.
    let (_longer_folder, longer, _heads) = closed(5);
    std::fs::copy(&longer, &path).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Rewritten { at: 3, .. })));
}

#[test]
fn a_head_that_is_missing_or_not_ours_is_refused() {
    let (folder, path, heads) = closed(3);
    let head = folder.path().join("executor.head");
    let sound = std::fs::read(&head).unwrap();
    for forged in [
        b"".to_vec(),
        sound[..sound.len() / 4].to_vec(),
        heads[2].note.replace("\n2\n", "\n3\n").into_bytes(),
        [&sound, &b"x"[..]].concat(),
    ] {
        std::fs::write(&head, &forged).unwrap();
        assert!(matches!(open(&path), Err(OpenProblem::HeadForged { .. })));
    }
    let other = Signer {
        origin: signer().origin,
        key: HeadKey::from_text(&HeadKey::generate_text(&ring::rand::SystemRandom::new()).unwrap()).unwrap(),
    };
    std::fs::write(&head, &sound).unwrap();
    let opened = AuditLog::open(&Place::of(&path).unwrap(), other, &Options::default(), &mut Seen::default());
    assert!(matches!(opened, Err(OpenProblem::HeadForged { .. })));
    std::fs::remove_file(&head).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::HeadMissing { .. })));
    assert!(!head.exists(), "and none is made in its place");
    std::fs::write(&head, &sound).unwrap();
    assert_eq!(open(&path).unwrap().log.len(), 3);
}

fn put_head(path: &Path, head: &Head) {
    std::fs::write(path.with_extension("head"), head.note.as_bytes()).unwrap();
}

#[test]
fn a_head_older_than_the_last_rotation_is_refused_although_the_chain_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let mut log = open_options(&path, &small()).unwrap().log;
    let old = log.head();
    rotate(&mut log);
    let durable = log.len() - 1;
    drop(log);
    put_head(&path, &old);
    let refused = open(&path);
    assert!(
        matches!(refused, Err(OpenProblem::HeadOld { signed: 0, durable: found, .. }) if found == durable)
    );
}

#[test]
fn a_head_that_is_a_moment_old_is_caught_up() {
    let (_folder, path, heads) = closed(4);
    put_head(&path, &heads[2]);
    let mut seen = Seen::default();
    let log = open_with(&path, &mut seen).unwrap().log;
    assert_eq!((seen.entries.len(), log.head().entries), (4, 4));
    let note = Place::of(&path).unwrap().head_note().unwrap().unwrap();
    assert_eq!(note, heads[4].note.as_bytes());
}

#[test]
fn segments_that_are_missing_swapped_or_renamed_do_not_link() {
    let (folder, path, mut opened) = written();
    rotate(&mut opened.log);
    let second = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("-0"))
        .max()
        .unwrap();
    drop(opened);
    let first = folder.path().join("executor-000000000001.jsonl");
    let aside = folder.path().join("aside");
    let whole_or_tail = |expected: bool| {
        for begins_with in [None, Some("rotated")] {
            let opened = open_with(&path, &mut Seen { begins_with, ..Seen::default() });
            let broken = matches!(opened, Err(OpenProblem::Broken { .. }));
            assert_eq!((opened.is_ok(), broken), (expected, !expected), "{begins_with:?}");
        }
    };
    whole_or_tail(true);
    std::fs::rename(&second, &aside).unwrap();
    whole_or_tail(false);
    std::fs::copy(&first, &second).unwrap();
    whole_or_tail(false);
    std::fs::rename(&aside, &second).unwrap();
    whole_or_tail(true);
    // The link that a tail rests on, also where the segment before is not read.
    let mut bytes = std::fs::read(&second).unwrap();
    bytes.truncate(bytes.len() - 1);
    std::fs::write(&second, &bytes).unwrap();
    whole_or_tail(false);
    // In its place in the order, but under the number of another entry.
    let (_folder, path, opened) = written();
    drop(opened);
    let closed = path.with_file_name("executor-000000000001.jsonl");
    std::fs::rename(closed, path.with_file_name("executor-000000000002.jsonl")).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Broken { at: 1, .. })));
}
