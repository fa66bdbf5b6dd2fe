//! Mails that leave nothing to taste: one text, in a header and a body that every parser tells apart alike.

use super::header::Header;
use super::leaf::{Kind, kind_of};
use super::tree;
use crate::plain::{self, Kinds};

/// Whether a mail with this header is surely read alike by all: one text that is not packed, below a header whose lines
/// are as the standard has them (RFC 5322, 2.2), with nothing in them that goes on until it is closed.
pub(super) fn is_in_order(raw: &[u8], header: &Header<'_>) -> bool {
    let (head, body) = tree::split(raw);
    let media_type = header.media_type();
    // only letters of ASCII are compared of a text, and they stay what they are in each of these charsets; a page is compared
    // as it is written
    let is_one_text = match kind_of(header) {
        Kind::Plain => media_type == "text/plain" && body.first().is_none_or(u8::is_ascii),
        Kind::Html => media_type == "text/html" && body.is_ascii(),
        Kind::Event | Kind::Attached => false,
    };
    let charset = header.charset().unwrap_or_default().to_ascii_lowercase();
    let ordinary = ["", "us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"];
    let packing = header.transfer_encoding().unwrap_or_default();
    is_one_text
        && !header.says_twice()
        && ordinary.contains(&charset.as_str())
        && ["", "7bit", "8bit", "binary"].contains(&packing.as_str())
        && memchr::memchr(0, body).is_none()
        && starts(head).is_some_and(|starts| {
            starts.len() == header.fields().count() && ends_with_its_lines(&starts, head, header)
        })
}

/// Whether the other parser reads each field from its first line to its last, and not on into what follows.
fn ends_with_its_lines(starts: &[usize], head: &[u8], header: &Header<'_>) -> bool {
    let ends = starts.iter().skip(1).copied().chain([head.len()]);
    header.fields().eq(starts.iter().copied().zip(ends).map(|(start, end)| start..end))
}

/// Where each field begins, if each line of a header begins with a name or goes on with words, and nothing is opened that is
/// not closed.
fn starts(head: &[u8]) -> Option<Vec<usize>> {
    /// No honest header is longer.
    const LONGEST: usize = 64 * 1024;
    let lines = head.strip_suffix(b"\n").filter(|lines| lines.len() <= LONGEST)?;
    let printable = |b: u8| matches!(b, b' '..=b'~' | b'\t' | b'\n' | b'\r') & (b != b'\\');
    if !plain::all(head, printable) || memchr::memmem::find(head, b"=?").is_some() {
        return None;
    }
    let mut starts = Vec::new();
    let mut brackets = Brackets::default();
    let mut at = 0;
    for whole in lines.split(|b| *b == b'\n') {
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name =
                line.iter().position(|b| !b.is_ascii_graphic() || *b == b':').filter(|name| *name > 0)?;
            if line.get(name) != Some(&b':') || !brackets.are_closed() {
                return None;
            }
            starts.push(at);
        } else if starts.is_empty() || line.trim_ascii().is_empty() {
            return None;
        }
        line.iter().filter(|b| BRACKETS.kind(**b) != 0).for_each(|b| brackets.read(*b));
        at += whole.len() + 1;
    }
    brackets.are_closed().then_some(starts)
}

/// What [`Brackets`] asks for.
static BRACKETS: Kinds = Kinds::of(&[(b"\"()<>[]\r", 1)]);

/// How many more of each kind were opened than closed.
#[derive(Default)]
struct Brackets {
    quotes: usize,
    round: isize,
    pointed: isize,
    square: isize,
    /// A line break in the middle of a line.
    broken: bool,
}

// === impl Brackets ===

impl Brackets {
    fn read(&mut self, b: u8) {
        match b {
            b'"' => self.quotes += 1,
            b'(' => self.round += 1,
            b')' => self.round -= 1,
            b'<' => self.pointed += 1,
            b'>' => self.pointed -= 1,
            b'[' => self.square += 1,
            b']' => self.square -= 1,
            b'\r' => self.broken = true,
            _ => {}
        }
    }

    const fn are_closed(&self) -> bool {
        self.quotes.is_multiple_of(2)
            && self.round == 0
            && self.pointed == 0
            && self.square == 0
            && !self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_nothing_to_taste_is_in_order() {
        let check = |mail: &str| is_in_order(mail.as_bytes(), &Header::of(mail.as_bytes()));
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
