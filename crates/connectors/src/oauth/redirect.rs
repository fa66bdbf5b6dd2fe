//! The loopback address that the provider sends the browser back to (RFC 8252 section 7.3).

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vault::Secret;

use super::NoConsent;
use super::request::{Expected, LONGEST_HEAD, Verdict};

/// Browsers open connections ahead and send nothing on them, so one that waits must not hold up the others.
const MOST_VISITORS: usize = 16;
/// How long one may take to say its request, and how long to take our page.
const VISIT: Duration = Duration::from_secs(10);

/// Waits for the one answer. Whatever comes of it, the listener is closed then.
pub(super) async fn wait(
    listener: TcpListener,
    expected: Expected,
    patience: Duration,
) -> Result<Secret, NoConsent> {
    let expected = Arc::new(expected);
    let waiting = async {
        let mut visitors = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept(), if visitors.len() < MOST_VISITORS => {
                    let (stream, _) = accepted.map_err(NoConsent::Listener)?;
                    let expected = Arc::clone(&expected);
                    visitors.spawn(async move { visit(stream, &expected).await });
                }
                Some(visited) = visitors.join_next() => {
                    if let Ok(Some(answer)) = visited {
                        return answer;
                    }
                }
            }
        }
    };
    timeout(patience, waiting).await.unwrap_or(Err(NoConsent::TimedOut(patience)))
}

/// One connection, one request, one page. Gives the answer if this was it.
async fn visit(mut stream: TcpStream, expected: &Expected) -> Option<Result<Secret, NoConsent>> {
    let verdict = timeout(VISIT, hear(&mut stream, expected)).await.unwrap_or(Verdict::Refuse(408));
    let (status, words, answer) = match verdict {
        Verdict::Answer(Ok(code)) => {
            ("200 OK", "Thank you. You can close this page and go back to the terminal.", Some(Ok(code)))
        }
        Verdict::Answer(Err(no)) => {
            ("200 OK", "Access was not given. The terminal says what to do.", Some(Err(no)))
        }
        Verdict::Refuse(status) => (refusal(status), "This is not the page that is waited for.", None),
        Verdict::Unfinished => return None,
    };
    // The answer counts whether or not the browser waits for our page.
    let _ = timeout(VISIT, stream.write_all(page(status, words).as_bytes())).await;
    let _ = timeout(VISIT, stream.shutdown()).await;
    answer
}

async fn hear(stream: &mut TcpStream, expected: &Expected) -> Verdict {
    let mut untrusted_head = Vec::with_capacity(2048);
    loop {
        let room = (LONGEST_HEAD - untrusted_head.len()) as u64;
        match (&mut *stream).take(room).read_buf(&mut untrusted_head).await {
            Ok(0) | Err(_) => return Verdict::Unfinished,
            Ok(_) => {}
        }
        match expected.judge(&untrusted_head) {
            Verdict::Unfinished => {}
            verdict @ (Verdict::Answer(_) | Verdict::Refuse(_)) => return verdict,
        }
    }
}

const fn refusal(status: u16) -> &'static str {
    match status {
        403 => "403 Forbidden",
        404 => "404 Not Found",
        405 => "405 Method Not Allowed",
        408 => "408 Request Timeout",
        421 => "421 Misdirected Request",
        431 => "431 Request Header Fields Too Large",
        _ => "400 Bad Request",
    }
}

/// Nothing of the request is in the page, and nothing in it is loaded or run; the code in its address goes nowhere from there.
fn page(status: &str, words: &str) -> String {
    let body = format!("<!doctype html>\n<meta charset=utf-8>\n<title>Moltbot</title>\n<p>{words}</p>\n");
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n{body}"
    )
}
