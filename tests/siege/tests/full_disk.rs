//! The record on a file system of 2 MiB: what is asked for is refused when it is full, what was begun is told the end of, and
//! with space it goes on by itself.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be set up fails the test")]

use audit_log::{Entry, LogFiles};
use planner::client::{CapabilityClient, Refused, Standing, Wish};
use siege_tests::{POLICY, System};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use zone_bridge::{connect, only_channel};

/// How long a delivery takes that was begun: the disk is full long before.
const DELAY: &str = "inject=linkat:delay_enter=20000000";

/// A small file system, until this is dropped.
struct Small(PathBuf);

/// Somebody who makes an executor's deliveries slow.
struct Slow(Child);

async fn planner_of(system: &System) -> CapabilityClient {
    let bridge = connect(&system.home().join("run/planner/zone-bridge.sock")).unwrap();
    CapabilityClient::new(only_channel(bridge).await.unwrap())
}

/// The same content with every wish: it is the log that fills up.
fn mail(to: &str, key: &str) -> Wish {
    let body = "Hello ".repeat(300);
    let parameters = serde_json::json!({ "to": to, "subject": "s", "body": body }).to_string();
    Wish { action: "send_email".to_owned(), parameters, key: key.to_owned(), item: String::new() }
}

fn entries(system: &System) -> Vec<Entry> {
    let log = LogFiles::of(&system.home().join("audit/executor.jsonl"));
    audit_log::entries(&log).unwrap().map(|entry| entry.unwrap().unwrap()).collect()
}

fn positions(entries: &[Entry], event_type: &str) -> Vec<usize> {
    (0..entries.len())
        .filter(|at| entries.get(*at).is_some_and(|entry| entry.event_type == event_type))
        .collect()
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_asked_records_what_was_begun_and_goes_on_with_space() {
    let mut small = None;
    let system = System::raise_after(POLICY, |home| small = Small::mount(&home.join("audit")));
    let Some(small) = small else { return };
    let mut client = planner_of(&system).await;

    let begun = mail("ann@auto.example", "begun before");
    let Standing::Granted { permit } = client.request_capability(&begun).await.unwrap() else {
        panic!("not granted")
    };
    let slow = Slow::deliveries_of(system.fact("executor", "pid").unwrap());
    let under_way = tokio::spawn({
        let mut client = client.clone();
        async move { client.execute_with_token(permit, &begun).await }
    });
    while positions(&entries(&system), "execution_intended").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    let mut asked = 0;
    let refusal = loop {
        match client.request_capability(&mail("ann@ask.example", &format!("wish {asked}"))).await {
            Ok(_) => asked += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refusal, Refused::Refusal { code, .. } if code == "audit_unavailable"), "{refusal:?}");
    assert!(asked > 20, "full after {asked} requests");
    system.until("said in the record", |system| positions(&entries(system), "record_full").len() == 1);
    let health = String::from_utf8(system.moltctl(&["status"]).stdout).unwrap();
    assert!(health.contains("the disk of the audit log is full"), "{health}");
    assert!(positions(&entries(&system), "execution_finished").is_empty(), "it is still under way");

    let performed = under_way.await.unwrap();
    assert!(performed.is_ok(), "{performed:?}");
    drop(slow);
    let written = entries(&system);
    let [full, finished] =
        ["record_full", "execution_finished"].map(|event_type| positions(&written, event_type));
    assert!(full.len() == 1 && finished.len() == 1 && full < finished, "{full:?}, {finished:?}");
    let still = client.request_capability(&mail("ann@ask.example", "too late")).await;
    assert!(matches!(&still, Err(Refused::Refusal { code, .. }) if code == "audit_unavailable"), "{still:?}");

    std::fs::remove_file(small.ballast()).unwrap();
    system.until("ready again", |system| system.moltctl(&["status"]).status.success());
    let again = client.request_capability(&mail("ann@ask.example", "with space")).await;
    assert!(matches!(again, Ok(Standing::Pending { .. })), "{again:?}");
    assert_eq!(system.fact("executor", "restarts"), Some(0));
    let verdict = system.succeed(&["audit", "verify"]);
    assert!(verdict.contains("VALID"), "{verdict}");
    system.assert_sound();
    println!("{asked} requests, then full; {} entries", entries(&system).len());
    system.succeed(&["down"]);
}

// === impl Small ===

impl Small {
    /// 2 MiB, a quarter of it taken. `None`, with the reason printed, where this machine or this user cannot have one.
    fn mount(at: &Path) -> Option<Self> {
        let image = at.with_extension("image");
        let script = "truncate -s 2M \"$1\" && mkfs.ext4 -q -O ^has_journal \"$1\" && mount -o loop \"$1\" \"$0\" && \
                      chmod 700 \"$0\"";
        let done = Command::new("sh").args(["-c", script]).arg(at).arg(&image).output().unwrap();
        if !done.status.success() {
            println!(
                "skipped: no file system of 2 MiB here: {}",
                String::from_utf8_lossy(&done.stderr).trim()
            );
            return None;
        }
        let small = Self(at.to_owned());
        std::fs::write(small.ballast(), vec![1; 512 * 1024]).unwrap();
        Some(small)
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: where the test has failed the executor still runs.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

// === impl Slow ===

impl Slow {
    fn deliveries_of(pid: u64) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", "trace=linkat", "-e", DELAY, "-p", &pid.to_string()]);
        let child = strace.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("this test needs `strace` (apt-get install strace)");
        // It says when it is there.
        let mut said = [0; 1];
        let errors = child.stderr.as_mut().unwrap();
        std::io::Read::read_exact(errors, &mut said).unwrap();
        Self(child)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
