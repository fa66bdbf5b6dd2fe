//! What is known of some words, by the numbers that their letters are: one look, whether a word is one of them or not.

/// Words that are known when the program starts, so nobody can choose such that share a place.
pub(super) struct Table<V> {
    /// The place of each word's entry, counted from one, at the place that its number hashes to or the next that was free.
    /// Nothing: no word has this hash.
    places: Box<[u16; PLACES]>,
    entries: Vec<(u128, V)>,
}

/// Several for each word, so that most words of a text that are none of them meet nothing.
const PLACES: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 14;

/// Words that a table holds at most: a look at one that it has not ends soon.
const MOST: usize = PLACES / 2;

// === impl Table ===

impl<V> Table<V> {
    /// Of words by their numbers. Of two with one number the first counts, and none beyond `MOST`.
    pub(super) fn of(words: impl Iterator<Item = (u128, V)>) -> Self {
        let mut table = Self { places: Box::new([0; PLACES]), entries: Vec::new() };
        for (number, known) in words {
            let free = table
                .probe(number)
                .find(|(_, at)| *at == 0 || table.entry(*at).is_some_and(|e| e.0 == number));
            let Some((place, 0)) = free.filter(|_| table.entries.len() < MOST) else { continue };
            table.entries.push((number, known));
            if let (Some(free), Ok(count)) = (table.places.get_mut(place), u16::try_from(table.entries.len()))
            {
                *free = count;
            }
        }
        table
    }

    /// What is known of the word with a number.
    pub(super) fn get(&self, number: u128) -> Option<&V> {
        for (_, at) in self.probe(number) {
            match self.entry(at)? {
                (other, known) if *other == number => return Some(known),
                _ => {}
            }
        }
        None
    }

    /// The places where a word may have its entry, and those entries' places: the last is none.
    fn probe(&self, number: u128) -> impl Iterator<Item = (usize, u16)> {
        let places = place(number)..;
        places
            .map(|place| place % PLACES)
            .map(|place| (place, self.places.get(place).copied().unwrap_or_default()))
    }

    fn entry(&self, at: u16) -> Option<&(u128, V)> {
        self.entries.get(usize::from(at).checked_sub(1)?)
    }
}

/// Spreads the letters of a word over all places.
const fn place(number: u128) -> usize {
    let halves = number as u64 ^ ((number >> 64) as u64).rotate_left(29);
    (halves.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACE_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_known_of_a_word_is_found_and_nothing_else(
            words in prop::collection::vec((0_u128..3000, any::<u32>()), 0..2000), shift in 0..116_u32
        ) {
            let table = Table::of(words.iter().map(|(number, known)| (number << shift, *known)));
            let expected: HashMap<u128, u32> = words.iter().rev().copied().collect();
            for number in 0..3000 {
                prop_assert_eq!(table.get(number << shift), expected.get(&number));
            }
        }
    }

    #[test]
    fn a_full_table_ends_every_look() {
        let table = Table::of((0..u128::from(u32::MAX)).take(2 * MOST).map(|number| (number, ())));
        assert_eq!((0..4 * MOST as u128).filter(|number| table.get(*number).is_some()).count(), MOST);
    }
}
