//! Lines and counted bytes from a server that nobody trusts.
//!
//! What is kept is never more than a limit that we set and one read beyond it; no length from outside makes room in advance.

use std::io;

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::failure::{Cause, Failure, one_line};

/// Read at once.
const CHUNK: usize = 16 * 1024;

/// A connection that is read in lines.
pub(crate) struct Wire<S> {
    stream: S,
    /// What came and was not taken yet.
    untrusted_buffer: Vec<u8>,
    /// How much of it was taken already.
    taken: usize,
    /// How much more may be taken before [`Wire::allow`] is called again.
    allowance: usize,
}

/// Why there is no line.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The server closed the connection.
    Closed,
    /// The connection or TLS broke.
    Connection(io::Error),
    /// More came than was asked for.
    TooLong,
    /// What came is not what the protocol says.
    NotUnderstood(&'static str),
}

// === impl Wire ===

impl<S> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, untrusted_buffer: Vec::new(), taken: 0, allowance: 0 }
    }

    /// From here on this many bytes may come, whatever came before.
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// The connection itself, to be made private. Bytes that came too early were said by whoever sits in between, and
    /// would be taken for the server's own under TLS (CVE-2011-0411 and its many relatives).
    pub(crate) fn into_drained(self) -> Result<S, Broken> {
        if self.untrusted_buffer.len() == self.taken {
            Ok(self.stream)
        } else {
            Err(Broken::NotUnderstood("words before TLS that would count after it"))
        }
    }

    fn waiting(&self) -> &[u8] {
        self.untrusted_buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) -> Result<Vec<u8>, Broken> {
        self.allowance = self.allowance.checked_sub(bytes).ok_or(Broken::TooLong)?;
        let end = self.taken.saturating_add(bytes);
        let taken = self.untrusted_buffer.get(self.taken..end).unwrap_or_default().to_vec();
        self.taken = end;
        if self.taken == self.untrusted_buffer.len() {
            self.untrusted_buffer.clear();
            self.taken = 0;
        }
        Ok(taken)
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// The next line, without its end. A line that is dropped while it comes is not lost.
    pub(crate) async fn line(&mut self, longest: usize) -> Result<Vec<u8>, Broken> {
        let longest = longest.min(self.allowance);
        let mut looked_at = 0;
        loop {
            let fresh = self.waiting().get(looked_at..).unwrap_or_default();
            if let Some(end) = memchr(b'\n', fresh) {
                let length = looked_at.saturating_add(end).saturating_add(1);
                if length > longest {
                    return Err(Broken::TooLong);
                }
                let mut line = self.take(length)?;
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            looked_at = self.waiting().len();
            if looked_at >= longest {
                return Err(Broken::TooLong);
            }
            self.fill().await?;
        }
    }

    /// So many bytes, as they come.
    pub(crate) async fn exactly(&mut self, bytes: usize) -> Result<Vec<u8>, Broken> {
        if bytes > self.allowance {
            return Err(Broken::TooLong);
        }
        let mut whole = Vec::new();
        while whole.len() < bytes {
            if self.waiting().is_empty() {
                self.fill().await?;
            }
            let more = self.waiting().len().min(bytes.saturating_sub(whole.len()));
            whole.append(&mut self.take(more)?);
        }
        Ok(whole)
    }

    /// Until there is something to take. May be dropped at any time.
    pub(crate) async fn something(&mut self) -> Result<(), Broken> {
        if self.waiting().is_empty() { self.fill().await } else { Ok(()) }
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        if self.taken > 0 {
            self.untrusted_buffer.drain(..self.taken.min(self.untrusted_buffer.len()));
            self.taken = 0;
        }
        self.untrusted_buffer.reserve(CHUNK);
        let room = &mut (&mut self.stream).take(u64::try_from(CHUNK).unwrap_or(u64::MAX));
        match room.read_buf(&mut self.untrusted_buffer).await {
            Ok(0) => Err(Broken::Closed),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Broken::Closed),
            Err(error) => Err(Broken::Connection(error)),
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Says something whole.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let said = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        said.await.map_err(Broken::Connection)
    }
}

// === impl Broken ===

impl Broken {
    /// The same as the failure of a step before which and in which nothing happened.
    pub(crate) fn at(self, step: &'static str) -> Failure {
        Failure::Unavailable { step, cause: self.into() }
    }
}

impl From<Broken> for Cause {
    fn from(broken: Broken) -> Cause {
        match broken {
            Broken::Closed => Cause::Connection("the server closed the connection".to_owned()),
            Broken::Connection(error) => Cause::Connection(one_line(&error.to_string())),
            Broken::TooLong => Cause::NotUnderstood("it is longer than was asked for".to_owned()),
            Broken::NotUnderstood(what) => Cause::NotUnderstood(what.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, CHUNK, Wire};

    fn wire(bytes: &[u8], allowance: usize) -> Wire<&[u8]> {
        let mut wire = Wire::new(bytes);
        wire.allow(allowance);
        wire
    }

    #[tokio::test]
    async fn lines_and_counted_bytes_come_as_they_were_sent() {
        let mut wire = wire(b"one\r\n\r\ntwo\nabc\r\ndef\r\n", 100);
        assert_eq!(wire.line(10).await.unwrap(), b"one");
        assert_eq!(wire.line(10).await.unwrap(), b"");
        assert_eq!(wire.line(10).await.unwrap(), b"two");
        assert_eq!(wire.exactly(6).await.unwrap(), b"abc\r\nd");
        assert_eq!(wire.line(10).await.unwrap(), b"ef");
        assert!(matches!(wire.line(10).await, Err(Broken::Closed)));
    }

    #[tokio::test]
    async fn an_endless_line_is_given_up_at_its_limit() {
        let mut wire = Wire::new(tokio::io::repeat(b'a'));
        wire.allow(usize::MAX);
        assert!(matches!(wire.line(1000).await, Err(Broken::TooLong)));
        assert!(wire.untrusted_buffer.capacity() <= 4 * CHUNK);
    }

    #[tokio::test]
    async fn more_than_was_allowed_is_not_taken_and_no_room_is_made_for_it() {
        let mut endless = Wire::new(tokio::io::repeat(b'a'));
        endless.allow(1000);
        assert!(matches!(endless.exactly(1 << 40).await, Err(Broken::TooLong)));
        assert_eq!(endless.untrusted_buffer.capacity(), 0);

        let many = b"12345678\r\n".repeat(100);
        let mut lines = wire(&many, 95);
        for _ in 0..9 {
            lines.line(50).await.unwrap();
        }
        assert!(matches!(lines.line(50).await, Err(Broken::TooLong)));
    }

    #[tokio::test]
    async fn a_connection_with_words_left_is_not_made_private() {
        let mut early = wire(b"220 go\r\n250 ok\r\n", 100);
        early.line(50).await.unwrap();
        assert!(matches!(early.into_drained(), Err(Broken::NotUnderstood(_))));
        let mut fine = wire(b"220 go\r\n", 100);
        fine.line(50).await.unwrap();
        assert!(fine.into_drained().is_ok());
    }
}
