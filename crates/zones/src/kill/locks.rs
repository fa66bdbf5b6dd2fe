//! The locks that say who lives: the kernel holds each for as long as its process does, stopped and hung ones included.

use home::{Home, Process};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The locks of one home.
#[derive(Debug)]
pub(crate) struct Locks([(Process, PathBuf); 3]);

// === impl Locks ===

impl Locks {
    pub(crate) fn of(home: &Home) -> Self {
        let owners = Process::Zone(action::Role::ControlPlane);
        Self([
            (Process::Executor, home.audit_log().with_extension("lock")),
            (owners, home.witness_log().with_extension("lock")),
            (Process::Supervisor, crate::lock::path(home)),
        ])
    }

    /// Who holds a lock, in the order in which they are killed.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (Process, &Path)> {
        self.0.iter().filter(|(_, file)| is_held(file)).map(|(process, file)| (*process, file.as_path()))
    }

    pub(crate) fn any(&self) -> bool {
        self.holders().next().is_some()
    }

    pub(crate) fn is_held_by(&self, process: Process) -> bool {
        self.holders().any(|(holder, _)| holder == process)
    }

    /// The holders' process ids, each with the descriptor that names that process and no later one.
    pub(crate) fn living(&self) -> Vec<(Process, u32, OwnedFd)> {
        let opened = |(process, file): (Process, &Path)| {
            let id = id_in(file)?;
            let fd = pidfd_open(Pid::from_raw(i32::try_from(id).ok()?)?, PidfdFlags::empty()).ok()?;
            // It held the lock before and holds it now, so it is the one that was opened in between.
            (is_held(file) && id_in(file) == Some(id)).then_some((process, id, fd))
        };
        self.holders().filter_map(opened).collect()
    }

    pub(crate) fn in_words(&self) -> Vec<String> {
        let word = |(process, file): (Process, &Path)| {
            let id = id_in(file).map(|id| format!(", process {id},")).unwrap_or_default();
            format!("the {process}{id} holds `{}`", file.display())
        };
        self.holders().map(word).collect()
    }
}

/// A lock that cannot be looked at is held.
fn is_held(file: &Path) -> bool {
    match open(file) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => true,
        },
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The supervisor writes its number; a log's holder a line of JSON.
fn id_in(file: &Path) -> Option<u32> {
    let untrusted_text = io::read_to_string(io::Read::take(open(file).ok()?, 1024)).ok()?;
    let json: serde_json::Value = serde_json::from_str(untrusted_text.trim()).ok()?;
    let id = json.as_u64().or_else(|| json.get("pid")?.as_u64())?;
    u32::try_from(id).ok()
}

fn open(file: &Path) -> io::Result<File> {
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    File::options().read(true).custom_flags(nofollow).open(file)
}
