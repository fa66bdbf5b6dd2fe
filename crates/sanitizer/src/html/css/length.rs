//! Lengths, as far as it matters whether something has an extent, is far away or is too small to read.

use super::token::{Token, lower};

/// A length in CSS pixels, or relative to something that is known later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Length {
    Px(f32),
    /// Of the font's size.
    Em(f32),
    /// Of what is around, 1 for all of it.
    Share(f32),
    /// `auto`, `none`, or computed from what we do not know.
    Open,
}

/// The screen that a person is thought to read on, in pixels.
pub(super) const SCREEN: (f32, f32) = (1280.0, 800.0);

/// The size of letters where nothing else is said, in pixels.
pub(crate) const FONT_SIZE: f32 = 16.0;

impl Length {
    /// `None` for what is no length: then the declaration does not count.
    pub(super) fn of(token: &Token<'_>) -> Option<Self> {
        Some(match token {
            // a number without a unit is a length only in old documents and when it is zero
            Token::Number(n) => Self::Px(*n),
            Token::Percent(n) => Self::Share(n / 100.0),
            Token::Dimension(n, unit) => match &*lower(unit.clone()) {
                "px" => Self::Px(*n),
                "pt" => Self::Px(n * 4.0 / 3.0),
                "pc" => Self::Px(n * 16.0),
                "in" => Self::Px(n * 96.0),
                "cm" => Self::Px(n * 96.0 / 2.54),
                "mm" => Self::Px(n * 9.6 / 2.54),
                "q" => Self::Px(n * 2.4 / 2.54),
                "rem" | "rlh" | "ric" => Self::Px(n * FONT_SIZE),
                "em" | "lh" | "ic" => Self::Em(*n),
                "ex" | "ch" | "cap" => Self::Em(n * 0.5),
                "vw" | "svw" | "lvw" | "dvw" | "vi" => Self::Px(n * SCREEN.0 / 100.0),
                "vh" | "svh" | "lvh" | "dvh" | "vb" => Self::Px(n * SCREEN.1 / 100.0),
                "vmin" => Self::Px(n * SCREEN.1 / 100.0),
                "vmax" => Self::Px(n * SCREEN.0 / 100.0),
                "cqw" | "cqh" | "cqi" | "cqb" | "cqmin" | "cqmax" => Self::Share(n / 100.0),
                _ => return None,
            },
            Token::Ident(word) => match &*lower(word.clone()) {
                "auto"
                | "none"
                | "max-content"
                | "min-content"
                | "fit-content"
                | "stretch"
                | "-webkit-fill-available"
                | "-moz-available"
                | "normal"
                | "inherit"
                | "initial"
                | "unset"
                | "revert" => Self::Open,
                _ => return None,
            },
            Token::Function(_) => Self::Open,
            _ => return None,
        })
    }

    /// In pixels, for letters of that size; a share of the screen's width.
    pub(crate) fn px(self, font_size: f32) -> Option<f32> {
        match self {
            Self::Px(n) => Some(n),
            Self::Em(n) => Some(n * font_size),
            Self::Share(n) => Some(n * SCREEN.0),
            Self::Open => None,
        }
    }

    /// So small that nothing inside can be made out.
    pub(super) fn is_nothing(self) -> bool {
        match self {
            Self::Px(n) => n <= 1.0,
            Self::Em(n) | Self::Share(n) => n <= 0.0,
            Self::Open => false,
        }
    }

    /// So far off that it is on no page.
    pub(super) fn is_off_page(self) -> bool {
        match self {
            Self::Px(n) => n <= -400.0,
            Self::Em(n) => n <= -25.0,
            Self::Share(n) => n <= -1.0,
            Self::Open => false,
        }
    }

    /// Further than any person scrolls.
    pub(super) fn is_out_of_reach(self) -> bool {
        match self {
            Self::Px(n) => n >= 5_000.0,
            Self::Em(n) => n >= 300.0,
            Self::Share(n) => n >= 5.0,
            Self::Open => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::Tokens;
    use super::*;

    #[test]
    fn lengths_have_one_measure() {
        let px = |css: &str| Tokens::new(css).next().and_then(|t| Length::of(&t)?.px(10.0));
        for (css, n) in [
            ("12px", 12.0),
            ("3PT", 4.0),
            ("1in", 96.0),
            ("2em", 20.0),
            ("1rem", 16.0),
            ("0", 0.0),
            ("50%", 640.0),
        ] {
            assert_eq!(px(css), Some(n), "{css}");
        }
        assert_eq!(px("auto"), None);
        assert!(Tokens::new("1bogus").next().and_then(|t| Length::of(&t)).is_none());
    }
}
