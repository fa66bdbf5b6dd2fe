//! What runs outside of cells: the supervisor, whose death kills what it raised (the kernel does that), and whatever of it
//! is still there a moment later.
//!
//! Nobody is killed by a number alone: each process is held by a descriptor that was opened while it was known to be ours,
//! and what came to be meanwhile is looked for until nothing more is found.

use crate::kill::locks::Locks;
use home::{Home, Process};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// Every process of a home that was found, by its id.
#[derive(Debug)]
pub(crate) struct Members {
    living: BTreeMap<u32, Member>,
    /// When the supervisor was killed.
    cut: Option<Instant>,
}

#[derive(Debug)]
struct Member {
    process: Process,
    /// Its program, for people.
    name: String,
    fd: OwnedFd,
}

/// A line of the process table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    parent: u32,
    /// With the id this names a process and no later one.
    started: String,
    command: Vec<String>,
}

// === impl Members ===

impl Members {
    /// Finds everything that is a home's: who holds its locks, who was started for it, and what they started.
    pub(crate) fn find(home: &Home, locks: &Locks) -> Self {
        let mut members = Self { living: BTreeMap::new(), cut: None };
        members.find_more(home, locks);
        members
    }

    fn find_more(&mut self, home: &Home, locks: &Locks) {
        for (process, id, fd) in locks.living() {
            let name = process.to_string();
            self.living.entry(id).or_insert(Member { process, name, fd });
        }
        let table = table();
        for (id, row) in &table {
            if let Some(process) = process_of(home, &row.command) {
                self.add(*id, row, process);
            }
        }
        // What our processes started, and what that started.
        loop {
            let child_of_ours = |(id, row): (&u32, &Row)| {
                let process = self.living.get(&row.parent)?.process;
                (!self.living.contains_key(id)).then(|| (*id, row.clone(), process))
            };
            let found: Vec<_> = table.iter().filter_map(child_of_ours).collect();
            let before = self.living.len();
            for (id, row, process) in found {
                self.add(id, &row, process);
            }
            if self.living.len() == before {
                break;
            }
        }
    }

    fn add(&mut self, id: u32, row: &Row, process: Process) {
        // Nobody kills himself before he is done.
        if id == std::process::id() || self.living.contains_key(&id) {
            return;
        }
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
        // Without a free descriptor it is found the next time, when others have ended.
        let Some(Ok(fd)) = pid.map(|pid| pidfd_open(pid, PidfdFlags::empty())) else { return };
        // It is still the process of that row, so the descriptor is that process's.
        if row_of(id).is_some_and(|now| now.started == row.started) {
            let name = row.command.first().cloned().unwrap_or_default();
            self.living.insert(id, Member { process, name, fd });
        }
    }

    /// Kills the supervisor, so that everything on its leash dies with it; then whatever is left and found. Call it again until
    /// nothing is.
    pub(crate) fn kill(&mut self, home: &Home, locks: &Locks, leash: Duration) {
        self.living.retain(|_, member| member.lives());
        let supervisor = self.living.values().find(|member| member.process == Process::Supervisor);
        match (self.cut, supervisor) {
            (None, Some(supervisor)) => {
                supervisor.kill();
                self.cut = Some(Instant::now());
            }
            (Some(cut), _) if cut.elapsed() < leash && !self.living.is_empty() => {}
            _ => {
                self.find_more(home, locks);
                self.living.values().for_each(Member::kill);
            }
        }
    }

    /// Whether any is of this kind.
    pub(crate) fn any(&self, is: impl Fn(Process) -> bool) -> bool {
        self.living.values().any(|member| is(member.process))
    }

    pub(crate) fn in_words(&self) -> Vec<String> {
        self.living
            .iter()
            .map(|(id, member)| format!("process {id}, `{}`", member.name.escape_debug()))
            .collect()
    }
}

// === impl Member ===

impl Member {
    fn kill(&self) {
        // It may be dead already, which is what is wanted.
        let _ = pidfd_send_signal(&self.fd, Signal::KILL);
    }

    fn lives(&self) -> bool {
        // It becomes readable when the process has ended.
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
        !matches!(poll(&mut fds, Some(&now)), Ok(1..))
    }
}

/// Which process of this home was started with these words, if any: one of our programs that was told a path of the home.
fn process_of(home: &Home, command: &[String]) -> Option<Process> {
    let (program, arguments) = command.split_first()?;
    let role = |name: &str| action::Role::ALL.into_iter().find(|role| role.as_str() == name);
    let is_ours = arguments.iter().any(|argument| Path::new(argument).starts_with(home.path()));
    if !is_ours {
        return None;
    }
    match Path::new(program).file_name()?.to_str()? {
        "moltbot-executor" => Some(Process::Executor),
        "moltbot-control-plane" => Some(Process::Zone(action::Role::ControlPlane)),
        "moltbot-planner" => Some(Process::Zone(action::Role::Planner)),
        "moltbot-doorkeeper" => Some(Process::Zone(action::Role::Doorkeeper)),
        "moltbot-reader" => {
            // Its own socket, `<run>/<process>/zone-bridge.sock`, says which.
            let folder =
                |argument: &String| Path::new(argument).parent()?.file_name()?.to_str().and_then(role);
            Some(Process::Zone(arguments.iter().find_map(folder).unwrap_or(action::Role::ReaderEmail)))
        }
        _ => None,
    }
}

fn table() -> BTreeMap<u32, Row> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, row_of(id)?))).collect()
}

/// `None` when it has ended.
fn row_of(id: u32) -> Option<Row> {
    let stat = std::fs::read(format!("/proc/{id}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The program's name stands in brackets and may have brackets in it.
    let (_, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    // Field 22 of the line; the name was the second.
    let started = fields.nth(17)?.to_owned();
    let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let command =
        command.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some(Row { parent, started, command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_parent_and_its_words() {
        let row = row_of(std::process::id()).unwrap();
        let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
        assert_eq!(i32::try_from(row.parent).unwrap(), parent);
        assert!(row.started.parse::<u64>().unwrap() > 0);
        let first = std::env::args().next().unwrap();
        assert_eq!(row.command.first(), Some(&first));
    }
}
