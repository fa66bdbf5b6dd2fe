//! Handing one message over.

use std::time::Duration;

use lettre::Address;

use super::SmtpReceipt;
use super::opening::ask;
use super::reply::{Abilities, Answer};
use crate::failure::{Cause, Failure};
use crate::mail_server::{Private, within};

/// A server that greeted us and knows as much of us as it wants to.
pub(super) struct Conversation {
    wire: Private,
    abilities: Abilities,
    patience: Duration,
}

// === impl Conversation ===

impl Conversation {
    pub(super) fn new(wire: Private, abilities: Abilities, patience: Duration) -> Conversation {
        Conversation { wire, abilities, patience }
    }

    /// The envelope, then the message.
    pub(super) async fn deliver(
        &mut self,
        from: &Address,
        recipients: &[Address],
        message: &[u8],
    ) -> Result<SmtpReceipt, Failure> {
        let body = match (message.is_ascii(), self.abilities.eight_bit) {
            (true, _) => "",
            (false, true) => " BODY=8BITMIME",
            (false, false) => {
                let what = "the message is not ASCII, and the server takes nothing else";
                return Err(Failure::Malformed { what });
            }
        };
        let consent = |code| (200..300).contains(&code);
        self.before_message("the sender", &format!("MAIL FROM:<{from}>{body}\r\n"), consent).await?;
        for recipient in recipients {
            self.before_message("a recipient", &format!("RCPT TO:<{recipient}>\r\n"), consent).await?;
        }
        self.before_message("announcing the message", "DATA\r\n", |code| code == 354).await?;

        // From here on only the server knows.
        let wire = &mut self.wire;
        let handing_over = async {
            wire.say(&stuffed(message)).await?;
            Answer::read(wire).await
        };
        match tokio::time::timeout(self.patience, handing_over).await {
            // Neither consent nor refusal, so nobody knows what it means.
            Ok(Ok(answer)) if (300..400).contains(&answer.code) => {
                Err(unknown(Cause::Reply(answer.to_reply())))
            }
            // The server's own refusal is as certain as its consent.
            Ok(Ok(answer)) => {
                answer.expect("the message", consent).map(|answer| SmtpReceipt { reply: answer.to_reply() })
            }
            Ok(Err(broken)) => Err(unknown(broken.into())),
            Err(_elapsed) => Err(unknown(Cause::Timeout)),
        }
    }

    /// Says good-bye without waiting for it long.
    pub(super) async fn quit(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), async {
            self.wire.say(b"QUIT\r\n").await?;
            Answer::read(&mut self.wire).await
        })
        .await;
    }

    /// A step that fails with nothing sent.
    async fn before_message(
        &mut self,
        step: &'static str,
        line: &str,
        expected: impl Fn(u16) -> bool,
    ) -> Result<Answer, Failure> {
        within(self.patience, step, ask(&mut self.wire, step, line.as_bytes(), expected)).await
    }
}

fn unknown(cause: Cause) -> Failure {
    Failure::Unknown { step: "sending the message", cause }
}

/// The message with a dot more before each line that begins with one, and the end (RFC 5321 section 4.5.2).
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len().saturating_add(message.len() / 64).saturating_add(5));
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.first() == Some(&b'.') {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    stuffed.extend_from_slice(b"\r\n.\r\n");
    stuffed
}
