//! The inbox as a source: each message once.
//!
//! As Google's guide "Synchronize clients with Gmail" has it: the history says what was added since a point of it; where that
//! point is forgotten, the inbox is listed, and the history goes on from where it was before the list was begun, so that what
//! comes meanwhile is in one of the two.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cursor::{Cursor, Mark};
use super::fetch::Fetched;
use super::history::{Met, Walk};
use super::listing::Listing;
use super::{Gmail, LONGEST_MESSAGE, answer, calls};
use crate::failure::{Effect, Failure};
use crate::incoming::{Batch, Incoming};

/// A batch ends with the message that makes it this long, or with so many messages.
const FULL: usize = LONGEST_MESSAGE;
const MOST: usize = 100;

/// How much later than its date a message may appear, and still be found after the history was forgotten.
const MARGIN: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What of the inbox is wanted in the first place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// What comes from now on.
    Now,
    /// What Google took in at that moment or later.
    Since(SystemTime),
}

/// The inbox of an account.
pub struct Inbox {
    gmail: Gmail,
    start: Start,
    /// The last look did not come to an end; whoever brings this cursor may go on with it.
    under_way: Option<(String, Way)>,
}

enum Way {
    History(Walk),
    Listing(Listing),
}

/// What a look brought so far.
struct Look {
    batch: Batch,
    size: usize,
    position: Cursor,
}

// === impl Inbox ===

impl Inbox {
    /// The account's inbox, from that start on.
    pub fn new(gmail: Gmail, start: Start) -> Inbox {
        Inbox { gmail, start, under_way: None }
    }

    /// Looks for messages behind the cursor of the last look that was kept, or for the first time. One batch is at most 50 MiB.
    ///
    /// Nothing is acknowledged to Gmail, and a look changes nothing there. A look may bring what an earlier one brought when
    /// the cursor between them was lost, or after the history was forgotten; the identifiers are the same then. A message
    /// that lay elsewhere and is moved into the inbox is not new.
    ///
    /// # Errors
    /// As every call that reads; [`Failure::Malformed`] for a cursor that is none.
    pub async fn look(&mut self, cursor: Option<&str>) -> Result<Batch, Failure> {
        let Some(cursor) = cursor else { return self.begin().await };
        let position: Cursor = cursor.parse()?;
        let mut way = match self.under_way.take() {
            Some((kept, way)) if kept == cursor => way,
            _ => Way::from(&position),
        };
        let mut look = Look { batch: Batch::default(), size: 0, position };
        let under_way = loop {
            match self.step(&mut way, &mut look).await {
                Ok(true) if look.is_full() => break Some(way),
                Ok(true) => {}
                Ok(false) => break None,
                // What is here is handed over; the next look meets the failure first.
                Err(_) if look.len() > 0 => {
                    look.batch.more = true;
                    break None;
                }
                Err(failure) => return Err(failure),
            }
        };
        look.batch.cursor = look.position.to_string();
        if let Some(way) = under_way {
            look.batch.more = true;
            self.under_way = Some((look.batch.cursor.clone(), way));
        }
        Ok(look.batch)
    }

    /// Nothing is brought yet: first it is settled from where on, so that a crash cannot move it.
    async fn begin(&self) -> Result<Batch, Failure> {
        // Before the list, so that nothing falls between.
        let then = self.history_id().await?;
        let (position, more) = match self.start {
            Start::Now => (Cursor::History { from: then, since: self.newest().await?, after: None }, false),
            Start::Since(since) => (Cursor::Listing { then, since: milliseconds(since), after: None }, true),
        };
        Ok(Batch { cursor: position.to_string(), more, ..Batch::default() })
    }

