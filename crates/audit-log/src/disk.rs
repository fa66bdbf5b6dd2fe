//! What the log needs of a disk: one folder with files in it, and no more.
//!
//! [`Folder`] is a real one. A trait stands between, so that a simulated disk can crash, fill up and lie at every step.

use rustix::fs::{Mode, OFlags};
use std::fmt::Debug;
use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A folder. Names are plain: no separators, no `..`.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file for reading and writing, never through a symbolic link.
    fn open(&self, name: &str, how: Opening) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, in place of the file that had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a file's name away.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// All names.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Makes names durable: what was created, renamed and removed until now.
    fn sync(&self) -> io::Result<()>;
    /// What stands under this name; a symbolic link itself, not what it points to.
    fn stat(&self, name: &str) -> io::Result<Option<Stat>>;
    /// How a person would write where this file is.
    fn path(&self, name: &str) -> PathBuf;
}

/// An open file.
pub trait DiskFile: Debug + Send {
    /// Writes some of the bytes at this position and says how many.
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize>;
    /// Reads some bytes from this position; 0 at the end.
    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<usize>;
    /// Makes the bytes and the size durable.
    fn sync_data(&self) -> io::Result<()>;
    /// Sets space aside from `position` on, without a change of the file's size.
    ///
    /// `Unsupported` where the file system cannot, `StorageFull` where there is no room.
    fn allocate(&self, position: u64, length: u64) -> io::Result<()>;
    /// How many bytes the file's disk has left, as far as it says.
    fn disk_left(&self) -> io::Result<u64>;
    /// Cuts the file to this size and gives up the space that was set aside beyond.
    fn truncate(&self, size: u64) -> io::Result<()>;
    /// Forgets what memory holds of the file, so that the next read tells what the disk has.
    ///
    /// After a failed sync the memory may hold, marked as written, what never reached the disk.
    fn forget_cached(&self) -> io::Result<()>;
    /// Which file this is and how it was left.
    fn stat(&self) -> io::Result<Stat>;
    /// Takes the lock that ends with its holder; `false` when another has it.
    fn try_lock(&self) -> io::Result<bool>;
    /// Lets go of the lock, also where a child that is being started still has a copy of the file.
    fn unlock(&self) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It must be there.
    Existing,
    /// Made (0600) where it is missing.
    OrNew,
    /// Made (0600); there must be none.
    New,
}

/// What tells one file, and one state of it, from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The file system.
    pub device: u64,
    /// The file on it.
    pub inode: u64,
    /// How many names it has; 0 when it was unlinked.
    pub links: u64,
    /// Bytes.
    pub size: u64,
    /// Last change of the contents, nanoseconds since 1970.
    pub modified: i128,
    /// Last change of the contents or of anything else, nanoseconds since 1970. No program can set it.
    pub changed: i128,
}

/// A folder of the machine.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

#[derive(Debug)]
struct RealFile(File);

// === impl Folder ===

impl Folder {
    /// A folder that is there. Every name is looked up by its whole path, so that a folder that was moved away is noticed.
    pub fn new(path: &Path) -> Self {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Self { path: path.to_owned() }
    }
}

impl Disk for Folder {
    fn open(&self, name: &str, how: Opening) -> io::Result<Box<dyn DiskFile>> {
        let making = match how {
            Opening::Existing => OFlags::empty(),
            Opening::OrNew => OFlags::CREATE,
            Opening::New => OFlags::CREATE | OFlags::EXCL,
        };
        // NONBLOCK: a pipe under this name must not keep us waiting for its other end.
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | making;
        let file = File::from(rustix::fs::open(self.path.join(name), flags, Mode::RUSR | Mode::WUSR)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        // A name that is not text is none of ours.
        std::fs::read_dir(&self.path)?
            .filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose())
            .collect()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn stat(&self, name: &str) -> io::Result<Option<Stat>> {
        match std::fs::symlink_metadata(self.path.join(name)) {
            Ok(metadata) => Ok(Some(Stat::from(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl DiskFile for RealFile {
    fn write_at(&self, bytes: &[u8], position: u64) -> io::Result<usize> {
        self.0.write_at(bytes, position)
    }

    fn read_at(&self, bytes: &mut [u8], position: u64) -> io::Result<usize> {
        self.0.read_at(bytes, position)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, position: u64, length: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::{Errno, retry_on_intr};
        match retry_on_intr(|| fallocate(&self.0, FallocateFlags::KEEP_SIZE, position, length)) {
            Err(Errno::DQUOT) => Err(io::ErrorKind::StorageFull.into()),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => Err(io::ErrorKind::Unsupported.into()),
            other => Ok(other?),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn allocate(&self, _position: u64, _length: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn disk_left(&self) -> io::Result<u64> {
        let disk = rustix::fs::fstatvfs(&self.0)?;
        // One without a limit says 0 of 0.
        Ok(if disk.f_blocks == 0 { u64::MAX } else { disk.f_bavail.saturating_mul(disk.f_frsize) })
    }

    fn truncate(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    #[cfg(target_os = "linux")]
    fn forget_cached(&self) -> io::Result<()> {
        Ok(rustix::fs::fadvise(&self.0, 0, None, rustix::fs::Advice::DontNeed)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn forget_cached(&self) -> io::Result<()> {
        Ok(())
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(Stat::from(&self.0.metadata()?))
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

// === impl dyn DiskFile ===

impl dyn DiskFile + '_ {
    /// Writes all of the bytes.
    pub(crate) fn write_all_at(&self, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write_at(bytes, position) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = bytes.get(written..).unwrap_or_default();
                    position += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until the buffer is full or the file ends, and says how much.
    pub(crate) fn read_up_to(&self, bytes: &mut [u8], position: u64) -> io::Result<usize> {
        let mut read = 0;
        while let Some(room) = bytes.get_mut(read..).filter(|room| !room.is_empty()) {
            match self.read_at(room, position + read as u64) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    /// Writes all of the bytes and looks whether they are there.
    pub(crate) fn write_and_read_back(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        self.write_all_at(bytes, position)?;
        self.read_back(bytes, position)
    }

    /// Fails where other bytes stand there: a disk can say that it wrote what it did not.
    pub(crate) fn read_back(&self, expected: &[u8], position: u64) -> io::Result<()> {
        let mut block = [0; 16 * 1024];
        let mut position = position;
        for part in expected.chunks(block.len()) {
            let found = block.get_mut(..part.len()).unwrap_or_default();
            let read = self.read_up_to(found, position)?;
            if read != part.len() || found != part {
                return Err(io::Error::other("the disk does not hold what it said it had written"));
            }
            position += read as u64;
        }
        Ok(())
    }
}

// === impl Stat ===

impl Stat {
    /// Whether both are the same file, in whatever state.
    pub(crate) fn same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

impl From<&Metadata> for Stat {
    fn from(metadata: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            links: metadata.nlink(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
