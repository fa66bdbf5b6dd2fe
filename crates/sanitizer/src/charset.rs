//! Bytes to text. An unknown or wrong charset costs characters, never the message.

mod ebcdic;
mod single_byte;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes by byte order mark, then by label, then as UTF-8 if it is that, and else as Windows-1252.
pub(crate) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    if let Some(text) = by_mark(bytes) {
        return text;
    }
    let label = label.map(|label| label.trim().trim_matches('"').to_ascii_lowercase().replace('_', "-"));
    match label.as_deref() {
        Some("utf-32" | "utf-32be" | "ucs-4") => return utf_32(bytes, u32::from_be_bytes),
        Some("utf-32le") => return utf_32(bytes, u32::from_le_bytes),
        Some(label) => {
            if let Some(text) = ebcdic::decode(bytes, label) {
                return text;
            }
        }
        None => {}
    }
    match label.as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii" | "") => {}
        // what is of ASCII is the same in all of these
        Some(label) if single_byte::is_one(label) && bytes.is_ascii() => {}
        Some(label) => {
            if let Some(decoder) = charset_decoder(label.as_bytes()) {
                return if single_byte::is_one(label) {
                    single_byte::decode(bytes, decoder)
                } else {
                    decoder(bytes)
                };
            }
        }
    }
    if label.is_none() && looks_like_utf_16(bytes) {
        let label: &[u8] = if bytes.first() == Some(&0) { b"utf-16be" } else { b"utf-16le" };
        if let Some(decoder) = charset_decoder(label) {
            return decoder(bytes);
        }
    }
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decoder) if mostly_not_utf_8(bytes) => single_byte::decode(bytes, decoder),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// A page without a header from its server: a byte order mark, or the charset it declares in its first kilobyte.
pub(crate) fn decode_page(bytes: &[u8]) -> String {
    let head = bytes.get(..1024).unwrap_or(bytes).to_ascii_lowercase();
    let declared = memchr::memmem::find(&head, b"charset=").and_then(|at| head.get(at + b"charset=".len()..));
    let label = declared.map(|rest| {
        let blank = |b: &u8| matches!(b, b'"' | b'\'' | b' ');
        let of_label = |b: &u8| b.is_ascii_alphanumeric() || b"-_:.".contains(b);
        let label = rest.iter().skip_while(|b| blank(b)).take_while(|b| of_label(b));
        label.map(|b| char::from(*b)).collect::<String>()
    });
    let label = label.as_deref();
    // A declaration that could be read as bytes is no UTF-16 or UTF-32, whatever it says.
    decode(bytes, label.filter(|label| !label.starts_with("utf-16") && !label.starts_with("utf-32")))
}

fn by_mark(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Some(String::from_utf8_lossy(rest).into_owned()),
        [0xff, 0xfe, 0, 0, rest @ ..] => Some(utf_32(rest, u32::from_le_bytes)),
        [0, 0, 0xfe, 0xff, rest @ ..] => Some(utf_32(rest, u32::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => charset_decoder(b"utf-16le").map(|decoder| decoder(rest)),
        [0xfe, 0xff, rest @ ..] => charset_decoder(b"utf-16be").map(|decoder| decoder(rest)),
        _ => None,
    }
}

fn utf_32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> String {
    bytes
        .as_chunks()
        .0
        .iter()
        .map(|chunk| char::from_u32(number(*chunk)).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Latin text in UTF-16 has a NUL in every other place.
fn looks_like_utf_16(bytes: &[u8]) -> bool {
    let head = bytes.get(..256).unwrap_or(bytes);
    head.len() >= 16 && head.iter().filter(|b| **b == 0).count() * 5 >= head.len() * 2
}

/// Whether UTF-8 fails for more than the odd broken byte.
fn mostly_not_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    bad > good
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_the_same_in_every_charset_of_one_byte() {
        let ascii: Vec<u8> = (0..128).collect();
        let parts = (1..=16).map(|part| format!("iso-8859-{part}"));
        for label in parts.chain((0..=8).map(|page| format!("windows-125{page}"))) {
            if let Some(decoder) = charset_decoder(label.as_bytes()) {
                assert_eq!(decoder(&ascii).as_bytes(), ascii, "{label}");
            }
            assert_eq!(decode(&ascii, Some(&label)).as_bytes(), ascii, "{label}");
        }
    }

    #[test]
    fn texts_are_decoded_by_mark_label_and_look() {
        let check = |bytes: &[u8], label: Option<&str>, text: &str| assert_eq!(decode(bytes, label), text);
        check(b"plain", None, "plain");
        check("ä".as_bytes(), None, "ä");
        check(b"\xe4", None, "ä");
        check(b"\xe4", Some("iso-8859-1"), "ä");
        check(b"\xe4", Some("no-such-charset"), "ä");
        check(b"\xff\xfea\0b\0", Some("utf-8"), "ab");
        check(b"a\0b\0c\0d\0e\0f\0g\0h\0", None, "abcdefgh");
        check(b"\0\0\0a", Some("UTF-32"), "a");
        check(b"a\xff", Some("utf-16le"), "\u{ff61}");
        check(b"", Some("utf-7"), "");
        check(b"Hi +AOQ-!", Some("UTF-7"), "Hi ä!");
        check(b"a\0\0\0", Some("utf-32le"), "a");
        check(b"\0a", Some("UTF-16BE"), "a");
        check(b"\xc8\x85\x93\x93\x96\x4f", Some("cp037"), "Hello|");
        check(b"\xc8\x85\x93\x93\x96\x4f", Some("IBM500"), "Hello!");
        check(b"\x1b$B$\"\x1b(B", Some("iso-2022-jp"), "あ");
    }
}
