//! The appender's thread: one group after another, in the order that the module says.

use super::{Keeper, Limits, Room, Shared};
use crate::disk::DiskFile;
use crate::room::{Reached, set_aside};
use crate::trouble::Stopped;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often an idle thread looks at its file.
const IDLE: Duration = Duration::from_millis(250);

/// How often space is asked for on a full disk.
const ASK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Job<M> {
    pub(super) bytes: Vec<u8>,
    pub(super) mark: M,
    /// Goes to the beginning of the next file.
    pub(super) turns: bool,
    pub(super) done: oneshot::Sender<()>,
}

pub(super) struct Thread<K: Keeper> {
    pub(super) keeper: K,
    pub(super) file: Box<dyn DiskFile>,
    pub(super) end: u64,
    pub(super) jobs: Receiver<Job<K::Mark>>,
    /// The first job after a group that had to end before it.
    pub(super) held_back: Option<Job<K::Mark>>,
    pub(super) asked: Instant,
    pub(super) limits: Limits,
    pub(super) shared: Arc<Shared>,
    pub(super) _ended: Sender<()>,
}

// === impl Thread ===

impl<K: Keeper> Thread<K> {
    pub(super) fn run(mut self) {
        while let Ok(job) = self.next_job() {
            self.shared.begin_work();
            if let Err(stopped) = self.serve(job) {
                // Only then is what was taken dropped, which tells every waiting caller.
                self.shared.stop(stopped);
                break;
            }
            self.shared.end_work();
        }
        self.keeper.close();
    }

    /// `None` when there is nothing to do.
    fn next_job(&mut self) -> Result<Option<Job<K::Mark>>, RecvTimeoutError> {
        if let Some(job) = self.held_back.take() {
            return Ok(Some(job));
        }
        match self.jobs.recv_timeout(IDLE) {
            Ok(job) => Ok(Some(job)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(RecvTimeoutError::Disconnected),
        }
    }

    fn serve(&mut self, job: Option<Job<K::Mark>>) -> Result<(), Stopped> {
        if let Err(stopped) = self.keeper.look(&*self.file, self.end) {
            self.shared.stop(stopped.clone());
            return Err(stopped);
        }
        if let Some(first) = job {
            let group = self.gather(first);
            if let Err(stopped) = self.commit(&group) {
                self.shared.stop(stopped.clone());
                return Err(stopped);
            }
            let bytes = group.iter().map(|job| job.bytes.len() as u64).sum();
            self.shared.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
            self.shared.end_work();
            for job in group {
                // A caller that no longer waits does not make it less true.
                let _ = job.done.send(());
            }
            self.shared.begin_work();
        }
        self.ask_for_room()?;
        let next = self.keeper.tend(&*self.file, self.end)?;
        self.shared.room().next = next;
        Ok(())
    }

    /// Everything that waits, up to the next turn; a turn stands alone.
    fn gather(&mut self, first: Job<K::Mark>) -> Vec<Job<K::Mark>> {
        let mut group = vec![first];
        if group.iter().any(|job| job.turns) {
            return group;
        }
        while group.len() < self.limits.queue {
            match self.jobs.try_recv() {
                Ok(job) if job.turns => {
                    self.held_back = Some(job);
                    break;
                }
                Ok(job) => group.push(job),
                Err(_none_waits) => break,
            }
        }
        group
    }

    fn commit(&mut self, group: &[Job<K::Mark>]) -> Result<(), Stopped> {
        let Some(last) = group.last() else { return Ok(()) };
        if last.turns {
            let next = self.keeper.turn(&*self.file, self.end, &last.bytes, &last.mark)?;
            (self.file, self.end) = (next, last.bytes.len() as u64);
            let mut room = self.shared.room();
            let allocated = room.next.take().unwrap_or(self.end);
            *room =
                Room { file: room.file + 1, allocated, scarce: false, short: false, missed: 0, next: None };
        } else {
            let bytes = group.iter().map(|job| job.bytes.as_slice()).collect::<Vec<_>>().concat();
            self.file.write_all_at(&bytes, self.end).map_err(Stopped::at("write"))?;
            self.file.sync_data().map_err(Stopped::at("sync"))?;
            self.file.read_back(&bytes, self.end).map_err(Stopped::at("write"))?;
            self.end += bytes.len() as u64;
        }
        self.keeper.touched(&*self.file, self.end)?;
        self.keeper.synced(&*self.file, self.end, &last.mark)
    }

    /// Sets more space aside before what there is runs short.
    fn ask_for_room(&mut self) -> Result<(), Stopped> {
        let room = *self.shared.room();
        let needed = if room.scarce { self.limits.least(self.end) } else { self.limits.needed(self.end) };
        let enough = room.allocated >= needed.max(room.missed);
        if enough || (room.short && self.asked.elapsed() < ASK_AGAIN) {
            return Ok(());
        }
        self.asked = Instant::now();
        let least = self.limits.least(self.end).max(room.missed);
        let wanted = self.limits.wanted(self.end).max(least);
        let reached = set_aside(&*self.file, room.allocated.max(self.end), least, wanted)
            .map_err(Stopped::at("set space aside"))?;
        self.keeper.touched(&*self.file, self.end)?;
        let mut room = self.shared.room();
        room.allocated = reached.position();
        room.scarce = reached.is_scarce();
        room.short = matches!(reached, Reached::Full(_));
        room.missed = 0;
        Ok(())
    }
}
