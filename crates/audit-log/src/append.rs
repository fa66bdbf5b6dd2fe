//! One thread that appends to a file: what arrives while a sync is under way shares the next one.
//!
//! The order of every group: look at the file, write, sync, read back, let the keeper do what must come before anybody
//! hears (the log signs its head), acknowledge. The first error poisons for good: after a failed sync the kernel may drop the
//! pages and answer the next sync with success, so there is no second try. What is not durable is never acknowledged.
//!
//! Nothing waits forever for a disk that does not answer: past the deadline callers are told so, and while the thread has
//! been at one piece of work for longer than that, nothing new is taken.

mod thread;

use crate::disk::DiskFile;
use crate::durable::Durable;
use crate::room::{Reached, set_aside};
use crate::trouble::{Fault, Stopped, Trouble, Unwritable};
use std::fmt::Debug;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thread::{Job, Thread};
use tokio::sync::oneshot;

/// Health tells of a full disk when an ordinary entry of this size would be refused.
const ORDINARY: u64 = 4096;

/// On a small disk more space is asked for when less than this is left for ordinary entries.
const MARGIN: u64 = 64 * 1024;

/// What bounds an appender.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a caller waits for the disk.
    pub(crate) deadline: Duration,
    /// How many pieces may wait for the disk.
    pub(crate) queue: usize,
    /// How many bytes may wait for the disk.
    pub(crate) queue_bytes: u64,
    /// How much space a file gets at first.
    pub(crate) space: u64,
    /// How much of it is kept for [`Need::Reserved`].
    pub(crate) reserve: u64,
}

/// Whether an entry may use the reserve of a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Refused when the disk is full.
    Ordinary,
    /// Written on a full disk too, as long as the reserve lasts: refusals, the kill, outcomes of what was begun.
    Reserved,
}

/// What goes with the file that is appended to. All of it runs on the appender's thread.
pub(crate) trait Keeper: Send + 'static {
    /// Said of every piece; the last one of a group is handed on.
    type Mark: Debug + Send + 'static;

    /// Before a group is written, and while there is nothing to do: whether the file is as it was left.
    fn look(&mut self, _file: &dyn DiskFile, _end: u64) -> Result<(), Stopped> {
        Ok(())
    }

    /// We have just changed the file, which ends here: so it is left.
    fn touched(&mut self, _file: &dyn DiskFile, _end: u64) -> Result<(), Stopped> {
        Ok(())
    }

    /// The group is on the disk, the file ends at `end`, and nobody has heard of it yet.
    fn synced(&mut self, _file: &dyn DiskFile, _end: u64, _last: &Self::Mark) -> Result<(), Stopped> {
        Ok(())
    }

    /// What may wait until everybody has heard; also runs while there is nothing to do.
    ///
    /// Returns how much space the next file has, once one is ready for [`Self::turn`].
    fn tend(&mut self, _file: &dyn DiskFile, _end: u64) -> Result<Option<u64>, Stopped> {
        Ok(None)
    }

    /// Goes over to the next file, which begins with these bytes, and makes it durable.
    fn turn(
        &mut self,
        _old: &dyn DiskFile,
        _old_end: u64,
        _bytes: &[u8],
        _mark: &Self::Mark,
    ) -> Result<Box<dyn DiskFile>, Stopped> {
        Err(Stopped::Poisoned(Fault::new("begin a new file", &io::ErrorKind::Unsupported.into())))
    }

    /// The thread ends, for whatever reason.
    fn close(&mut self) {}
}

/// The caller's end.
#[derive(Debug)]
pub(crate) struct Appender<M> {
    /// `None` only while it is being dropped.
    queue: Option<SyncSender<Job<M>>>,
    thread: Option<JoinHandle<()>>,
    /// Hears when the thread has ended.
    ended: Receiver<()>,
    shared: Arc<Shared>,
    limits: Limits,
    /// Where the next piece goes.
    end: u64,
    /// Which file that is, counted from 0.
    file: u64,
    /// The space of that file, until the thread has come to it.
    ahead: u64,
}

