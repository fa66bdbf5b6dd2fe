//! Questions about bytes of which nearly all texts consist.

/// Whether all bytes are of a kind. A stretch is looked at without asking after each byte, which a processor does many at
/// a time.
pub(crate) fn all(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(STRETCH).all(|stretch| stretch.iter().fold(true, |all, b| all & is_of_kind(*b)))
}

/// Where the first byte of a kind is. A stretch that has none is passed without asking after each byte.
pub(crate) fn position(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> Option<usize> {
    // it is often the next one
    if bytes.first().is_some_and(|b| is_of_kind(*b)) {
        return Some(0);
    }
    let (stretches, _) = bytes.as_chunks::<SHORT>();
    let has_none = |stretch: &&[u8; SHORT]| !stretch.iter().fold(false, |any, b| any | is_of_kind(*b));
    let passed = stretches.iter().take_while(has_none).count() * SHORT;
    let at = bytes.get(passed..)?.iter().position(|b| is_of_kind(*b))?;
    Some(passed + at)
}

/// How many bytes of a kind there are before the first other one.
pub(crate) fn how_many(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    position(bytes, |b| !is_of_kind(b)).unwrap_or(bytes.len())
}

/// All bits of each byte that is of a kind, all looked at at once if the question has no branches. Amid other code the
/// compiler would take them one by one again.
#[inline(never)]
pub(crate) fn where_is(bytes: &[u8; 16], is_of_kind: impl Fn(u8) -> bool) -> u128 {
    let mut bytes = *bytes;
    for b in &mut bytes {
        *b = if is_of_kind(*b) { u8::MAX } else { 0 };
    }
    u128::from_le_bytes(bytes)
}

/// Whether a byte is a letter or digit of ASCII, told without branches, so that many are asked for at once.
pub(crate) const fn is_alphanumeric(b: u8) -> bool {
    ((b | 0x20).wrapping_sub(b'a') < 26) | (b.wrapping_sub(b'0') < 10)
}

/// All bits of the bytes before the first that is marked so; there is one.
pub(crate) const fn before(marked: u128) -> u128 {
    !marked & marked.wrapping_sub(1)
}

/// What each byte is, in the terms of whoever asks: found faster than by comparing.
pub(crate) struct Kinds([u8; 256]);

impl Kinds {
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
    pub(crate) const fn of(pairs: &[(&[u8], u8)]) -> Self {
        let mut kinds = [0; 256];
        let mut pair = 0;
        while pair < pairs.len() {
            let (bytes, kind) = pairs[pair];
            let mut at = 0;
            while at < bytes.len() {
                kinds[bytes[at] as usize] |= kind;
                at += 1;
            }
            pair += 1;
        }
        Self(kinds)
    }

    /// The same with a kind for every byte that is not of ASCII.
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
    pub(crate) const fn beyond_ascii(mut self, kind: u8) -> Self {
        let mut b = 128;
        while b < self.0.len() {
            self.0[b] |= kind;
            b += 1;
        }
        self
    }

    pub(crate) fn kind(&self, b: u8) -> u8 {
        self.0.get(usize::from(b)).copied().unwrap_or_default()
    }
}

pub(crate) const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(crate) const SMALL: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
pub(crate) const DIGITS: &[u8] = b"0123456789";

/// Bytes that are looked at in any case.
const STRETCH: usize = 128;

/// The same where something is soon found.
const SHORT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_kind_is_marked_wherever_it_is() {
        for b in 0..=u8::MAX {
            assert_eq!(is_alphanumeric(b), b.is_ascii_alphanumeric(), "{b}");
            for at in 0..16 {
                let mut bytes = [b'-'; 16];
                bytes[at] = b;
                let marked = where_is(&bytes, is_alphanumeric);
                assert_eq!(marked, if is_alphanumeric(b) { 0xff << (8 * at) } else { 0 }, "{b} at {at}");
                if marked != 0 {
                    assert_eq!(before(marked), (1 << (8 * at)) - 1);
                }
            }
        }
    }

    #[test]
    fn bytes_of_a_kind_are_counted_to_the_first_other() {
        for size in 0..3 * SHORT {
            let mut bytes = vec![b'a'; size];
            assert_eq!(how_many(&bytes, |b| b.is_ascii_lowercase()), size);
            for at in 0..size {
                bytes[at] = b'A';
                assert_eq!(how_many(&bytes, |b| b.is_ascii_lowercase()), at, "of {size}");
                bytes[at] = b'a';
            }
        }
    }

    #[test]
    fn one_byte_of_another_kind_is_found_wherever_it_is() {
        for size in [0, 1, STRETCH - 1, STRETCH, 3 * STRETCH + 1] {
            let mut bytes = vec![b'a'; size];
            assert!(all(&bytes, |b| b.is_ascii_lowercase()));
            assert_eq!(position(&bytes, |b| b.is_ascii_uppercase()), None, "{size}");
            for at in 0..size {
                bytes[at] = b'A';
                assert!(!all(&bytes, |b| b.is_ascii_lowercase()), "{at} of {size}");
                assert_eq!(position(&bytes, |b| b.is_ascii_uppercase()), Some(at), "{size}");
                bytes[at] = b'a';
            }
        }
    }
}
