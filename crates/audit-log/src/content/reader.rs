//! Reading contents from another process than the one that writes them.

use super::ContentProblem;
use super::filing::Shelf;
use super::journal::{FOLDER, Records, numbers};
use action::Digest;
use std::io;
use std::path::Path;

/// A store of contents as it is read from outside, also while it is written.
#[derive(Clone, Debug)]
pub struct ContentReader {
    shelf: Shelf,
}

// === impl ContentReader ===

impl ContentReader {
    /// The store in this folder, which need not be there.
    pub fn new(folder: &Path) -> Self {
        Self { shelf: Shelf::at(folder) }
    }

    /// The bytes of that digest; `None` when they are not there (any more).
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, ContentProblem> {
        if let Some(bytes) = self.shelf.get(digest)? {
            return Ok(Some(bytes));
        }
        let in_journal = self.in_journal(digest);
        let folder = || self.shelf.folder().to_owned();
        match in_journal.map_err(|source| ContentProblem::Io { folder: folder(), source })? {
            Some(bytes) => Ok(Some(bytes)),
            // It may have gone from the journal to its file between both looks; never the other way.
            None => self.shelf.get(digest),
        }
    }

    fn in_journal(&self, digest: Digest) -> io::Result<Option<Vec<u8>>> {
        let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let folder = self.shelf.folder().join(FOLDER);
        let numbers = match numbers(&folder) {
            Err(error) if missing(&error) => return Ok(None),
            numbers => numbers?,
        };
        for number in numbers.into_iter().rev() {
            match Records::of(&folder.join(number.to_string())).and_then(|records| records.find(digest)) {
                Ok(None) => {}
                Err(error) if missing(&error) => {}
                found => return found,
            }
        }
        Ok(None)
    }
}
