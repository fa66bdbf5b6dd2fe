//! One look into the folder.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::Imap;
use super::cursor::Cursor;
use super::fetch::{Fetched, LONGEST, message};
use super::folder::{Folder, Listed};
use super::opening::Private;
use crate::failure::Failure;
use crate::incoming::{Batch, Incoming};

/// When a batch has so many bytes it takes no further message.
const ENOUGH: usize = 8 * 1024 * 1024;

/// The most messages in one batch.
const MOST: usize = 200;

/// A look that took so long hands over what it has.
const LONGEST_LOOK: Duration = Duration::from_secs(120);

/// A message that a server refuses to give so often is given up.
const ATTEMPTS: u32 = 3;

impl Imap {
    /// The batch, and whether the session can be used again.
    pub(super) async fn look_over(
        &mut self,
        session: &mut Private,
        cursor: Option<Cursor>,
    ) -> Result<(Batch, bool), Failure> {
        let folder = Folder::examine(session, &self.quoted_folder).await?;
        let mut cursor = match cursor {
            Some(cursor) if cursor.validity == folder.validity => cursor,
            Some(cursor) => cursor.renumbered(folder.validity, folder.last),
            None if self.settings.from_the_start => {
                Cursor { validity: folder.validity, uid: 0, newest: 0, again: None }
            }
            None => {
                let newest = folder.newest(session).await?.and_then(|newest| newest.arrived).unwrap_or(0);
                let newest = newest.min(now());
                let cursor = Cursor { validity: folder.validity, uid: folder.last, newest, again: None };
                return Ok((Batch { cursor: cursor.to_string(), ..Batch::default() }, true));
            }
        };
        let page = folder.page(session, cursor.uid).await?;
        let mut batch = Batch { more: page.more, ..Batch::default() };
        let (begun, mut bytes, mut sound) = (Instant::now(), 0_usize, true);
        for listed in page.messages {
            let fits = usize::try_from(listed.size).is_ok_and(|size| size.saturating_add(bytes) <= LONGEST);
            let full = batch.items.len() >= MOST || bytes >= ENOUGH || !fits && bytes > 0;
            if full || begun.elapsed() > LONGEST_LOOK && !batch.is_bare() {
                batch.more = true;
                break;
            }
            match self.take(session, &cursor, listed).await {
                Ok(Taken::Item(item)) => {
                    bytes = bytes.saturating_add(item.untrusted_bytes.len());
                    batch.items.push(item);
                }
                Ok(Taken::Refused(id, why)) => batch.refused.push((id, why)),
                Ok(Taken::Nothing) => {}
                Err(failure) if batch.is_bare() => return Err(failure),
                Err(_met_again_by_the_next_look) => {
                    (batch.more, sound) = (true, false);
                    break;
                }
            }
            cursor.advance(listed.uid, listed.arrived, now());
        }
        batch.cursor = cursor.to_string();
        Ok((batch, sound))
    }

    async fn take(
        &mut self,
        session: &mut Private,
        cursor: &Cursor,
        listed: Listed,
    ) -> Result<Taken, Failure> {
        let Listed { uid, size, arrived } = listed;
        if cursor.knows(uid, arrived) {
            return Ok(Taken::Nothing);
        }
        let validity = cursor.validity;
        let id = format!("imap:{validity}:{uid}");
        let too_long = |size: u64| format!("it is {size} bytes long, and {LONGEST} is the most that is read");
        if usize::try_from(size).map_or(true, |size| size > LONGEST) {
            return Ok(Taken::Refused(id, too_long(size)));
        }
        match message(session, uid, size).await {
            Ok(Fetched::Whole(untrusted_bytes)) => Ok(Taken::Item(Incoming { id, untrusted_bytes })),
            Ok(Fetched::Gone) => Ok(Taken::Nothing),
            Ok(Fetched::Nothing) => {
                Ok(Taken::Refused(id, format!("the server gives nothing of it, though it says {size} bytes")))
            }
            Ok(Fetched::TooLong) => Ok(Taken::Refused(
                id,
                format!("it is longer than {LONGEST} bytes, though the server says {size}"),
            )),
            // One message that a server cannot give must not stand before all others for ever.
            Err(Failure::Rejected { reply, .. }) if self.times_stuck(validity, uid) >= ATTEMPTS => {
                Ok(Taken::Refused(id, format!("the server does not give it: {reply}")))
            }
            Err(failure) => Err(failure),
        }
    }

    fn times_stuck(&mut self, validity: u32, uid: u32) -> u32 {
        let times = match self.stuck {
            Some((of, at, times)) if (of, at) == (validity, uid) => times.saturating_add(1),
            Some(_) | None => 1,
        };
        self.stuck = Some((validity, uid, times));
        times
    }
}

/// What becomes of a listed message.
enum Taken {
    Item(Incoming),
    Refused(String, String),
    /// It is gone, or known.
    Nothing,
}

// === impl Batch ===

impl Batch {
    fn is_bare(&self) -> bool {
        self.items.is_empty() && self.refused.is_empty()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
