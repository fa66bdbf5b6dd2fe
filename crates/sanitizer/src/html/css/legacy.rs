//! Colours in attributes.

use std::borrow::Cow;

use super::{
    colour::{Paint, hex},
    names::named,
    token::lower,
};

impl Paint {
    /// What `color` and `bgcolor` attributes say (HTML Standard, 2.3.6): anything is a colour.
    pub(crate) fn legacy(value: &str) -> Option<Self> {
        let value = value.trim();
        // nearly all of them, and no name begins so
        if let Some(digits) = value.strip_prefix('#').filter(|digits| matches!(digits.len(), 3 | 6))
            && let Some(paint) = hex(digits)
        {
            return Some(paint);
        }
        let value = lower(Cow::Borrowed(value));
        if value.is_empty() || value == "transparent" {
            return None;
        }
        if let Some(rgb) = named(&value) {
            return Some(Self::rgb(rgb));
        }
        let value: String = value.chars().take(128).collect();
        let mut digits: Vec<u8> = value
            .strip_prefix('#')
            .unwrap_or(&value)
            .chars()
            .map(|c| c.to_digit(16).map_or(0, |digit| digit as u8))
            .collect();
        while digits.is_empty() || !digits.len().is_multiple_of(3) {
            digits.push(0);
        }
        let parts: Vec<&[u8]> = digits
            .chunks(digits.len() / 3)
            .map(|part| part.get(part.len().saturating_sub(8)..).unwrap_or(part))
            .collect();
        let zeros = |part: &&[u8]| part.iter().take_while(|digit| **digit == 0).count();
        let length = parts.first().map_or(0, |part| part.len());
        let skip = parts.iter().map(zeros).min().unwrap_or_default().min(length.saturating_sub(2));
        let number = |part: &&[u8]| part.iter().skip(skip).take(2).fold(0, |n, digit| n * 16 + digit);
        match parts.iter().map(number).collect::<Vec<_>>().as_slice() {
            [r, g, b] => Some(Self::Colour([*r, *g, *b], 1.0)),
            _ => None,
        }
    }
}
