//! One process per log: a lock that ends with its holder, and that says who that is.
//!
//! The lock is the kernel's (flock) and not the file: a file that a dead process left behind holds nobody up, and a process
//! id that was given to somebody else is never taken for the holder. What stands in the file is for people.

use crate::disk::{Disk, DiskFile, Opening};
use crate::trouble::{Tampered, Tampering};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// More than a holder writes about itself.
const LIMIT: usize = 1024;

/// Who holds a log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its program.
    pub program: String,
    /// Since when it has held the log, UTC.
    pub since: Timestamp,
}

/// The lock, for as long as this is there.
#[derive(Debug)]
pub(crate) struct Lock(Box<dyn DiskFile>);

/// Why there is no lock.
pub(crate) enum NotLocked {
    /// Another has it; `None` when it does not say who it is.
    Held(Option<Holder>),
    Io(io::Error),
}

// === impl Lock ===

impl Lock {
    pub(crate) fn take(disk: &dyn Disk, name: &str) -> Result<Self, NotLocked> {
        let file = disk.open(name, Opening::OrNew)?;
        if !file.try_lock()? {
            return Err(NotLocked::Held(read(&*file)));
        }
        let lock = Self(file);
        // Locked, but perhaps no longer what the next one will open.
        let found = disk.stat(name)?;
        if !found.is_some_and(|found| lock.0.stat().is_ok_and(|ours| ours.same_file(&found))) {
            return Err(io::Error::other(
                Tampering { file: name.to_owned(), how: Tampered::Replaced }.to_string(),
            )
            .into());
        }
        // On a full disk it holds as well, only nameless.
        let _ = lock.sign();
        Ok(lock)
    }

    fn sign(&self) -> io::Result<()> {
        let program = std::env::current_exe().ok();
        let program = program.as_deref().and_then(|path| path.file_name()).unwrap_or_default();
        let holder = Holder {
            pid: std::process::id(),
            program: program.to_string_lossy().into_owned(),
            since: Timestamp::now(),
        };
        self.0.truncate(0)?;
        self.0.write_all_at(&serde_json::to_vec(&holder)?, 0)
    }

    pub(crate) fn file(&self) -> &dyn DiskFile {
        &*self.0
    }
}

impl Drop for Lock {
    /// Closing alone would not do while a program that is being started still holds a copy. The kernel lets go in any case
    /// when the process ends.
    fn drop(&mut self) {
        let _ = self.0.truncate(0);
        let _ = self.0.unlock();
    }
}

fn read(file: &dyn DiskFile) -> Option<Holder> {
    let mut text = [0; LIMIT];
    let length = file.read_up_to(&mut text, 0).ok()?;
    serde_json::from_slice(text.get(..length)?).ok()
}

impl From<io::Error> for NotLocked {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The file is anybody's to write who can write the log; nothing of it may steer a terminal.
        write!(f, "`{}`, process {}, since {:.0}", self.program.escape_debug(), self.pid, self.since)
    }
}
