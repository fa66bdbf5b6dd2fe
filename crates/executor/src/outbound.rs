//! The ways out: which connector does which action. Only what was spent goes out, and it is consumed by going.

use crate::caller::Caller;
use crate::knowledge::clean_content_of;
use crate::perform::Spent;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Action, ActionName, Address, ReadItems, Request, SendEmail};
use connectors::smtp::Smtp;
use connectors::{Failure, OutgoingMail, compose, maildir_outbox};
use ledger::{Event, Outcome, quoted};
use std::path::PathBuf;
use std::time::SystemTime;

/// What is set up.
#[derive(Debug)]
pub struct Outbound {
    /// Who mail is from.
    pub mail_from: Address,
    /// The right-hand side of Message-IDs.
    pub host: String,
    /// How mail leaves.
    pub mail: MailRoute,
}

/// How mail leaves.
pub enum MailRoute {
    /// Into a Maildir.
    Maildir(PathBuf),
    /// To a server.
    Smtp(Box<Smtp>),
}

/// The most that a reading action returns, in bytes; the rest is left for the next one. A message on a bridge is 1 MiB.
const RESULT_LIMIT: usize = 768 * 1024;

// === impl Outbound ===

impl Outbound {
    /// Whether a connector is set up for that action.
    pub fn can_do(&self, name: ActionName) -> Result<(), Refusal> {
        match name {
            ActionName::SendEmail
            | ActionName::ReadEmail
            | ActionName::ReadTelegram
            | ActionName::ReadSlack => Ok(()),
            ActionName::SendTelegram | ActionName::SendSlack | ActionName::MakeCall | ActionName::SendSms => {
                Err(Refusal::NoConnector { action: name.as_str().to_owned(), connector: name.connector() })
            }
        }
    }

    /// Does it, and says what became of it and what it returned.
    pub async fn perform(&self, zone1: &Zone1, caller: &Caller, spent: Spent) -> (Outcome, String) {
        let nothing = |outcome| (outcome, "{}".to_owned());
        match spent.request().action() {
            Action::SendEmail(mail) => nothing(self.send(spent.id(), mail).await),
            Action::ReadEmail(read) => read_items(zone1, caller, "email", read),
            Action::ReadTelegram(read) => read_items(zone1, caller, "telegram", read),
            Action::ReadSlack(read) => read_items(zone1, caller, "slack", read),
            Action::SendTelegram(_) | Action::SendSlack(_) | Action::MakeCall(_) | Action::SendSms(_) => {
                nothing(Outcome::Failed { why: "there is no connector for it".to_owned() })
            }
        }
    }

    /// After a crash between intent and outcome: what can be seen to have happened did; the rest is unknown.
    pub fn look_back(&self, id: &str, request: &Request) -> Outcome {
        match (request.action(), &self.mail) {
            (Action::SendEmail(_), MailRoute::Maildir(folder))
                if matches!(maildir_outbox::happened(folder, id), Ok(true)) =>
            {
                Outcome::Performed { receipt: format!("found in the outbox after a restart as {id}") }
            }
            (Action::ReadEmail(_) | Action::ReadTelegram(_) | Action::ReadSlack(_), _) => Outcome::Failed {
                why: "the executor stopped while reading; nothing was changed by it".to_owned(),
            },
            (
                Action::SendEmail(_)
                | Action::SendTelegram(_)
                | Action::SendSlack(_)
                | Action::MakeCall(_)
                | Action::SendSms(_),
                _,
            ) => {
                Outcome::Unknown { why: "the executor stopped between the intent and the outcome".to_owned() }
            }
        }
    }

