//! Mails that leave nothing to taste: one text, in a header and a body that every parser tells apart alike.

use super::header::Header;
use super::leaf::{Kind, kind_of};
use crate::plain;

/// Bytes of a header: no honest one has more.
const LONGEST: usize = 64 * 1024;

/// Whether a mail with this header is surely read alike by all: one text that is not packed, below a header whose lines
/// are as the standard has them (RFC 5322, 2.2), with nothing in them that goes on until it is closed.
pub(super) fn is_in_order(head: &[u8], header: &Header<'_>, body: &[u8]) -> bool {
    let media_type = header.media_type();
    // only letters of ASCII are compared of a text, and they stay what they are in each of these charsets; a page is compared
    // as it is written
    let is_one_text = match kind_of(header) {
        Kind::Plain => media_type == "text/plain" && body.first().is_none_or(u8::is_ascii),
        Kind::Html => media_type == "text/html" && body.is_ascii(),
        Kind::Event | Kind::Attached => false,
    };
    let charset = header.charset().unwrap_or_default();
    let ordinary = ["", "us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"];
    let packing = header.transfer_encoding().unwrap_or_default();
    is_one_text
        && !header.says_twice()
        && ordinary.iter().any(|ordinary| ordinary.eq_ignore_ascii_case(charset))
        && ["", "7bit", "8bit", "binary"].contains(&packing.as_str())
        && memchr::memchr(0, body).is_none()
        && has_plain_lines(head)
        && ends_with_its_lines(head, header)
}

/// Whether a header is of printable characters in whole lines, with no words in it that are written for others.
fn has_plain_lines(head: &[u8]) -> bool {
    let printable = |b: u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r') & (b != b'\\');
    let is_broken = |(b, next): (&u8, &u8)| (*b == b'\r') & (*next != b'\n');
    head.strip_suffix(b"\n").is_some_and(|lines| lines.len() <= LONGEST)
        && plain::all(head, printable)
        && !head.iter().zip(head.get(1..).unwrap_or_default()).fold(false, |any, pair| any | is_broken(pair))
        && memchr::memmem::find(head, b"=?").is_none()
}

/// Whether the other parser reads each field from its first line to its last, and not on into what follows: all lines are
/// in one field or another, and where one begins is where a line has a name.
fn ends_with_its_lines(head: &[u8], header: &Header<'_>) -> bool {
    let mut end = 0;
    header.fields().all(|at| {
        let follows = at.start == end;
        end = at.end;
        follows && head.get(at).is_some_and(is_in_order_itself)
    }) && end == head.len()
}

/// Whether a field is a line with a name and lines that go on with words, and all that is opened in it is closed.
fn is_in_order_itself(field: &[u8]) -> bool {
    let Some(lines) = field.strip_suffix(b"\n") else { return false };
    let name = lines.iter().take_while(|b| b.is_ascii_graphic() && **b != b':').count();
    let goes_on = |line_break: usize| {
        let line = lines.get(line_break + 1..).unwrap_or_default();
        let first_of_words = line.iter().find(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        matches!(line.first(), Some(b' ' | b'\t')) && first_of_words.is_some_and(|b| *b != b'\n')
    };
    name > 0
        && lines.get(name) == Some(&b':')
        && memchr::memchr_iter(b'\n', lines).all(goes_on)
        && lines.iter().fold(0, |open: u64, b| open.wrapping_add(opens(*b))) == 0
}

/// What a byte opens, or closes: summed up, nothing if nothing is left open. Of each kind of bracket there are less than
/// 2^19, so that none is taken for one of another kind; of quotes, two are none.
fn opens(b: u8) -> u64 {
    OPENS.get(usize::from(b)).copied().unwrap_or_default()
}

#[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
static OPENS: [u64; 256] = {
    let mut opens = [0; 256];
    opens[b'"' as usize] = 1 << 63;
    let brackets = [(b'(', b')', 1_u64), (b'<', b'>', 1 << 20), (b'[', b']', 1 << 40)];
    let mut kind = 0;
    while kind < brackets.len() {
        let (open, close, one) = brackets[kind];
        opens[open as usize] = one;
        opens[close as usize] = one.wrapping_neg();
        kind += 1;
    }
    opens
};

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn only_what_leaves_nothing_to_taste_is_in_order() {
        let check = |mail: &str| {
            let (head, body) = tree::split(mail.as_bytes());
            is_in_order(head, &Header::of(mail.as_bytes(), body), body)
        };
        for mail in [
            "From: \"A\" <a@b.c>\nReceived: from x (y [192.0.2.1])\n\tby z\n\nwords",
            "From: a@b.c\r\nContent-Type: text/html; charset=\"utf-8\"\r\n\r\n<p>words",
            "From: a@b.c\nContent-Transfer-Encoding: 7bit\n\n",
            "From: a@b.c\n\nwörds",
        ] {
            assert!(check(mail), "{mail}");
        }
        for mail in [
            "",
            "words",
            "From: a@b.c",
            "From: \"a@b.c\n\nwords",
            "From: a@b.c\nno colon\n\nwords",
            "From: a@b.c\n \n\nwords",
            "Fröm: a@b.c\n\nwords",
            "From: a@b.c\n\nöde words",
            "Content-Type: text/html\n\n<p>wörds",
            "From: a@b.c\n\nwords\0",
            "Subject: =?utf-8?q?a?=\n\nwords",
            "Subject: a\\\n\nwords",
            "Subject: a\rb\n\nwords",
            "Subject: (a\nTo: b)\n\nwords",
            "Subject: a <b\n\nwords",
            "Subject: a]\n\nwords",
            "Subject: (a>\n\nwords",
            "Subject: a\r\r\n\nwords",
            " Subject: a\n\nwords",
            "Subject\n : a\n\nwords",
            ": a\n\nwords",
            "From: a@b.c\nDate: Sun, 25 Aug 2002 16:50:54 UT\n\nwords that are read as a date",
            "Content-Transfer-Encoding: base64\n\nd29yZHM=",
            "Content-Type: text/plain; charset=utf-16\n\nwords",
            "Content-Type: text/calendar\n\nwords",
            "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nwords\n--x--",
            "Content-Type: text/plain\nContent-Type: text/html\n\nwords",
        ] {
            assert!(!check(mail), "{mail}");
        }
    }
}
