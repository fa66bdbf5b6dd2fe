//! Just enough CSS to tell whether a person would see a text.

use std::{borrow::Cow, collections::HashMap};

use super::token::Tag;

/// What some declarations say; what they do not say is `None` or false.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Style {
    /// `display: none` or a display that shows.
    pub(super) gone: Option<bool>,
    /// `visibility`.
    pub(super) invisible: Option<bool>,
    /// Nothing in it can be seen, whatever its children say: no opacity, no extent, off the page, clipped.
    pub(super) lost: Option<Lost>,
    pub(super) size: Option<Size>,
    pub(super) colour: Option<Paint>,
    pub(super) background: Option<Paint>,
    no_extent: bool,
    cut_off: bool,
}

/// Why nothing of an element shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    Opacity,
    OffThePage,
    Clipped,
}

/// A font size, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Tiny,
    Readable,
    /// Relative to a parent's: readable if that one is.
    Relative,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Transparent,
    Solid([u8; 3]),
    /// A picture, a gradient, a name we do not know.
    Unknown,
}

/// Rules with one simple selector: an element, a class, an id, or an element with a class.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rules: HashMap<String, Style>,
}

/// How many rules of all sheets are kept.
const RULES: usize = 10_000;

// === impl Style ===

impl Style {
    pub(super) fn parse(declarations: &str) -> Self {
        let mut style = Self::default();
        for declaration in readable(declarations).split(';') {
            if let Some((property, value)) = declaration.split_once(':') {
                let value = value.split('!').next().unwrap_or_default();
                style.declare(property.trim(), value.trim());
            }
        }
        style
    }

    fn declare(&mut self, property: &str, value: &str) {
        match property {
            "display" => self.gone = Some(value == "none"),
            "visibility" => self.invisible = Some(matches!(value, "hidden" | "collapse")),
            "opacity" => self.lose(number(value).is_some_and(|(n, _)| n < 0.05), Lost::Opacity),
            "filter" => self.lose(value.starts_with("opacity(0"), Lost::Opacity),
            "font-size" => self.size = font_size(value),
            "font" => self.size = value.split([' ', '/']).find_map(font_size).or(self.size),
            "color" => self.colour = Some(Paint::parse(value)),
            "background-color" => self.background = Some(Paint::parse(value)),
            "background" => self.background = Some(Paint::in_shorthand(value)),
            "background-image" if value != "none" => self.background = Some(Paint::Unknown),
            "left" | "right" | "top" | "bottom" | "text-indent" | "margin-left" | "margin-top" => {
                self.lose(is_far(value), Lost::OffThePage);
            }
            "transform" => {
                let far = value.strip_prefix("translate").is_some_and(|at| at.split(['(', ',']).any(is_far));
                self.lose(
                    far || value.starts_with("scale(0)") || value.starts_with("scale(0,"),
                    Lost::OffThePage,
                );
            }
            "clip" => self.lose(is_empty_rectangle(value), Lost::Clipped),
            "clip-path" => {
                let none = ["inset(50%", "inset(100%", "circle(0", "polygon(0 0, 0 0", "polygon(0px 0px,0px"];
                self.lose(none.iter().any(|none| value.starts_with(none)), Lost::Clipped);
            }
            "width" | "height" | "max-width" | "max-height" => {
                self.no_extent |=
                    number(value).is_some_and(|(n, unit)| n == 0.0 || (n <= 1.0 && unit == "px"));
            }
            "overflow" | "overflow-x" | "overflow-y" => self.cut_off = matches!(value, "hidden" | "clip"),
            _ => {}
        }
        if self.no_extent && self.cut_off {
            self.lose(true, Lost::Clipped);
        }
    }

    fn lose(&mut self, lost: bool, how: Lost) {
        if lost {
            self.lost = Some(how);
        }
    }

    /// Lets `later` have the last word.
    pub(super) fn then(self, later: Self) -> Self {
        let Self { gone, invisible, lost, size, colour, background, no_extent, cut_off } = later;
        let no_extent = self.no_extent || no_extent;
        let cut_off = self.cut_off || cut_off;
        Self {
            gone: gone.or(self.gone),
            invisible: invisible.or(self.invisible),
            lost: lost.or(self.lost).or((no_extent && cut_off).then_some(Lost::Clipped)),
            size: size.or(self.size),
            colour: colour.or(self.colour),
            background: background.or(self.background),
            no_extent,
            cut_off,
        }
    }
}

// === impl Paint ===

impl Paint {
    pub(super) const WHITE: Self = Self::Solid([255; 3]);
    pub(super) const BLACK: Self = Self::Solid([0; 3]);