    async fn send(&self, id: &str, mail: &SendEmail) -> Outcome {
        let SendEmail { to, cc, subject, body, in_reply_to } = mail;
        let strings = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        let outgoing = OutgoingMail {
            from: self.mail_from.to_string(),
            to: strings(to),
            cc: strings(cc),
            subject: subject.clone(),
            body: body.clone(),
            in_reply_to: in_reply_to.clone(),
            references: in_reply_to.iter().cloned().collect(),
        };
        let bytes = match compose(&outgoing, &format!("<{id}@{}>", self.host), SystemTime::now()) {
            Ok(bytes) => bytes,
            Err(uncomposable) => return Outcome::Failed { why: uncomposable.to_string() },
        };
        match &self.mail {
            MailRoute::Maildir(folder) => {
                // On a thread of its own: a disk that does not answer must not keep Zone 1 from answering.
                let (folder, id) = (folder.clone(), id.to_owned());
                match tokio::task::spawn_blocking(move || maildir_outbox::deliver(&folder, &id, &bytes)).await
                {
                    Ok(Ok(delivered)) => {
                        Outcome::Performed { receipt: format!("put into {}", delivered.path.display()) }
                    }
                    Ok(Err(failure)) => failed(&failure),
                    Err(_panicked) => Outcome::Unknown { why: "the delivery ended half-way".to_owned() },
                }
            }
            MailRoute::Smtp(server) => {
                let recipients: Vec<_> = strings(to).into_iter().chain(strings(cc)).collect();
                match server.send(&outgoing.from, &recipients, &bytes).await {
                    Ok(receipt) => Outcome::Performed { receipt: quoted(&receipt.reply.to_string()) },
                    Err(failure) => failed(&failure),
                }
            }
        }
    }
}

impl std::fmt::Debug for MailRoute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Maildir(folder) => write!(f, "Maildir({})", folder.display()),
            Self::Smtp(_) => f.write_str("Smtp"),
        }
    }
}

fn failed(failure: &Failure) -> Outcome {
    let why = quoted(&failure.to_string());
    match failure {
        Failure::Unknown { .. } => Outcome::Unknown { why },
        Failure::Malformed { .. }
        | Failure::Rejected { .. }
        | Failure::NotAllowed { .. }
        | Failure::Limited { .. }
        | Failure::Unavailable { .. } => Outcome::Failed { why },
    }
}

/// The newest clean items of a source, oldest first: `{"items":[{"item":"…","content":{…}}]}`.
fn read_items(zone1: &Zone1, caller: &Caller, source: &str, read: &ReadItems) -> (Outcome, String) {
    match newest_items(zone1, caller, source, read.limit as usize) {
        Ok((count, result)) => (Outcome::Performed { receipt: format!("{count} items") }, result),
        Err(refusal) => (Outcome::Failed { why: refusal.to_string() }, String::new()),
    }
}

fn newest_items(
    zone1: &Zone1,
    caller: &Caller,
    source: &str,
    limit: usize,
) -> Result<(usize, String), Refusal> {
    let mut record = zone1.record()?;
    let all = record.ledger().items();
    let of_source =
        all.into_iter().rev().filter(|(_, item)| item.source == source && item.cleaned().is_some());
    let newest: Vec<_> = of_source.take(limit).map(|(id, item)| (id.to_owned(), item.clone())).collect();
    let (mut items, mut size) = (Vec::new(), 0);
    for (id, item) in newest {
        let Some(content) = clean_content_of(&record, &item)? else { continue };
        let json = content.to_json();
        size += json.len();
        if size > RESULT_LIMIT {
            break;
        }
        zone1.was_handed(caller, &id, &content)?;
        if !item.cleaned().is_some_and(|cleaned| cleaned.delivered) {
            let delivered = Event::ItemDelivered { item: id.clone(), zone: caller.zone.to_string() };
            // The outcome, which the caller waits for, comes after it.
            let _before_the_outcome = zone1.write(&mut record, delivered)?;
        }
        let content: serde_json::Value = serde_json::from_str(&json)
            .map_err(|error| Refusal::AuditUnavailable(format!("content of {id}: {error}")))?;
        items.push(serde_json::json!({ "item": id, "content": content }));
    }
    items.reverse();
    Ok((items.len(), serde_json::json!({ "items": items }).to_string()))
}
