//! One process's cell.

use crate::cell::machine::Version;
use crate::cell::{Limits, put, wait_until};
use home::Process;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The cell of one process: one group in every tree of this machine that has cells of ours.
#[derive(Clone, Debug)]
pub struct Cell {
    process: Process,
    groups: Vec<(Version, PathBuf)>,
}

// === impl Cell ===

impl Cell {
    pub(crate) fn new(process: Process, groups: Vec<(Version, PathBuf)>) -> Self {
        Self { process, groups }
    }

    /// Whose it is.
    pub const fn process(&self) -> Process {
        self.process
    }

    /// What it may use.
    pub const fn limits(&self) -> Limits {
        Limits::of(self.process)
    }

    /// Files to be handed to `sandbox::start_in`: whoever writes to them is in the cell. Empty where there are no cells.
    ///
    /// Errors when a cell that was made cannot be entered; the process must not be started then.
    pub fn admission(&self) -> io::Result<Vec<File>> {
        let open = |group: &PathBuf| File::options().write(true).open(group.join("cgroup.procs"));
        self.groups.iter().map(|(_, group)| open(group)).collect()
    }

    /// Kills everything in the cell, and what is born there meanwhile. It does not wait. Errors where this machine has no
    /// `cgroup.kill`; a cell that is not there is dead already.
    pub fn kill(&self) -> io::Result<()> {
        let mut can_kill = false;
        for (_, group) in self.groups.iter().filter(|(version, _)| *version == Version::V2) {
            can_kill = true;
            kill(group)?;
        }
        if can_kill { Ok(()) } else { Err(no_kill()) }
    }

    /// Whether anything runs in it.
    pub fn is_populated(&self) -> bool {
        self.groups.iter().any(|(version, group)| is_populated(*version, group))
    }

    /// Waits until nothing runs in it; `false` when something still does after that time.
    pub fn wait_until_empty(&self, patience: Duration) -> bool {
        wait_until(patience, || !self.is_populated())
    }
}

pub(crate) fn no_kill() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "no cell on this machine can be killed at once")
}

/// Recursive: what is in the groups below dies too.
pub(crate) fn kill(group: &Path) -> io::Result<()> {
    match put(&group.join("cgroup.kill"), "1") {
        Err(error) if !group.exists() && error.kind() == io::ErrorKind::NotFound => Ok(()),
        killed => killed,
    }
}

/// Recursive in v2. What cannot be read, while its group is there, is taken to be populated.
pub(crate) fn is_populated(version: Version, group: &Path) -> bool {
    let (file, is_empty): (_, fn(&str) -> bool) = match version {
        Version::V2 => ("cgroup.events", |events| events.lines().any(|line| line == "populated 0")),
        Version::V1 => ("cgroup.procs", |processes| processes.trim().is_empty()),
    };
    match std::fs::read_to_string(group.join(file)) {
        Ok(text) => !is_empty(&text),
        // A group is removed between open and read: it had to be empty for that.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => false,
        Err(_) => group.exists(),
    }
}
