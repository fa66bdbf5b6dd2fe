//! The probe: a zone tries to break out, from inside, so that its walls are known to hold and not only to be built.
//!
//! Every attempt is harmless even where no wall stands: nothing is sent, changed or left behind. Where a call would do
//! something, its arguments are such that the kernel, asked at all, answers with an errno that no wall uses.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
mod attack;
mod breach;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod network;

pub use breach::Breached;

/// What a zone should not reach, as its supervisor knows it from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Targets {
    /// Files that a zone must not read. `/etc/shadow` is tried in any case.
    pub files: Vec<PathBuf>,
    /// Sockets of other zones.
    pub sockets: Vec<PathBuf>,
    /// The name of an abstract socket that somebody outside listens on.
    pub abstract_socket: Option<String>,
    /// An address on the machine's loopback that somebody outside listens on.
    pub loopback: Option<SocketAddr>,
    /// Processes outside the zone, by their numbers outside.
    pub processes: Vec<u32>,
    /// The zone's own program.
    pub own_program: Option<PathBuf>,
}

/// One attempt to break out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// A short, stable name of what was tried.
    pub attack: String,
    /// The walls any one of which refuses it, by the names in [`Wall`](crate::Wall).
    pub held_by: Vec<String>,
    /// What came of it.
    pub result: Outcome,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A wall answered.
    Refused {
        /// Its answer, such as `EPERM`.
        errno: String,
    },
    /// No wall answered: the zone is breached. An answer that is not known to be a wall's counts as this.
    GotThrough {
        /// What could be done.
        how: String,
    },
    /// There was nothing to try it on.
    NotTried {
        /// Why.
        why: String,
    },
}

impl Attempt {
    /// Whether no wall answered.
    pub fn got_through(&self) -> bool {
        matches!(self.result, Outcome::GotThrough { .. })
    }
}

/// Tries everything once. Takes a few milliseconds, never blocks, and starts no thread.
#[cfg(target_os = "linux")]
pub fn probe(targets: &Targets) -> Vec<Attempt> {
    [network::ATTACKS, files::ATTACKS, kernel::ATTACKS]
        .into_iter()
        .flatten()
        .map(|attack| attack.on(targets))
        .collect()
}

/// Tries nothing: the walls of other systems are Seatbelt's, which its own tools judge.
#[cfg(not(target_os = "linux"))]
pub fn probe(_targets: &Targets) -> Vec<Attempt> {
    let why = "the probe speaks to Linux only".to_owned();
    vec![Attempt { attack: "all".to_owned(), held_by: Vec::new(), result: Outcome::NotTried { why } }]
}
