//! HTTP/2 written by hand.

use crate::house::LONG;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// Frames (RFC 9113, 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// Errors (RFC 9113, 7).
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// A connection that plays by no rules.
pub(crate) struct Raw(pub(crate) UnixStream);

/// A frame that came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

// === impl Raw ===

impl Raw {
    /// Connected, and nothing said.
    pub(crate) async fn silent(socket: &Path) -> Self {
        Self(UnixStream::connect(socket).await.unwrap())
    }

    /// The preface and empty settings were said.
    pub(crate) async fn greeted(socket: &Path) -> Self {
        let mut raw = Self::silent(socket).await;
        raw.say(&[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, b"")].concat()).await;
        raw
    }

    /// Says all of it, unless it is cut off.
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        let _cut_off = tokio::time::timeout(LONG, self.0.write_all(bytes)).await.expect("somebody reads");
    }

    /// The next frame; `None` when the connection is closed.
    pub(crate) async fn hear(&mut self) -> Option<Frame> {
        let heard = async {
            let mut header = [0; 9];
            self.0.read_exact(&mut header).await.ok()?;
            let [a, b, c, kind, _flags, s, t, u, v] = header;
            let mut payload = vec![0; usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)];
            self.0.read_exact(&mut payload).await.ok()?;
            Some(Frame { kind, stream: u32::from_be_bytes([s, t, u, v]), payload })
        };
        tokio::time::timeout(LONG, heard).await.expect("a frame or an end")
    }

    /// The next frame of this kind; `None` when the connection is closed before.
    pub(crate) async fn hear_a(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.hear().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// The error that the connection is ended with.
    pub(crate) async fn ended_with(&mut self) -> Option<u32> {
        self.hear_a(GOAWAY).await.and_then(|frame| number(frame.payload.get(4..8)?))
    }

    /// Nothing more comes.
    pub(crate) async fn is_closed(&mut self) {
        while self.hear().await.is_some() {}
    }
}

pub(crate) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    frame_that_says(payload.len(), kind, flags, stream, payload)
}

/// A frame whose length may be a lie.
pub(crate) fn frame_that_says(length: usize, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [.., a, b, c] = length.to_be_bytes();
    [&[a, b, c, kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

/// A header, as plain as HPACK has it (RFC 7541, 6.2.2).
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// The headers of a health check, or of another call.
pub(crate) fn call_to(path: &str) -> Vec<u8> {
    let headers =
        [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), ("te", "trailers")];
    let all = headers.into_iter().chain([("content-type", "application/grpc")]);
    all.flat_map(|(name, value)| header(name, value)).collect()
}

pub(crate) fn call() -> Vec<u8> {
    call_to("/grpc.health.v1.Health/Check")
}

/// A call that stays open for as long as anybody wants it.
pub(crate) fn watch() -> Vec<u8> {
    call_to("/grpc.health.v1.Health/Watch")
}
