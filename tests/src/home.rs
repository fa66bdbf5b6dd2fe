//! A throw-away home, made by `moltctl init`.

use crate::programs::{Said, moltctl};
use action::Role;
use audit_log::Entry;
use home::{Config, Home};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tempfile::TempDir;

/// A home that is gone after the test.
#[derive(Debug)]
pub struct TestHome {
    // Short: the path of a socket must fit into 103 bytes.
    _folder: TempDir,
    home: Home,
    is_forged: AtomicBool,
}

/// Every process of a new home.
pub fn processes() -> impl Iterator<Item = home::Process> {
    let unless_configured = [Role::Doorkeeper, Role::ReaderSms];
    let zones =
        Role::ALL.into_iter().filter(move |role| !unless_configured.contains(role)).map(home::Process::Zone);
    [home::Process::Supervisor, home::Process::Executor].into_iter().chain(zones)
}

// === impl TestHome ===

impl TestHome {
    /// A new home.
    #[expect(clippy::new_without_default, reason = "making one runs a program")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mb").tempdir_in("/tmp").expect("a folder in /tmp");
        let path = folder.path().join("h");
        moltctl(&["init", "--home", path.to_str().unwrap()], b"").well();
        Self { home: Home::open(&path).unwrap(), _folder: folder, is_forged: AtomicBool::new(false) }
    }

    /// A new home whose configuration has these texts replaced.
    pub fn with(changes: &[(&str, &str)]) -> Self {
        let home = Self::new();
        for (from, to) in changes {
            home.edit(&home.config_file(), from, to);
        }
        home
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// Its configuration.
    pub fn config(&self) -> Config {
        Config::load(&self.home).unwrap()
    }

    /// The socket on which a zone finds the executor.
    pub fn socket(&self, role: Role) -> PathBuf {
        self.config().bridge_socket(role)
    }

    /// Replaces a text that a file must have.
    pub fn edit(&self, file: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(from), "`{from}` is not in `{}`:\n{text}", file.display());
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    }

    /// Runs `moltctl` on this home.
    pub fn moltctl(&self, arguments: &[&str]) -> Said {
        let mut all = vec!["--home", self.path().to_str().unwrap()];
        all.extend(arguments);
        moltctl(&all, b"")
    }

    /// Delivers a file as the Maildir protocol has it: whole in `tmp`, then in `new`.
    pub fn deliver(&self, maildir: &str, bytes: &[u8]) -> String {
        static DELIVERED: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}.{}.test", std::process::id(), DELIVERED.fetch_add(1, Ordering::Relaxed));
        let maildir = self.path().join(maildir);
        fs::write(maildir.join("tmp").join(&name), bytes).unwrap();
        fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)).unwrap();
        name
    }

    /// Delivers a plain mail from `ann@example.org`.
    pub fn deliver_mail(&self, subject: &str, body: &str) {
        let mail = format!(
            "From: Ann <ann@example.org>\r\nTo: owner@example.org\r\nSubject: {subject}\r\n\
             Message-ID: <question@example.org>\r\nDate: Mon, 02 Jun 2025 10:00:00 +0000\r\n\r\n{body}\r\n"
        );
        self.deliver("mail/inbox", mail.as_bytes());
    }

    /// The record so far, every link of it checked. An executor may be writing it.
    pub fn record(&self) -> Vec<Entry> {
        let log = self.audit_log();
        let Ok(entries) = audit_log::entries(&audit_log::LogFiles::of(&log)) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().unwrap()).collect()
    }

    /// The facts of every entry of a type.
    pub fn recorded(&self, event_type: &str) -> Vec<Value> {
        let of_type = |entry: Entry| (entry.event_type == event_type).then_some(entry.details);
        self.record().into_iter().filter_map(of_type).collect()
    }

    /// The codes of every refusal in the record, in order.
    pub fn recorded_refusals(&self) -> Vec<String> {
        let code = |entry: Entry| {
            let refused = ["capability_refused", "execution_refused", "call_refused"];
            let code = entry.details.get("code").and_then(Value::as_str).map(ToOwned::to_owned);
            refused.contains(&entry.event_type.as_str()).then_some(code).flatten()
        };
        self.record().into_iter().filter_map(code).collect()
    }

    /// The mails that were sent, as they are.
    pub fn outbox(&self) -> Vec<Vec<u8>> {
        let files = |folder: &str| fs::read_dir(self.path().join("mail/outbox").join(folder)).unwrap();
        files("new").chain(files("cur")).map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// Says that the test itself makes the record tell less than whole stories.
    pub fn is_forged(&self) {
        self.is_forged.store(true, Ordering::Relaxed);
    }

    /// Whatever a test does, nothing is missing in the record of it.
    fn must_be_complete(&self) {
        let verified = self.moltctl(&["audit", "verify", "--json"]);
        // Without an executor there is no record.
        if verified.code != Some(1) {
            return;
        }
        let json = verified.json();
        let is = |key: &str, value: bool| json.get(key) == Some(&Value::Bool(value));
        // One with a broken chain was meant to be.
        if is("valid", true) && is("complete", false) {
            self.show();
            panic!("the record of this test is not complete: {}", verified.out);
        }
    }

    fn show(&self) {
        for log in fs::read_dir(self.path().join("logs")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(log.path()).unwrap_or_default();
            eprintln!("=== {}\n{text}", log.path().display());
        }
        eprintln!("=== the record\n{}", fs::read_to_string(self.audit_log()).unwrap_or_default());
    }
}

impl std::ops::Deref for TestHome {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show();
        } else if !self.is_forged.load(Ordering::Relaxed) {
            self.must_be_complete();
        }
    }
}
