//! The fields of a header, each where mail-parser has it and as it reads it. Its readers are asked only for the fields that
//! anyone asks for: what each server on the way added is most of a header, and is left as it is.

use std::{borrow::Cow, mem::discriminant, ops::Range};

use mail_parser::{HeaderName, HeaderValue, parsers::MessageStream};

pub(super) struct Field<'a> {
    pub(super) name: HeaderName<'a>,
    pub(super) value: Value<'a>,
    /// From the name to where the next field may begin, in bytes of the header.
    pub(super) at: Range<usize>,
}

pub(super) enum Value<'a> {
    Read(HeaderValue<'a>),
    /// As it is written, without the blanks around it.
    Written(&'a [u8]),
}

/// Every field of a header, up to its empty line.
pub(super) fn fields(header: &[u8]) -> Vec<Field<'_>> {
    // few lines are shorter, those that go on included
    let mut fields = Vec::with_capacity(header.len() / 64 + 2);
    let mut at = 0;
    while let Some(start) = next_field(header, at) {
        let rest = header.get(start..).unwrap_or_default();
        let (name, length) = name(rest);
        at = start + length;
        if let Some(name) = name {
            let (value, length) = value(&name, rest.get(length..).unwrap_or_default());
            at += length;
            fields.push(Field { name, value, at: start..at });
        }
    }
    fields
}

/// Where the next field begins, if the header does not end first.
fn next_field(header: &[u8], at: usize) -> Option<usize> {
    let blanks = header.get(at..)?.iter().take_while(|b| b.is_ascii_whitespace() && **b != b'\n').count();
    header.get(at + blanks).filter(|b| **b != b'\n').map(|_| at + blanks)
}

/// The name that a field begins with, and how many bytes are read for it. A line without one has none.
fn name(field: &[u8]) -> (Option<HeaderName<'_>>, usize) {
    if let Some(colon) = memchr::memchr2(b':', b'\n', field)
        && field.get(colon) == Some(&b':')
        && let Some(name) = field.get(..colon)
    {
        if name.eq_ignore_ascii_case(b"Received") {
            return (Some(HeaderName::Received), colon + 1);
        }
        // no name that is known to anyone begins so
        if let [b'X' | b'x', b'-', ..] = name
            && !name.iter().any(u8::is_ascii_whitespace)
        {
            return (Some(HeaderName::Other(String::from_utf8_lossy(name))), colon + 1);
        }
    }
    let mut stream = MessageStream::new(field);
    (stream.parse_header_name(), stream.offset())
}

/// The value of a field, and how many bytes it has.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are left as they are, known or not")]
fn value<'a>(name: &HeaderName<'_>, text: &'a [u8]) -> (Value<'a>, usize) {
    let mut stream = MessageStream::new(text);
    let value = match name {
        HeaderName::ContentType | HeaderName::ContentDisposition => stream.parse_content_type(),
        HeaderName::Date | HeaderName::ResentDate => stream.parse_date(),
        HeaderName::MessageId => stream.parse_id(),
        HeaderName::Keywords => stream.parse_comma_separared(),
        HeaderName::From
        | HeaderName::Sender
        | HeaderName::ReplyTo
        | HeaderName::To
        | HeaderName::Cc
        | HeaderName::Bcc
        | HeaderName::ResentFrom
        | HeaderName::ResentSender
        | HeaderName::ResentTo
        | HeaderName::ResentCc
        | HeaderName::ResentBcc => stream.parse_address(),
        HeaderName::Subject
        | HeaderName::Comments
        | HeaderName::ContentDescription
        | HeaderName::ContentLocation
        | HeaderName::ContentTransferEncoding => stream.parse_unstructured(),
        _ => {
            let end = end_of_lines(text);
            let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
            let written = text.get(..end).unwrap_or(text);
            let from = written.iter().take_while(|b| is_blank(b)).count();
            let behind = written.iter().rev().take_while(|b| is_blank(b)).count();
            return (Value::Written(written.get(from..end - behind).unwrap_or_default()), end);
        }
    };
    (Value::Read(value), stream.offset())
}

/// Where the last of the lines ends that a text goes on with, each but the first behind a blank.
fn end_of_lines(text: &[u8]) -> usize {
    let goes_on = |end: &usize| matches!(text.get(end + 1), Some(b' ' | b'\t'));
    memchr::memchr_iter(b'\n', text).find(|end| !goes_on(end)).map_or(text.len(), |end| end + 1)
}

// === impl Field ===

