//! What an end tag ends.

use super::{Element, Tree};
use crate::html::{
    element::{FORMATTING, Known, SCOPE, SPECIAL},
    look::Markup,
    name::Name,
};

impl<'a> Tree<'a> {
    /// Ends the innermost element of that name, unless it is behind a border.
    pub(super) fn end_in_scope(&mut self, name: Name, border: impl Fn(&Element<'a>) -> bool) -> bool {
        if !self.is_open(name) {
            return false;
        }
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                self.pop_through(|open| open.looks_like(name));
                return true;
            }
            if element.kind & SCOPE != 0 || border(element) || element.look.markup == Markup::Foreign {
                return false;
            }
        }
        false
    }

    /// Ends what an end tag ends.
    pub(in crate::html) fn close(&mut self, name: Name) {
        if self.beyond.take(name) {
            return;
        }
        let kind = name.kind;
        self.in_form &= name.known != Known::FORM;
        // any heading's end tag ends any heading
        let goes_on = kind & FORMATTING != 0 && self.remembers(name);
        if !self.is_open(name) && !name.known.is_heading() && !goes_on {
            return;
        }
        match name.known {
            // what follows still belongs to the page
            Known::BODY | Known::HTML => {}
            Known::P => {
                self.end_in_scope(Name::of(Known::P), |element| element.tag.name.known == Known::BUTTON);
            }
            Known::LI => {
                self.end_in_scope(Name::of(Known::LI), |element| {
                    matches!(element.tag.name.known, Known::UL | Known::OL | Known::MENU)
                });
            }
            heading if heading.is_heading() => self.end_heading(),
            Known::FORM => self.end_form(),
            Known::TABLE
            | Known::TR
            | Known::TD
            | Known::TH
            | Known::TBODY
            | Known::THEAD
            | Known::TFOOT
            | Known::CAPTION => self.end_table_part(name),
            Known::TEMPLATE => self.pop_through_known(Known::TEMPLATE),
            _ if kind & FORMATTING != 0 => self.end_format(name),
            _ if kind & SPECIAL != 0 => {
                self.end_in_scope(name, |_| false);
            }
            _ => self.end_other(name),
        }
    }

    pub(super) fn end_heading(&mut self) {
        for element in self.open.iter().rev() {
            let known = element.tag.name.known;
            if known.is_heading() {
                return self.pop_through_known(known);
            }
            if element.kind & SCOPE != 0 {
                return;
            }
        }
    }

    /// What is in a form stays in what is in it.
    pub(super) fn end_form(&mut self) {
        let border = self.open.iter().rposition(|element| element.kind & SCOPE != 0);
        let Some(at) = self.open.iter().rposition(|element| element.tag.name.known == Known::FORM) else {
            return;
        };
        if border.is_some_and(|border| border > at) {
            return;
        }
        while matches!(
            self.current(),
            Known::DD
                | Known::DT
                | Known::LI
                | Known::OPTGROUP
                | Known::OPTION
                | Known::P
                | Known::RP
                | Known::RT
        ) {
            self.pop();
        }
        if at + 1 == self.open.len() {
            self.pop();
        } else {
            self.take_out(at);
        }
    }

    pub(super) fn take_out(&mut self, at: usize) {
        let element = self.open.remove(at);
        self.counts.take(element.tag.name);
    }

    pub(super) fn end_table_part(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(|open| open.looks_like(name));
            }
            if matches!(element.tag.name.known, Known::TABLE | Known::TEMPLATE | Known::HTML) {
                return;
            }
        }
    }

    pub(super) fn end_other(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(|open| open.looks_like(name));
            }
            if element.kind & SPECIAL != 0 && element.look.markup == Markup::Html {
                return;
            }
        }
    }
}
