//! Characters that no one sees: a few are typography, many are a message.

use clean_content::Severity;

use super::{Hit, fold, text::search};
use crate::plain;

/// Between letters, this many invisible characters are no typography.
const MANY: usize = 12;

/// What is invisible in a text of a message of so many bytes.
pub(super) fn hits(text: &str, message: usize) -> Vec<Hit> {
    if text.is_ascii() {
        return has_control(text).then(|| control(text)).into_iter().collect();
    }
    let mut hits = Vec::new();
    let Seen { turns, between, tags } = Seen::of(text);
    let smuggled = if tags > 0 { smuggled(text) } else { String::new() };
    if smuggled.chars().filter(char::is_ascii_alphanumeric).count() >= 4 {
        hits.push(Hit {
            kind: "smuggled-text",
            severity: Severity::High,
            reason: "Invisible characters spell out a message that only a machine reads.".into(),
            evidence: smuggled.clone(),
        });
        hits.extend(search(&fold::fold(&smuggled), message).0);
    }
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

/// How many there are of what no one sees.
#[derive(Default)]
struct Seen {
    /// What turns the direction of the text.
    turns: usize,
    /// Joiners, selectors and soft hyphens, which are counted only where they part the letters of plain words.
    between: usize,
    /// What spells letters that are not shown.
    tags: usize,
}

impl Seen {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let is_letter =
            |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
        let mut seen = Self::default();
        let mut at = 0;
        while let Some(odd) = bytes.get(at..).and_then(|rest| plain::position(rest, |b| !b.is_ascii())) {
            let start = at + odd;
            let Some(c) = text.get(start..).and_then(|rest| rest.chars().next()) else { break };
            at = start + c.len_utf8();
            seen.turns += usize::from(matches!(c, '\u{202d}' | '\u{202e}'));
            seen.tags += usize::from(tag(c).is_some());
            seen.between +=
                usize::from(is_wordless(c) && is_letter(start.checked_sub(1)) && is_letter(Some(at)));
        }
        seen
    }
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
    text.chars().filter_map(tag).collect()
}

fn tag(c: char) -> Option<char> {
    match u32::from(c) {
        code @ 0xe0020..=0xe007e => char::from_u32(code - 0xe0000),
        // bytes 16 to 255 as the supplementary variation selectors
        code @ 0xe0100..=0xe01ef => char::from_u32(code - 0xe0100 + 16).filter(char::is_ascii),
        _ => None,
    }
}

fn around(text: &str, what: impl Fn(char) -> bool) -> String {
    let at = text.find(what).unwrap_or_default();
    let start = text.get(..at).unwrap_or_default().char_indices().rev().nth(20).map_or(0, |(start, _)| start);
    text.get(start..).unwrap_or_default().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_no_one_sees_is_counted_wherever_it_stands(text in "([a-c é–]{0,20}[\u{202d}\u{202e}\u{200b}\u{2060}\u{e0041}\u{e0162}\u{34f}]{0,2}){0,5}") {
            let chars: Vec<char> = text.chars().collect();
            let is_between = |around: &[char]| match around {
                [a, c, b] => is_wordless(*c) && a.is_ascii_alphabetic() && b.is_ascii_alphabetic(),
                _ => false,
            };
            let Seen { turns, between, tags } = Seen::of(&text);
            prop_assert_eq!(turns, text.matches(['\u{202d}', '\u{202e}']).count());
            prop_assert_eq!(between, chars.windows(3).filter(|around| is_between(around)).count());
            prop_assert_eq!(tags, smuggled(&text).len());
        }
    }
}
