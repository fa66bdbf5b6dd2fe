//! What holds a log together, and what is found when it does not.

use crate::support::{Seen, open, open_with};
use audit_log::{LogFiles, Need, OpenProblem, Trouble, Verdict, entries, verify};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A log of `count` entries in a folder of its own.
fn written(count: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    append(&path, count);
    (folder, path)
}

fn append(path: &Path, count: usize) {
    let mut log = open(path).unwrap().log;
    for n in 0..count {
        let details = serde_json::json!({"n": n, "text": "a \"quoted\" line\nand 日本"});
        log.append(Timestamp::now(), "something_happened", &details, Need::Ordinary)
            .unwrap()
            .wait_blocking()
            .unwrap();
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(ToOwned::to_owned).collect()
}

fn write_lines(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[test]
fn an_entry_has_the_promised_fields_in_order_and_the_first_links_to_zeros() {
    let (_folder, path) = written(2);
    let first = &lines(&path)[0];
    let mut last = 0;
    for field in ["seq", "timestamp", "event_type", "details", "prev_hash", "hash"] {
        let found = first.find(&format!("\"{field}\":")).unwrap();
        assert!(found >= last, "{field}");
        last = found;
    }
    let read: Vec<_> = entries(&LogFiles::of(&path)).unwrap().map(|entry| entry.unwrap().unwrap()).collect();
    assert_eq!(read[0].prev_hash, "0".repeat(64));
    assert_eq!(read[1].prev_hash, read[0].hash);
    assert_eq!((read[0].seq, read[1].seq), (1, 2));
}

#[test]
fn the_hash_can_be_made_by_any_tool_from_the_bytes_of_the_line() {
    let (_folder, path) = written(1);
    let line = lines(&path)[0].clone();
    let (before, after) = line.split_once(",\"hash\":\"").unwrap();
    let hash = action::Digest::of(format!("{before}}}").as_bytes()).to_hex();
    assert_eq!(after, format!("{hash}\"}}"));
}

#[test]
fn a_log_reopens_where_it_ended() {
    let (_folder, path) = written(3);
    append(&path, 2);
    assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: 5 });
    let mut seen = Seen::default();
    let opened = open_with(&path, &mut seen).unwrap();
    assert_eq!((seen.entries.len(), opened.log.len()), (5, 5));
}

#[test]
fn the_verdicts_read_as_promised() {
    assert_eq!(Verdict::Valid { entries: 7 }.to_string(), "Chain integrity: VALID (7 entries)");
    assert_eq!(Verdict::Broken { at: 3 }.to_string(), "Chain integrity: BROKEN at entry 3");
}

#[test]
fn every_change_is_found_at_its_entry() {
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, Change, u64); 7] = [
        ("a changed detail", |l| l[2] = l[2].replace("\"n\":2", "\"n\":9"), 3),
        ("a changed hash", |l| l[1] = l[1].replace("\"hash\":\"", "\"hash\":\"0"), 2),
        ("a removed entry", |l| drop(l.remove(1)), 2),
        ("a removed first entry", |l| drop(l.remove(0)), 1),
        ("two entries swapped", |l| l.swap(1, 2), 2),
        ("an entry twice", |l| l.insert(2, l[1].clone()), 3),
        ("a blank line", |l| l.insert(1, String::new()), 2),
    ];
    for (what, change, at) in cases {
        let (_folder, path) = written(5);
        let mut changed = lines(&path);
        change(&mut changed);
        write_lines(&path, &changed);
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Broken { at }, "{what}");
        let refused = open(&path);
        assert!(matches!(refused, Err(OpenProblem::Broken { at: found, .. }) if found == at), "{what}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let (_folder, path) = written(2);
    let sound = std::fs::read(&path).unwrap();
    // The last line feed is not an entry's byte: without it the last line counts as unfinished.
    for position in 0..sound.len() {
        let mut changed = sound.clone();
        changed[position] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(matches!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Broken { .. }), "byte {position}");
    }
}

