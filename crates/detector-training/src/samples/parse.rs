//! A file's lines as slots and templates.

use super::unusable::{Flaw, Unusable};

/// What one file holds.
pub(super) struct File {
    pub(super) name: String,
    pub(super) slots: Vec<Slot>,
    pub(super) templates: Vec<Template>,
}

pub(super) struct Slot {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) options: Vec<Vec<Part>>,
}

pub(super) struct Template {
    pub(super) line: usize,
    pub(super) family: String,
    pub(super) language: String,
    pub(super) written: String,
    pub(super) parts: Vec<Part>,
}

/// A piece of a template or of an option.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Slot { name: String, optional: bool },
}

// === impl Template ===

impl Template {
    /// Whether it makes one text and no other.
    pub(super) fn is_whole(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }
}

// === impl File ===

impl File {
    pub(super) fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), slots: Vec::new(), templates: Vec::new() }
    }

    pub(super) fn parse(name: String, text: &str) -> Result<Self, Unusable> {
        let mut file = Self { name, slots: Vec::new(), templates: Vec::new() };
        let mut section = None;
        for (number, line) in (1..).zip(text.lines()) {
            file.take(number, line.trim(), &mut section).map_err(|flaw| file.at(number, flaw))?;
        }
        Ok(file)
    }

    pub(super) fn at(&self, line: usize, flaw: Flaw) -> Unusable {
        Unusable::Line { file: self.name.clone(), line, flaw }
    }

    fn take(&mut self, line: usize, text: &str, section: &mut Option<(String, String)>) -> Result<(), Flaw> {
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        if let Some(definition) = text.strip_prefix('@') {
            let slot = slot(line, definition)?;
            if self.slots.iter().any(|known| known.name == slot.name) {
                return Err(Flaw::SlotTwice(slot.name));
            }
            self.slots.push(slot);
            return Ok(());
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            *section = Some(heading(inner).ok_or(Flaw::NotASection)?);
            return Ok(());
        }
        let (family, language) = section.clone().ok_or(Flaw::NoSection)?;
        let written = escaped(text).unwrap_or(text).to_owned();
        let parts = parts(&written)?;
        self.templates.push(Template { line, family, language, written, parts });
        Ok(())
    }
}

/// The line without the backslash that keeps its first character from being a mark.
fn escaped(text: &str) -> Option<&str> {
    text.strip_prefix('\\').filter(|rest| rest.starts_with(['#', '@', '[', '\\']))
}

fn heading(inner: &str) -> Option<(String, String)> {
    let (family, language) = inner.split_once(' ')?;
    let named = !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let coded = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
    (named && coded).then(|| (family.to_owned(), language.to_owned()))
}

fn slot(line: usize, definition: &str) -> Result<Slot, Flaw> {
    let (name, options) = definition.split_once('=').ok_or(Flaw::NotASlot)?;
    let name = name.trim();
    if !is_name(name) {
        return Err(Flaw::NotASlot);
    }
    let options = options_of(options)
        .into_iter()
        .map(
            |option| if option.is_empty() { Err(Flaw::EmptyOption(name.to_owned())) } else { parts(&option) },
        )
        .collect::<Result<_, _>>()?;
    Ok(Slot { line, name: name.to_owned(), options })
}

/// Split at each bar that stands alone.
fn options_of(text: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    for word in text.split(' ') {
        if word == "|" {
            options.push(String::new());
        } else if let Some(option) = options.last_mut() {
            option.push_str(word);
            option.push(' ');
        }
    }
    options.iter().map(|option| option.trim().to_owned()).collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn parts(text: &str) -> Result<Vec<Part>, Flaw> {
    let text = text.replace("\\n", "\n");
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        if let Some(beyond) = after.strip_prefix('{') {
            plain.push('{');
            rest = beyond;
            continue;
        }
        let (taken, beyond) = after.split_once('}').ok_or(Flaw::NotAName)?;
        let name = taken.strip_suffix('?').unwrap_or(taken);
        if !is_name(name) {
            return Err(Flaw::NotAName);
        }
        parts.push(Part::Text(std::mem::take(&mut plain)));
        parts.push(Part::Slot { name: name.to_owned(), optional: taken.ends_with('?') });
        rest = beyond;
    }
    plain.push_str(rest);
    parts.push(Part::Text(plain));
    Ok(parts)
}
