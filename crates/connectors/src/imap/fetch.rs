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
    /// It is longer than the server said, and longer than we take.
    TooLong,
}

/// All of a message's bytes. BODY.PEEK, because BODY would mark it as read.
pub(super) async fn message<S>(session: &mut Session<S>, uid: u32) -> Result<Fetched, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut whole = Vec::new();
    loop {
        let Some(mut piece) = piece(session, uid, whole.len()).await? else { return Ok(Fetched::Gone) };
        let last = piece.len() < PIECE;
        whole.append(&mut piece);
        if whole.len() > LONGEST {
            return Ok(Fetched::TooLong);
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
    let Some(Body { origin, untrusted_bytes }) = body else { return Ok(None) };
    let origin = origin.map_or(Some(0), |origin| usize::try_from(origin).ok());
    let bytes = untrusted_bytes.unwrap_or_default();
    if origin == Some(from) && bytes.len() <= PIECE {
        Ok(Some(bytes))
    } else {
        Err(Broken::NotUnderstood("another part of the message than was asked for").at(STEP))
    }
}
