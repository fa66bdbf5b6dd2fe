//! How much one process reads before a fresh one takes its place.

/// Items and bytes that are left until the process has read enough. Whatever an item might leave behind in a process, by a
/// fault that nobody knows of, ends with the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    items: u64,
    bytes: u64,
}

// === impl Fill ===

impl Fill {
    /// So many items, or so many raw bytes, whichever comes first. The item that exceeds the bytes is read too.
    pub const fn new(items: u64, bytes: u64) -> Self {
        Self { items, bytes }
    }

    /// Counts an item of `size` bytes; whether that was enough.
    pub(crate) fn is_had_with(&mut self, size: usize) -> bool {
        self.items = self.items.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size as u64);
        self.items == 0 || self.bytes == 0
    }
}

#[test]
fn enough_is_so_many_items_or_so_many_bytes() {
    let had = |mut fill: Fill, sizes: [usize; 4]| sizes.map(|size| fill.is_had_with(size));
    assert_eq!(had(Fill::new(3, 100), [1; 4]), [false, false, true, true]);
    assert_eq!(had(Fill::new(9, 100), [60, 39, 1, 0]), [false, false, true, true]);
    assert_eq!(had(Fill::new(9, 100), [101, 0, 0, 0]), [true; 4]);
    assert_eq!(had(Fill::new(1, 100), [0; 4]), [true; 4]);
}
