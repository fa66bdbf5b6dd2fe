//! What the log does around every group: looks whether its files are as it left them, signs its head, rotates.

use crate::append::{Keeper, Limits};
use crate::disk::{DiskFile, Opening};
use crate::entry::Tip;
use crate::head_file::HeadFile;
use crate::lock::Lock;
use crate::recover::Found;
use crate::room::set_aside;
use crate::segment::Place;
use crate::trouble::{Fault, Stopped, Tampered, Tampering};
use crate::watch::Watch;
use std::io;
use std::time::{Duration, Instant};

/// How often a next segment is tried on a full disk.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct LogKeeper {
    place: Place,
    head: HeadFile,
    watch: Watch,
    limits: Limits,
    /// The number of the first entry of the active segment.
    first: u64,
    next: Option<NextSegment>,
    tried: Option<Instant>,
    /// The last to go.
    _lock: Lock,
}

/// The segment after the active one, made before it is needed: so that rotation needs no space.
struct NextSegment {
    file: Box<dyn DiskFile>,
    space: u64,
}

// === impl LogKeeper ===

impl LogKeeper {
    /// Whatever is in the log's files from here on is known.
    pub(crate) fn new(
        place: Place,
        lock: Lock,
        head: HeadFile,
        limits: Limits,
        found: &Found,
    ) -> io::Result<Self> {
        let mut watch = Watch::new(place.disk.clone());
        watch.left(&place.head(), head.stat()?);
        watch.close(&place.lock(), lock.file().stat()?);
        for first in &found.closed {
            let name = place.closed(*first);
            let stat = place.disk.stat(&name)?.ok_or(io::ErrorKind::NotFound)?;
            watch.close(&name, stat);
        }
        Ok(Self { place, head, watch, limits, first: found.first, next: None, tried: None, _lock: lock })
    }

    /// Makes the next segment and sets its space aside; leaves nothing behind when there is not enough.
    fn make_next(&self) -> io::Result<NextSegment> {
        let (disk, name) = (&*self.place.disk, self.place.next());
        let file = disk.open(&name, Opening::New)?;
        let made = set_aside(&*file, 0, self.limits.needed(0), self.limits.space)
            .map(crate::room::Reached::position)
            .and_then(|space| {
                let enough = space >= self.limits.needed(0);
                if enough { Ok(space) } else { Err(io::ErrorKind::StorageFull.into()) }
            });
        match made {
            Ok(space) => Ok(NextSegment { file, space }),
            Err(error) => {
                let _ = disk.remove(&name);
                Err(error)
            }
        }
    }

    /// Nobody else has given or taken the name meanwhile.
    fn is_ours(&self, name: &str, file: Option<&dyn DiskFile>) -> Result<(), Stopped> {
        let found = self.place.disk.stat(name).map_err(Stopped::at("look at the log"))?;
        let ours = file.map(|file| file.stat()).transpose().map_err(Stopped::at("look at the log"))?;
        let how = match (found, ours) {
            (Some(found), Some(ours)) if found.same_file(&ours) => return Ok(()),
            (None, None) => return Ok(()),
            (None, Some(_)) => Tampered::Unlinked,
            (Some(_), _) => Tampered::Replaced,
        };
        Err(Stopped::Tampered(Tampering { file: name.to_owned(), how }))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Stopped> {
        let disk = &*self.place.disk;
        disk.rename(from, to).and_then(|()| disk.sync()).map_err(Stopped::at("rotate"))
    }
}

impl Keeper for LogKeeper {
    type Mark = Tip;

    fn look(&mut self, _file: &dyn DiskFile, _end: u64) -> Result<(), Stopped> {
        self.watch.look()
    }

    fn touched(&mut self, file: &dyn DiskFile, end: u64) -> Result<(), Stopped> {
        self.watch.left_at(&self.place.active(), file, end)
    }

    fn synced(&mut self, _file: &dyn DiskFile, _end: u64, last: &Tip) -> Result<(), Stopped> {
        self.head.write(*last)?;
        let left = self.head.stat().map_err(Stopped::at("look at the head"))?;
        self.watch.left(&self.place.head(), left);
        Ok(())
    }

    fn tend(&mut self, _file: &dyn DiskFile, end: u64) -> Result<Option<u64>, Stopped> {
        self.head.sync_when_due()?;
        let rested = self.tried.is_none_or(|tried| tried.elapsed() >= TRY_AGAIN);
        if self.next.is_none() && end >= self.limits.space / 2 && rested {
            self.next = match self.make_next() {
                Ok(next) => Some(next),
                Err(error) if error.kind() == io::ErrorKind::StorageFull => None,
                Err(error) => return Err(Stopped::Poisoned(Fault::new("make the next segment", &error))),
            };
            self.tried = self.next.is_none().then(Instant::now);
        }
        Ok(self.next.as_ref().map(|next| next.space))
    }

    /// The order is what lets a crash at any point be recovered: the head is durable first, so that it is never older than
    /// the active segment; the new segment whole before it has a name that counts; each name before the next.
    fn turn(
        &mut self,
        old: &dyn DiskFile,
        old_end: u64,
        bytes: &[u8],
        mark: &Tip,
    ) -> Result<Box<dyn DiskFile>, Stopped> {
        let (active, closed, next_name) =
            (self.place.active(), self.place.closed(self.first), self.place.next());
        let next = self.next.take().ok_or_else(|| Stopped::Poisoned(Fault::ended()))?;
        self.is_ours(&next_name, Some(&*next.file))?;
        self.is_ours(&closed, None)?;
        self.head.sync()?;
        next.file.write_all_at(bytes, 0).map_err(Stopped::at("write"))?;
        next.file.sync_data().map_err(Stopped::at("sync"))?;
        next.file.read_back(bytes, 0).map_err(Stopped::at("write"))?;
        self.rename(&active, &closed)?;
        self.rename(&next_name, &active)?;
        self.is_ours(&active, Some(&*next.file))?;
        // The space beyond its end is not needed any more; when it cannot be given up, it is only lost.
        let _ = old.truncate(old_end);
        self.watch.close(&closed, old.stat().map_err(Stopped::at("look at the log"))?);
        self.first = mark.seq;
        Ok(next.file)
    }

    fn close(&mut self) {
        // What is not durable of the head is at most a second old; the next start catches up.
        let _ = self.head.sync();
    }
}
