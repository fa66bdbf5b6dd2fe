//! A disk that crashes, fails and lies, by a seed.
//!
//! What was written and not synced is in memory: a power cut keeps any part of it (in any order, torn anywhere, but one
//! aligned sector is whole or not there) and of the names that were given since the folder was synced any part too, which
//! is more than a journalling file system would lose. A failed sync drops what it should have written and says so once, as
//! Linux does: memory still shows it until it is forgotten.

pub(crate) use crate::sim_state::Random;
use crate::sim_state::{Change, File, Names as _, Naming, State, is_sector, keep_parts};
use audit_log::{Disk, DiskFile, Opening, Stat};
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// What goes wrong at one operation that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The operation does nothing and fails.
    Fails,
    /// A write writes half and says so.
    Short,
    /// A write says that it wrote all, and wrote nothing, or zeros.
    Lies,
    /// The process, or the machine, ends before the operation.
    EndsBefore,
    /// The same, after it was done and before its result was seen.
    EndsAfter,
}

/// A defect of the log, as far as it can be played by the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// As if entries were never synced.
    NoSync,
    /// As if entries were acknowledged before the sync: it takes effect with the next one.
    SyncsLate,
    /// As if a failed sync were tried again until it says yes.
    RetriesSync,
    /// As if names were never made durable.
    NoFolderSync,
    /// As if a start trusted memory after a failed sync.
    TrustsMemory,
    /// As if nothing were read back.
    ReadsBackNothing,
    /// As if what is torn were left where it is.
    NeverCuts,
}

/// The disk. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
    holds_lock: Mutex<bool>,
}

// === impl SimDisk ===

impl SimDisk {
    pub(crate) fn with_mutant(mutant: Option<Mutant>) -> Self {
        let disk = Self::default();
        disk.state().mutant = mutant;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    /// Something goes wrong at the operation that comes `after` so many others.
    pub(crate) fn plan(&self, after: u64, fault: Fault) {
        let mut state = self.state();
        let at = state.operations + after;
        state.faults.insert(at, fault);
    }

    /// Nothing more goes wrong.
    pub(crate) fn heal(&self) {
        self.state().faults.clear();
    }

    /// What has gone wrong so far.
    pub(crate) fn fired(&self) -> BTreeSet<Fault> {
        self.state().fired.clone()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().ended
    }

    /// How often something has gone wrong.
    pub(crate) fn faults(&self) -> u64 {
        self.state().faults_met
    }

    /// Whether somebody waits at the closed gate: then everything before is done.
    pub(crate) fn somebody_waits(&self) -> bool {
        self.state().at_gate
    }

    /// How many bytes may be set aside on the whole disk.
    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.state().capacity = Some(bytes);
    }

    /// While it is closed, whoever asks what stands under a name waits: so that a group is gathered behind it, and a disk
    /// that does not answer is played.
    pub(crate) fn close_gate(&self) {
        self.state().gate_closed = true;
    }

    pub(crate) fn open_gate(&self) {
        self.state().gate_closed = false;
        self.0.1.notify_all();
    }

    /// Nothing that the process does from now on has an effect.
    pub(crate) fn end(&self) {
        self.state().ended = true;
    }

    /// The process is gone; memory stays.
    pub(crate) fn process_ends(&self) {
        let mut state = self.state();
        state.ended = false;
        state.faults.clear();
        state.files.iter_mut().for_each(|file| file.locked = false);
    }

