//! The one writer: entries are chained where they are appended, and a thread of its own makes them durable.

use crate::append::{Appender, Limits, Need};
use crate::durable::Durable;
use crate::entry::Tip;
use crate::head_file::{Head, HeadFile, Signer};
use crate::keeper::LogKeeper;
use crate::lock::{Lock, NotLocked};
use crate::problem::OpenProblem;
use crate::recover::{Fold, Torn, io_at, recover};
use crate::segment::Place;
use crate::trouble::{Trouble, Unwritable};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use tokio::sync::watch;

/// What bounds a log. The default is for Zone 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many bytes a segment has before it is time to rotate; so much space is set aside for it.
    pub segment: u64,
    /// How much of the space is kept for [`Need::Reserved`].
    pub reserve: u64,
    /// How long anybody waits for the disk.
    pub deadline: Duration,
    /// How many entries may wait for the disk; when it is full, requests are refused instead of piling up.
    pub queue: usize,
    /// How many bytes may wait for the disk; also the longest entry.
    pub queue_bytes: u64,
    /// How old the head in memory becomes before it is made durable.
    pub head_sync: Duration,
}

/// An open log, held by this process alone.
#[derive(Debug)]
pub struct AuditLog {
    tip: Tip,
    appender: Appender<Tip>,
    heads: watch::Receiver<Head>,
    /// From this size on it is time to rotate.
    rotate_at: u64,
}

/// A log that was opened, and what was found while doing so.
#[derive(Debug)]
pub struct Opened {
    /// The log, ready to be appended to.
    pub log: AuditLog,
    /// An unfinished last group, which was never acknowledged to anybody.
    pub torn: Option<Torn>,
    /// Whether this file system sets space aside; where it does not, nothing can be written on a full disk, the reserve neither.
    pub space_set_aside: bool,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            segment: 8 * 1024 * 1024,
            reserve: 256 * 1024,
            deadline: Duration::from_secs(2),
            queue: 4096,
            queue_bytes: 2 * 1024 * 1024,
            // An idle log looks four times a second, so it is a second at most.
            head_sync: Duration::from_millis(750),
        }
    }
}

// === impl AuditLog ===

impl AuditLog {
    /// Opens a log, or makes an empty one, and hands its entries to `fold`, as many as that needs.
    ///
    /// What a crash left is repaired; what no crash leaves is refused. See [`OpenProblem`].
    pub fn open(
        place: &Place,
        signer: Signer,
        options: &Options,
        fold: &mut impl Fold,
    ) -> Result<Opened, OpenProblem> {
        let lock = Lock::take(&*place.disk, &place.lock()).map_err(|problem| match problem {
            NotLocked::Held(by) => OpenProblem::Held { path: place.path(&place.active()), by },
            NotLocked::Io(source) => OpenProblem::Io { path: place.path(&place.lock()), source },
        })?;
        let found = recover(place, &signer, fold)?;
        let head = HeadFile::open(&*place.disk, &place.head(), signer, found.tip, options.head_sync)
            .map_err(io_at(place, &place.head()))?;
        let heads = head.follow();
        let keeper = LogKeeper::new(place.clone(), lock, head, options.limits(), &found)
            .map_err(io_at(place, &place.active()))?;
        let appender = Appender::start("audit-log", found.active, found.end, keeper, options.limits())
            .map_err(io_at(place, &place.active()))?;
        let space_set_aside = appender.sets_space_aside();
        let rotate_at = options.segment.saturating_sub(options.reserve);
        let log = Self { tip: found.tip, appender, heads, rotate_at };
        Ok(Opened { log, torn: found.torn, space_set_aside })
    }

    /// Appends an entry. It has its place in the chain at once; it is there only when [`Durable::wait`] says so.
    pub fn append(
        &mut self,
        now: Timestamp,
        event_type: &str,
        details: &impl Serialize,
        need: Need,
    ) -> Result<Durable, Unwritable> {
        self.append_all(now, [(event_type, details)], need)
    }

    /// Appends entries that follow from each other: all of them or none, in one write and one sync. A crash may still leave
    /// only the first ones.
    pub fn append_all<'a, D: Serialize + 'a>(
        &mut self,
        now: Timestamp,
        entries: impl IntoIterator<Item = (&'a str, &'a D)>,
        need: Need,
    ) -> Result<Durable, Unwritable> {
        let (mut lines, mut tip) = (Vec::new(), self.tip);
        for (event_type, details) in entries {
            let (line, next) =
                tip.next_line(now, event_type, details).map_err(|_unserialisable| Unwritable::NotJson)?;
            lines.extend(line);
            tip = next;
        }
        let (_position, durable) = self.appender.push(lines, tip, need)?;
        self.tip = tip;
        Ok(durable)
    }

    /// Whether the active segment is full, and the next one ready.
    pub fn rotation_due(&self) -> bool {
        self.appender.end() >= self.rotate_at && self.appender.next_space().is_some()
    }

    /// Begins a new segment with this entry, which should name all that is remembered, so that a start need not look
    /// further back. It is an entry as any other. Refused as [`Unwritable::Busy`] while [`Self::rotation_due`] says no.
    pub fn rotate(
        &mut self,
        now: Timestamp,
        event_type: &str,
        details: &impl Serialize,
    ) -> Result<Durable, Unwritable> {
        let (line, tip) =
            self.tip.next_line(now, event_type, details).map_err(|_unserialisable| Unwritable::NotJson)?;
        let durable = self.appender.turn(line, tip)?;
        self.tip = tip;
        Ok(durable)
    }

    /// The head as it was last signed: of what is durable.
    pub fn head(&self) -> Head {
        self.heads.borrow().clone()
    }

    /// Every head from now on; who is slow sees the newest.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.heads.clone()
    }

    /// What keeps ordinary entries out at this moment. Cheap: looks at memory only.
    pub fn trouble(&self) -> Option<Trouble> {
        self.appender.trouble()
    }

    /// How many entries have been appended, durable or not.
    pub const fn len(&self) -> u64 {
        self.tip.seq
    }

    /// Whether nothing has been appended yet.
    pub const fn is_empty(&self) -> bool {
        self.tip.seq == 0
    }
}

// === impl Options ===

impl Options {
    const fn limits(&self) -> Limits {
        Limits {
            deadline: self.deadline,
            queue: self.queue,
            queue_bytes: self.queue_bytes,
            space: self.segment,
            reserve: self.reserve,
        }
    }
}
