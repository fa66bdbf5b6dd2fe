//! Raw items between being taken in and being read. The bytes are never parsed here.

use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::Digest;
use clean_content::Untrusted;
use ledger::{Event, ItemState};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest raw item, in bytes.
pub(crate) const RAW_LIMIT: u64 = 25 * 1024 * 1024;

/// Where raw items wait for their reader, and where those that cannot be read end.
#[derive(Clone, Debug)]
pub struct Spool {
    waiting: PathBuf,
    quarantine: PathBuf,
    /// Who takes something in: the same item may come by two ways at once.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Why an item is not taken in for now.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It cannot be recorded.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The source does not give it.
    #[error("{0}")]
    Source(String),
    /// The disk does not take it.
    #[error("cannot use the spool: {0}")]
    Spool(#[from] io::Error),
}

// === impl Spool ===

impl Spool {
    /// The two folders.
    pub fn new(waiting: PathBuf, quarantine: PathBuf) -> Self {
        Self { waiting, quarantine, turn: Arc::default() }
    }

    /// Opens a waiting item's bytes.
    pub fn open(&self, item: &str) -> io::Result<Untrusted<File>> {
        File::open(self.raw(item)).map(Untrusted::new)
    }

    /// Forgets a raw item that was read.
    pub fn forget(&self, item: &str) -> io::Result<()> {
        match std::fs::remove_file(self.raw(item)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps a raw item that could not be read, with the reason beside it.
    pub fn quarantine(&self, item: &str, why: &str) -> io::Result<()> {
        let mut reason = create_private(&self.quarantine.join(format!("{item}.txt")))?;
        reason.write_all(format!("{why}\n").as_bytes())?;
        match std::fs::rename(self.raw(item), self.quarantine.join(format!("{item}.raw"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::open(&self.quarantine)?.sync_all(),
        }
    }

    fn keep(&self, item: &str, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.waiting.join(format!(".{item}"));
        let mut file = create_private(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, self.raw(item))?;
        File::open(&self.waiting)?.sync_all()
    }

    /// Where what cannot be an item is moved to.
    pub(crate) fn quarantine_folder(&self) -> &Path {
        &self.quarantine
    }

    fn raw(&self, item: &str) -> PathBuf {
        self.waiting.join(format!("{item}.raw"))
    }
}

/// For this user alone, whatever the umask.
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Takes one item in: into the spool, then into the record. One that was taken in before is not again.
///
/// After a crash between the two the item is met again under the same name, and what is missing is made up for.
pub(crate) async fn take_in(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    item: String,
    untrusted_bytes: Vec<u8>,
) -> Result<(), NotTaken> {
    let turn = spool.turn.lock().await;
    if zone1.record()?.ledger().knows_item(&item) {
        drop(turn);
        // Known here already, it may still be on its way to the disk.
        return Ok(zone1.settled().await?);
    }
    let (size, sha256) = (untrusted_bytes.len() as u64, Digest::of(&untrusted_bytes));
    // It waits for the disk, and nobody else may wait with it.
    let (kept_by, kept_as) = (spool.clone(), item.clone());
    tokio::task::spawn_blocking(move || kept_by.keep(&kept_as, &untrusted_bytes))
        .await
        .map_err(io::Error::other)??;
    let received = Event::ItemReceived { item, source: source.to_owned(), size, sha256 };
    let written = {
        let mut record = zone1.record()?;
        zone1.write(&mut record, received)?
    };
    drop(turn);
    Ok(written.wait().await.map_err(Refusal::from)?)
}

/// The name of an item, from what its source knows it by for ever.
pub(crate) fn item_name(source: &str, identity: &str) -> String {
    format!("{source}-{:.16}", Digest::of(identity.as_bytes()).to_hex())
}

/// The entry of clean content and the content go to the disk side by side, so a crash may leave the entry alone. Nobody was
/// told of it then, and the raw bytes are still there.
async fn return_or_quarantine(zone1: &Zone1, spool: &Spool, item: String) -> Result<(), Refusal> {
    let lost = "its clean content did not reach the disk before a crash";
    let event = match spool.open(&item) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Event::ItemQuarantined { item, why: format!("{lost}, and its raw bytes are gone") }
        }
        // What cannot be opened now is still there.
        Ok(_) | Err(_) => Event::ItemReturned { item, why: lost.to_owned() },
    };
    zone1.note(event).await
}

/// After a start: what the record says was read or quarantined leaves the spool, what it says waits must be there.
pub async fn tidy(zone1: &Zone1, spool: &Spool) -> Result<(), Refusal> {
    let items: Vec<_> = {
        let record = zone1.record()?;
        record.ledger().items().into_iter().map(|(id, item)| (id.to_owned(), item.state.clone())).collect()
    };
    for (item, state) in items {
        let tidied = match state {
            ItemState::Received => match spool.open(&item) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let why = "its raw bytes are no longer in the spool".to_owned();
                    zone1.note(Event::ItemQuarantined { item, why }).await?;
                    Ok(())
                }
                // What cannot be opened now is still there.
                opened => opened.map(drop),
            },
            ItemState::Cleaned(cleaned) if zone1.record()?.content().get(cleaned.content)?.is_none() => {
                return_or_quarantine(zone1, spool, item).await?;
                Ok(())
            }
            ItemState::Cleaned(_) | ItemState::Settled(_) => spool.forget(&item),
            ItemState::Quarantined if spool.open(&item).is_ok() => {
                spool.quarantine(&item, "see the audit log for the reason")
            }
            ItemState::Quarantined => Ok(()),
        };
        tidied.map_err(|error| Refusal::AuditUnavailable(format!("cannot use the spool: {error}")))?;
    }
    Ok(())
}