    /// The machine is gone. Of what was not synced, any part stays.
    pub(crate) fn power_fails(&self, random: &mut Random) {
        self.process_ends();
        let grain = [1, 7, 64, 512][usize::try_from(random.below(4)).unwrap()];
        let mut state = self.state();
        for file in &mut state.files {
            for change in std::mem::take(&mut file.unsynced) {
                match change {
                    Change::Cut(size) if random.one_in(2) => file.disk.truncate(size),
                    Change::Cut(_) => {}
                    Change::Write(at, bytes) => {
                        let grain = if is_sector(at, &bytes) { 512 } else { grain };
                        keep_parts(&mut file.disk, at, &bytes, grain, random);
                    }
                }
            }
            file.seen = file.disk.clone();
        }
        let (namings, all, in_order) =
            (std::mem::take(&mut state.namings), random.one_in(3), random.one_in(2));
        let kept = random.below(namings.len() as u64 + 1);
        for (n, naming) in namings.into_iter().enumerate() {
            let keep = all || if in_order { (n as u64) < kept } else { random.one_in(2) };
            if keep {
                state.names_on_disk.apply(naming);
            }
        }
        state.names = state.names_on_disk.clone();
        // A file whose name was lost with a rename that came through has none; one may even have two for a while: no log
        // does that, so it is not played.
        let used: Vec<usize> = state.names.values().copied().collect();
        for (n, file) in state.files.iter_mut().enumerate() {
            file.links = used.iter().filter(|used| **used == n).count() as u64;
        }
    }

    /// Cuts the last unsynced write of a file short: `kept` of its bytes reached the disk, of a size that may already say all.
    pub(crate) fn power_fails_in_last_write(&self, name: &str, kept: usize, whole_size: bool) -> bool {
        self.process_ends();
        let mut state = self.state();
        let file = state.names[name];
        let file = &mut state.files[file];
        let Some(Change::Write(at, bytes)) = file.unsynced.pop() else { return false };
        file.unsynced.clear();
        let size = if whole_size { at + bytes.len() } else { at + kept.min(bytes.len()) };
        file.disk.resize(size.max(file.disk.len()), 0);
        file.disk[at..at + kept.min(bytes.len())].copy_from_slice(&bytes[..kept.min(bytes.len())]);
        file.seen = file.disk.clone();
        for file in &mut state.files {
            file.seen = file.disk.clone();
            file.unsynced.clear();
        }
        state.names = state.names_on_disk.clone();
        kept < bytes.len()
    }

    /// What stands in a file, as a program sees it.
    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(name).map(|file| state.files[*file].seen.clone())
    }

    pub(crate) fn all_names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }
}

// === impl Disk for SimDisk ===

impl Disk for SimDisk {
    fn open(&self, name: &str, how: Opening) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let file = match (state.names.get(name).copied(), how) {
            (Some(_), Opening::New) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(file), _) => file,
            (None, Opening::Existing) => return Err(io::ErrorKind::NotFound.into()),
            (None, _) => {
                let fault = state.operation()?;
                state.files.push(File { links: 1, ..File::default() });
                let file = state.files.len() - 1;
                state.name(Naming::Gives(name.to_owned(), file));
                state.done(fault, file)?
            }
        };
        drop(state);
        Ok(Box::new(SimFile { disk: self.clone(), file, holds_lock: Mutex::new(false) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation()?;
        let file = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        if let Some(replaced) = state.names.get(to).copied() {
            state.files[replaced].links -= 1;
        }
        state.files[file].changes += 1;
        state.name(Naming::Renames(from.to_owned(), to.to_owned(), file));
        state.done(fault, ())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation()?;
        let file = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        state.files[file].links -= 1;
        state.files[file].allocated = 0;
        state.name(Naming::Takes(name.to_owned()));
        state.done(fault, ())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.all_names())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation()?;
        if state.mutant != Some(Mutant::NoFolderSync) {
            state.names_on_disk = state.names.clone();
            state.namings.clear();
        }
        state.done(fault, ())
    }

    fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        let mut state = self.state();
        while state.gate_closed {
            state.at_gate = true;
            state = self.0.1.wait(state).unwrap();
        }
        state.at_gate = false;
        if state.ended {
            return Err(io::Error::other("the process has ended"));
        }
        Ok(state.names.get(name).map(|file| state.files[*file].stat(*file)))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/simulated").join(name)
    }
}

// === impl DiskFile for SimFile ===

