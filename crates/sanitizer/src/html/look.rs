//! How text in an element looks. Children inherit it.

use super::{
    attribute::Attr,
    css::{Display, FONT_SIZE, FontSize, Paint, Style},
    element::{Known, UNSEEN},
    tag::Tag,
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// For good: no child of it can be seen.
    lost: bool,
    invisible: bool,
    opacity: f32,
    /// In pixels.
    size: f32,
    colour: Paint,
    ground: Paint,
    /// Something around it, but for the page itself, has a ground that would cover it.
    covered: bool,
    indented_away: bool,
    squeezed: bool,
    pub(super) keeps_lines: bool,
    /// In a part that is shown on a click only.
    pub(super) folded: bool,
    /// The same for what is around the part.
    around_folded: bool,
    pub(super) place: Place,
    pub(super) markup: Markup,
    /// Styled to stand on lines of its own.
    pub(super) block: bool,
}

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Page,
    Title,
    Sheet,
    Code,
}

/// By whose rules tags are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    Html,
    /// A drawing or formula.
    Foreign,
}

impl Look {
    pub(super) const PAGE: Self = Self {
        lost: false,
        invisible: false,
        opacity: 1.0,
        size: FONT_SIZE,
        colour: Paint::BLACK,
        ground: Paint::WHITE,
        covered: false,
        indented_away: false,
        squeezed: false,
        keeps_lines: false,
        folded: false,
        around_folded: false,
        place: Place::Page,
        markup: Markup::Html,
        block: false,
    };

    pub(super) fn is_seen(&self) -> bool {
        !(self.lost
            || self.invisible
            || self.indented_away
            || self.squeezed
            || FontSize::is_unreadable(self.size)
            || self.colour.vanishes_on(self.ground, self.opacity))
    }

    /// The look of a child. `named_hidden`: its class says that only screen readers are to read it.
    pub(super) fn inside(&self, tag: &Tag<'_>, style: Option<&Style>, named_hidden: bool) -> Self {
        match style {
            None if !named_hidden && self.markup == Markup::Html && is_plain(tag) => {
                Self { around_folded: self.around_folded || self.folded, block: false, ..*self }
            }
            None => self.inside_styled(tag, &Style::NOTHING, named_hidden),
            Some(style) => self.inside_styled(tag, style, named_hidden),
        }
    }

    fn inside_styled(&self, tag: &Tag<'_>, style: &Style, named_hidden: bool) -> Self {
        let name = tag.name.known;
        let foreign = self.markup == Markup::Foreign || matches!(name, Known::SVG | Known::MATH);
        let size = style.size.map_or(self.size, |size| size.within(self.size));
        let (ground, has_ground) = self.ground_in(style);
        let closed_details = name == Known::DETAILS && !tag.has(Attr::OPEN);
        Self {
            lost: self.lost
                || named_hidden
                || is_unseen(tag, foreign)
                || style.display == Some(Display::None)
                // `display` set by hand shows what the attribute hides
                || tag.has(Attr::HIDDEN) && style.display.is_none()
                || style.is_lost(size)
                || style.behind == Some(true) && self.covered && style.position.is_some(),
            invisible: style.invisible.flatten().unwrap_or(self.invisible),
            opacity: self.opacity * style.opacity.unwrap_or(1.0),
            size,
            colour: self.colour_in(tag, style, foreign),
            ground,
            covered: self.covered || has_ground && !matches!(name, Known::BODY | Known::HTML),
            indented_away: match style.indent {
                Some(Some(indent)) => indent.px(size).is_some_and(|n| n <= -400.0),
                Some(None) | None => self.indented_away,
            },
            squeezed: match style.letter_spacing {
                Some(Some(spacing)) => spacing.px(size).is_some_and(|n| n <= -0.5 * size),
                Some(None) | None => self.squeezed,
            },
            keeps_lines: match style.keeps_lines {
                Some(Some(keeps)) => keeps,
                Some(None) => self.keeps_lines,
                None => self.keeps_lines || name.keeps_lines(),
            },
            folded: match name {
                Known::SUMMARY => self.around_folded,
                _ => self.folded || closed_details,
            },
            around_folded: if closed_details { self.folded } else { self.around_folded || self.folded },
            place: match name {
                Known::STYLE => Place::Sheet,
                Known::SCRIPT => Place::Code,
                Known::TITLE if !foreign => Place::Title,
                _ => self.place,
            },
            markup: if foreign && !name.holds_html() { Markup::Foreign } else { Markup::Html },
            block: style.display == Some(Display::Block),
        }
    }

