//! How the two sides agree that a session begins, on a pipe that may still hold bytes of an earlier one.
//!
//! A serial device outlives the programs at its ends, so either may find it full of what the last session left, cut
//! off anywhere, and the other end may not have noticed that there is a new session to be had. Therefore each side
//!
//! 1. sends [`FILLER`] bytes that are no frame, more than any frame that was cut off can still swallow: whoever is in an
//!    old session leaves it;
//! 2. skips what it reads until it finds a message that names a number which it drew just now.
//!
//! The guest calls with a new number, the host answers with it and one of its own, the guest confirms both. What follows the
//! answer, and what follows the confirmation, belongs to the new session: anything older stands before it. Numbers of 128 random bits cannot be
//! guessed by a zone that writes messages of this kind into what it sends.

use rustix::rand::{GetRandomFlags, getrandom};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

/// Bytes of filler: a header that was cut off in its length field can announce at most 65,535 bytes together with the first
/// filler bytes, because an honest frame has at most 16 KiB and so starts that field with two zeros.
pub const FILLER: usize = 68 * 1024;

/// No frame and no message starts with it.
const FILLED_WITH: u8 = 0xff;

const MAGIC: &[u8; 16] = b"moltbot-link/1\r\n";

/// A message: the magic, its kind, the guest's number, the host's number.
const MESSAGE: usize = MAGIC.len() + 1 + 16 + 16;

/// A guest that got no answer calls again.
const CALL_AGAIN: Duration = Duration::from_millis(500);

/// Bytes that are skipped before a side gives up, so that endless rubbish costs little: the caller waits before it tries again.
const SKIPPED_AT_MOST: usize = 16 * 1024 * 1024;

/// Bytes read at a time.
const READ: usize = 16 * 1024;

