//! Reading a TOML table key by key, collecting every problem on the way.

use crate::Problem;
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::Path;
use toml::{Table, Value};

/// A file being read; problems collect here.
pub(crate) struct Reading<'a> {
    file: &'a Path,
    problems: RefCell<Vec<Problem>>,
}

/// One table of it. Keys that nobody asked for are problems: a misspelt key must not be a silent default.
pub(crate) struct Section<'r, 'a> {
    reading: &'r Reading<'a>,
    name: String,
    table: Table,
    asked: RefCell<Vec<&'static str>>,
}

// === impl Reading ===

impl<'a> Reading<'a> {
    pub(crate) const fn new(file: &'a Path) -> Self {
        Self { file, problems: RefCell::new(Vec::new()) }
    }

    pub(crate) fn root(&self, table: Table) -> Section<'_, 'a> {
        Section { reading: self, name: String::new(), table, asked: RefCell::default() }
    }

    pub(crate) fn problem(&self, key: impl Into<String>, what: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::new(self.file, key, what));
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

// === impl Section ===

impl<'r, 'a> Section<'r, 'a> {
    /// A table inside this one; an absent one is empty.
    pub(crate) fn section(&self, key: &'static str) -> Section<'r, 'a> {
        self.optional_section(key).unwrap_or_else(|| Section {
            reading: self.reading,
            name: self.full(key),
            table: Table::new(),
            asked: RefCell::default(),
        })
    }

    /// A table inside this one, if it is there.
    pub(crate) fn optional_section(&self, key: &'static str) -> Option<Section<'r, 'a>> {
        let found = self.take(key)?;
        let Value::Table(table) = found else {
            self.wrong(key, &format!("must be a table, written [{}]", self.full(key)), &found);
            return None;
        };
        Some(Section { reading: self.reading, name: self.full(key), table, asked: RefCell::default() })
    }

    /// A string, or the default when the key is absent.
    pub(crate) fn string(&self, key: &'static str, default: &str) -> String {
        match self.take(key) {
            None => default.to_owned(),
            Some(Value::String(text)) => text,
            Some(other) => {
                self.wrong(key, "must be a string in quotes", &other);
                default.to_owned()
            }
        }
    }

    /// A string that must be there.
    pub(crate) fn required_string(&self, key: &'static str, example: &str) -> String {
        if !self.table.contains_key(key) {
            self.reading
                .problem(self.full(key), format!("is missing; write for example {key} = \"{example}\""));
        }
        self.string(key, example)
    }

    /// `true` or `false`, or the default when the key is absent.
    pub(crate) fn boolean(&self, key: &'static str, default: bool) -> bool {
        match self.take(key) {
            None => default,
            Some(Value::Boolean(is)) => is,
            Some(other) => {
                self.wrong(key, "must be true or false, without quotes", &other);
                default
            }
        }
    }

    /// A list of strings; an absent one is empty.
    pub(crate) fn strings(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let strings = value.as_array().and_then(|all| {
            all.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        strings.unwrap_or_else(|| {
            self.wrong(key, "must be a list of strings, written [\"…\", \"…\"]", &value);
            Vec::new()
        })
    }

    /// Whether the key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A whole number within a range, or the default when the key is absent.
    pub(crate) fn number(
        &self,
        key: &'static str,
        default: i64,
        range: RangeInclusive<i64>,
        unit: &str,
    ) -> i64 {
        let expected = format!("must be a whole number from {} to {} ({unit})", range.start(), range.end());
        match self.take(key) {
            None => default,
            Some(Value::Integer(number)) if range.contains(&number) => number,
            Some(other) => {
                self.wrong(key, &expected, &other);
                default
            }
        }
    }

    /// One of a few words, or the first when the key is absent.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)], default: T) -> T {
        let words = || choices.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        match self.take(key) {
            None => default,
            Some(value) => {
                let found = value.as_str().and_then(|text| choices.iter().find(|(word, _)| *word == text));
                found.map_or_else(
                    || {
                        self.wrong(key, &format!("must be {}", words()), &value);
                        default
                    },
                    |(_, choice)| *choice,
                )
            }
        }
    }

    /// Says that a key's value will not do.
    pub(crate) fn problem(&self, key: &str, what: impl Into<String>) {
        self.reading.problem(self.full(key), what);
    }

    /// Ends the section: what nobody asked for is a problem.
    pub(crate) fn finish(self) {
        let known = self.asked.borrow().join(", ");
        for key in self.unknown() {
            self.problem(&key, format!("is not a key here; known are {known}"));
        }
    }

    /// The keys that nobody asked for.
    pub(crate) fn unknown(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        self.table.keys().filter(|key| !asked.contains(&key.as_str())).cloned().collect()
    }

    fn take(&self, key: &'static str) -> Option<Value> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).cloned()
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value) {
        self.reading.problem(self.full(key), format!("{expected}, found {found}"));
    }

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}
