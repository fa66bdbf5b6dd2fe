//! Rotation, the bounded tail of a start, the lock, the head that others follow, and how long anybody waits.

use crate::schedule::place;
use crate::sim::{Fault, SimDisk};
use crate::support::{Seen, open, open_options, open_with, rotate, signer};
use audit_log::{AuditLog, Durable, Need, OpenProblem, Options, Trouble, Unwritable};
use jiff::Timestamp;
use std::time::{Duration, Instant};

fn append(log: &mut AuditLog) -> Result<Durable, Unwritable> {
    log.append(Timestamp::now(), "happened", &"x".repeat(1000), Need::Ordinary)
}

fn small() -> Options {
    Options { segment: 128 * 1024, reserve: 8 * 1024, queue_bytes: 32 * 1024, ..Options::default() }
}

#[test]
fn a_start_reads_the_tail_that_the_fold_needs_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let mut log = open_options(&path, &small()).unwrap().log;
    rotate(&mut log);
    let second = log.len();
    rotate(&mut log);
    let third = log.len();
    append(&mut log).unwrap().wait_blocking().unwrap();
    let end = log.len();
    drop(log);

    for (begins_with, from) in [(None, 1), (Some("nothing"), 1), (Some("rotated"), third)] {
        let mut seen = Seen { begins_with, ..Seen::default() };
        assert_eq!(open_with(&path, &mut seen).unwrap().log.len(), end);
        let numbers: Vec<u64> = seen.entries.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(numbers, (from..=end).collect::<Vec<_>>());
    }
    // The segments before are not read: what was changed there is for `verify` to find.
    let first = folder.path().join("executor-000000000001.jsonl");
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&first, bytes).unwrap();
    let mut tail = Seen { begins_with: Some("rotated"), ..Seen::default() };
    assert!(open_with(&path, &mut tail).is_ok());
    assert!(matches!(open(&path), Err(OpenProblem::Broken { at: 1, .. })));
    assert!(folder.path().join(format!("executor-{second:012}.jsonl")).exists());
}

#[test]
fn a_closed_segment_gives_up_the_space_that_it_does_not_need() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("executor.jsonl");
    let opened = open_options(&path, &small()).unwrap();
    let mut log = opened.log;
    append(&mut log).unwrap().wait_blocking().unwrap();
    let active = std::fs::metadata(&path).unwrap();
    assert!(active.len() < 2000, "no padding");
    if !opened.space_set_aside {
        println!("skipped: this file system sets no space aside");
        return;
    }
    assert!(active.blocks() * 512 >= 128 * 1024, "space beyond the end");
    rotate(&mut log);
    let closed = std::fs::metadata(folder.path().join("executor-000000000001.jsonl")).unwrap();
    assert!(closed.blocks() * 512 < closed.len() + 8192);
    assert!(std::fs::metadata(&path).unwrap().blocks() * 512 >= 128 * 1024);
}

#[test]
fn rotation_is_refused_while_it_is_not_due_and_costs_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(&folder.path().join("executor.jsonl")).unwrap().log;
    assert_eq!(log.rotate(Timestamp::now(), "rotated", &()).unwrap_err(), Unwritable::Busy);
    append(&mut log).unwrap().wait_blocking().unwrap();
    assert_eq!(log.head().entries, 1);
}

#[test]
fn a_second_opener_hears_who_holds_the_log_and_a_dead_one_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let held = open(&path).unwrap();
    let Err(problem) = open(&path) else { panic!("two writers") };
    let OpenProblem::Held { by: Some(by), .. } = &problem else { panic!("{problem}") };
    assert_eq!(by.pid, std::process::id());
    assert!(problem.to_string().contains(&format!("process {}", by.pid)), "{problem}");
    drop(held);
    // What a dead process left behind names a process that lives: this one. Only the kernel's lock counts.
    let left = serde_json::json!({"pid": std::process::id(), "program": "other", "since": Timestamp::now()});
    std::fs::write(folder.path().join("executor.lock"), left.to_string()).unwrap();
    assert!(open(&path).is_ok());
    // Whatever stands there, a holder is a holder.
    let _held = open(&path).unwrap();
    std::fs::write(folder.path().join("executor.lock"), "\u{1b}[2J").unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Held { by: None, .. })));
}

