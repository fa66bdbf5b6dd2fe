//! What came into the inbox since a point of the mailbox's history.

use std::collections::VecDeque;

use super::cursor::Mark;
use super::{Gmail, answer, calls};
use crate::failure::{Effect, Failure};

const STEP: &str = "asking what is new";

/// A walk through the history from a point of it on, page by page. Where it stands is known by a record and a message, not by
/// a page, because pages are forgotten and cut otherwise.
pub(super) struct Walk {
    from: u64,
    skip: Option<Mark>,
    page: Page,
    queue: VecDeque<Mark>,
}

enum Page {
    First,
    Next(String),
    /// There is no further one; the history goes up to here.
    Last(u64),
}

/// What the walk met.
pub(super) enum Met {
    /// A message that was added.
    Message(Mark),
    /// The end: all up to there is done.
    End(u64),
    /// The provider does not know the point any more.
    Forgotten,
}

impl Walk {
    /// From a point on, without what comes up to and with `after`.
    pub(super) fn begin(from: u64, after: Option<Mark>) -> Walk {
        Walk { from, skip: after, page: Page::First, queue: VecDeque::new() }
    }

    pub(super) async fn next(&mut self, gmail: &Gmail) -> Result<Met, Failure> {
        loop {
            if let Some(mark) = self.queue.pop_front() {
                return Ok(Met::Message(mark));
            }
            let token = match &self.page {
                Page::First => None,
                Page::Next(token) => Some(token.as_str()),
                Page::Last(up_to) => return Ok(Met::End(*up_to)),
            };
            let reply = match gmail.read(&calls::list_history(self.from, token)).await {
                Err(failure) if answer::is_gone(&failure) => return Ok(Met::Forgotten),
                reply => reply?,
            };
            let page: calls::History = calls::json(STEP, &reply)?;
            let next = page.next_page_token.filter(|next| !next.is_empty());
            if next.is_some() && next.as_deref() == token {
                return Err(Failure::not_understood(STEP, "a page is followed by itself", Effect::None));
            }
            self.page = match (next, page.history_id) {
                (Some(next), _) => Page::Next(next),
                // A history that ends before it begins is another mailbox's.
                (None, Some(up_to)) if up_to < self.from => return Ok(Met::Forgotten),
                (None, up_to) => Page::Last(up_to.unwrap_or(self.from)),
            };
            self.queue = self.marks(page.history)?;
        }
    }

    /// The messages of a page behind the mark.
    fn marks(&self, records: Vec<calls::Record>) -> Result<VecDeque<Mark>, Failure> {
        let mut marks = VecDeque::new();
        for calls::Record { id, messages_added } in records {
            let record =
                id.ok_or_else(|| Failure::not_understood(STEP, "a record has no `id`", Effect::None))?;
            let mut messages = Vec::with_capacity(messages_added.len());
            for calls::Added { message } in messages_added {
                messages.push(calls::sound_id(STEP, message.id)?);
            }
            let begin = match &self.skip {
                Some(skip) if record < skip.record => continue,
                Some(skip) if record == skip.record => {
                    messages.iter().position(|id| *id == skip.message).map_or(0, |at| at + 1)
                }
                _ => 0,
            };
            marks.extend(messages.into_iter().skip(begin).map(|message| Mark { record, message }));
        }
        Ok(marks)
    }
}