    pub(super) fn parse(value: &str) -> Self {
        let value = value.trim();
        if let Some(hex) = value.strip_prefix('#') {
            return hex_colour(hex);
        }
        if let Some((_, arguments)) =
            value.split_once('(').filter(|(name, _)| matches!(*name, "rgb" | "rgba"))
        {
            return rgb_colour(arguments);
        }
        let rgb = match value {
            "transparent" => return Self::Transparent,
            "white" => [255, 255, 255],
            "black" => [0, 0, 0],
            "snow" | "ghostwhite" | "whitesmoke" | "ivory" | "azure" | "mintcream" | "floralwhite" => {
                [250, 250, 250]
            }
            "red" => [255, 0, 0],
            "yellow" => [255, 255, 0],
            "blue" => [0, 0, 255],
            "lime" => [0, 255, 0],
            "green" => [0, 128, 0],
            "gray" | "grey" => [128, 128, 128],
            "silver" => [192, 192, 192],
            "lightgray" | "lightgrey" => [211, 211, 211],
            "navy" => [0, 0, 128],
            _ if value.len() == 6 && value.bytes().all(|b| b.is_ascii_hexdigit()) => {
                return hex_colour(value);
            }
            _ => return Self::Unknown,
        };
        Self::Solid(rgb)
    }

    fn in_shorthand(value: &str) -> Self {
        if value.contains("url(") || value.contains("gradient(") {
            return Self::Unknown;
        }
        if value.starts_with("rgb") {
            return Self::parse(value);
        }
        match value.split(' ').map(Self::parse).find(|paint| *paint != Self::Unknown) {
            Some(paint) => paint,
            None if value == "none" => Self::Transparent,
            None => Self::Unknown,
        }
    }

    /// Whether text in this colour vanishes on that ground.
    pub(super) fn vanishes_on(self, ground: Self) -> bool {
        match (self, ground) {
            (Self::Transparent, _) => true,
            (Self::Solid(a), Self::Solid(b)) => a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 8),
            (Self::Solid(_) | Self::Unknown, _) => false,
        }
    }
}

fn hex_colour(hex: &str) -> Paint {
    let digits: Vec<u8> = hex.chars().map_while(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    match digits.as_slice() {
        [_, _, _, 0] | [_, _, _, _, _, _, 0, 0] => Paint::Transparent,
        [r, g, b] | [r, g, b, _] => Paint::Solid([r * 17, g * 17, b * 17]),
        [a, b, c, d, e, f] | [a, b, c, d, e, f, _, _] => Paint::Solid([a * 16 + b, c * 16 + d, e * 16 + f]),
        _ => Paint::Unknown,
    }
}

fn rgb_colour(arguments: &str) -> Paint {
    let numbers: Vec<f32> = arguments
        .trim_end_matches(')')
        .split([',', ' ', '/'])
        .filter(|part| !part.trim().is_empty())
        .map_while(|part| {
            let (n, unit) = number(part.trim())?;
            Some(if unit == "%" { n * 2.55 } else { n })
        })
        .collect();
    match numbers.as_slice() {
        [_, _, _, alpha] if *alpha < 0.05 => Paint::Transparent,
        [r, g, b] | [r, g, b, _] => Paint::Solid([*r as u8, *g as u8, *b as u8]),
        _ => Paint::Unknown,
    }
}

/// A number and its unit.
fn number(value: &str) -> Option<(f32, &str)> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let (digits, unit) = value.split_at_checked(end)?;
    Some((digits.parse().ok()?, unit.split([' ', ')']).next().unwrap_or_default()))
}

fn font_size(value: &str) -> Option<Size> {
    let (n, unit) = number(value)?;
    let tiny = match unit {
        "" if n != 0.0 => return None,
        "" | "px" => n <= 2.0,
        "pt" => n <= 1.5,
        "em" | "rem" => n <= 0.15,
        "%" => n <= 15.0,
        "vw" | "vh" => n <= 0.2,
        _ => return None,
    };
    Some(match unit {
        _ if tiny => Size::Tiny,
        "em" | "%" => Size::Relative,
        _ => Size::Readable,
    })
}

/// Further away than any page is wide.
fn is_far(value: &str) -> bool {
    number(value.trim()).is_some_and(|(n, unit)| match unit {
        "px" | "pt" => n <= -400.0,
        "em" | "rem" => n <= -30.0,
        "%" | "vw" | "vh" => n <= -100.0,
        _ => false,
    })
}

fn is_empty_rectangle(value: &str) -> bool {
    value.strip_prefix("rect(").is_some_and(|sides| {
        sides
            .trim_end_matches(')')
            .split([',', ' '])
            .filter(|side| !side.is_empty())
            .all(|side| number(side).is_some_and(|(n, _)| (0.0..=1.0).contains(&n)))
    })
}

/// Lower case, without comments, with escapes resolved.
fn readable(css: &str) -> Cow<'_, str> {
    if !css.bytes().any(|b| b.is_ascii_uppercase() || matches!(b, b'\\' | b'/' | b'\t' | b'\n' | b'\r')) {
        return Cow::Borrowed(css);
    }
    let mut plain = String::with_capacity(css.len());
    let mut parts = css.split("/*");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once("*/").map_or("", |(_, after)| after));
    }
    let plain = plain.to_ascii_lowercase().replace(['\t', '\n', '\r'], " ");
    let Some((head, rest)) = plain.split_once('\\') else { return Cow::Owned(plain) };
    let mut resolved = head.to_owned();
    for escaped in rest.split('\\') {
        let end = escaped.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let (hex, after) = escaped.split_at_checked(end).unwrap_or(("", escaped));
        resolved.extend(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32));
        resolved.push_str(if hex.is_empty() { after } else { after.strip_prefix(' ').unwrap_or(after) });
    }
    Cow::Owned(resolved)
}

