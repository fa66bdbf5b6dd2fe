//! The slots that a file's templates may take, known to be there and to come to an end.

use std::collections::BTreeMap;

use super::parse::{File, Part, Slot};
use super::unusable::{Flaw, Unusable};

/// The slots of a file and of the common file.
pub(super) struct Slots<'a> {
    by_name: BTreeMap<&'a str, (&'a File, &'a Slot)>,
}

/// How an option is to begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    AsWritten,
    FirstCapital,
    AllCapitals,
}

impl<'a> Slots<'a> {
    /// A file's own slot goes before a common one of the same name.
    pub(super) fn of(file: &'a File, common: &'a File) -> Result<Self, Unusable> {
        let mut by_name = BTreeMap::new();
        for home in [common, file] {
            by_name.extend(home.slots.iter().map(|slot| (slot.name.as_str(), (home, slot))));
        }
        let slots = Self { by_name };
        let mut ended = Vec::new();
        for (home, slot) in slots.by_name.values() {
            for option in &slot.options {
                slots.check(option, home, slot.line)?;
            }
            slots.ends(home, slot, &mut Vec::new(), &mut ended)?;
        }
        Ok(slots)
    }

    /// Every slot that the parts take is there.
    pub(super) fn check(&self, parts: &[Part], file: &File, line: usize) -> Result<(), Unusable> {
        for name in names(parts) {
            if self.find(name).is_none() {
                return Err(file.at(line, Flaw::UnknownSlot(name.to_owned())));
            }
        }
        Ok(())
    }

    /// No way from the slot leads back to a slot on that way.
    fn ends(
        &self,
        home: &File,
        slot: &'a Slot,
        way: &mut Vec<&'a str>,
        ended: &mut Vec<&'a str>,
    ) -> Result<(), Unusable> {
        if ended.contains(&slot.name.as_str()) {
            return Ok(());
        }
        if way.contains(&slot.name.as_str()) {
            return Err(home.at(slot.line, Flaw::RecursiveSlot(slot.name.clone())));
        }
        way.push(&slot.name);
        for (next_home, next, _) in
            slot.options.iter().flat_map(|parts| names(parts)).filter_map(|name| self.find(name))
        {
            self.ends(next_home, next, way, ended)?;
        }
        way.pop();
        ended.push(&slot.name);
        Ok(())
    }

    /// The slot as it is named, or else with a capital or in capitals.
    pub(super) fn find(&self, name: &str) -> Option<(&'a File, &'a Slot, Case)> {
        if let Some((home, slot)) = self.by_name.get(name) {
            return Some((home, slot, Case::AsWritten));
        }
        let case = if name.len() > 1 && !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Case::AllCapitals
        } else {
            Case::FirstCapital
        };
        let (home, slot) = self.by_name.get(name.to_ascii_lowercase().as_str())?;
        Some((home, slot, case))
    }
}

fn names(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Slot { name, .. } => Some(name.as_str()),
        Part::Text(_) => None,
    })
}
