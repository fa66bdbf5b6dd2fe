//! Killing everything, in every state that it can be in, and the one way back.

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::Value;
use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use system_tests::{Said, SlowServer, TestHome, eventually, processes, program};

/// Kills, and holds that nothing at all is left.
fn kill(home: &TestHome) -> Value {
    let said = home.moltctl(&["kill", "--reason", "a test", "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    nothing_runs(home);
    said.json()
}

/// Asked of the kernel and not of the code under test: no socket is served, and no program of ours was told this home.
fn nothing_runs(home: &TestHome) {
    for process in processes() {
        assert!(UnixStream::connect(home.config().health_socket(process)).is_err(), "{process} is there");
    }
    assert_eq!(processes_of(home.path()), Vec::<String>::new());
}

pub(crate) fn processes_of(home: &Path) -> Vec<String> {
    let home = home.to_str().unwrap();
    let words = |entry: fs::DirEntry| {
        let words = fs::read(entry.path().join("cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        (words.contains("moltbot-") && words.contains(home)).then_some(words)
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(words).collect()
}

fn supervisor(home: &TestHome) -> Pid {
    let pid = fs::read_to_string(home.path().join("supervisor.lock")).unwrap();
    Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
}

fn pid_of(home: &TestHome, name: &str) -> Pid {
    let status = home.moltctl(&["status", "--json"]).json();
    let found = status["processes"].as_array().unwrap().iter().find(|process| process["process"] == name);
    Pid::from_raw(i32::try_from(found.unwrap()["pid"].as_i64().unwrap()).unwrap()).unwrap()
}

/// Raised without a guard, which would want to stop it at the end.
fn raise(home: &TestHome) {
    home.moltctl(&["up", "--detach"]).well();
}

fn rearm(home: &TestHome) -> Said {
    home.moltctl(&["rearm", "--reason", "all is well"])
}

#[tokio::test]
async fn a_killed_home_stays_killed_until_it_is_rearmed_at_the_machine() {
    let home = TestHome::new();
    let early = rearm(&home);
    assert!(early.code == Some(2) && early.err.contains("nothing was killed"), "{early:?}");
    raise(&home);
    home.deliver_mail("A meeting?", "Shall we meet on Monday?");
    eventually("the owner is asked", || home.recorded("capability_requested").pop()).await;

    let killed = kill(&home);
    assert_eq!((&killed["done"], &killed["recorded"]), (&true.into(), &true.into()), "{killed}");
    for time in ["latched_us", "zones_gone_us", "executor_gone_us", "all_gone_us"] {
        assert!(killed[time].as_u64().is_some_and(|us| us > 0), "{time}: {killed}");
    }
    let recorded = home.recorded("killed");
    assert_eq!((recorded.len(), &recorded[0]["why"]), (1, &"a test".into()));
    assert_eq!(recorded[0]["zones_gone_us"], killed["zones_gone_us"]);

    for command in [&["up", "--detach"][..], &["up"]] {
        let up = home.moltctl(command);
        assert!(up.code == Some(2) && up.err.contains("moltctl rearm"), "{up:?}");
    }
    let alone = Command::new(program("moltbot-executor")).arg("--home").arg(home.path()).output().unwrap();
    assert!(!alone.status.success() && String::from_utf8_lossy(&alone.stderr).contains("moltctl rearm"));
    let thawed = home.moltctl(&["unfreeze", "--reason", "no"]);
    assert!(thawed.code == Some(2) && thawed.err.contains("moltctl rearm"), "{thawed:?}");
    let frozen = home.moltctl(&["freeze", "--reason", "no"]);
    assert!(frozen.code == Some(2) && frozen.err.contains("killed already"), "{frozen:?}");
    let status = home.moltctl(&["status"]);
    assert!(status.code == Some(1) && status.out.contains("KILLED by uid"), "{status:?}");
    for reason in [&["rearm"][..], &["rearm", "--reason", ""]] {
        assert_eq!(home.moltctl(reason).code, Some(2));
    }
    assert!(home.recorded("rearmed").is_empty());

    rearm(&home).well();
    assert_eq!(home.recorded("rearmed")[0]["why"], "all is well");
    let system = home.up();
    let waiting = home.moltctl(&["approvals", "list", "--json"]).json();
    assert_eq!(waiting.as_array().unwrap().len(), 1, "what was asked before is still asked: {waiting}");
    drop(system);
    assert_eq!(home.recorded("killed").len(), 1);
}

#[tokio::test]
async fn a_home_is_not_rearmed_while_anything_of_it_runs() {
    let home = TestHome::new();
    let executor = home.executor().await;
    fs::write(home.latch(), "").unwrap();
    let refused = rearm(&home);
    assert!(refused.code == Some(2) && refused.err.contains("moltctl kill"), "{refused:?}");
    assert!(home.latch().exists() && home.recorded("rearmed").is_empty());
    drop(executor);
    rearm(&home).well();
    assert!(!home.latch().exists());
}

#[tokio::test]
async fn a_simulated_kill_says_so_first_and_touches_nothing() {
    let home = TestHome::new();
    let system = home.up();
    let before = fs::read_dir(home.path()).unwrap().count();
    let said = home.moltctl(&["kill", "--simulate"]).well();
    assert_eq!(said.lines().next(), Some("Would execute kill (simulation mode)"));
    for process in ["executor", "supervisor", "control-plane", "planner", "reader"] {
        assert!(said.contains(process), "{process} is not named: {said}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), before);
    assert!(!home.latch().exists());
    assert_eq!(home.moltctl(&["status", "--json"]).json()["ready"], true);
    drop(system);
    assert!(home.moltctl(&["kill", "--simulate"]).well().contains("nothing runs"));
}

#[tokio::test]
async fn a_mail_under_way_is_cut_off_and_known_as_unknown_when_it_is_raised_again() {
    let server = SlowServer::new();
    let home = server.home();
    raise(&home);
    home.deliver_mail("A meeting?", "Shall we meet on Monday?");
    let list = || home.moltctl(&["approvals", "list", "--json"]).json().as_array().unwrap().first().cloned();
    let waiting = eventually("the owner is asked", list).await;
    home.moltctl(&["approvals", "approve", waiting["request"].as_str().unwrap()]).well();
    server.has_the_mail().await;
    kill(&home);
    server.is_left().await;
    rearm(&home).well();
    let _system = home.up();
    let finished =
        eventually("the record says how it ended", || home.recorded("execution_finished").pop()).await;
    assert_eq!(finished["outcome"]["is"], "unknown", "{finished}");
}

#[tokio::test]
async fn who_is_stopped_in_the_middle_dies_too() {
    let home = TestHome::new();
    raise(&home);
    let executor = pid_of(&home, "executor");
    for stopped in [executor, supervisor(&home)] {
        kill_process(stopped, Signal::STOP).unwrap();
    }
    kill(&home);
}

#[tokio::test]
async fn a_control_plane_that_died_a_moment_ago_changes_nothing() {
    let home = TestHome::new();
    raise(&home);
    kill_process(pid_of(&home, "control-plane"), Signal::KILL).unwrap();
    kill(&home);
}

#[tokio::test]
async fn what_lost_its_supervisor_or_never_had_one_is_killed() {
    let home = TestHome::new();
    let mut executor = home.executor().await;
    let mut control_plane = home.control_plane().await;
    let said = home.moltctl(&["kill", "--json"]);
    assert!(said.code == Some(0) && said.json()["done"] == true, "{said:?}");
    assert!(!executor.runs() && !control_plane.runs());
}

#[tokio::test]
async fn full_tables_of_descriptors_hold_nothing_up() {
    let home = TestHome::new();
    raise(&home);
    // Nobody of ours can open anything any more.
    for process in [pid_of(&home, "executor"), supervisor(&home)] {
        let none = Rlimit { current: Some(1), maximum: Some(1) };
        prlimit(Some(process), Resource::Nofile, none).unwrap();
    }
    // And the command has room for three beside its input, output and error.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -n 6 && exec \"$0\" --home \"$1\" kill --json"]).arg0("sh");
    let said = command.arg(program("moltctl")).arg(home.path()).output().unwrap();
    let said = (said.status.code(), String::from_utf8(said.stdout).unwrap(), said.stderr);
    assert_eq!(said.0, Some(0), "{said:?}");
    nothing_runs(&home);
    assert!(home.moltctl(&["up"]).err.contains("moltctl rearm"));
    // What it could not open it could not write: whoever re-arms does, once.
    let recorded = home.recorded("killed").len();
    rearm(&home).well();
    assert_eq!((home.recorded("killed").len(), home.recorded("rearmed").len()), (1, 1), "{recorded} before");
}

#[tokio::test]
async fn a_kill_that_could_not_be_recorded_is_recorded_once_by_whoever_rearms() {
    let home = TestHome::new();
    raise(&home);
    let key = home.record_key_file();
    let hidden = key.with_extension("hidden");
    fs::rename(&key, &hidden).unwrap();
    let killed = kill(&home);
    assert_eq!(killed["recorded"], false, "{killed}");
    let refused = rearm(&home);
    assert!(refused.code == Some(2) && refused.err.contains("nothing was re-armed"), "{refused:?}");
    assert!(home.latch().exists());
    fs::rename(&hidden, &key).unwrap();
    kill(&home);
    rearm(&home).well();
    let recorded = home.recorded("killed");
    assert!(recorded.iter().any(|entry| entry["zones_gone_us"] == killed["zones_gone_us"]), "{recorded:?}");
    assert_eq!(home.recorded("rearmed").len(), 1);
}

/// A folder on a file system of its own with no byte and no file left. `None`, with the reason printed, where this machine or
/// this user cannot have one.
struct Full(PathBuf);

impl Full {
    fn mount(at: &Path, image: &Path) -> Option<Self> {
        let script = "truncate -s 48M \"$1\" && mkfs.ext4 -q \"$1\" && mount -o loop \"$1\" \"$0\"";
        let done = Command::new("sh").args(["-c", script]).arg(at).arg(image).output().unwrap();
        if done.status.success() {
            return Some(Self(at.to_owned()));
        }
        eprintln!(
            "NOT PROVED HERE: no file system to fill: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        );
        None
    }

    /// Blocks first, then names, until neither is to be had.
    fn fill(&self) {
        let ballast = self.0.join("ballast");
        fs::create_dir(&ballast).unwrap();
        for (n, size) in [1 << 20, 1 << 12, 1].into_iter().enumerate() {
            let mut file = fs::File::create(ballast.join(n.to_string())).unwrap();
            while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
        }
        let mut number = 0;
        while fs::File::create(ballast.join(format!("n{number}"))).is_ok() {
            number += 1;
        }
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_does_not_keep_anything_from_being_killed_or_from_staying_killed() {
    let folder = tempfile::Builder::new().prefix("mb").tempdir_in("/tmp").unwrap();
    let (disk, image) = (folder.path().join("d"), folder.path().join("image"));
    fs::create_dir(&disk).unwrap();
    let Some(full) = Full::mount(&disk, &image) else { return };
    let at = disk.join("h");
    let moltctl = |arguments: &[&str]| {
        let mut all = vec!["--home", at.to_str().unwrap()];
        all.extend(arguments);
        system_tests::moltctl(&all, b"")
    };
    moltctl(&["init"]).well();
    moltctl(&["up", "--detach"]).well();
    full.fill();
    let said = moltctl(&["kill", "--reason", "full", "--json"]);
    assert!(said.code == Some(0) && said.json()["done"] == true, "{said:?}");
    assert_eq!(processes_of(&at), Vec::<String>::new());
    assert!(moltctl(&["up"]).err.contains("(\"full\")"), "the latch says why, on a full disk too");
    // A kill again finds it killed, and a freeze nothing to add.
    assert_eq!(moltctl(&["kill"]).code, Some(0));

    fs::remove_dir_all(disk.join("ballast")).unwrap();
    moltctl(&["rearm", "--reason", "there is room again"]).well();
    let record = moltctl(&["audit", "show"]).well();
    assert!(record.contains("killed") && record.contains("rearmed"), "{record}");
    moltctl(&["up", "--detach"]).well();
    moltctl(&["down"]).well();
    moltctl(&["audit", "verify"]).well();
}
