//! What stands and what does not, for the log and for `status`.

use std::fmt;

use serde::Serialize;

/// Every wall of a process, always in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "a missing wall must be reported"]
pub struct Walls(Vec<Wall>);

/// The walls' names, in the order in which they are told.
pub(crate) mod name {
    pub(crate) const CORE_DUMPS: &str = "core-dumps";
    pub(crate) const OPEN_FILES: &str = "open-files";
    pub(crate) const MEMORY: &str = "memory";
    pub(crate) const DESCRIPTORS: &str = "descriptors";
    pub(crate) const USER_NAMESPACE: &str = "user-namespace";
    pub(crate) const MOUNT_NAMESPACE: &str = "mount-namespace";
    pub(crate) const ROOT: &str = "root";
    pub(crate) const NETWORK_NAMESPACE: &str = "network-namespace";
    pub(crate) const PID_NAMESPACE: &str = "pid-namespace";
    pub(crate) const IPC_NAMESPACE: &str = "ipc-namespace";
    pub(crate) const UTS_NAMESPACE: &str = "uts-namespace";
    pub(crate) const CGROUP_NAMESPACE: &str = "cgroup-namespace";
    pub(crate) const USER: &str = "user";
    pub(crate) const CAPABILITIES: &str = "capabilities";
    pub(crate) const NEW_PRIVILEGES: &str = "new-privileges";
    pub(crate) const FILES: &str = "files";
    pub(crate) const TCP: &str = "tcp";
    pub(crate) const SCOPE: &str = "scope";
    pub(crate) const SYSTEM_CALLS: &str = "system-calls";

    pub(crate) const ALL: [&str; 19] = [
        CORE_DUMPS,
        OPEN_FILES,
        MEMORY,
        DESCRIPTORS,
        USER_NAMESPACE,
        MOUNT_NAMESPACE,
        ROOT,
        NETWORK_NAMESPACE,
        PID_NAMESPACE,
        IPC_NAMESPACE,
        UTS_NAMESPACE,
        CGROUP_NAMESPACE,
        USER,
        CAPABILITIES,
        NEW_PRIVILEGES,
        FILES,
        TCP,
        SCOPE,
        SYSTEM_CALLS,
    ];
}

/// One wall and whether it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// A short, stable name: `core-dumps`, `open-files`, `memory`, `descriptors`, `user-namespace`, `mount-namespace`,
    /// `root`, `network-namespace`, `pid-namespace`, `ipc-namespace`, `uts-namespace`, `cgroup-namespace`, `user`,
    /// `capabilities`, `new-privileges`, `files`, `tcp`, `scope`, `system-calls`.
    pub name: &'static str,
    /// Whether it stands.
    #[serde(flatten)]
    pub state: WallState,
}

/// Whether a wall stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum WallState {
    /// It was raised, and where it can be read back, it was.
    Stands,
    /// It is wanted and could not be raised.
    Missing {
        /// What the system said.
        why: String,
    },
    /// This process keeps the power on purpose.
    NotWanted,
}

// === impl Walls ===

impl Walls {
    pub(crate) fn new(mut walls: Vec<Wall>) -> Walls {
        walls.sort_by_key(|wall| name::ALL.iter().position(|name| *name == wall.name));
        Walls(walls)
    }

    /// Every wall, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Wall> {
        self.0.iter()
    }

    /// Whether every wanted wall stands.
    pub fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The wanted walls that do not stand, each with its reason.
    pub fn missing(&self) -> impl Iterator<Item = (&Wall, &str)> {
        self.0.iter().filter_map(|wall| match &wall.state {
            WallState::Missing { why } => Some((wall, why.as_str())),
            WallState::Stands | WallState::NotWanted => None,
        })
    }
}

/// One line for a log: `18 of 18 walls stand`, or `17 of 18 walls stand; missing: tcp (…)`.
impl fmt::Display for Walls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = self.0.iter().filter(|wall| wall.state != WallState::NotWanted).count();
        let missing = self.missing().count();
        write!(f, "{} of {wanted} walls stand", wanted - missing)?;
        for (nth, (wall, why)) in self.missing().enumerate() {
            write!(f, "{}{} ({why})", if nth == 0 { "; missing: " } else { ", " }, wall.name)?;
        }
        Ok(())
    }
}

// === impl Wall ===

impl Wall {
    /// What an operator can do about this wall where it is missing.
    pub(crate) fn mend(&self) -> &'static str {
        if !cfg!(target_os = "linux") {
            return "start the process under its Seatbelt profile and set `best-effort` here";
        }
        match self.name {
            name::FILES => {
                "boot a kernel from 5.13 on with `landlock` in its `lsm=` list, or set `best-effort`"
            }
            name::TCP => "boot Linux 6.7 or newer with Landlock, or set `best-effort`",
            name::SCOPE => "boot Linux 6.12 or newer with Landlock, or set `best-effort`",
            name::SYSTEM_CALLS => {
                "let the container or unit that surrounds this process allow `seccomp`, or set `best-effort`"
            }
            name::USER_NAMESPACE
            | name::MOUNT_NAMESPACE
            | name::ROOT
            | name::NETWORK_NAMESPACE
            | name::PID_NAMESPACE
            | name::IPC_NAMESPACE
            | name::UTS_NAMESPACE
            | name::CGROUP_NAMESPACE
            | name::CAPABILITIES => {
                "on Ubuntu load the profile deploy/linux/apparmor/moltbot; elsewhere let the container or unit that \
                 surrounds this process allow user namespaces, or start it as root; or set `best-effort`"
            }
            name::USER => "start the supervisor as root, or give zones no user of their own",
            name::DESCRIPTORS => "start the program without a folder as its standard input or output",
            _ => {
                "look at the limits of the unit or container that surrounds this process, or set `best-effort`"
            }
        }
    }
}

// === impl WallState ===

impl WallState {
    pub(crate) fn missing(why: impl fmt::Display) -> WallState {
        WallState::Missing { why: why.to_string() }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn not_raised_here() -> WallState {
    WallState::missing("Seatbelt is applied by the profile that the process is started under, not here")
}
