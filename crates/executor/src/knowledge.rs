//! What Zone 1 itself knows when it judges. Nothing in it is taken from the agent's word.

use crate::caller::Caller;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Digest, Request};
use clean_content::{CleanContent, Untrusted};
use jiff::SignedDuration;
use ledger::{Asked, Item, Ledger, Origin};
use policy::{Approval, Knowledge};

// === impl Zone1 ===

impl Zone1 {
    /// What is known of a request at this moment, and where its values were met. `asked` is what was known when it was
    /// asked for: a warning and an origin stay with a request.
    pub(crate) fn knowledge(
        &self,
        record: &Record,
        request: &Request,
        caller: &Caller,
        item: Option<&str>,
        asked: Option<&Asked>,
    ) -> Result<(Vec<Origin>, Knowledge), Refusal> {
        let (ledger, now) = (record.ledger(), self.now());
        let mut origins = self.origins(record, request)?;
        origins.extend(asked.iter().flat_map(|asked| asked.origins.iter().cloned()));
        origins.sort();
        origins.dedup();
        let recipients = request.action().recipients().into_iter();
        let within = |time| ledger.done_within(request.zone(), request.action().name(), time, now);
        let knowledge = Knowledge {
            injection_warning: asked.is_some_and(|asked| asked.injection_warning)
                || caller.is_under_warning()
                || content_carries_a_warning(ledger, item),
            approval: Approval::None,
            unknown_recipients: recipients.filter(|name| !ledger.knows_recipient(&self.tag(name))).collect(),
            untrusted_parameters: origins.iter().map(|origin| origin.parameter.clone()).collect(),
            done_last_hour: within(SignedDuration::from_hours(1)),
            done_last_day: within(SignedDuration::from_hours(24)),
            at: now,
        };
        Ok((origins, knowledge))
    }

    /// Tags of everybody that a request reaches.
    pub(crate) fn tags(&self, request: &Request) -> Vec<Digest> {
        request.action().recipients().iter().map(|name| self.tag(name)).collect()
    }

    /// What stands for a recipient in the record: the same for the same, and of no use to whoever has the record alone.
    fn tag(&self, recipient: &str) -> Digest {
        Digest::of([b"recipient".as_slice(), &self.means.tag_key, recipient.as_bytes()].concat().as_slice())
    }

    fn origins(&self, record: &Record, request: &Request) -> Result<Vec<Origin>, Refusal> {
        let mut delivered = self.delivered()?;
        let delivered = match &mut *delivered {
            Some(delivered) => delivered,
            // The first look since the start: what was handed out before it counts as well.
            none => {
                let mut anew = crate::provenance::Delivered::default();
                for (id, item) in record.ledger().items() {
                    if item.cleaned().is_some_and(|cleaned| cleaned.delivered)
                        && let Some(content) = clean_content_of(record, item)?
                    {
                        anew.remember(id, &content);
                    }
                }
                none.insert(anew)
            }
        };
        Ok(delivered.origins(request.action()))
    }

    /// Notes that a zone was handed an item, on this connection.
    pub(crate) fn was_handed(
        &self,
        caller: &Caller,
        item: &str,
        content: &CleanContent,
    ) -> Result<(), Refusal> {
        if content.injection_warning() {
            caller.was_handed_a_warning();
        }
        if let Some(delivered) = &mut *self.delivered()? {
            delivered.remember(item, content);
        }
        Ok(())
    }
}

/// Whether the item named, or any that is out and not settled, carries a warning. The zone's word on which content it
/// works on can only add to it.
fn content_carries_a_warning(ledger: &Ledger, item: Option<&str>) -> bool {
    let named = item.and_then(|item| ledger.item(item)).and_then(Item::cleaned);
    named.is_some_and(|cleaned| cleaned.injection_warning) || ledger.warned_content_is_out()
}

/// The clean content of an item; `None` when there is none, or it was erased.
pub(crate) fn clean_content_of(record: &Record, item: &Item) -> Result<Option<CleanContent>, Refusal> {
    let Some(cleaned) = item.cleaned() else { return Ok(None) };
    let Some(bytes) = record.content().get(cleaned.content)? else { return Ok(None) };
    let json = String::from_utf8(bytes).map_err(|error| Refusal::AuditUnavailable(error.to_string()))?;
    CleanContent::parse(Untrusted::new(json))
        .map(Some)
        .map_err(|misfit| Refusal::AuditUnavailable(misfit.to_string()))
}