#[test]
fn the_log_is_free_when_its_holder_has_dropped_it_although_a_child_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let held = open(&path).unwrap();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    drop(held);
    assert!(open(&path).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn heads_can_be_followed_and_are_what_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    let mut log = open(&path).unwrap().log;
    let mut heads = log.heads();
    assert_eq!(heads.borrow_and_update().entries, 0);
    for n in 1..=12 {
        append(&mut log).unwrap().wait_blocking().unwrap();
        assert!(heads.has_changed().unwrap());
        let head = heads.borrow_and_update().clone();
        assert_eq!((head.entries, log.head()), (n, head.clone()));
        let note = std::fs::read(path.with_extension("head")).unwrap();
        assert_eq!(note.len(), 512, "always one sector");
        assert!(
            note.starts_with(head.note.as_bytes())
                && note[head.note.len()..].iter().all(|byte| *byte == b'\n')
        );
        let verified = signer().key.verifier().verify(&signer().origin, head.note.as_bytes()).unwrap();
        assert_eq!((verified.entries(), verified.hash()), (head.entries, head.hash));
    }
    drop(log);
    assert!(heads.has_changed().is_err(), "whoever follows hears that the log is closed");
}

fn stalling(deadline: Duration) -> (SimDisk, AuditLog) {
    let disk = SimDisk::default();
    let options = Options { deadline, ..small() };
    let log = AuditLog::open(&place(&disk), signer(), &options, &mut Seen::default()).unwrap().log;
    (disk, log)
}

fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_disk_that_does_not_answer_fails_requests_at_the_deadline_and_goes_on_when_it_does() {
    let (disk, mut log) = stalling(Duration::from_millis(50));
    append(&mut log).unwrap().wait_blocking().unwrap();
    disk.close_gate();
    let under_way = append(&mut log).unwrap();
    assert_eq!(under_way.wait_blocking(), Err(Unwritable::Slow));
    until(|| log.trouble() == Some(Trouble::Slow));
    // Nothing piles up, and nobody waits again.
    let length = log.len();
    for _ in 0..10_000 {
        assert_eq!(append(&mut log).unwrap_err(), Unwritable::Slow);
    }
    assert_eq!(log.len(), length);
    disk.open_gate();
    until(|| log.trouble().is_none());
    append(&mut log).unwrap().wait_blocking().unwrap();
    assert_eq!(log.head().entries, 3, "the slow one became durable after all");
}

#[tokio::test]
async fn a_caller_in_a_runtime_hears_of_the_deadline_too() {
    let (disk, mut log) = stalling(Duration::from_millis(50));
    append(&mut log).unwrap().wait().await.unwrap();
    disk.close_gate();
    assert_eq!(append(&mut log).unwrap().wait().await, Err(Unwritable::Slow));
    disk.open_gate();
}

#[test]
fn a_log_on_a_disk_that_hangs_can_be_dropped() {
    let (disk, mut log) = stalling(Duration::from_millis(50));
    disk.close_gate();
    let under_way = append(&mut log).unwrap();
    drop(log);
    assert!(under_way.wait_blocking().is_err());
    disk.open_gate();
}

#[test]
fn a_full_queue_refuses_and_what_it_holds_is_bounded() {
    let (disk, mut log) = stalling(Duration::from_secs(20));
    disk.close_gate();
    let mut waiting = Vec::new();
    let refused = loop {
        match append(&mut log) {
            Ok(durable) => waiting.push(durable),
            Err(refused) => break refused,
        }
        assert!(waiting.len() < 100);
    };
    assert_eq!(refused, Unwritable::Busy);
    let entry = 1000 + 250;
    assert!((20..=32 * 1024 / entry).contains(&waiting.len()), "{} entries in 32 KiB", waiting.len());
    disk.open_gate();
    waiting.into_iter().for_each(|durable| durable.wait_blocking().unwrap());
    append(&mut log).unwrap().wait_blocking().unwrap();
    let too_long = log.append(Timestamp::now(), "happened", &"x".repeat(40_000), Need::Reserved);
    assert_eq!(too_long.unwrap_err(), Unwritable::TooLong);
}

#[test]
fn the_first_failure_of_a_write_or_a_sync_ends_all_writing_and_health_says_which() {
    // The operations of a group: write, sync, write of the head.
    for (after, doing) in [(0, "cannot write"), (1, "cannot sync"), (2, "cannot write the head")] {
        for fault in [Fault::Fails, Fault::Lies] {
            if (after, fault) == (1, Fault::Lies) {
                continue;
            }
            let (disk, mut log) = stalling(Duration::from_secs(20));
            append(&mut log).unwrap().wait_blocking().unwrap();
            disk.plan(after, fault);
            let Err(Unwritable::Poisoned { fault: why }) = append(&mut log).unwrap().wait_blocking() else {
                panic!("{doing}")
            };
            assert!(why.to_string().starts_with(doing), "{why}");
            assert!(matches!(log.trouble(), Some(Trouble::Poisoned { .. })));
            let syncs = disk.bytes("executor.jsonl");
            assert!(matches!(append(&mut log), Err(Unwritable::Poisoned { .. })));
            assert_eq!(disk.bytes("executor.jsonl"), syncs);
        }
    }
}
