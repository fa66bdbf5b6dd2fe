//! As much CSS as it takes to tell whether a person would see a text, read as browsers read it: what a filter skips and a
//! browser understands hides text from the filter.

mod attribute;
mod block;
mod colour;
mod font;
mod ground;
mod legacy;
mod length;
mod media;
mod names;
mod part;
mod property;
mod selector;
mod shape;
mod sheet;
mod style;
mod token;

pub(super) use colour::Paint;
pub(super) use font::FontSize;
pub(super) use length::FONT_SIZE;
pub(super) use selector::Ancestry;
pub(super) use sheet::{Sheet, Work};
pub(super) use style::{Block, Display, Style};

/// Whether the `media` attribute of a style sheet lets it hold on a person's screen.
pub(super) fn holds_on_screen(media: &str) -> bool {
    media::holds(token::Tokens::new(media))
}
