//! The journal: contents one after another, each with its digest and length before it.

use crate::append::{Appender, Keeper, Limits, Need};
use crate::disk::{Disk as _, DiskFile, Folder, Opening};
use crate::durable::Durable;
use crate::trouble::{Stopped, Trouble, Unwritable};
use action::Digest;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The folder of the journals in that of the store.
pub(super) const FOLDER: &str = "journal";

/// Longer contents do not go through a journal; bounds what a journal that was changed can make us hold.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Before each content: this, its length (8 bytes, little-endian) and its digest (32 bytes).
const MARK: [u8; 8] = *b"content\n";
const HEADER: usize = MARK.len() + 8 + 32;

const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(2),
    queue: 4096,
    queue_bytes: 4 * 1024 * 1024,
    space: 4 * 1024 * 1024,
    reserve: 0,
};

/// A journal that is written to.
#[derive(Debug)]
pub(super) struct Journal {
    number: u64,
    appender: Appender<()>,
    /// Up to here it is on the disk.
    durable: Arc<AtomicU64>,
}

/// What is told of every group.
struct Durability(Arc<AtomicU64>);

/// The contents of a journal, in order, up to the first that is not whole.
pub(super) struct Records(BufReader<File>);

/// The numbers of the journals in this folder, in order.
pub(super) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let name = file?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok().filter(|n: &u64| n.to_string() == name));
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Takes journals away durably.
pub(super) fn remove(folder: &Path, numbers: &[u64]) -> io::Result<()> {
    for number in numbers {
        std::fs::remove_file(folder.join(number.to_string()))?;
    }
    File::open(folder)?.sync_all()
}

// === impl Journal ===

impl Journal {
    /// Begins a journal; its name is durable.
    pub(super) fn begin(folder: &Path, number: u64) -> io::Result<Self> {
        let folder = Folder::new(folder);
        let file = folder.open(&number.to_string(), Opening::New)?;
        folder.sync()?;
        let durable = Arc::new(AtomicU64::new(0));
        let keeper = Durability(Arc::clone(&durable));
        let appender = Appender::start("content-journal", file, 0, keeper, LIMITS)?;
        Ok(Self { number, appender, durable })
    }

    /// Appends content, and says where it ends.
    pub(super) fn push(&mut self, digest: Digest, bytes: &[u8]) -> Result<(u64, Durable), Unwritable> {
        let mut record = Vec::with_capacity(HEADER + bytes.len());
        record.extend_from_slice(&MARK);
        record.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        record.extend_from_slice(&digest.to_bytes());
        record.extend_from_slice(bytes);
        let (_position, durable) = self.appender.push(record, (), Need::Ordinary)?;
        Ok((self.appender.end(), durable))
    }

    /// For what need not be waited for.
    pub(super) fn durable_already(&self) -> Durable {
        self.appender.durable_already()
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Where the next content goes.
    pub(super) const fn end(&self) -> u64 {
        self.appender.end()
    }

    pub(super) fn is_durable_to(&self, end: u64) -> bool {
        self.durable.load(Ordering::Acquire) >= end
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.appender.trouble()
    }
}

impl Keeper for Durability {
    type Mark = ();

    fn synced(&mut self, _file: &dyn DiskFile, end: u64, _last: &()) -> Result<(), Stopped> {
        self.0.store(end, Ordering::Release);
        Ok(())
    }
}

// === impl Records ===

impl Records {
    /// Of a journal that another process may be writing.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::new(super::filing::open_to_read(path)?)))
    }

    /// Of a journal that a process before us has written, made durable first: it may not have come to its last sync.
    pub(super) fn of_durable(path: &Path) -> io::Result<Self> {
        let file = super::filing::open_to_read(path)?;
        file.sync_all()?;
        Ok(Self(BufReader::new(file)))
    }

    /// The header of the next content; `None` where there is none.
    fn header(&mut self) -> io::Result<Option<(Digest, usize)>> {
        let mut header = Vec::with_capacity(HEADER);
        self.0.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
        let parts = || {
            let (length, digest) = header.strip_prefix(&MARK)?.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            Some((Digest::from_bytes(*digest.first_chunk()?), length)).filter(|_| length <= LONGEST)
        };
        Ok(parts())
    }

    /// The next content that is what its digest says. One that is not was torn, with others of its group whole.
    fn next_whole(&mut self) -> io::Result<Option<(Digest, Vec<u8>)>> {
        while let Some((digest, length)) = self.header()? {
            let mut bytes = Vec::with_capacity(length);
            if self.0.by_ref().take(length as u64).read_to_end(&mut bytes)? < length {
                break;
            }
            if Digest::of(&bytes) == digest {
                return Ok(Some((digest, bytes)));
            }
        }
        Ok(None)
    }

    /// The bytes of one content.
    pub(super) fn find(mut self, wanted: Digest) -> io::Result<Option<Vec<u8>>> {
        while let Some((digest, length)) = self.header()? {
            if digest != wanted {
                // Far enough is far enough: beyond the end there is no header.
                self.0.seek_relative(i64::try_from(length).unwrap_or(i64::MAX))?;
                continue;
            }
            let mut bytes = Vec::with_capacity(length);
            self.0.by_ref().take(length as u64).read_to_end(&mut bytes)?;
            if Digest::of(&bytes) == wanted {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

impl Iterator for Records {
    type Item = io::Result<(Digest, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_whole().transpose()
    }
}
