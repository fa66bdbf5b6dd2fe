//! What reading a log costs, beside the limit that the machine sets: `cargo bench -p audit-log --bench read`.
//!
//! `verify_all` against `hash_every_line` (SHA-256 of each line in memory, one core, nothing else) is the price of reading the
//! files and of checking more than bytes. `reopen` is a start with 10,000 things to remember.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

mod support;

use audit_log::{LogFiles, Need, Verdict, entries, verify};
use divan::counter::ItemsCount;
use jiff::Timestamp;
use std::path::PathBuf;
use support::{Forgetful, append, details, open};

const ENTRIES: usize = 40_000;
const PENDING: usize = 10_000;

fn main() {
    divan::main();
}

/// A log of many entries in several segments; the rest of what is called in it is durable too.
fn long_log() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let active = folder.path().join("executor.jsonl");
    let mut log = open(&active, &mut Forgetful(""));
    let details = details();
    for n in 1..=ENTRIES {
        let durable = append(&mut log, &details);
        if n % 1000 == 0 {
            durable.wait_blocking().unwrap();
        }
    }
    (folder, active)
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn verify_all(bencher: divan::Bencher<'_, '_>) {
    let (_folder, active) = long_log();
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        let expected = Verdict::Valid { entries: ENTRIES as u64 };
        (verify(&LogFiles::of(&active)).unwrap() == expected).then_some(()).unwrap();
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn hash_every_line(bencher: divan::Bencher<'_, '_>) {
    let (_folder, active) = long_log();
    let files = LogFiles::of(&active).list().unwrap();
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    bencher.counter(ItemsCount::new(lines.len())).bench_local(|| {
        for line in &lines {
            divan::black_box(action::Digest::of(line));
        }
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn read_all(bencher: divan::Bencher<'_, '_>) {
    let (_folder, active) = long_log();
    bencher.counter(ItemsCount::new(ENTRIES)).bench_local(|| {
        entries(&LogFiles::of(&active)).unwrap().filter(|entry| matches!(entry, Ok(Ok(_)))).count()
    });
}

/// As many requests as entries, none of which has been closed into a segment: all are read again.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn reopen_with_10_000_pending(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let active = folder.path().join("executor.jsonl");
    let mut log = open(&active, &mut Forgetful(""));
    let details = details();
    for n in 1..=PENDING {
        let durable = log.append(Timestamp::now(), "capability_requested", &details, Need::Ordinary).unwrap();
        if n % 1000 == 0 {
            durable.wait_blocking().unwrap();
        }
    }
    drop(log);
    bencher.bench_local(|| open(&active, &mut Forgetful("")));
}

/// A long log whose last segment begins with all that is remembered.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn reopen_a_long_log(bencher: divan::Bencher<'_, '_>) {
    let (_folder, active) = long_log();
    bencher.bench_local(|| open(&active, &mut Forgetful("remembered")));
}
