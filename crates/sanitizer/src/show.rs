//! Evidence for the owner: every character that could mislead is spelt out.

use clean_content::{is_allowed, limits};

use crate::clean;

/// The words in question on one line, with invisible characters as `\u{…}`, cut to the limit.
pub(crate) fn evidence(text: &str) -> String {
    let mut shown = String::new();
    for c in text.trim().chars().take(limits::EVIDENCE) {
        match c {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if is_allowed(c) => shown.push(c),
            c => shown.extend(c.escape_unicode()),
        }
    }
    clean::line(&shown, limits::EVIDENCE)
}

/// A place for a finding: names of files and the like are the sender's choice.
pub(crate) fn place(text: &str) -> String {
    clean::line(&evidence(text), limits::PLACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_shows_what_an_eye_would_miss() {
        let check = |text: &str, shown: &str| assert_eq!(evidence(text), shown);
        check("plain words", "plain words");
        check("a\u{202e}b", "a\\u{202e}b");
        check("a\nb\\", "a\\nb\\\\");
        check(&"\u{200b}".repeat(500), &"\\u{200b}".repeat(limits::EVIDENCE / 8));
    }
}
