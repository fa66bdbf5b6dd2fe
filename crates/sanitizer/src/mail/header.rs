//! What a header says. mail-parser reads it; here are the questions that we ask.

use clean_content::{Authentication, Party, limits};
use jiff::Timestamp;
use std::{ops::Range, sync::LazyLock};

use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MimeHeaders};

use super::{authentication, tree};

/// Bytes of one header that are read: more than any honest mail has.
const HEADER: usize = 128 * 1024;

/// A header. Empty, where there is none.
pub(super) struct Header<'a> {
    message: Option<Message<'a>>,
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

/// Reads the headers that anyone asks for. What each server on the way added is left as it is: reading it costs more
/// than all the others.
pub(super) static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .with_mime_headers()
        .with_date_headers()
        .with_address_headers()
        .with_message_ids()
        .header_text(HeaderName::Subject)
        .header_text(HeaderName::Comments)
        .header_comma_separated(HeaderName::Keywords)
});

// === impl Header ===

impl<'a> Header<'a> {
    pub(super) fn parse(head: &'a [u8]) -> Self {
        let head = head.get(..HEADER).unwrap_or(head);
        Self { message: if head.is_empty() { None } else { PARSER.parse_headers(head) } }
    }

    /// The header of a mail, read with the empty line behind it: what does not end there is seen to go on.
    pub(super) fn of(mail: &'a [u8]) -> Self {
        let (head, body) = tree::split(mail);
        Self::parse(if head.is_empty() { head } else { mail.get(..mail.len() - body.len()).unwrap_or(head) })
    }

    /// Where each field is.
    pub(super) fn fields(&self) -> impl Iterator<Item = Range<usize>> {
        let headers = self.message.iter().flat_map(|message| message.headers());
        headers.map(|header| header.offset_field as usize..header.offset_end as usize)
    }

    pub(super) fn media_type(&self) -> String {
        self.media_type_or("text/plain")
    }

    pub(super) fn media_type_or(&self, otherwise: &str) -> String {
        let declared = self.message.as_ref().and_then(MimeHeaders::content_type);
        let Some(declared) = declared else { return otherwise.to_owned() };
        let kind = declared.ctype().to_ascii_lowercase();
        match declared.subtype() {
            Some(sub) => format!("{kind}/{}", sub.to_ascii_lowercase()),
            None if kind == "text" => "text/plain".to_owned(),
            None => otherwise.to_owned(),
        }
    }

    pub(super) fn boundary(&self) -> Option<&str> {
        self.message
            .as_ref()?
            .content_type()?
            .attribute("boundary")
            .map(str::trim_end)
            .filter(|b| !b.is_empty())
    }

    pub(super) fn charset(&self) -> Option<String> {
        self.message.as_ref()?.content_type()?.attribute("charset").map(str::to_owned)
    }

    pub(super) fn transfer_encoding(&self) -> Option<String> {
        Some(self.message.as_ref()?.content_transfer_encoding()?.trim().to_ascii_lowercase())
    }

    /// Whether it says twice what the body is, so that one program takes the first word and another the last.
    pub(super) fn says_twice(&self) -> bool {
        let Some(message) = &self.message else { return false };
        [HeaderName::ContentType, HeaderName::ContentTransferEncoding, HeaderName::ContentDisposition]
            .iter()
            .any(|name| message.headers().iter().filter(|header| header.name == *name).count() > 1)
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.message
            .as_ref()
            .and_then(MimeHeaders::content_disposition)
            .is_some_and(|disposition| disposition.ctype().eq_ignore_ascii_case("attachment"))
    }

    pub(super) fn file_name(&self) -> Option<String> {
        self.message.as_ref()?.attachment_name().map(str::to_owned)
    }

    pub(super) fn subject(&self) -> Option<String> {
        self.message.as_ref()?.subject().map(str::to_owned)
    }

    pub(super) fn message_id(&self) -> Option<String> {
        self.message.as_ref()?.message_id().map(str::to_owned)
    }

    pub(super) fn date(&self) -> Option<String> {
        let seconds = self.message.as_ref()?.date()?.to_timestamp();
        // a year of four digits, as RFC 3339 writes it
        let time =
            Timestamp::from_second(seconds).ok().filter(|_| (0..253_402_300_800).contains(&seconds))?;
        Some(time.to_string())
    }

    pub(super) fn sender(&self) -> Vec<Party> {
        self.message.as_ref().map(|m| parties(m.from().or_else(|| m.sender()))).unwrap_or_default()
    }

    pub(super) fn reply_to(&self) -> Vec<Party> {
        self.message.as_ref().map(|m| parties(m.reply_to())).unwrap_or_default()
    }

    pub(super) fn recipients(&self) -> Vec<Party> {
        let Some(message) = &self.message else { return Vec::new() };
        [message.to(), message.cc()].into_iter().flat_map(parties).collect()
    }

    /// What servers say about the sender, the topmost header first, what a chain says after that.
    pub(super) fn authentication(&self) -> Vec<Authentication> {
        let Some(message) = &self.message else { return Vec::new() };
        let named = |wanted: &'static str| {
            message.headers().iter().filter(move |header| header.name.as_str().eq_ignore_ascii_case(wanted))
        };
        let mut results = Vec::new();
        for header in named("Authentication-Results").chain(named("ARC-Authentication-Results")) {
            if results.len() >= limits::AUTHENTICATION {
                break;
            }
            results.extend(header.value.as_text().map(authentication::results).unwrap_or_default());
        }
        results
    }

    /// The words of headers that no one is shown.
    pub(super) fn other_words(&self) -> String {
        let mut words = String::new();
        for header in self.message.iter().flat_map(|message| message.headers()) {
            let unknown =
                matches!(header.name, HeaderName::Other(_) | HeaderName::Comments | HeaderName::Keywords);
            if let Some(text) = header.value.as_text().filter(|text| unknown && text.trim().contains(' ')) {
                words.push_str(text);
                words.push('\n');
            } else if let HeaderValue::TextList(list) = &header.value
                && unknown
            {
                words.extend(list.iter().flat_map(|text| [text.as_ref(), "\n"]));
            }
        }
        words
    }
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
