//! How large letters are.

use super::{
    length::Length,
    token::{Token, Tokens, lower},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FontSize {
    Px(f32),
    /// Of the parent's.
    Times(f32),
}

/// Letters of this many pixels or fewer cannot be read.
const UNREADABLE: f32 = 3.0;

// === impl FontSize ===

impl FontSize {
    /// In pixels, inside a parent of that size.
    pub(crate) fn within(self, parent: f32) -> f32 {
        match self {
            Self::Px(n) => n,
            Self::Times(n) => n * parent,
        }
    }

    pub(crate) fn is_unreadable(size: f32) -> bool {
        size <= UNREADABLE
    }

    fn of(token: &Token<'_>) -> Option<Self> {
        if let Token::Ident(word) = token {
            return Self::of_word(&lower(word.clone()));
        }
        match Length::of(token)? {
            Length::Px(n) => (n >= 0.0).then_some(Self::Px(n)),
            Length::Em(n) | Length::Share(n) => (n >= 0.0).then_some(Self::Times(n)),
            Length::Open => Some(Self::Times(1.0)),
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "xx-small" => Self::Px(9.0),
            "x-small" => Self::Px(10.0),
            "small" => Self::Px(13.0),
            "medium" | "initial" => Self::Px(16.0),
            "large" => Self::Px(18.0),
            "x-large" => Self::Px(24.0),
            "xx-large" => Self::Px(32.0),
            "xxx-large" => Self::Px(48.0),
            "smaller" => Self::Times(0.83),
            "larger" => Self::Times(1.2),
            "inherit" | "unset" => Self::Times(1.0),
            _ => return None,
        })
    }
}

/// `font-size`. A number without a unit is one only in old documents, or zero.
pub(super) fn size(value: &str, quirks: bool) -> Option<FontSize> {
    let mut css = Tokens::new(value);
    let first = css.solid()?;
    if matches!(first, Token::Number(n) if n != 0.0 && !quirks) {
        return None;
    }
    if !matches!(first, Token::Function(_)) && css.solid().is_some() {
        return None;
    }
    FontSize::of(&first)
}

/// `font`: words and a weight, the size, `/` and a line's height, and then at least one family, or it does not count.
pub(super) fn shorthand(value: &str) -> Option<FontSize> {
    let mut css = Tokens::new(value);
    let mut size = None;
    while let Some(token) = css.solid() {
        match &token {
            Token::Number(n) if (1.0..=1000.0).contains(n) => {}
            Token::Ident(word) if FontSize::of(&token).is_none() => match &*lower(word.clone()) {
                "caption" | "icon" | "menu" | "message-box" | "small-caption" | "status-bar" => {
                    return Some(FontSize::Px(13.0));
                }
                _ => {}
            },
            Token::Ident(word) if matches!(&*lower(word.clone()), "inherit" | "unset" | "initial") => {
                return FontSize::of(&token);
            }
            _ => {
                size = Some(FontSize::of(&token)?);
                break;
            }
        }
    }
    let mut next = css.solid();
    if next == Some(Token::Other('/')) {
        css.solid()?;
        next = css.solid();
    }
    size.filter(|_| matches!(next, Some(Token::Ident(_) | Token::Text(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (value, px) in [
            ("12px", 12.0),
            ("0", 0.0),
            (".5em", 5.0),
            ("1%", 0.1),
            ("small", 13.0),
            ("smaller", 8.3),
            ("1pt", 4.0 / 3.0),
        ] {
            let seen = size(value, false).map(|size| size.within(10.0));
            assert!(seen.is_some_and(|seen| (seen - px).abs() < 0.01), "{value}: {seen:?}");
        }
        for value in ["1", "-1px", "bogus", "12px 3px", ""] {
            assert_eq!(size(value, false), None, "{value}");
        }
        assert_eq!(size("1", true), Some(FontSize::Px(1.0)));
    }

    #[test]
    fn the_shorthand_needs_a_family() {
        for (value, expected) in [
            ("0/0 a", Some(0.0)),
            ("italic bold 12px/1.5 'Open Sans', serif", Some(12.0)),
            ("700 1px x", Some(1.0)),
            ("0/0", None),
            ("12px", None),
            ("bold", None),
            ("inherit", Some(16.0)),
            ("menu", Some(13.0)),
        ] {
            assert_eq!(shorthand(value).map(|size| size.within(16.0)), expected, "{value}");
        }
    }
}
