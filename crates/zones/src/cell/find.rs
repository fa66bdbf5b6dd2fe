//! Finding the cells of a home without asking anybody who runs in them.
//!
//! Their name follows from the home's path. A file in the home says where they were made; it saves the search and is never
//! believed: what it names counts only when it has that name and lies in a tree of control groups.

use crate::cell::machine::{Hierarchy, Version};
use crate::cell::trees::{Names, Tree};
use home::{HOME_OF_THE_MACHINE, Home};
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

/// More groups than any machine of ours has; a search ends somewhere.
const MOST: usize = 50_000;

/// Where the cells were made.
fn hint(home: &Home) -> PathBuf {
    home.path().join("run/supervisor/cells.json")
}

/// On a full disk there is none, and the search takes longer.
pub(crate) fn leave_a_hint<'a>(home: &Home, parents: impl Iterator<Item = &'a Path>) {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let (hint, parents) = (hint(home), parents.collect::<Vec<_>>());
    if let (Some(folder), Ok(text)) = (hint.parent(), serde_json::to_vec(&parents)) {
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&hint);
        let _ = file.and_then(|mut file| file.write_all(&text));
    }
}

pub(crate) fn take_the_hint_away(home: &Home) {
    let _ = std::fs::remove_file(hint(home));
}

/// The group of the units' slice, below which systemd puts all of the machine's own home.
const SLICE: &str = "moltbot.slice";

/// Where the hint says, at the top of every tree, and in the groups that this process itself is in.
pub(crate) fn nearby(home: &Home, name: &str) -> Vec<Tree> {
    let untrusted_hint = std::fs::read(hint(home)).unwrap_or_default();
    let untrusted_hint: Vec<PathBuf> = serde_json::from_slice(&untrusted_hint).unwrap_or_default();
    let mut found = Vec::new();
    for hierarchy in Hierarchy::all() {
        let here = hierarchy.here.ancestors().take_while(|group| group.starts_with(&hierarchy.mount));
        let below = here.map(|group| group.join(name));
        for parent in untrusted_hint.iter().cloned().chain(below) {
            add(&mut found, &hierarchy, &parent, name);
        }
        // By the folder alone: a kill does not wait for a configuration that can be read.
        if home.path() == Path::new(HOME_OF_THE_MACHINE) {
            add_named(&mut found, &hierarchy, &hierarchy.mount.join(SLICE), SLICE, Names::Units);
        }
    }
    found
}

/// Every group of that name in every tree: two supervisors of one home, one after the other, may have stood in different groups.
pub(crate) fn everywhere(home: &Home, name: &str) -> Vec<Tree> {
    let mut found = nearby(home, name);
    for hierarchy in Hierarchy::all() {
        let mut waiting = VecDeque::from([hierarchy.mount.clone()]);
        for _ in 0..MOST {
            let Some(group) = waiting.pop_front() else { break };
            if group.file_name().is_some_and(|last| last == name) {
                add(&mut found, &hierarchy, &group, name);
                continue;
            }
            let entries = std::fs::read_dir(&group).into_iter().flatten().flatten();
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            waiting.extend(folders.map(|entry| entry.path()));
        }
    }
    found
}

fn add(found: &mut Vec<Tree>, hierarchy: &Hierarchy, untrusted_parent: &Path, name: &str) {
    add_named(found, hierarchy, untrusted_parent, name, Names::Ours);
}

fn add_named(
    found: &mut Vec<Tree>,
    hierarchy: &Hierarchy,
    untrusted_parent: &Path,
    name: &str,
    names: Names,
) {
    // No link and no `..` leads out of the tree: the path is resolved before it is looked at.
    let Ok(parent) = untrusted_parent.canonicalize() else { return };
    let Ok(mount) = hierarchy.mount.canonicalize() else { return };
    let named = parent.file_name().is_some_and(|last| last == name);
    let known = found.iter().any(|tree| tree.parent() == parent);
    if named && !known && parent.starts_with(&mount) && is_a_group(hierarchy.version, &parent) {
        found.push(Tree::at(hierarchy.clone(), parent, names));
    }
}

/// A folder below the mount point could belong to another file system that was mounted over it.
fn is_a_group(version: Version, folder: &Path) -> bool {
    const CGROUP: u64 = 0x0027_e0eb;
    const CGROUP2: u64 = 0x6367_7270;
    let expected = match version {
        Version::V1 => CGROUP,
        Version::V2 => CGROUP2,
    };
    rustix::fs::statfs(folder)
        .is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| kind == expected))
}