    /// One message further. False at the end of the way.
    async fn step(&self, way: &mut Way, look: &mut Look) -> Result<bool, Failure> {
        match way {
            Way::History(walk) => match walk.next(&self.gmail).await? {
                Met::Message(mark) => {
                    let fetched = self.gmail.raw(&mark.message).await?;
                    look.history(mark, fetched);
                    Ok(true)
                }
                Met::End(up_to) => {
                    let since = look.position.since();
                    look.position = Cursor::History { from: up_to, since, after: None };
                    Ok(false)
                }
                Met::Forgotten => {
                    let (then, since) = (self.history_id().await?, look.position.since());
                    look.position = Cursor::Listing { then, since, after: None };
                    look.batch.more = true;
                    Ok(false)
                }
            },
            Way::Listing(listing) => {
                if let Some(id) = listing.next(&self.gmail).await? {
                    let fetched = self.gmail.raw(&id).await?;
                    look.listing(id, fetched);
                    return Ok(true);
                }
                if let Cursor::Listing { then, since, after: _ } = look.position {
                    look.position = Cursor::History { from: then, since, after: None };
                }
                look.batch.more = true;
                Ok(false)
            }
        }
    }

    async fn history_id(&self) -> Result<u64, Failure> {
        Ok(calls::profile(&self.gmail.read(&calls::get_profile()).await?)?.history_id)
    }

    /// The date of the newest message of the inbox, by Google's clock. All of an empty inbox is still to come.
    async fn newest(&self) -> Result<i64, Failure> {
        const STEP: &str = "listing the inbox";
        // It may be deleted between the two calls.
        for _ in 0..3 {
            let list = self.gmail.read(&calls::list_inbox(None, None, 1)).await?;
            let page: calls::Messages = calls::json(STEP, &list)?;
            let Some(newest) = page.messages.into_iter().next() else { return Ok(0) };
            let id = calls::sound_id(STEP, newest.id)?;
            let reply = match self.gmail.read(&calls::get_message(&id, "minimal")).await {
                Err(failure) if answer::is_gone(&failure) => continue,
                reply => reply?,
            };
            let message: calls::Raw<'_> = serde_json::from_slice(&reply.untrusted_body)
                .map_err(|error| calls::unreadable(STEP, &reply, &error))?;
            return Ok(message.internal_date.unwrap_or(0));
        }
        Err(Failure::not_understood(STEP, "what it names is not there", Effect::None))
    }
}

// === impl Way ===

impl From<&Cursor> for Way {
    fn from(cursor: &Cursor) -> Way {
        match cursor {
            Cursor::History { from, after, since: _ } => Way::History(Walk::begin(*from, after.clone())),
            Cursor::Listing { since, after, then: _ } => Way::Listing(Listing::begin(*since, after.clone())),
        }
    }
}

// === impl Look ===

impl Look {
    fn is_full(&self) -> bool {
        self.size >= FULL || self.len() >= MOST
    }

    fn len(&self) -> usize {
        self.batch.items.len() + self.batch.refused.len()
    }

    fn history(&mut self, mark: Mark, fetched: Fetched) {
        let date = self.take(&mark.message, fetched, i64::MIN);
        if let Cursor::History { since, after, .. } = &mut self.position {
            *since = settled(date).max(*since);
            *after = Some(mark);
        }
    }

    fn listing(&mut self, id: String, fetched: Fetched) {
        self.take(&id, fetched, self.position.since());
        if let Cursor::Listing { after, .. } = &mut self.position {
            *after = Some(id);
        }
    }

    /// Puts a message into the batch, unless it is older than `since`. Gives its date.
    fn take(&mut self, id: &str, fetched: Fetched, since: i64) -> Option<i64> {
        match fetched {
            Fetched::Whole { untrusted_bytes, date } => {
                if date.is_none_or(|date| date >= since) {
                    self.size = self.size.saturating_add(untrusted_bytes.len());
                    self.batch.items.push(Incoming { id: id.to_owned(), untrusted_bytes });
                }
                date
            }
            Fetched::Refused(why) => {
                self.batch.refused.push((id.to_owned(), why.to_owned()));
                None
            }
        }
    }
}

impl Cursor {
    fn since(&self) -> i64 {
        match self {
            Cursor::History { since, .. } | Cursor::Listing { since, .. } => *since,
        }
    }
}

/// From which date on messages may still appear when one of this date has come. A date in the future, which only a message
/// that somebody imported has, must not move it beyond now.
fn settled(date: Option<i64>) -> i64 {
    let margin = i64::try_from(MARGIN.as_millis()).unwrap_or(i64::MAX);
    date.map_or(i64::MIN, |date| date.min(milliseconds(SystemTime::now())).saturating_sub(margin))
}

fn milliseconds(time: SystemTime) -> i64 {
    let since_1970 = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
