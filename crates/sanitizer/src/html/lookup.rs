//! Short names of ASCII as numbers, which are compared and found faster than letters.

/// How many letters of a name count.
pub(super) const LETTERS: usize = 16;

/// A name in lower case, as far as it counts; behind its end are zeros.
#[expect(clippy::indexing_slicing, reason = "within both; a compiler's constant knows no iterators")]
pub(super) const fn letters(name: &str) -> u128 {
    let (mut bytes, from) = ([0; LETTERS], name.as_bytes());
    let mut at = 0;
    while at < LETTERS && at < from.len() {
        bytes[at] = from[at].to_ascii_lowercase();
        at += 1;
    }
    u128::from_le_bytes(bytes)
}

/// Where each of some names stands in a list.
pub(super) struct Lookup<const N: usize> {
    names: [u128; N],
    /// For each number that names are scattered to, where in the list a name with this number stands, or one with a number
    /// shortly before.
    slots: [u8; SLOTS],
}

const SLOTS: usize = 2048;
const EMPTY: u8 = u8::MAX;

// === impl Lookup ===

impl<const N: usize> Lookup<N> {
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length of both")]
    pub(super) const fn of(list: &[&str; N]) -> Self {
        assert!(N < EMPTY as usize, "each name and no name need a number");
        let (mut names, mut slots) = ([0; N], [EMPTY; SLOTS]);
        let mut at = 0;
        while at < N {
            assert!(list[at].len() < LETTERS, "a name that is cut would be taken for another");
            names[at] = letters(list[at]);
            let mut slot = slot(names[at]);
            while slots[slot] != EMPTY {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = at as u8;
            at += 1;
        }
        Self { names, slots }
    }

    /// Where a name of these letters stands in the list.
    pub(super) fn find(&self, letters: u128) -> Option<u8> {
        let mut slot = slot(letters);
        loop {
            let at = *self.slots.get(slot)?;
            // no name has the number of an empty slot
            if *self.names.get(usize::from(at))? == letters {
                return Some(at);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The same for a constant, which must be in the list.
    #[expect(
        clippy::indexing_slicing,
        reason = "done by the compiler, which says so where the name is not in the list"
    )]
    pub(super) const fn place(&self, name: &str) -> u8 {
        let mut at = 0;
        while self.names[at] != letters(name) {
            at += 1;
        }
        at as u8
    }
}

/// A number that few names share.
const fn slot(letters: u128) -> usize {
    let mixed =
        (letters as u64 ^ ((letters >> 64) as u64).rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_others_are_not() {
        let list = ["a", "b", "blockquote", "annotation-xml", "h1", "h2", "h3", "h4"];
        let lookup = Lookup::of(&list);
        for (at, name) in list.iter().enumerate() {
            assert_eq!(lookup.find(letters(name)), Some(at as u8));
            assert_eq!(lookup.find(letters(&name.to_ascii_uppercase())), Some(at as u8));
        }
        for other in ["", "c", "h5", "blockquot", "blockquotes", "annotation-xml-and-more", "\0a"] {
            assert_eq!(lookup.find(letters(other)), None, "{other:?}");
        }
    }
}
