//! What a durable decision costs, beside the least that one could cost: `cargo bench -p executor`.
//!
//! `durable_decision` is a request over the real socket and gRPC, judged by the shipped policy, with its parameters, its entries and
//! the signed head on the disk before the answer. `floor` is a round trip of as many bytes over a bare socket, with a write of
//! as many bytes as the entries have and fdatasync in between. `round_trip_alone`, `in_process` and `entries_alone` say where the
//! rest goes: the same bridge with nothing to do, the same decision without a bridge, entries without a decision.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

use action::Role;
use audit_log::{HeadKey, Options, Signer};
use capability::{ApprovalKey, PermitKey};
use executor::caller::Caller;
use executor::clock::Clock;
use executor::judge::UntrustedWish;
use executor::outbound::{MailRoute, Outbound};
use executor::policy_in_force::PolicyInForce;
use executor::record::{Record, RecordPlace};
use executor::serve::{Bridge, PlannerService, serve};
use executor::zone1::{Means, Zone1};
use jiff::{SignedDuration, Timestamp};
use ledger::Event;
use policy::Policy;
use ring::rand::SystemRandom;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use tonic::transport::Channel;
use wire::v1::planner_bridge_client::PlannerBridgeClient;
use wire::v1::{CapabilityRequest, PlannerPingRequest};
use zone_bridge::{Health, Limits, Listener, Turns, lazy_channel};

fn main() {
    divan::main();
}

fn record(folder: &Path) -> Record {
    let key = HeadKey::from_text(&HeadKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    let signer = Signer { origin: home::RECORD_ORIGIN.parse().unwrap(), key };
    let place = RecordPlace { log: folder.join("executor.jsonl"), content: folder.join("content"), signer };
    Record::open(place, &Options::default()).unwrap()
}

fn zone1(folder: &Path) -> Zone1 {
    let random = SystemRandom::new();
    let file = folder.join("policy.cedar");
    let owner = ApprovalKey::from_text(&ApprovalKey::generate_text(&random).unwrap()).unwrap();
    let means = Means {
        host: "local".to_owned(),
        latch: folder.join("latch"),
        clock: Clock::of_the_machine(Timestamp::MIN),
        // Without limits: a benchmark asks more often than ten times an hour.
        policy: {
            let text = policy::DEFAULT.replace("@rate_limit(\"10/hour\")", "");
            std::fs::write(&file, &text).unwrap();
            PolicyInForce::new(file, Policy::load(&text).unwrap(), &text)
        },
        permits: PermitKey::generate(&random).unwrap(),
        approvals: owner.verifier(),
        outbound: Outbound {
            mail_from: "me@example.org".parse().unwrap(),
            host: "host.invalid".to_owned(),
            mail: MailRoute::Maildir(folder.join("outbox")),
            services: executor::services::Services::default(),
            standings: executor::standing::Standings::default(),
        },
        approval_expiry: SignedDuration::from_secs(300),
        permit_lifetime: SignedDuration::from_secs(300),
        tag_key: [7; 32],
    };
    Zone1::new(record(folder), means)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A planner's end of a bridge that is served by a thread of its own.
fn planner(folder: &Path, runtime: &tokio::runtime::Runtime) -> PlannerBridgeClient<Channel> {
    let socket = folder.join("run/s.sock");
    let listener = Listener::bind(&socket).unwrap();
    let zone1 = Arc::new(zone1(folder));
    std::thread::spawn(move || {
        let zone = zone1.zone(Role::Planner);
        let service = PlannerService { zone1, zone, health: Health::new("bench", &[]) };
        // A benchmark asks more often than a zone may.
        let limits = Limits { calls_per_second: u32::MAX, burst: u32::MAX, ..Limits::ZONE };
        self::runtime().block_on(serve(listener, Bridge::Planner(service), limits, &Turns::default()))
    });
    runtime.block_on(async { PlannerBridgeClient::new(lazy_channel(&socket).unwrap()) })
}

/// A wish never made before.
fn wish(n: u64) -> UntrustedWish {
    UntrustedWish {
        action: "send_email".to_owned(),
        parameters: format!(r#"{{"to":"ann@example.org","subject":"Hi","body":"Hello, number {n}."}}"#),
        key: format!("email-0123456789abcdef/rule-{n}"),
        item: String::new(),
    }
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn durable_decision(bencher: divan::Bencher<'_, '_>) {
    let (folder, runtime) = (tempfile::tempdir_in(".").unwrap(), runtime());
    let mut client = planner(folder.path(), &runtime);
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        let UntrustedWish { action, parameters, key, item } = wish(n);
        let request = CapabilityRequest { action, parameters_json: parameters, key, item };
        runtime.block_on(client.request_capability(request)).unwrap()
    });
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn round_trip_alone(bencher: divan::Bencher<'_, '_>) {
    let (folder, runtime) = (tempfile::tempdir_in(".").unwrap(), runtime());
    let mut client = planner(folder.path(), &runtime);
    bencher.bench_local(|| runtime.block_on(client.ping(PlannerPingRequest {})).unwrap());
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn in_process(bencher: divan::Bencher<'_, '_>) {
    let (folder, runtime) = (tempfile::tempdir_in(".").unwrap(), runtime());
    let (zone1, caller) = (zone1(folder.path()), Caller::nobody_of("local", Role::Planner));
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        runtime.block_on(zone1.request(&caller, wish(n))).unwrap()
    });
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn entries_alone(bencher: divan::Bencher<'_, '_>) {
    let (folder, runtime) = (tempfile::tempdir_in(".").unwrap(), runtime());
    let mut record = record(folder.path());
    let event = Event::ApprovalIgnored { request: "r".to_owned(), why: "x".repeat(1100) };
    bencher.bench_local(|| {
        runtime.block_on(record.write(Timestamp::now(), event.clone()).unwrap().wait()).unwrap();
    });
}

#[divan::bench(sample_count = 2000, sample_size = 1)]
fn floor(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let listener = UnixListener::bind(folder.path().join("s.sock")).unwrap();
    let log = folder.path().join("log");
    std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut file = File::create(log).unwrap();
        let (mut request, entries) = ([0; 500], vec![b'x'; 1400]);
        while peer.read_exact(&mut request).is_ok() {
            file.write_all(&entries).and_then(|()| file.sync_data()).unwrap();
            peer.write_all(&request).unwrap();
        }
    });
    let mut peer = UnixStream::connect(folder.path().join("s.sock")).unwrap();
    let mut message = [0; 500];
    bencher.bench_local(|| peer.write_all(&message).and_then(|()| peer.read_exact(&mut message)));
}
