//! Another root folder with an installation in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A root that the install script filled.
pub(crate) struct Root(TempDir);

impl Root {
    /// Installs into an empty one.
    pub(crate) fn installed() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        root.install();
        root
    }

    /// Runs the install script; gives what it said.
    pub(crate) fn install(&self) -> String {
        self.script("install.sh", &["--from", crate::programs().to_str().unwrap()])
    }

    /// Runs the uninstall script; gives what it said.
    pub(crate) fn uninstall(&self) -> String {
        self.script("uninstall.sh", &[])
    }

    /// The place of an absolute path below it.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    /// Ids and names, as its own user table has them.
    pub(crate) fn users(&self) -> BTreeMap<u32, String> {
        ids(&self.at("/etc/passwd"))
    }

    /// Ids and names, as its own group table has them.
    pub(crate) fn groups(&self) -> BTreeMap<u32, String> {
        ids(&self.at("/etc/group"))
    }

    /// Every file and folder: its path, and mode, owner, size and the time of its last change.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, (u32, u32, u32, u64, i64, i64)> {
        let mut found = BTreeMap::new();
        collect(self.0.path(), &mut found);
        found
    }

    fn script(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(crate::deploy().join(name));
        let (well, said) = crate::run(command.args(arguments).env("DESTDIR", self.0.path()));
        assert!(well, "{name}: {said}");
        said
    }
}

fn ids(table: &Path) -> BTreeMap<u32, String> {
    let text = fs::read_to_string(table).unwrap();
    let entry = |line: &str| {
        let fields: Vec<_> = line.split(':').collect();
        (fields[2].parse().unwrap(), fields[0].to_owned())
    };
    // Root has no line in a table that was made from nothing.
    text.lines().map(entry).chain([(0, "root".to_owned())]).collect()
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, (u32, u32, u32, u64, i64, i64)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            collect(&path, found);
        }
        let m = &metadata;
        // A folder's time changes when something passes through it.
        let when = if m.is_dir() { (0, 0) } else { (m.mtime(), m.mtime_nsec()) };
        let size = if m.is_dir() { 0 } else { m.len() };
        found.insert(path, (m.mode(), m.uid(), m.gid(), size, when.0, when.1));
    }
}
