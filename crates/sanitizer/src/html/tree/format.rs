//! Formatting elements that go on behind the end of the block they were opened in, and blocks that go on behind the end of
//! the formatting element that they were opened in (13.2.4.3, and 13.2.6.4.7, "adoption agency").

use super::Tree;
use crate::html::{
    element::{SCOPE, SPECIAL},
    name::Name,
    tag::Tag,
};

/// How many formatting elements are remembered.
const FORMATS: usize = 64;

/// A formatting element, or a border that none crosses.
#[derive(Debug)]
pub(super) enum Format<'a> {
    Border,
    Element { tag: Tag<'a>, serial: u32 },
}

impl<'a> Tree<'a> {
    pub(super) fn remember(&mut self, tag: Tag<'a>, serial: u32) {
        let border =
            self.formats.iter().rposition(|format| matches!(format, Format::Border)).map_or(0, |at| at + 1);
        if self.formats.len() - border >= FORMATS {
            self.formats.remove(border);
        }
        // of four that are the same the first is forgotten
        let same =
            |format: &Format<'a>| matches!(format, Format::Element { tag: other, .. } if tag.is_same(other));
        let alike: Vec<usize> =
            (border..self.formats.len()).filter(|at| self.formats.get(*at).is_some_and(same)).collect();
        if let [first, _, _, ..] = *alike.as_slice() {
            self.formats.remove(first);
        }
        self.formats.push(Format::Element { tag, serial });
    }

    pub(super) fn remembers(&self, name: Name) -> bool {
        self.formats
            .iter()
            .rev()
            .take_while(|format| !matches!(format, Format::Border))
            .any(|format| matches!(format, Format::Element { tag, .. } if tag.name == name))
    }

    /// Formatting elements whose block was ended around them, the outermost first: they are to be opened again.
    pub(in crate::html) fn take_interrupted(&mut self) -> Vec<Tag<'a>> {
        let is_open = |serial: u32| self.is_serial_open(serial);
        let mut from = self.formats.len();
        for (at, format) in self.formats.iter().enumerate().rev() {
            match format {
                Format::Element { serial, .. } if !is_open(*serial) => from = at,
                Format::Element { .. } | Format::Border => break,
            }
        }
        let interrupted = self.formats.drain(from..);
        interrupted
            .filter_map(|format| match format {
                Format::Element { tag, .. } => Some(tag),
                Format::Border => None,
            })
            .collect()
    }

    /// Elements are opened in order, and stay in it. Most often the last one is asked for.
    pub(super) fn is_serial_open(&self, serial: u32) -> bool {
        self.open.last().is_some_and(|element| element.serial == serial)
            || self.open.binary_search_by_key(&serial, |element| element.serial).is_ok()
    }

    /// Whether [`Self::take_interrupted`] would give any.
    pub(in crate::html) fn is_interrupted(&self) -> bool {
        match self.formats.last() {
            Some(Format::Element { serial, .. }) => !self.is_serial_open(*serial),
            Some(Format::Border) | None => false,
        }
    }

    /// Ends a formatting element: blocks in it stay open without it.
    pub(super) fn end_format(&mut self, name: Name) {
        let known =
            self.formats.iter().enumerate().rev().take_while(|(_, f)| !matches!(f, Format::Border)).find_map(
                |(at, format)| match format {
                    Format::Element { tag, serial } if tag.name == name => Some((at, *serial)),
                    Format::Element { .. } | Format::Border => None,
                },
            );
        let Some((format, serial)) = known else { return self.end_other(name) };
        self.formats.remove(format);
        let Some(at) = self.open.iter().rposition(|element| element.serial == serial) else { return };
        let inside = self.open.get(at + 1..).unwrap_or_default();
        if inside.iter().any(|element| element.kind & SCOPE != 0) {
            return;
        }
        let Some(last_block) = inside.iter().rposition(|element| element.kind & SPECIAL != 0) else {
            while self.open.len() > at {
                self.pop();
            }
            return;
        };
        while self.open.len() > at + 1 + last_block + 1 {
            self.pop();
        }
        let remembered: Vec<u32> = self
            .formats
            .iter()
            .filter_map(|format| match format {
                Format::Element { serial, .. } => Some(*serial),
                Format::Border => None,
            })
            .collect();
        self.take_out(at);
        let mut index = at;
        while let Some(element) = self.open.get(index) {
            if element.kind & SPECIAL != 0 || remembered.contains(&element.serial) {
                index += 1;
            } else {
                self.take_out(index);
            }
        }
        self.unsettled = Some(self.unsettled.map_or(at, |other| other.min(at)));
    }
}
