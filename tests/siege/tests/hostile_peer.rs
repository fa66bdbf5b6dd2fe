//! A planner that was taken over floods its bridge: the owner still sees and decides, the record says so in few words, and
//! nothing has to be started again.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use planner::client::{CapabilityClient, Refused, Standing, Wish};
use siege_tests::{POLICY, System};
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use zone_bridge::{connect, only_channel};

/// The beginning of a connection, and then pings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\x0012345678";

async fn taken_over(system: &System) -> CapabilityClient {
    let bridge = connect(&system.home().join("run/planner/zone-bridge.sock")).unwrap();
    CapabilityClient::new(only_channel(bridge).await.unwrap())
}

fn refused_calls(system: &System, code: &str) -> usize {
    let record = std::fs::read_to_string(system.home().join("audit/executor.jsonl")).unwrap();
    record
        .lines()
        .filter(|line| line.contains("\"call_refused\"") && line.contains(&format!("\"{code}\"")))
        .count()
}

#[tokio::test]
async fn while_a_planner_floods_the_owner_sees_what_waits_and_answers() {
    let system = System::raise(POLICY);
    let mut client = taken_over(&system).await;
    let parameters = serde_json::json!({ "to": "ann@ask.example", "subject": "s", "body": "b" }).to_string();
    let wish = Wish { action: "send_email".to_owned(), parameters, key: "k".to_owned(), item: String::new() };
    let Standing::Pending { request } = client.request_capability(&wish).await.unwrap() else {
        panic!("not asked")
    };
    let mut flood = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = taken_over(&system).await;
        for _ in 0..50 {
            let mut client = client.clone();
            flood.spawn(async move {
                loop {
                    let refused = client.ping().await;
                    // A connection that was ended floods no more.
                    if matches!(refused, Err(Refused::Bridge(_))) {
                        return;
                    }
                }
            });
        }
    }
    let over = Arc::new(AtomicBool::new(false));
    let pings: Vec<_> = (0..2)
        .map(|_| {
            let (socket, over) = (system.home().join("run/planner/zone-bridge.sock"), Arc::clone(&over));
            std::thread::spawn(move || {
                while !over.load(Ordering::Acquire) {
                    let Ok(mut stream) = UnixStream::connect(&socket) else { continue };
                    let _cut_off = stream.write_all(HELLO);
                    while !over.load(Ordering::Acquire) && stream.write_all(&PING.repeat(500)).is_ok() {}
                }
            })
        })
        .collect();
    // What the owner does is done on a thread of its own: the flood of calls needs this one.
    let system = Arc::new(system);
    let owner = Arc::clone(&system);
    let listed = tokio::task::spawn_blocking(move || {
        let listed = owner.succeed(&["approvals", "list"]);
        owner.succeed(&["approvals", "approve", &request]);
        owner.until("the flood is in the record", |system| {
            refused_calls(system, "too_many_calls") > 0 && refused_calls(system, "connection_abuse") > 0
        });
        assert!(listed.contains(&request), "{listed}");
    });
    listed.await.unwrap();
    over.store(true, Ordering::Release);
    pings.into_iter().for_each(|flood| flood.join().unwrap());
    flood.shutdown().await;
    assert!(refused_calls(&system, "too_many_calls") < 20, "told once for as long as it goes on");
    assert_eq!(system.fact("executor", "restarts"), Some(0));
    system.until("a planner is served again", |system| system.moltctl(&["status"]).status.success());
    let verdict = system.moltctl(&["audit", "verify"]);
    assert!(verdict.status.success(), "{verdict:?}");
}
