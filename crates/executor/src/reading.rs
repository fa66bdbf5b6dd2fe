//! Handing raw items to readers, and believing nothing they say about them.

use crate::refusal::Refusal;
use crate::spool::Spool;
use crate::zone1::Zone1;
use clean_content::{CleanContent, ContentType, Untrusted};
use ledger::{Event, ItemState, quoted};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// How often an item is handed to a reader that does not survive it.
const ATTEMPTS: u32 = 3;

/// Which items readers are at, and how often each was tried. Of no meaning after a restart: then nobody is at anything.
#[derive(Debug, Default)]
pub struct ReadingDesk(Mutex<Desk>);

#[derive(Debug, Default)]
struct Desk {
    handed_out: HashSet<String>,
    attempts: HashMap<String, u32>,
}

/// An item that one reader is at. Dropping it without a result counts as a reader that did not survive it.
#[derive(Debug)]
pub struct HandedOut<'a> {
    desk: &'a ReadingDesk,
    /// The item's id.
    pub item: String,
    /// Bytes of the raw item.
    pub size: u64,
}

/// What a reader says.
#[derive(Debug)]
pub enum Reading {
    /// Clean content, untrusted.
    Clean(Untrusted<String>),
    /// It cannot be read.
    Unreadable(Untrusted<String>),
    /// Nothing: the reader went away, or took too long.
    Nothing(&'static str),
}

// === impl ReadingDesk ===

impl ReadingDesk {
    /// The oldest raw item of a source that no reader is at.
    pub fn next(&self, zone1: &Zone1, source: &str) -> Result<Option<HandedOut<'_>>, Refusal> {
        let record = zone1.record()?;
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = record.ledger().open_items().find(|(id, item)| {
            item.source == source && item.state == ItemState::Received && !desk.handed_out.contains(*id)
        });
        Ok(next.map(|(id, item)| {
            desk.handed_out.insert(id.to_owned());
            HandedOut { desk: self, item: id.to_owned(), size: item.size }
        }))
    }

    fn count_attempt(&self, item: &str) -> u32 {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = desk.attempts.entry(item.to_owned()).or_default();
        *attempts += 1;
        *attempts
    }
}

impl Drop for HandedOut<'_> {
    fn drop(&mut self) {
        let mut desk = self.desk.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.handed_out.remove(&self.item);
    }
}

// === impl HandedOut ===

impl HandedOut<'_> {
    /// Takes back what the reader says, checks it, and records what came of the item.
    pub async fn conclude(
        self,
        zone1: &Zone1,
        spool: &Spool,
        expected: ContentType,
        reading: Reading,
    ) -> Result<(), Refusal> {
        match check(reading, expected, self.size) {
            Checked::Clean(content) => {
                self.cleaned(zone1, &content).await?;
                spool.forget(&self.item)
            }
            Checked::NotClean(why) => self.quarantined(zone1, spool, &why).await?,
            Checked::Unfinished(why) => {
                let attempts = self.desk.count_attempt(&self.item);
                tracing::warn!("{}: attempt {attempts} of {ATTEMPTS}: {why}", self.item);
                if attempts < ATTEMPTS {
                    return Ok(());
                }
                self.quarantined(zone1, spool, &format!("{why}, {ATTEMPTS} times")).await?
            }
        }
        .map_err(|error| Refusal::AuditUnavailable(format!("cannot use the spool: {error}")))
    }

    async fn cleaned(&self, zone1: &Zone1, content: &CleanContent) -> Result<(), Refusal> {
        let written = {
            let mut record = zone1.record()?;
            let (clean, mut written) = record.keep(content.to_json().as_bytes())?;
            let findings = content.findings().iter().map(|finding| quoted(&finding.kind)).collect();
            let event = Event::ItemCleaned {
                item: self.item.clone(),
                clean,
                injection_warning: content.injection_warning(),
                findings,
            };
            written.and(zone1.write(&mut record, event)?);
            written
        };
        Ok(written.wait().await?)
    }

    async fn quarantined(
        &self,
        zone1: &Zone1,
        spool: &Spool,
        why: &str,
    ) -> Result<std::io::Result<()>, Refusal> {
        zone1.note(Event::ItemQuarantined { item: self.item.clone(), why: why.to_owned() }).await?;
        Ok(spool.quarantine(&self.item, why))
    }
}

enum Checked {
    Clean(Box<CleanContent>),
    NotClean(String),
    Unfinished(&'static str),
}

fn check(reading: Reading, expected: ContentType, size: u64) -> Checked {
    match reading {
        Reading::Clean(untrusted_json) => match CleanContent::parse(untrusted_json) {
            Ok(content) if content.content_type() == expected && content.original_length() == size => {
                Checked::Clean(Box::new(content))
            }
            Ok(_) => Checked::NotClean("the reader's answer is about another item".to_owned()),
            Err(misfit) => Checked::NotClean(format!(
                "the reader's answer does not fit the schema: {}",
                quoted(&misfit.to_string())
            )),
        },
        Reading::Unreadable(untrusted_reason) => {
            Checked::NotClean(quoted(&untrusted_reason.into_inner_to_check()))
        }
        Reading::Nothing(why) => Checked::Unfinished(why),
    }
}
