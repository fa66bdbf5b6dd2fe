//! The signed head in its file, which says at every moment how long the log is.
//!
//! It is written after an entry is durable and before anybody hears of it: so a log that is shorter than its head, or
//! another than its head names, was not left so by us. It is a little behind on the disk (a second at most), never ahead.
//! The file always has the same size, the note and line feeds: a write is one sector in place, which is not torn.

use crate::disk::{Disk, DiskFile, Opening, Stat};
use crate::entry::Tip;
use crate::head::{HeadKey, Origin, SignedHead};
use crate::trouble::Stopped;
use action::Digest;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Which log it is, and the key that signs its heads.
#[derive(Debug)]
pub struct Signer {
    /// The name that heads carry.
    pub origin: Origin,
    /// The key.
    pub key: HeadKey,
}

/// A head that was written: what it says, and the signed note that proves it to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries the log has.
    pub entries: u64,
    /// The hash of the last one; zeros when there is none.
    pub hash: Digest,
    /// The signed note.
    pub note: Arc<str>,
}

#[derive(Debug)]
pub(crate) struct HeadFile {
    file: Box<dyn DiskFile>,
    signer: Signer,
    published: watch::Sender<Head>,
    unsynced_since: Option<Instant>,
    sync_after: Duration,
}

// === impl Signer ===

impl Signer {
    fn sign(&self, tip: Tip) -> Head {
        let note = self.key.sign(&self.origin, tip.seq, tip.hash).into();
        Head { entries: tip.seq, hash: tip.hash, note }
    }
}

// === impl HeadFile ===

impl HeadFile {
    /// Makes the file durable with the head of an empty log. It appears whole or not at all.
    pub(crate) fn create(disk: &dyn Disk, name: &str, signer: &Signer) -> io::Result<()> {
        let unfinished = format!("{name}.new");
        let file = disk.open(&unfinished, Opening::OrNew)?;
        file.truncate(0)?;
        file.write_and_read_back(&padded(&signer.sign(Tip::genesis())), 0)?;
        file.sync_data()?;
        disk.rename(&unfinished, name)?;
        disk.sync()
    }

    /// The note in the file; `None` when there is no file.
    pub(crate) fn read(disk: &dyn Disk, name: &str) -> io::Result<Option<Vec<u8>>> {
        if disk.stat(name)?.is_none() {
            return Ok(None);
        }
        let file = disk.open(name, Opening::Existing)?;
        // One byte more than a head has, so that what is longer does not pass.
        let mut note = vec![0; SignedHead::LIMIT + 1];
        let read = file.read_up_to(&mut note, 0)?;
        note.truncate(read);
        while note.ends_with(b"\n\n") {
            note.pop();
        }
        Ok(Some(note))
    }

    /// Opens the file to say from now on how long the log is; the first thing that it says is durable.
    pub(crate) fn open(
        disk: &dyn Disk,
        name: &str,
        signer: Signer,
        tip: Tip,
        sync_after: Duration,
    ) -> io::Result<Self> {
        let file = disk.open(name, Opening::Existing)?;
        let head = signer.sign(tip);
        file.write_and_read_back(&padded(&head), 0)?;
        file.truncate(SignedHead::LIMIT as u64)?;
        file.sync_data()?;
        Ok(Self { file, signer, published: watch::Sender::new(head), unsynced_since: None, sync_after })
    }

    /// Says that the log ends here now. Who follows the heads hears of it at once.
    pub(crate) fn write(&mut self, tip: Tip) -> Result<(), Stopped> {
        let head = self.signer.sign(tip);
        self.file.write_and_read_back(&padded(&head), 0).map_err(Stopped::at("write the head"))?;
        self.published.send_replace(head);
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Makes durable what has not been for a while.
    pub(crate) fn sync_when_due(&mut self) -> Result<(), Stopped> {
        match self.unsynced_since {
            Some(since) if since.elapsed() >= self.sync_after => self.sync(),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes durable what was said.
    pub(crate) fn sync(&mut self) -> Result<(), Stopped> {
        if self.unsynced_since.take().is_some() {
            self.file.sync_data().map_err(Stopped::at("sync the head"))?;
        }
        Ok(())
    }

    pub(crate) fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    pub(crate) fn follow(&self) -> watch::Receiver<Head> {
        self.published.subscribe()
    }
}

fn padded(head: &Head) -> Vec<u8> {
    let mut bytes = head.note.as_bytes().to_vec();
    bytes.resize(SignedHead::LIMIT.max(bytes.len()), b'\n');
    bytes
}
