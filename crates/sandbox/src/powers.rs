//! Which powers a process keeps, and what happens where a wall cannot be raised.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a process keeps after [`enter`](crate::enter). One constant per zone: powers are never put together at run
/// time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Powers {
    pub(crate) files: Power,
    pub(crate) network: Power,
    pub(crate) programs: Power,
    pub(crate) kernel: Power,
    /// Its view of the machine, its user and what root's power is cut into. Given up means: no call that is not listed.
    pub(crate) machine: Power,
    pub(crate) open_files: Bound,
    pub(crate) memory: Bound,
    /// Only these walls, for tests. `None` is every wall that the powers above want.
    only: Option<&'static [&'static str]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Kept,
    GivenUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    AsGiven,
    AtMost(u64),
}

impl Powers {
    /// Zone 3 reads hostile text: nothing of the machine but its socket's folder, no files, no network, no new sockets,
    /// no new processes, and no system call but those in a short list.
    pub const READER: Powers = Powers {
        files: Power::GivenUp,
        network: Power::GivenUp,
        programs: Power::GivenUp,
        kernel: Power::GivenUp,
        machine: Power::GivenUp,
        open_files: Bound::AtMost(1024),
        // Generous beside the 25 MiB of raw content that it may be given; a bomb ends the process, not the machine.
        memory: Bound::AtMost(1 << 30),
        only: None,
    };

    /// Zone 2 plans: the same as Zone 3.
    pub const PLANNER: Powers = Powers { memory: Bound::AtMost(2 << 30), ..Powers::READER };

    /// The owner's side keeps files and network. It starts no programs and has no business in the kernel.
    pub const CONTROL_PLANE: Powers = Powers {
        files: Power::Kept,
        network: Power::Kept,
        programs: Power::GivenUp,
        kernel: Power::GivenUp,
        machine: Power::Kept,
        open_files: Bound::AsGiven,
        memory: Bound::AsGiven,
        only: None,
    };

    /// Zone 1 acts on the world: it keeps files and network, but starts no programs, dumps no core and gains no privilege.
    pub const EXECUTOR: Powers = Powers::CONTROL_PLANE;

    /// A relay outside a virtual machine carries bytes and parses none. It dials the zone's socket anew for each stream, and may
    /// have to start the program that is its pipe.
    pub const RELAY: Powers = Powers { programs: Power::Kept, ..Powers::CONTROL_PLANE };

    /// The same with these walls alone, so that a test can show what each of them holds. A zone has no use for it.
    #[doc(hidden)]
    pub const fn danger_only(self, walls: &'static [&'static str]) -> Powers {
        Powers { only: Some(walls), ..self }
    }

    /// Whether a wall is to be raised, its power being given up.
    pub(crate) fn want(&self, wall: &str) -> bool {
        self.only.is_none_or(|only| only.contains(&wall))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn keeps_everything(&self) -> bool {
        [self.files, self.network, self.programs, self.kernel, self.machine] == [Power::Kept; 5]
    }
}

/// What happens where a wall cannot be raised. Read from configuration as `require` or `best-effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// A missing wall is an error, and the process ends.
    Require,
    /// A missing wall is reported, and the process goes on without it.
    BestEffort,
}

/// A word that is neither `require` nor `best-effort`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is neither `require` nor `best-effort`")]
pub struct UnknownRequirement {
    /// The word as it was given.
    pub word: String,
}

impl FromStr for Requirement {
    type Err = UnknownRequirement;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "require" => Ok(Requirement::Require),
            "best-effort" => Ok(Requirement::BestEffort),
            _ => Err(UnknownRequirement { word: word.to_owned() }),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Requirement::Require => "require",
            Requirement::BestEffort => "best-effort",
        })
    }
}
