//! Styles of elements' own. Pages say the same of many elements.

use std::borrow::Cow;

use super::css::Block;

/// The styles that were read last.
#[derive(Debug, Default)]
pub(super) struct Inline<'a> {
    known: Vec<(&'a str, Block)>,
    /// Which of them is replaced next.
    oldest: usize,
}

/// How many are remembered.
const KNOWN: usize = 8;

// === impl Inline ===

impl<'a> Inline<'a> {
    /// What a `style` attribute says. `quirks`: as documents without a doctype are read, the same for all of a page.
    pub(super) fn block(&mut self, css: Cow<'a, str>, quirks: bool) -> Block {
        let css = match css {
            Cow::Borrowed(css) => css,
            Cow::Owned(css) => return Block::inline(&css, quirks),
        };
        if let Some((_, block)) = self.known.iter().find(|(known, _)| *known == css) {
            return *block;
        }
        let block = Block::inline(css, quirks);
        match self.known.get_mut(self.oldest) {
            Some(oldest) => *oldest = (css, block),
            None => self.known.push((css, block)),
        }
        self.oldest = (self.oldest + 1) % KNOWN;
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_said() {
        let styles: Vec<String> = (0..3 * KNOWN).map(|n| format!("width:{n}px;display:none")).collect();
        let mut inline = Inline::default();
        for at in [0, 1, 0, 2, 1].into_iter().chain(0..styles.len()).chain((0..styles.len()).rev()) {
            let css = styles[at].as_str();
            assert_eq!(inline.block(Cow::Borrowed(css), false), Block::inline(css, false), "{css}");
            assert!(inline.known.len() <= KNOWN);
        }
    }
}
