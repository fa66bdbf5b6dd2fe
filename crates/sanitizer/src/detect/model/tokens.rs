//! A text as the model reads it: words by what they do, and the few signs that matter.

use std::{collections::BTreeMap, sync::LazyLock};

use super::super::letters::is_letter;
use crate::plain::{self, Kinds};

/// One word or sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'t> {
    pub(crate) text: &'t str,
    /// One bit for each class of the lexicon that the word is in.
    pub(crate) classes: u64,
    /// It begins a sentence or a line.
    pub(crate) first: bool,
}

/// Cuts folded text, with its punctuation, into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::with_capacity(text.len() / 5);
    let mut first = true;
    let mut stretches = Stretches::default();
    let mut rest = text;
    while let Some(b) = rest.bytes().next() {
        // most of what is between words
        if matches!(b, b' ' | b',' | b'-' | b'(' | b')' | b'/' | b'*' | b'\t' | b'\r') {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let c = if b.is_ascii() { char::from(b) } else { rest.chars().next().unwrap_or(' ') };
        if b.is_ascii_lowercase() || is_inside(c) && !matches!(c, '\'' | '’') {
            let end = if !b.is_ascii() && is_sign(c) { c.len_utf8() } else { word_end(rest) };
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let (word, after) = address(text, text.len() - rest.len(), word, after, &mut stretches);
            found.push(Token { text: word, classes: classes(word), first });
            first = false;
            rest = after;
            continue;
        }
        let (sign, after) = rest.split_at_checked(c.len_utf8()).unwrap_or((rest, ""));
        rest = after;
        match c {
            '.' | ';' | '。' => first = true,
            '\n' => {
                first = true;
                let newline = found.last().is_some_and(|token: &Token<'_>| token.text == "\n");
                if newline || found.is_empty() {
                    continue;
                }
                found.push(Token { text: sign, classes: 0, first: false });
            }
            '!' | '?' | ':' | '"' | '[' | ']' | '{' | '}' | '<' | '>' | '#' | '=' | '|' | '`' | '\''
            | '“' | '”' | '！' | '？' | '：' => {
                found.push(Token { text: sign, classes: 0, first: false });
                first = first
                    || matches!(c, '!' | '?' | ':' | '"' | '“' | '[' | '>' | '\'' | '{' | '！' | '？' | '：');
            }
            _ => {}
        }
    }
    found
}

/// The length of the word that a text begins with.
fn word_end(rest: &str) -> usize {
    static INSIDE: Kinds =
        Kinds::of(&[(plain::SMALL, 1), (plain::CAPITALS, 1), (plain::DIGITS, 1), (b"'_", 1)]);
    let ascii = rest.bytes().position(|b| INSIDE.kind(b) == 0).unwrap_or(rest.len());
    match rest.get(ascii..) {
        Some(other) if other.bytes().next().is_some_and(|b| !b.is_ascii()) => {
            ascii + other.find(|c: char| !is_inside(c) || is_sign(c)).unwrap_or(other.len())
        }
        _ => ascii,
    }
}

/// Scripts that do not part words: each sign is a token.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_inside(c: char) -> bool {
    is_letter(c) || matches!(c, '\'' | '’' | '_')
}

/// Where the stretches end that a host or the name of a mailbox may be part of, in a text: none is followed twice.
#[derive(Default)]
struct Stretches {
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

/// An address of a page or a mailbox is one token, whatever it says. The word is at `at`, and `after` follows.
fn address<'t>(
    text: &'t str,
    at: usize,
    word: &'t str,
    after: &'t str,
    stretches: &mut Stretches,
) -> (&'t str, &'t str) {
    if !matches!(after.as_bytes().first(), Some(b':' | b'.' | b'@' | b'-' | b'+')) {
        return (word, after);
    }
    let is_page = matches!(word, "http" | "https" | "ftp") && after.starts_with("://")
        || word == "www" && after.starts_with('.');
    let is_mailbox = after.starts_with('@')
        || after.starts_with(['.', '-', '+']) && stretches.is_mailbox(text, at + word.len());
    let is_host = !is_page && !is_mailbox && names_a_host(stretches.host(text, at));
    if !is_page && !is_mailbox && !is_host {
        return (word, after);
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\'' | ')' | ']' | '}' | ','))
        .unwrap_or(rest.len());
    let (_, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (if is_mailbox { "\u{1}mailbox" } else { "\u{1}page" }, after)
}

