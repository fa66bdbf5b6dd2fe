//! The owner's answers: shown what is asked, signed by the control plane, checked against the record.

use crate::event::{Event, quoted};
use crate::ledger::{Asked, ItemState, State};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::reveal;
use audit_log::Durable;
use clean_content::{CleanContent, Untrusted};
use jiff::Timestamp;
use std::time::Duration;

/// One request as the owner sees it: rendered from the parameters themselves, every misleading character made visible.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The request's id.
    pub request: String,
    /// One line that says what will happen.
    pub title: String,
    /// Every parameter, in order.
    pub fields: Vec<(String, String)>,
    /// What the owner should know before answering.
    pub warnings: Vec<String>,
    /// What is recorded about it.
    pub asked: Asked,
}

// === impl Zone1 ===

impl Zone1 {
    /// What waits for the owner, oldest first.
    pub fn pending(&self) -> Result<Vec<Card>, Refusal> {
        let record = self.record()?;
        let now = Self::now();
        let pending: Vec<_> = record
            .ledger()
            .open_requests()
            .filter(|(_, asked)| matches!(asked.state, State::Pending { expires_at } if now < expires_at))
            .map(|(id, asked)| (id.to_owned(), asked.clone()))
            .collect();
        pending.into_iter().map(|(id, asked)| self.card(&record, id, asked)).collect()
    }

    /// One request, whatever its state.
    pub fn show(&self, untrusted_request: &str) -> Result<Card, Refusal> {
        let record = self.record()?;
        let asked = record.ledger().request(untrusted_request).ok_or(Refusal::UnknownRequest)?.clone();
        self.card(&record, untrusted_request.to_owned(), asked)
    }

    /// Takes an answer. What is not genuine, late, double or for other bytes changes nothing, and is recorded.
    pub async fn submit_approval(&self, untrusted_receipt: String) -> Result<&'static str, Refusal> {
        match self.take_answer(untrusted_receipt) {
            Ok((state, durable)) => {
                durable.wait().await?;
                Ok(state)
            }
            Err((request, refusal)) => {
                let why = format!("{}: {refusal}", refusal.code());
                self.note(Event::ApprovalIgnored { request: quoted(&request), why: quoted(&why) }).await?;
                Err(refusal)
            }
        }
    }

    fn take_answer(&self, untrusted_receipt: String) -> Result<(&'static str, Durable), (String, Refusal)> {
        let approval = self
            .means
            .approvals
            .verify(untrusted_receipt)
            .map_err(|invalid| (String::new(), Refusal::ApprovalInvalid(invalid)))?;
        let said = approval.statement().clone();
        let named = |refusal: Refusal| (said.request.clone(), refusal);
        let mut record = self.record().map_err(named)?;
        let asked = record.ledger().request(&said.request).ok_or_else(|| named(Refusal::UnknownRequest))?;
        if asked.digest != said.digest {
            return Err(named(Refusal::ApprovalForOtherBytes));
        }
        let State::Pending { expires_at } = asked.state else {
            return Err(named(Refusal::NotPending { state: asked.state_word() }));
        };
        if Self::now() >= expires_at {
            return Err(named(Refusal::ApprovalExpired));
        }
        let event = Event::ApprovalRecorded {
            request: said.request.clone(),
            digest: said.digest,
            answer: said.answer,
            who: quoted(&said.who),
            how: quoted(&said.how),
            when: said.when,
        };
        let durable = self.write(&mut record, event).map_err(named)?;
        let state = record.ledger().request(&said.request).map_or("unknown", Asked::state_word);
        Ok((state, durable))
    }

    /// Ends what nobody answered, and answers that nobody acted on, for as long as anything can be recorded.
    pub async fn expire(&self) {
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick_count in 0_u64.. {
            tick.tick().await;
            // Nothing can be done without the record, and only a restart, which reads it anew, brings it back.
            if self.record().map_or(true, |record| record.is_lost()) {
                return;
            }
            // Once a minute is often enough to forget.
            if tick_count.is_multiple_of(240)
                && let Ok(mut record) = self.record()
            {
                record.prune(Self::now());
            }
            // What cannot be recorded now is refused anyway, and recorded at the next tick.
            if let Err(refusal) = self.expire_due(Self::now()).await {
                tracing::warn!("{refusal}");
            }
        }
    }

    async fn expire_due(&self, now: Timestamp) -> Result<(), Refusal> {
        let written: Vec<Durable> = {
            let mut record = self.record()?;
            let over = |asked: &Asked| match asked.state {
                State::Pending { expires_at } => now >= expires_at,
                State::Approved { at } => now.duration_since(at) >= self.means.permit_lifetime,
                State::Asked
                | State::Allowed
                | State::Refused(_)
                | State::Denied
                | State::Expired
                | State::Performing { .. }
                | State::Finished { .. } => false,
            };
            let due: Vec<_> = record
                .ledger()
                .open_requests()
                .filter(|(_, asked)| over(asked))
                .map(|(id, _)| id.to_owned())
                .collect();
            due.into_iter()
                .map(|request| self.write(&mut record, Event::ApprovalExpired { request }))
                .collect::<Result<_, _>>()?
        };
        for durable in written {
            durable.wait().await?;
        }
        Ok(())
    }

    fn card(&self, record: &Record, request: String, asked: Asked) -> Result<Card, Refusal> {
        let recalled = self.recall(record, &asked)?;
        let mut fields: Vec<_> = recalled
            .action()
            .fields()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), reveal(&value)))
            .collect();
        let mut warnings = Vec::new();
        if let Some(item) = &asked.item {
            match clean_content_of(record, item)? {
                Some(content) => {
                    fields.push(("because of".to_owned(), origin(item, &content)));
                    warnings.extend(content.findings().iter().map(|finding| reveal(&finding.reason)));
                }
                None => warnings.push(format!("the content it is about ({item}) is no longer there")),
            }
        }
        if record.ledger().warned_content_is_out() {
            warnings.push(
                "the agent is working on content that carries an injection warning; this request may come from it".to_owned(),
            );
        }
        Ok(Card { request, title: reveal(&recalled.action().title()), fields, warnings, asked })
    }
}

fn clean_content_of(record: &Record, item: &str) -> Result<Option<CleanContent>, Refusal> {
    let digest = match record.ledger().item(item).map(|item| &item.state) {
        Some(ItemState::Cleaned(cleaned) | ItemState::Settled(cleaned)) => cleaned.content,
        Some(ItemState::Received | ItemState::Quarantined) | None => return Ok(None),
    };
    let Some(bytes) = record.content().get(digest)? else { return Ok(None) };
    let json = String::from_utf8(bytes).map_err(|error| Refusal::AuditUnavailable(error.to_string()))?;
    CleanContent::parse(Untrusted::new(json))
        .map(Some)
        .map_err(|misfit| Refusal::AuditUnavailable(misfit.to_string()))
}

/// Where a wish comes from: the words of the outside, shown as such.
fn origin(item: &str, content: &CleanContent) -> String {
    let metadata = content.metadata();
    let sender = metadata.sender.as_ref().map_or("an unnamed sender", |sender| sender.address.as_str());
    let about = metadata.subject.as_ref().map(|subject| format!(", \"{subject}\"")).unwrap_or_default();
    reveal(&format!("{} from {sender}{about} ({item})", content.content_type()))
}
