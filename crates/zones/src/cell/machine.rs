//! What this machine has of control groups: one tree for everything (v2), one per controller (v1), or both side by side.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// What a tree can bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    Memory,
    Pids,
    Cpu,
}

/// The two kinds of tree. Only the second can kill a group at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// One tree, and where in it this process stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) version: Version,
    /// Of a v1 tree: what it bounds. A v2 tree says so in each of its groups.
    pub(crate) controllers: BTreeSet<Controller>,
    /// Where the tree is mounted.
    pub(crate) mount: PathBuf,
    /// This process's own group.
    pub(crate) here: PathBuf,
}

// === impl Controller ===

impl Controller {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Pids, Self::Cpu];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Pids => "pids",
            Self::Cpu => "cpu",
        }
    }

    /// The wall that a limit by this controller is.
    pub(crate) const fn wall(self) -> &'static str {
        match self {
            Self::Memory => "cell-memory",
            Self::Pids => "cell-pids",
            Self::Cpu => "cell-cpu",
        }
    }

    fn among<'a>(words: impl Iterator<Item = &'a str>) -> BTreeSet<Self> {
        let named = |word: &str| Self::ALL.into_iter().find(|controller| controller.as_str() == word);
        words.filter_map(named).collect()
    }

    /// Which of ours a v2 group may use.
    pub(crate) fn offered_in(group: &Path) -> BTreeSet<Self> {
        let offered = std::fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
        Self::among(offered.split_whitespace())
    }
}

// === impl Hierarchy ===

impl Hierarchy {
    /// Every tree of this machine that can hold a cell of ours; none where `/proc` does not tell.
    pub(crate) fn all() -> Vec<Self> {
        let read = |name| std::fs::read(name).unwrap_or_default();
        parse(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
    }
}

fn parse(mountinfo: &[u8], memberships: &[u8]) -> Vec<Hierarchy> {
    let (mountinfo, memberships) = (String::from_utf8_lossy(mountinfo), String::from_utf8_lossy(memberships));
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in mountinfo.lines() {
        let Some(hierarchy) = parse_mount(line, &memberships) else { continue };
        let same = |known: &&Hierarchy| {
            known.version == hierarchy.version && known.controllers == hierarchy.controllers
        };
        // A tree that is mounted twice is one tree.
        if found.iter().find(same).is_none() {
            found.push(hierarchy);
        }
    }
    found
}

/// `31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw`
fn parse_mount(line: &str, memberships: &str) -> Option<Hierarchy> {
    let (place, kind) = line.split_once(" - ")?;
    let (mut place, mut kind) = (place.split(' ').skip(3), kind.split(' '));
    let (root, mount) = (unescaped(place.next()?), unescaped(place.next()?));
    let (version, controllers) = match kind.next()? {
        "cgroup2" => (Version::V2, BTreeSet::new()),
        "cgroup" => {
            let controllers = Controller::among(kind.nth(1)?.split(','));
            if controllers.is_empty() {
                return None;
            }
            (Version::V1, controllers)
        }
        _ => return None,
    };
    let group = memberships.lines().find_map(|line| membership(line, version, &controllers))?;
    // What is mounted may begin further down than the tree does: below it our own group must be.
    let below = group.strip_prefix(&root).ok()?;
    let sane = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    sane.then(|| Hierarchy { version, controllers, here: mount.join(below), mount })
}

/// `4:memory:/some/group` or `0::/some/group`
fn membership(line: &str, version: Version, controllers: &BTreeSet<Controller>) -> Option<PathBuf> {
    let (_, rest) = line.split_once(':')?;
    let (names, group) = rest.split_once(':')?;
    let is_this = match version {
        Version::V1 => Controller::among(names.split(',')) == *controllers,
        Version::V2 => names.is_empty(),
    };
    is_this.then(|| PathBuf::from(group))
}

/// The kernel writes space, tab, newline and backslash as three octal digits.
fn unescaped(path: &str) -> PathBuf {
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mountinfo: &str, memberships: &str, expected: &[(Version, &[Controller], &str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|&(version, controllers, mount, here)| Hierarchy {
                version,
                controllers: controllers.iter().copied().collect(),
                mount: mount.into(),
                here: here.into(),
            })
            .collect();
        assert_eq!(parse(mountinfo.as_bytes(), memberships.as_bytes()), expected);
    }

    #[test]
    fn a_service_on_one_tree_stands_in_its_own_group() {
        check(
            "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
            "0::/system.slice/moltbot.service\n",
            &[(Version::V2, &[], "/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/moltbot.service")],
        );
    }

    #[test]
    fn both_kinds_side_by_side_are_both_found() {
        check(
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
             32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
             34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
             35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "9:name=systemd:/\n4:memory:/a/b\n2:cpu,cpuacct:/\n0::/\n",
            &[
                (Version::V1, &[Controller::Cpu], "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu/"),
                (Version::V1, &[Controller::Memory], "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/a/b"),
                (Version::V2, &[], "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/"),
            ],
        );
    }

    #[test]
    fn in_a_container_the_tree_begins_at_its_own_group() {
        check(
            "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            "0::/docker/abc/inner\n",
            &[(Version::V2, &[], "/sys/fs/cgroup", "/sys/fs/cgroup/inner")],
        );
    }

    #[test]
    fn a_group_outside_of_what_is_mounted_is_not_guessed_at() {
        check("31 23 0:28 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/other\n", &[]);
        check("31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/../other\n", &[]);
        check("nonsense - \n - cgroup2\n", "0:\n", &[]);
    }

    #[test]
    fn a_mount_point_with_a_space_is_read_as_it_is() {
        assert_eq!(unescaped(r"/a\040b\134c"), PathBuf::from(r"/a b\c"));
    }
}
