//! A start tag and its attributes.

use std::{borrow::Cow, rc::Rc};

use super::{
    attribute::{Attr, Attribute},
    element::Known,
    name::Name,
};

#[derive(Debug, Clone)]
pub(super) struct Tag<'a> {
    pub(super) name: Name,
    /// In order; of those of one name, the first counts.
    attributes: Option<Rc<[Attribute<'a>]>>,
    /// The bits of those that are there.
    known: u64,
    /// Some attribute may say something to a machine.
    may_say: bool,
    /// A value holds what looks like a tag: parsers may disagree about where it ends.
    pub(super) holds_markup: bool,
    /// Ends with `/>`, which counts in drawings and formulas only.
    pub(super) closes_itself: bool,
    /// Attributes that mean nothing to us were left out.
    pub(super) cut: bool,
}

/// How many attributes are kept, whatever they are called.
const ATTRIBUTES: usize = 48;

// === impl Tag ===

impl<'a> Tag<'a> {
    pub(super) fn new(name: &str) -> Self {
        Self::named(Name::new(name))
    }

    /// A tag that nobody wrote.
    pub(super) fn of(known: Known) -> Self {
        Self::named(Name::of(known))
    }

    const fn named(name: Name) -> Self {
        Self {
            name,
            attributes: None,
            known: 0,
            may_say: false,
            holds_markup: false,
            closes_itself: false,
            cut: false,
        }
    }

    /// The value of an attribute, its references resolved.
    pub(super) fn get(&self, known: Attr) -> Option<Cow<'a, str>> {
        if !self.has(known) {
            return None;
        }
        self.attributes().iter().find(|attribute| attribute.known == known).map(Attribute::value)
    }

    /// The same of an attribute that may mean nothing to us.
    pub(super) fn get_named(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().iter().find(|known| known.name.eq_ignore_ascii_case(name)).map(Attribute::value)
    }

    pub(super) const fn has(&self, known: Attr) -> bool {
        self.known & known.bit() != 0
    }

    /// Whether it has any of the attributes that have these bits.
    pub(super) const fn has_any_of(&self, bits: u64) -> bool {
        self.known & bits != 0
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.attributes().len() == other.attributes().len()
            && self.attributes().iter().zip(other.attributes()).all(|(a, b)| a.is_same(b))
    }

    /// Keeps an attribute among those that were read, unless it means nothing and there are many.
    pub(super) fn keep(&mut self, read: &mut Vec<Attribute<'a>>, name: &'a str, value: &'a str) {
        let full = read.len() >= ATTRIBUTES;
        if full && !self.wants(name) {
            self.cut = true;
            return;
        }
        let attribute = Attribute::new(name, value);
        self.known |= attribute.known.bit();
        self.may_say |= attribute.may_say();
        self.holds_markup |= attribute.holds_markup();
        read.push(attribute);
    }

    /// All attributes were read.
    pub(super) fn end(&mut self, read: &[Attribute<'a>]) {
        self.attributes = (!read.is_empty()).then(|| Rc::from(read));
    }

    fn attributes(&self) -> &[Attribute<'a>] {
        self.attributes.as_deref().unwrap_or_default()
    }

    /// Whether an attribute is kept however many came before.
    fn wants(&self, name: &str) -> bool {
        Attr::wanted(name).is_some_and(|known| !self.has(known))
    }

    /// The values that are long enough to say something to a machine, and whose place is not elsewhere.
    pub(super) fn sayings(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let some = if self.may_say { self.attributes() } else { &[] };
        some.iter().filter(|attribute| attribute.may_say()).map(Attribute::value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_is_kept_behind_any_number_of_attributes() {
        let mut tag = Tag::new("P");
        let mut read = Vec::new();
        for _ in 0..1_000 {
            tag.keep(&mut read, "x", "y");
        }
        tag.keep(&mut read, "STYLE", "display:none");
        tag.keep(&mut read, "style", "");
        tag.end(&read);
        assert_eq!(tag.get(Attr::STYLE).as_deref(), Some("display:none"));
        assert!(tag.cut && read.len() == ATTRIBUTES + 1);
    }

    #[test]
    fn of_two_values_the_first_counts() {
        let mut tag = Tag::new("p");
        let mut read = Vec::new();
        tag.keep(&mut read, "id", "a&amp;b");
        tag.keep(&mut read, "ID", "c");
        tag.end(&read);
        assert_eq!(tag.get(Attr::ID).as_deref(), Some("a&b"));
        assert!(tag.has(Attr::ID) && !tag.has(Attr::CLASS));
    }
}
