//! Content beside the chain: what entries name by digest, so that it can be read, and one day erased, without touching them.
//!
//! Durable content costs its caller one sync, shared with whoever comes at the same time: it is appended to a journal.
//! About once a second what the journal holds is filed, each content in a file of its own, and another journal begins.
//!
//! ```text
//! content/<SHA-256>        one content
//! content/journal/<n>      contents that may not be filed yet, oldest first
//! content/journal/lock     held by the one who writes
//! ```

mod filing;
mod journal;
mod reader;
#[cfg(test)]
mod tests;

pub use reader::ContentReader;

use crate::durable::Durable;
use crate::trouble::{Fault, Stopped, Trouble, Unwritable};
use action::Digest;
use filing::Shelf;
use journal::Journal;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long content stays in a journal at least, so that many are filed at once.
const FILE_AFTER: Duration = Duration::from_secs(1);

/// Of a journal that has grown beyond this the contents are filed at once.
const JOURNAL_BYTES: u64 = 1024 * 1024;

/// So much may wait to be filed; then contents are refused until the disk has caught up.
const UNFILED_BYTES: u64 = 64 * 1024 * 1024;

/// A store of contents, each named by the SHA-256 of its bytes; held by this process alone.
#[derive(Debug)]
pub struct ContentStore {
    inner: Arc<Inner>,
    /// `None` only while it is being dropped.
    filer: Option<JoinHandle<()>>,
}

/// Why content cannot be kept, read or erased.
#[derive(Debug, thiserror::Error)]
pub enum ContentProblem {
    /// The file system says no.
    #[error("cannot use the content store `{}`", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("the content store `{}` is in use by another executor; stop that one first (`moltctl down`)", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// The bytes are not what the name says.
    #[error("content {digest} was changed on the disk")]
    Changed {
        /// Which content.
        digest: Digest,
    },
    /// The disk does not take it.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    state: Mutex<State>,
    changed: Condvar,
    /// Whoever files or erases has it, so that no content comes back that was erased.
    filing: Mutex<()>,
    lock: File,
}

#[derive(Debug)]
struct State {
    journal: Journal,
    /// What journals hold and the shelf may not.
    unfiled: HashMap<Digest, Unfiled>,
    unfiled_bytes: u64,
    /// Set for good by the first failure that is not a full disk.
    stopped: Option<Stopped>,
    ends: bool,
}

#[derive(Clone, Debug)]
struct Unfiled {
    bytes: Arc<[u8]>,
    /// The number of the newest journal that has it.
    journal: u64,
    /// Where it ends in that journal; 0 for what was found durable there.
    end: u64,
}

// === impl ContentStore ===

impl ContentStore {
    /// Opens a store, making its folder (0700) where it is missing; takes up what journals hold.
    ///
    /// A last content in a journal that is not whole was never acknowledged to anybody, and is left out.
    pub fn open(folder: &Path) -> Result<Self, ContentProblem> {
        let io_problem = |source| ContentProblem::Io { folder: folder.to_owned(), source };
        let shelf = Shelf::open(folder).map_err(io_problem)?;
        let journals = folder.join(journal::FOLDER);
        filing::private_folder(&journals).map_err(io_problem)?;
        let lock = filing::private_file(&journals.join("lock")).map_err(io_problem)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(ContentProblem::Held { folder: folder.to_owned() });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io_problem(source)),
        }
        let state = State::recover(&shelf, &journals).map_err(io_problem)?;
        let inner = Arc::new(Inner {
            shelf,
            state: Mutex::new(state),
            changed: Condvar::new(),
            filing: Mutex::new(()),
            lock,
        });
        let for_filer = Arc::clone(&inner);
        let filer = std::thread::Builder::new()
            .name("content".to_owned())
            .spawn(move || for_filer.file_until_the_end())
            .map_err(io_problem)?;
        Ok(Self { inner, filer: Some(filer) })
    }

    /// Keeps these bytes. They can be read at once; they are there only when [`Durable::wait`] says so, and before that no
    /// entry that names them may be acted on.
    pub fn put(&self, bytes: &[u8]) -> Result<(Digest, Durable), ContentProblem> {
        let digest = Digest::of(bytes);
        if bytes.len() > journal::LONGEST {
            let filing = self.inner.filing();
            self.inner.state().goes_on()?;
            let filed = self.inner.unless_it_fails(self.inner.shelf.file(&[(digest, bytes)], || false));
            drop(filing);
            filed.map_err(|source| self.inner.problem(source))?;
            return Ok((digest, self.inner.state().journal.durable_already()));
        }
        // A file that is there and not durable yet is in a journal that is.
        let on_shelf = matches!(self.inner.shelf.get(digest), Ok(Some(_)));
        let mut state = self.inner.state();
        state.goes_on()?;
        if on_shelf || state.holds_durably(digest) {
            return Ok((digest, state.journal.durable_already()));
        }
        let durable = state.push(digest, bytes)?;
        if state.unfiled.len() == 1 || state.journal.end() >= JOURNAL_BYTES {
            self.inner.changed.notify_one();
        }
        Ok((digest, durable))
    }

    /// The bytes of that digest; `None` when they are not there (any more).
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, ContentProblem> {
        let unfiled = self.inner.state().unfiled.get(&digest).map(|unfiled| Arc::clone(&unfiled.bytes));
        match unfiled {
            Some(bytes) => Ok(Some(bytes.to_vec())),
            None => self.inner.shelf.get(digest),
        }
    }

    /// Takes content away wherever it is, and comes back when that is durable. What was put before is gone then; an error
    /// means that it may come back with the next start.
    ///
    /// A disk may keep the bytes of what was taken away until it uses their place again.
    pub fn erase(&self, digest: Digest) -> Result<(), ContentProblem> {
        let filing = self.inner.filing();
        let erased = self.inner.file(&filing).and_then(|()| self.inner.shelf.remove(digest));
        erased.map_err(|source| self.inner.problem(source))
    }

    /// What keeps it from taking contents at this moment. Cheap: looks at memory only.
    pub fn trouble(&self) -> Option<Trouble> {
        let state = self.inner.state();
        state.stopped.clone().map(Trouble::from).or_else(|| state.journal.trouble())
    }
}