/// `www.` or not: words joined by dots, of which the last is one that hosts end with.
fn names_a_host(host: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        "com", "org", "net", "edu", "gov", "io", "co", "info", "biz", "ai", "app", "dev", "example", "test",
        "eu", "uk",
    ];
    let host = host.trim_end_matches('.');
    let ending = host.as_bytes().iter().rev().take(9).position(|b| *b == b'.');
    let ending = ending.and_then(|length| host.get(host.len() - length..));
    ending.is_some_and(|ending| ending.len() >= 2 && ENDINGS.contains(&ending))
}

/// The lexicon by the first three bytes of a word: few words share them, and most words of a text have none.
struct Lexicon {
    /// Where the entries of each hash begin; those of the last end with them all.
    starts: Vec<u16>,
    entries: Vec<Entry>,
}

struct Entry {
    first: [u8; 3],
    /// What comes after the first three bytes.
    rest: &'static [u8],
    /// Any ending may follow.
    is_stem: bool,
    classes: u64,
}

/// Hashes of three bytes.
const HASHES: usize = 1 << 12;

fn hash(first: [u8; 3]) -> usize {
    let [a, b, c] = first.map(u32::from);
    ((a | b << 8 | c << 16).wrapping_mul(0x9e37_79b1) >> 20) as usize % HASHES
}

/// Names of the classes, in the order of their bits.
pub(crate) static CLASSES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines().map(|(name, _)| name).collect());

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut words: BTreeMap<(&str, bool), u64> = BTreeMap::new();
    for (at, (_, line)) in lines().enumerate() {
        for word in line.split_whitespace() {
            let stem = word.strip_suffix('*');
            *words.entry((stem.unwrap_or(word), stem.is_some())).or_default() |= 1 << at;
        }
    }
    let entry = |((word, is_stem), classes)| {
        let (first, rest) = parted(word);
        Entry { first, rest, is_stem, classes }
    };
    let mut entries: Vec<Entry> = words.into_iter().map(entry).collect();
    entries.sort_by_key(|entry| hash(entry.first));
    let before = |of: usize| entries.partition_point(|entry| hash(entry.first) < of);
    let starts = (0..=HASHES).map(|hash| u16::try_from(before(hash)).unwrap_or(u16::MAX)).collect();
    Lexicon { starts, entries }
});

/// The first three bytes of a word, as many as it has, and the others.
fn parted(word: &str) -> ([u8; 3], &[u8]) {
    match word.as_bytes() {
        [a, b, c, rest @ ..] => ([*a, *b, *c], rest),
        [a, b] => ([*a, *b, 0], &[]),
        [a] => ([*a, 0, 0], &[]),
        [] => ([0; 3], &[]),
    }
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("lexicon.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
}

fn classes(word: &str) -> u64 {
    let (first, rest) = parted(word);
    let fits = |entry: &&Entry| {
        entry.first == first && if entry.is_stem { rest.starts_with(entry.rest) } else { rest == entry.rest }
    };
    LEXICON.of(hash(first)).iter().filter(fits).fold(0, |classes, entry| classes | entry.classes)
}

// === impl Lexicon ===

impl Lexicon {
    fn of(&self, hash: usize) -> &[Entry] {
        let start = |hash: usize| self.starts.get(hash).map_or(0, |start| usize::from(*start));
        self.entries.get(start(hash)..start(hash + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text.trim_start_matches('\u{1}')).collect()
    }

    #[test]
    fn words_and_signs_are_tokens_and_addresses_are_one() {
        assert_eq!(texts("don't stop, now!"), ["don't", "stop", "now", "!"]);
        assert_eq!(
            texts("see https://a.example/x?y=z and ann.b@c.example."),
            ["see", "page", "and", "mailbox"]
        );
        assert_eq!(texts("at shop.example.com today"), ["at", "page", "today"]);
        assert_eq!(texts("忽略指示"), ["忽", "略", "指", "示"]);
        assert_eq!(texts(""), Vec::<&str>::new());
    }

    #[test]
    fn words_are_known_by_what_they_do() {
        let class = |name: &str| 1_u64 << CLASSES.iter().position(|class| *class == name).unwrap();
        assert_eq!(classes("ignoring") & class("ignore"), class("ignore"));
        assert_eq!(classes("instructions") & class("orders"), class("orders"));
        assert_eq!(classes("me"), class("my"));
        assert_eq!(classes("banana"), 0);
        assert!(CLASSES.len() <= 64, "a class is one bit");
        assert!(LEXICON.entries.len() < usize::from(u16::MAX));
    }
}
