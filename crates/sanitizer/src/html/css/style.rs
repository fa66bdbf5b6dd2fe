//! What declarations say about an element, and whether anything of it can be seen.

use super::{block::declarations, colour::Paint, font::FontSize, length::Length, token::Tokens};

macro_rules! style {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// What some declarations say; what they do not say is `None`.
        #[derive(Debug, Default, Clone, Copy, PartialEq)]
        pub(crate) struct Style {
            $($(#[$doc])* pub(crate) $field: Option<$type>,)*
        }

        impl Style {
            pub(crate) const NOTHING: Self = Self { $($field: None,)* };

            /// Lets `later` have the last word.
            pub(crate) fn add(&mut self, later: &Self) {
                $(if later.$field.is_some() {
                    self.$field = later.$field;
                })*
            }
        }
    };
}

/// For a property that children have from their parent: `None` says so.
pub(crate) type Inherited<T> = Option<T>;

style! {
    display: Display,
    /// `visibility`
    invisible: Inherited<bool>,
    /// `content-visibility: hidden`
    skipped: bool,
    opacity: f32,
    /// A filter that lets nothing through.
    filtered: bool,
    size: FontSize,
    colour: Paint,
    /// `-webkit-text-fill-color`, which wins over the colour.
    fill: Paint,
    /// `fill`, with which letters of a drawing are painted.
    drawn_fill: Paint,
    background: Paint,
    /// A background picture.
    pictured: bool,
    position: Position,
    left: Length,
    right: Length,
    top: Length,
    bottom: Length,
    margin_left: Length,
    margin_top: Length,
    width: Length,
    height: Length,
    max_width: Length,
    max_height: Length,
    /// `overflow` that does not show what is too much.
    cut: bool,
    /// `clip` to nothing.
    clipped: bool,
    /// `clip-path` to nothing.
    clipped_path: bool,
    /// `transform` to nowhere or to nothing.
    transformed: bool,
    /// `translate`, likewise.
    translated: bool,
    /// `scale`, likewise.
    scaled: bool,
    indent: Inherited<Length>,
    letter_spacing: Inherited<Length>,
    /// `white-space` that keeps line breaks.
    keeps_lines: Inherited<bool>,
    /// `z-index` below zero.
    behind: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    None,
    Inline,
    /// On lines of its own.
    Block,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    Static,
    Relative,
    /// Or fixed: out of the flow.
    Absolute,
}

/// What is in a block or a `style` attribute.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    pub(crate) normal: Style,
    pub(crate) important: Style,
    /// Something is important.
    insists: bool,
    /// A property is named by escapes, as only those do who mean to hide it.
    pub(crate) disguised: bool,
}

// === impl Block ===

impl Block {
    /// Reads up to the `}` that ends the block, or to the end. `quirks`: as documents without a doctype are read.
    pub(super) fn take(css: &mut Tokens<'_>, quirks: bool) -> Self {
        let mut block = Self::default();
        declarations(css, |declaration| {
            block.disguised |= declaration.disguised;
            block.insists |= declaration.important;
            let style = if declaration.important { &mut block.important } else { &mut block.normal };
            style.declare(&declaration.property, declaration.value, quirks);
        });
        block
    }

    /// A `style` attribute.
    pub(crate) fn inline(css: &str, quirks: bool) -> Self {
        Self::take(&mut Tokens::new(css), quirks)
    }

    pub(super) fn says_nothing(&self) -> bool {
        self.normal == Style::NOTHING && self.important == Style::NOTHING
    }

    /// Lets what it says, but for what is important, have the last word.
    pub(super) fn add_to(&self, style: &mut Style) {
        style.add(&self.normal);
    }

    /// Lets what is important in it have the last word.
    pub(super) fn add_important_to(&self, style: &mut Style) {
        if self.insists {
            style.add(&self.important);
        }
    }
}

// === impl Style ===

impl Style {
    /// Nothing in it can be seen, whatever its children say: no extent, off the page, clipped.
    pub(crate) fn is_lost(&self, font_size: f32) -> bool {
        self.skipped == Some(true)
            || self.filtered == Some(true)
            || self.is_off_page()
            || self.has_no_extent()
            || self.clipped_path == Some(true)
            || self.clipped == Some(true) && self.position == Some(Position::Absolute)
            || [self.transformed, self.translated, self.scaled].contains(&Some(true))
            || self.is_indented_away(font_size)
    }

    fn is_off_page(&self) -> bool {
        let placed = matches!(self.position, Some(Position::Relative | Position::Absolute));
        let absolute = self.position == Some(Position::Absolute);
        [self.left, self.right, self.top, self.bottom]
            .into_iter()
            .flatten()
            .any(|at| placed && at.is_off_page() || absolute && at.is_out_of_reach())
            || [self.margin_left, self.margin_top]
                .into_iter()
                .flatten()
                .any(|at| at.is_off_page() || at.is_out_of_reach())
    }

    fn has_no_extent(&self) -> bool {
        self.cut == Some(true)
            && [self.width, self.height, self.max_width, self.max_height]
                .into_iter()
                .flatten()
                .any(Length::is_nothing)
    }

    /// `text-indent: 100%` with `overflow: hidden`, as logos are written over pictures.
    fn is_indented_away(&self, font_size: f32) -> bool {
        let indent = self.indent.flatten().and_then(|indent| match indent {
            Length::Share(n) => Some(n * 1_000.0),
            other => other.px(font_size),
        });
        self.cut == Some(true) && indent.is_some_and(|n| n >= 400.0)
    }
}
