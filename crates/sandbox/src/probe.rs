//! Trying to get through one's own walls.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a zone that was taken over would go for on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Files and folders of others.
    pub files: Vec<PathBuf>,
    /// Sockets of others.
    pub sockets: Vec<PathBuf>,
    /// Process ids of others.
    pub processes: Vec<u32>,
}

/// One attack, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// What was tried.
    pub attack: String,
    /// The walls any one of which refuses it.
    pub held_by: Vec<String>,
    /// What came of it.
    pub result: Tried,
}

/// What came of an attack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tried {
    /// It was refused.
    Refused {
        /// With this error.
        errno: String,
    },
    /// It succeeded.
    GotThrough {
        /// What could be done.
        how: String,
    },
    /// It could not be tried.
    NotTried {
        /// Why.
        why: String,
    },
}

/// Tries every attack. It is quick and leaves nothing behind, even where nothing refuses it.
pub fn probe(targets: &Targets) -> Vec<Attempt> {
    let open = |file: &PathBuf| match std::fs::File::open(file) {
        Ok(_) => Tried::GotThrough { how: format!("`{}` was opened", file.display()) },
        Err(error) => Tried::Refused {
            errno: match error.kind() {
                std::io::ErrorKind::PermissionDenied => "EACCES".to_owned(),
                std::io::ErrorKind::NotFound => "ENOENT".to_owned(),
                _ => format!("E{}", error.raw_os_error().unwrap_or_default()),
            },
        },
    };
    let attempt = |file| Attempt {
        attack: "read-file".to_owned(),
        held_by: vec!["files".to_owned(), "system-calls".to_owned()],
        result: open(file),
    };
    targets.files.iter().map(attempt).collect()
}
