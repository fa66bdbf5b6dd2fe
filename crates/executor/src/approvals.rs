//! The owner's answers: shown what is asked, signed by the control plane, checked against the record.

use crate::caller::Caller;
use crate::knowledge::clean_content_of;
use crate::record::{Record, Written};
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Role, reveal};
use clean_content::CleanContent;
use ledger::{Asked, Event, Known, State, quoted};
use std::collections::BTreeMap;

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
    /// What waits for the owner, oldest first, until `enough` says so of a card.
    pub fn pending(&self, mut enough: impl FnMut(&Card) -> bool) -> Result<Vec<Card>, Refusal> {
        let record = self.record()?;
        let now = self.now();
        let waits = |asked: &Asked| matches!(asked.state, State::Pending { expires_at } if now < expires_at);
        let mut cards = Vec::new();
        for (id, asked) in record.ledger().open_requests().filter(|(_, asked)| waits(asked)) {
            // One that cannot be shown, because its parameters were lost, must not hide the others.
            let Ok(card) = self.card(&record, id.to_owned(), asked.clone()) else { continue };
            if enough(&card) {
                break;
            }
            cards.push(card);
        }
        Ok(cards)
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

    fn take_answer(&self, untrusted_receipt: String) -> Result<(&'static str, Written), (String, Refusal)> {
        let approval = self
            .means
            .approvals
            .verify(untrusted_receipt.clone())
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
        if self.now() >= expires_at {
            return Err(named(Refusal::ApprovalExpired));
        }
        if asked.knows_answer(&untrusted_receipt) {
            return Err(named(Refusal::ApprovalUsed));
        }
        let event = Event::ApprovalRecorded {
            request: said.request.clone(),
            digest: said.digest,
            answer: said.answer,
            who: quoted(&said.who),
            how: quoted(&said.how),
            when: said.when,
            receipt: untrusted_receipt,
        };
        let durable = self.write(&mut record, event).map_err(named)?;
        let state = record.ledger().request(&said.request).map_or("unknown", Asked::state_word);
        Ok((state, durable))
    }

    /// Asks the owner once more about what was not answered in time. Policy judges it anew; it may not ask any more.
    pub async fn ask_again(
        &self,
        untrusted_request: &str,
        untrusted_who: &str,
    ) -> Result<&'static str, Refusal> {
        self.unlatched()?;
        let (state, written) = {
            let mut record = self.record()?;
            let policy = self.means.policy.in_force()?;
            let asked = record.ledger().request(untrusted_request).ok_or(Refusal::UnknownRequest)?.clone();
            if asked.state != State::Expired {
                return Err(Refusal::NotExpired { state: asked.state_word() });
            }
            let id = untrusted_request.to_owned();
            let request = self.recall(&record, &asked)?;
            let caller = Caller::nobody_of(&self.means.host, Role::Planner);
            let (_, knowledge) =
                self.knowledge(&record, &request, &caller, asked.item.as_deref(), Some(&asked))?;
            let decision = self.verdict(&policy, record.ledger(), &request, &knowledge)?;
            let again = Event::ApprovalAskedAgain { request: id.clone(), who: quoted(untrusted_who) };
            let mut written = self.write(&mut record, again)?;
            let known = Known::of(&knowledge, &request.action().recipients());
            let judged =
                Event::DecisionMade { request: id, policy: policy.digest(), knowledge: known, decision };
            written.and(self.write(&mut record, judged)?);
            (record.ledger().request(untrusted_request).map_or("unknown", Asked::state_word), written)
        };
        written.wait().await?;
        Ok(state)
    }

    /// Voids every question that the policy in force does not ask any more. They are judged anew when asked again.
    pub(crate) fn supersede(
        &self,
        record: &mut Record,
        written: &mut Written,
    ) -> Result<Vec<String>, Refusal> {
        let policy = self.means.policy.in_force()?;
        let caller = Caller::nobody_of(&self.means.host, Role::Planner);
        let open: Vec<_> = record
            .ledger()
            .open_requests()
            .filter(|(_, asked)| matches!(asked.state, State::Pending { .. }))
            .map(|(id, asked)| (id.to_owned(), asked.clone()))
            .collect();
        let mut superseded = Vec::new();
        for (id, asked) in open {
            // What is no longer there to be judged stays as it is: it can only expire.
            let Ok(request) = self.recall(record, &asked) else { continue };
            let (_, knowledge) =
                self.knowledge(record, &request, &caller, asked.item.as_deref(), Some(&asked))?;
            let why = match policy.judge(&request, &knowledge) {
                policy::Decision::Ask(_) => continue,
                policy::Decision::Allow(_) => "the policy in force allows it without a question".to_owned(),
                policy::Decision::Deny(reason) => format!("the policy in force: {reason}"),
            };
            written.and(self.write(record, Event::ApprovalSuperseded { request: id.clone(), why })?);
            superseded.push(id);
        }
        Ok(superseded)
    }

    /// Ends what nobody answered, and answers that nobody acted on.
    pub async fn expire_due(&self) -> Result<(), Refusal> {
        let written = {
            let mut record = self.record()?;
            let now = self.now();
            let over = |asked: &Asked| match asked.state {
                State::Pending { expires_at } => now >= expires_at,
                State::Approved { at } => now.duration_since(at) >= self.means.permit_lifetime,
                State::Asked
                | State::Allowed
                | State::Refused(_)
                | State::Denied
                | State::Expired
                | State::Cancelled
                | State::Superseded(_)
                | State::Performing { .. }
                | State::Finished { .. } => false,
            };
            let due: Vec<_> = record
                .ledger()
                .open_requests()
                .filter(|(_, asked)| over(asked))
                .map(|(id, _)| id.to_owned())
                .collect();
            let mut written = Written::default();
            for request in due {
                written.and(self.write(&mut record, Event::ApprovalExpired { request })?);
            }
            written
        };
        Ok(written.wait().await?)
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
        if let Some(id) = &asked.item {
            let content = record.ledger().item(id).map(|item| clean_content_of(record, item)).transpose()?;
            match content.flatten() {
                Some(content) => {
                    fields.push(("because of".to_owned(), origin(id, &content)));
                    warnings.extend(content.findings().iter().map(|finding| reveal(&finding.reason)));
                }
                None => warnings.push(format!("the content it is about ({id}) is no longer there")),
            }
        }
        fields.extend(met_in(record, &asked));
        let unknown = asked.recipients.iter().filter(|tag| !record.ledger().knows_recipient(tag)).count();
        if unknown > 0 {
            let of = asked.recipients.len();
            let never = format!("{unknown} of {of} recipients never written to with your yes before");
            fields.push(("first time".to_owned(), never));
        }
        if asked.injection_warning {
            warnings.push(
                "the agent was working on content that carries an injection warning; this request may come from it"
                    .to_owned(),
            );
        }
        Ok(Card { request, title: reveal(&recalled.action().title()), fields, warnings, asked })
    }
}

