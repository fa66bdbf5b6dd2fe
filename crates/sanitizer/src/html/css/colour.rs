//! Colours, and whether text in one can be seen on another.

use super::{
    names::{is_system, named},
    token::{Token, Tokens, lower},
};

/// What a person sees where something is painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Paint {
    /// Red, green, blue, and how much of what is behind it is covered, from 0 to 1.
    Colour([u8; 3], f32),
    /// A picture, a gradient, a colour of the system's.
    Unknown,
    /// The colour of the text.
    Current,
    /// The parent's.
    Inherit,
}

/// Two colours are told apart when red, green or blue differ by more than this, of 255.
const DISTINCT: u8 = 16;

/// What covers less than this of what is behind it cannot be seen.
pub(crate) const FAINT: f32 = 0.1;

const FUNCTIONS: [&str; 14] = [
    "rgb",
    "rgba",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "oklab",
    "oklch",
    "color",
    "color-mix",
    "light-dark",
    "var",
    "env",
];

// === impl Paint ===

impl Paint {
    pub(crate) const WHITE: Self = Self::Colour([255; 3], 1.0);
    pub(crate) const BLACK: Self = Self::Colour([0; 3], 1.0);
    pub(super) const TRANSPARENT: Self = Self::Colour([0; 3], 0.0);

    /// One colour at the front of a value; `None` if there is none.
    pub(super) fn take(first: &Token<'_>, css: &mut Tokens<'_>) -> Option<Self> {
        match first {
            Token::Hash(digits) => hex(digits),
            Token::Ident(word) => Self::named(&lower(word.clone())),
            Token::Function(name) => {
                let name = lower(name.clone());
                FUNCTIONS.contains(&&*name).then(|| function(&name, css)).flatten()
            }
            _ => None,
        }
    }

    /// A value that is one colour.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut css = Tokens::new(value);
        let first = css.solid()?;
        let paint = Self::take(&first, &mut css)?;
        css.solid().is_none().then_some(paint)
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "transparent" => Self::TRANSPARENT,
            "currentcolor" => Self::Current,
            "inherit" | "unset" => Self::Inherit,
            "initial" | "revert" => Self::Unknown,
            _ => match named(name) {
                Some(rgb) => Self::rgb(rgb),
                None if is_system(name) => Self::Unknown,
                None => return None,
            },
        })
    }

    pub(super) const fn rgb(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self::Colour([r, g, b], 1.0)
    }

    /// What one sees where this is painted over that.
    pub(crate) fn over(self, behind: Self) -> Self {
        match (self, behind) {
            (Self::Colour(_, 0.0) | Self::Inherit, behind) => behind,
            (Self::Colour(rgb, 1.0), _) => Self::Colour(rgb, 1.0),
            (Self::Colour(rgb, alpha), Self::Colour(below, _)) => {
                let mut mixed = rgb;
                for (to, below) in mixed.iter_mut().zip(below) {
                    *to = (f32::from(*to) * alpha + f32::from(below) * (1.0 - alpha)) as u8;
                }
                Self::Colour(mixed, 1.0)
            }
            (Self::Colour(..), behind) => behind,
            (Self::Unknown | Self::Current, _) => Self::Unknown,
        }
    }

    /// Whether text in this colour vanishes on that ground, where all of it shows through as much as `opacity` says.
    pub(crate) fn vanishes_on(self, ground: Self, opacity: f32) -> bool {
        if opacity < FAINT {
            return true;
        }
        let Self::Colour(rgb, alpha) = self else { return false };
        let alpha = alpha * opacity;
        if alpha < FAINT {
            return true;
        }
        match (Self::Colour(rgb, alpha).over(ground), ground) {
            (Self::Colour(text, _), Self::Colour(ground, _)) => {
                text.iter().zip(ground).all(|(a, b)| a.abs_diff(b) <= DISTINCT)
            }
            _ => false,
        }
    }
}

