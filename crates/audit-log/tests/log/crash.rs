//! Thousands of crashes, faults and lies on a simulated disk; and the same with a defect played in, which must show.

use crate::schedule::{Met, options, place, read_all, run};
use crate::sim::{Fault, Mutant, Random, SimDisk};
use crate::support::{Seen, signer};
use audit_log::{AuditLog, Disk as _, Need, OpenProblem, Opening, Options};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// More, for a long night: `LOG_SCHEDULES=1000000`; one, by its seed: `LOG_SEED=7`.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    match number("LOG_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("LOG_SCHEDULES").unwrap_or(1000),
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_no_number_is_used_twice() {
    let mut all = Met::default();
    for seed in seeds() {
        let met = run(seed, None).unwrap_or_else(|what| panic!("{what} (LOG_SEED={seed})"));
        all.acknowledged += met.acknowledged;
        all.adopted += met.adopted;
        all.torn += met.torn;
        all.rotations += met.rotations;
        all.finished += met.finished;
        all.undone += met.undone;
        all.ends += met.ends;
        all.refused_starts += met.refused_starts;
        all.fired.extend(met.fired);
    }
    println!("{all:?}");
    if seeds().count() > 1 {
        // Schedules that meet nothing prove nothing.
        let every = [Fault::Fails, Fault::Short, Fault::Lies, Fault::EndsBefore, Fault::EndsAfter];
        assert_eq!(all.fired, BTreeSet::from(every));
        assert!(all.acknowledged > 0 && all.adopted > 0 && all.torn > 0 && all.rotations > 0);
        assert!(all.finished > 0 && all.undone > 0 && all.ends > 0 && all.refused_starts > 0);
    }
}

#[test]
fn every_defect_shows() {
    use Mutant::*;
    for mutant in [NoSync, SyncsLate, RetriesSync, NoFolderSync, TrustsMemory, ReadsBackNothing, NeverCuts] {
        let shown = (0..1000).find_map(|seed| run(seed, Some(mutant)).err().map(|what| (seed, what)));
        println!("{mutant:?}: {shown:?}");
        assert!(shown.is_some(), "{mutant:?} is not noticed");
    }
}

#[test]
fn a_last_group_torn_at_any_byte_is_cut_off_and_nothing_before_it() {
    let mut group = None;
    for kept in 0.. {
        for whole_size in [false, true] {
            let disk = SimDisk::default();
            let options = Options {
                segment: 64 * 1024,
                head_sync: Duration::from_secs(3600),
                ..options(&mut Random(0))
            };
            let open = || AuditLog::open(&place(&disk), signer(), &options, &mut Seen::default()).unwrap();
            let mut log = open().log;
            for nonce in 0..3 {
                append(&mut log, nonce).unwrap().wait_blocking().unwrap();
            }
            // The machine ends between the write of the last group and its sync.
            disk.close_gate();
            let before = disk.bytes("executor.jsonl").unwrap().len();
            let waiting: Vec<_> = (3..5).map(|nonce| append(&mut log, nonce).unwrap()).collect();
            disk.plan(0, Fault::EndsAfter);
            disk.open_gate();
            for durable in waiting {
                assert!(durable.wait_blocking().is_err());
            }
            drop(log);
            let written = disk.bytes("executor.jsonl").unwrap().len() - before;
            assert!(*group.get_or_insert(written) == written && written > 0);
            disk.power_fails_in_last_write("executor.jsonl", kept, whole_size);

            let opened = open();
            let there = read_all(&disk).unwrap();
            let whole = disk.bytes("executor.jsonl").unwrap().len();
            assert!(there.len() >= 3 && opened.log.len() == there.len() as u64, "{kept}");
            assert!(there.iter().all(|(seq, nonce)| seq - 1 == *nonce), "{kept}");
            let size = if whole_size { before + written } else { before + kept.min(written) };
            assert_eq!(opened.torn.map_or(0, |torn| torn.bytes), (size - whole) as u64, "{kept}");
        }
        if group.is_some_and(|written| kept >= written) {
            break;
        }
    }
}

fn append(log: &mut AuditLog, nonce: u64) -> Result<audit_log::Durable, audit_log::Unwritable> {
    log.append(Timestamp::UNIX_EPOCH, "happened", &serde_json::json!({"nonce": nonce}), Need::Ordinary)
}

const FAULTS: [Fault; 5] = [Fault::Fails, Fault::Short, Fault::Lies, Fault::EndsBefore, Fault::EndsAfter];

fn open(disk: &SimDisk) -> AuditLog {
    let options = Options { head_sync: Duration::from_secs(3600), ..options(&mut Random(0)) };
    AuditLog::open(&place(disk), signer(), &options, &mut Seen::default()).unwrap().log
}

/// Appends and waits, until it is enough.
fn append_some(log: &mut AuditLog, mut enough: impl FnMut(&AuditLog) -> bool) {
    while !enough(log) {
        let nonce = log.len();
        append(log, nonce).unwrap().wait_blocking().unwrap();
    }
}

