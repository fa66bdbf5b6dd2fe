//! A whole system in a throw-away home: real programs, real sockets, real mail. Whoever drops it leaves nothing running.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this; what cannot be set up fails the test"
)]

mod fold;

pub use fold::Fold;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Mail to `auto.example` needs no question, all other mail does, and nothing is limited.
pub const POLICY: &str = r#"
    @id("to-auto") @risk("low")
    permit (principal in Role::"planner", action == Action::"send_email", resource == Connector::"mail")
    when { context.recipient_domains == ["auto.example"] };
    @id("to-others") @risk("medium")
    permit (principal in Role::"planner", action == Action::"send_email", resource == Connector::"mail")
    when { context.approved };
"#;

/// One installation, up and running.
#[derive(Debug)]
pub struct System {
    folder: tempfile::TempDir,
    delivered: u32,
}

// === impl System ===

impl System {
    /// Makes a home with this policy and raises everything.
    pub fn raise(policy: &str) -> Self {
        Self::raise_after(policy, |_home| ())
    }

    /// The same, after something was done to the home.
    pub fn raise_after(policy: &str, prepare: impl FnOnce(&Path)) -> Self {
        // Socket paths must be short, so not below a long temporary folder.
        let folder = tempfile::Builder::new().prefix("siege-").tempdir_in("/tmp").unwrap();
        let system = Self { folder, delivered: 0 };
        system.succeed(&["init"]);
        std::fs::write(system.home().join("policy/policy.cedar"), policy).unwrap();
        prepare(&system.home());
        system.up();
        system
    }

    /// The home folder.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Raises everything; returns when all is ready.
    pub fn up(&self) {
        self.succeed(&["up", "--detach"]);
    }

    /// Runs the operator's command.
    pub fn moltctl(&self, arguments: &[&str]) -> Output {
        Command::new(program("moltctl")).arg("--home").arg(self.home()).args(arguments).output().unwrap()
    }

    /// Runs it and returns what it says; a failure fails the test.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.moltctl(arguments);
        assert!(output.status.success(), "moltctl {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it with `--json`; nothing when it failed.
    pub fn json(&self, arguments: &[&str]) -> Option<Value> {
        serde_json::from_slice(&self.moltctl(&[arguments, &["--json"]].concat()).stdout).ok()
    }

    /// One fact of `status` about a process.
    pub fn fact(&self, process: &str, key: &str) -> Option<u64> {
        let status = self.json(&["status"])?;
        let all = status.get("processes")?.as_array()?;
        all.iter().find(|one| one.get("process").is_some_and(|name| name == process))?.get(key)?.as_u64()
    }

    /// `kill -9`. `false` when the process was not there.
    pub fn kill(&self, process: &str) -> bool {
        let pid = if process == "supervisor" {
            std::fs::read_to_string(self.home().join("supervisor.lock"))
                .ok()
                .and_then(|pid| pid.trim().parse().ok())
        } else {
            self.fact(process, "pid")
        };
        let pid = pid.and_then(|pid: u64| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }

    /// Puts a mail into the inbox, whole; returns the name of its file.
    pub fn deliver(&mut self, bytes: &[u8]) -> String {
        self.delivered += 1;
        let name = format!("{:04}.siege", self.delivered);
        let inbox = self.home().join("mail/inbox");
        std::fs::write(inbox.join("tmp").join(&name), bytes).unwrap();
        std::fs::rename(inbox.join("tmp").join(&name), inbox.join("new").join(&name)).unwrap();
        name
    }

    /// The owner says yes to everything that waits. What cannot be answered now waits on.
    pub fn approve_all(&self) {
        let Some(cards) = self.json(&["approvals", "list"]) else { return };
        for id in cards.as_array().into_iter().flatten().filter_map(|card| card.get("request")?.as_str()) {
            self.moltctl(&["approvals", "approve", id]);
        }
    }

    /// The owner looks after everything: starts what was given up because it ended too often, and says yes to what waits.
    pub fn attend(&self) {
        let zones = self.json(&["zones", "list"]);
        let given_up = zones.iter().flat_map(|zones| zones.as_array().into_iter().flatten());
        for zone in given_up.filter(|zone| zone.get("state").is_some_and(|state| state == "given-up")) {
            if let Some(name) = zone.get("zone").and_then(|name| name.as_str()) {
                self.moltctl(&["zones", "start", name]);
            }
        }
        self.approve_all();
    }

    /// What the record says; an entry that does not fit the ones before it fails the test.
    pub fn fold(&self) -> Fold {
        Fold::read(&self.home().join("audit/executor.jsonl"))
    }

    /// The names in a folder of the home.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.home().join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Waits until something is so; what never comes fails the test.
    pub fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !is_so(self) {
            if Instant::now() > deadline {
                panic!("never came: {what}\n{:#?}\n{:?}", self.fold(), self.moltctl(&["status"]));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until all is up and every item that was delivered has come to its end, doing `meanwhile` again and again.
    pub fn until_quiet(&self, items: usize, meanwhile: impl Fn(&Self)) {
        self.until("quiet", |system| {
            meanwhile(system);
            let nothing_waits = system.names("mail/inbox/new").is_empty() && system.fold().ended() == items;
            nothing_waits && system.moltctl(&["status"]).status.success()
        });
    }

    /// What must hold whenever it is quiet.
    pub fn assert_sound(&self) {
        let verdict = self.moltctl(&["audit", "verify"]);
        assert!(verdict.status.success(), "{verdict:?}");
        let fold = self.fold();
        fold.assert_nothing_under_way();
        assert_eq!(self.names("spool"), Vec::<String>::new(), "the spool is empty");
        assert_eq!(self.names("mail/inbox/new"), Vec::<String>::new(), "nothing is left in the inbox");
        let mut sent = [self.names("mail/outbox/new"), self.names("mail/outbox/cur")].concat();
        sent.sort_unstable();
        let (performed, unknown) = (fold.requests_that("performed"), fold.requests_that("unknown"));
        for request in &performed {
            assert_eq!(
                sent.iter().filter(|name| *name == request).count(),
                1,
                "{request} was performed: {sent:?}"
            );
        }
        sent.retain(|name| !performed.contains(name) && !unknown.contains(name));
        assert_eq!(sent, Vec::<String>::new(), "mail that no request stands for");
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let down = self.moltctl(&["down"]);
        if std::thread::panicking() {
            // Whoever reads the failure wants to see what was there.
            let kept = std::env::temp_dir().join(format!("siege-failed-{}", std::process::id()));
            let _ = std::fs::rename(self.folder.path(), &kept);
            eprintln!("the home is kept in {}; down: {down:?}", kept.display());
        }
    }
}

/// A program of this workspace. Tests run from `<target>/<profile>/deps`, programs are one folder up.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.is_file(), "`{}` is not there; build it with `cargo build --workspace`", path.display());
    path
}

/// A small generator of numbers: one seed, one run.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

// === impl Random ===

impl Random {
    /// Seeded from `SIEGE_SEED`, or anew; the seed is printed so that a run can be repeated.
    pub fn seeded() -> Self {
        let given = std::env::var("SIEGE_SEED").ok().and_then(|text| text.parse().ok());
        let anew = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| u64::from(since.subsec_nanos()));
        let seed: u64 = given.unwrap_or_else(anew);
        eprintln!("SIEGE_SEED={seed}");
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let chosen = usize::try_from(self.below(choices.len() as u64)).unwrap_or(0);
        choices.get(chosen).copied().expect("something to choose from")
    }
}