pub(super) fn hex(digits: &str) -> Option<Paint> {
    let mut values = [0; 8];
    let values = values.get_mut(..digits.len())?;
    for (value, b) in values.iter_mut().zip(digits.bytes()) {
        *value = char::from(b).to_digit(16)? as u8;
    }
    let two = |a: u8, b: u8| a * 16 + b;
    Some(match &*values {
        [r, g, b] => Paint::Colour([r * 17, g * 17, b * 17], 1.0),
        [r, g, b, a] => Paint::Colour([r * 17, g * 17, b * 17], f32::from(*a) / 15.0),
        [a, b, c, d, e, f] => Paint::Colour([two(*a, *b), two(*c, *d), two(*e, *f)], 1.0),
        [a, b, c, d, e, f, g, h] => {
            Paint::Colour([two(*a, *b), two(*c, *d), two(*e, *f)], f32::from(two(*g, *h)) / 255.0)
        }
        _ => return None,
    })
}

/// `rgb()`, `hsl()` and the like; the arguments are taken up to the `)`.
fn function(name: &str, css: &mut Tokens<'_>) -> Option<Paint> {
    let (mut numbers, mut depth, mut plain) = ([0.0f32; 4], 1usize, true);
    let mut count = 0usize;
    for token in css {
        let n = match token {
            Token::Close(b')') if depth == 1 => break,
            Token::Close(_) => {
                depth = depth.saturating_sub(1).max(1);
                continue;
            }
            Token::Open(_) | Token::Function(_) => {
                (depth, plain) = (depth + 1, false);
                continue;
            }
            Token::Number(n) => n,
            // of the whole: 255 for a share of red, green or blue, 1 for the others
            Token::Percent(n) if name.starts_with("rgb") && count < 3 => n * 2.55,
            Token::Percent(n) => n / 100.0,
            Token::Dimension(n, unit) => match &*lower(unit) {
                "turn" => n * 360.0,
                "rad" => n.to_degrees(),
                "grad" => n * 0.9,
                _ => n,
            },
            Token::Ident(word) if word.eq_ignore_ascii_case("none") => 0.0,
            // relative to another colour
            Token::Ident(_) => {
                plain = false;
                continue;
            }
            Token::Space | Token::Comma | Token::Other('/') => continue,
            _ => return None,
        };
        if let Some(slot) = numbers.get_mut(count) {
            *slot = n;
        }
        count += 1;
    }
    let [a, b, c, alpha] = numbers;
    let alpha = if count == 4 { alpha.clamp(0.0, 1.0) } else { 1.0 };
    match name {
        _ if !plain => Some(Paint::Unknown),
        "rgb" | "rgba" if matches!(count, 3 | 4) => Some(Paint::Colour([a as u8, b as u8, c as u8], alpha)),
        "hsl" | "hsla" if matches!(count, 3 | 4) => Some(Paint::Colour(hsl(a, b, c), alpha)),
        "rgb" | "rgba" | "hsl" | "hsla" => None,
        "hwb" | "lab" | "lch" | "oklab" | "oklch" | "color" if count == 4 && alpha < FAINT => {
            Some(Paint::TRANSPARENT)
        }
        _ => Some(Paint::Unknown),
    }
}

/// Hue in degrees, saturation and lightness as shares.
fn hsl(hue: f32, saturation: f32, lightness: f32) -> [u8; 3] {
    // numbers without a percent sign are meant as percent
    let share = |n: f32| if n > 1.0 { n / 100.0 } else { n }.clamp(0.0, 1.0);
    let (s, l) = (share(saturation), share(lightness));
    let part = |n: f32| {
        let k = (n + hue.rem_euclid(360.0) / 30.0) % 12.0;
        let value = l - s * l.min(1.0 - l) * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    [part(0.0), part(8.0), part(4.0)]
}

#[cfg(test)]
mod tests;
