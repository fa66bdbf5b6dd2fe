//! A zone and its guard end together, and a zone ends with its parent.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::runner::{Test, Who, child};

pub(crate) const TESTS: &[Test] = &[
    ("who_kills_the_guard_kills_the_zone", || guard_is_sent(Signal::KILL, "stay", "reader")),
    ("who_stops_the_guard_stops_the_zone", || guard_is_sent(Signal::TERM, "stay", "reader")),
    ("whatever_a_zone_started_ends_with_it", || {
        guard_is_sent(Signal::KILL, "stay_with_children", "only:user-namespace,pid-namespace");
    }),
    ("a_killed_zone_ends_its_guard_with_its_status", a_killed_zone_ends_its_guard),
    ("a_guard_ends_as_its_zone_ends", a_guard_ends_as_its_zone_ends),
    ("a_zone_dies_with_its_parent", a_zone_dies_with_its_parent),
];

/// More than any of this takes, and less than a zone stays by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A zone that is inside. `None` where there is no namespace of processes, and so no guard.
fn inside(scene: &str, powers: &str, who: Who) -> Option<(Child, BufReader<ChildStdout>)> {
    let mut guard = child(scene, powers, who);
    let mut output = BufReader::new(guard.stdout.take().unwrap());
    let mut has_guard = true;
    loop {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the zone ended");
        has_guard &= !line.starts_with("missing pid-namespace");
        if line.trim() == "inside" {
            break;
        }
    }
    if !has_guard {
        println!("unproven here: `{scene}` as {who:?}, because this machine gives no namespace of processes");
        guard.kill().unwrap();
        guard.wait().unwrap();
    }
    has_guard.then_some((guard, output))
}

/// Everything that the zone is or started holds the pipe: its end is the pipe's end.
fn all_gone(mut output: impl Read + Send + 'static, patience: Duration) -> Result<(), RecvTimeoutError> {
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = String::new();
        let read = output.read_to_string(&mut lines);
        let _ = ended.send(read.map(drop));
    });
    end.recv_timeout(patience).map(Result::unwrap)
}

fn guard_is_sent(signal: Signal, scene: &str, powers: &str) {
    for who in Who::all() {
        let Some((mut guard, output)) = inside(scene, powers, *who) else { continue };
        kill_process(Pid::from_child(&guard), signal).unwrap();
        assert_eq!(all_gone(output, PATIENCE), Ok(()), "{who:?}");
        assert_eq!(guard.wait().unwrap().signal(), Some(signal.as_raw()));
    }
}

fn a_killed_zone_ends_its_guard() {
    for who in Who::all() {
        let Some((mut guard, output)) = inside("stay", "reader", *who) else { continue };
        let children = format!("/proc/{0}/task/{0}/children", guard.id());
        let zone: i32 = std::fs::read_to_string(children).unwrap().trim().parse().unwrap();
        kill_process(Pid::from_raw(zone).unwrap(), Signal::KILL).unwrap();
        assert_eq!(guard.wait().unwrap().code(), Some(128 + 9), "{who:?}");
        assert_eq!(all_gone(output, PATIENCE), Ok(()));
    }
}

fn a_guard_ends_as_its_zone_ends() {
    for who in Who::all() {
        assert_eq!(child("end_with_seven", "reader", *who).wait().unwrap().code(), Some(7), "{who:?}");
    }
}

fn a_zone_dies_with_its_parent() {
    let cases = [
        ("start_a_child_on_a_leash", "none", false),
        ("start_a_child_on_a_leash", "reader", false),
        ("start_a_child", "none", true),
    ];
    for who in Who::all() {
        for (scene, powers, outlives) in cases {
            let mut parent = child(scene, powers, *who);
            let output = parent.stdout.take().unwrap();
            assert!(parent.wait().unwrap().success());
            let gone = all_gone(output, if outlives { Duration::from_secs(1) } else { PATIENCE });
            assert_eq!(gone.is_err(), outlives, "{scene} with {powers} as {who:?}");
        }
    }
}
