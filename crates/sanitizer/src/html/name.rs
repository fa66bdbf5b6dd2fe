//! Names of elements.

use std::hash::{Hash, Hasher};

use super::{
    element::Known,
    lookup::{LETTERS, letters},
};

/// A lower-case element name; names that are longer than any of HTML's are told apart by their beginning.
#[derive(Clone, Copy)]
pub(super) struct Name {
    letters: [u8; LETTERS],
    /// What it is up to its first NUL.
    pub(super) known: Known,
    /// There is none.
    is_whole: bool,
    /// What it means as a whole, in the terms of [`super::element`].
    pub(super) kind: u16,
}

// === impl Name ===

impl Name {
    pub(super) fn new(name: &str) -> Self {
        let all = letters(name);
        let letters = all.to_le_bytes();
        let (known, kind) = Known::of(all);
        if known == Known::OTHER && up_to_nul(all) != all {
            return Self { letters, known: Known::of(up_to_nul(all)).0, is_whole: false, kind: 0 };
        }
        Self { letters, known, is_whole: true, kind }
    }

    pub(super) fn of(known: Known) -> Self {
        Self::new(known.as_str())
    }

    /// The element of that name, if it is a known one without a NUL.
    pub(super) fn whole(self) -> Option<Known> {
        (self.is_whole && self.known != Known::OTHER).then_some(self.known)
    }

    /// Whether both are the same up to their first NUL.
    pub(super) fn looks_like(self, other: Self) -> bool {
        up_to_nul(u128::from_le_bytes(self.letters)) == up_to_nul(u128::from_le_bytes(other.letters))
    }

    fn as_str(&self) -> &str {
        let end = self.letters.iter().position(|b| *b == 0).unwrap_or(LETTERS);
        self.letters.get(..end).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.letters == other.letters
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.letters.hash(state);
    }
}

/// What stands before the first byte that is zero.
const fn up_to_nul(letters: u128) -> u128 {
    // subtracting one from the first zero alone sets its highest bit
    const ONES: u128 = u128::from_le_bytes([1; LETTERS]);
    let zeros = letters.wrapping_sub(ONES) & !letters & (ONES << 7);
    match zeros.trailing_zeros() / 8 {
        0 => 0,
        end => letters & (u128::MAX >> (u128::BITS - 8 * end)),
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_before_its_first_zero() {
        for (name, shown) in [
            ("", ""),
            ("P", "p"),
            ("blockquote", "blockquote"),
            ("annotation-xml-and-more", "annotation-xml-a"),
            ("p\0\u{1}x", "p"),
            ("\u{1}\0", "\u{1}"),
            ("\0p", ""),
        ] {
            assert_eq!(Name::new(name).as_str(), shown, "{name:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_nul_tells_names_apart_and_nothing_more() {
        let (cell, odd) = (Name::new("td"), Name::new("TD\0x"));
        assert!(cell != odd && cell.looks_like(odd) && cell.known == odd.known);
        assert!(
            cell.whole() == Some(Known::TD) && odd.whole().is_none() && Name::new("bogus").whole().is_none()
        );
        assert!(cell.kind != 0 && odd.kind == 0);
        assert!(Name::new("td\0") == cell && !cell.looks_like(Name::new("th")));
    }
}
