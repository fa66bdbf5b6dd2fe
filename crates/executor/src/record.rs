//! The record and what follows from it, in one hand: an event has its place in the log before anything is believed.

use crate::event::Event;
use crate::ledger::Ledger;
use audit_log::{AuditLog, ContentProblem, ContentStore, Durable, OpenProblem, Unwritable};
use jiff::Timestamp;
use std::path::Path;
use zone_bridge::Counters;

/// The audit log, the fold over it, and the content it names.
#[derive(Debug)]
pub struct Record {
    log: AuditLog,
    ledger: Ledger,
    content: ContentStore,
    written: Option<Counters>,
}

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
    #[error(
        "entry {seq} of the audit log is not understood by this version ({why}); run the version that wrote it"
    )]
    Foreign {
        /// Which entry.
        seq: u64,
        /// Why.
        why: String,
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
        let mut ledger = Ledger::default();
        let mut foreign = None;
        let opened = AuditLog::open(log, |entry| {
            let untagged = serde_json::json!({ "event_type": entry.event_type, "details": entry.details });
            match serde_json::from_value::<Event>(untagged) {
                Ok(event) => ledger.apply(entry.timestamp, &event),
                Err(error) if foreign.is_none() => {
                    foreign = Some(NoRecord::Foreign { seq: entry.seq, why: error.to_string() });
                }
                Err(_) => {}
            }
        })?;
        if let Some(foreign) = foreign {
            return Err(foreign);
        }
        let mut record = Self { log: opened.log, ledger, content, written: None };
        if let Some(torn) = opened.torn {
            let kept_in = torn.kept_in.display().to_string();
            record.write(now, Event::LogRecovered { bytes: torn.bytes, kept_in })?.wait_blocking()?;
        }
        Ok(record)
    }

    /// Writes an event. It counts at once in this process, but nobody outside may be told before it is durable.
    pub fn write(&mut self, now: Timestamp, event: Event) -> Result<Durable, Unwritable> {
        let (event_type, details) = split(&event)?;
        let durable = self.log.append(now, &event_type, &details)?;
        self.ledger.apply(now, &event);
        if let Some(written) = &self.written {
            written.count(&event_type);
        }
        Ok(durable)
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

    /// Whether nothing can be recorded any more, because the disk failed or was full.
    pub fn is_lost(&self) -> bool {
        self.log.is_poisoned()
    }

    /// How many entries there are.
    pub const fn entries(&self) -> u64 {
        self.log.len()
    }
}

fn split(event: &Event) -> Result<(String, serde_json::Value), Unwritable> {
    let value = serde_json::to_value(event).map_err(|_unserialisable| Unwritable::NotJson)?;
    let serde_json::Value::Object(mut fields) = value else { return Err(Unwritable::NotJson) };
    let Some(serde_json::Value::String(event_type)) = fields.remove("event_type") else {
        return Err(Unwritable::NotJson);
    };
    Ok((event_type, fields.remove("details").unwrap_or_default()))
}
