//! The record of a home, read from its files while an executor may be writing them.

use action::Digest;
use anyhow::Context as _;
use audit_log::{ContentReader, Entry, LogFiles, NotAnEntry, Verdict};
use capability::ApprovalVerifier;
use home::{Home, Problem, Problems};
use ledger::{Event, NotAnEvent};
use std::io;

/// The record of a home.
pub(crate) struct Record {
    home: Home,
    files: LogFiles,
}

// === impl Record ===

impl Record {
    /// Nothing is read yet.
    pub(crate) fn of(home: &Home) -> Self {
        Self { home: home.clone(), files: LogFiles::of(&home.audit_log()) }
    }

    /// The entries in order, each checked; ends after the first that does not hold.
    pub(crate) fn entries(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>> + use<>> {
        audit_log::entries(&self.files).with_context(|| {
            let log = self.home.audit_log();
            format!("cannot read the audit log `{}`; it is made by the first `moltctl up`", log.display())
        })
    }

    /// Tells every entry that holds, in order, and says whether all of them did.
    pub(crate) fn tell(&self, mut each: impl FnMut(Entry)) -> anyhow::Result<Verdict> {
        let mut entries = 0;
        for entry in self.entries()? {
            let Ok(entry) = entry? else { return Ok(Verdict::Broken { at: entries + 1 }) };
            entries = entry.seq;
            each(entry);
        }
        Ok(Verdict::Valid { entries })
    }

    /// The home that it is of.
    pub(crate) const fn home(&self) -> &Home {
        &self.home
    }

    /// The key under which the owner's answers verify.
    pub(crate) fn owner(&self) -> Result<ApprovalVerifier, Problems> {
        let file = self.home.approval_public_key_file();
        let key = Home::read(&file)?.parse();
        key.map_err(|problem| {
            Problem::new(&file, "", format!("{problem}; restore it with `moltctl init`")).into()
        })
    }

    /// Content that an entry names; `None` when it is not there (any more).
    pub(crate) fn content(&self, digest: Digest) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(ContentReader::new(&self.home.content()).get(digest)?)
    }
}

/// What an entry says.
pub(crate) fn told_of(entry: &Entry) -> Result<Event, NotAnEvent> {
    Event::parse(&entry.event_type, &entry.details.to_string())
}
