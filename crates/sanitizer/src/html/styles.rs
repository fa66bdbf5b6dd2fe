//! What all that a page says of one element comes to: old attributes, style sheets, and the element's own style.

use super::{
    css::{Block, Paint, Sheet, Style, Work},
    tag::Tag,
    tree::Spot,
};

/// What sheets and the element itself say, and whether that is written so that it is not recognised.
pub(super) fn style_of(sheet: &Sheet, tag: &Tag<'_>, at: &Spot<'_, '_>, work: &mut Work) -> (Style, bool) {
    let inline = tag.get("style").map(|css| Block::inline(&css, sheet.quirks));
    let mut style = presentation(tag);
    sheet.cascade(tag, at, &mut style, inline.as_ref(), work);
    (style, inline.is_some_and(|inline| inline.disguised))
}

/// What old attributes say.
fn presentation(tag: &Tag<'_>) -> Style {
    let paint = |name: &str| tag.get(name).and_then(|value| Paint::legacy(&value));
    let mut style = Style::default();
    match tag.name.as_str() {
        "font" => style.colour = paint("color"),
        "body" | "table" | "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "marquee" => {
            style.background = paint("bgcolor");
            style.pictured = tag.get("background").filter(|value| !value.trim().is_empty()).map(|_| true);
            if tag.name.as_str() == "body" {
                style.colour = paint("text");
            }
        }
        "text" | "tspan" | "g" | "svg" | "textpath" | "a" => {
            for name in ["fill", "opacity", "display", "visibility", "font-size"] {
                if let Some(value) = tag.get(name) {
                    style.declare(name, &value, true);
                }
            }
        }
        _ => {}
    }
    style
}
