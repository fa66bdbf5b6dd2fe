//! The one writer: entries are chained where they are appended, and a thread of its own makes them durable.
//!
//! Entries that arrive while a sync is under way share the next one. The first error of a write or a sync poisons the
//! writer for good: after a failed sync the kernel may drop the pages and answer the next sync with success, so there is
//! no second try. What is not durable is never acknowledged.

use crate::append::{Appender, Keeper, Limits, Need};
use crate::disk::{Disk as _, Folder, Opening};
use crate::durable::Durable;
use crate::entry::{Entry, NotAnEntry, Tip};
use crate::files::LogFiles;
use crate::trouble::Unwritable;
use crate::verify::entries;
use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What may wait for the disk; when it is full, requests are refused instead of piling up.
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(2),
    queue: 4096,
    queue_bytes: 2 * 1024 * 1024,
    space: 8 * 1024 * 1024,
    reserve: 256 * 1024,
};

/// An open log, held by this process alone.
#[derive(Debug)]
pub struct AuditLog {
    tip: Tip,
    appender: Appender<()>,
}

/// A log that was opened, and what was found while doing so.
#[derive(Debug)]
pub struct Opened {
    /// The log, ready to be appended to.
    pub log: AuditLog,
    /// An unfinished last line, which was never acknowledged to anybody.
    pub torn: Option<Torn>,
}

/// An unfinished last line that was cut off and kept.
#[derive(Debug)]
pub struct Torn {
    /// How many bytes.
    pub bytes: u64,
    /// Where they are kept.
    pub kept_in: PathBuf,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// The file cannot be made, read or locked.
    #[error("cannot use the audit log `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("the audit log `{}` is in use by another executor; stop that one first (`moltctl down`)", path.display())]
    Held {
        /// Which file.
        path: PathBuf,
    },
    /// The chain does not hold.
    #[error(
        "the audit log `{}` is broken at entry {at} ({source}); nothing is done on a record that cannot be trusted: \
         keep it as evidence (move the folder `{}` elsewhere) and start anew",
        path.display(), path.parent().unwrap_or(Path::new("")).display()
    )]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The first entry that does not hold.
        at: u64,
        /// What is wrong with it.
        source: NotAnEntry,
    },
}

/// What goes with the file: the lock.
#[derive(Debug)]
struct Held(File);

// === impl AuditLog ===

impl AuditLog {
    /// Opens a log, or makes an empty one, and hands every entry to `replay` in order.
    ///
    /// A chain that does not hold is refused. An unfinished last line is cut off and kept beside the log: it was never
    /// acknowledged, because acknowledgement comes after the sync of the whole line.
    pub fn open(path: &Path, mut replay: impl FnMut(Entry)) -> Result<Opened, OpenProblem> {
        let io_problem = |source: io::Error| OpenProblem::Io { path: path.to_owned(), source };
        let mut file = open_private(path).map_err(io_problem)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(OpenProblem::Held { path: path.to_owned() });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io_problem(source)),
        }
        let torn = cut_unfinished_line(path, &mut file).map_err(io_problem)?;
        let mut tip = Tip::genesis();
        for entry in entries(&LogFiles::of(path)).map_err(io_problem)? {
            let entry = entry.map_err(io_problem)?.map_err(|source| OpenProblem::Broken {
                path: path.to_owned(),
                at: tip.seq + 1,
                source,
            })?;
            tip = Tip { seq: entry.seq, hash: entry.hash.parse().unwrap_or(tip.hash) };
            replay(entry);
        }
        let end = file.metadata().map_err(io_problem)?.len();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = Folder::new(path.parent().unwrap_or(Path::new("")));
        let opened = folder.open(name, Opening::Existing).map_err(io_problem)?;
        let appender = Appender::start("audit-log", opened, end, Held(file), LIMITS).map_err(io_problem)?;
        Ok(Opened { log: Self { tip, appender }, torn })
    }

    /// Appends an entry. It has its place in the chain at once; it is there only when [`Durable::wait`] says so.
    pub fn append(
        &mut self,
        now: Timestamp,
        event_type: &str,
        details: &impl Serialize,
    ) -> Result<Durable, Unwritable> {
        let (line, tip) =
            self.tip.next_line(now, event_type, details).map_err(|_unserialisable| Unwritable::NotJson)?;
        let (_position, durable) = self.appender.push(line, (), Need::Ordinary)?;
        self.tip = tip;
        Ok(durable)
    }

    /// How many entries have been appended, durable or not.
    pub const fn len(&self) -> u64 {
        self.tip.seq
    }

    /// Whether a write or a sync failed: then nothing is appended any more.
    pub fn is_poisoned(&self) -> bool {
        self.appender.trouble().is_some()
    }

    /// Whether nothing has been appended yet.
    pub const fn is_empty(&self) -> bool {
        self.tip.seq == 0
    }
}

// === impl Held ===

impl Keeper for Held {
    type Mark = ();

    fn close(&mut self) {
        // Closing alone would not do while a program that is being started still holds a copy. The kernel lets go in any
        // case when the process ends.
        let _ = self.0.unlock();
    }
}

/// 0600, never through a symbolic link.
fn open_private(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    // The name must be durable before what it names.
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(file)
}

fn cut_unfinished_line(path: &Path, file: &mut File) -> io::Result<Option<Torn>> {
    let size = file.metadata()?.len();
    let keep = end_of_last_line(file, size)?;
    if keep == size {
        return Ok(None);
    }
    let mut cut = Vec::new();
    file.seek(io::SeekFrom::Start(keep))?;
    file.read_to_end(&mut cut)?;
    let kept_in = (1_u32..)
        .map(|n| path.with_extension(format!("torn-{n}")))
        .find(|candidate| !candidate.exists())
        .ok_or(io::ErrorKind::AlreadyExists)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut beside = File::from(rustix::fs::open(&kept_in, flags, Mode::RUSR | Mode::WUSR)?);
    let kept = beside.write_all(&cut).and_then(|()| beside.sync_all());
    if kept.is_err() {
        // On a full disk every further start would leave one more.
        let _ = std::fs::remove_file(&kept_in);
    }
    kept?;
    file.set_len(keep)?;
    file.sync_all()?;
    Ok(Some(Torn { bytes: cut.len() as u64, kept_in }))
}

/// The position after the last line feed; 0 when there is none.
fn end_of_last_line(file: &mut File, size: u64) -> io::Result<u64> {
    let mut end = size;
    let mut block = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = block.get_mut(..usize::try_from(end - start).unwrap_or(0)).unwrap_or_default();
        file.seek(io::SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(position) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + position as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
