//! What was said in the configured channels, oldest first.
//!
//! Slack hands a channel's history over newest first, and a place in it is a message's `ts`. So a look that finds more than one
//! page goes back to the oldest of them, hands that one over, and remembers in memory where the others begin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::replies::{HistoryPage, Who};
use super::timestamp::Timestamp;
use super::{Slack, calls, replies};
use crate::failure::one_line;
use crate::incoming::{Batch, Incoming};
use crate::{Effect, Failure};

/// So many channels' places fit into a cursor.
pub const MOST_CHANNELS: usize = 75;

/// One look goes back so many pages; what is older is told as not read.
const MOST_PAGES: usize = 50;

/// Channels that are read. Replies inside threads are no part of a channel's history: they come by events only.
pub struct SlackSource {
    slack: Arc<Slack>,
    channels: Vec<String>,
    who: Option<Who>,
    /// For each channel, the ends of the windows that are still to be looked into, the latest first; behind them is the present.
    /// Only a saving: without it a look finds the same messages with more calls.
    ends: BTreeMap<String, Vec<Timestamp>>,
    /// Channels whose refusal was told: once is enough until they can be read again.
    told: BTreeSet<String>,
}

/// How far each channel was read.
type Places = BTreeMap<String, Timestamp>;

/// One page of a window.
struct Page {
    first: Timestamp,
    messages: Vec<Box<RawValue>>,
}

/// All of a message that a source looks into.
#[derive(Deserialize)]
struct Head {
    ts: String,
    user: Option<String>,
    bot_id: Option<String>,
    subtype: Option<String>,
}

// === impl SlackSource ===

impl SlackSource {
    /// A source of these channels, each an id.
    pub fn new(slack: Arc<Slack>, channels: Vec<String>) -> Result<SlackSource, Failure> {
        if channels.len() > MOST_CHANNELS {
            return Err(Failure::Malformed { what: "there are more than 75 channels" });
        }
        if !channels.iter().all(|channel| calls::is_channel(channel)) {
            return Err(Failure::Malformed { what: "a channel is not an id such as C0123456789" });
        }
        Ok(SlackSource { slack, channels, who: None, ends: BTreeMap::new(), told: BTreeSet::new() })
    }

    /// What was said behind `cursor`. A channel that the cursor does not name is read from now on. A channel that Slack refuses
    /// is told as refused, once, and does not keep the others from being read.
    pub async fn look(&mut self, cursor: &str) -> Result<Batch, Failure> {
        let mut places = parse(cursor)?;
        places.retain(|channel, _| self.channels.contains(channel));
        if self.who.is_none() {
            self.who = Some(self.slack.who().await?);
        }
        let mut batch = Batch::default();
        for channel in self.channels.clone() {
            let looked = match places.get(&channel) {
                None => self.present(&channel).await,
                Some(place) => self.look_into(&channel, *place, &mut batch).await,
            };
            match looked {
                Ok(place) => {
                    self.told.remove(&channel);
                    places.insert(channel, place);
                }
                Err(failure @ Failure::Rejected { .. }) => {
                    if self.told.insert(channel.clone()) {
                        batch.refused.push((channel, failure.to_string()));
                    }
                }
                // What the others said is handed over first.
                Err(_) if !batch.items.is_empty() => {
                    batch.more = true;
                    break;
                }
                Err(failure) => return Err(failure),
            }
        }
        batch.cursor = written(&places);
        Ok(batch)
    }

    /// Where a channel that was never read is now.
    async fn present(&self, channel: &str) -> Result<Timestamp, Failure> {
        let newest = self.page(channel, None, None, "", 1).await?.messages;
        Ok(newest.iter().filter_map(|raw| timestamp(raw)).max().unwrap_or(Timestamp::BEGINNING))
    }

    /// Hands over the oldest page behind `place`, and tells how far that is.
    async fn look_into(
        &mut self,
        channel: &str,
        place: Timestamp,
        batch: &mut Batch,
    ) -> Result<Timestamp, Failure> {
        let mut ends = self.ends.remove(channel).unwrap_or_default();
        ends.retain(|end| *end > place);
        let end = ends.pop();
        let (mut firsts, oldest, whole) = self.walk(channel, place, end).await?;
        // Each page's window ends where the one above it begins, the topmost's where the whole window does.
        firsts.sort_unstable_by(|one, other| other.cmp(one));
        let pages = firsts.len();
        if pages > 1 {
            ends.extend(end);
            ends.extend(firsts.into_iter().take(pages.saturating_sub(2)));
        }
        batch.more |= pages > 1 || end.is_some();
        self.ends.insert(channel.to_owned(), ends);
        if !whole {
            let why = format!("what was said before the newest {MOST_PAGES} pages is not read");
            batch.refused.push((channel.to_owned(), why));
        }
        Ok(oldest.map_or(place, |page| self.hand_over(channel, place, page.messages, batch)))
    }