impl DiskFile for SimFile {
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let fault = state.operation()?;
        let at = usize::try_from(position).unwrap();
        let written = match fault {
            // A kernel copies one sector into memory at once, or not at all.
            Some(Fault::Short) if bytes.len() > 1 && !is_sector(at, bytes) => bytes.len() / 2,
            _ => bytes.len(),
        };
        let reads_back = state.mutant != Some(Mutant::ReadsBackNothing);
        // Zeros in place of the head are no lie that a log could survive: it is refused, rightly.
        let of_zeros = state.operations.is_multiple_of(2) && !is_sector(at, bytes);
        let used: u64 = state.files.iter().map(|file| file.allocated).sum();
        let room = state.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(used));
        let file = &mut state.files[self.file];
        if (position + written as u64).saturating_sub(file.allocated) > room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if fault == Some(Fault::Lies) {
            if !reads_back {
                file.apply(Change::Write(at, bytes.to_vec()));
                file.unsynced.pop();
            } else if of_zeros {
                file.apply(Change::Write(at, vec![0; bytes.len()]));
            }
        } else {
            file.apply(Change::Write(at, bytes[..written].to_vec()));
        }
        state.done(fault, written)
    }

    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<usize> {
        let state = self.disk.state();
        if state.ended {
            return Err(io::Error::other("the process has ended"));
        }
        let seen = &state.files[self.file].seen;
        let from = usize::try_from(position).unwrap().min(seen.len());
        let read = bytes.len().min(seen.len() - from);
        bytes[..read].copy_from_slice(&seen[from..from + read]);
        Ok(read)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let fails = state.faults.get(&state.operations) == Some(&Fault::Fails);
        let fault = match state.operation() {
            Ok(fault) => fault,
            Err(error) => {
                if fails {
                    // Marked as written, and gone.
                    state.files[self.file].unsynced.clear();
                }
                let retried = fails && state.mutant == Some(Mutant::RetriesSync);
                return if retried { Ok(()) } else { Err(error) };
            }
        };
        match state.mutant {
            Some(Mutant::NoSync) => {}
            Some(Mutant::SyncsLate) => state.files[self.file].sync_what_was_promised(),
            _ => state.files[self.file].sync(),
        }
        state.done(fault, ())
    }

    fn allocate(&self, position: u64, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.operation()?;
        let used: u64 = state.files.iter().map(|file| file.allocated).sum();
        let wanted = (position + length).saturating_sub(state.files[self.file].allocated);
        if state.capacity.is_some_and(|capacity| used + wanted > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = &mut state.files[self.file];
        file.allocated = file.allocated.max(position + length);
        file.changes += 1;
        state.done(fault, ())
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.operation()?;
        if state.mutant != Some(Mutant::NeverCuts) {
            state.files[self.file].apply(Change::Cut(usize::try_from(size).unwrap()));
        }
        state.done(fault, ())
    }

    fn forget_cached(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.mutant != Some(Mutant::TrustsMemory) {
            let file = &mut state.files[self.file];
            let size = file.seen.len();
            let mut truth = File { seen: file.disk.clone(), ..File::default() };
            file.unsynced.iter().for_each(|change| truth.apply(change.clone()));
            // The size is known apart from the bytes.
            truth.seen.resize(size, 0);
            file.seen = truth.seen;
        }
        Ok(())
    }

    fn stat(&self) -> io::Result<Stat> {
        let state = self.disk.state();
        if state.ended {
            return Err(io::Error::other("the process has ended"));
        }
        Ok(state.files[self.file].stat(self.file))
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut state = self.disk.state();
        let free = !std::mem::replace(&mut state.files[self.file].locked, true);
        *self.holds_lock.lock().unwrap() = free;
        Ok(free)
    }

    fn unlock(&self) -> io::Result<()> {
        if std::mem::take(&mut *self.holds_lock.lock().unwrap()) {
            self.disk.state().files[self.file].locked = false;
        }
        Ok(())
    }
}
