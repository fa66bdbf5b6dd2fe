//! One session: from an agreement on a pipe to its end. Who needs another begins one on the same pipe or on a new one.

use crate::carry::{announce, carry};
use crate::gate::Gate;
use crate::pipe::Pipe;
use crate::preamble::{CannotAgree, Leftover, answer, call};
use std::io;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt as _};

/// Streams of one session at a time. A guest keeps further clients waiting; a host refuses further streams.
pub const STREAMS: usize = 128;

/// What the multiplexer itself holds a side to: a stream that was broken off counts until both sides have noticed.
const STREAMS_NOTICED: usize = 2 * STREAMS;

/// What may be under way in one stream, in bytes each way. It never grows, so that a hostile side cannot make it.
const WINDOW: usize = yamux::DEFAULT_CREDIT as usize;

/// How a session ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// None began.
    #[error("no session began")]
    NotBegun(#[from] CannotAgree),
    /// The other side is gone, or began anew.
    #[error("the pipe was closed")]
    Closed,
    /// What came is no frame, or breaks a bound.
    #[error("the other side does not keep to the protocol")]
    Broken(#[source] yamux::ConnectionError),
    /// The host opened a stream: only zones dial.
    #[error("the host opened a stream towards the zone; only a zone may dial")]
    WrongWay,
    /// Nobody can come in any more.
    #[error("clients can no longer be accepted")]
    NoClients(#[source] Option<io::Error>),
}

type Connection<P> = yamux::Connection<Pipe<P>>;

/// The guest's side of one session: a stream for each client that comes in. Clients that come between two sessions wait.
pub async fn guest<P, C, S>(mut pipe: P, clients: &mut C) -> Ended
where
    P: AsyncRead + AsyncWrite + Unpin,
    C: Stream<Item = io::Result<S>> + Unpin,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let agreed = match call(&mut pipe).await {
        Ok(agreed) => agreed,
        Err(error) => return error.into(),
    };
    let (mut connection, gate) = multiplex(pipe, agreed, yamux::Mode::Client);
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            inbound = std::future::poll_fn(|cx| poll_inbound(&mut connection, &gate, cx)) => match inbound {
                Some(Ok(_towards_us)) => return Ended::WrongWay,
                Some(Err(error)) => return Ended::Broken(error),
                None => return Ended::Closed,
            },
            client = clients.next(), if carried.len() < STREAMS => {
                let client = match client {
                    Some(Ok(client)) => client,
                    Some(Err(error)) => return Ended::NoClients(Some(error)),
                    None => return Ended::NoClients(None),
                };
                match std::future::poll_fn(|cx| connection.poll_new_outbound(cx)).await {
                    Ok(mut stream) => carried.spawn(async move {
                        if announce(&mut stream).await.is_ok() {
                            carry(client, stream).await;
                        }
                    }),
                    Err(error) => return Ended::Broken(error),
                };
            },
            Some(_) = carried.join_next() => {}
        }
    }
}

/// The host's side of one session: dials once for each stream. A stream for which nobody answers is broken off, the others go on.
pub async fn host<P, D, F, S>(mut pipe: P, dial: D) -> Ended
where
    P: AsyncRead + AsyncWrite + Unpin,
    D: Fn() -> F,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let agreed = match answer(&mut pipe).await {
        Ok(agreed) => agreed,
        Err(error) => return error.into(),
    };
    let (mut connection, gate) = multiplex(pipe, agreed, yamux::Mode::Server);
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            inbound = std::future::poll_fn(|cx| poll_inbound(&mut connection, &gate, cx)) => match inbound {
                // Dropped, which breaks it off.
                Some(Ok(_one_too_many)) if carried.len() >= STREAMS => {}
                Some(Ok(stream)) => {
                    let dialled = dial();
                    carried.spawn(async move {
                        match dialled.await {
                            Ok(zone) => carry(zone, stream).await,
                            Err(error) => tracing::warn!(%error, "the zone's socket does not answer"),
                        }
                    });
                }
                Some(Err(error)) => return Ended::Broken(error),
                None => return Ended::Closed,
            },
            Some(_) = carried.join_next() => {}
        }
        // A flood of short streams must leave room for those that carry them.
        tokio::task::yield_now().await;
    }
}

fn multiplex<P: AsyncRead + AsyncWrite + Unpin>(
    pipe: P,
    leftover: Leftover,
    mode: yamux::Mode,
) -> (Connection<P>, Gate) {
    let gate = Gate::default();
    let mut config = yamux::Config::default();
    // In this order: the first would be refused while the second is at its default.
    config.set_max_num_streams(STREAMS_NOTICED);
    config.set_max_connection_receive_window(Some(STREAMS_NOTICED * WINDOW));
    let pipe = Pipe::new(pipe, gate.clone(), leftover.unread, leftover.unwritten);
    (yamux::Connection::new(pipe, config, mode), gate)
}

/// Drives the whole session, and says when the other side opens a stream.
fn poll_inbound<P: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<P>,
    gate: &Gate,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<yamux::Stream, yamux::ConnectionError>>> {
    gate.before();
    let polled = connection.poll_next_inbound(cx);
    if polled.is_pending() && gate.stuck() { connection.poll_next_inbound(cx) } else { polled }
}
