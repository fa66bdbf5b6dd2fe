//! Text that grows without leaving copies of itself behind.

use super::Text;
use zeroize::Zeroizing;

/// A `String` that outgrows its place is moved by the allocator, which does not wipe the old one. This one does.
#[derive(Default)]
pub(crate) struct Wiped(Text);

// === impl Wiped ===

impl Wiped {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(String::with_capacity(bytes)))
    }

    pub(crate) fn push_str(&mut self, more: &str) {
        let needed = self.0.len().saturating_add(more.len());
        if needed > self.0.capacity() {
            let mut larger = String::with_capacity(needed.max(self.0.capacity().saturating_mul(2)).max(256));
            larger.push_str(&self.0);
            // The old one is wiped as it is dropped.
            self.0 = Zeroizing::new(larger);
        }
        self.0.push_str(more);
    }

    pub(crate) fn push(&mut self, letter: char) {
        self.push_str(letter.encode_utf8(&mut [0; 4]));
    }

    pub(crate) fn spaces(&mut self, count: usize) {
        (0..count).for_each(|_| self.push(' '));
    }

    pub(crate) fn into_text(self) -> Text {
        self.0
    }
}

impl Extend<char> for Wiped {
    fn extend<T: IntoIterator<Item = char>>(&mut self, letters: T) {
        letters.into_iter().for_each(|letter| self.push(letter));
    }
}
