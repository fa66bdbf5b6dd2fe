//! What lies in the inbox, for when there is no history to go by.

use std::collections::{BTreeSet, VecDeque};

use super::{Gmail, calls};
use crate::failure::{Effect, Failure};

const STEP: &str = "listing the inbox";

/// So many identifiers are held at once. Of a larger inbox the list is gone through once for each so many.
const HELD: usize = 10_000;

/// More pages than any mailbox has.
const MOST_PAGES: usize = 100_000;

/// A walk through the inbox in the order of the identifiers, which nothing that happens meanwhile can change. The order of
/// Gmail's lists is by date, and moves.
pub(super) struct Listing {
    since: i64,
    after: Option<String>,
    queue: VecDeque<String>,
    listed_all: bool,
}

impl Listing {
    /// All since that date (milliseconds since 1970) whose identifier is greater than `after`.
    pub(super) fn begin(since: i64, after: Option<String>) -> Listing {
        Listing { since, after, queue: VecDeque::new(), listed_all: false }
    }

    pub(super) async fn next(&mut self, gmail: &Gmail) -> Result<Option<String>, Failure> {
        if self.queue.is_empty() && !self.listed_all {
            self.queue = self.list(gmail).await?;
        }
        let next = self.queue.pop_front();
        if let Some(id) = &next {
            self.after = Some(id.clone());
        }
        Ok(next)
    }

    async fn list(&mut self, gmail: &Gmail) -> Result<VecDeque<String>, Failure> {
        // Whole seconds, and nobody says whether the moment itself is in: one earlier.
        let seconds = self.since.div_euclid(1000).saturating_sub(1);
        let q = (seconds > 0).then(|| format!("after:{seconds}"));
        let mut held = BTreeSet::new();
        let mut token: Option<String> = None;
        self.listed_all = true;
        for _ in 0..MOST_PAGES {
            let call = calls::list_inbox(q.clone(), token.as_deref(), calls::PAGE);
            let page: calls::Messages = calls::json(STEP, &gmail.read(&call).await?)?;
            for listed in page.messages {
                let id = calls::sound_id(STEP, listed.id)?;
                if self.after.as_ref().is_none_or(|after| id > *after) {
                    held.insert(id);
                }
                if held.len() > HELD {
                    held.pop_last();
                    self.listed_all = false;
                }
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) if token.as_ref() == Some(&next) => break,
                Some(next) => token = Some(next),
                None => return Ok(held.into_iter().collect()),
            }
        }
        Err(Failure::not_understood(STEP, "the pages do not end", Effect::None))
    }
}
