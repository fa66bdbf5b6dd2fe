//! The elements that are open, by the HTML Standard's rules for tags that do not fit (13.2.6): which end tag ends what, and
//! what an element that was closed too late or too early still colours or hides. A filter that guesses here can be made to
//! take for shown what a browser hides.

use std::collections::HashMap;

use super::{
    css::Ancestry,
    element::{self, CLOSES_P, FORMATTING, HTML_ONLY, SCOPE, SPECIAL, TABLE, TABLE_PART, VOID},
    look::{Look, Markup},
    name::Name,
    tag::Tag,
};

/// How many open elements are told apart, as in browsers; what is nested more deeply looks like its parent.
pub(super) const DEPTH: usize = 512;

/// How many formatting elements are remembered.
const FORMATS: usize = 64;

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

/// A formatting element that goes on behind the end of its block, or a border that none crosses.
#[derive(Debug)]
enum Format<'a> {
    Border,
    Element { tag: Tag<'a>, serial: u32 },
}

#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// Of the page as a whole.
    root: Look,
    open: Vec<Element<'a>>,
    formats: Vec<Format<'a>>,
    /// Open elements per name, so that a stray end tag costs nothing.
    counts: HashMap<Name, u32>,
    /// Elements nested too deeply to be told apart, per name.
    beyond: HashMap<Name, u32>,
    serial: u32,
    pub(super) too_deep: bool,
    /// Tags did not fit, so that parsers which do not follow the standard see another page.
    pub(super) misnested: bool,
    /// An element that is styled to stand on lines of its own has ended.
    pub(super) ended_block: bool,
    /// From this open element on, looks are those of children of what was taken out.
    unsettled: Option<usize>,
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
            counts: HashMap::new(),
            beyond: HashMap::new(),
            serial: 0,
            too_deep: false,
            misnested: false,
            ended_block: false,
            unsettled: None,
        }
    }

    pub(super) fn look(&self) -> Look {
        self.open.last().map_or(self.root, |element| element.look)
    }

    /// The look of text or an element that does not belong into a table, where a table is open: it stands before it.
    pub(super) fn depth_for(&self, fits_in_table: bool) -> usize {
        let in_table = self.open.last().is_some_and(|element| element.kind & TABLE != 0);
        if fits_in_table || !in_table {
            return self.open.len();
        }
        self.open.iter().rposition(|element| element.tag.name.is("table")).unwrap_or(self.open.len())
    }

    pub(super) fn look_at(&self, depth: usize) -> Look {
        depth.checked_sub(1).and_then(|at| self.open.get(at)).map_or(self.root, |element| element.look)
    }

    pub(super) fn spot(&self, depth: usize) -> Spot<'_, 'a> {
        Spot { tree: self, depth }
    }

    pub(super) fn is_open(&self, name: Name) -> bool {
        self.counts.get(&name).is_some_and(|count| *count > 0)
    }

    fn current(&self) -> &str {
        self.open.last().map_or("", |element| element.tag.name.as_str())
    }

    /// Makes room for a start tag: ends what it ends. False if the tag means nothing where it stands.
    pub(super) fn make_room(&mut self, tag: &Tag<'a>, quirks: bool) -> bool {
        let name = tag.name.as_str();
        let kind = tag.kind;
        if self.look().markup == Markup::Foreign {
            let font = name == "font" && ["color", "face", "size"].iter().any(|known| tag.has(known));
            if kind & HTML_ONLY == 0 && !font {
                return true;
            }
            while self.look().markup == Markup::Foreign {
                self.misnested = true;
                self.pop();
            }
        }
        if kind & TABLE_PART != 0 {
            return self.make_room_in_table(name);
        }
        if kind & CLOSES_P != 0 && !(quirks && name == "table") {
            self.end_in_scope("p", |element| element.tag.name.is("button"));
        }
        match name {
            "li" => self.end_item(&["li"]),
            "dt" | "dd" => self.end_item(&["dt", "dd"]),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_heading(self.current()) => {
                self.misnested = true;
                self.pop();
            }
            "option" if self.current() == "option" => {
                self.pop();
            }
            "optgroup" => {
                while matches!(self.current(), "option" | "optgroup") {
                    self.pop();
                }
            }
            "button" => {
                self.end_in_scope("button", |_| false);
            }
            "a" | "nobr" if self.remembers(tag.name) => {
                self.misnested = true;
                self.end_format(tag.name);
            }
            "table" if self.open.last().is_some_and(|element| element.kind & TABLE != 0) => {
                self.misnested = true;
                self.pop_through("table");
            }
            _ => {}
        }
        true
    }

    fn make_room_in_table(&mut self, name: &str) -> bool {
        let Some(table) = self.open.iter().rposition(|element| {
            matches!(
                element.tag.name.as_str(),
                "table" | "template" | "html" | "object" | "marquee" | "applet"
            )
        }) else {
            self.misnested = true;
            return false;
        };
        if self
            .open
            .get(table)
            .is_none_or(|element| !matches!(element.tag.name.as_str(), "table" | "template"))
        {
            self.misnested = true;
            return false;
        }
        let holders: &[&str] = match name {
            "td" | "th" => &["tr"],
            "tr" => &["tbody", "thead", "tfoot"],
            "col" => &["colgroup"],
            _ => &[],
        };
        // a cell without a row, or a row without a body, stands in what is there
        let wider: &[&str] = if holders == ["tr"] { &["tbody", "thead", "tfoot"] } else { &[] };
        let find = |names: &[&str]| {
            let inside = self.open.get(table + 1..).unwrap_or_default();
            inside
                .iter()
                .position(|element| names.contains(&element.tag.name.as_str()))
                .map(|at| table + 1 + at)
        };
        let keep = find(holders).or_else(|| find(wider)).unwrap_or(table);
        while self.open.len() > keep + 1 {
            self.pop();
        }
        true
    }

    /// Opens an element at a depth, unless it holds nothing. True if it is told apart from its parent.
    pub(super) fn push(&mut self, tag: Tag<'a>, look: Look, depth: usize) -> bool {
        let kind = tag.kind;
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
            *self.beyond.entry(tag.name).or_default() += 1;
            return false;
        }
        self.serial += 1;
        if kind & FORMATTING != 0 && look.markup == Markup::Html {
            self.remember(tag.clone(), self.serial);
        }
        if matches!(tag.name.as_str(), "td" | "th" | "caption" | "applet" | "object" | "marquee" | "template")
        {
            self.formats.push(Format::Border);
        }
        *self.counts.entry(tag.name).or_default() += 1;
        let serial = self.serial;
        self.open.push(Element { tag, look, kind, serial, children: 0, place, last_child: None });
        true
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
        if let Some(count) = self.counts.get_mut(&element.tag.name) {
            *count = count.saturating_sub(1);
        }
        let name = element.tag.name;
        if matches!(name.as_str(), "td" | "th" | "caption" | "applet" | "object" | "marquee" | "template") {
            while !matches!(self.formats.pop(), None | Some(Format::Border)) {}
        }
        if let Some(parent) = self.open.last_mut() {
            parent.last_child = Some(element.tag);
        }
    }

    fn pop_through(&mut self, name: &str) {
        while !self.open.is_empty() {
            let found = self.current() == name;
            self.pop();
            if found {
                return;
            }
        }
    }

    /// Ends the innermost element of that name, unless it is behind a border.
    fn end_in_scope(&mut self, name: &str, border: impl Fn(&Element<'a>) -> bool) -> bool {
        let wanted = Name::new(name);
        if !self.is_open(wanted) {
            return false;
        }
        for element in self.open.iter().rev() {
            if element.tag.name == wanted {
                self.misnested |= self.current() != name;
                self.pop_through(name);
                return true;
            }
            if element.kind & SCOPE != 0 || border(element) || element.look.markup == Markup::Foreign {
                return false;
            }
        }
        false
    }

    /// `<li>` ends an item that is open, if nothing but paragraphs, parts and phrases is between.
    fn end_item(&mut self, names: &[&str]) {
        if !names.iter().any(|name| self.is_open(Name::new(name))) {
            return;
        }
        for element in self.open.iter().rev() {
            let name = element.tag.name;
            if names.contains(&name.as_str()) {
                return self.pop_through(name.as_str());
            }
            if element.kind & SPECIAL != 0 && !matches!(name.as_str(), "address" | "div" | "p") {
                return;
            }
        }
    }

    /// Ends what an end tag ends.
    pub(super) fn close(&mut self, name: Name) {
        if let Some(count) = self.beyond.get_mut(&name).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        let kind = element::kind(name);
        // any heading's end tag ends any heading
        if !self.is_open(name) && !is_heading(name.as_str()) {
            return;
        }
        match name.as_str() {
            // what follows still belongs to the page
            "body" | "html" => {}
            "p" => {
                self.end_in_scope("p", |element| element.tag.name.is("button"));
            }
            "li" => {
                self.end_in_scope("li", |element| {
                    ["ul", "ol", "menu"].iter().any(|list| element.tag.name.is(list))
                });
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_heading(),
            "form" => self.end_form(),
            "table" | "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "caption" => {
                self.end_table_part(name)
            }
            "template" => self.pop_through("template"),
            _ if kind & FORMATTING != 0 => self.end_format(name),
            _ if kind & SPECIAL != 0 => {
                self.end_in_scope(name.as_str(), |_| false);
            }
            _ => self.end_other(name),
        }
    }

    fn end_heading(&mut self) {
        for element in self.open.iter().rev() {
            let name = element.tag.name;
            if is_heading(name.as_str()) {
                return self.pop_through(name.as_str());
            }
            if element.kind & SCOPE != 0 {
                return;
            }
        }
    }

    /// What is in a form stays in what is in it.
    fn end_form(&mut self) {
        let Some(at) = self.open.iter().rposition(|element| element.tag.name.is("form")) else {
            return;
        };
        if at + 1 == self.open.len() {
            self.pop();
        } else {
            self.misnested = true;
            self.take_out(at);
        }
    }

    fn take_out(&mut self, at: usize) {
        let element = self.open.remove(at);
        if let Some(count) = self.counts.get_mut(&element.tag.name) {
            *count = count.saturating_sub(1);
        }
    }

    fn end_table_part(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(name.as_str());
            }
            if matches!(element.tag.name.as_str(), "table" | "template" | "html") {
                self.misnested = true;
                return;
            }
        }
    }

    fn end_other(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(name.as_str());
            }
            if element.kind & SPECIAL != 0 && element.look.markup == Markup::Html {
                self.misnested = true;
                return;
            }
        }
    }

    // --- formatting elements (13.2.4.3, 13.2.6.4.7 "adoption agency") ---

    fn remember(&mut self, tag: Tag<'a>, serial: u32) {
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

    fn remembers(&self, name: Name) -> bool {
        self.formats
            .iter()
            .rev()
            .take_while(|format| !matches!(format, Format::Border))
            .any(|format| matches!(format, Format::Element { tag, .. } if tag.name == name))
    }

    /// Formatting elements whose block was ended around them, the outermost first: they are to be opened again.
    pub(super) fn take_interrupted(&mut self) -> Vec<Tag<'a>> {
        let is_open = |serial: u32| self.is_serial_open(serial);
        let mut from = self.formats.len();
        for (at, format) in self.formats.iter().enumerate().rev() {
            match format {
                Format::Element { serial, .. } if !is_open(*serial) => from = at,
                Format::Element { .. } | Format::Border => break,
            }
        }
        if from < self.formats.len() {
            self.misnested = true;
        }
        let interrupted = self.formats.drain(from..);
        interrupted
            .filter_map(|format| match format {
                Format::Element { tag, .. } => Some(tag),
                Format::Border => None,
            })
            .collect()
    }

    /// Elements are opened in order, and stay in it.
    fn is_serial_open(&self, serial: u32) -> bool {
        self.open.binary_search_by_key(&serial, |element| element.serial).is_ok()
    }

    /// Whether [`Self::take_interrupted`] would give any.
    pub(super) fn is_interrupted(&self) -> bool {
        match self.formats.last() {
            Some(Format::Element { serial, .. }) => !self.is_serial_open(*serial),
            Some(Format::Border) | None => false,
        }
    }

    /// Ends a formatting element: blocks in it stay open without it.
    fn end_format(&mut self, name: Name) {
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
        self.misnested = true;
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

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}
