//! Content beside the chain: what entries name by digest, so that it can be read, and one day erased, without touching them.

use action::Digest;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// A folder of files, each named by the SHA-256 of its bytes.
#[derive(Clone, Debug)]
pub struct ContentStore {
    folder: PathBuf,
}

/// Why content cannot be kept or read.
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
    /// The bytes are not what the name says.
    #[error("content {digest} was changed on the disk")]
    Changed {
        /// Which content.
        digest: Digest,
    },
}

// === impl ContentStore ===

impl ContentStore {
    /// Opens a store, making its folder (0700) where it is missing.
    pub fn open(folder: &Path) -> Result<Self, ContentProblem> {
        let store = Self { folder: folder.to_owned() };
        match rustix::fs::mkdir(folder, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(store),
            Err(errno) => Err(store.problem(errno.into())),
        }
    }

    /// Keeps these bytes durably, before any entry may name them.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, ContentProblem> {
        let digest = Digest::of(bytes);
        if matches!(self.get(digest), Ok(Some(_))) {
            return Ok(digest);
        }
        self.write(digest, bytes).map_err(|source| self.problem(source))?;
        Ok(digest)
    }

    /// The bytes of that digest; `None` when they are not there (any more).
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, ContentProblem> {
        let mut bytes = Vec::new();
        match File::open(self.folder.join(digest.to_hex())).and_then(|mut file| file.read_to_end(&mut bytes))
        {
            Ok(_) if Digest::of(&bytes) == digest => Ok(Some(bytes)),
            Ok(_) => Err(ContentProblem::Changed { digest }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.problem(source)),
        }
    }

    /// Erases content; `false` when it was not there.
    pub fn erase(&self, digest: Digest) -> Result<bool, ContentProblem> {
        match std::fs::remove_file(self.folder.join(digest.to_hex())) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(self.problem(source)),
        }
    }

    fn write(&self, digest: Digest, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.folder.join(format!(".{digest}"));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(&unfinished, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, self.folder.join(digest.to_hex()))?;
        File::open(&self.folder)?.sync_all()
    }

    fn problem(&self, source: io::Error) -> ContentProblem {
        ContentProblem::Io { folder: self.folder.clone(), source }
    }
}