impl Field<'_> {
    /// Whether it is of a name that is known to mail-parser.
    pub(super) fn is(&self, known: &HeaderName<'_>) -> bool {
        discriminant(&self.name) == discriminant(known)
    }
}

// === impl Value ===

impl Value<'_> {
    /// The value, if it is a text.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Read(value) => value.as_text().map(Cow::Borrowed),
            Self::Written(text) => (!text.is_empty()).then(|| String::from_utf8_lossy(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::Message;
    use proptest::prelude::*;

    use super::super::agreement::{PARSER, PARTS};
    use super::*;

    /// The fields as mail-parser has them, and what it reads in those that anyone asks for.
    fn check(header: &str) {
        let message = PARSER.parse_headers(header);
        let expected = message.as_ref().map(|message| message.headers()).unwrap_or_default();
        if !header.contains("=?") {
            let places = |message: &Option<Message<'_>>| -> Vec<_> {
                let fields = message.iter().flat_map(|message| message.headers());
                fields.map(|field| (field.offset_field, field.offset_end)).collect()
            };
            assert_eq!(places(&PARTS.parse_headers(header)), places(&message), "{header:?}");
        }
        let found = fields(header.as_bytes());
        assert_eq!(found.len(), expected.len(), "{header:?}");
        for (field, expected) in found.iter().zip(expected) {
            assert_eq!(field.name, expected.name, "{header:?}");
            assert_eq!(field.name.as_str(), expected.name.as_str(), "{header:?}");
            assert_eq!(field.at, expected.offset_field as usize..expected.offset_end as usize, "{header:?}");
            match &field.value {
                Value::Read(value) => assert_eq!(*value, expected.value, "{header:?}"),
                // of these only the place is asked for
                Value::Written(_)
                    if [
                        HeaderName::References,
                        HeaderName::InReplyTo,
                        HeaderName::ContentId,
                        HeaderName::ResentMessageId,
                    ]
                    .contains(&field.name) => {}
                Value::Written(_) => {
                    assert_eq!(field.value.text().as_deref(), expected.value.as_text(), "{header:?}")
                }
            }
        }
    }

    const PIECES: [&str; 63] = [
        "From",
        "To",
        "subject",
        "Date",
        "Message-ID",
        "References",
        "In-Reply-To",
        "Content-ID",
        "Keywords",
        "Comments",
        "Received",
        "received ",
        "X-Spam",
        "x-a b",
        "X-",
        "x400-received",
        "List-Id",
        "Content-Type",
        "Content-Disposition",
        "Content-Transfer-Encoding",
        "Content-Location",
        "Resent-To",
        "Bcc",
        "Resent-Date",
        "Authentication-Results",
        "Name of no kind that is longer than all others",
        ":",
        ":",
        ": ",
        ":",
        " ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\n ",
        "\r\n",
        "\r\n\t",
        "\r",
        "\u{b}",
        "\u{c}",
        "\0",
        "é",
        "\"",
        "(",
        ")",
        "<a@b.c>",
        "<",
        ">",
        ",",
        ";",
        "\\",
        "a@b.c",
        "words and more",
        "=?utf-8?q?a_b?=",
        "=?utf-8?b?YQ==",
        "?=",
        "text/plain; charset=\"x",
        "name*0=a; name*1=b",
        "Tue, 20 May 2025 10:34:11 +0000",
        "Sun, 25 Aug 2002 16:50:54 UT",
        "12",
        "=",
    ];

    #[test]
    fn a_date_that_is_read_beyond_its_line_ends_where_mail_parser_has_it() {
        let header = "Date: Sun, 25 Aug 2002 16:50:54 UT\nTo: a@b.c\nSubject: words\n";
        check(header);
        assert_eq!(fields(header.as_bytes()).len(), 2);
        check("From: a@b.c\nDate: Sun, 25 Aug 2002 16:50:54 UT\n\nwords that are read as a date\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6000))]
        #[test]
        fn fields_are_where_mail_parser_has_them_and_as_it_reads_them(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..30),
        ) {
            check(&pieces.concat());
        }

        #[test]
        fn fields_in_order_are_too(
            fields in prop::collection::vec((0..26_usize, prop::collection::vec(26..PIECES.len(), 0..5)), 0..6),
        ) {
            let text = |(name, value): &(usize, Vec<usize>)| {
                format!("{}: {}\n", PIECES[*name], value.iter().map(|at| PIECES[*at]).collect::<String>())
            };
            check(&fields.iter().map(text).collect::<String>());
        }
    }
}
