//! A text as lines: how far each is indented and what it says.

use crate::sops::limits::{Unreadable, wrong};

/// One line.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from one.
    pub(super) number: usize,
    /// How many spaces stand before what it says.
    pub(super) indent: usize,
    /// What it says, without spaces around it.
    pub(super) text: &'a str,
    /// All of it.
    pub(super) whole: &'a str,
}

pub(super) fn lines(text: &str) -> Result<Vec<Line<'_>>, Unreadable> {
    let mut found = Vec::new();
    for (nth, whole) in text.split('\n').enumerate() {
        let number = nth + 1;
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        if whole.chars().any(|letter| letter.is_control() && letter != '\t') {
            return wrong(
                number,
                "it has a control character; write such text in \"quotes\" with a backslash",
            );
        }
        if whole.starts_with('\u{feff}') {
            return wrong(number, "it begins with a byte order mark; take it away");
        }
        let inner = whole.trim_start_matches(' ');
        if inner.starts_with('\t') && !inner.trim().is_empty() {
            return wrong(number, "it is indented with a tab; use spaces");
        }
        let line = Line {
            number,
            indent: whole.len() - inner.len(),
            text: inner.trim_end_matches([' ', '\t']),
            whole,
        };
        found.push(line);
    }
    Ok(found)
}

// === impl Line ===

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn comment(&self) -> Option<&str> {
        self.text.strip_prefix('#')
    }

    pub(super) fn is_element(&self) -> bool {
        self.text == "-" || self.text.starts_with("- ")
    }
}
