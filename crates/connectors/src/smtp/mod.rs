//! Sending a message through a mail server.
//!
//! The conversation is held step by step, so that it is known what the server had heard when it broke off. Until the
//! message itself is sent, nothing can have happened. From its first byte until the server answers, nobody can know: a
//! server that got the end of the message may deliver it and lose its answer, so that stretch is `Unknown` as a whole.

mod conversation;
mod opening;
mod reply;

use std::time::Duration;

use egress::{Dialer, Settings};
use lettre::Address;

use crate::failure::{Failure, Reply};
use crate::mail_server::{Login, check, check_name};
pub use crate::mail_server::{Security, Unusable};
use crate::outgoing_mail::plain_address;

/// A mail server that takes our messages.
pub struct Smtp {
    config: SmtpConfig,
    dialer: Dialer,
    login: Option<Login>,
}

/// Where the server is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Its name, which its certificate must bear, or its address.
    pub host: String,
    /// Usually 465 with TLS, 587 with STARTTLS.
    pub port: u16,
    /// How the conversation is kept from others.
    pub security: Security,
    /// What this machine calls itself.
    pub hello_name: String,
    /// How long each step may take.
    pub timeout: Duration,
}

/// The server has taken the message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpReceipt {
    /// Its words, usually with its own number for the message.
    pub reply: Reply,
}

// === impl Smtp ===

impl Smtp {
    /// A server that takes mail from whoever asks, with a certificate that browsers know and, where a name leads there, an
    /// address of the public Internet. Checks the configuration; nothing is connected yet.
    pub fn new(config: SmtpConfig) -> Result<Smtp, Unusable> {
        let dialer = Dialer::new(&Settings::default()).map_err(|error| Unusable::Tls(error.to_string()))?;
        Smtp::with(config, dialer, None)
    }

    /// The same over another way out, which knows of private addresses and further certificates, and signing in first.
    pub fn with(config: SmtpConfig, dialer: Dialer, login: Option<Login>) -> Result<Smtp, Unusable> {
        check(&config.host, config.security, login.as_ref())?;
        check_name("hello_name", &config.hello_name)?;
        Ok(Smtp { config, dialer, login })
    }

    /// Sends one message over one connection of its own.
    ///
    /// All recipients get it or none: the first that is refused ends the conversation before the message is sent.
    /// A caller that drops this future must treat the outcome as unknown.
    pub async fn send(
        &self,
        from: &str,
        recipients: &[String],
        message: &[u8],
    ) -> Result<SmtpReceipt, Failure> {
        let from = plain_address(from)
            .ok_or(Failure::Malformed { what: "the sender is not a plain mail address" })?;
        let recipients = recipients
            .iter()
            .map(|recipient| plain_address(recipient))
            .collect::<Option<Vec<Address>>>()
            .filter(|recipients| !recipients.is_empty())
            .ok_or(Failure::Malformed { what: "the recipients are not plain mail addresses" })?;
        let message = whole_lines(message)?;

        let mut conversation = self.open().await?;
        let outcome = conversation.deliver(&from, &recipients, message).await;
        // A good-bye has no say in the outcome, and in the middle of a message it would become part of it.
        if !outcome.as_ref().is_err_and(Failure::may_have_happened) {
            conversation.quit().await;
        }
        outcome
    }

    /// Connects and signs in as [`Smtp::send`] does, and sends nothing.
    pub async fn check(&self) -> Result<(), Failure> {
        self.open().await?.quit().await;
        Ok(())
    }
}

/// A lone CR or LF is refused: servers disagree about it, and one of them may take what follows for a second message.
/// The last line's end is taken off, because the end of the transmission brings its own.
fn whole_lines(message: &[u8]) -> Result<&[u8], Failure> {
    let mut before = 0;
    for (at, &byte) in message.iter().enumerate() {
        let pair = if byte == b'\n' { before == b'\r' } else { before != b'\r' };
        if !pair || (byte == b'\r' && at + 1 == message.len()) {
            return Err(Failure::Malformed { what: "the message holds a lone carriage return or line feed" });
        }
        before = byte;
    }
    Ok(message.strip_suffix(b"\r\n").unwrap_or(message))
}
