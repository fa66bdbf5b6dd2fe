//! Each property that may hide text, by the grammar of its value. A value that is none is as if it were not there: the
//! one before it still holds.

use std::borrow::Cow;

use super::{
    colour::Paint,
    font, ground,
    length::Length,
    shape,
    style::{Display, Position, Style},
    token::{Token, Tokens, lower},
};

/// Takes the value if it is one.
fn set<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

// === impl Style ===

impl Style {
    /// Understands one declaration.
    pub(crate) fn declare(&mut self, property: &str, value: &str, quirks: bool) {
        let one_length = || length(value, quirks);
        match property {
            "display" => set(&mut self.display, display(value)),
            "visibility" => set(&mut self.invisible, keyword(value).and_then(|word| visibility(&word))),
            "content-visibility" => set(&mut self.skipped, keyword(value).map(|word| word == "hidden")),
            "opacity" | "-moz-opacity" | "-khtml-opacity" => set(&mut self.opacity, share(value)),
            "filter" | "-webkit-filter" => set(&mut self.filtered, shape::filters_all(value)),
            "font-size" => set(&mut self.size, font::size(value, quirks)),
            "font" => set(&mut self.size, font::shorthand(value)),
            "color" => set(&mut self.colour, colour(value, quirks)),
            "-webkit-text-fill-color" => set(&mut self.fill, colour(value, false)),
            "fill" => match keyword(value).as_deref() {
                Some("none") => self.drawn_fill = Some(Paint::TRANSPARENT),
                _ => set(&mut self.drawn_fill, colour(value, false)),
            },
            "background-color" => set(&mut self.background, colour(value, quirks)),
            "background-image" => set(&mut self.pictured, ground::is_picture(value)),
            "background" => {
                if let Some((paint, pictured)) = ground::shorthand(value) {
                    (self.background, self.pictured) = (Some(paint), Some(pictured));
                }
            }
            "position" => set(&mut self.position, keyword(value).and_then(|word| position(&word))),
            "left" | "inset-inline-start" => set(&mut self.left, one_length()),
            "right" | "inset-inline-end" => set(&mut self.right, one_length()),
            "top" | "inset-block-start" => set(&mut self.top, one_length()),
            "bottom" | "inset-block-end" => set(&mut self.bottom, one_length()),
            "inset" => {
                if let Some([top, right, bottom, left]) = sides(value, quirks) {
                    (self.top, self.right, self.bottom, self.left) =
                        (Some(top), Some(right), Some(bottom), Some(left));
                }
            }
            "margin-left" | "margin-inline-start" => set(&mut self.margin_left, one_length()),
            "margin-top" | "margin-block-start" => set(&mut self.margin_top, one_length()),
            "margin" => {
                if let Some([top, _, _, left]) = sides(value, quirks) {
                    (self.margin_top, self.margin_left) = (Some(top), Some(left));
                }
            }
            "width" | "inline-size" => set(&mut self.width, one_length()),
            "height" | "block-size" => set(&mut self.height, one_length()),
            "max-width" | "max-inline-size" => set(&mut self.max_width, one_length()),
            "max-height" | "max-block-size" => set(&mut self.max_height, one_length()),
            "overflow" | "overflow-x" | "overflow-y" => set(&mut self.cut, overflow(value)),
            "clip" => set(&mut self.clipped, shape::clips_all(value)),
            "clip-path" | "-webkit-clip-path" => {
                set(&mut self.clipped_path, shape::clip_path_leaves_nothing(value))
            }
            "transform" | "-webkit-transform" | "-ms-transform" => {
                set(&mut self.transformed, shape::transforms_away(value));
            }
            "translate" => set(&mut self.translated, shape::translates_away(value)),
            "scale" => set(&mut self.scaled, shape::scales_to_nothing(value)),
            "text-indent" => set(&mut self.indent, inherited(value, quirks)),
            "letter-spacing" => set(&mut self.letter_spacing, inherited(value, quirks)),
            "white-space" | "white-space-collapse" => {
                set(&mut self.keeps_lines, keyword(value).and_then(|word| keeps_lines(&word)));
            }
            "z-index" => set(&mut self.behind, integer(value).map(|n| n < 0.0)),
            _ => {}
        }
    }
}

/// A value that is one word.
pub(super) fn keyword(value: &str) -> Option<Cow<'_, str>> {
    let mut css = Tokens::new(value);
    match (css.solid()?, css.solid()) {
        (Token::Ident(word), None) => Some(lower(word)),
        _ => None,
    }
}

fn only<'a>(value: &'a str) -> Option<Token<'a>> {
    let mut css = Tokens::new(value);
    let first = css.solid()?;
    css.solid().is_none().then_some(first)
}

fn length(value: &str, quirks: bool) -> Option<Length> {
    let mut css = Tokens::new(value);
    let first = css.solid()?;
    let whole = matches!(first, Token::Function(_)) || css.solid().is_none();
    whole.then(|| is_measure(&first, quirks)).filter(|ok| *ok).and_then(|_| Length::of(&first))
}

