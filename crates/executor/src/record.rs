//! The record and what follows from it, in one hand: an event has its place in the log before anything is believed.

use action::Digest;
use audit_log::{AuditLog, ContentProblem, ContentStore, Durable, OpenProblem, Unwritable};
use jiff::Timestamp;
use ledger::{Event, Ledger};
use std::path::Path;
use zone_bridge::Counters;

/// The audit log, the fold over it, and the content it names.
#[derive(Debug)]
pub struct Record {
    log: AuditLog,
    ledger: Ledger,
    content: ContentStore,
    latest: Timestamp,
    written: Option<Counters>,
}

/// Entries and content on their way to the disk. Nobody outside may hear of them before all of them are there.
#[must_use = "what was written is not there until it is durable"]
#[derive(Debug, Default)]
pub struct Written(Vec<Durable>);

/// Why there is no record to go on with.
#[derive(Debug, thiserror::Error)]
pub enum NoRecord {
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] OpenProblem),
    /// The content beside it cannot be opened.
    #[error(transparent)]
    Content(#[from] ContentProblem),
    /// An entry means nothing to this version.
    #[error("entry {seq} of the audit log: {source}; run the version that wrote it")]
    Foreign {
        /// Which entry.
        seq: u64,
        /// Why.
        source: ledger::NotAnEvent,
    },
    /// The first entry of this start cannot be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

// === impl Record ===

impl Record {
    /// Opens the record and folds it from its first entry to its last.
    pub fn open(log: &Path, content: &Path, now: Timestamp) -> Result<Self, NoRecord> {
        let content = ContentStore::open(content)?;
        let (mut ledger, mut latest) = (Ledger::default(), Timestamp::MIN);
        let mut foreign = None;
        let opened = AuditLog::open(log, |entry| {
            latest = entry.timestamp;
            match Event::parse(&entry.event_type, &entry.details.to_string()) {
                Ok(event) => ledger.apply(entry.timestamp, &event),
                Err(source) if foreign.is_none() => {
                    foreign = Some(NoRecord::Foreign { seq: entry.seq, source })
                }
                Err(_) => {}
            }
        })?;
        if let Some(foreign) = foreign {
            return Err(foreign);
        }
        let mut record = Self { log: opened.log, ledger, content, latest, written: None };
        if let Some(torn) = opened.torn {
            let kept_in = torn.kept_in.display().to_string();
            record
                .write(now.max(latest), Event::LogRecovered { bytes: torn.bytes, kept_in })?
                .wait_blocking()?;
        }
        Ok(record)
    }

    /// Writes an event. It counts at once in this process, but nobody outside may be told before it is durable.
    pub fn write(&mut self, now: Timestamp, event: Event) -> Result<Written, Unwritable> {
        let (event_type, details) = event.split().map_err(|_unserialisable| Unwritable::NotJson)?;
        let durable = self.log.append(now, &event_type, &details)?;
        self.ledger.apply(now, &event);
        self.latest = self.latest.max(now);
        if let Some(written) = &self.written {
            written.count(&event_type);
        }
        Ok(Written(vec![durable]))
    }

    /// Keeps content beside the record, and says by which digest entries may name it.
    pub fn keep(&self, bytes: &[u8]) -> Result<(Digest, Written), ContentProblem> {
        Ok((self.content.put(bytes)?, Written::default()))
    }

    /// Counts what is written from now on, by type.
    pub fn count(&mut self, written: Counters) {
        self.written = Some(written);
    }

    /// What follows from the record so far.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Forgets what no longer matters.
    pub fn prune(&mut self, now: Timestamp) {
        self.ledger.prune(now);
    }

    /// The content that entries name by digest.
    pub const fn content(&self) -> &ContentStore {
        &self.content
    }

    /// The signed heads of the log: the last one, and every one from now on.
    pub fn heads(&self) -> tokio::sync::watch::Receiver<std::sync::Arc<str>> {
        tokio::sync::watch::channel(std::sync::Arc::from("")).1
    }

    /// When the newest entry was written; our time is never before it.
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Whether nothing can be recorded any more, because the disk failed or was full.
    pub fn is_lost(&self) -> bool {
        self.log.is_poisoned()
    }

    /// How many entries there are.
    pub const fn entries(&self) -> u64 {
        self.log.len()
    }
}

// === impl Written ===

impl Written {
    /// Both.
    pub fn and(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Waits until all of it is on the disk.
    pub async fn wait(self) -> Result<(), Unwritable> {
        for durable in self.0 {
            durable.wait().await?;
        }
        Ok(())
    }

    /// The same for a caller without a runtime.
    pub fn wait_blocking(self) -> Result<(), Unwritable> {
        self.0.into_iter().try_for_each(Durable::wait_blocking)
    }
}
