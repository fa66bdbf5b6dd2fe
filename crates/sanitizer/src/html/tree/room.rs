//! What a start tag ends before it opens its own element.

use super::Tree;
use crate::html::{
    attribute::Attr,
    element::{CLOSES_P, HTML_ONLY, Known, SPECIAL, TABLE, TABLE_PART},
    look::Markup,
    name::Name,
    tag::Tag,
};

/// What makes `<font>` end a drawing.
const COLOURED: u64 = Attr::bits(&[Attr::COLOR, Attr::FACE, Attr::SIZE]);

impl<'a> Tree<'a> {
    /// Makes room for a start tag: ends what it ends. False if the tag means nothing where it stands.
    pub(in crate::html) fn make_room(&mut self, tag: &Tag<'a>, quirks: bool) -> bool {
        let name = tag.name.known;
        let kind = tag.name.kind;
        if self.look().markup == Markup::Foreign {
            let font = name == Known::FONT && tag.has_any_of(COLOURED);
            if kind & HTML_ONLY == 0 && !font {
                return true;
            }
            while self.look().markup == Markup::Foreign {
                self.pop();
            }
        }
        if kind & TABLE_PART != 0 {
            return self.make_room_in_table(name);
        }
        if name == Known::FORM {
            // there are no forms in forms, and none between the parts of a table
            if std::mem::replace(&mut self.in_form, true) || self.is_between_table_parts() {
                return false;
            }
        }
        if kind & CLOSES_P != 0 && !(quirks && name == Known::TABLE) {
            self.end_in_scope(Name::of(Known::P), |element| element.tag.name.known == Known::BUTTON);
        }
        match name {
            Known::LI => self.end_item(&[Known::LI]),
            Known::DT | Known::DD => self.end_item(&[Known::DT, Known::DD]),
            heading if heading.is_heading() && self.current().is_heading() => {
                self.pop();
            }
            Known::OPTION if self.current() == Known::OPTION => {
                self.pop();
            }
            Known::OPTGROUP => {
                while matches!(self.current(), Known::OPTION | Known::OPTGROUP) {
                    self.pop();
                }
            }
            Known::BUTTON => {
                self.end_in_scope(Name::of(Known::BUTTON), |_| false);
            }
            Known::A | Known::NOBR if self.remembers(tag.name) => {
                self.end_format(tag.name);
            }
            Known::TABLE if self.is_between_table_parts() => {
                self.pop_through_known(Known::TABLE);
            }
            _ => {}
        }
        true
    }

    /// In a table, and not in a cell of it.
    pub(super) fn is_between_table_parts(&self) -> bool {
        let holder = self.open.iter().rev().map(|element| element.tag.name.known).find(|known| {
            matches!(*known, Known::TABLE | Known::TD | Known::TH | Known::CAPTION | Known::TEMPLATE)
        });
        holder == Some(Known::TABLE)
    }

    /// The part of a table that nobody wrote and that is there all the same: a cell is in a row, a row in a body.
    pub(in crate::html) fn missing(&self, name: Name) -> Option<Known> {
        let holder = self.open.last().filter(|element| element.kind & TABLE != 0)?.tag.name.known;
        match name.known {
            Known::TD | Known::TH if holder == Known::TABLE => Some(Known::TBODY),
            Known::TD | Known::TH if holder != Known::TR => Some(Known::TR),
            Known::TR if holder == Known::TABLE => Some(Known::TBODY),
            _ => None,
        }
    }

    pub(super) fn make_room_in_table(&mut self, name: Known) -> bool {
        let Some(table) = self.open.iter().rposition(|element| {
            matches!(
                element.tag.name.known,
                Known::TABLE | Known::TEMPLATE | Known::HTML | Known::OBJECT | Known::MARQUEE | Known::APPLET
            )
        }) else {
            return false;
        };
        if self
            .open
            .get(table)
            .is_none_or(|element| !matches!(element.tag.name.known, Known::TABLE | Known::TEMPLATE))
        {
            return false;
        }
        let bodies = [Known::TBODY, Known::THEAD, Known::TFOOT];
        let holders: &[Known] = match name {
            Known::TD | Known::TH => &[Known::TR],
            Known::TR => &bodies,
            Known::COL => &[Known::COLGROUP],
            _ => &[],
        };
        // a cell without a row, or a row without a body, stands in what is there
        let wider: &[Known] = if holders == [Known::TR] { &bodies } else { &[] };
        let find = |names: &[Known]| {
            let inside = self.open.get(table + 1..).unwrap_or_default();
            inside.iter().position(|element| names.contains(&element.tag.name.known)).map(|at| table + 1 + at)
        };
        let keep = find(holders).or_else(|| find(wider)).unwrap_or(table);
        while self.open.len() > keep + 1 {
            self.pop();
        }
        true
    }

    /// `<li>` ends an item that is open, if nothing but paragraphs, parts and phrases is between.
    pub(super) fn end_item(&mut self, names: &[Known]) {
        if !names.iter().any(|name| self.is_open(Name::of(*name))) {
            return;
        }
        for element in self.open.iter().rev() {
            let known = element.tag.name.known;
            if names.contains(&known) {
                return self.pop_through_known(known);
            }
            if element.kind & SPECIAL != 0 && !matches!(known, Known::ADDRESS | Known::DIV | Known::P) {
                return;
            }
        }
    }
}