    /// Where each page between two moments begins, the oldest of them, and whether it really is.
    async fn walk(
        &self,
        channel: &str,
        place: Timestamp,
        end: Option<Timestamp>,
    ) -> Result<(Vec<Timestamp>, Option<Page>, bool), Failure> {
        let (mut firsts, mut oldest, mut next) = (Vec::new(), None::<Page>, String::new());
        for _ in 0..MOST_PAGES {
            let page = self.page(channel, Some(place), end, &next, calls::PAGE).await?;
            next = page.next;
            if let Some(first) =
                page.messages.iter().filter_map(|raw| timestamp(raw)).filter(|ts| *ts > place).min()
            {
                firsts.push(first);
                if oldest.as_ref().is_none_or(|oldest| first < oldest.first) {
                    oldest = Some(Page { first, messages: page.messages });
                }
            }
            if next.is_empty() {
                return Ok((firsts, oldest, true));
            }
        }
        Ok((firsts, oldest, false))
    }

    /// Puts a page into the batch, oldest first, and tells its newest moment.
    fn hand_over(
        &self,
        channel: &str,
        place: Timestamp,
        mut page: Vec<Box<RawValue>>,
        batch: &mut Batch,
    ) -> Timestamp {
        page.sort_by_cached_key(|raw| timestamp(raw));
        let mut reached = place;
        for raw in page {
            let head = serde_json::from_str::<Head>(raw.get()).ok();
            let Some((head, ts)) =
                head.and_then(|head| Some((head.ts.parse().ok()?, head)).map(|(ts, head)| (head, ts)))
            else {
                batch.refused.push((channel.to_owned(), "it has no moment".to_owned()));
                continue;
            };
            // Slack leaves both ends of a window out; a server that does not brings the last message again.
            if ts <= place {
                continue;
            }
            reached = reached.max(ts);
            let id = message_id(channel, ts);
            let own =
                self.who.as_ref().is_some_and(|who| who.wrote(head.user.as_deref(), head.bot_id.as_deref()));
            match head.subtype.as_deref() {
                // Reading its own words, an agent would answer itself.
                _ if own => {}
                Some(notice) if is_notice(notice) => {
                    batch.refused.push((id, format!("it is a notice: {}", one_line(notice))))
                }
                Some(_) | None => {
                    batch.items.push(Incoming { id, untrusted_bytes: in_channel(channel, &raw) })
                }
            }
        }
        reached
    }

    async fn page(
        &self,
        channel: &str,
        oldest: Option<Timestamp>,
        latest: Option<Timestamp>,
        cursor: &str,
        limit: usize,
    ) -> Result<HistoryPage, Failure> {
        let call = calls::history(channel, oldest, latest, cursor, limit);
        self.slack.ask(&call, "", Effect::None, replies::history).await
    }
}

fn timestamp(raw: &RawValue) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Moment {
        ts: String,
    }
    serde_json::from_str::<Moment>(raw.get()).ok()?.ts.parse().ok()
}

/// The name of a message, the same from a channel's history and from an event.
pub(super) fn message_id(channel: &str, ts: Timestamp) -> String {
    format!("{channel}:{ts}")
}

/// What readers are given: the message as it came, and where. A message of the history does not say where it is.
fn in_channel(channel: &str, raw: &RawValue) -> Vec<u8> {
    format!(r#"{{"type":"message","channel":"{channel}","message":{raw}}}"#).into_bytes()
}

/// Lines that Slack writes about a channel itself: <https://docs.slack.dev/reference/events/message>.
pub(crate) fn is_notice(subtype: &str) -> bool {
    let about_the_channel = subtype.strip_prefix("channel_").or_else(|| subtype.strip_prefix("group_"));
    match about_the_channel {
        Some(event) => {
            matches!(
                event,
                "join"
                    | "leave"
                    | "topic"
                    | "purpose"
                    | "name"
                    | "archive"
                    | "unarchive"
                    | "convert_to_private"
            )
        }
        None => matches!(subtype, "tombstone" | "bot_add" | "bot_remove" | "reminder_add"),
    }
}

fn parse(cursor: &str) -> Result<Places, Failure> {
    let place = |place: &str| {
        let (channel, ts) = place.split_once('=')?;
        Some((channel.to_owned(), ts.parse().ok().filter(|_| calls::is_channel(channel))?))
    };
    let places = cursor.split(';').filter(|place| !place.is_empty()).map(place);
    places.collect::<Option<Places>>().ok_or(Failure::Malformed { what: "the cursor is not one of Slack's" })
}

fn written(places: &Places) -> String {
    places.iter().map(|(channel, ts)| format!("{channel}={ts}")).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_channels_and_moments_and_nothing_else() {
        let cursor = "C1=1700000000.000100;D2=0.000000";
        assert_eq!(written(&parse(cursor).unwrap()), cursor);
        assert_eq!(written(&parse("").unwrap()), "");
        for cursor in ["C1", "C1=", "C1=1", "Ann=1.000000", "C1=1.000000;x", "C1=1.000000,C2=1.000000"] {
            assert!(matches!(parse(cursor), Err(Failure::Malformed { .. })), "{cursor}");
        }
    }

    #[test]
    fn the_longest_cursor_fits() {
        let channel = |nth: usize| format!("C{nth:031}");
        let places = (0..MOST_CHANNELS).map(|nth| (channel(nth), "999999999999.999999".parse().unwrap()));
        let longest = written(&places.collect());
        assert!(longest.len() <= 4000 && longest.is_ascii(), "{}", longest.len());
    }
}
