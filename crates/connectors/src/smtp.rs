//! Sending a message through a mail server.
//!
//! The conversation is held step by step, so that it is known what the server had heard when it broke off. Until the
//! message itself is sent, nothing can have happened. From its first byte until the server answers, nobody can know: a
//! server that got the end of the message may deliver it and lose its answer, so that stretch is `Unknown` as a whole.

use std::net::IpAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Code, Response, Severity};

use crate::failure::{Cause, Failure, Reply, one_line};
use crate::outgoing_mail::plain_address;

/// A mail server that takes our messages.
pub struct Smtp {
    config: SmtpConfig,
    tls: Option<TlsParameters>,
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

/// How a conversation is kept from others. There is no "if the server can": that is what an attacker takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// The server must agree to TLS before anything is said.
    StartTls,
    /// Nothing: only for a server on this machine.
    None,
}

/// The server has taken the message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpReceipt {
    /// Its words, usually with its own number for the message.
    pub reply: Reply,
}

/// Why a server cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Mail would cross a network in the clear.
    #[error(
        "`{host}` is not this machine, and `security = none` would send mail in the clear: use `tls` or `start-tls`"
    )]
    InTheClear {
        /// The server's name.
        host: String,
    },
    /// The name of this machine or the server would break the protocol's lines.
    #[error("`{field}` is not the name of a host")]
    NotAHost {
        /// Which value.
        field: &'static str,
    },
    /// TLS cannot be set up.
    #[error("cannot set TLS up: {0}")]
    Tls(String),
}

// === impl Smtp ===

impl Smtp {
    /// Checks the configuration; nothing is connected yet.
    pub fn new(config: SmtpConfig) -> Result<Smtp, Unusable> {
        for (field, name) in [("host", &config.host), ("hello_name", &config.hello_name)] {
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
            if name.is_empty() || !name.bytes().all(sound) {
                return Err(Unusable::NotAHost { field });
            }
        }
        let tls = match config.security {
            Security::None if is_this_machine(&config.host) => None,
            Security::None => return Err(Unusable::InTheClear { host: config.host }),
            Security::Tls | Security::StartTls => Some(
                TlsParameters::new(config.host.clone()).map_err(|error| Unusable::Tls(error.to_string()))?,
            ),
        };
        Ok(Smtp { config, tls })
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

        let mut connection = self.connect().await?;
        let outcome = self.converse(&mut connection, from, recipients, message).await;
        // A good-bye has no say in the outcome, and in the middle of a message it would become part of it.
        if !outcome.as_ref().is_err_and(Failure::may_have_happened) {
            let _ = tokio::time::timeout(Duration::from_secs(1), connection.abort()).await;
        }
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let SmtpConfig { host, port, security, hello_name, timeout } = &self.config;
        let hello = ClientId::Domain(hello_name.clone());
        let from_the_start = if *security == Security::Tls { self.tls.clone() } else { None };
        let server = (host.trim_matches(['[', ']']), *port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, Some(*timeout), &hello, from_the_start, None);
        let mut connection = self.before_message("connecting", connecting).await?;
        if let (Security::StartTls, Some(tls)) = (security, self.tls.clone()) {
            self.before_message("starting TLS", connection.starttls(tls, &hello)).await?;
        }
        Ok(connection)
    }

    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: Address,
        recipients: Vec<Address>,
        message: &[u8],
    ) -> Result<SmtpReceipt, Failure> {
        let mut parameters = Vec::new();
        if !message.is_ascii() {
            if !connection.server_info().supports_feature(Extension::EightBitMime) {
                return Err(Failure::Malformed {
                    what: "the message is not ASCII, and the server takes nothing else",
                });
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.before_message("the sender", connection.command(Mail::new(Some(from), parameters))).await?;
        for recipient in recipients {
            let rcpt = Rcpt::new(recipient, Vec::new());
            self.before_message("a recipient", connection.command(rcpt)).await?;
        }
        let go_on = self.before_message("announcing the message", connection.command(Data)).await?;
        if !go_on.has_code(354) {
            let cause = Cause::Reply(reply(&go_on));
            return Err(Failure::Unavailable { step: "announcing the message", cause });
        }

        // From here on only the server knows.
        match tokio::time::timeout(self.config.timeout, connection.message(message)).await {
            Ok(Ok(answer)) if answer.code().severity == Severity::PositiveCompletion => {
                Ok(SmtpReceipt { reply: reply(&answer) })
            }
            Ok(Ok(answer)) => Err(unknown(Cause::Reply(reply(&answer)))),
            // The server's own refusal is as certain as its consent.
            Ok(Err(error)) if error.status().is_some() => Err(refused("the message", error)),
            Ok(Err(error)) => Err(unknown(Cause::Connection(one_line(&error.to_string())))),
            Err(_) => Err(unknown(Cause::Timeout)),
        }
    }

    /// A step that fails with nothing sent.
    async fn before_message<T>(
        &self,
        step: &'static str,
        doing: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.config.timeout, doing).await {
            Ok(done) => done.map_err(|error| refused(step, error)),
            Err(_) => Err(Failure::Unavailable { step, cause: Cause::Timeout }),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
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

/// 5xx is for good, 4xx for now, and without an answer the connection is to blame.
fn refused(step: &'static str, error: SmtpError) -> Failure {
    let words = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) if error.is_permanent() => {
            Failure::Rejected { step, reply: Reply::new(digits(code), &words) }
        }
        Some(code) => Failure::Unavailable { step, cause: Cause::Reply(Reply::new(digits(code), &words)) },
        None => Failure::Unavailable { step, cause: Cause::Connection(one_line(&error.to_string())) },
    }
}

fn unknown(cause: Cause) -> Failure {
    Failure::Unknown { step: "sending the message", cause }
}

fn reply(response: &Response) -> Reply {
    Reply::new(digits(response.code()), &response.message().collect::<Vec<_>>().join(" "))
}

fn digits(code: Code) -> u16 {
    u16::from(code)
}
