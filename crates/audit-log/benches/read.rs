//! What reading a log costs, beside the limit that the machine sets: `cargo bench -p audit-log --bench read`.
//!
//! `verify_all` against `hash_every_line` (SHA-256 of each line in memory, one core, nothing else) is the price of reading the
//! files and of checking more than bytes; `-- --paired` lets both take turns. `reopen` is a start with 10,000 things to remember.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

mod support;

use audit_log::{LogFiles, Need, Verdict, entries, verify};
use divan::counter::ItemsCount;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Instant;
use support::{Forgetful, append, details, open};

const ENTRIES: usize = 40_000;
const PENDING: usize = 10_000;
/// How often each has its turn where turns are taken.
const TURNS: usize = 41;

fn main() {
    if std::env::args().any(|argument| argument == "--paired") {
        paired();
    } else {
        divan::main();
    }
}

/// Verifying and its limit by turns.
fn paired() {
    let (_folder, active) = long_log();
    let lines = all_lines(&active);
    let mut turns: Vec<[f64; 2]> = (0..TURNS)
        .map(|_| {
            let begun = Instant::now();
            verify(&LogFiles::of(&active)).unwrap();
            let verified = begun.elapsed();
            let begun = Instant::now();
            hash_each(&lines);
            [verified, begun.elapsed()].map(|time| time.as_secs_f64())
        })
        .collect();
    turns.sort_by(|a, b| (a[1] / a[0]).total_cmp(&(b[1] / b[0])));
    let [verified, hashed] = turns.get(TURNS / 2).copied().unwrap();
    let rate = |seconds: f64| ENTRIES as f64 / seconds;
    println!(
        "verify {:.0}/s  limit {:.0}/s  verify/limit {:.2}",
        rate(verified),
        rate(hashed),
        hashed / verified
    );
}

fn all_lines(active: &Path) -> Vec<Vec<u8>> {
    let files = LogFiles::of(active).list().unwrap();
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn hash_each(lines: &[Vec<u8>]) {
    for line in lines {
        divan::black_box(action::Digest::of(line));
    }
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
    let lines = all_lines(&active);
    bencher.counter(ItemsCount::new(lines.len())).bench_local(|| hash_each(&lines));
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
