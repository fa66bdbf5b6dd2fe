//! Addresses of pages and mailboxes in a text.

use std::ops::Range;

use crate::plain::Kinds;

/// Where the stretches end that a host or the name of a mailbox may be part of, in a text: none is followed twice.
#[derive(Default)]
pub(super) struct Stretches {
    host: usize,
    mailbox: usize,
}

/// The longest host that is looked at, and name of a mailbox, in bytes.
const HOST: usize = 80;
const MAILBOX: usize = 64;

impl Stretches {
    /// The bytes from a place on that a host may consist of, as many as are looked at.
    fn host<'t>(&mut self, text: &'t str, at: usize) -> &'t str {
        let of_host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        self.host = reach(text, at, self.host, of_host);
        text.get(at..self.host.min(at + HOST)).unwrap_or_default()
    }

    /// Whether what follows from a place on is the rest of a name, and then the sign of a mailbox.
    fn is_mailbox(&mut self, text: &str, at: usize) -> bool {
        let of_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_');
        self.mailbox = reach(text, at, self.mailbox, of_name);
        let end = self.mailbox.min(at + MAILBOX);
        text.get(end..).is_some_and(|next| next.starts_with('@'))
    }
}

/// Where a stretch ends that goes on at a place, when the one before ended at `known`.
fn reach(text: &str, at: usize, known: usize, goes_on: impl Fn(&u8) -> bool) -> usize {
    if at < known {
        return known;
    }
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().position(|b| !goes_on(b)).unwrap_or(rest.len())
}

/// What the address of a page or a mailbox is called that begins at a word, whatever it says, and where it ends.
#[inline]
pub(super) fn at(text: &str, word: Range<usize>, stretches: &mut Stretches) -> Option<(&'static str, usize)> {
    let goes_on = matches!(text.as_bytes().get(word.end), Some(b':' | b'.' | b'@' | b'-' | b'+'));
    if goes_on { at_joined(text, word, stretches) } else { None }
}

/// The same of a word that a sign of addresses follows.
#[inline(never)]
fn at_joined(text: &str, word: Range<usize>, stretches: &mut Stretches) -> Option<(&'static str, usize)> {
    let Range { start, end } = word;
    let (word, after) = (text.get(start..end)?, text.get(end..)?);
    // the end of a sentence
    if let [b'.' | b':' | b'-', b' ' | b'\n', ..] = after.as_bytes()
        && word != "www"
    {
        return None;
    }
    let is_page = matches!(word, "http" | "https" | "ftp") && after.starts_with("://")
        || word == "www" && after.starts_with('.');
    let is_mailbox =
        after.starts_with('@') || after.starts_with(['.', '-', '+']) && stretches.is_mailbox(text, end);
    let is_host = !is_page && !is_mailbox && names_a_host(stretches.host(text, start));
    if !is_page && !is_mailbox && !is_host {
        return None;
    }
    let length = length(text.get(start..)?);
    Some((if is_mailbox { "\u{1}mailbox" } else { "\u{1}page" }, start + length))
}

/// Bytes of an address that begins a text.
fn length(text: &str) -> usize {
    static ENDS: Kinds = Kinds::of(&[(b" \t\n\x0b\x0c\r\"<>')]},", 1)]).beyond_ascii(1);
    let ascii = text.bytes().position(|b| ENDS.kind(b) != 0).unwrap_or(text.len());
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\'' | ')' | ']' | '}' | ',');
    let more = text.get(ascii..).and_then(|rest| rest.find(ends));
    more.map_or(text.len(), |more| ascii + more)
}

/// `www.` or not: words joined by dots, of which the last is one that hosts end with.
fn names_a_host(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let ending = host.as_bytes().iter().rev().take(9).position(|b| *b == b'.');
    let ending = ending.and_then(|length| host.get(host.len() - length..));
    matches!(
        ending,
        Some(
            "com"
                | "org"
                | "net"
                | "edu"
                | "gov"
                | "io"
                | "co"
                | "info"
                | "biz"
                | "ai"
                | "app"
                | "dev"
                | "example"
                | "test"
                | "eu"
                | "uk"
        )
    )
}
