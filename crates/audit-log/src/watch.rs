//! Whether the files of the log are as they were left: somebody who can write them is not stopped, but noticed.
//!
//! A change shows in the time of last change, which no program can set. What it does not show: a change between our own write
//! and the look after it, or within the grain of the file system's clock; the chain and its head show that at the next start.

use crate::disk::{Disk, DiskFile, Stat};
use crate::trouble::{Stopped, Tampered, Tampering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often files that nobody writes are looked at, when entries come without a pause.
const EVERY: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(crate) struct Watch {
    disk: Arc<dyn Disk>,
    /// Written with every group, looked at before every group.
    lively: Vec<(String, Stat)>,
    /// Never written again.
    still: Vec<(String, Stat)>,
    looked: Option<Instant>,
}

// === impl Watch ===

impl Watch {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, lively: Vec::new(), still: Vec::new(), looked: None }
    }

    /// We have just written this file, and left it so.
    pub(crate) fn left(&mut self, name: &str, stat: Stat) {
        match self.lively.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = stat,
            None => self.lively.push((name.to_owned(), stat)),
        }
    }

    /// We have just written the log's file, which should end here.
    pub(crate) fn left_at(&mut self, name: &str, file: &dyn DiskFile, end: u64) -> Result<(), Stopped> {
        let stat = file.stat().map_err(Stopped::at("look at the log"))?;
        if stat.size != end {
            let how = if stat.size < end { Tampered::Truncated } else { Tampered::Grown };
            return Err(Stopped::Tampered(Tampering { file: name.to_owned(), how }));
        }
        self.left(name, stat);
        Ok(())
    }

    /// This file is never written again.
    pub(crate) fn close(&mut self, name: &str, stat: Stat) {
        self.still.push((name.to_owned(), stat));
    }

    pub(crate) fn look(&mut self) -> Result<(), Stopped> {
        self.lively.iter().try_for_each(|(name, left)| self.check(name, left))?;
        if self.looked.is_none_or(|looked| looked.elapsed() >= EVERY) {
            self.still.iter().try_for_each(|(name, left)| self.check(name, left))?;
            self.looked = Some(Instant::now());
        }
        Ok(())
    }

    fn check(&self, name: &str, left: &Stat) -> Result<(), Stopped> {
        let found = self.disk.stat(name).map_err(Stopped::at("look at the log"))?;
        difference(left, found.as_ref())
            .map_or(Ok(()), |how| Err(Stopped::Tampered(Tampering { file: name.to_owned(), how })))
    }
}

fn difference(left: &Stat, found: Option<&Stat>) -> Option<Tampered> {
    match found {
        None => Some(Tampered::Unlinked),
        Some(found) if !found.same_file(left) => Some(Tampered::Replaced),
        Some(found) if found.links != 1 => Some(Tampered::Linked),
        Some(found) if found.size < left.size => Some(Tampered::Truncated),
        Some(found) if found.size > left.size => Some(Tampered::Grown),
        Some(found) => (found != left).then_some(Tampered::Changed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_has_its_name() {
        let left = Stat { device: 1, inode: 2, links: 1, size: 3, modified: 4, changed: 5 };
        assert_eq!(difference(&left, Some(&left)), None);
        assert_eq!(difference(&left, None), Some(Tampered::Unlinked));
        for (found, how) in [
            (Stat { device: 9, ..left }, Tampered::Replaced),
            (Stat { inode: 9, ..left }, Tampered::Replaced),
            (Stat { links: 2, ..left }, Tampered::Linked),
            (Stat { size: 2, ..left }, Tampered::Truncated),
            (Stat { size: 4, ..left }, Tampered::Grown),
            (Stat { modified: 9, ..left }, Tampered::Changed),
            (Stat { changed: 9, ..left }, Tampered::Changed),
        ] {
            assert_eq!(difference(&left, Some(&found)), Some(how));
        }
    }
}
