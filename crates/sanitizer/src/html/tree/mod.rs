//! The elements that are open, by the HTML Standard's rules for tags that do not fit (13.2.6): which end tag ends what, and
//! what an element that was closed too late or too early still colours or hides. A filter that guesses here can be made to
//! take for shown what a browser hides.

mod counts;
mod end;
mod format;
mod room;

use super::{
    css::Ancestry,
    element::{FORMATTING, Known, TABLE, VOID},
    look::{Look, Markup},
    name::Name,
    tag::Tag,
};
use counts::Counts;
use format::Format;

/// How many open elements are told apart, as in browsers; what is nested more deeply looks like its parent.
pub(super) const DEPTH: usize = 512;

#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag<'a>,
    pub(super) look: Look,
    kind: u16,
    /// Tells it from all others of the page.
    serial: u32,
    children: u32,
    place: u32,
    last_child: Option<Tag<'a>>,
}

#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// Of the page as a whole.
    root: Look,
    open: Vec<Element<'a>>,
    formats: Vec<Format<'a>>,
    /// Open elements per name, so that a stray end tag costs nothing.
    counts: Counts,
    /// Elements nested too deeply to be told apart, per name.
    beyond: Counts,
    serial: u32,
    pub(super) too_deep: bool,
    /// An element that is styled to stand on lines of its own has ended.
    pub(super) ended_block: bool,
    /// From this open element on, looks are those of children of what was taken out.
    unsettled: Option<usize>,
    /// Until the end tag of a form, there is no other.
    in_form: bool,
}

/// How a child that is to be opened at a place stands there.
pub(super) struct Spot<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Open elements around it.
    depth: usize,
}

impl Ancestry for Spot<'_, '_> {
    fn around(&self, up: usize) -> Option<(&Tag<'_>, u32)> {
        let element = self.tree.open.get(self.depth.checked_sub(up + 1)?)?;
        Some((&element.tag, element.place))
    }

    fn before(&self) -> Option<&Tag<'_>> {
        self.tree.open.get(self.depth.checked_sub(1)?)?.last_child.as_ref()
    }

    fn place(&self) -> u32 {
        self.depth
            .checked_sub(1)
            .and_then(|at| self.tree.open.get(at))
            .map_or(1, |parent| parent.children + 1)
    }
}

// === impl Tree ===

impl<'a> Tree<'a> {
    pub(super) fn new(root: Look) -> Self {
        Self {
            root,
            open: Vec::new(),
            formats: Vec::new(),
            counts: Counts::new(),
            beyond: Counts::new(),
            serial: 0,
            too_deep: false,
            ended_block: false,
            unsettled: None,
            in_form: false,
        }
    }

    pub(super) fn look(&self) -> &Look {
        self.open.last().map_or(&self.root, |element| &element.look)
    }

    /// How many elements are around what is opened now. Text, or an element that does not belong into a table, stands
    /// before the table that is open.
    pub(super) fn depth_for(&self, fits_in_table: bool) -> usize {
        self.depth_under(self.open.len(), fits_in_table)
    }

    /// The same for what stands on so many open elements.
    pub(super) fn depth_under(&self, depth: usize, fits_in_table: bool) -> usize {
        let under = self.open.get(..depth).unwrap_or_default();
        if fits_in_table || under.last().is_none_or(|element| element.kind & TABLE == 0) {
            return depth;
        }
        under.iter().rposition(|element| element.tag.name.known == Known::TABLE).unwrap_or(depth)
    }

    pub(super) fn look_at(&self, depth: usize) -> &Look {
        depth.checked_sub(1).and_then(|at| self.open.get(at)).map_or(&self.root, |element| &element.look)
    }

    pub(super) fn spot(&self, depth: usize) -> Spot<'_, 'a> {
        Spot { tree: self, depth }
    }

    pub(super) fn is_open(&self, name: Name) -> bool {
        self.counts.of(name) > 0
    }

    fn current(&self) -> Known {
        self.open.last().map_or(Known::OTHER, |element| element.tag.name.known)
    }

    /// Opens an element at a depth, unless it holds nothing. True if it is told apart from its parent.
    pub(super) fn push(&mut self, tag: Tag<'a>, look: Look, depth: usize) -> bool {
        let kind = tag.name.kind;
        let parent = depth.checked_sub(1).and_then(|at| self.open.get_mut(at));
        let mut place = 1;
        if let Some(parent) = parent {
            parent.children += 1;
            place = parent.children;
        }
        let in_drawing = look.markup == Markup::Foreign;
        if kind & VOID != 0 && !in_drawing || tag.closes_itself && in_drawing {
            if let Some(parent) = depth.checked_sub(1).and_then(|at| self.open.get_mut(at)) {
                parent.last_child = Some(tag);
            }
            return true;
        }
        if self.open.len() >= DEPTH {
            self.too_deep = true;
            self.beyond.add(tag.name);
            return false;
        }
        self.serial += 1;
        if kind & FORMATTING != 0 && look.markup == Markup::Html {
            self.remember(tag.clone(), self.serial);
        }
        if tag.name.known.bounds_formats() {
            self.formats.push(Format::Border);
        }
        self.counts.add(tag.name);
        let serial = self.serial;
        self.open.push(Element { tag, look, kind, serial, children: 0, place, last_child: None });
        true
    }

    /// Whether [`Self::take_unsettled`] would give any.
    pub(super) const fn is_settled(&self) -> bool {
        self.unsettled.is_none()
    }

    /// Elements whose looks must be made again, because what was around them is no longer: where each stands.
    pub(super) fn take_unsettled(&mut self) -> std::ops::Range<usize> {
        let from = self.unsettled.take().unwrap_or(self.open.len());
        from..self.open.len()
    }

    pub(super) fn tag_at(&self, at: usize) -> Option<&Tag<'a>> {
        self.open.get(at).map(|element| &element.tag)
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Gives an open element that nobody wrote the tag that somebody did write.
    pub(super) fn retag(&mut self, at: usize, tag: Tag<'a>) {
        if let Some(element) = self.open.get_mut(at) {
            element.tag = tag;
        }
    }

    pub(super) fn settle(&mut self, at: usize, look: Look) {
        if let Some(element) = self.open.get_mut(at) {
            element.look = look;
        }
    }

    fn pop(&mut self) {
        let Some(element) = self.open.pop() else { return };
        self.ended_block |= element.look.block;
        self.counts.take(element.tag.name);
        if element.tag.name.known.bounds_formats() {
            while !matches!(self.formats.pop(), None | Some(Format::Border)) {}
        }
        if let Some(parent) = self.open.last_mut() {
            parent.last_child = Some(element.tag);
        }
    }

    fn pop_through(&mut self, is_last: impl Fn(Name) -> bool) {
        while let Some(element) = self.open.last() {
            let found = is_last(element.tag.name);
            self.pop();
            if found {
                return;
            }
        }
    }

    fn pop_through_known(&mut self, known: Known) {
        self.pop_through(|name| name.known == known);
    }
}
