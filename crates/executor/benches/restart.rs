//! What a start costs with 10,000 requests that wait for the owner: `cargo bench -p executor --bench restart`.
//!
//! `all_in_the_tail` folds every entry; `carried_over` begins with the newest segment, which carries what was before it.
//! `bytes_read_and_hashed` is the least that a start which checks every entry could cost.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

use action::{Digest, Request, Role, ZoneId};
use audit_log::{HeadKey, Options, Signer};
use executor::record::{Record, RecordPlace};
use jiff::{SignedDuration, Timestamp};
use ledger::{Event, Known, Verdict};
use policy::{Approval, Risk};
use ring::rand::SystemRandom;
use std::collections::BTreeSet;
use std::path::Path;

const PENDING: usize = 10_000;

fn main() {
    divan::main();
}

fn open(folder: &Path, options: &Options) -> Record {
    let key = folder.join("record.key");
    if !key.exists() {
        std::fs::write(&key, HeadKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    }
    let key = HeadKey::from_text(&std::fs::read_to_string(&key).unwrap()).unwrap();
    let signer = Signer { origin: home::RECORD_ORIGIN.parse().unwrap(), key };
    let place = RecordPlace { log: folder.join("executor.jsonl"), content: folder.join("content"), signer };
    Record::open(place, options).unwrap()
}

/// A record in which so many requests wait.
fn record(options: &Options) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(".").unwrap();
    let mut record = open(folder.path(), options);
    let now = Timestamp::now();
    let parameters = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;
    let request =
        Request::check(ZoneId::new("local", Role::Planner), "send_email", parameters.to_owned()).unwrap();
    let (kept, written) = record.keep(parameters.as_bytes()).unwrap();
    written.wait_blocking().unwrap();
    for n in 0..PENDING {
        let id = format!("req-{n:016x}");
        let requested = Event::CapabilityRequested {
            request: id.clone(),
            zone: "local/planner".to_owned(),
            action: "send_email".to_owned(),
            digest: request.digest(),
            parameters: kept,
            key: format!("email-0123456789abcdef/rule-{n}"),
            item: None,
            recipients: vec![Digest::of(b"ann@example.org")],
            origins: Vec::new(),
        };
        let knowledge = Known {
            injection_warning: false,
            approval: Approval::None,
            unknown_recipients: BTreeSet::from([0]),
            untrusted_parameters: BTreeSet::new(),
            done_last_hour: 0,
            done_last_day: 0,
            at: now,
        };
        let expires_at = now + SignedDuration::from_hours(2);
        let decision = Verdict::Ask { rules: vec!["send-email".to_owned()], risk: Risk::Medium, expires_at };
        let judged = Event::DecisionMade { request: id, policy: Digest::of(b"policy"), knowledge, decision };
        let written = record.write_all(now, &[requested, judged]).unwrap();
        if n % 500 == 0 {
            written.wait_blocking().unwrap();
        }
    }
    folder
}

fn pending(record: &Record) {
    assert_eq!(record.ledger().open_requests().count(), PENDING);
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn all_in_the_tail(bencher: divan::Bencher<'_, '_>) {
    let options = Options { segment: 64 * 1024 * 1024, ..Options::default() };
    let folder = record(&options);
    bencher.bench_local(|| pending(&open(folder.path(), &options)));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn carried_over(bencher: divan::Bencher<'_, '_>) {
    let options = Options::default();
    let folder = record(&options);
    bencher.bench_local(|| pending(&open(folder.path(), &options)));
}

/// The limit: the same bytes read and hashed, and nothing understood.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn bytes_read_and_hashed(bencher: divan::Bencher<'_, '_>) {
    let options = Options { segment: 64 * 1024 * 1024, ..Options::default() };
    let folder = record(&options);
    let log = folder.path().join("executor.jsonl");
    bencher.bench_local(|| Digest::of(&std::fs::read(&log).unwrap()));
}
