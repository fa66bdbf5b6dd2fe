//! `winmail.dat`: what Outlook packs a message into (MS-OXTNEF): its text in one to three forms, and files.

mod compressed;

use super::{Budget, Document, File, rtf};
use crate::{charset, html, view::Sight};

/// Properties and attributes of one message, and files in it.
const ENTRIES: usize = 10_000;
const FILES: usize = 100;

/// The first bytes of every such file.
pub(super) const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();

/// Attributes of the stream, by number.
mod attribute {
    pub(super) const SUBJECT: u32 = 0x0001_8004;
    pub(super) const BODY: u32 = 0x0002_800c;
    pub(super) const FILE_BEGINS: u32 = 0x0006_9002;
    pub(super) const FILE_NAME: u32 = 0x0001_8010;
    pub(super) const FILE_BYTES: u32 = 0x0006_800f;
    pub(super) const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
    pub(super) const FILE_PROPERTIES: u32 = 0x0006_9005;
}

/// Properties of a message or a file, by number.
mod property {
    pub(super) const SUBJECT: u16 = 0x0037;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const RTF: u16 = 0x1009;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const FILE_BYTES: u16 = 0x3701;
    pub(super) const FILE_NAME: u16 = 0x3704;
    pub(super) const LONG_FILE_NAME: u16 = 0x3707;
    pub(super) const MEDIA_TYPE: u16 = 0x370e;
}

/// Reads what can be read; a broken stream ends where it breaks.
pub(super) fn read(bytes: &[u8], budget: &mut Budget) -> Document {
    let mut document = Document { is_message: true, ..Document::default() };
    let mut rest = Bytes(bytes.get(6..).unwrap_or_default());
    for _ in 0..ENTRIES {
        let Some((id, data)) = rest.attribute() else { break };
        match id {
            attribute::SUBJECT => document.show(&charset::decode(without_end(data), None)),
            attribute::BODY => document.show(&charset::decode(without_end(data), None)),
            attribute::FILE_BEGINS if document.files.len() < FILES => document.files.push(File::default()),
            attribute::MESSAGE_PROPERTIES => {
                properties(data, &mut |id, is_wide, value| {
                    message_property(id, is_wide, value, &mut document, budget)
                });
            }
            _ => {
                let Some(file) = document.files.last_mut() else { continue };
                match id {
                    attribute::FILE_NAME if file.name.is_none() => {
                        file.name = Some(charset::decode(without_end(data), None));
                    }
                    attribute::FILE_BYTES => file.bytes = data.to_vec(),
                    attribute::FILE_PROPERTIES => {
                        properties(data, &mut |id, is_wide, value| file_property(id, is_wide, value, file));
                    }
                    _ => {}
                }
            }
        }
    }
    document
}

fn message_property(id: u16, is_wide: bool, value: &[u8], document: &mut Document, budget: &mut Budget) {
    match id {
        property::SUBJECT | property::BODY => document.show(&string(value, is_wide)),
        property::HTML => {
            let page = html::view(&charset::decode_page(value));
            document.show(&page.visible);
            document.passages.extend(page.passages);
            document.findings.extend(page.findings);
        }
        property::RTF => {
            if let Some(unpacked) = compressed::unpack(value, budget.to_unpack) {
                budget.to_unpack = budget.to_unpack.saturating_sub(unpacked.len());
                document.show(&rtf::text(&unpacked));
            }
        }
        // what no one is shown: categories, names of templates
        _ if is_wide => document.pass("other fields", string(value, true), Sight::Aside),
        _ => {}
    }
}

fn file_property(id: u16, is_wide: bool, value: &[u8], file: &mut File) {
    match id {
        property::LONG_FILE_NAME => file.name = Some(string(value, is_wide)),
        property::FILE_NAME if file.name.is_none() => file.name = Some(string(value, is_wide)),
        property::MEDIA_TYPE => file.media_type = string(value, is_wide).to_ascii_lowercase(),
        // a message within is a stream of its own behind the id of its interface
        property::FILE_BYTES if file.bytes.is_empty() => {
            let inner = value.get(16..).filter(|inner| inner.starts_with(&SIGNATURE));
            file.bytes = inner.unwrap_or(value).to_vec();
        }
        _ => {}
    }
}

