//! Bad weather.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Provider, Request, State};

/// What goes wrong, and whether it was done all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing was done.
    Before(How),
    /// It was done.
    After(How),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// The provider wants fewer calls; only before it is done.
    TooMany(u64),
    /// This status, with a page in HTML.
    Status(u16),
    /// A redirect to an address that would love to have the credential.
    Redirect,
    /// The answer, a byte now and then.
    SlowDrip,
    /// The answer up to its middle, then the end of the connection.
    Truncated,
    /// The answer up to its middle, as if it were all.
    MalformedJson,
    /// The answer as something else than JSON.
    WrongContentType,
    /// An answer that says it is 1 GiB long.
    Announced1GiB,
    /// An answer that does not say how long it is and goes on up to 1 GiB.
    Endless1GiB,
    /// The end of the connection.
    Disconnect,
    /// No answer at all.
    Silence,
}

const GIB: u64 = 1 << 30;

/// Each of them, before and after it is done. The waits are those of the call.
pub(crate) fn every_fault() -> Vec<Fault> {
    let after = [
        How::Status(500),
        How::Status(503),
        How::Redirect,
        How::SlowDrip,
        How::Truncated,
        How::MalformedJson,
        How::WrongContentType,
        How::Announced1GiB,
        How::Endless1GiB,
        How::Disconnect,
        How::Silence,
    ];
    let before = [How::TooMany(3), How::Status(400), How::Status(401), How::Status(429)];
    let both = after.into_iter().flat_map(|how| [Fault::Before(how), Fault::After(how)]);
    both.chain(before.map(Fault::Before)).collect()
}

impl Fault {
    /// Whether it goes on for as long as anybody waits.
    pub(crate) fn lasts(self) -> bool {
        let (Fault::Before(how) | Fault::After(how)) = self;
        matches!(how, How::Silence | How::SlowDrip)
    }
}

pub(super) async fn serve<P: Provider>(mut stream: TcpStream, state: Arc<Mutex<State<P>>>) {
    while let Some(request) = Request::read(&mut stream).await {
        let (answer, how) = state.lock().unwrap().meet(request);
        if play(&mut stream, answer, how).await.is_none() {
            return;
        }
    }
}

/// Nothing when the connection is to end.
async fn play(stream: &mut TcpStream, mut answer: Answer, how: Option<How>) -> Option<()> {
    let middle = answer.body.len() / 2;
    match how {
        None | Some(How::TooMany(_)) => {}
        Some(How::Status(status)) => {
            let body = "<html>planted words of a proxy</html>".to_owned();
            answer = Answer { status, headers: vec![("Content-Type", "text/html".to_owned())], body };
        }
        Some(How::Redirect) => {
            answer = Answer { status: 302, headers: Vec::new(), body: String::new() }
                .with("Location", "http://127.0.0.1:9/elsewhere");
        }
        Some(How::MalformedJson) => answer.body.truncate(middle),
        Some(How::WrongContentType) => answer = answer.with("Content-Type", "text/html"),
        Some(How::SlowDrip) => {
            stream.write_all(&head(&answer, Some(answer.body.len() as u64))).await.ok()?;
            for byte in answer.body.bytes() {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            return Some(());
        }
        Some(How::Truncated) => {
            stream.write_all(&head(&answer, Some(answer.body.len() as u64))).await.ok()?;
            stream.write_all(&answer.body.as_bytes()[..middle]).await.ok()?;
            stream.flush().await.ok()?;
            return None;
        }
        Some(How::Announced1GiB) => {
            stream.write_all(&head(&answer, Some(GIB))).await.ok()?;
            return endless(stream, |chunk| chunk.to_vec()).await;
        }
        Some(How::Endless1GiB) => {
            stream.write_all(&head(&answer, None)).await.ok()?;
            let chunked =
                |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
            return endless(stream, chunked).await;
        }
        Some(How::Disconnect) => return None,
        Some(How::Silence) => std::future::pending().await,
    }
    stream.write_all(&head(&answer, Some(answer.body.len() as u64))).await.ok()?;
    stream.write_all(answer.body.as_bytes()).await.ok()
}

/// Up to 1 GiB of blanks, which JSON allows before anything. It ends when nobody listens any more.
async fn endless(stream: &mut (impl AsyncWrite + Unpin), framed: impl Fn(&[u8]) -> Vec<u8>) -> Option<()> {
    let chunk = framed(&[b' '; 0x10000]);
    for _ in 0..GIB / 0x10000 {
        stream.write_all(&chunk).await.ok()?;
    }
    None
}

/// Without a length the body is chunked.
fn head(answer: &Answer, length: Option<u64>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Whatever\r\n", answer.status);
    let said = |name: &str| answer.headers.iter().any(|(header, _)| *header == name);
    if !said("Content-Type") {
        head.push_str("Content-Type: application/json; charset=utf-8\r\n");
    }
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match length {
        Some(length) => head.push_str(&format!("Content-Length: {length}\r\n\r\n")),
        None => head.push_str("Transfer-Encoding: chunked\r\n\r\n"),
    }
    head.into_bytes()
}