/// Only zero needs no unit, but in old documents.
fn is_measure(token: &Token<'_>, quirks: bool) -> bool {
    quirks || !matches!(token, Token::Number(n) if *n != 0.0)
}

fn inherited(value: &str, quirks: bool) -> Option<Option<Length>> {
    match keyword(value).as_deref() {
        Some("inherit" | "unset") => Some(None),
        Some("normal" | "initial" | "revert") => Some(Some(Length::Px(0.0))),
        // `text-indent` has words that may follow
        _ => Tokens::new(value)
            .solid()
            .filter(|first| is_measure(first, quirks))
            .and_then(|first| Length::of(&first))
            .map(Some),
    }
}

/// One to four lengths as top, right, bottom, left.
fn sides(value: &str, quirks: bool) -> Option<[Length; 4]> {
    let mut lengths = Vec::new();
    for token in Tokens::new(value).filter(|token| *token != Token::Space).take(5) {
        lengths.push(Length::of(&token).filter(|_| is_measure(&token, quirks))?);
    }
    Some(match *lengths.as_slice() {
        [all] => [all; 4],
        [block, inline] => [block, inline, block, inline],
        [top, inline, bottom] => [top, inline, bottom, inline],
        [top, right, bottom, left] => [top, right, bottom, left],
        _ => return None,
    })
}

fn share(value: &str) -> Option<f32> {
    match only(value)? {
        Token::Number(n) => Some(n.clamp(0.0, 1.0)),
        Token::Percent(n) => Some((n / 100.0).clamp(0.0, 1.0)),
        Token::Ident(word) if matches!(&*lower(word.clone()), "initial" | "unset" | "revert") => Some(1.0),
        _ => None,
    }
}

fn integer(value: &str) -> Option<f32> {
    match only(value)? {
        Token::Number(n) => Some(n),
        Token::Ident(_) => Some(0.0),
        _ => None,
    }
}

/// In old documents a colour may lack its `#`.
fn colour(value: &str, quirks: bool) -> Option<Paint> {
    Paint::parse(value).or_else(|| {
        let digits = value.trim();
        let hashless = matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        (quirks && hashless).then(|| Paint::legacy(digits)).flatten()
    })
}

fn display(value: &str) -> Option<Display> {
    let mut display = None;
    for token in Tokens::new(value).filter(|token| *token != Token::Space).take(4) {
        let Token::Ident(word) = token else { return None };
        let word = match &*lower(word) {
            // columns hold no text
            "none" | "table-column" | "table-column-group" => Display::None,
            "inline"
            | "inline-block"
            | "inline-table"
            | "inline-flex"
            | "inline-grid"
            | "contents"
            | "ruby"
            | "math"
            | "run-in"
            | "initial"
            | "unset"
            | "revert"
            | "inherit"
            | "-webkit-inline-box"
            | "-webkit-inline-flex"
            | "-ms-inline-flexbox"
            | "table-cell" => Display::Inline,
            "block" | "flow-root" | "flow" | "list-item" | "flex" | "grid" | "table" | "table-row"
            | "table-row-group" | "table-header-group" | "table-footer-group" | "table-caption"
            | "-webkit-box" | "-webkit-flex" | "-ms-flexbox" | "-moz-box" => Display::Block,
            _ => return None,
        };
        display = display.or(Some(word));
    }
    display
}

fn visibility(word: &str) -> Option<Option<bool>> {
    match word {
        "hidden" | "collapse" => Some(Some(true)),
        "visible" | "initial" => Some(Some(false)),
        "inherit" | "unset" => Some(None),
        _ => None,
    }
}

fn position(word: &str) -> Option<Position> {
    Some(match word {
        "absolute" | "fixed" => Position::Absolute,
        "relative" | "sticky" | "-webkit-sticky" => Position::Relative,
        "static" | "initial" | "unset" => Position::Static,
        _ => return None,
    })
}

fn overflow(value: &str) -> Option<bool> {
    let mut cut = None;
    for token in Tokens::new(value).filter(|token| *token != Token::Space).take(3) {
        let Token::Ident(word) = token else { return None };
        let word = match &*lower(word) {
            "hidden" | "clip" | "scroll" | "auto" => true,
            "visible" | "initial" | "unset" => false,
            _ => return None,
        };
        cut = Some(cut == Some(true) || word);
    }
    cut
}

fn keeps_lines(word: &str) -> Option<Option<bool>> {
    match word {
        "pre" | "pre-wrap" | "pre-line" | "break-spaces" | "preserve" | "preserve-breaks" => Some(Some(true)),
        "normal" | "nowrap" | "collapse" | "initial" => Some(Some(false)),
        "inherit" | "unset" => Some(None),
        _ => None,
    }
}
