//! From values to the bytes of a message.

use std::time::SystemTime;

use lettre::message::{Mailbox, header};
use lettre::{Address, Message};

/// A message that was judged and may go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMail {
    /// Whom it is from: `name@host`, or `Name <name@host>`.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// Who gets a copy.
    pub cc: Vec<String>,
    /// One line of text in any language.
    pub subject: String,
    /// Plain text in any language.
    pub body: String,
    /// The `<id@host>` of the message that this one answers.
    pub in_reply_to: Option<String>,
    /// The `<id@host>` of every message of the thread so far.
    pub references: Vec<String>,
}

/// Why values do not make a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncomposable {
    /// A line break or another control character would reach a header.
    #[error("`{field}` holds a control character")]
    ControlCharacter {
        /// The value's name.
        field: &'static str,
    },
    /// It is not an address of the plain ASCII kind.
    #[error("`{field}` holds something that is not a plain mail address")]
    NotAnAddress {
        /// The value's name.
        field: &'static str,
    },
    /// It is not of the form `<id@host>`.
    #[error("`{field}` holds something that is not of the form `<id@host>`")]
    NotAMessageId {
        /// The value's name.
        field: &'static str,
    },
    /// It is for nobody.
    #[error("the message is for nobody")]
    NoRecipient,
    /// The builder refused.
    #[error("the message cannot be built: {0}")]
    Builder(String),
}

/// The message in the form of RFC 5322: every line ends in CR LF, everything is ASCII, words of other languages are
/// encoded. The caller gives the identifier (with its angle brackets) and the date, so the same request makes the same
/// bytes again.
pub fn compose(mail: &OutgoingMail, message_id: &str, date: SystemTime) -> Result<Vec<u8>, Uncomposable> {
    let OutgoingMail { from, to, cc, subject, body, in_reply_to, references } = mail;
    if to.is_empty() && cc.is_empty() {
        return Err(Uncomposable::NoRecipient);
    }
    let mut message = Message::builder()
        .from(mailbox("from", from)?)
        .subject(one_line("subject", subject)?)
        .date(date)
        .message_id(Some(identifier("message_id", message_id)?.to_owned()));
    for address in to {
        message = message.to(mailbox("to", address)?);
    }
    for address in cc {
        message = message.cc(mailbox("cc", address)?);
    }
    if let Some(id) = in_reply_to {
        message = message.header(header::InReplyTo::from(identifier("in_reply_to", id)?.to_owned()));
    }
    if !references.is_empty() {
        let ids = references.iter().map(|id| identifier("references", id)).collect::<Result<Vec<_>, _>>()?;
        message = message.header(header::References::from(ids.join(" ")));
    }
    // Not as a part: lettre puts an empty line behind every part.
    let message = message
        .header(header::MIME_VERSION_1_0)
        .header(header::ContentType::TEXT_PLAIN)
        .body(body.clone())
        .map_err(|error| Uncomposable::Builder(error.to_string()))?;
    let mut bytes = message.formatted();
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    Ok(bytes)
}

/// Only plain addresses: one in another script can look like a known one, and needs a server that takes it.
pub(crate) fn plain_address(address: &str) -> Option<Address> {
    let plain = address.is_ascii() && !address.bytes().any(|byte| byte.is_ascii_control() || byte == b' ');
    address.parse().ok().filter(|_| plain)
}

fn mailbox(field: &'static str, text: &str) -> Result<Mailbox, Uncomposable> {
    let mailbox: Mailbox =
        one_line(field, text)?.parse().map_err(|_| Uncomposable::NotAnAddress { field })?;
    match plain_address(mailbox.email.as_ref()) {
        Some(_) => Ok(mailbox),
        None => Err(Uncomposable::NotAnAddress { field }),
    }
}

fn identifier<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Uncomposable> {
    let inner = one_line(field, text)?.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    let sound = |inner: &str| {
        let halves = inner.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty());
        halves
            && inner.len() <= 900
            && inner.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte))
    };
    match inner {
        Some(inner) if sound(inner) => Ok(text),
        Some(_) | None => Err(Uncomposable::NotAMessageId { field }),
    }
}

fn one_line<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Uncomposable> {
    // Unicode has line breaks of its own; a reader of the message might take them for one.
    let breaks = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    if text.contains(breaks) { Err(Uncomposable::ControlCharacter { field }) } else { Ok(text) }
}
