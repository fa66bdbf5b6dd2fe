//! `moltbot-link` as it is started: two processes, a pipe between them, walls around them.
#![expect(clippy::expect_used, reason = "a test that cannot set up its case fails")]

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const LINK: &str = env!("CARGO_BIN_EXE_moltbot-link");

/// A generous deadline against a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A zone's bridge that answers with what it hears.
struct Zone {
    folder: TempDir,
}

impl Zone {
    fn raise() -> Self {
        let zone = Self { folder: tempfile::tempdir().expect("a folder") };
        let listener = UnixListener::bind(zone.outside()).expect("a listener");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                std::thread::spawn(move || {
                    let mut writer = stream.try_clone().expect("a second handle");
                    let _ = std::io::copy(&mut stream, &mut writer);
                    let _ = writer.shutdown(Shutdown::Write);
                });
            }
        });
        zone
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside.sock")
    }

    fn inside(&self) -> PathBuf {
        self.folder.path().join("bridge/zone-bridge.sock")
    }

    /// The guest's side as a command; the walls are those that this machine has.
    fn guest(&self) -> Vec<String> {
        let words = ["guest", "--stdio", "--sandbox", "best-effort", "--socket"];
        [LINK].into_iter().chain(words).map(str::to_owned).chain([text(&self.inside())]).collect()
    }

    fn host(&self, pipe: &[String]) -> Process {
        let mut command = Command::new(LINK);
        command.args(["host", "--sandbox", "best-effort", "--socket"]).arg(self.outside()).args(pipe);
        Process(command.stdin(Stdio::null()).spawn().expect("moltbot-link"))
    }

    /// Says hello through the relay, as often as it takes while it is not there.
    fn hello(&self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match say(&self.inside(), "hello") {
                Ok(heard) if !heard.is_empty() => return heard,
                other => assert!(Instant::now() < deadline, "no answer through the relay: {other:?}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

fn say(socket: &Path, words: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(words.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut heard = String::new();
    stream.read_to_string(&mut heard)?;
    Ok(heard)
}

/// The children of a process.
fn children(process: u32) -> Vec<i32> {
    let list = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("a list");
    list.split_whitespace().map(|pid| pid.parse().expect("a number")).collect()
}

#[test]
fn a_command_is_the_pipe_and_is_started_again_when_it_dies() {
    let zone = Zone::raise();
    let host = zone.host(&[vec!["--".to_owned()], zone.guest()].concat());
    for _ in 0..3 {
        assert_eq!(zone.hello(), "hello");
        let guests = children(host.0.id());
        assert_eq!(guests.len(), 1);
        for guest in guests {
            let guest = rustix::process::Pid::from_raw(guest).expect("a process");
            rustix::process::kill_process(guest, rustix::process::Signal::KILL).expect("it lives");
        }
    }
    assert_eq!(zone.hello(), "hello");
}

#[test]
fn what_the_command_says_before_the_relay_does_no_harm() {
    let zone = Zone::raise();
    let script = format!("echo 'Starting the machine, please wait ...'; exec {}", zone.guest().join(" "));
    let _host = zone.host(&["--", "sh", "-c", &script].map(str::to_owned));
    assert_eq!(zone.hello(), "hello");
}

/// A machine's monitor offers a serial port as a Unix socket; behind it is the guest's relay. The monitor is played by a
/// process that is started for each connection, so the guest goes and comes with it.
#[test]
fn a_unix_socket_is_the_pipe_and_is_dialled_again_when_it_is_lost() {
    let zone = Zone::raise();
    let monitor = zone.folder.path().join("serial.sock");
    let _host = zone.host(&["--unix".to_owned(), text(&monitor)]);
    for _ in 0..2 {
        let _ = std::fs::remove_file(&monitor);
        let port = UnixListener::bind(&monitor).expect("a listener");
        let (pipe, _) = port.accept().expect("the host's side");
        let guest = zone.guest();
        let (program, words) = guest.split_first().expect("a program");
        let end = || std::os::fd::OwnedFd::from(pipe.try_clone().expect("a second handle"));
        let guest = Command::new(program).args(words).stdin(end()).stdout(end()).spawn();
        let _guest = Process(guest.expect("moltbot-link"));
        drop(pipe);
        drop(port);
        assert_eq!(zone.hello(), "hello");
    }
}

#[test]
fn the_guests_socket_is_one_that_a_zone_would_dial() {
    let zone = Zone::raise();
    let _host = zone.host(&[vec!["--".to_owned()], zone.guest()].concat());
    assert_eq!(zone.hello(), "hello");
    let mode =
        |path: &Path| std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&zone.inside()), 0o660);
    assert_eq!(mode(zone.inside().parent().expect("a folder")), 0o700);
}

/// What a command is told of our surroundings may reach the machine; some tools hand a proxy on on their own.
#[test]
fn a_command_is_told_nothing_of_our_environment_that_it_does_not_need() {
    let zone = Zone::raise();
    let told = zone.folder.path().join("told");
    let mut command = Command::new(LINK);
    command.args(["host", "--sandbox", "best-effort", "--socket"]).arg(zone.outside());
    command.args(["--", "sh", "-c", &format!("env > {0}.part; mv {0}.part {0}; exec cat", told.display())]);
    command.env("HTTPS_PROXY", "http://127.0.0.1:1").env("MOLTBOT_SECRET", "x").stdin(Stdio::null());
    let _host = Process(command.spawn().expect("moltbot-link"));
    let deadline = Instant::now() + PATIENCE;
    while !told.exists() {
        assert!(Instant::now() < deadline, "the command was not started");
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = std::fs::read_to_string(told).expect("what it was told");
    assert!(told.contains("PATH="), "{told}");
    assert!(!told.contains("PROXY") && !told.contains("SECRET"), "{told}");
}

/// The walls that this machine has stand around the guest's relay: it holds what it opened and can open nothing more.
#[test]
fn a_guests_relay_keeps_no_way_to_run_or_open_anything() {
    let zone = Zone::raise();
    let host = zone.host(&[vec!["--".to_owned()], zone.guest()].concat());
    assert_eq!(zone.hello(), "hello");
    for guest in children(host.0.id()) {
        let status = std::fs::read_to_string(format!("/proc/{guest}/status")).expect("a status");
        let line = |name: &str| status.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        assert_eq!(line("NoNewPrivs").as_deref(), Some("NoNewPrivs:\t1"));
        assert_eq!(line("Seccomp:").as_deref(), Some("Seccomp:\t2"));
    }
}
