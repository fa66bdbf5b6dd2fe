//! How many elements there are of each name.

use std::collections::HashMap;

use crate::html::{element::HOW_MANY, name::Name};

#[derive(Debug)]
pub(super) struct Counts {
    /// Of the elements that are known.
    known: [u32; HOW_MANY],
    others: HashMap<Name, u32>,
}

// === impl Counts ===

impl Counts {
    pub(super) fn new() -> Self {
        Self { known: [0; HOW_MANY], others: HashMap::new() }
    }

    pub(super) fn of(&self, name: Name) -> u32 {
        match name.whole() {
            Some(known) => self.known.get(known.number()).copied().unwrap_or_default(),
            None if self.others.is_empty() => 0,
            None => self.others.get(&name).copied().unwrap_or_default(),
        }
    }

    pub(super) fn add(&mut self, name: Name) {
        match name.whole() {
            Some(known) => {
                if let Some(count) = self.known.get_mut(known.number()) {
                    *count += 1;
                }
            }
            None => *self.others.entry(name).or_default() += 1,
        }
    }

    /// Takes one away; false if there was none.
    pub(super) fn take(&mut self, name: Name) -> bool {
        let count = match name.whole() {
            Some(known) => self.known.get_mut(known.number()),
            None if self.others.is_empty() => None,
            None => self.others.get_mut(&name),
        };
        let Some(count) = count.filter(|count| **count > 0) else { return false };
        *count -= 1;
        true
    }
}
