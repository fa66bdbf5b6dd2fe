//! A whole zone: all of its walls together, and what still works behind them.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use sandbox::Requirement;

use crate::runner::{Test, Who, answer, child, said};

pub(crate) const TESTS: &[Test] = &[
    ("no_core_dumps", no_core_dumps),
    ("the_executor_keeps_files_and_the_network", the_executor_keeps_files_and_the_network),
    ("the_executor_starts_nothing_and_leaves_the_kernel_alone", the_executor_starts_nothing),
    ("what_is_open_keeps_working", || everybody("what_is_open_keeps_working")),
    ("threads_start", || everybody("threads_start")),
    ("a_tokio_runtime_serves_a_socket_bound_before", a_tokio_runtime_serves),
    ("a_process_with_threads_is_refused", || everybody("enter_with_threads")),
    ("every_wall_stands_or_says_why_not", every_wall_stands_or_says_why_not),
    ("a_missing_wall_is_an_error_where_required", || everybody("required_without_landlock")),
    ("a_missing_wall_is_reported_where_not", || everybody("best_effort_without_landlock")),
    ("a_zone_whose_parent_died_before_is_told", || everybody("wrong_parent")),
    ("requirements_are_read_and_written", requirements_are_read_and_written),
];

const WALLS: [&str; 19] = [
    "core-dumps",
    "open-files",
    "memory",
    "descriptors",
    "user-namespace",
    "mount-namespace",
    "root",
    "network-namespace",
    "pid-namespace",
    "ipc-namespace",
    "uts-namespace",
    "cgroup-namespace",
    "user",
    "capabilities",
    "new-privileges",
    "files",
    "tcp",
    "scope",
    "system-calls",
];

fn everybody(scene: &str) {
    for who in Who::all() {
        assert_eq!(answer(scene, "reader", *who), "done", "{who:?}");
    }
}

fn no_core_dumps() {
    for who in Who::all() {
        assert_eq!(answer("core_dumps", "none", *who), "Dumpable");
        for powers in ["only:core-dumps", "executor", "control-plane"] {
            assert_eq!(answer("core_dumps", powers, *who), "NotDumpable, core limit 0", "{powers}");
        }
    }
}

fn the_executor_keeps_files_and_the_network() {
    for attack in
        ["read_a_file", "make_a_file", "tcp_socket", "udp_socket", "dial_a_unix_socket", "signal_another"]
    {
        for powers in ["executor", "control-plane"] {
            assert_eq!(answer(attack, powers, Who::Ourselves), "done", "{attack} as {powers}");
        }
    }
}

fn the_executor_starts_nothing() {
    for attack in ["exec", "fork", "unshare", "ptrace"] {
        for powers in ["executor", "control-plane"] {
            assert_eq!(answer(attack, powers, Who::Ourselves), "EPERM", "{attack} as {powers}");
        }
    }
}

fn every_wall_stands_or_says_why_not() {
    for who in Who::all() {
        let output = child("whole_zone", "reader", *who).wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (walls, summary) = text.split_once('\n').unwrap();
        let walls: Vec<serde_json::Value> = serde_json::from_str(walls).unwrap();
        let names: Vec<_> = walls.iter().map(|wall| wall["name"].as_str().unwrap()).collect();
        assert_eq!(names, WALLS);
        let mut missing = 0;
        for wall in &walls {
            match wall["state"].as_str().unwrap() {
                "stands" => {}
                // No user was named.
                "not-wanted" => assert_eq!(wall["name"], "user"),
                _ => {
                    println!("this machine gives {who:?} no {}: {}", wall["name"], wall["why"]);
                    assert!(wall["why"].as_str().unwrap().len() > 20, "{wall}");
                    missing += 1;
                }
            }
        }
        assert!(summary.starts_with(&format!("{} of 18 walls stand", 18 - missing)), "{summary}");
        if missing > 0 {
            assert!(said(child("nothing", "reader", *who)).missing.len() == missing);
        }
    }
}

fn a_tokio_runtime_serves() {
    for who in Who::all() {
        let mut zone = child("tokio", "reader", *who);
        let mut output = BufReader::new(zone.stdout.take().unwrap());
        let mut lines = || {
            let mut line = String::new();
            while line.is_empty() || line.starts_with("missing ") {
                line.clear();
                assert_ne!(output.read_line(&mut line).unwrap(), 0, "the zone ended");
            }
            line.trim().to_owned()
        };
        let mut caller = UnixStream::connect(lines()).unwrap();
        caller.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        caller.write_all(b"hello").unwrap();
        caller.shutdown(std::net::Shutdown::Write).unwrap();
        let mut echo = String::new();
        caller.read_to_string(&mut echo).unwrap();
        assert_eq!(echo, "hello");
        assert_eq!(lines(), "done");
        assert!(zone.wait().unwrap().success());
    }
}

fn requirements_are_read_and_written() {
    for word in ["require", "best-effort"] {
        let requirement: Requirement = word.parse().unwrap();
        assert_eq!(requirement.to_string(), word);
        assert_eq!(serde_json::to_value(requirement).unwrap(), word);
        assert_eq!(serde_json::from_value::<Requirement>(word.into()).unwrap(), requirement);
    }
    let error = "besteffort".parse::<Requirement>().unwrap_err();
    assert_eq!(error.to_string(), "`besteffort` is neither `require` nor `best-effort`");
}
