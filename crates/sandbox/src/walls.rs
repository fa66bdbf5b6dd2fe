//! What stands and what does not, for the log and for `status`.

use std::fmt;

use serde::Serialize;

/// Every wall of a process, in the order in which they were raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "a missing wall must be reported"]
pub struct Walls(Vec<Wall>);

/// One wall and whether it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wall {
    /// A short, stable name: `core-dumps`, `open-files`, `memory`, `new-privileges`, `files`, `tcp`, `scope`,
    /// `system-calls`.
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
    pub(crate) fn new(walls: Vec<Wall>) -> Walls {
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

/// One line for a log: `8 of 8 walls stand`, or `7 of 8 walls stand; missing: tcp (…)`.
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
            "files" => "boot a kernel from 5.13 on with `landlock` in its `lsm=` list, or set `best-effort`",
            "tcp" => "boot Linux 6.7 or newer with Landlock, or set `best-effort`",
            "scope" => "boot Linux 6.12 or newer with Landlock, or set `best-effort`",
            "system-calls" => {
                "let the container or unit that surrounds this process allow `seccomp`, or set `best-effort`"
            }
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