#[test]
fn a_torn_last_line_is_kept_beside_the_log_and_the_chain_goes_on() {
    let (_folder, path) = written(3);
    let sound = std::fs::read(&path).unwrap();
    let last_line = &sound[sound[..sound.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1..];
    // Cut anywhere, and with sectors in it that never reached the disk.
    let mut holes = last_line.to_vec();
    holes[10..20].fill(0);
    for (n, torn_off) in
        [&last_line[..1], &last_line[..40], &last_line[..last_line.len() - 1], &holes].iter().enumerate()
    {
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&before, *torn_off].concat()).unwrap();
        let entries = 3 + n as u64;
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Broken { at: entries + 1 });
        let torn = open(&path).unwrap().torn.unwrap();
        assert_eq!(std::fs::read(&torn.kept_in).unwrap(), *torn_off);
        assert_eq!(torn.bytes, torn_off.len() as u64);
        append(&path, 1);
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: entries + 1 });
    }
}

#[test]
fn one_process_at_a_time_writes() {
    let (_folder, path) = written(1);
    let _held = open(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenProblem::Held { .. })));
}

#[test]
fn the_file_is_private_and_never_reached_through_a_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (folder, path) = written(1);
    for name in ["executor.jsonl", "executor.head", "executor.lock"] {
        let (name, aside) = (folder.path().join(name), folder.path().join("aside"));
        assert_eq!(std::fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::rename(&name, &aside).unwrap();
        symlink(&aside, &name).unwrap();
        assert!(matches!(open(&path), Err(OpenProblem::Io { .. })), "{}", name.display());
        std::fs::rename(&aside, &name).unwrap();
    }
    assert!(open(&path).is_ok());
}

#[test]
fn an_empty_log_is_valid_and_a_missing_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("executor.jsonl");
    assert!(verify(&LogFiles::of(&path)).is_err());
    std::fs::write(&path, "").unwrap();
    assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: 0 });
}

#[test]
fn a_disk_that_fails_is_never_written_again() {
    if let Some(path) = std::env::var_os("LOG_ON_A_FULL_DISK") {
        return append_on_a_full_disk(Path::new(&path));
    }
    // In a process of its own, because a limit on file sizes stands in for the full disk. A write beyond the limit also
    // raises SIGXFSZ, which the shell has ignored for it.
    let (_folder, path) = written(1);
    let child = std::process::Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; exec \"$0\" --exact chain::a_disk_that_fails_is_never_written_again --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .env("LOG_ON_A_FULL_DISK", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(said.contains("full disk: refused, room again: refused"), "{said}");
    assert!(child.status.success(), "{said}");
    assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: 1 });
}

fn append_on_a_full_disk(path: &Path) {
    let limit_files_to = |current| {
        let limit = rustix::process::Rlimit { current, maximum: None };
        rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    };
    let mut log = open(path).unwrap().log;
    let mut append = || match log
        .append(Timestamp::now(), "x", &1, Need::Ordinary)
        .and_then(audit_log::Durable::wait_blocking)
    {
        Ok(()) => "written",
        Err(_) => "refused",
    };
    limit_files_to(Some(std::fs::metadata(path).unwrap().len()));
    let full = append();
    // A writer that tried once more would now succeed.
    limit_files_to(None);
    println!("full disk: {full}, room again: {}", append());
    assert!(matches!(log.trouble(), Some(Trouble::Poisoned { .. })), "whoever has it can tell");
    drop(log);

    // An unfinished line that cannot be kept beside the log stays in it, and every try leaves nothing behind.
    std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"{\"seq\":").unwrap();
    limit_files_to(Some(0));
    for _ in 0..3 {
        assert!(matches!(open(path), Err(OpenProblem::Io { .. })));
    }
    limit_files_to(None);
    let names = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains("torn")));
    assert!(open(path).unwrap().torn.is_some());
}
