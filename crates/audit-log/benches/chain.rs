//! What the record costs, beside the limit that the machine sets: `cargo bench -p audit-log`.
//!
//! `durable_append` against `bare_append` (a write of as many bytes and fdatasync) is the price of the chain and its thread;
//! `verify_all` against `hash_every_line` (SHA-256 alone) is the price of checking more than bytes.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

use audit_log::{AuditLog, Verdict, verify_file};
use jiff::Timestamp;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;

const ENTRIES: usize = 20_000;

fn main() {
    divan::main();
}

fn details() -> serde_json::Value {
    serde_json::json!({
        "request": "req-0123456789abcdef", "zone": "local/planner", "action": "send_email",
        "digest": "0".repeat(64), "parameters": "0".repeat(64), "key": "email-0123456789abcdef/rule",
    })
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn durable_append(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let mut log = AuditLog::open(&folder.path().join("log"), |_| {}).unwrap().log;
    let details = details();
    bencher.bench_local(|| {
        log.append(Timestamp::now(), "capability_requested", &details).unwrap().wait_blocking()
    });
}

#[divan::bench(sample_count = 300, sample_size = 1)]
fn bare_append(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let mut file = File::create(folder.path().join("log")).unwrap();
    let line = vec![b'x'; 560];
    bencher.bench_local(|| file.write_all(&line).and_then(|()| file.sync_data()));
}

/// A log of many entries, written without waiting for each.
fn long_log() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("log");
    let mut log = AuditLog::open(&path, |_| {}).unwrap().log;
    let details = details();
    let mut last = None;
    for n in 0..ENTRIES {
        last = Some(log.append(Timestamp::now(), "capability_requested", &details).unwrap());
        if n % 1000 == 0 {
            last.take().unwrap().wait_blocking().unwrap();
        }
    }
    last.unwrap().wait_blocking().unwrap();
    (folder, path)
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn verify_all(bencher: divan::Bencher<'_, '_>) {
    let (_folder, path) = long_log();
    bencher.counter(divan::counter::ItemsCount::new(ENTRIES)).bench_local(|| {
        let expected = Verdict::Valid { entries: ENTRIES as u64 };
        (verify_file(&path).unwrap() == expected).then_some(()).unwrap();
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn hash_every_line(bencher: divan::Bencher<'_, '_>) {
    let (_folder, path) = long_log();
    bencher.counter(divan::counter::ItemsCount::new(ENTRIES)).bench_local(|| {
        let lines = BufReader::new(File::open(&path).unwrap()).split(b'\n');
        lines.map(|line| action::Digest::of(&line.unwrap())).fold(0, |count, _digest| count + 1)
    });
}
