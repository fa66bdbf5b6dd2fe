//! What a peer does on a connection, told by the headers of its frames alone (RFC 9113, 4.1). Nothing is decoded here: that
//! is the HTTP/2 library's work, which has its own limits. It does not say what a connection is used for.

use std::cmp::min;

/// Bytes before the first frame (RFC 9113, 3.4).
const PREFACE: usize = 24;

/// Bytes of a frame's header.
const HEADER: usize = 9;

/// What the bytes of one connection were so far.
#[derive(Debug)]
pub(crate) struct Frames {
    preface_left: usize,
    header: Vec<u8>,
    payload_left: usize,
    kind: Kind,
}

/// What came to its end in some bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Frames that carry no call on.
    pub(crate) overhead: u32,
    /// Pings, or answers to ours: somebody is there.
    pub(crate) pings: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It carries a call on.
    Call,
    Ping,
    Overhead,
}

// === impl Frames ===

impl Frames {
    pub(crate) const fn new() -> Self {
        Self { preface_left: PREFACE, header: Vec::new(), payload_left: 0, kind: Kind::Call }
    }

    /// Whether the peer has said that it speaks HTTP/2.
    pub(crate) const fn is_past_the_preface(&self) -> bool {
        self.preface_left == 0
    }

    /// Takes the next bytes.
    pub(crate) fn take(&mut self, untrusted: &[u8]) -> Tally {
        let mut tally = Tally::default();
        let (_preface, mut rest) = untrusted.split_at(min(self.preface_left, untrusted.len()));
        self.preface_left -= untrusted.len() - rest.len();
        while !rest.is_empty() {
            if self.payload_left == 0 {
                let (header, after) = rest.split_at(min(HEADER - self.header.len(), rest.len()));
                self.header.extend_from_slice(header);
                rest = after;
                let &[a, b, c, kind, _flags, ..] = self.header.as_slice() else { break };
                if self.header.len() < HEADER {
                    break;
                }
                self.payload_left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                self.kind = Kind::of(kind, self.payload_left);
                self.header.clear();
            }
            let (_payload, after) = rest.split_at(min(self.payload_left, rest.len()));
            self.payload_left -= rest.len() - after.len();
            rest = after;
            if self.payload_left == 0 {
                tally.count(self.kind);
            }
        }
        tally
    }
}

// === impl Kind ===

impl Kind {
    const fn of(kind: u8, length: usize) -> Self {
        match kind {
            // DATA that is empty moves nothing; one may end each call, and calls are counted themselves.
            0 if length > 0 => Self::Call,
            1 => Self::Call,
            6 => Self::Ping,
            _ => Self::Overhead,
        }
    }
}

// === impl Tally ===

impl Tally {
    const fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Call => {}
            Kind::Ping => {
                self.pings += 1;
                self.overhead += 1;
            }
            Kind::Overhead => self.overhead += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        [&[0, 0, length, kind, 0, 0, 0, 0, 0][..], &vec![b'x'; usize::from(length)]].concat()
    }

    #[test]
    fn frames_are_told_however_the_bytes_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        // SETTINGS, HEADERS, DATA, empty DATA, PING, PING, RST_STREAM, WINDOW_UPDATE, one of a kind that nobody knows
        for (kind, length) in [(4, 0), (1, 30), (0, 200), (0, 0), (6, 8), (6, 8), (3, 4), (8, 4), (77, 0)] {
            bytes.extend(frame(kind, length));
        }
        for size in [1, 2, 3, 5, 8, 9, 10, 24, 25, 64, bytes.len()] {
            let (mut frames, mut all) = (Frames::new(), Tally::default());
            for part in bytes.chunks(size) {
                let Tally { overhead, pings } = frames.take(part);
                all.overhead += overhead;
                all.pings += pings;
            }
            assert!(frames.is_past_the_preface());
            assert_eq!(all, Tally { overhead: 7, pings: 2 }, "in parts of {size}");
        }
    }

    #[test]
    fn a_frame_counts_when_it_is_whole() {
        let mut frames = Frames::new();
        frames.take(&[b'x'; PREFACE]);
        let ping = frame(6, 8);
        let (most, last) = ping.split_at(16);
        assert_eq!(frames.take(most), Tally::default());
        assert_eq!(frames.take(last), Tally { overhead: 1, pings: 1 });
    }
}
