//! Starting ourselves again, alone or under strace, and reading what strace saw.
//!
//! strace counts each name of each thread for itself: `when=7` is met by whichever thread first comes to its seventh call of
//! that name.

use crate::child;
use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

/// The calls that change what is on a disk, what is durable of it, or who holds it; and those by which others hear of it.
pub(crate) const NAMES: [&str; 22] = [
    "openat",
    "open",
    "creat",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "fdatasync",
    "fsync",
    "sync_file_range",
    "syncfs",
    "fallocate",
    "ftruncate",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "flock",
    "fadvise64",
];

/// One call that strace saw, in the order of all threads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) thread: u32,
    pub(crate) name: String,
    /// The name and the file, without what differs from run to run.
    pub(crate) kind: String,
    pub(crate) line: String,
}

/// What a run said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) said: Vec<String>,
    pub(crate) killed: bool,
    pub(crate) calls: Vec<Call>,
}

/// One work in one folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    pub(crate) what: &'a str,
    pub(crate) place: &'a Path,
    pub(crate) run: &'a str,
    pub(crate) rounds: usize,
}

// === impl Work ===

impl Work<'_> {
    /// Undisturbed.
    pub(crate) fn alone(&self) -> Ran {
        let ran = self.finish(Command::new(std::env::current_exe().unwrap()), None);
        assert!(!ran.killed, "{ran:?}");
        ran
    }

    /// Undisturbed, and every call is written down.
    pub(crate) fn recorded(&self) -> Ran {
        self.under(&["-e", &format!("trace={}", NAMES.map(|name| format!("?{name}")).join(","))])
    }

    /// With this done to the calls of this name, all of which are written down.
    pub(crate) fn with(&self, name: &str, injection: &str) -> Ran {
        self.under(&["-e", &format!("trace={name}"), "-e", &format!("inject={name}:{injection}")])
    }

    fn under(&self, options: &[&str]) -> Ran {
        let trace = self.place.with_extension("trace");
        let mut strace = Command::new("strace");
        // Not `--seccomp-bpf`: with it most signals are never delivered, and everything looks perfect.
        strace.args(["-f", "-y", "-qq", "-o"]).arg(&trace).args(options);
        strace.arg(std::env::current_exe().unwrap());
        self.finish(strace, Some(&trace))
    }

    fn finish(&self, mut command: Command, trace: Option<&Path>) -> Ran {
        let command = command
            .env(child::WORK, self.what)
            .env(child::PLACE, self.place)
            .env(child::RUN, self.run)
            .env(child::ROUNDS, self.rounds.to_string());
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("this test needs `strace` (apt-get install strace): {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        let killed = output.status.signal() == Some(9);
        assert!(killed || output.status.success(), "{:?}: {errors}", output.status);
        assert!(!errors.contains("strace:"), "strace cannot do it here: {errors}");
        // A line that was not finished was not said.
        let text = String::from_utf8(output.stdout).unwrap();
        let said = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned);
        let calls = trace.map_or_else(Vec::new, |trace| {
            let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap()).into_owned();
            std::fs::remove_file(trace).unwrap();
            text.lines().filter_map(|line| Call::parse(line, self.place)).collect()
        });
        Ran { said: said.collect(), killed, calls }
    }
}

// === impl Call ===

impl Call {
    /// Only where a call begins.
    fn parse(line: &str, place: &Path) -> Option<Self> {
        let (thread, call) = line.split_once(' ')?;
        let (name, arguments) = call.trim_start().split_once('(')?;
        let name = NAMES.into_iter().find(|known| *known == name)?;
        let place = place.to_str()?;
        let file = arguments.split(['"', '<', '>']).find_map(|part| part.strip_prefix(place));
        let file = file.map_or("(elsewhere)", |file| if file.is_empty() { "/" } else { file });
        Some(Self {
            thread: thread.parse().ok()?,
            name: name.to_owned(),
            kind: format!("{name} {}", without_numbers(file)),
            line: line.to_owned(),
        })
    }
}

/// `/executor-000000000006.jsonl` and `/executor-000000000011.jsonl` are of one kind, and so are all digests.
fn without_numbers(file: &str) -> String {
    let parts = file.split_inclusive(['/', '.', '-']).map(|part| {
        let word = part.trim_end_matches(['/', '.', '-']);
        let hex = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if hex || number { part.replace(word, "#") } else { part.to_owned() }
    });
    parts.collect()
}

/// A place where a run can be met: the `nth` call of this name in whichever thread comes to it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) name: String,
    pub(crate) nth: usize,
    pub(crate) kind: String,
}

/// The points of a run, in order, from the beginning of main on.
pub(crate) fn points(calls: &[Call]) -> Vec<Point> {
    let begin = calls.iter().position(|call| call.kind.ends_with(child::BEGIN)).unwrap();
    let (mut of_thread, mut first) = (HashMap::new(), HashMap::new());
    let mut points = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let nth = of_thread.entry((call.thread, &call.name)).or_insert(0_usize);
        *nth += 1;
        let reached = first.entry(&call.name).or_insert(0_usize);
        if *nth > *reached {
            *reached = *nth;
            if index > begin {
                points.push(Point { name: call.name.clone(), nth: *nth, kind: call.kind.clone() });
            }
        }
    }
    points
}

/// The kind of the call at which a run was killed.
pub(crate) fn met(ran: &Ran, name: &str, nth: usize) -> Option<String> {
    let mut of_thread = HashMap::new();
    let calls = ran.calls.iter().filter(|call| call.name == name);
    let mut calls = calls.map(|call| {
        let count = of_thread.entry(call.thread).or_insert(0_usize);
        *count += 1;
        (*count, call)
    });
    calls.find(|(count, _)| *count == nth).map(|(_, call)| call.kind.clone())
}
