//! The same page read by another parser, html5ever: where the two do not agree on what is text, one of them can be made to
//! pass over what the other shows, and so can whatever reads the page after us.
//!
//! It takes longer than reading the page, so it is done only where something odd was met, and only for the beginning.

mod sink;

use html5ever::{
    parse_document,
    tendril::{StrTendril, TendrilSink},
    tree_builder::TreeBuilderOpts,
};
use sink::{Other, Sink};

/// How much of a page is compared, in bytes.
pub(super) const COMPARED: usize = 64 * 1024;

/// A page that makes more elements than this of its beginning is not compared: html5ever takes more than linear time.
const ELEMENTS: usize = 10_000;

/// What is handed to html5ever at once, in bytes, before it is asked how many elements there are.
const AT_ONCE: usize = 512;

/// Texts that differ by fewer letters differ by accident.
const ACCIDENT: u32 = 16;

/// How often each byte is in a text, wherever it stands: parsers may move text, but not make or lose any. Only letters and
/// digits are compared.
#[derive(Debug, Clone)]
pub(super) struct Letters([u32; 256]);

// === impl Letters ===

impl Letters {
    pub(super) const NONE: Self = Self([0; 256]);

    pub(super) fn add(&mut self, text: &str) {
        for b in text.bytes() {
            if let Some(count) = self.0.get_mut(usize::from(b)) {
                *count += 1;
            }
        }
    }

    /// Each letter and digit with how often it is in both.
    fn with(&self, other: &Self) -> impl Iterator<Item = (u32, u32)> {
        let both = self.0.iter().zip(&other.0).map(|(a, b)| (*a, *b));
        (0..=u8::MAX).zip(both).filter(|(b, _)| b.is_ascii_alphanumeric()).map(|(_, both)| both)
    }

    /// How many there are that are not in the other.
    fn beyond(&self, other: &Self) -> u32 {
        self.with(other).map(|(a, b)| a.saturating_sub(b)).sum()
    }

    pub(super) fn differ_by(&self, other: &Self) -> u32 {
        self.with(other).map(|(a, b)| a.abs_diff(b)).sum()
    }
}

/// Whether html5ever finds other text in the beginning of a page than `ours`, or more where scripts run; nothing, if it would
/// take too long to know. `words_of_forms` are those that we took from attributes.
pub(super) fn disagrees(html: &str, ours: &[&str], words_of_forms: &str) -> Option<bool> {
    let mut letters = Letters::NONE;
    ours.iter().for_each(|text| letters.add(text));
    let mut other = read(html, false)?;
    other.text.add(words_of_forms);
    if other.text.differ_by(&letters) >= ACCIDENT {
        return Some(true);
    }
    Some(has_noscript(html.as_bytes()) && read(html, true)?.text_for_scripts.beyond(&other.text) >= ACCIDENT)
}

fn has_noscript(html: &[u8]) -> bool {
    const TAG: &[u8] = b"<noscript";
    let is_one = |at| html.get(at..at + TAG.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(TAG));
    memchr::memchr_iter(b'<', html).any(is_one)
}

/// Reads a page with html5ever; nothing, if that would take too long.
fn read(html: &str, scripting: bool) -> Option<Other> {
    let options = html5ever::ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: scripting, ..Default::default() },
        ..Default::default()
    };
    let mut parser = parse_document(Sink::new(), options);
    let mut rest = html;
    while !rest.is_empty() {
        let end =
            (0..=AT_ONCE.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
        let (head, after) = rest.split_at_checked(end)?;
        parser.process(StrTendril::from(head));
        rest = after;
        if parser.tokenizer.sink.sink.size() > ELEMENTS {
            return None;
        }
    }
    Some(parser.finish())
}

#[cfg(test)]
mod tests;
