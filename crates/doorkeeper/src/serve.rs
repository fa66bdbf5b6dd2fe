//! Connections: so many at a time, one request each, and none for longer than agreed.

use crate::answer::answer;
use crate::bridge::Bridge;
use crate::door::Door;
use crate::limits::Limits;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use zone_bridge::Counters;

/// How long to wait after a connection could not be accepted.
const CANNOT_ACCEPT: Duration = Duration::from_millis(100);

/// How long a caller who still sends may do so after it was answered, so that the answer is not lost with what it sent.
const GOODBYE: Duration = Duration::from_secs(2);

/// To who said too little for an answer to belong to anything.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Serves strangers for as long as the process lives.
pub async fn serve(door: Door, bridge: Bridge, limits: Limits, answered: Counters) -> io::Result<()> {
    let door = door.into_tokio()?;
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        match door.accept().await {
            Ok((stream, _)) => {
                let (bridge, answered) = (bridge.clone(), answered.clone());
                tokio::spawn(async move {
                    attend(stream, bridge, limits, answered).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(CANNOT_ACCEPT).await,
        }
    }
}

/// One connection, from its first byte to its last.
async fn attend(stream: TcpStream, bridge: Bridge, limits: Limits, answered: Counters) {
    let deadline = Instant::now() + limits.time;
    let has_asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&has_asked);
    let service = service_fn(move |request: Request<Incoming>| {
        asks.store(true, Ordering::Relaxed);
        let (bridge, answered) = (bridge.clone(), answered.clone());
        Box::pin(async move {
            let answer = answer(request, bridge, limits, deadline).await;
            answered.count(answer.status().as_str());
            Ok::<_, Infallible>(answer)
        })
    });
    let mut conversation = http1::Builder::new()
        .keep_alive(false)
        // The deadlines here are for the whole and not for its parts.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_buf_size(limits.head)
        .serve_connection(TokioIo::new(stream), service);
    let mut said_nothing = false;
    {
        let mut talk = poll_fn(|cx| conversation.poll_without_shutdown(cx));
        // What a stranger does wrong is answered where it can be, and is nobody's trouble.
        if timeout_at(deadline, &mut talk).await.is_err() {
            said_nothing = !has_asked.load(Ordering::Relaxed);
            if !said_nothing {
                let _ = timeout_at(deadline + 2 * limits.time, &mut talk).await;
            }
        }
    }
    let stream = conversation.into_parts().io.into_inner();
    let _ = timeout(GOODBYE, part(stream, said_nothing, limits)).await;
}

/// Ends a connection so that the caller can read what it was told: one that is closed with bytes unread is reset, and some
/// systems throw away what came before that (RFC 9112, section 9.6).
async fn part(mut stream: TcpStream, said_nothing: bool, limits: Limits) -> io::Result<()> {
    if said_nothing {
        stream.write_all(TOO_SLOW).await?;
    }
    stream.shutdown().await?;
    let mut rest = (&mut stream).take(2 * limits.body as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}
