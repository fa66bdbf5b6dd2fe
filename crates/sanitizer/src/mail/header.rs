//! What a header says. mail-parser reads it; here are the questions that we ask.

use std::ops::Range;

use clean_content::{Authentication, Party, limits};
use jiff::Timestamp;
use mail_parser::{Address, ContentType, HeaderName, HeaderValue};

use super::authentication;
use super::fields::{Field, Value, fields};

/// Bytes of one header that are read: more than any honest mail has.
const HEADER: usize = 128 * 1024;

/// A header. Empty, where there is none.
pub(super) struct Header<'a> {
    fields: Vec<Field<'a>>,
    /// As it says of the body.
    media_type: Option<String>,
}

/// Names that begin a mail.
const KNOWN: [&str; 20] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "received",
    "return-path",
    "delivered-to",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "reply-to",
    "sender",
    "in-reply-to",
    "references",
    "list-id",
    "dkim-signature",
    "envelope-to",
];

/// Leaves out the line that mailbox files put before each mail.
pub(super) fn without_envelope(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    if !raw.starts_with(b"From ") {
        return raw;
    }
    let end = raw.iter().position(|b| *b == b'\n').map_or(raw.len(), |n| n + 1);
    raw.get(end..).unwrap_or_default()
}

/// Whether the bytes begin as a mail does: some line of the first lines has a name that mails have.
pub(super) fn is_plausible(raw: &[u8]) -> bool {
    let head = raw.get(..HEADER).unwrap_or(raw);
    for (number, line) in head.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return false;
        }
        if number > 0 && matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { return false };
        let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        if KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) {
            return true;
        }
    }
    false
}

// === impl Header ===

impl<'a> Header<'a> {
    pub(super) fn parse(head: &'a [u8]) -> Self {
        let fields = fields(head.get(..HEADER).unwrap_or(head));
        let media_type = find(&fields, &HeaderName::ContentType)
            .and_then(HeaderValue::as_content_type)
            .and_then(media_type);
        Self { fields, media_type }
    }

    /// The header of a mail with this body, read with the empty line before it: what does not end there is seen to go on.
    pub(super) fn of(mail: &'a [u8], body: &[u8]) -> Self {
        Self::parse(mail.get(..mail.len() - body.len()).unwrap_or_default())
    }

    /// Where each field is.
    pub(super) fn fields(&self) -> impl Iterator<Item = Range<usize>> {
        self.fields.iter().map(|field| field.at.clone())
    }

    /// What the last field of a name says.
    fn value(&self, name: &HeaderName<'_>) -> Option<&HeaderValue<'a>> {
        find(&self.fields, name)
    }

    pub(super) fn media_type(&self) -> &str {
        self.media_type_or("text/plain")
    }

    pub(super) fn media_type_or<'s>(&'s self, otherwise: &'s str) -> &'s str {
        self.media_type.as_deref().unwrap_or(otherwise)
    }

    fn content_type(&self) -> Option<&ContentType<'a>> {
        self.value(&HeaderName::ContentType)?.as_content_type()
    }

