//! A text as the model reads it: words by what they do, and the few signs that matter.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};

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
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_alphanumeric() || c == '_' {
            let end = if is_sign(c) {
                c.len_utf8()
            } else {
                rest.find(|c: char| !is_inside(c) || is_sign(c)).unwrap_or(rest.len())
            };
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            let (word, after) = address(rest, word, after);
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

/// Scripts that do not part words: each sign is a token.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '’' | '_')
}

/// An address of a page or a mailbox is one token, whatever it says.
fn address<'t>(rest: &'t str, word: &'t str, after: &'t str) -> (&'t str, &'t str) {
    let is_page = matches!(word, "http" | "https" | "ftp") && after.starts_with("://")
        || word == "www" && after.starts_with('.');
    let is_mailbox = after.starts_with('@')
        || after.starts_with(['.', '-', '+']) && {
            let end = after
                .bytes()
                .take(64)
                .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_')))
                .unwrap_or(after.len().min(64));
            after.get(end..).is_some_and(|next| next.starts_with('@'))
        };
    let is_host = !is_page && !is_mailbox && names_a_host(rest);
    if !is_page && !is_mailbox && !is_host {
        return (word, after);
    }
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\'' | ')' | ']' | '}' | ','))
        .unwrap_or(rest.len());
    let (_, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (if is_mailbox { "\u{1}mailbox" } else { "\u{1}page" }, after)
}

/// `www.` or not: words joined by dots, of which the last is one that hosts end with.
fn names_a_host(rest: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        "com", "org", "net", "edu", "gov", "io", "co", "info", "biz", "ai", "app", "dev", "example", "test",
        "eu", "uk",
    ];
    let end = rest
        .bytes()
        .take(80)
        .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')))
        .unwrap_or(rest.len().min(80));
    let host = rest.get(..end).unwrap_or_default().trim_end_matches('.');
    host.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// The lexicon by the first three bytes of a word: few words share them, and most words of a text have none.
type Lexicon = HashMap<[u8; 3], Vec<Entry>, BuildHasherDefault<FirstBytes>>;

struct Entry {
    /// What comes after the first three bytes.
    rest: &'static [u8],
    /// Any ending may follow.
    is_stem: bool,
    classes: u64,
}

/// Hashes three bytes; only constants are ever stored, so nobody can choose keys that collide.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0.rotate_left(9) ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
}

/// Names of the classes, in the order of their bits.
pub(crate) static CLASSES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines().map(|(name, _)| name).collect());

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    for (at, (_, words)) in lines().enumerate() {
        for word in words.split_whitespace() {
            let stem = word.strip_suffix('*');
            let (first, rest) = parted(stem.unwrap_or(word));
            let entries = lexicon.entry(first).or_default();
            let is_stem = stem.is_some();
            match entries.iter_mut().find(|entry| entry.rest == rest && entry.is_stem == is_stem) {
                Some(entry) => entry.classes |= 1 << at,
                None => entries.push(Entry { rest, is_stem, classes: 1 << at }),
            }
        }
    }
    lexicon
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
    let fits = |entry: &&Entry| if entry.is_stem { rest.starts_with(entry.rest) } else { rest == entry.rest };
    let entries = LEXICON.get(&first).into_iter().flatten();
    entries.filter(fits).fold(0, |classes, entry| classes | entry.classes)
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
    }
}
