//! Questions about bytes of which nearly all texts consist.

/// Whether all bytes are of a kind. A stretch is looked at without asking after each byte, which a processor does many at
/// a time.
pub(crate) fn all(bytes: &[u8], is_of_kind: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(STRETCH).all(|stretch| stretch.iter().fold(true, |all, b| all & is_of_kind(*b)))
}

/// Bytes that are looked at in any case.
const STRETCH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_of_another_kind_is_found_wherever_it_is() {
        for size in [0, 1, STRETCH - 1, STRETCH, 3 * STRETCH + 1] {
            let mut bytes = vec![b'a'; size];
            assert!(all(&bytes, |b| b.is_ascii_lowercase()));
            for at in 0..size {
                bytes[at] = b'A';
                assert!(!all(&bytes, |b| b.is_ascii_lowercase()), "{at} of {size}");
                bytes[at] = b'a';
            }
        }
    }
}