/// What both ends know.
#[derive(Debug)]
pub(crate) struct Shared {
    started: Instant,
    deadline: Duration,
    /// Since when the thread has been at one piece of work: milliseconds after `started`, and 1; 0 when it is not.
    busy_since: AtomicU64,
    waiting_bytes: AtomicU64,
    room: Mutex<Room>,
    /// Set before anybody hears of the first error.
    stopped: OnceLock<Stopped>,
}

/// Space of the file that the thread writes to.
#[derive(Clone, Copy, Debug)]
struct Room {
    file: u64,
    allocated: u64,
    /// The last time that space was asked for there was not as much as was wanted.
    scarce: bool,
    /// Nor as much as is needed.
    short: bool,
    /// The end of what was refused for lack of space since then.
    missed: u64,
    /// The space of the next file, once that is ready.
    next: Option<u64>,
}

// === impl Appender ===

impl<M: Debug + Send + 'static> Appender<M> {
    /// Sets space aside and starts the thread; `end` is where the file ends now.
    pub(crate) fn start(
        name: &str,
        file: Box<dyn DiskFile>,
        end: u64,
        mut keeper: impl Keeper<Mark = M>,
        limits: Limits,
    ) -> io::Result<Self> {
        let reached = set_aside(&*file, end, limits.least(end), limits.wanted(end))?;
        keeper.touched(&*file, end).map_err(|stopped| io::Error::other(Unwritable::from(stopped)))?;
        let room = Room {
            file: 0,
            allocated: reached.position(),
            scarce: reached.is_scarce(),
            short: matches!(reached, Reached::Full(_)),
            missed: 0,
            next: None,
        };
        let shared = Arc::new(Shared {
            started: Instant::now(),
            deadline: limits.deadline,
            busy_since: AtomicU64::new(0),
            waiting_bytes: AtomicU64::new(0),
            room: Mutex::new(room),
            stopped: OnceLock::new(),
        });
        let (queue, jobs) = sync_channel(limits.queue);
        let (ends, ended) = channel();
        let thread = Thread {
            keeper,
            file,
            end,
            jobs,
            held_back: None,
            asked: Instant::now(),
            limits,
            shared: Arc::clone(&shared),
            _ended: ends,
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || thread.run())?;
        Ok(Self { queue: Some(queue), thread: Some(thread), ended, shared, limits, end, file: 0, ahead: 0 })
    }

    /// Appends bytes. They have their position at once; they are there only when [`Durable::wait`] says so.
    pub(crate) fn push(&mut self, bytes: Vec<u8>, mark: M, need: Need) -> Result<(u64, Durable), Unwritable> {
        self.takes_more(bytes.len() as u64)?;
        let (position, end) = (self.end, self.end + bytes.len() as u64);
        let kept = match need {
            Need::Ordinary => self.limits.reserve,
            Need::Reserved => 0,
        };
        let wanted = end.saturating_add(kept);
        let mut room = self.shared.room();
        if wanted > self.allocated(&room) {
            if room.file == self.file {
                room.missed = room.missed.max(wanted);
            }
            return Err(if room.short { Unwritable::Full } else { Unwritable::Busy });
        }
        drop(room);
        let durable = self.send(bytes, mark, false)?;
        self.end = end;
        Ok((position, durable))
    }

    /// Begins the next file with these bytes; everything after goes there too. Refused while that is not ready.
    pub(crate) fn turn(&mut self, bytes: Vec<u8>, mark: M) -> Result<Durable, Unwritable> {
        let length = bytes.len() as u64;
        self.takes_more(length)?;
        let not_ready = if self.shared.room().short { Unwritable::Full } else { Unwritable::Busy };
        let ahead = self.next_space().filter(|space| length <= *space).ok_or(not_ready)?;
        let durable = self.send(bytes, mark, true)?;
        (self.end, self.file, self.ahead) = (length, self.file + 1, ahead);
        Ok(durable)
    }

    /// For what need not be waited for, because it is durable already.
    pub(crate) fn durable_already(&self) -> Durable {
        let (done, durable) = oneshot::channel();
        // The other end is right here.
        let _ = done.send(());
        Durable::new(durable, Arc::clone(&self.shared))
    }

    /// The space of the next file, once that is ready.
    pub(crate) fn next_space(&self) -> Option<u64> {
        let room = self.shared.room();
        room.next.filter(|_ready| room.file == self.file)
    }

    /// Where the next piece goes.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    /// Whether space could be set aside at all.
    pub(crate) fn sets_space_aside(&self) -> bool {
        self.shared.room().allocated != u64::MAX
    }

    /// What keeps it from taking ordinary pieces.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        if let Some(stopped) = self.stopped() {
            return Some(stopped.into());
        }
        if self.shared.is_slow() {
            return Some(Trouble::Slow);
        }
        let room = self.shared.room();
        let end = self.end.saturating_add(self.limits.reserve).saturating_add(ORDINARY);
        (room.short && end > self.allocated(&room)).then_some(Trouble::Full)
    }

    fn takes_more(&self, length: u64) -> Result<(), Unwritable> {
        if let Some(stopped) = self.stopped() {
            return Err(stopped.into());
        }
        if self.shared.is_slow() {
            return Err(Unwritable::Slow);
        }
        if length > self.limits.queue_bytes {
            return Err(Unwritable::TooLong);
        }
        let waiting = self.shared.waiting_bytes.load(Ordering::Acquire);
        if waiting + length > self.limits.queue_bytes { Err(Unwritable::Busy) } else { Ok(()) }
    }

    fn stopped(&self) -> Option<Stopped> {
        let gone = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        (gone || self.shared.stopped.get().is_some()).then(|| self.shared.why_stopped())
    }

    fn allocated(&self, room: &Room) -> u64 {
        if room.file == self.file { room.allocated } else { self.ahead }
    }

    fn send(&self, bytes: Vec<u8>, mark: M, turns: bool) -> Result<Durable, Unwritable> {
        let (done, durable) = oneshot::channel();
        let durable = Durable::new(durable, Arc::clone(&self.shared));
        let length = bytes.len() as u64;
        let queue = self.queue.as_ref().ok_or_else(|| self.shared.why_stopped())?;
        self.shared.waiting_bytes.fetch_add(length, Ordering::AcqRel);
        queue.try_send(Job { bytes, mark, turns, done }).map_err(|refused| {
            self.shared.waiting_bytes.fetch_sub(length, Ordering::AcqRel);
            match refused {
                TrySendError::Full(_) => Unwritable::Busy,
                TrySendError::Disconnected(_) => self.shared.why_stopped().into(),
            }
        })?;
        Ok(durable)
    }
}

