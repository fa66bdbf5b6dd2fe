//! Thousands of crashes, faults and lies on a simulated disk; and the same with a defect played in, which must show.

use crate::schedule::{Met, options, place, read_all, run};
use crate::sim::{Fault, Mutant, Random, SimDisk};
use crate::support::{Seen, signer};
use audit_log::{AuditLog, Need, Options};
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
