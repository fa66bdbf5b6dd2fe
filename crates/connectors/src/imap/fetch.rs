//! One message, fetched in pieces, so that no answer is ever longer than a piece.

use tokio::io::{AsyncRead, AsyncWrite};

use super::response::{Body, Fetch, Response};
use super::session::{SMALL_TALK, Session};
use crate::failure::Failure;
use crate::mail_server::Broken;

/// The most that one answer brings.
const PIECE: usize = 256 * 1024;

/// The most that a message may have: what a reader takes.
pub(super) const LONGEST: usize = 25 * 1024 * 1024;

const STEP: &str = "fetching a message";

/// What became of a message that was listed.
pub(super) enum Fetched {
    Whole(Vec<u8>),
    /// It was expunged since.
    Gone,
    /// The server gives nothing of it.
    Nothing,
    /// It is longer than the server said, and longer than we take.
    TooLong,
}

/// All of a message's bytes. BODY.PEEK, because BODY would mark it as read. The server's word of how long it is decides
/// nothing but what it means when there is nothing.
pub(super) async fn message<S>(
    session: &mut Session<S>,
    uid: u32,
    untrusted_size: u64,
) -> Result<Fetched, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let is_whole = |length: usize| u64::try_from(length).is_ok_and(|length| length >= untrusted_size);
    let mut whole = Vec::new();
    loop {
        let mut piece = match piece(session, uid, whole.len()).await? {
            Some(piece) => piece,
            // Some servers say NIL for what is behind a message's end, and all for what is gone.
            None if is_whole(whole.len()) && !whole.is_empty() => return Ok(Fetched::Whole(whole)),
            None => return Ok(Fetched::Gone),
        };
        let last = piece.len() < PIECE;
        whole.append(&mut piece);
        if whole.len() > LONGEST {
            return Ok(Fetched::TooLong);
        }
        if last && whole.is_empty() && untrusted_size > 0 {
            return Ok(Fetched::Nothing);
        }
        // Only a short piece is the last one: how long the whole is said to be need not be true.
        if last {
            return Ok(Fetched::Whole(whole));
        }
    }
}

/// One piece; nothing when there is no such message any more.
async fn piece<S>(session: &mut Session<S>, uid: u32, from: usize) -> Result<Option<Vec<u8>>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut body: Option<Body> = None;
    let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{PIECE}>)");
    session
        .command(STEP, &command, PIECE.saturating_add(SMALL_TALK), |response| {
            if let Response::Fetch(Fetch { uid: Some(of), body: Some(heard), .. }) = response
                && of == uid
            {
                body = Some(heard);
            }
        })
        .await?;
    let Some(Body { origin, untrusted_bytes: Some(bytes) }) = body else { return Ok(None) };
    let origin = origin.map_or(Some(0), |origin| usize::try_from(origin).ok());
    if origin == Some(from) && bytes.len() <= PIECE {
        Ok(Some(bytes))
    } else {
        Err(Broken::NotUnderstood("another part of the message than was asked for").at(STEP))
    }
}
