//! Texts into the form that clean content asks for: NFKC, only characters that a person sees, within the limits.

mod active;
mod lines;
mod metadata;
mod normal;

pub(crate) use metadata::metadata;

use std::borrow::Cow;

use clean_content::BODY_LIMIT;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{plain, terminal};
use active::defused;
use lines::{fold_lines, is_folded};
use normal::{settle, settle_stripped, strip};

/// No script stacks more marks on one letter; towers of them are cut, which also bounds the work of normalising.
const MARKS_PER_LETTER: usize = 6;

/// Characters that are normalised for one character that is kept: normalising joins a letter and its marks at most.
const SHRINKS: usize = MARKS_PER_LETTER + 2;

/// The body and whether it was cut. A clean body stays as it is.
pub(crate) fn body(text: &str) -> (String, bool) {
    text_within(text, BODY_LIMIT)
}

/// A text of at most `limit` characters, and whether it was cut.
fn text_within(text: &str, limit: usize) -> (String, bool) {
    // Normalising can make a text many times longer, so only what could be kept is normalised.
    let longest = limit * SHRINKS;
    let mut stripped = beginning(text, longest);
    let end = (stripped.len() > longest).then(|| stripped.char_indices().nth(longest)).flatten();
    if let Some((end, _)) = end {
        stripped.truncate(end);
    }
    // lines that are folded stay so, if nothing is changed in them
    let changed = match settle_stripped(&stripped) {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(fold_lines(&text)),
    };
    let text = defused(changed.unwrap_or(stripped));
    let long = (text.len() > limit).then(|| text.char_indices().nth(limit)).flatten();
    match long {
        None => (text, end.is_some()),
        Some((end, _)) => (cut(&text, end).trim_end().to_owned(), true),
    }
}

/// What a person sees of a text, in folded lines: all of it, or more than so many characters. Nearly all of a long text is
/// never looked at.
fn beginning(text: &str, longest: usize) -> String {
    /// What is cut in two stands at the end of what is looked at, and is no longer than this.
    const CUT: usize = 4096;
    let mut size = longest * 8 + CUT;
    loop {
        let fits = |end: &usize| text.is_char_boundary(*end);
        let end = (0..=size.min(text.len())).rev().find(fits).unwrap_or_default();
        let head = text.get(..end).unwrap_or(text);
        let stripped = fold_lines(&strip(&terminal::shown(head)));
        if end == text.len() || stripped.char_indices().nth(longest + CUT).is_some() {
            return stripped;
        }
        size *= 4;
    }
}

