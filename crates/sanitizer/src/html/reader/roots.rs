//! The page's own elements, which are there without tags, and look as those say that come first, or too late.

use super::Reader;
use crate::html::{attribute::Attr, element::Known, tag::Tag};

pub(super) const ROOTS: [Known; 2] = [Known::HTML, Known::BODY];

/// What a root may say too late.
const SAYING: u64 =
    Attr::bits(&[Attr::STYLE, Attr::CLASS, Attr::ID, Attr::HIDDEN, Attr::BGCOLOR, Attr::TEXT]);

impl<'a> Reader<'a> {
    /// `<html>` and `<body>`: a second one, or one behind text, still says how all of the page looks.
    pub(super) fn is_root(&mut self, tag: &Tag<'a>) -> bool {
        let Some(at) = ROOTS.iter().position(|root| tag.name.known == *root) else { return false };
        let Some(seen) = self.has_root.get_mut(at) else { return false };
        let first = !std::mem::replace(seen, true);
        if first && self.page.visible.trim().is_empty() {
            self.tree.retag(at, tag.clone());
            self.roots_unsettled = true;
        } else if !self.again && self.late_root.is_none() && tag.has_any_of(SAYING) {
            self.late_root = Some(tag.clone());
            self.read_again = true;
        }
        true
    }
}
