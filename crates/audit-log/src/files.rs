//! The files of one log: closed segments `<name>-<number of the first entry>.jsonl`, and `<name>.jsonl`, which is written to.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where the files of a log are.
///
/// Having one tells you nothing about what is there: the files are looked for each time, because a log that is being
/// written closes segments and begins new ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFiles {
    folder: PathBuf,
    name: String,
}

// === impl LogFiles ===

impl LogFiles {
    /// The log of that name in this folder.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { folder: folder.to_owned(), name: name.to_owned() }
    }

    /// The log whose active file is this: `audit/executor.jsonl` is the log `executor` in `audit`.
    pub fn of(active: &Path) -> Self {
        let name = active.file_stem().unwrap_or_default().to_string_lossy();
        Self::new(active.parent().unwrap_or(Path::new("")), &name)
    }

    /// The file that is written to.
    pub fn active(&self) -> PathBuf {
        self.folder.join(format!("{}.jsonl", self.name))
    }

    /// What a segment is called once it is closed.
    pub fn segment(&self, first_seq: u64) -> PathBuf {
        self.folder.join(format!("{}-{first_seq:012}.jsonl", self.name))
    }

    /// The files that are there, oldest first.
    pub fn list(&self) -> io::Result<Vec<PathBuf>> {
        let mut files: Vec<_> = self.closed()?.into_values().collect();
        files.extend(Some(self.active()).filter(|active| active.exists()));
        Ok(files)
    }

    /// The closed segments by the number of their first entry.
    pub(crate) fn closed(&self) -> io::Result<BTreeMap<u64, PathBuf>> {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let mut closed = BTreeMap::new();
        for file in std::fs::read_dir(folder)? {
            let name = file?.file_name();
            let first_seq = name.to_str().and_then(|name| self.first_seq(name));
            closed.extend(first_seq.map(|first_seq| (first_seq, self.segment(first_seq))));
        }
        Ok(closed)
    }

    fn first_seq(&self, file_name: &str) -> Option<u64> {
        let digits = file_name.strip_prefix(&self.name)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
        let first_seq: u64 = digits.parse().ok()?;
        (digits == format!("{first_seq:012}")).then_some(first_seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_listed_oldest_first_and_nothing_else_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let log = LogFiles::of(&folder.path().join("executor.jsonl"));
        assert_eq!(log, LogFiles::new(folder.path(), "executor"));
        assert_eq!(log.list().unwrap(), Vec::<PathBuf>::new());
        for file in [
            "executor.jsonl",
            "executor-1000000000000.jsonl",
            "executor-000000000001.jsonl",
            "executor-000000000900.jsonl",
            "executor-900.jsonl",
            "executor-+00000000900.jsonl",
            "executor-000000000001.jsonl.torn-1",
            "executor-x-000000000001.jsonl",
            "other-000000000001.jsonl",
            "executor.head",
        ] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let expected = [log.segment(1), log.segment(900), log.segment(1_000_000_000_000), log.active()];
        assert_eq!(log.list().unwrap(), expected);
    }
}
