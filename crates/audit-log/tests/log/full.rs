//! A full disk: ordinary entries are refused, reserved ones are written, nothing is poisoned, and it goes on by itself.

use crate::schedule::place;
use crate::sim::SimDisk;
use crate::support::{Seen, open_options, open_with, signer};
use audit_log::{AuditLog, ContentStore, LogFiles, Need, Options, Trouble, Unwritable, Verdict, verify};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const RESERVE: u64 = 64 * 1024;

fn append(log: &mut AuditLog, need: Need) -> Result<(), Unwritable> {
    log.append(Timestamp::now(), "happened", &"x".repeat(300), need)?.wait_blocking()
}

/// Appends until refused, and says how often it was not.
fn fill(log: &mut AuditLog, need: Need) -> u64 {
    for count in 0..100_000 {
        match append(log, need) {
            Ok(()) => {}
            Err(refused) => {
                assert_eq!(refused, Unwritable::Full);
                return count;
            }
        }
    }
    panic!("the disk is not full");
}

fn until(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn on_a_full_disk_the_reserve_is_written_and_with_space_it_goes_on() {
    let disk = SimDisk::default();
    disk.set_capacity(200 * 1024);
    let options =
        Options { segment: 128 * 1024, reserve: RESERVE, queue_bytes: 32 * 1024, ..Options::default() };
    let open = || AuditLog::open(&place(&disk), signer(), &options, &mut Seen::default()).unwrap().log;
    let mut log = open();
    let ordinary = fill(&mut log, Need::Ordinary);
    assert_eq!(log.trouble(), Some(Trouble::Full));
    assert!(!log.rotation_due(), "there is no room for the next segment");
    let reserved = fill(&mut log, Need::Reserved);
    let entry = disk.bytes("executor.jsonl").unwrap().len() as u64 / (ordinary + reserved);
    assert!(ordinary > 100 && reserved > RESERVE / (entry + 2) - 2, "{reserved} of {entry} bytes");

    // A start on the full disk is possible too.
    let length = log.len();
    drop(log);
    let mut log = open();
    assert_eq!((log.len(), append(&mut log, Need::Ordinary)), (length, Err(Unwritable::Full)));

    disk.set_capacity(1024 * 1024);
    until(|| log.trouble().is_none());
    append(&mut log, Need::Ordinary).unwrap();
    until(|| log.rotation_due());
    log.rotate(Timestamp::now(), "rotated", &()).unwrap().wait_blocking().unwrap();
    append(&mut log, Need::Ordinary).unwrap();
    assert_eq!(log.head().entries, length + 3);
}

/// A file system of 2 MiB.
struct Small(PathBuf);

impl Small {
    /// `None`, with the reason printed, where this machine or this user cannot have one.
    fn mount(folder: &Path, kind: &str) -> Option<Self> {
        let at = folder.join(kind);
        std::fs::create_dir(&at).unwrap();
        let image = folder.join("image");
        let script = match kind {
            "tmpfs" => "mount -t tmpfs -o size=2M none \"$0\"",
            _ => {
                "truncate -s 2M \"$1\" && mkfs.ext4 -q -O ^has_journal \"$1\" && mount -o loop \"$1\" \"$0\""
            }
        };
        let done = Command::new("sh").args(["-c", script]).arg(&at).arg(&image).output().unwrap();
        if !done.status.success() {
            println!("skipped: no {kind} of 2 MiB here: {}", String::from_utf8_lossy(&done.stderr).trim());
            return None;
        }
        Some(Self(at))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_file_system_of_2_mib_fills_up_and_nothing_is_lost() {
    for kind in ["tmpfs", "ext4"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(small) = Small::mount(folder.path(), kind) else { continue };
        let ballast = small.0.join("ballast");
        std::fs::write(&ballast, vec![1; 512 * 1024]).unwrap();
        let path = small.0.join("executor.jsonl");
        let mut log = open_options(&path, &Options::default()).unwrap().log;
        let ordinary = fill(&mut log, Need::Ordinary);
        assert_eq!(log.trouble(), Some(Trouble::Full), "{kind}");
        // The last word: what refuses, and the kill.
        append(&mut log, Need::Reserved).unwrap();
        assert_eq!(append(&mut log, Need::Ordinary), Err(Unwritable::Full), "{kind}");
        let reserved = fill(&mut log, Need::Reserved) + 1;
        let entry = std::fs::metadata(&path).unwrap().len() / log.len();
        let reserve = Options::default().reserve;
        assert!(reserved * entry + 2 * entry >= reserve, "{kind}: {reserved} of {entry} bytes");
        println!("{kind}: {ordinary} ordinary entries, {reserved} reserved");

        let length = log.len();
        drop(log);
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: length }, "{kind}");
        let mut seen = Seen::default();
        let mut log = open_with(&path, &mut seen).unwrap().log;
        assert_eq!(seen.entries.len() as u64, length, "{kind}");
        assert_eq!(append(&mut log, Need::Ordinary), Err(Unwritable::Full), "{kind}");
        std::fs::remove_file(&ballast).unwrap();
        until(|| log.trouble().is_none());
        append(&mut log, Need::Ordinary).unwrap();
        drop(log);
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: length + 1 }, "{kind}");
    }
}

#[test]
fn on_a_file_system_of_2_mib_the_contents_leave_space_for_the_log() {
    for kind in ["tmpfs", "ext4"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(small) = Small::mount(folder.path(), kind) else { continue };
        let store = ContentStore::open(&small.0.join("content")).unwrap();
        let path = small.0.join("executor.jsonl");
        let mut log = open_options(&path, &Options::default()).unwrap().log;
        for number in 0..50 {
            let (_, kept) = store.put(format!("content {number}").as_bytes()).unwrap();
            kept.wait_blocking().unwrap();
            append(&mut log, Need::Ordinary).unwrap();
        }
        assert_eq!((log.trouble(), store.trouble()), (None, None), "{kind}");
        let length = log.len();
        drop((log, store));
        assert_eq!(verify(&LogFiles::of(&path)).unwrap(), Verdict::Valid { entries: length }, "{kind}");
    }
}
