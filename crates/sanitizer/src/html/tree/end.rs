//! What an end tag ends.

use super::{Element, Tree};
use crate::html::{
    element::{self, FORMATTING, SCOPE, SPECIAL},
    look::Markup,
    name::Name,
};

impl<'a> Tree<'a> {
    /// Ends the innermost element of that name, unless it is behind a border.
    pub(super) fn end_in_scope(&mut self, name: &str, border: impl Fn(&Element<'a>) -> bool) -> bool {
        let wanted = Name::new(name);
        if !self.is_open(wanted) {
            return false;
        }
        for element in self.open.iter().rev() {
            if element.tag.name == wanted {
                self.pop_through(name);
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
        if let Some(count) = self.beyond.get_mut(&name).filter(|count| **count > 0) {
            *count -= 1;
            return;
        }
        let kind = element::kind(name);
        self.in_form &= name.as_str() != "form";
        // any heading's end tag ends any heading
        let goes_on = kind & FORMATTING != 0 && self.remembers(name);
        if !self.is_open(name) && !is_heading(name.as_str()) && !goes_on {
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

    pub(super) fn end_heading(&mut self) {
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
    pub(super) fn end_form(&mut self) {
        let border = self.open.iter().rposition(|element| element.kind & SCOPE != 0);
        let Some(at) = self.open.iter().rposition(|element| element.tag.name.is("form")) else {
            return;
        };
        if border.is_some_and(|border| border > at) {
            return;
        }
        while matches!(self.current(), "dd" | "dt" | "li" | "optgroup" | "option" | "p" | "rp" | "rt") {
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
        if let Some(count) = self.counts.get_mut(&element.tag.name) {
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn end_table_part(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(name.as_str());
            }
            if matches!(element.tag.name.as_str(), "table" | "template" | "html") {
                return;
            }
        }
    }

    pub(super) fn end_other(&mut self, name: Name) {
        for element in self.open.iter().rev() {
            if element.tag.name == name {
                return self.pop_through(name.as_str());
            }
            if element.kind & SPECIAL != 0 && element.look.markup == Markup::Html {
                return;
            }
        }
    }
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}