    fn colour_in(&self, tag: &Tag<'_>, style: &Style, foreign: bool) -> Paint {
        if let Some(paint) = style.drawn_fill.filter(|_| foreign) {
            return paint;
        }
        match style.fill.or(style.colour) {
            Some(Paint::Inherit | Paint::Current) => self.colour,
            Some(paint) => paint,
            None => match tag.name.known {
                // links, buttons and drawings have colours of their own
                Known::A if tag.has(Attr::HREF) => Paint::Unknown,
                Known::BUTTON | Known::MARK | Known::INPUT | Known::SELECT | Known::TEXTAREA => {
                    Paint::Unknown
                }
                Known::SVG => Paint::Unknown,
                _ => self.colour,
            },
        }
    }

    /// What is behind its text, and whether it is its own.
    fn ground_in(&self, style: &Style) -> (Paint, bool) {
        if style.pictured == Some(true) {
            return (Paint::Unknown, true);
        }
        match style.background {
            None | Some(Paint::Inherit | Paint::Current) => (self.ground, false),
            Some(paint) => {
                let ground = paint.over(self.ground);
                (ground, ground != self.ground)
            }
        }
    }
}

/// Whether it looks as what is around it where nothing else is said: it is HTML, and no element that is special below.
fn is_plain(tag: &Tag<'_>) -> bool {
    let name = tag.name.known;
    let is_special = matches!(
        name,
        Known::SVG
            | Known::MATH
            | Known::DETAILS
            | Known::SUMMARY
            | Known::DIALOG
            | Known::OBJECT
            | Known::STYLE
            | Known::SCRIPT
            | Known::TITLE
            | Known::A
            | Known::BUTTON
            | Known::MARK
            | Known::INPUT
            | Known::SELECT
    );
    !is_special && !name.keeps_lines() && tag.name.kind & UNSEEN == 0 && !tag.has(Attr::HIDDEN)
}

/// By what it is, whatever the styles say.
fn is_unseen(tag: &Tag<'_>, foreign: bool) -> bool {
    let name = tag.name.known;
    tag.name.kind & UNSEEN != 0
        || foreign && name.is_unpainted()
        || name == Known::DIALOG && !tag.has(Attr::OPEN)
        // what is inside stands in for what cannot be loaded
        || name == Known::OBJECT && tag.has(Attr::DATA)
}

#[cfg(test)]
mod tests {
    use super::{
        super::token::{Token, Tokens},
        *,
    };

    #[test]
    fn plain_elements_look_as_they_do_by_all_rules() {
        let folded = Look { folded: true, block: true, place: Place::Title, ..Look::PAGE };
        let drawing = Look { markup: Markup::Foreign, invisible: true, ..Look::PAGE };
        for parent in [Look::PAGE, folded, drawing] {
            for name in Known::names().chain(["bogus"]) {
                for attributes in ["", " open", " hidden", " href=x", " data=x"] {
                    let html = format!("<{name}{attributes}>");
                    let Some(Token::Open(tag)) = Tokens::new(&html).next() else { panic!("{html}") };
                    let by_all = parent.inside_styled(&tag, &Style::NOTHING, false);
                    assert_eq!(parent.inside(&tag, None, false), by_all, "{html}");
                }
            }
        }
    }
}
