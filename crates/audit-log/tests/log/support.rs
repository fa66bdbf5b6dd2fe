//! What every test of a log needs.

use audit_log::{AuditLog, EntryRef, Fold, HeadKey, Need, OpenProblem, Opened, Options, Place, Signer};
use jiff::Timestamp;
use std::path::Path;

/// RFC 8032, section 7.1, first key.
const KEY: &str = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// The signer of every test's log.
pub(crate) fn signer() -> Signer {
    Signer { origin: "example.org/moltbot/executor".parse().unwrap(), key: HeadKey::from_text(KEY).unwrap() }
}

/// A memory of everything: the number and the type of each entry.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Begins with an entry of this type.
    pub(crate) begins_with: Option<&'static str>,
    /// What was taken.
    pub(crate) entries: Vec<(u64, String)>,
}

impl Fold for Seen {
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool {
        self.begins_with.is_some_and(|begins_with| first.event_type == begins_with)
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        self.entries.push((entry.seq, entry.event_type.clone().into_owned()));
    }
}

/// Opens the log at this path.
pub(crate) fn open_with(path: &Path, seen: &mut Seen) -> Result<Opened, OpenProblem> {
    AuditLog::open(&Place::of(path).unwrap(), signer(), &Options::default(), seen)
}

/// The same for who needs no entries.
pub(crate) fn open(path: &Path) -> Result<Opened, OpenProblem> {
    open_with(path, &mut Seen::default())
}

/// The same with other bounds.
pub(crate) fn open_options(path: &Path, options: &Options) -> Result<Opened, OpenProblem> {
    AuditLog::open(&Place::of(path).unwrap(), signer(), options, &mut Seen::default())
}

/// Fills the active segment and begins the next one with an entry `rotated`.
pub(crate) fn rotate(log: &mut AuditLog) {
    while !log.rotation_due() {
        let filler = "x".repeat(2000);
        log.append(Timestamp::now(), "filler", &filler, Need::Ordinary).unwrap().wait_blocking().unwrap();
    }
    log.rotate(Timestamp::now(), "rotated", &()).unwrap().wait_blocking().unwrap();
}
