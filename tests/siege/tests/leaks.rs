//! What must not get out: into a zone, to other users, or onto the owner's terminal.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use siege_tests::{POLICY, System, program};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn what_was_open_when_everything_was_raised_is_open_in_no_process() {
    let system = System::raise(POLICY);
    system.succeed(&["down"]);
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"exec 9>&1 1>/dev/null; exec "$0" --home "$1" up --detach"#]);
    shell.arg(program("moltctl")).arg(system.home()).stdout(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
    assert!(shell.status().unwrap().success());
    drop(shell);
    ours.set_nonblocking(true).unwrap();
    let left = (&ours).read(&mut [0]);
    assert_eq!(left.map_err(|error| error.kind()), Ok(0), "nobody holds the other end any more");
    assert!(system.moltctl(&["status"]).status.success());
}

#[test]
fn every_file_of_a_home_is_for_its_owner_alone_whatever_the_umask() {
    let folder = tempfile::Builder::new().prefix("siege-").tempdir_in("/tmp").unwrap();
    let home = folder.path().join("home");
    let raise = r#"umask 000; "$0" --home "$1" init && "$0" --home "$1" up --detach"#;
    let run =
        |script: &str| Command::new("sh").args(["-c", script]).arg(program("moltctl")).arg(&home).output();
    let raised = run(raise).unwrap();
    assert!(raised.status.success(), "{raised:?}");
    let mut open = Vec::new();
    others_can_use(&home, &mut open);
    run(r#""$0" --home "$1" down"#).unwrap();
    assert_eq!(open, Vec::<String>::new());
}

/// Sockets may be shared with a group; their folders are not.
fn others_can_use(path: &Path, open: &mut Vec<String>) {
    let metadata = path.symlink_metadata().unwrap();
    let allowed = if metadata.is_dir() || metadata.is_file() { 0o700 } else { 0o770 };
    if metadata.permissions().mode() & 0o777 & !allowed != 0 {
        open.push(format!("{:o} {}", metadata.permissions().mode(), path.display()));
    }
    if metadata.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| others_can_use(&entry.unwrap().path(), open));
    }
}

#[test]
fn a_zone_that_was_taken_over_does_not_write_on_the_owners_terminal() {
    let system = System::raise(POLICY);
    // It answers for its health itself, and so it may say anything.
    let report = serde_json::json!({
        "process": "reader-slack", "ready": false,
        "checks": { "\u{1b}[2Jbridge": { "not_ready": "\u{1b}]0;pwn\u{7}\u{9b}31m\nexecutor         ready" } },
        "facts": { "walls": [{ "name": "\u{1b}[1A", "state": "missing", "why": "\u{202e}\nplanner ready" }] },
    });
    let socket = system.home().join("run/ops-reader-slack/health.sock");
    std::fs::remove_file(&socket).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let body = report.to_string();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 503 no\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let said = String::from_utf8(system.moltctl(&["status"]).stdout).unwrap();
    assert!(said.contains("bridge"), "it is heard: {said}");
    assert_eq!(said.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}')), None, "{said:?}");
    assert_eq!(said.lines().filter(|line| line.starts_with("executor")).count(), 1, "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("planner")).count(), 1, "{said}");
}