/// Visits the properties that are strings or bytes: number, whether the string is UTF-16, value.
fn properties(data: &[u8], visit: &mut dyn FnMut(u16, bool, &[u8])) {
    /// Types whose values have a length of their own: string, UTF-16 string, object, bytes.
    const STRING: u16 = 0x1e;
    const WIDE: u16 = 0x1f;
    const OBJECT: u16 = 0x0d;
    const BINARY: u16 = 0x102;
    const SEVERAL: u16 = 0x1000;
    let mut rest = Bytes(data);
    let count = rest.number().unwrap_or_default();
    let mut read = || -> Option<()> {
        let (kind, id) = (rest.short()?, rest.short()?);
        if id >= 0x8000 {
            rest.take(16)?;
            if rest.number()? == 0 {
                rest.number()?;
            } else {
                rest.padded()?;
            }
        }
        let base = kind & !SEVERAL;
        let has_length = matches!(base, STRING | WIDE | OBJECT | BINARY);
        let values = if has_length || kind & SEVERAL != 0 { rest.number()? } else { 1 };
        for _ in 0..values.min(ENTRIES as u32) {
            if has_length {
                visit(id, base == WIDE, rest.padded()?);
            } else {
                rest.take(match base {
                    0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
                    0x48 => 16,
                    _ => 4,
                })?;
            }
        }
        Some(())
    };
    for _ in 0..count.min(ENTRIES as u32) {
        if read().is_none() {
            return;
        }
    }
}

fn string(value: &[u8], is_wide: bool) -> String {
    let text = charset::decode(value, is_wide.then_some("utf-16le"));
    text.trim_end_matches('\0').to_owned()
}

fn without_end(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\0").unwrap_or(data)
}

/// What is left to read, in the order of little-endian numbers.
struct Bytes<'a>(&'a [u8]);

// === impl Bytes ===

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A length, as many bytes, and what fills them up to a multiple of four.
    fn padded(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        let taken = self.take(length)?;
        let fill = length.next_multiple_of(4) - length;
        self.0 = self.0.get(fill..).unwrap_or_default();
        Some(taken)
    }

    /// An attribute's number and data; its level before and its checksum after are not looked at.
    fn attribute(&mut self) -> Option<(u32, &'a [u8])> {
        self.take(1)?;
        let id = self.number()?;
        let length = self.number()? as usize;
        let data = self.take(length)?;
        let _checksum = self.take(2);
        Some((id, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Document {
        super::read(bytes, &mut Budget::for_message(bytes.len()))
    }

    fn attribute(id: u32, data: &[u8]) -> Vec<u8> {
        [&[1][..], &id.to_le_bytes(), &(data.len() as u32).to_le_bytes(), data, &[0, 0]].concat()
    }

    fn property(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_le_bytes(), id.to_le_bytes()].concat();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((value.len() as u32).to_le_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
        [&SIGNATURE[..], &[0, 0], &attributes.concat()].concat()
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_messages_forms_and_files_are_read() {
        let rtf = compressed::tests::packed_as_it_is(br"{\rtf1 rich}");
        let message = [
            &5u32.to_le_bytes()[..],
            // a number, and a named property, come before
            &[3, 0, 0x17, 0, 1, 0, 0, 0],
            &[&[0x1f, 0, 1, 0x80][..], &[0; 16], &[0; 8], &property(0x1f, 0, &wide("category"))[4..]]
                .concat(),
            &property(0x1f, property::BODY, &wide("plain\0")),
            &property(0x102, property::HTML, b"<p>page"),
            &property(0x102, property::RTF, &rtf),
        ]
        .concat();
        let file = [
            &2u32.to_le_bytes()[..],
            &property(0x1e, property::LONG_FILE_NAME, b"a long name.txt\0"),
            &property(0x1e, property::MEDIA_TYPE, b"text/plain\0"),
        ]
        .concat();
        let document = read(&stream(&[
            attribute(attribute::SUBJECT, b"about\0"),
            attribute(attribute::MESSAGE_PROPERTIES, &message),
            attribute(attribute::FILE_BEGINS, &[]),
            attribute(attribute::FILE_NAME, b"ALONGN~1.TXT\0"),
            attribute(attribute::FILE_BYTES, b"words"),
            attribute(attribute::FILE_PROPERTIES, &file),
        ]));
        let shown: Vec<_> = document.shown.split_whitespace().collect();
        assert_eq!(shown, ["about", "plain", "page", "rich"]);
        assert_eq!(document.passages[0].text, "category");
        let file = &document.files[0];
        assert_eq!(
            (file.name.as_deref(), file.media_type.as_str(), file.bytes.as_slice()),
            (Some("a long name.txt"), "text/plain", &b"words"[..])
        );
    }

    #[test]
    fn a_broken_stream_is_read_to_where_it_breaks() {
        let whole = stream(&[
            attribute(attribute::BODY, b"words\0"),
            attribute(attribute::MESSAGE_PROPERTIES, &[255; 64]),
            attribute(attribute::FILE_BYTES, b"of no file"),
        ]);
        for length in 0..whole.len() {
            read(&whole[..length]);
        }
        assert_eq!(read(&whole).shown.trim(), "words");
        read(&stream(&[attribute(attribute::MESSAGE_PROPERTIES, &[0xff; 1000])]));
    }
}