/// One line of at most `limit` characters.
pub(crate) fn line(text: &str, limit: usize) -> String {
    if is_clean_line(text, limit) {
        return text.to_owned();
    }
    let text: String = text.chars().take(limit * SHRINKS * 8).collect();
    let breaks = ['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = defused(fold_lines(&settle(&terminal::shown(&text).replace(breaks, " "))));
    match text.char_indices().nth(limit) {
        None => text,
        Some((end, _)) => cut(&text, end).trim_end().to_owned(),
    }
}

/// Whether a text surely is one line of at most so many characters that stays as it is, as nearly all are.
fn is_clean_line(text: &str, limit: usize) -> bool {
    text.len() <= limit
        && plain::all(text.as_bytes(), |b| matches!(b, b' '..=b'~') & (b != b'<'))
        && is_folded(text)
}

/// The longest prefix within `end` bytes that does not split what a person sees as one character.
fn cut(text: &str, end: usize) -> &str {
    let head = text.get(..end).unwrap_or(text);
    // Only the last screen is looked at: a cluster that begins before it is hostile, and is split.
    let window = head.char_indices().rev().nth(63).map_or(0, |(start, _)| start);
    let tail = text.get(window..).unwrap_or_default();
    let last =
        tail.grapheme_indices(true).map(|(start, _)| window + start).take_while(|start| *start <= end).last();
    match last {
        Some(last) if last > window => text.get(..last).unwrap_or(head),
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (once, _) = body(text);
        assert_eq!(once, expected);
        assert_eq!(body(&once).0, once, "cleaning again changes nothing");
    }

    #[test]
    fn texts_are_normalised_and_folded() {
        check("Ｈｅｌｌｏ", "Hello");
        check("a \t b\r\nc\rd\u{2028}e", "a b\nc\nd\ne");
        check("  a  \n\n\n\n b ", "a\n\nb");
        check("", "");
        check("e\u{301} ﬁ ½", "é fi 1⁄2");
    }

    #[test]
    fn what_stands_behind_a_flood_of_what_nobody_sees_is_read() {
        let flood = "\u{200b}".repeat(2_000_000);
        assert_eq!(body(&format!("a{flood}b")), ("ab".to_owned(), false));
        assert_eq!(body(&format!("{flood}{}", "b ".repeat(BODY_LIMIT))).0.len(), BODY_LIMIT - 1);
    }

    #[test]
    fn invisible_characters_are_gone() {
        check("a\u{200b}b\u{e0041}c\u{202e}d\0e\u{fe0f}f\u{feff}g\u{ad}h\u{10ffff}", "abcdefgh");
        check("Ignore\u{3164}this", "Ignore this");
        // what was parted only by something invisible may compose
        check("e\u{34f}\u{301}", "é");
    }

    #[test]
    fn no_tag_in_a_text_is_active() {
        check("<script>x</script>", "‹script>x‹/script>");
        check("＜ScRiPt src=x>", "‹ScRiPt src=x>");
        check("< \u{200b}\n iframe>", "‹\niframe>");
        check("<\u{34f}object/><EMBED", "‹object/>‹EMBED");
        check("<style", "‹style");
        check("a <b> <scripts> <styled> 1 < 2 <", "a <b> <scripts> <styled> 1 < 2 <");
        assert_eq!(line("<script>", 20), "‹script>");
    }

    #[test]
    fn a_terminals_sequences_leave_nothing() {
        check("a\u{1b}[31mred\u{1b}[0m b", "ared b");
        check("a\u{1b}]8;;https://x.example\u{1b}\\link\u{1b}]8;;\u{7}", "alink");
        check("wrong\u{8}\u{8}\u{8}\u{8}\u{8}right", "right");
        assert_eq!(line("\u{1b}[1mA\u{1b}[m", 20), "A");
    }

    #[test]
    fn towers_of_marks_are_cut() {
        check(&format!("a{}", "\u{336}".repeat(1000)), &format!("a{}", "\u{336}".repeat(MARKS_PER_LETTER)));
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let (short, truncated) = body(&"x".repeat(50_000));
        assert_eq!((short.len(), truncated), (BODY_LIMIT, true));
        let (short, truncated) = body(&format!("{}g\u{308}{}", "x".repeat(BODY_LIMIT - 1), "y"));
        assert_eq!((short.chars().count(), truncated), (BODY_LIMIT - 1, true));
        // one endless cluster is cut anyway
        assert_eq!(body(&"\u{1100}".repeat(20_000)).0.chars().count(), BODY_LIMIT);
    }

    #[test]
    fn a_line_that_stays_as_it_is_is_told_from_others() {
        for text in ["a", "a b", "a & b", "#!~"] {
            assert!(is_clean_line(text, 9) && line(text, 9) == text, "{text:?}");
        }
        for text in ["", " a", "a ", "a  b", "a\tb", "a\n", "<script", "é", "\u{1b}[m", "a, and longer"] {
            assert!(!is_clean_line(text, 9), "{text:?}");
        }
    }

    #[test]
    fn a_line_has_no_line_break() {
        assert_eq!(line("a\r\n b\u{2029}c\u{b}d", 100), "a b c d");
        assert_eq!(line("abcdef", 3), "abc");
    }
}
