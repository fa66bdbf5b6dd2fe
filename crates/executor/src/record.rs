//! The record and what follows from it, in one hand: an event has its place in the log before anything is believed.

use action::Digest;
use audit_log::{
    AuditLog, ContentProblem, ContentStore, Durable, EntryRef, Fold, Head, Need, OpenProblem, Opened,
    Options, Place, Signer, Torn, Trouble, Unwritable,
};
use jiff::Timestamp;
use ledger::{Event, Ledger};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use zone_bridge::Counters;

/// The audit log, the fold over it, and the content it names.
#[derive(Debug)]
pub struct Record {
    log: AuditLog,
    ledger: Ledger,
    content: Arc<ContentStore>,
    latest: Timestamp,
    found: Findings,
    written: Option<Counters>,
}

/// What was found when the record was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// An unfinished last group that was cut off.
    pub torn: Option<Torn>,
    /// Whether space is set aside, so that a full disk can still be told of.
    pub space_set_aside: bool,
    /// The first entry that was read: those before it were carried over.
    pub read_from: u64,
}

/// Where the record is, and who signs for it.
#[derive(Debug)]
pub struct RecordPlace {
    /// The log's active segment.
    pub log: PathBuf,
    /// The folder of the content beside it.
    pub content: PathBuf,
    /// Signs its heads.
    pub signer: Signer,
}

/// The fold, while the log is read.
struct Folding<'a> {
    content: &'a ContentStore,
    ledger: Ledger,
    latest: Timestamp,
    first: Option<u64>,
    foreign: Option<NoRecord>,
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
}

// === impl Record ===

impl Record {
    /// Opens the record and folds it, from the newest segment that carries what was before it.
    pub fn open(place: RecordPlace, options: &Options) -> Result<Self, NoRecord> {
        let content = ContentStore::open(&place.content)?;
        let at =
            Place::of(&place.log).map_err(|source| OpenProblem::Io { path: place.log.clone(), source })?;
        let mut folding = Folding {
            content: &content,
            ledger: Ledger::default(),
            latest: Timestamp::MIN,
            first: None,
            foreign: None,
        };
        let Opened { log, torn, space_set_aside } = AuditLog::open(&at, place.signer, options, &mut folding)?;
        let Folding { content: _, ledger, latest, first, foreign } = folding;
        if let Some(foreign) = foreign {
            return Err(foreign);
        }
        let found = Findings { torn, space_set_aside, read_from: first.unwrap_or(1) };
        Ok(Self { log, ledger, content: Arc::new(content), latest, found, written: None })
    }

    /// What was found when it was opened.
    pub const fn found(&self) -> &Findings {
        &self.found
    }

    /// Writes an event. It counts at once in this process, but nobody outside may be told before it is durable.
    pub fn write(&mut self, now: Timestamp, event: Event) -> Result<Written, Unwritable> {
        self.write_all(now, &[event])
    }

    /// Writes events that follow from each other, with one wait for the disk: all of them or none.
    pub fn write_all(&mut self, now: Timestamp, events: &[Event]) -> Result<Written, Unwritable> {
        let mut before = Written::default();
        if self.log.rotation_due() {
            before = self.begin_segment(now)?;
        }
        let entries: Vec<_> = events
            .iter()
            .map(Event::split)
            .collect::<Result<_, _>>()
            .map_err(|_unserialisable| Unwritable::NotJson)?;
        let need = if events.iter().all(is_needed_on_a_full_disk) { Need::Reserved } else { Need::Ordinary };
        let lines = entries.iter().map(|(event_type, details)| (event_type.as_str(), details));
        let durable = self.log.append_all(now, lines, need)?;
        for event in events {
            self.ledger.apply(now, event);
        }
        self.latest = self.latest.max(now);
        if let Some(written) = &self.written {
            entries.iter().for_each(|(event_type, _)| written.count(event_type));
        }
        before.and(Written(vec![durable]));
        Ok(before)
    }

    /// Begins a new segment whose first entry names everything that is remembered, so that a start reads no further back.
    fn begin_segment(&mut self, now: Timestamp) -> Result<Written, Unwritable> {
        self.ledger.prune(now);
        let carried = self.ledger.carried().map_err(|_unserialisable| Unwritable::NotJson)?;
        // A segment that names what is not there would be read from further back: slower, and as true.
        let Ok((carried, mut written)) = self.keep(carried.as_bytes()) else { return Ok(Written::default()) };
        let event = Event::SegmentStarted { carried };
        let (event_type, details) = event.split().map_err(|_unserialisable| Unwritable::NotJson)?;
        written.and(Written(vec![self.log.rotate(now, &event_type, &details)?]));
        self.ledger.apply(now, &event);
        Ok(written)
    }

    /// Keeps content beside the record, and says by which digest entries may name it.
    pub fn keep(&self, bytes: &[u8]) -> Result<(Digest, Written), ContentProblem> {
        let (digest, kept) = self.content.put(bytes)?;
        Ok((digest, Written(vec![kept])))
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
    pub const fn content(&self) -> &Arc<ContentStore> {
        &self.content
    }

    /// The signed heads of the log: the last one, and every one from now on.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.log.heads()
    }

    /// When the newest entry was written; our time is never before it.
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// What keeps anything from being recorded at this moment.
    pub fn trouble(&self) -> Option<Trouble> {
        self.log.trouble().or_else(|| self.content.trouble())
    }

    /// Waits until everything that was written so far is on the disk.
    pub fn settled(&self) -> impl Future<Output = Result<(), Unwritable>> + Send + 'static {
        let (mut heads, entries) = (self.log.heads(), self.log.len());
        async move {
            let there = heads.wait_for(|head| head.entries >= entries);
            match tokio::time::timeout(Options::default().deadline, there).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(Unwritable::Slow),
            }
        }
    }

    /// How many entries there are.
    pub const fn entries(&self) -> u64 {
        self.log.len()
    }
}

/// What was begun must be told the end of, and what changes what may be done must be told, on a full disk too. Not so what
/// others can cause at will: they would use the reserve up.
const fn is_needed_on_a_full_disk(event: &Event) -> bool {
    matches!(
        event,
        Event::ExecutionFinished { .. }
            | Event::RecordFull { .. }
            | Event::PolicyFileChanged { .. }
            | Event::PolicyFileRestored { .. }
            | Event::ClockStepped { .. }
            | Event::SecretsUsed { .. }
            | Event::Frozen { .. }
            | Event::Unfrozen { .. }
    )
}

// === impl Folding ===

impl Fold for Folding<'_> {
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool {
        let Ok(Event::SegmentStarted { carried }) = Event::parse(&first.event_type, first.details) else {
            return false;
        };
        // What was carried over and is no longer there, or is not what its name says, is folded anew from further back.
        let carried =
            self.content.get(carried).ok().flatten().and_then(|bytes| String::from_utf8(bytes).ok());
        match carried.and_then(|carried| Ledger::from_carried(&carried).ok()) {
            Some(ledger) => {
                self.ledger = ledger;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        self.latest = self.latest.max(entry.timestamp);
        self.first.get_or_insert(entry.seq);
        match Event::parse(&entry.event_type, entry.details) {
            Ok(event) => self.ledger.apply(entry.timestamp, &event),
            Err(source) if self.foreign.is_none() => {
                self.foreign = Some(NoRecord::Foreign { seq: entry.seq, source });
            }
            Err(_) => {}
        }
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
