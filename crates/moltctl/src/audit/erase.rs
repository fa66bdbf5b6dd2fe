//! Erasing content: what the record says of it stands, and the chain holds.

use super::read::{Record, told_of};
use crate::answers::{Operator, runtime};
use action::{Digest, reveal};
use home::{Config, Home};
use ledger::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// What content belongs to a request or an item, and to whom else.
struct Belongings {
    id: String,
    is_known: bool,
    /// What each is, for the owner.
    content: BTreeMap<Digest, String>,
    /// Who names a digest.
    named_by: BTreeMap<Digest, BTreeSet<String>>,
}

pub(super) fn command(home: &Home, id: &str, agreed: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(home)?;
    let record = Record::of(home);
    let belongings = Belongings::of(&record, id)?;
    let there = belongings.there(&record);
    if there.is_empty() {
        say!("Nothing is kept of `{}` any more.", reveal(id));
        return Ok(ExitCode::SUCCESS);
    }
    say!("This will be gone for good; what the record says of it stands:");
    for digest in &there {
        say!("  {}", belongings.in_words(digest));
    }
    if !agreed && !crate::say::is_agreed("Erase it?")? {
        say!("Nothing was erased.");
        return Ok(ExitCode::FAILURE);
    }
    let digests = there.iter().map(|digest| digest.to_hex()).collect();
    let erased = runtime()?.block_on(async { Operator::of(home, &config)?.erase(id, digests).await });
    match erased {
        Ok(erased) => say!("Erased: {erased} of {}. The entries that name it stand.", there.len()),
        Err(error) => anyhow::bail!(
            "nothing was erased: {error:#}; what is open must end first: answer it, or wait until it has expired \
             or the item is settled"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

// === impl Belongings ===

impl Belongings {
    fn of(record: &Record, id: &str) -> anyhow::Result<Self> {
        let mut found =
            Self { id: id.to_owned(), is_known: false, content: BTreeMap::new(), named_by: BTreeMap::new() };
        record.tell(|entry| {
            if let Ok(event) = told_of(&entry) {
                found.hear(event);
            }
        })?;
        anyhow::ensure!(
            found.is_known,
            "the record knows no request or item `{}`; see `moltctl audit show`",
            reveal(id)
        );
        Ok(found)
    }

    fn hear(&mut self, event: Event) {
        let mut keep = |digest: Digest, of: &str, is_wanted: bool, what: String| {
            self.named_by.entry(digest).or_default().insert(of.to_owned());
            if is_wanted {
                self.content.insert(digest, what);
            }
        };
        if let Event::CapabilityRequested { request, action, parameters, item, .. } = event {
            let is_wanted = request == self.id || item.as_deref() == Some(&self.id);
            self.is_known |= is_wanted;
            keep(parameters, &request, is_wanted, format!("the parameters of {request} ({action})"));
        } else if let Event::ItemCleaned { item, clean, .. } = event {
            keep(clean, &item, item == self.id, format!("what the readers made of {item}"));
            self.is_known |= item == self.id;
        } else if let Event::ItemReceived { item, .. } = event {
            self.is_known |= item == self.id;
        }
    }

    /// What is still there to be erased. What was changed on the disk is there as well.
    fn there(&self, record: &Record) -> Vec<Digest> {
        let is_there = |digest: &Digest| !matches!(record.content(*digest), Ok(None));
        self.content.keys().copied().filter(is_there).collect()
    }

    fn in_words(&self, digest: &Digest) -> String {
        let mut words = self.content.get(digest).cloned().unwrap_or_default();
        // Equal content is kept once.
        let others = self.named_by.get(digest).map_or(0, BTreeSet::len).saturating_sub(1);
        if others > 0 {
            words.push_str(&format!(", which {others} others share word for word"));
        }
        reveal(&words)
    }
}
