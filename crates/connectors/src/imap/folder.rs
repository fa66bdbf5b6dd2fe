//! A folder that is open for reading only, and which of its messages are new.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};
use tokio::io::{AsyncRead, AsyncWrite};

use super::response::{Code, Fetch, Response};
use super::session::{SMALL_TALK, Session};
use crate::failure::Failure;
use crate::mail_server::{Broken, Unusable};

/// The most messages that are listed at once.
pub(super) const PAGE: u32 = 1000;

const STEP: &str = "listing new mail";

/// A folder as the server describes it. Every number is the server's word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder {
    /// How many messages it holds.
    pub(super) exists: u32,
    /// Which numbering its messages have.
    pub(super) validity: u32,
    /// The number of the last message that it ever held.
    pub(super) last: u32,
}

/// One message of a folder, not fetched yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    pub(super) size: u64,
    pub(super) arrived: Option<i64>,
}

/// Messages in the order of their numbers.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) messages: Vec<Listed>,
    /// Whether there are more behind them.
    pub(super) more: bool,
}

// === impl Folder ===

impl Folder {
    /// Opens it for reading only (EXAMINE), so that nothing here changes a flag. Opened anew at every look: that is how a
    /// server must tell what changed, and whether it is still the same folder.
    pub(super) async fn examine<S>(session: &mut Session<S>, quoted_name: &str) -> Result<Folder, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        const STEP: &str = "opening the folder";
        let (mut exists, mut validity, mut next) = (None, None, None);
        let command = format!("EXAMINE {quoted_name}");
        session
            .command(STEP, &command, SMALL_TALK, |response| match response {
                Response::Exists(count) => exists = Some(count),
                Response::Status(status) => match status.code {
                    Code::UidValidity(number) => validity = Some(number),
                    Code::UidNext(number) => next = Some(number),
                    Code::None | Code::Capabilities(_) | Code::Other(_) => {}
                },
                Response::GoOn
                | Response::Done { .. }
                | Response::Capabilities(_)
                | Response::Fetch(_)
                | Response::Other => {}
            })
            .await?;
        session.take_grown();
        let exists =
            exists.ok_or(Broken::NotUnderstood("a folder without its number of messages").at(STEP))?;
        let validity = validity.ok_or(Broken::NotUnderstood("a folder without UIDVALIDITY").at(STEP))?;
        let mut folder = Folder { exists, validity, last: 0 };
        folder.last = match next {
            Some(next) => next.saturating_sub(1),
            // Servers of before 2003 need not say it.
            None => folder.newest(session).await?.map_or(0, |newest| newest.uid),
        };
        Ok(folder)
    }

    /// The message that stands last.
    pub(super) async fn newest<S>(&self, session: &mut Session<S>) -> Result<Option<Listed>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.exists == 0 {
            return Ok(None);
        }
        Ok(list(session, self.exists, self.exists).await?.pop())
    }

    /// The first messages with numbers above `after`.
    ///
    /// They are looked for by their places, which do not change while nothing but FETCH is asked (RFC 9051 section 7.5.1): so
    /// an answer is never longer than a page, however many messages there are.
    pub(super) async fn page<S>(&self, session: &mut Session<S>, after: u32) -> Result<Page, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        // No more can be new than numbers were given since.
        let most = self.last.saturating_sub(after).min(self.exists);
        if most == 0 {
            return Ok(Page { messages: Vec::new(), more: false });
        }
        let mut from = self.exists.saturating_sub(most).saturating_add(1);
        let mut to = self.exists;
        while to.saturating_sub(from) >= PAGE {
            let middle = from.saturating_add(to.saturating_sub(from) / 2);
            match list(session, middle, middle).await?.first() {
                Some(listed) if listed.uid > after => to = middle,
                Some(_) => from = middle.saturating_add(1),
                // It was expunged a moment ago; the next look will have other places.
                None => return Err(Broken::NotUnderstood("a place without a message").at(STEP)),
            }
        }
        // Now the first new one is between the two.
        let to = from.saturating_add(PAGE.saturating_mul(2)).min(self.exists);
        let mut messages = list(session, from, to).await?;
        messages.retain(|listed| listed.uid > after);
        // Nothing where something must be is no reason to look again at once.
        let more = to < self.exists && !messages.is_empty();
        Ok(Page { messages, more })
    }
}

/// Messages by their places, in the order of their numbers.
async fn list<S>(session: &mut Session<S>, from: u32, to: u32) -> Result<Vec<Listed>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut listed = Vec::new();
    let command = format!("FETCH {from}:{to} (UID RFC822.SIZE INTERNALDATE)");
    session
        .command(STEP, &command, SMALL_TALK.saturating_mul(4), |response| {
            if let Response::Fetch(Fetch { uid: Some(uid), size: Some(size), arrived, body: _ }) = response {
                listed.push(Listed { uid, size, arrived });
            }
        })
        .await?;
    listed.sort_by_key(|listed| listed.uid);
    listed.dedup_by_key(|listed| listed.uid);
    Ok(listed)
}

/// A folder's name as it stands in a command: modified UTF-7 between quotes (RFC 3501 section 5.1.3).
pub(super) fn quoted_name(name: &str) -> Result<String, Unusable> {
    if name.is_empty() || name.len() > 1000 || name.chars().any(char::is_control) {
        return Err(Unusable::NotAFolder);
    }
    let base64 = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);
    let mut quoted = String::from("\"");
    let mut foreign = Vec::new();
    let end_of_foreign = |foreign: &mut Vec<u8>, quoted: &mut String| {
        if !foreign.is_empty() {
            quoted.push('&');
            quoted.push_str(&base64.encode(std::mem::take(foreign)));
            quoted.push('-');
        }
    };
    for character in name.chars() {
        match character {
            ' '..='~' => {
                end_of_foreign(&mut foreign, &mut quoted);
                match character {
                    '&' => quoted.push_str("&-"),
                    '"' | '\\' => quoted.extend(['\\', character]),
                    _ => quoted.push(character),
                }
            }
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    foreign.extend_from_slice(&unit.to_be_bytes());
                }
            }
        }
    }
    end_of_foreign(&mut foreign, &mut quoted);
    quoted.push('"');
    Ok(quoted)
}

#[cfg(test)]
mod tests {
    use super::quoted_name;

    #[test]
    fn names_are_written_as_the_standard_has_them() {
        for (name, written) in [
            ("INBOX", "\"INBOX\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("Entwürfe", "\"Entw&APw-rfe\""),
            ("Q&A", "\"Q&-A\""),
            ("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""),
            ("📥", "\"&2D3c5Q-\""),
        ] {
            assert_eq!(quoted_name(name).unwrap(), written);
        }
        for name in ["", "a\r\nA1 DELETE INBOX", "a\0", "\u{85}"] {
            assert!(quoted_name(name).is_err());
        }
    }
}
