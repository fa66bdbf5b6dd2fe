//! Attributes of elements, and those that mean something to us.

use std::borrow::Cow;

use super::{
    entity,
    lookup::{LETTERS, Lookup, letters},
};
use crate::plain::Kinds;

/// Kept however many came before: it decides what a person sees.
const WANTED: u8 = 1 << 0;
/// Its value is looked at by itself, or never holds words.
const NO_SAYING: u8 = 1 << 1;
const PLAIN: u8 = 0;

/// An attribute that means something to us, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attr(u8);

macro_rules! attributes {
    ($($known:ident $name:literal $kind:expr;)*) => {
        const NAMES: [&str; HOW_MANY] = [$($name,)*];
        const KINDS: [u8; HOW_MANY] = [$($kind,)*];

        #[expect(dead_code, reason = "some are only ever told by their kind")]
        impl Attr {
            $(pub(super) const $known: Self = Self(LOOKUP.place($name));)*
        }
    };
}

const HOW_MANY: usize = 39;

static LOOKUP: Lookup<HOW_MANY> = Lookup::of(&NAMES);

attributes! {
    ACTION "action" WANTED;
    BACKGROUND "background" WANTED;
    BGCOLOR "bgcolor" WANTED;
    CLASS "class" WANTED | NO_SAYING;
    COLOR "color" WANTED | NO_SAYING;
    CONTENT "content" WANTED;
    D "d" NO_SAYING;
    DATA "data" PLAIN;
    DISPLAY "display" WANTED;
    FACE "face" PLAIN;
    FILL "fill" WANTED;
    FONT_SIZE "font-size" WANTED;
    FORMACTION "formaction" WANTED;
    HEIGHT "height" WANTED;
    HIDDEN "hidden" WANTED;
    HREF "href" WANTED | NO_SAYING;
    HTTP_EQUIV "http-equiv" WANTED;
    ID "id" WANTED | NO_SAYING;
    MEDIA "media" NO_SAYING;
    OPACITY "opacity" WANTED;
    OPEN "open" WANTED;
    PLACEHOLDER "placeholder" PLAIN;
    POINTS "points" NO_SAYING;
    POSTER "poster" PLAIN;
    REL "rel" PLAIN;
    SIZE "size" PLAIN;
    SIZES "sizes" NO_SAYING;
    SRC "src" WANTED;
    SRCDOC "srcdoc" WANTED | NO_SAYING;
    SRCSET "srcset" NO_SAYING;
    STYLE "style" WANTED | NO_SAYING;
    TEXT "text" PLAIN;
    TRANSFORM "transform" NO_SAYING;
    TYPE "type" WANTED;
    VALUE "value" WANTED;
    VIEWBOX "viewbox" NO_SAYING;
    VISIBILITY "visibility" WANTED;
    WIDTH "width" WANTED;
    XMLNS "xmlns" NO_SAYING;
}

/// One attribute of a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) known: Attr,
    /// What is true of it, as bits.
    is: u8,
    /// As written.
    pub(super) name: &'a str,
    /// As written.
    value: &'a str,
}

/// Its value may be words for a machine.
const SAYING: u8 = 1 << 0;
/// References are to be resolved.
const REFERS: u8 = 1 << 1;
/// Holds what looks like a tag.
const MARKUP: u8 = 1 << 2;
const PERCENT: u8 = 1 << 3;

/// What bytes in a value make of it.
static IN_VALUES: Kinds = Kinds::of(&[(b" \n&+_-", SAYING), (b"&", REFERS), (b"<", MARKUP), (b"%", PERCENT)]);

/// Shorter values say nothing.
const SAYING_LENGTH: usize = 12;

// === impl Attr ===

impl Attr {
    /// Any other.
    const OTHER: Self = Self(u64::BITS as u8 - 1);

    fn of(name: &str) -> (Self, u8) {
        let at = if name.len() < LETTERS { LOOKUP.find(letters(name)) } else { None };
        let known = at.map_or(Self::OTHER, Self);
        // a NUL at the end of a name is a part of it
        if known.as_str().len() == name.len() {
            (known, KINDS.get(usize::from(known.0)).copied().unwrap_or_default())
        } else {
            (Self::OTHER, PLAIN)
        }
    }

    /// One that is kept however many came before.
    pub(super) fn wanted(name: &str) -> Option<Self> {
        let (known, kind) = Self::of(name);
        (kind & WANTED != 0).then_some(known)
    }

    pub(super) fn as_str(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// A bit of its own.
    pub(super) const fn bit(self) -> u64 {
        1 << self.0
    }

    pub(super) const fn bits(known: &[Self]) -> u64 {
        let (mut bits, mut rest) = (0, known);
        while let [first, after @ ..] = rest {
            bits |= first.bit();
            rest = after;
        }
        bits
    }
}

// === impl Attribute ===

impl<'a> Attribute<'a> {
    pub(super) fn new(name: &'a str, value: &'a str) -> Self {
        let (known, kind) = Attr::of(name);
        let mut is = value.bytes().fold(0, |is, b| is | IN_VALUES.kind(b));
        if is & PERCENT != 0 && value.contains("%20") {
            is |= SAYING;
        }
        if value.len() < SAYING_LENGTH || kind & NO_SAYING != 0 {
            is &= !SAYING;
        }
        if known == Attr::OTHER && name.contains(['<', '"', '\'']) {
            is |= MARKUP;
        }
        Self { known, is, name, value }
    }

    /// Its references resolved.
    pub(super) fn value(&self) -> Cow<'a, str> {
        if self.is & REFERS != 0 { entity::decode(self.value, true) } else { Cow::Borrowed(self.value) }
    }

    /// Whether the value is long enough to say something to a machine, and its place is not elsewhere.
    pub(super) const fn may_say(&self) -> bool {
        self.is & SAYING != 0
    }

    /// Whether it holds what looks like a tag: parsers may disagree about where it ends.
    pub(super) const fn holds_markup(&self) -> bool {
        self.is & MARKUP != 0
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.name, self.value) == (other.name, other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (name, kind) in NAMES.into_iter().zip(KINDS) {
            let (known, found) = Attr::of(name);
            assert_eq!((known.as_str(), found), (name, kind));
            assert_eq!(Attr::of(&name.to_ascii_uppercase()), (known, kind));
            assert_eq!(Attr::of(&format!("{name}\0")), (Attr::OTHER, PLAIN));
        }
        assert_eq!(Attr::of("bogus"), (Attr::OTHER, PLAIN));
        assert!(HOW_MANY < usize::from(Attr::OTHER.0));
    }
}
