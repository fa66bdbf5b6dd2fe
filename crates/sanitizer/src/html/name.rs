//! Names of elements.

/// A lower-case element name; names that are longer than any of HTML's are told apart by their beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; 16]);

// === impl Name ===

impl Name {
    #[expect(clippy::indexing_slicing, reason = "within both; a compiler's constant knows no iterators")]
    pub(super) const fn new(name: &str) -> Self {
        let (mut bytes, from) = ([0; 16], name.as_bytes());
        let mut at = 0;
        while at < bytes.len() && at < from.len() {
            bytes[at] = from[at].to_ascii_lowercase();
            at += 1;
        }
        Self(bytes)
    }

    /// In the order of names.
    pub(super) const fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// Whether this is a name that is written in lower case and shorter than any that is cut.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.get(..name.len()) == Some(name.as_bytes()) && self.0.get(name.len()).is_none_or(|b| *b == 0)
    }

    pub(super) fn as_str(&self) -> &str {
        // the first byte that is zero: subtracting one from it alone sets its highest bit
        let (number, ones) = (u128::from_le_bytes(self.0), u128::from_le_bytes([1; 16]));
        let zeros = number.wrapping_sub(ones) & !number & (ones << 7);
        let end = zeros.trailing_zeros() as usize / 8;
        self.0.get(..end).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
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
}