/// Why no session began.
#[derive(Debug, thiserror::Error)]
pub enum CannotAgree {
    /// The pipe failed.
    #[error("the pipe failed")]
    Pipe(#[from] io::Error),
    /// The other end of the pipe is closed.
    #[error("the other end of the pipe is closed")]
    Closed,
    /// What comes is not this relay.
    #[error("{skipped} bytes came and none of them from a relay: is `moltbot-link` at the other end?")]
    Rubbish {
        /// How many bytes were skipped.
        skipped: usize,
    },
}

/// Bytes around the agreement that belong to the session.
#[derive(Debug, Default)]
pub(crate) struct Leftover {
    pub(crate) unread: Vec<u8>,
    pub(crate) unwritten: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Call,
    Answer,
    Confirm,
}

type Number = [u8; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Message {
    kind: Kind,
    guest: Number,
    host: Number,
}

/// The guest's part: calls until it is answered.
pub(crate) async fn call(io: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Leftover, CannotAgree> {
    let mut talk = Talk::begin(io);
    let mut ours = draw()?;
    talk.say(Message { kind: Kind::Call, guest: ours, host: [0; 16] });
    let mut again = Instant::now() + CALL_AGAIN;
    loop {
        let Ok(heard) = tokio::time::timeout_at(again, talk.hear()).await else {
            again = Instant::now() + CALL_AGAIN;
            // While nobody reads there is no point in saying more.
            if talk.all_said() {
                // A new number, so that a late answer to the last call is not taken for the answer to this one.
                ours = draw()?;
                talk.fill();
                talk.say(Message { kind: Kind::Call, guest: ours, host: [0; 16] });
            }
            continue;
        };
        match heard? {
            Message { kind: Kind::Answer, guest, host } if guest == ours => {
                talk.say(Message { kind: Kind::Confirm, guest, host });
                return Ok(talk.leave());
            }
            _stale => {}
        }
    }
}

/// The host's part: answers every call, and the confirmation of the last answer begins the session.
pub(crate) async fn answer(io: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Leftover, CannotAgree> {
    let mut talk = Talk::begin(io);
    let mut last = None;
    loop {
        match talk.hear().await? {
            Message { kind: Kind::Call, guest, .. } => {
                let answer = Message { kind: Kind::Answer, guest, host: draw()? };
                last = Some(Message { kind: Kind::Confirm, ..answer });
                talk.say(answer);
            }
            confirmed if Some(confirmed) == last => return Ok(talk.leave()),
            _stale => {}
        }
    }
}

/// One side's hearing and saying. Both at once: if each side wrote first, two full pipes would stay full.
struct Talk<'io, P> {
    io: &'io mut P,
    heard: Vec<u8>,
    skipped: usize,
    unsaid: Vec<u8>,
}

impl<'io, P: AsyncRead + AsyncWrite + Unpin> Talk<'io, P> {
    fn begin(io: &'io mut P) -> Self {
        let mut talk = Self { io, heard: Vec::new(), skipped: 0, unsaid: Vec::new() };
        talk.fill();
        talk
    }

    fn fill(&mut self) {
        self.unsaid.resize(self.unsaid.len() + FILLER, FILLED_WITH);
    }

    fn say(&mut self, message: Message) {
        self.unsaid.extend(message.encode());
    }

    fn all_said(&self) -> bool {
        self.unsaid.is_empty()
    }

    fn leave(self) -> Leftover {
        Leftover { unread: self.heard, unwritten: self.unsaid }
    }

    /// The next message, whatever stands before it. May be cancelled.
    async fn hear(&mut self) -> Result<Message, CannotAgree> {
        let (mut reader, mut writer) = tokio::io::split(&mut *self.io);
        let mut part = [0; READ];
        loop {
            if let Some(message) = take_message(&mut self.heard, &mut self.skipped) {
                return Ok(message);
            }
            if self.skipped > SKIPPED_AT_MOST {
                return Err(CannotAgree::Rubbish { skipped: self.skipped });
            }
            // An answer is owed for each call that is read, so whoever does not read its answers is not read either.
            let may_read = self.unsaid.len() <= FILLER + READ;
            tokio::select! {
                written = writer.write(&self.unsaid), if !self.unsaid.is_empty() => match written? {
                    0 => return Err(CannotAgree::Closed),
                    written => drop(self.unsaid.drain(..written)),
                },
                read = reader.read(&mut part), if may_read => match read? {
                    0 => return Err(CannotAgree::Closed),
                    read => self.heard.extend(part.iter().take(read)),
                },
            }
        }
    }
}

// === impl Message ===

impl Message {
    fn encode(self) -> Vec<u8> {
        let kind = match self.kind {
            Kind::Call => 1,
            Kind::Answer => 2,
            Kind::Confirm => 3,
        };
        [&MAGIC[..], &[kind], &self.guest, &self.host].concat()
    }

    /// What follows the magic; `None` for what only looks like a message.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, numbers) = bytes.split_first()?;
        let (guest, host) = numbers.split_first_chunk()?;
        let kind = match kind {
            1 => Kind::Call,
            2 => Kind::Answer,
            3 => Kind::Confirm,
            _ => return None,
        };
        Some(Self { kind, guest: *guest, host: host.try_into().ok()? })
    }
}

/// Takes the first message out of what was heard, and everything before it; keeps what may be the start of one.
fn take_message(heard: &mut Vec<u8>, skipped: &mut usize) -> Option<Message> {
    loop {
        let start = heard.windows(MAGIC.len()).position(|window| window == MAGIC);
        let keep_from = start.unwrap_or_else(|| heard.len().saturating_sub(MAGIC.len() - 1));
        heard.drain(..keep_from);
        *skipped += keep_from;
        let message = Message::decode(heard.get(MAGIC.len()..MESSAGE).filter(|_whole| start.is_some())?);
        // What only looks like a message may have a real one in its middle.
        let taken = if message.is_some() { MESSAGE } else { 1 };
        heard.drain(..taken);
        if message.is_some() {
            return message;
        }
        *skipped += taken;
    }
}

fn draw() -> io::Result<Number> {
    let mut number = [0; 16];
    // Up to 256 bytes come whole or not at all.
    getrandom(&mut number, GetRandomFlags::empty())?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> impl Strategy<Value = Message> {
        let kind = prop_oneof![Just(Kind::Call), Just(Kind::Answer), Just(Kind::Confirm)];
        (kind, any::<Number>(), any::<Number>()).prop_map(|(kind, guest, host)| Message { kind, guest, host })
    }

    /// Rubbish of the worst kind: parts of messages.
    fn rubbish() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            (0..MESSAGE, message()).prop_map(|(cut, message)| {
                let mut bytes = message.encode();
                bytes.truncate(cut);
                bytes
            }),
            Just(vec![FILLED_WITH; 50]),
        ];
        proptest::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
    }

    proptest! {
        /// A cut-off message swallows at most one message's length of what follows it; filler stands between.
        #[test]
        fn a_message_is_found_behind_rubbish_however_it_arrives(
            rubbish in rubbish(), message in message(), after in proptest::collection::vec(any::<u8>(), 0..60), step in 1_usize..70,
        ) {
            let sent = [rubbish, vec![FILLED_WITH; MESSAGE], message.encode(), after.clone()].concat();
            let (mut heard, mut skipped, mut last, mut rest) = (Vec::new(), 0, None, Vec::new());
            for part in sent.chunks(step) {
                if last == Some(message) {
                    rest.extend_from_slice(part);
                    continue;
                }
                heard.extend_from_slice(part);
                while last != Some(message) {
                    let Some(found) = take_message(&mut heard, &mut skipped) else { break };
                    last = Some(found);
                }
            }
            prop_assert_eq!(last, Some(message));
            prop_assert_eq!([heard, rest].concat(), after);
        }

        #[test]
        fn what_is_kept_of_rubbish_is_less_than_a_message(rubbish in rubbish()) {
            let (mut heard, mut skipped) = (rubbish, 0);
            while take_message(&mut heard, &mut skipped).is_some() {}
            prop_assert!(heard.len() < MESSAGE);
        }
    }
}
