//! Why a log cannot be opened.

use crate::entry::NotAnEntry;
use crate::lock::Holder;
use std::io;
use std::path::{Path, PathBuf};

/// Why a log cannot be opened. Where the record cannot be trusted nothing is repaired: it is evidence.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// A file cannot be made, read, written or locked.
    #[error("cannot use the audit log's file `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes it.
    #[error(
        "the audit log `{}` is in use by {}; stop that one first (`moltctl down`)",
        path.display(), by.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string)
    )]
    Held {
        /// Which log.
        path: PathBuf,
        /// Who holds it, where it says so.
        by: Option<Holder>,
    },
    /// The chain does not hold.
    #[error("the audit log `{}` is broken at entry {at} ({source}); {}", path.display(), start_anew(path))]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The first entry that does not hold.
        at: u64,
        /// What is wrong with it.
        source: NotAnEntry,
    },
    /// Entries that the head names are gone.
    #[error(
        "the audit log `{}` ends after entry {entries}, but its signed head names {signed}: its end was cut off; {}",
        path.display(), start_anew(path)
    )]
    Truncated {
        /// Which log.
        path: PathBuf,
        /// How many entries there are.
        entries: u64,
        /// How many the head names.
        signed: u64,
    },
    /// The chain holds, but it is not the one that was signed.
    #[error(
        "the audit log `{}` was written anew: entry {at} is another than its signed head names; {}",
        path.display(), start_anew(path)
    )]
    Rewritten {
        /// Which log.
        path: PathBuf,
        /// The entry that the head names.
        at: u64,
    },
    /// There are entries and no head.
    #[error("the audit log has entries but its signed head `{}` is missing; {}", path.display(), start_anew(path))]
    HeadMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The head is not one that we signed.
    #[error(
        "the signed head `{}` of the audit log is not signed with this home's key; {}",
        path.display(), start_anew(path)
    )]
    HeadForged {
        /// Which file.
        path: PathBuf,
    },
    /// The head is older than the last rotation, before which it was made durable.
    #[error(
        "the signed head `{}` of the audit log names {signed} entries, but was made durable with {durable}: an older \
         one was put in its place; {}",
        path.display(), start_anew(path)
    )]
    HeadOld {
        /// Which file.
        path: PathBuf,
        /// How many entries the head names.
        signed: u64,
        /// How many a durable head has named.
        durable: u64,
    },
}

fn start_anew(path: &Path) -> String {
    format!(
        "nothing is done on a record that cannot be trusted: keep it as evidence (move the folder `{}` elsewhere) and \
         start anew",
        path.parent().unwrap_or(Path::new("")).display()
    )
}