impl<M> Drop for Appender<M> {
    /// Waits until what was taken is written, so that whoever opens the file next finds it free and whole; but not forever.
    fn drop(&mut self) {
        drop(self.queue.take());
        let hangs = self.ended.recv_timeout(self.limits.deadline) == Err(RecvTimeoutError::Timeout);
        if let Some(thread) = self.thread.take().filter(|_thread| !hangs) {
            // A thread that panicked has acknowledged nothing.
            let _ = thread.join();
        }
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn why_stopped(&self) -> Stopped {
        self.stopped.get().cloned().unwrap_or_else(|| Stopped::Poisoned(Fault::ended()))
    }

    /// The first reason is the one that counts.
    fn stop(&self, why: Stopped) {
        let _ = self.stopped.set(why);
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    fn begin_work(&self) {
        self.busy_since.store(self.milliseconds() + 1, Ordering::Release);
    }

    fn end_work(&self) {
        self.busy_since.store(0, Ordering::Release);
    }

    fn is_slow(&self) -> bool {
        let since = self.busy_since.load(Ordering::Acquire);
        since != 0 && u128::from((self.milliseconds() + 1).saturating_sub(since)) > self.deadline.as_millis()
    }
}

// === impl Limits ===

impl Limits {
    /// With less space than this set aside, a full queue could meet a full disk.
    pub(crate) const fn needed(&self, end: u64) -> u64 {
        end + self.queue_bytes + self.reserve
    }

    /// So much is asked for in any case, where there is not as much as is wanted.
    const fn least(&self, end: u64) -> u64 {
        end + self.reserve + MARGIN
    }

    /// How much is asked for.
    fn wanted(&self, end: u64) -> u64 {
        self.space.max(self.needed(end) + self.queue_bytes)
    }
}
