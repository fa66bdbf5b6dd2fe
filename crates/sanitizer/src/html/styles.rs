//! What all that a page says of one element comes to: old attributes, style sheets, and the element's own style.

use super::{
    attribute::Attr,
    css::{Paint, Sheet, Style, Work},
    element::Known,
    inline::Inline,
    tag::Tag,
    tree::Spot,
};

/// What is said of one element.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) style: Style,
    /// The element's own style is written so that it is not recognised.
    pub(super) disguised: bool,
}

/// What sheets and the element itself say; nothing, as of most elements.
pub(super) fn said_of<'a>(
    sheet: &Sheet,
    inline: &mut Inline<'a>,
    tag: &Tag<'a>,
    at: &Spot<'_, '_>,
    work: &mut Work,
) -> Option<Said> {
    if sheet.is_empty() && !tag.has_any_of(STYLING) {
        return None;
    }
    let inline = tag.get(Attr::STYLE).map(|css| inline.block(css, sheet.quirks));
    let mut style = presentation(tag);
    sheet.cascade(tag, at, &mut style, inline.as_ref(), work);
    Some(Said { style, disguised: inline.is_some_and(|inline| inline.disguised) })
}

/// Attributes of drawings that are properties.
const PROPERTIES: [Attr; 5] = [Attr::FILL, Attr::OPACITY, Attr::DISPLAY, Attr::VISIBILITY, Attr::FONT_SIZE];

/// All attributes that this file asks for.
const STYLING: u64 = Attr::STYLE.bit()
    | Attr::COLOR.bit()
    | Attr::BGCOLOR.bit()
    | Attr::BACKGROUND.bit()
    | Attr::TEXT.bit()
    | Attr::bits(&PROPERTIES);

/// What old attributes say.
fn presentation(tag: &Tag<'_>) -> Style {
    let paint = |name| tag.get(name).and_then(|value| Paint::legacy(&value));
    let mut style = Style::default();
    match tag.name.known {
        Known::FONT => style.colour = paint(Attr::COLOR),
        Known::BODY
        | Known::TABLE
        | Known::TR
        | Known::TD
        | Known::TH
        | Known::TBODY
        | Known::THEAD
        | Known::TFOOT
        | Known::MARQUEE => {
            style.background = paint(Attr::BGCOLOR);
            let picture = tag.get(Attr::BACKGROUND);
            style.pictured = picture.filter(|value| !value.trim().is_empty()).map(|_| true);
            if tag.name.known == Known::BODY {
                style.colour = paint(Attr::TEXT);
            }
        }
        Known::TEXT | Known::TSPAN | Known::G | Known::SVG | Known::TEXTPATH | Known::A => {
            for known in PROPERTIES {
                if let Some(value) = tag.get(known) {
                    style.declare(known.as_str(), &value, true);
                }
            }
        }
        _ => {}
    }
    style
}
