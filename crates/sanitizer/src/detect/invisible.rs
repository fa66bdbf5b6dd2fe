//! Characters that no one sees: a few are typography, many are a message.

use clean_content::Severity;

use super::{Hit, fold, search};

/// Between letters, this many invisible characters are no typography.
const MANY: usize = 12;

/// What is invisible in a text of a message of so many bytes.
pub(super) fn hits(text: &str, message: usize) -> Vec<Hit> {
    if text.is_ascii() {
        return has_control(text).then(|| control(text)).into_iter().collect();
    }
    let mut hits = Vec::new();
    let smuggled = smuggled(text);
    if smuggled.chars().filter(char::is_ascii_alphanumeric).count() >= 4 {
        hits.push(Hit {
            kind: "smuggled-text",
            severity: Severity::High,
            reason: "Invisible characters spell out a message that only a machine reads.".into(),
            evidence: smuggled.clone(),
        });
        hits.extend(search(&fold::fold(&smuggled), message).0);
    }
    let turns = text.chars().filter(|c| matches!(c, '\u{202d}' | '\u{202e}')).count();
    if turns > 0 {
        hits.push(Hit {
            kind: "reversed-direction",
            severity: Severity::Medium,
            reason:
                "Characters turn the direction of the text, so that it reads differently than it is written."
                    .into(),
            evidence: around(text, |c| matches!(c, '\u{202d}' | '\u{202e}')),
        });
    }
    // joiners, selectors and soft hyphens are counted only where they part the letters of plain words
    let (mut between, mut last) = (0, ' ');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_wordless(c) && last.is_ascii_alphabetic() && chars.peek().is_some_and(char::is_ascii_alphabetic)
        {
            between += 1;
        }
        last = c;
    }
    if between >= MANY {
        hits.push(Hit {
            kind: "split-words",
            severity: if between * 40 >= text.len() { Severity::Medium } else { Severity::Low },
            reason: "Invisible characters part the letters of words, as is done to pass filters.".into(),
            evidence: around(text, is_wordless),
        });
    }
    if has_control(text) {
        hits.push(control(text));
    }
    hits
}

fn has_control(text: &str) -> bool {
    memchr::memchr2(0x1b, 0x8, text.as_bytes()).is_some()
}

fn control(text: &str) -> Hit {
    Hit {
        kind: "terminal-control",
        severity: Severity::Medium,
        reason: "Control characters would change what a terminal shows.".into(),
        evidence: around(text, |c| matches!(c, '\u{1b}' | '\u{8}')),
    }
}

fn is_wordless(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{34f}' | '\u{180e}' | '\u{61c}')
}

/// What tag characters and variation selectors spell.
fn smuggled(text: &str) -> String {
    text.chars()
        .filter_map(|c| match u32::from(c) {
            code @ 0xe0020..=0xe007e => char::from_u32(code - 0xe0000),
            // bytes 16 to 255 as the supplementary variation selectors
            code @ 0xe0100..=0xe01ef => char::from_u32(code - 0xe0100 + 16).filter(char::is_ascii),
            _ => None,
        })
        .collect()
}

fn around(text: &str, what: impl Fn(char) -> bool) -> String {
    let at = text.find(what).unwrap_or_default();
    let start = text.get(..at).unwrap_or_default().char_indices().rev().nth(20).map_or(0, |(start, _)| start);
    text.get(start..).unwrap_or_default().chars().take(60).collect()
}
