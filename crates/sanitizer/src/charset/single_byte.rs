//! Charsets that have ASCII and, in the other bytes, one character each.

/// Whether the label, in lower case, is of such a charset, or of none.
pub(super) fn is_one(label: &str) -> bool {
    label.starts_with("iso-8859-") || label.starts_with("windows-125")
}

/// What `decoder` makes of bytes in such a charset. It is asked once for all characters that are not of ASCII, and not byte
/// by byte for a text that has few of them.
pub(super) fn decode(bytes: &[u8], decoder: fn(&[u8]) -> String) -> String {
    if bytes.len() < 2 * OTHERS.len() {
        return decoder(bytes);
    }
    let others: Vec<char> = decoder(&OTHERS).chars().collect();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 16);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (ascii, after) = rest.split_at_checked(ascii(rest)).unwrap_or((rest, &[]));
        text.push_str(str::from_utf8(ascii).unwrap_or_default());
        rest = match after.split_first() {
            Some((b, after)) => {
                text.extend(others.get(usize::from(b - 128)));
                after
            }
            None => after,
        };
    }
    text
}

/// How many bytes of ASCII there are before the first other byte.
fn ascii(bytes: &[u8]) -> usize {
    let stretches = bytes.chunks(STRETCH).take_while(|stretch| stretch.is_ascii()).count();
    let at = bytes.len().min(stretches * STRETCH);
    at + bytes.iter().skip(at).take_while(|b| b.is_ascii()).count()
}

/// Bytes that are looked at in any case.
const STRETCH: usize = 64;

/// All bytes that are not of ASCII.
const OTHERS: [u8; 128] = {
    let mut others = [0; 128];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "done by the compiler, within the length")]
    while at < others.len() {
        others[at] = 128 + at as u8;
        at += 1;
    }
    others
};

#[cfg(test)]
mod tests {
    use mail_parser::decoders::charsets::map::charset_decoder;

    use super::*;

    #[test]
    fn ascii_ends_at_any_other_byte_wherever_it_is() {
        for size in [0, 1, STRETCH - 1, STRETCH, 3 * STRETCH + 1] {
            assert_eq!(ascii(&vec![b'a'; size]), size);
            for at in 0..size {
                let mut bytes = vec![b'a'; size];
                bytes[at] = 0x80;
                assert_eq!(ascii(&bytes), at, "{at} of {size}");
            }
        }
    }

    #[test]
    fn each_byte_is_what_it_is_alone() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().step_by(7).take(2_000).chain(*b"plain text").collect();
        let parts = (1..=16).map(|part| format!("iso-8859-{part}"));
        for label in parts.chain((0..=8).map(|page| format!("windows-125{page}"))) {
            assert!(is_one(&label));
            let Some(decoder) = charset_decoder(label.as_bytes()) else { continue };
            let one_by_one: String = bytes.iter().map(|b| decoder(&[*b])).collect();
            assert_eq!(decode(&bytes, decoder), one_by_one, "{label}");
            assert_eq!(decoder(&OTHERS).chars().count(), OTHERS.len(), "{label}");
        }
    }
}
