//! What a start tag ends before it opens its own element.

use super::{Tree, end::is_heading};
use crate::html::{
    element::{CLOSES_P, HTML_ONLY, SPECIAL, TABLE, TABLE_PART},
    look::Markup,
    name::Name,
    tag::Tag,
};

impl<'a> Tree<'a> {
    /// Makes room for a start tag: ends what it ends. False if the tag means nothing where it stands.
    pub(in crate::html) fn make_room(&mut self, tag: &Tag<'a>, quirks: bool) -> bool {
        let name = tag.name.as_str();
        let kind = tag.kind;
        if self.look().markup == Markup::Foreign {
            let font = name == "font" && ["color", "face", "size"].iter().any(|known| tag.has(known));
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
        if name == "form" {
            // there are no forms in forms, and none between the parts of a table
            if std::mem::replace(&mut self.in_form, true) || self.is_between_table_parts() {
                return false;
            }
        }
        if kind & CLOSES_P != 0 && !(quirks && name == "table") {
            self.end_in_scope("p", |element| element.tag.name.is("button"));
        }
        match name {
            "li" => self.end_item(&["li"]),
            "dt" | "dd" => self.end_item(&["dt", "dd"]),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_heading(self.current()) => {
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
                self.end_format(tag.name);
            }
            "table" if self.is_between_table_parts() => {
                self.pop_through("table");
            }
            _ => {}
        }
        true
    }

    /// In a table, and not in a cell of it.
    pub(super) fn is_between_table_parts(&self) -> bool {
        let holder = self.open.iter().rev().find(|element| {
            ["table", "td", "th", "caption", "template"].iter().any(|name| element.tag.name.is(name))
        });
        holder.is_some_and(|element| element.tag.name.is("table"))
    }

    /// The part of a table that nobody wrote and that is there all the same: a cell is in a row, a row in a body.
    pub(in crate::html) fn missing(&self, name: Name) -> Option<&'static str> {
        let holder = self.open.last().filter(|element| element.kind & TABLE != 0)?.tag.name;
        match name.as_str() {
            "td" | "th" if holder.is("table") => Some("tbody"),
            "td" | "th" if !holder.is("tr") => Some("tr"),
            "tr" if holder.is("table") => Some("tbody"),
            _ => None,
        }
    }

    pub(super) fn make_room_in_table(&mut self, name: &str) -> bool {
        let Some(table) = self.open.iter().rposition(|element| {
            matches!(
                element.tag.name.as_str(),
                "table" | "template" | "html" | "object" | "marquee" | "applet"
            )
        }) else {
            return false;
        };
        if self
            .open
            .get(table)
            .is_none_or(|element| !matches!(element.tag.name.as_str(), "table" | "template"))
        {
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

    /// `<li>` ends an item that is open, if nothing but paragraphs, parts and phrases is between.
    pub(super) fn end_item(&mut self, names: &[&str]) {
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
}
