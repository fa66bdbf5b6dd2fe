//! The files of a log and their names.
//!
//! `<stem>.jsonl` is the active segment, to which entries are appended. `<stem>-<number of its first entry>.jsonl` are the
//! closed ones, in their order. Each segment is a piece of one chain: its first entry links to the last one of the segment
//! before. `<stem>.next` is the segment after the active one while it is being made; `<stem>.head` the signed head;
//! `<stem>.lock` the lock; `<stem>.torn-<n>` what was cut off after a crash.

use crate::disk::{Disk, Folder};
use crate::head_file::HeadFile;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a log is.
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) disk: Arc<dyn Disk>,
    stem: String,
}

// === impl Place ===

impl Place {
    /// The log whose active segment is this file, which must end in `.jsonl`.
    pub fn of(path: &Path) -> io::Result<Self> {
        let stem = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".jsonl"))
            .filter(|stem| !stem.is_empty())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the name must end in `.jsonl`"))?;
        Ok(Self::on(Arc::new(Folder::new(path.parent().unwrap_or(Path::new("")))), stem))
    }

    /// The log of this name on this disk.
    pub fn on(disk: Arc<dyn Disk>, stem: &str) -> Self {
        Self { disk, stem: stem.to_owned() }
    }

    /// The signed note in the head's file, without what fills it up to a sector; `None` when there is no file.
    ///
    /// While the log is written to, one that does not verify should be read again: it may have been written meanwhile.
    pub fn head_note(&self) -> io::Result<Option<Vec<u8>>> {
        HeadFile::read(&*self.disk, &self.head())
    }

    pub(crate) fn active(&self) -> String {
        format!("{}.jsonl", self.stem)
    }

    pub(crate) fn closed(&self, first: u64) -> String {
        format!("{}-{first:012}.jsonl", self.stem)
    }

    pub(crate) fn next(&self) -> String {
        format!("{}.next", self.stem)
    }

    pub(crate) fn head(&self) -> String {
        format!("{}.head", self.stem)
    }

    pub(crate) fn lock(&self) -> String {
        format!("{}.lock", self.stem)
    }

    pub(crate) fn torn(&self, n: u32) -> String {
        format!("{}.torn-{n}", self.stem)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.disk.path(name)
    }

    /// The numbers of the first entries of the closed segments, in order.
    pub(crate) fn closed_segments(&self) -> io::Result<Vec<u64>> {
        let mut firsts: Vec<u64> =
            self.disk.names()?.iter().filter_map(|name| self.first_of_closed(name)).collect();
        firsts.sort_unstable();
        Ok(firsts)
    }

    fn first_of_closed(&self, name: &str) -> Option<u64> {
        let number = name.strip_prefix(&self.stem)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
        let first = number.parse().ok()?;
        // One way to write each number: nobody may add a second segment under another spelling.
        (self.closed(first) == name).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_segments_are_found_by_their_names_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("executor.jsonl")).unwrap();
        let closed = [place.closed(1_000_000_000_000), place.closed(1), place.closed(77)];
        assert_eq!(closed[1], "executor-000000000001.jsonl");
        let foreign = [
            "executor-1.jsonl",
            "executor-+00000000001.jsonl",
            "executor-x.jsonl",
            "other-000000000001.jsonl",
        ];
        for name in closed.iter().map(String::as_str).chain(foreign) {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(place.closed_segments().unwrap(), [1, 77, 1_000_000_000_000]);
    }

    #[test]
    fn only_a_jsonl_file_is_a_log() {
        for name in ["", "executor", ".jsonl", "executor.json"] {
            assert!(Place::of(Path::new(name)).is_err(), "{name}");
        }
    }
}
