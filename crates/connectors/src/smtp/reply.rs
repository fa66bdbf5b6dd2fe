//! A server's replies (RFC 5321 section 4.2).

use tokio::io::AsyncRead;

use crate::failure::{Cause, Failure, Reply};
use crate::mail_server::{Broken, CONNECTOR, Wire};

/// The longest line of a reply. The standard's own limit is 512.
const LONGEST_LINE: usize = 4096;

/// The most that a whole reply may have.
const LONGEST: usize = 64 * 1024;

/// One reply, its lines without their codes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) untrusted_lines: Vec<String>,
}

/// What a server says it can do (RFC 5321 section 4.1.1.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    pub(super) starttls: bool,
    pub(super) eight_bit: bool,
    pub(super) plain: bool,
    pub(super) login: bool,
}

// === impl Answer ===

impl Answer {
    pub(super) async fn read<S: AsyncRead + Unpin>(wire: &mut Wire<S>) -> Result<Answer, Broken> {
        wire.allow(LONGEST);
        let mut answer: Option<Answer> = None;
        loop {
            let line = wire.line(LONGEST_LINE).await?;
            let (code, last, text) = parts(&line).ok_or(Broken::NotUnderstood("a reply without its code"))?;
            let mut so_far = answer.unwrap_or(Answer { code, untrusted_lines: Vec::new() });
            if so_far.code != code {
                return Err(Broken::NotUnderstood("a reply with two codes"));
            }
            so_far.untrusted_lines.push(String::from_utf8_lossy(text).into_owned());
            if last {
                return Ok(so_far);
            }
            answer = Some(so_far);
        }
    }

    pub(super) fn to_reply(&self) -> Reply {
        Reply::new(self.code, &self.untrusted_lines.join(" "))
    }

    /// The answer, if it has the code that lets the conversation go on; otherwise 5xx is for good and 4xx for now.
    pub(super) fn expect(
        self,
        step: &'static str,
        expected: impl Fn(u16) -> bool,
    ) -> Result<Answer, Failure> {
        if expected(self.code) {
            return Ok(self);
        }
        let reply = self.to_reply();
        Err(match self.code {
            // RFC 4954 section 6: what is missing or wrong is who we are.
            530 | 534 | 535 | 538 => Failure::NotAllowed { step, connector: CONNECTOR, reply },
            500..=599 => Failure::Rejected { step, reply },
            _ => Failure::Unavailable { step, cause: Cause::Reply(reply) },
        })
    }

    pub(super) fn abilities(&self) -> Abilities {
        let mut abilities = Abilities::default();
        // The first line greets.
        for line in self.untrusted_lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace().map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("STARTTLS") => abilities.starttls = true,
                Some("8BITMIME") => abilities.eight_bit = true,
                Some("AUTH") => {
                    for mechanism in words {
                        abilities.plain |= mechanism == "PLAIN";
                        abilities.login |= mechanism == "LOGIN";
                    }
                }
                Some(_) | None => {}
            }
        }
        abilities
    }
}

/// Code, whether the line is the last one, and its text.
fn parts(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    let code =
        std::str::from_utf8(code).ok().filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))?;
    let code = code.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.split_first() {
        None => Some((code, true, b"")),
        Some((b' ', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Abilities, Answer, Wire};
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Option<Answer> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Answer::read(&mut Wire::new(bytes))).ok()
    }

    #[test]
    fn a_reply_ends_with_its_last_line() {
        let answer = read(b"250-here\r\n250-AUTH login PLAIN\r\n250-x\r\n250 8bitmime\r\n").unwrap();
        assert_eq!((answer.code, answer.untrusted_lines.len()), (250, 4));
        let can = Abilities { starttls: false, eight_bit: true, plain: true, login: true };
        assert_eq!(answer.abilities(), can);
        assert_eq!(read(b"220\r\n").unwrap().code, 220);
    }

    #[test]
    fn what_is_no_reply_is_none() {
        let endless = b"250-more\r\n".repeat(100_000);
        for bytes in [
            &b"25\r\n"[..],
            b"999 x\r\n",
            b"250x\r\n",
            b"250-a\r\n550 b\r\n",
            b"\xff\xff\xff x\r\n",
            b"250 a",
            &endless,
        ] {
            assert_eq!(read(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reading(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
