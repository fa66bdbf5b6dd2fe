//! What a terminal would show of a text: escape sequences do something and are not shown, and a backspace takes a
//! character away.

use std::borrow::Cow;

/// A sequence that does not end within this many bytes is none: only its escape character goes.
const LONGEST: usize = 256;

/// The text as a terminal shows it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    // 0x9b alone opens a sequence too; in UTF-8 it is U+009B
    let controls = ['\u{1b}', '\u{8}', '\u{9b}'];
    if memchr::memchr3(0x1b, 0x8, 0x9b, text.as_bytes()).is_none() || !text.contains(controls) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(controls) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        shown.push_str(before);
        let mut chars = from.chars();
        match chars.next() {
            Some('\u{1b}') => rest = after_escape(chars.as_str()),
            Some('\u{9b}') => rest = after_control_sequence(chars.as_str()),
            _ => {
                // it never takes a line away
                if !shown.ends_with('\n') {
                    shown.pop();
                }
                rest = chars.as_str();
            }
        }
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// What follows a sequence after its escape character (ECMA-48).
fn after_escape(text: &str) -> &str {
    match text.bytes().next() {
        Some(b'[') => after_control_sequence(text.get(1..).unwrap_or_default()),
        // strings for the device end with a bell or `ESC \`; a title or the address of a link is in them
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let string = text.as_bytes().get(1..).unwrap_or_default();
            let end = string.iter().take(LONGEST * 8).position(|b| matches!(b, 0x7 | 0x1b | 0x9c | b'\n'));
            let skipped = match end.and_then(|end| Some((end, string.get(end..end + 2)?))) {
                Some((end, [0x1b, b'\\'])) => end + 3,
                Some((end, [0x7, _])) => end + 2,
                _ => end.map_or(1, |end| if string.get(end) == Some(&0x7) { end + 2 } else { end + 1 }),
            };
            text.get(skipped..).unwrap_or_else(|| text.get(1..).unwrap_or_default())
        }
        // one or more intermediate bytes and a final one
        Some(b' '..=b'/') => {
            let rest = text.trim_start_matches(|c: char| matches!(c, ' '..='/'));
            rest.strip_prefix(|c: char| matches!(c, '0'..='~')).unwrap_or(rest)
        }
        Some(b'0'..=b'~') => text.get(1..).unwrap_or_default(),
        _ => text,
    }
}

/// What follows parameters, intermediates and the final byte.
fn after_control_sequence(text: &str) -> &str {
    let end = text.bytes().take(LONGEST).position(|b| !matches!(b, 0x20..=0x3f));
    match end.and_then(|end| Some((text.as_bytes().get(end)?, end))) {
        Some((b'@'..=b'~', end)) => text.get(end + 1..).unwrap_or_default(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_a_terminal_shows_it() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected, "{text:?}");
        check("plain", "plain");
        check("a\u{1b}[31mb\u{1b}[0mc", "abc");
        check("a\u{1b}[8;38;2;1;2;3mb", "ab");
        check("a\u{9b}31mb", "ab");
        check("ig\u{1b}[0mno\u{1b}[mre", "ignore");
        check("a\u{1b}]0;title\u{7}b\u{1b}]8;;https://x.example\u{1b}\\c", "abc");
        check("a\u{1b}]0;title\u{7}", "a");
        check("a\u{1b}(Bb\u{1b}cd\u{1b}Me", "abde");
        check("wrong\u{8}\u{8}\u{8}\u{8}\u{8}right", "right");
        check("line\n\u{8}\u{8}x", "line\nx");
        check("\u{8}", "");
        check("tail\u{1b}", "tail");
        check("tail\u{1b}[", "tail");
        check("tail\u{1b}[31", "tail31");
        check("ü\u{1b}[1mü\u{1b}ü", "üüü");
    }
}
