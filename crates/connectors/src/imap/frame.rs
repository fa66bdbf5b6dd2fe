//! One response as it stands on the wire: text, with counted bytes (literals) in between.

use tokio::io::AsyncRead;

use crate::mail_server::{Broken, Wire};

/// The most text that one response may have. What we ask for is answered in some hundred bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// A response, cut where its literals are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) untrusted_pieces: Vec<Piece>,
}

/// A part of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// From a line, without its end and without the announcement of a literal.
    Text(Vec<u8>),
    /// Counted bytes, whatever they are (RFC 9051 section 4.3).
    Literal(Vec<u8>),
}

impl Frame {
    /// The next response, as much of it as the wire's allowance lets in.
    pub(super) async fn read<S: AsyncRead + Unpin>(wire: &mut Wire<S>) -> Result<Frame, Broken> {
        let mut frame = Frame::default();
        let mut text = 0_usize;
        loop {
            let mut line = wire.line(LONGEST_TEXT.saturating_sub(text)).await?;
            text = text.saturating_add(line.len()).saturating_add(2);
            let literal = if frame.may_hold_literals(&line) { announced(&line) } else { None };
            let Some((before, length)) = literal else {
                frame.untrusted_pieces.push(Piece::Text(line));
                return Ok(frame);
            };
            line.truncate(before);
            frame.untrusted_pieces.push(Piece::Text(line));
            let length = usize::try_from(length).map_err(|_too_large| Broken::TooLong)?;
            frame.untrusted_pieces.push(Piece::Literal(wire.exactly(length).await?));
        }
    }

    /// Only data (`* …`) do; the words of a status are for people and may end in anything.
    fn may_hold_literals(&self, line: &[u8]) -> bool {
        if !self.untrusted_pieces.is_empty() {
            return true;
        }
        let Some(rest) = line.strip_prefix(b"* ") else { return false };
        let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        let statuses: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
        !statuses.iter().any(|status| word.eq_ignore_ascii_case(status))
    }
}

/// Where a line announces a literal, and how long it says that this will be: `{12}` at its end.
fn announced(line: &[u8]) -> Option<(usize, u64)> {
    let digits = line.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    let opening = digits.iter().rposition(|byte| *byte == b'{')?;
    let number = digits.get(opening.saturating_add(1)..)?;
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // A number too large for any computer is announced all the same, and refused as too long.
    let length = std::str::from_utf8(number).ok()?.parse().unwrap_or(u64::MAX);
    Some((opening, length))
}

#[cfg(test)]
mod tests {
    use super::{Broken, Frame, Piece, Wire};

    fn read(bytes: &[u8], allowance: usize) -> Result<Frame, Broken> {
        let mut wire = Wire::new(bytes);
        wire.allow(allowance);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Frame::read(&mut wire))
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn literals_are_cut_out_whatever_they_hold() {
        let frame = read(b"* 1 FETCH (BODY[] {8}\r\na)\r\n{9}\r UID 3)\r\n* next", 100).unwrap();
        let literal = Piece::Literal(b"a)\r\n{9}\r".to_vec());
        assert_eq!(frame.untrusted_pieces, [text("* 1 FETCH (BODY[] "), literal, text(" UID 3)")]);
    }

    #[test]
    fn words_for_people_announce_nothing() {
        for line in ["* OK see {5}", "* bye {5}", "A1 NO {5}", "+ {5}"] {
            let frame = read(format!("{line}\r\n").as_bytes(), 100).unwrap();
            assert_eq!(frame.untrusted_pieces, [text(line)]);
        }
    }

    #[test]
    fn a_literal_beyond_the_allowance_is_refused_before_it_comes() {
        for length in ["1099511627776", "18446744073709551616", "99999999999999999999999999"] {
            let line = format!("* 1 FETCH (BODY[] {{{length}}}\r\n");
            assert!(matches!(read(line.as_bytes(), 1000), Err(Broken::TooLong)), "{length}");
        }
        let many =
            b"* X {0}\r\n".iter().chain(b" {0}\r\n".repeat(100_000).iter()).copied().collect::<Vec<_>>();
        assert!(matches!(read(&many, usize::MAX), Err(Broken::TooLong)));
    }
}
