//! How elements look, and when that is to be worked out again.

use super::{Reader, fits_in_table};
use crate::html::{
    attribute::Attr,
    css,
    look::{Look, Place},
    styles::said_of,
    tag::Tag,
};

/// Class names that frameworks have for text that only screen readers are to read.
const FOR_SCREEN_READERS: [&str; 6] = [
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "screen-reader-text",
    "screen-reader-only",
    "screenreader-only",
];

/// What one element whose look is worked out again costs of a page's work.
const REOPENING: u64 = 20;

impl<'a> Reader<'a> {
    /// Makes the looks again of what lost something around it.
    pub(super) fn settle(&mut self) {
        if self.tree.is_settled() {
            return;
        }
        for at in self.tree.take_unsettled() {
            if self.work.is_spent() {
                return;
            }
            self.work.spend(REOPENING);
            if let Some(tag) = self.tree.tag_at(at).cloned() {
                let look = self.look_of(&tag, self.tree.depth_under(at, fits_in_table(&tag)));
                self.tree.settle(at, look);
            }
        }
    }

    /// The page's own elements, which are there without tags, look as the sheets that were read by now say.
    pub(super) fn settle_roots(&mut self) {
        if !self.roots_unsettled || self.tree.depth() > 2 {
            return;
        }
        self.roots_unsettled = false;
        for at in 0..self.tree.depth() {
            if let Some(tag) = self.tree.tag_at(at).cloned() {
                let look = self.look_of(&tag, at);
                self.tree.settle(at, look);
            }
        }
    }

    pub(super) fn look_of(&mut self, tag: &Tag<'a>, depth: usize) -> Look {
        let said = said_of(&self.sheet, &mut self.inline, tag, &self.tree.spot(depth), &mut self.work);
        if said.as_ref().is_some_and(|said| said.disguised) && self.disguised.is_none() {
            self.disguised = tag.get(Attr::STYLE).map(|style| style.into_owned());
        }
        let named_hidden = tag.get(Attr::CLASS).is_some_and(|classes| {
            classes
                .split_ascii_whitespace()
                .any(|class| FOR_SCREEN_READERS.contains(&class) && !self.sheet.knows_class(class))
        });
        let mut look =
            self.tree.look_at(depth).inside(tag, said.as_ref().map(|said| &said.style), named_hidden);
        // a sheet that is not for screens says nothing, and is kept as code
        if look.place == Place::Sheet
            && tag.get(Attr::MEDIA).is_some_and(|media| !css::holds_on_screen(&media))
        {
            look.place = Place::Code;
        }
        look
    }

    /// Opens again what went on behind the end of its block.
    pub(super) fn reopen(&mut self) {
        if !self.tree.is_interrupted() || self.work.is_spent() {
            return;
        }
        for tag in self.tree.take_interrupted() {
            self.work.spend(REOPENING);
            let depth = self.tree.depth_for(false);
            let look = self.look_of(&tag, depth);
            self.tree.push(tag, look, depth);
        }
    }
}