// === impl Sheet ===

impl Sheet {
    /// Adds the rules that hold on every screen. Rules inside `@media` and the like may not hold, and are left out.
    pub(super) fn add(&mut self, css: &str) {
        let css = readable(css);
        let mut rest: &str = css.trim_start().trim_start_matches("<!--");
        while let Some((selectors, after)) = rest.split_once('{') {
            // `@import …;` and `@charset …;` have no block
            let selectors = selectors.rsplit_once(';').map_or(selectors, |(_, last)| last).trim();
            let Some((block, after)) =
                (if selectors.starts_with('@') { skip_block(after) } else { after.split_once('}') })
            else {
                break;
            };
            rest = after;
            if selectors.starts_with('@') {
                continue;
            }
            let style = Style::parse(block);
            if style == Style::default() {
                continue;
            }
            for selector in selectors.split(',').map(str::trim).filter(|selector| is_simple(selector)) {
                if self.rules.len() < RULES {
                    let rule = self.rules.entry(selector.to_owned()).or_default();
                    *rule = rule.then(style);
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the sheet and the element's own attributes say.
    pub(super) fn style_of(&self, tag: &Tag<'_>) -> Style {
        let mut style = Style::default();
        if !self.rules.is_empty() {
            let mut apply = |selector: &str| {
                if let Some(rule) = self.rules.get(selector) {
                    style = style.then(*rule);
                }
            };
            let name = tag.name.as_str();
            apply(name);
            let classes = tag.get("class").unwrap_or_default().to_ascii_lowercase();
            for class in classes.split_ascii_whitespace().take(32) {
                apply(&format!(".{class}"));
                apply(&format!("{name}.{class}"));
            }
            if let Some(id) = tag.get("id") {
                apply(&format!("#{}", id.to_ascii_lowercase()));
            }
        }
        let paint = |name: &str| tag.get(name).map(|value| Paint::parse(&value.to_ascii_lowercase()));
        let attributes = Style {
            colour: paint("color"),
            background: tag.get("background").map(|_| Paint::Unknown).or_else(|| paint("bgcolor")),
            ..Style::default()
        };
        let inline = tag.get("style").map(Style::parse).unwrap_or_default();
        attributes.then(style).then(inline)
    }
}

fn is_simple(selector: &str) -> bool {
    let name = selector.trim_start_matches(['.', '#']);
    !name.is_empty()
        && name != "*"
        && selector.len() <= 100
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The block of an at-rule, with the blocks in it.
fn skip_block(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1usize;
    for (at, b) in text.bytes().enumerate() {
        match b {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_recognised() {
        let hides = |css: &str| {
            let style = Style::parse(css);
            style.gone == Some(true)
                || style.invisible == Some(true)
                || style.lost.is_some()
                || style.size == Some(Size::Tiny)
                || style.colour.is_some_and(|c| c.vanishes_on(style.background.unwrap_or(Paint::WHITE)))
        };
        for css in [
            "display:none",
            "DISPLAY : NONE !important",
            "d\\69 splay:none",
            "dis/**/play:none",
            "color:red;visibility:hidden",
            "opacity:0",
            "opacity: .0",
            "font-size:0",
            "font-size:1px",
            "font:0/0 a",
            "color:#fff",
            "color:#fefefe",
            "color:transparent",
            "color:rgba(1,2,3,0)",
            "color:#333;background:#333333",
            "position:absolute;left:-9999px",
            "text-indent:-9999em",
            "max-height:0;overflow:hidden",
            "clip:rect(0,0,0,0)",
            "clip-path:inset(50%)",
            "transform:translateX(-9999px)",
            "width:1px;height:1px;overflow:hidden",
        ] {
            assert!(hides(css), "{css}");
        }
        for css in [
            "",
            "display:block",
            "opacity:.5",
            "font-size:12px",
            "font:12px/1.5 Arial",
            "color:#fff;background:#000",
            "color:#fff;background:url(x) no-repeat",
            "max-height:0",
            "margin-left:-10px",
            "left:0",
            "line-height:0",
            "color:#777",
        ] {
            assert!(!hides(css), "{css}");
        }
    }

    #[test]
    fn only_rules_that_hold_everywhere_are_kept() {
        let mut sheet = Sheet::default();
        sheet.add("@import url(x); .a, p.b { display:none } @media print { .c { display:none } } #d{opacity:0} .e .f{display:none}");
        let mut kept: Vec<_> = sheet.rules.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["#d", ".a", "p.b"]);
    }
}
