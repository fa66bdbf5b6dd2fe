//! Raising and stopping everything.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use system_tests::{TestHome, eventually, processes, program};

/// A process of ours whose input and output are seen; killed when the test ends.
struct Foreground(Child);

impl Drop for Foreground {
    fn drop(&mut self) {
        // It may have ended by itself. What it raised ends with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn up_in_the_foreground(home: &TestHome) -> (Foreground, BufReader<impl std::io::Read>) {
    let mut child = Command::new(program("moltctl"))
        .args(["up", "--home", home.path().to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("Everything is up."), "{line}");
    (Foreground(child), said)
}

fn supervisor(home: &TestHome) -> Pid {
    let pid = std::fs::read_to_string(home.path().join("supervisor.lock")).unwrap();
    Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
}

/// Waits until nobody holds any of the sockets: the kernel lets go of a socket when its process is gone.
async fn nothing_runs(home: &TestHome) {
    for process in processes() {
        let socket = home.config().health_socket(process);
        let gone = || UnixStream::connect(&socket).is_err().then_some(());
        eventually(&format!("`{}` is let go", socket.display()), gone).await;
    }
}

#[tokio::test]
async fn up_again_says_who_holds_the_home_and_disturbs_nothing() {
    let home = TestHome::new();
    let _system = home.up();
    let holder = supervisor(&home).to_string();
    for command in [&["up", "--detach"][..], &["up"]] {
        let said = home.moltctl(command);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(&format!("up already (process {holder})")), "{said:?}");
        assert!(said.err.contains("moltctl down"), "{said:?}");
        assert_eq!(supervisor(&home).to_string(), holder);
        let status = home.moltctl(&["status", "--json"]);
        assert_eq!((status.code, &status.json()["ready"]), (Some(0), &true.into()), "{status:?}");
    }
    assert_eq!(home.recorded("executor_started").len(), 1, "no second executor was started");
}

#[tokio::test]
async fn down_stops_everything_and_says_when_nothing_was_running() {
    let home = TestHome::new();
    let system = home.up();
    assert_eq!(home.moltctl(&["down"]).well(), "Stopped.\n");
    nothing_runs(&home).await;
    assert_eq!(home.moltctl(&["down"]).well(), "Nothing was running.\n");
    drop(system);
    let status = home.moltctl(&["status", "--json"]);
    assert_eq!(status.code, Some(1));
    assert_eq!((&status.json()["up"], &status.json()["ready"]), (&false.into(), &false.into()));
    let list = home.moltctl(&["approvals", "list"]);
    assert!(list.code != Some(0) && !list.err.is_empty(), "{list:?}");
}

#[tokio::test]
async fn up_in_the_foreground_stops_everything_on_sigterm_and_on_ctrl_c() {
    let home = TestHome::new();
    for signal in [Signal::TERM, Signal::INT] {
        let (mut up, mut said) = up_in_the_foreground(&home);
        kill_process(Pid::from_child(&up.0), signal).unwrap();
        assert_eq!(up.0.wait().unwrap().code(), Some(0), "{signal:?}");
        nothing_runs(&home).await;
        let mut last = String::new();
        said.read_line(&mut last).unwrap();
        assert_eq!(last, "Stopped.\n");
    }
    let status = home.moltctl(&["audit", "verify"]);
    assert_eq!(status.code, Some(0), "{status:?}");
}

#[tokio::test]
async fn who_kills_the_supervisor_kills_everything_and_up_again_works() {
    let home = TestHome::new();
    let system = home.up();
    kill_process(supervisor(&home), Signal::KILL).unwrap();
    nothing_runs(&home).await;
    home.moltctl(&["up", "--detach"]).well();
    assert_eq!(home.moltctl(&["status", "--json"]).json()["ready"], true);
    drop(system);
}

#[tokio::test]
async fn status_says_in_json_how_every_process_is() {
    let home = TestHome::new();
    let _system = home.up();
    let status = home.moltctl(&["status", "--json"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    let status = status.json();
    assert_eq!(
        (&status["up"], &status["ready"], &status["latched"]),
        (&true.into(), &true.into(), &false.into())
    );
    let processes = status["processes"].as_array().unwrap();
    let names: Vec<_> = processes.iter().map(|process| process["process"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["executor", "control-plane", "reader-email", "reader-telegram", "reader-slack", "planner"]
    );
    for process in processes {
        assert_eq!(process["state"], "ready", "{process}");
        assert!(process["pid"].as_u64().is_some() && process["restarts"] == 0, "{process}");
        let walls = process["walls"].as_array().unwrap();
        assert!(!walls.is_empty(), "{process}");
    }
    assert!(home.moltctl(&["status"]).well().contains("is up and ready"));
    std::fs::write(home.latch(), "").unwrap();
    let latched = home.moltctl(&["status", "--json"]);
    assert_eq!((latched.code, &latched.json()["latched"]), (Some(1), &true.into()));
}
