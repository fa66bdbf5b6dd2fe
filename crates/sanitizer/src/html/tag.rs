//! A start tag and its attributes.

use std::borrow::Cow;

use super::{element, entity, name::Name};

#[derive(Debug, Clone)]
pub(super) struct Tag<'a> {
    pub(super) name: Name,
    /// What the name means, in the terms of [`element`].
    pub(super) kind: u16,
    /// Names and values as written, in order; of those of one name, the first counts.
    attributes: Vec<(&'a str, &'a str)>,
    /// Ends with `/>`, which counts in drawings and formulas only.
    pub(super) closes_itself: bool,
    /// Attributes that mean nothing to us were left out.
    pub(super) cut: bool,
}

/// How many attributes are kept, whatever they are called.
const ATTRIBUTES: usize = 48;

/// Attributes that are kept however many came before them: they decide what a person sees.
const WANTED: [&str; 24] = [
    "style",
    "class",
    "id",
    "hidden",
    "href",
    "color",
    "bgcolor",
    "background",
    "open",
    "type",
    "src",
    "srcdoc",
    "value",
    "content",
    "http-equiv",
    "action",
    "formaction",
    "width",
    "height",
    "fill",
    "opacity",
    "display",
    "visibility",
    "font-size",
];

/// Attributes that never hold words.
const WORDLESS: [&str; 10] =
    ["srcset", "sizes", "d", "points", "viewbox", "transform", "media", "xmlns", "style", "class"];

// === impl Tag ===

impl<'a> Tag<'a> {
    pub(super) fn new(name: &str) -> Self {
        let name = Name::new(name);
        Self { name, kind: element::kind(name), attributes: Vec::new(), closes_itself: false, cut: false }
    }

    /// The value of an attribute, its references resolved.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(entity::decode(value, true))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.attributes == other.attributes
    }

    pub(super) fn keep(&mut self, name: &'a str, value: &'a str) {
        let wanted = || WANTED.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
        if self.attributes.len() < ATTRIBUTES || wanted() && !self.has(name) {
            self.attributes.push((name, value));
        } else {
            self.cut = true;
        }
    }

    /// The values that are long enough to say something to a machine, and whose place is not elsewhere.
    pub(super) fn sayings(&self) -> impl Iterator<Item = Cow<'a, str>> {
        self.attributes
            .iter()
            .filter(|(name, value)| {
                value.len() >= 12
                    && (value.contains([' ', '\n', '&', '+', '_', '-']) || value.contains("%20"))
                    && !WORDLESS.iter().any(|wordless| name.eq_ignore_ascii_case(wordless))
                    && !WANTED_ELSEWHERE.iter().any(|elsewhere| name.eq_ignore_ascii_case(elsewhere))
            })
            .map(|(_, value)| entity::decode(value, true))
    }

    /// Whether a value holds what looks like a tag: parsers may disagree about where it ends.
    pub(super) fn holds_markup(&self) -> bool {
        self.attributes.iter().any(|(name, value)| value.contains('<') || name.contains(['<', '"', '\'']))
    }
}

/// Attributes whose values are looked at by themselves.
const WANTED_ELSEWHERE: [&str; 4] = ["href", "id", "srcdoc", "color"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_is_kept_behind_any_number_of_attributes() {
        let mut tag = Tag::new("P");
        for _ in 0..1_000 {
            tag.keep("x", "y");
        }
        tag.keep("STYLE", "display:none");
        tag.keep("style", "");
        assert_eq!(tag.get("style").as_deref(), Some("display:none"));
        assert!(tag.cut && tag.attributes.len() == ATTRIBUTES + 1);
    }

    #[test]
    fn of_two_values_the_first_counts() {
        let mut tag = Tag::new("p");
        tag.keep("id", "a&amp;b");
        tag.keep("ID", "c");
        assert_eq!(tag.get("id").as_deref(), Some("a&b"));
        assert!(tag.has("Id") && !tag.has("class"));
    }
}
