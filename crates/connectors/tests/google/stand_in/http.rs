//! As much of HTTP/1.1 as a stand-in needs, and every way of breaking it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delivery: Delivery,
}

/// How the answer gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Half of the body.
    Half,
    /// The connection ends before a byte of it.
    Lost,
}

/// Whoever answers.
pub(crate) trait Answers: Send {
    fn answer(&mut self, request: Request) -> Response;
}

/// Answers on a port of 127.0.0.1 for as long as the runtime lives.
pub(crate) async fn serve<A: Answers + 'static>(answers: Arc<Mutex<A>>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(converse(stream, Arc::clone(&answers)));
        }
    });
    port
}

async fn converse<A: Answers>(mut stream: TcpStream, answers: Arc<Mutex<A>>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let request = next(&mut stream, &mut bytes).await?;
        let response = answers.lock().unwrap().answer(request);
        let mut head =
            format!("HTTP/1.1 {} x\r\nContent-Length: {}\r\n", response.status, response.body.len());
        for (name, value) in &response.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let body = match response.delivery {
            Delivery::Lost => return None,
            Delivery::Whole => &response.body[..],
            Delivery::Half => &response.body[..response.body.len() / 2],
        };
        stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
        if response.delivery == Delivery::Half {
            return None;
        }
    }
}

async fn next(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some((request, length)) = parse(bytes) {
            bytes.drain(..length);
            return Some(request);
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(Request, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = request.parse(bytes).unwrap() else { return None };
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8(header.value.to_vec()).unwrap())
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    let body = bytes.get(head..head + length)?.to_vec();
    let target = request.path.unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        verb: request.method.unwrap().to_owned(),
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body,
    };
    Some((request, head + length))
}

// === impl Request ===

impl Request {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

// === impl Response ===

impl Response {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Response {
        let headers = vec![("Content-Type", "application/json; charset=UTF-8".to_owned())];
        let body = serde_json::to_vec_pretty(body).unwrap();
        Response { status, headers, body, delivery: Delivery::Whole }
    }
}