impl Drop for ContentStore {
    /// What is not filed stays in the journal, for the next start.
    fn drop(&mut self) {
        self.inner.state().ends = true;
        self.inner.changed.notify_all();
        if let Some(filer) = self.filer.take() {
            // A filer that panicked has taken nothing away.
            let _ = filer.join();
        }
        // Closing alone would not do while a program that is being started still holds a copy. The kernel lets go in any
        // case when the process ends.
        let _ = self.inner.lock.unlock();
    }
}

// === impl Inner ===

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn filing(&self) -> MutexGuard<'_, ()> {
        self.filing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first failure counts for good, unless it is one of space: after a failed sync nothing that the disk says about
    /// the same bytes can be believed.
    fn unless_it_fails(&self, done: io::Result<()>) -> io::Result<()> {
        done.inspect_err(|error| {
            let mut state = self.state();
            if error.kind() != io::ErrorKind::StorageFull && !state.ends {
                state.stopped.get_or_insert(Stopped::Poisoned(Fault::new("file contents", error)));
            }
        })
    }

    fn problem(&self, source: io::Error) -> ContentProblem {
        ContentProblem::Io { folder: self.shelf.folder().to_owned(), source }
    }
}

// === impl State ===

impl State {
    /// Takes up what the journals hold, and begins another.
    fn recover(shelf: &Shelf, journals: &Path) -> io::Result<Self> {
        let (mut unfiled, mut unfiled_bytes) = (HashMap::new(), 0);
        let numbers = journal::numbers(journals)?;
        for number in &numbers {
            for content in journal::Records::of_durable(&journals.join(number.to_string()))? {
                let (digest, bytes) = content?;
                unfiled_bytes += bytes.len() as u64;
                unfiled.insert(digest, Unfiled { bytes: bytes.into(), journal: *number, end: 0 });
            }
            if unfiled_bytes > UNFILED_BYTES {
                let batch: Vec<_> =
                    unfiled.drain().map(|(digest, Unfiled { bytes, .. })| (digest, bytes)).collect();
                shelf.file(&batch, || false)?;
                unfiled_bytes = 0;
            }
        }
        if unfiled.is_empty() {
            journal::remove(journals, &numbers)?;
        }
        let journal = Journal::begin(journals, numbers.last().map_or(1, |last| last + 1))?;
        Ok(Self { journal, unfiled, unfiled_bytes, stopped: None, ends: false })
    }

    fn goes_on(&self) -> Result<(), Unwritable> {
        self.stopped.clone().map_or(Ok(()), |stopped| Err(stopped.into()))
    }

    fn push(&mut self, digest: Digest, bytes: &[u8]) -> Result<Durable, Unwritable> {
        if self.unfiled_bytes > UNFILED_BYTES {
            return Err(Unwritable::Busy);
        }
        let (end, durable) = self.journal.push(digest, bytes)?;
        let unfiled = Unfiled { bytes: bytes.into(), journal: self.journal.number(), end };
        self.forget(digest);
        self.unfiled_bytes += bytes.len() as u64;
        self.unfiled.insert(digest, unfiled);
        Ok(durable)
    }

    fn forget(&mut self, digest: Digest) {
        let length = self.unfiled.remove(&digest).map_or(0, |unfiled| unfiled.bytes.len());
        self.unfiled_bytes -= length as u64;
    }

    /// What went to an earlier journal and was not heard of is put once more.
    fn holds_durably(&self, digest: Digest) -> bool {
        self.unfiled.get(&digest).is_some_and(|unfiled| {
            unfiled.end == 0
                || (unfiled.journal == self.journal.number() && self.journal.is_durable_to(unfiled.end))
        })
    }
}
