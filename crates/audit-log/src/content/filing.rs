//! Filing: from the journal into a file for each content, off the way of whoever waits.

use super::{ContentProblem, FILE_AFTER, Inner, JOURNAL_BYTES, State, Unfiled};
use crate::content::journal::{self, Journal};
use crate::trouble::Trouble;
use action::Digest;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a journal that is being finished is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// How many files are written before they are synced together.
const AT_ONCE: usize = 256;

/// So few files are synced one by one; more of them by one sync of the file system, which is one commit of its journal and
/// not one for each.
const FEW: usize = 8;

/// The folder of files, each named by the SHA-256 of its bytes.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
}

// === impl Inner ===

impl Inner {
    /// The filer's thread.
    pub(super) fn file_until_the_end(&self) {
        loop {
            let state = self.wait(self.state(), None, |state| state.unfiled.is_empty());
            let state = self.wait(state, Some(FILE_AFTER), |state| state.journal.end() < JOURNAL_BYTES);
            if state.ends {
                return;
            }
            drop(state);
            // On a full disk the next try comes a second later.
            let _ = self.file(&self.filing());
            if self.state().goes_on().is_err() {
                return;
            }
        }
    }

    /// Files what the journals hold until now, and takes them away. The guard says that nobody else does.
    pub(super) fn file(&self, _filing: &MutexGuard<'_, ()>) -> io::Result<()> {
        self.unless_it_fails(self.try_to_file())
    }

    fn try_to_file(&self) -> io::Result<()> {
        let journals = self.shelf.folder.join(journal::FOLDER);
        let current = self.state().journal.number();
        let mut full = journal::numbers(&journals)?;
        // One with nothing in it, as after a try that failed, needs no other.
        if self.state().journal.end() == 0 {
            full.retain(|number| *number < current);
        } else {
            let next = Journal::begin(&journals, current + 1)?;
            let old = std::mem::replace(&mut self.state().journal, next);
            self.finish(&old)?;
        }
        let Some(newest) = full.last() else { return Ok(()) };
        let batch: Vec<(Digest, Arc<[u8]>)> = self
            .state()
            .unfiled
            .iter()
            .filter(|(_, unfiled)| unfiled.journal <= *newest)
            .map(|(digest, unfiled)| (*digest, Arc::clone(&unfiled.bytes)))
            .collect();
        self.shelf.file(&batch, || self.state().ends)?;
        journal::remove(&journals, &full)?;
        self.state().forget_filed(*newest);
        Ok(())
    }

    /// Waits until everything in it is durable.
    fn finish(&self, journal: &Journal) -> io::Result<()> {
        while !journal.is_durable_to(journal.end()) {
            match journal.trouble() {
                Some(trouble @ (Trouble::Poisoned { .. } | Trouble::Tampered { .. })) => {
                    return Err(io::Error::other(trouble));
                }
                Some(Trouble::Slow | Trouble::Full) | None => std::thread::sleep(LOOK),
            }
            if self.state().ends {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    }

    /// Waits as long as the store goes on and it is so.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        longest: Option<Duration>,
        mut so: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let so = |state: &mut State| !state.ends && so(state);
        match longest {
            Some(longest) => {
                let waited = self.changed.wait_timeout_while(state, longest, so);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(state, so).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

// === impl State ===

impl State {
    /// What is in a newer journal too was put again meanwhile, and stays until that is filed.
    fn forget_filed(&mut self, number: u64) {
        self.unfiled.retain(|_, Unfiled { journal, .. }| *journal > number);
        self.unfiled_bytes = self.unfiled.values().map(|unfiled| unfiled.bytes.len() as u64).sum();
    }
}

// === impl Shelf ===

impl Shelf {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        private_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// One that is only read.
    pub(super) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bytes of that digest; `None` when they are not there.
    pub(super) fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, ContentProblem> {
        let mut bytes = Vec::new();
        let read = open_to_read(&self.folder.join(digest.to_hex()));
        match read.and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) if Digest::of(&bytes) == digest => Ok(Some(bytes)),
            Ok(_) => Err(ContentProblem::Changed { digest }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ContentProblem::Io { folder: self.folder.clone(), source }),
        }
    }

    /// Files contents, unless it is interrupted; when it comes back they are durable.
    pub(super) fn file(
        &self,
        batch: &[(Digest, impl AsRef<[u8]>)],
        interrupted: impl Fn() -> bool,
    ) -> io::Result<()> {
        for some in batch.chunks(AT_ONCE) {
            let mut written = Vec::with_capacity(some.len());
            for (digest, bytes) in some {
                if interrupted() {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                if !matches!(self.get(*digest), Ok(Some(_))) {
                    written.push((*digest, self.write(*digest, bytes.as_ref())?));
                }
            }
            self.sync(&written)?;
            // Under its name it appears whole or not at all.
            for (digest, _) in written {
                std::fs::rename(self.unfinished(digest), self.folder.join(digest.to_hex()))?;
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    fn write(&self, digest: Digest, bytes: &[u8]) -> io::Result<File> {
        let mut file = private_file(&self.unfinished(digest))?;
        file.set_len(0)?;
        file.write_all(bytes)?;
        Ok(file)
    }

    fn sync(&self, written: &[(Digest, File)]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if written.len() > FEW {
            return Ok(rustix::fs::syncfs(File::open(&self.folder)?)?);
        }
        written.iter().try_for_each(|(_, file)| file.sync_data())
    }

    /// A file that is being written.
    fn unfinished(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!(".{}.unfinished", digest.to_hex()))
    }

    /// Takes content away durably; it is no error when it is not there.
    pub(super) fn remove(&self, digest: Digest) -> io::Result<()> {
        // What a crash left half filed may be of this content.
        for path in [self.folder.join(digest.to_hex()), self.unfinished(digest)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }
}

/// A folder of our own (0700), made where it is missing, and never behind a symbolic link.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) => File::open(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
            .sync_all(),
        Err(rustix::io::Errno::EXIST) if std::fs::symlink_metadata(path)?.is_dir() => Ok(()),
        Err(rustix::io::Errno::EXIST) => Err(io::ErrorKind::NotADirectory.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// A file of our own (0600) to write to, made where it is missing, and never behind a symbolic link.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    opened(path, OFlags::WRONLY | OFlags::CREATE)
}

pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    opened(path, OFlags::RDONLY)
}

fn opened(path: &Path, flags: OFlags) -> io::Result<File> {
    // NONBLOCK: a pipe under this name must not keep us waiting for its other end.
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}