/// Which parameters were met in content from outside: a line for each item. What cannot be read any more is named all the
/// same.
fn met_in(record: &Record, asked: &Asked) -> Vec<(String, String)> {
    let mut by_item: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for met in &asked.origins {
        by_item.entry(&met.item).or_default().push(&met.parameter);
    }
    let line = |(item, parameters): (&str, Vec<&str>)| {
        let parameters = parameters.join(", ");
        if asked.item.as_deref() == Some(item) {
            return ("copied".to_owned(), format!("{parameters} (from that item)"));
        }
        let found =
            record.ledger().item(item).and_then(|found| clean_content_of(record, found).ok().flatten());
        let place =
            found.map_or_else(|| format!("content from outside ({item})"), |content| origin(item, &content));
        ("also in".to_owned(), format!("{parameters}: occurs in {place}"))
    };
    by_item.into_iter().map(line).collect()
}

/// Where a wish comes from: the words of the outside, shown as such.
fn origin(item: &str, content: &CleanContent) -> String {
    let metadata = content.metadata();
    let sender = metadata.sender.as_ref().map_or("an unnamed sender", |sender| sender.address.as_str());
    let about = metadata.subject.as_ref().map(|subject| format!(", \"{subject}\"")).unwrap_or_default();
    reveal(&format!("{} from {sender}{about} ({item})", content.content_type()))
}