    fn content_disposition(&self) -> Option<&ContentType<'a>> {
        self.value(&HeaderName::ContentDisposition)?.as_content_type()
    }

    pub(super) fn boundary(&self) -> Option<&str> {
        self.content_type()?.attribute("boundary").map(str::trim_end).filter(|b| !b.is_empty())
    }

    pub(super) fn charset(&self) -> Option<&str> {
        self.content_type()?.attribute("charset")
    }

    pub(super) fn transfer_encoding(&self) -> Option<String> {
        let encoding = self.value(&HeaderName::ContentTransferEncoding)?.as_text()?;
        Some(encoding.trim().to_ascii_lowercase())
    }

    /// Whether it says twice what the body is, so that one program takes the first word and another the last.
    pub(super) fn says_twice(&self) -> bool {
        [HeaderName::ContentType, HeaderName::ContentTransferEncoding, HeaderName::ContentDisposition]
            .iter()
            .any(|name| self.fields.iter().filter(|field| field.is(name)).count() > 1)
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.content_disposition()
            .is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"))
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        self.content_disposition()
            .and_then(|disposition| disposition.attribute("filename"))
            .or_else(|| self.content_type().and_then(|kind| kind.attribute("name")))
    }

    pub(super) fn subject(&self) -> Option<&str> {
        self.value(&HeaderName::Subject)?.as_text()
    }

    pub(super) fn message_id(&self) -> Option<&str> {
        self.value(&HeaderName::MessageId)?.as_text()
    }

    pub(super) fn date(&self) -> Option<String> {
        let seconds = self.value(&HeaderName::Date)?.as_datetime()?.to_timestamp();
        // a year of four digits, as RFC 3339 writes it
        let time =
            Timestamp::from_second(seconds).ok().filter(|_| (0..253_402_300_800).contains(&seconds))?;
        Some(time.to_string())
    }

    pub(super) fn sender(&self) -> Vec<Party> {
        parties(self.addresses(&HeaderName::From).or_else(|| self.addresses(&HeaderName::Sender)))
    }

    pub(super) fn reply_to(&self) -> Vec<Party> {
        parties(self.addresses(&HeaderName::ReplyTo))
    }

    pub(super) fn recipients(&self) -> Vec<Party> {
        let mut recipients = parties(self.addresses(&HeaderName::To));
        recipients.extend(parties(self.addresses(&HeaderName::Cc)));
        recipients
    }

    fn addresses(&self, name: &HeaderName<'_>) -> Option<&Address<'a>> {
        self.value(name)?.as_address()
    }

    /// What servers say about the sender, the topmost header first, what a chain says after that.
    pub(super) fn authentication(&self) -> Vec<Authentication> {
        let named = |name: HeaderName<'static>| self.fields.iter().filter(move |field| field.is(&name));
        let mut results = Vec::new();
        for field in
            named(HeaderName::AuthenticationResults).chain(named(HeaderName::ArcAuthenticationResults))
        {
            if results.len() >= limits::AUTHENTICATION {
                break;
            }
            results.extend(field.value.text().map(|text| authentication::results(&text)).unwrap_or_default());
        }
        results
    }

    /// The words of headers that no one is shown.
    pub(super) fn other_words(&self) -> String {
        let mut words = String::new();
        for field in &self.fields {
            if !matches!(field.name, HeaderName::Other(_) | HeaderName::Comments | HeaderName::Keywords) {
                continue;
            }
            if let Some(text) = field.value.text().filter(|text| text.trim().contains(' ')) {
                words.push_str(&text);
                words.push('\n');
            } else if let Value::Read(HeaderValue::TextList(list)) = &field.value {
                words.extend(list.iter().flat_map(|text| [text.as_ref(), "\n"]));
            }
        }
        words
    }
}

/// What the last field of a name says, of those that are read.
fn find<'f, 'a>(fields: &'f [Field<'a>], name: &HeaderName<'_>) -> Option<&'f HeaderValue<'a>> {
    match &fields.iter().rev().find(|field| field.is(name))?.value {
        Value::Read(value) => Some(value),
        Value::Written(_) => None,
    }
}

/// In small letters, if it is a whole one.
fn media_type(declared: &ContentType<'_>) -> Option<String> {
    let kind = declared.ctype();
    let whole = match declared.subtype() {
        Some(sub) => format!("{kind}/{sub}"),
        None if kind.eq_ignore_ascii_case("text") => "text/plain".to_owned(),
        None => return None,
    };
    Some(whole.to_ascii_lowercase())
}

fn parties(addresses: Option<&Address<'_>>) -> Vec<Party> {
    let Some(addresses) = addresses else { return Vec::new() };
    addresses
        .iter()
        .filter(|party| party.address.is_some() || party.name.is_some())
        .map(|party| Party {
            name: party.name.as_ref().map(ToString::to_string),
            address: party.address.as_ref().map(ToString::to_string).unwrap_or_default(),
        })
        .collect()
}