/// Ends the process or the machine, in a way that the number chooses.
fn end(disk: &SimDisk, way: u64) {
    disk.heal();
    if way == 0 { disk.process_ends() } else { disk.power_fails(&mut Random(way)) }
}

#[test]
fn a_fault_at_any_operation_of_a_rotation_is_survived() {
    let mut met = BTreeSet::new();
    for (after, fault) in (0..12).flat_map(|after| FAULTS.map(|fault| (after, fault))) {
        for way in 0..12 {
            let disk = SimDisk::default();
            let mut log = open(&disk);
            append_some(&mut log, AuditLog::rotation_due);
            let before = log.len();
            disk.plan(after, fault);
            let rotated = log
                .rotate(Timestamp::UNIX_EPOCH, "rotated", &serde_json::json!({"nonce": before}))
                .is_ok_and(|durable| durable.wait_blocking().is_ok());
            let appended = append(&mut log, before + 1).is_ok_and(|durable| durable.wait_blocking().is_ok());
            disk.end();
            drop(log);
            met.extend((disk.faults() > 0).then_some((after, fault)));
            end(&disk, way);

            let mut log = open(&disk);
            let there = read_all(&disk).unwrap();
            let least = before + u64::from(rotated) + u64::from(appended);
            assert!(log.len() >= least, "{fault:?} at {after}, {way}: {} of {least}", log.len());
            assert!(there.iter().all(|(seq, nonce)| seq - 1 == *nonce), "{fault:?} at {after}, {way}");
            // What was left of the next segment is in nobody's way.
            append_some(&mut log, AuditLog::rotation_due);
        }
    }
    // Folder sync, head, entry, renames: all of these were met by a fault.
    assert!((0..8).all(|after| FAULTS.iter().all(|fault| met.contains(&(after, *fault)))), "{met:?}");
}

#[test]
fn a_rotation_that_has_come_halfway_is_finished() {
    // The head's sync, the entry, its sync, a rename, the folder's sync: then the process ends.
    let disk = SimDisk::default();
    let mut log = open(&disk);
    append_some(&mut log, AuditLog::rotation_due);
    let before = log.len();
    disk.plan(4, Fault::EndsAfter);
    let details = serde_json::json!({"nonce": before});
    assert!(log.rotate(Timestamp::UNIX_EPOCH, "rotated", &details).unwrap().wait_blocking().is_err());
    drop(log);
    assert!(disk.bytes("executor.jsonl").is_none() && disk.bytes("executor.next").is_some());
    end(&disk, 1);
    let mut seen = Seen { begins_with: Some("rotated"), ..Seen::default() };
    let options = options(&mut Random(0));
    AuditLog::open(&place(&disk), signer(), &options, &mut seen).unwrap();
    assert_eq!(seen.entries, [(before + 1, "rotated".to_owned())]);
}

#[test]
fn what_was_torn_does_not_shine_through_what_is_torn_later() {
    for way in 1..200 {
        let disk = SimDisk::default();
        let mut log = open(&disk);
        append_some(&mut log, |log| log.len() == 2);
        drop(log);
        let file = disk.open("executor.jsonl", Opening::Existing).unwrap();
        file.write_at(&[b'x'; 700], file.stat().unwrap().size).unwrap();
        file.sync_data().unwrap();

        let mut log = open(&disk);
        disk.plan(1, Fault::EndsBefore);
        assert!(append(&mut log, 2).unwrap().wait_blocking().is_err());
        drop(log);
        end(&disk, way);
        assert!(open(&disk).len() >= 2, "{way}");
    }
}

#[test]
fn a_fault_at_any_operation_of_the_first_start_is_survived_twice() {
    for (after, fault) in (0..12).flat_map(|after| FAULTS.map(|fault| (after, fault))) {
        for way in 0..40 {
            let disk = SimDisk::default();
            let options = options(&mut Random(way));
            disk.plan(after, fault);
            // Refused or not: it is not the record's fault.
            match AuditLog::open(&place(&disk), signer(), &options, &mut Seen::default()) {
                Ok(_) | Err(OpenProblem::Io { .. }) => {}
                Err(problem) => panic!("{fault:?} at {after}, {way}: {problem}"),
            }
            end(&disk, way);
            let mut log = open(&disk);
            append_some(&mut log, |log| !log.is_empty());
            let length = log.len();
            disk.end();
            drop(log);
            end(&disk, way + 1);
            assert_eq!(open(&disk).len(), length, "{fault:?} at {after}, {way}");
        }
    }
}

#[test]
fn a_rotation_right_after_a_start_finds_the_head_durable() {
    for way in 1..20 {
        let disk = SimDisk::default();
        let mut log = open(&disk);
        append_some(&mut log, AuditLog::rotation_due);
        disk.end();
        drop(log);
        disk.process_ends();
        let mut log = open(&disk);
        while !log.rotation_due() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let details = serde_json::json!({"nonce": log.len()});
        log.rotate(Timestamp::UNIX_EPOCH, "rotated", &details).unwrap().wait_blocking().unwrap();
        let length = log.len();
        disk.end();
        drop(log);
        end(&disk, way);
        assert_eq!(open(&disk).len(), length);
    }
}
