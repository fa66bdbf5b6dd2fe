//! Taking content in: each item once, whatever crashes when. The bytes are never parsed here.
//!
//! An item is copied into the spool, then recorded, then moved from `new/` to `cur/`. After a crash between any two of these the
//! file is met again under the same identity, and what is missing is made up for.

use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::Digest;
use clean_content::Untrusted;
use connectors::maildir_source::{Arrival, MaildirSource, Refused, Why, escaped};
use ledger::{Event, ItemState, quoted};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zone_bridge::{Health, Readiness};

/// How often a source is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// The largest raw item, in bytes; larger ones are moved aside unread.
const RAW_LIMIT: u64 = 25 * 1024 * 1024;

/// Where raw items wait for their reader, and where those that cannot be read end.
#[derive(Clone, Debug)]
pub struct Spool {
    waiting: PathBuf,
    quarantine: PathBuf,
}

/// Why an item is not taken in for now.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Source(String),
    #[error("cannot use the spool: {0}")]
    Spool(#[from] io::Error),
}

// === impl Spool ===

impl Spool {
    /// The two folders.
    pub const fn new(waiting: PathBuf, quarantine: PathBuf) -> Self {
        Self { waiting, quarantine }
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

    fn raw(&self, item: &str) -> PathBuf {
        self.waiting.join(format!("{item}.raw"))
    }
}

/// For this user alone, whatever the umask.
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Takes in what arrives in one source, for as long as the process lives.
pub async fn watch(zone1: &Zone1, spool: &Spool, source: &'static str, folder: &Path, health: &Health) {
    let need = format!("source-{source}");
    let (mut maildir, mut stuck) = (None, HashSet::new());
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if maildir.is_none() {
            maildir = MaildirSource::open(folder, RAW_LIMIT)
                .map_err(|error| not_ready(health, &need, &error.to_string()))
                .ok();
        }
        let Some(open) = maildir.as_mut() else { continue };
        match take_in_all(zone1, spool, source, open, &mut stuck).await {
            Ok(()) => health.set(&need, Readiness::Ready),
            Err(error) => not_ready(health, &need, &error.to_string()),
        }
    }
}

fn not_ready(health: &Health, need: &str, why: &str) {
    if health.report().checks.get(need) != Some(&Readiness::NotReady(why.to_owned())) {
        tracing::warn!("{need}: {why}");
    }
    health.set(need, Readiness::NotReady(why.to_owned()));
}

async fn take_in_all(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &mut MaildirSource,
    stuck: &mut HashSet<OsString>,
) -> Result<(), NotTaken> {
    let scan = maildir.scan().map_err(|error| NotTaken::Source(error.to_string()))?;
    stuck.retain(|name| scan.refused.iter().any(|refused| refused.name == *name));
    for refused in scan.refused.iter().filter(|refused| !stuck.contains(&refused.name)).collect::<Vec<_>>() {
        match set_aside(zone1, spool, source, maildir, refused).await {
            // It stays where it is. That is recorded once, and holds nothing else up: whoever sent it must not stop
            // all other mail.
            Err(NotTaken::Source(why)) => {
                tracing::warn!("{source}: {why}");
                stuck.insert(refused.name.clone());
            }
            set_aside => set_aside?,
        }
    }
    for arrival in &scan.ready {
        take_in(zone1, spool, source, maildir, arrival).await?;
    }
    Ok(())
}

async fn take_in(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &MaildirSource,
    arrival: &Arrival,
) -> Result<(), NotTaken> {
    let item = format!("{source}-{:.16}", Digest::of(arrival.identity().as_bytes()).to_hex());
    if !zone1.record()?.ledger().knows_item(&item) {
        // Gone or changed since it was seen: it will be met again, or not, at the next look.
        let Ok(untrusted_bytes) = maildir.read(arrival) else { return Ok(()) };
        let (size, sha256) = (untrusted_bytes.len() as u64, Digest::of(&untrusted_bytes));
        // It waits for the disk, and nobody else may wait with it.
        let (kept_by, kept_as) = (spool.clone(), item.clone());
        tokio::task::spawn_blocking(move || kept_by.keep(&kept_as, &untrusted_bytes))
            .await
            .map_err(io::Error::other)??;
        zone1
            .note(Event::ItemReceived { item: item.clone(), source: source.to_owned(), size, sha256 })
            .await?;
    }
    maildir.mark_taken(arrival).map_err(|error| NotTaken::Source(error.to_string()))
}

/// What cannot be an item is moved aside, so that it is reported once and nothing is lost.
async fn set_aside(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &MaildirSource,
    refused: &Refused,
) -> Result<(), NotTaken> {
    let (name, why) = (escaped(&refused.name), in_words(refused.why));
    // The entry comes first: a crash between the two repeats it, and never hides the file.
    zone1
        .note(Event::ItemRefused { source: source.to_owned(), name: quoted(&name), why: why.clone() })
        .await?;
    let moved = maildir.move_aside(&refused.name, &spool.quarantine);
    moved.map(drop).map_err(|error| NotTaken::Source(format!("{name}: {why}; {error}")))
}

fn in_words(why: Why) -> String {
    match why {
        Why::Link => "it is a link, and is not followed".to_owned(),
        Why::Folder => "it is a folder".to_owned(),
        Why::Pipe => "it is a pipe".to_owned(),
        Why::Device => "it is a socket or a device".to_owned(),
        Why::Unreadable => "it cannot be read by this user".to_owned(),
        Why::TooLong { size } => format!("it has {size} bytes, the limit is {RAW_LIMIT}"),
        Why::NameTooLong => "its name is too long".to_owned(),
    }
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
