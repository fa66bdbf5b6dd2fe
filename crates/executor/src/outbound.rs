//! The ways out: which connector does which action. Only what was spent goes out, and it is consumed by going.

mod items;
mod mail;

use crate::caller::Caller;
use crate::perform::Spent;
use crate::refusal::Refusal;
use crate::services::Services;
use crate::standing::Standings;
use crate::zone1::Zone1;
use action::{Action, ActionName, Address, MakeCall, Request, SendSlack, SendSms, SendTelegram};
use connectors::Failure;
use connectors::twilio::Progress;
use ledger::{Outcome, quoted};
use std::path::PathBuf;

/// What is set up.
#[derive(Debug)]
pub struct Outbound {
    /// Who mail is from.
    pub mail_from: Address,
    /// The right-hand side of Message-IDs.
    pub host: String,
    /// How mail leaves.
    pub mail: MailRoute,
    /// The services.
    pub services: Services,
    /// How each of them is.
    pub standings: Standings,
}

/// How mail leaves.
#[derive(Debug)]
pub enum MailRoute {
    /// Into a Maildir.
    Maildir(PathBuf),
    /// To the server of the services.
    Smtp,
    /// By the Gmail account of the services.
    Gmail,
}

// === impl Outbound ===

impl Outbound {
    /// Whether a connector is set up for that action.
    pub fn can_do(&self, name: ActionName) -> Result<(), Refusal> {
        let is_set_up = match name {
            ActionName::SendEmail
            | ActionName::ReadEmail
            | ActionName::ReadTelegram
            | ActionName::ReadSlack
            | ActionName::ReadSms => true,
            ActionName::SendTelegram => self.services.telegram.is_some(),
            ActionName::SendSlack => self.services.slack.is_some(),
            ActionName::MakeCall | ActionName::SendSms => self.services.twilio.is_some(),
        };
        let refusal =
            || Refusal::NoConnector { action: name.as_str().to_owned(), connector: name.connector() };
        if is_set_up { Ok(()) } else { Err(refusal()) }
    }

    /// Does it, and says what became of it and what it returned.
    pub async fn perform(&self, zone1: &Zone1, caller: &Caller, spent: Spent) -> (Outcome, String) {
        let nothing = |outcome| (outcome, "{}".to_owned());
        match spent.request().action() {
            Action::SendEmail(mail) => nothing(self.send_mail(spent.id(), mail).await),
            Action::SendTelegram(message) => nothing(self.send_telegram(message).await),
            Action::SendSlack(message) => nothing(self.send_slack(message).await),
            Action::ReadEmail(read) => items::read(zone1, caller, "email", read),
            Action::ReadTelegram(read) => items::read(zone1, caller, "telegram", read),
            Action::ReadSlack(read) => items::read(zone1, caller, "slack", read),
            Action::ReadSms(read) => items::read(zone1, caller, "sms", read),
            Action::SendSms(message) => nothing(self.send_sms(message).await),
            Action::MakeCall(call) => nothing(self.make_call(call).await),
        }
    }

    /// After a crash between intent and outcome: what can be seen to have happened did; the rest is unknown.
    pub async fn look_back(&self, id: &str, request: &Request) -> Outcome {
        match request.action() {
            Action::SendEmail(_) => self.look_back_for_mail(id).await,
            Action::ReadEmail(_) | Action::ReadTelegram(_) | Action::ReadSlack(_) | Action::ReadSms(_) => {
                Outcome::Failed {
                    why: "the executor stopped while reading; nothing was changed by it".to_owned(),
                }
            }
            Action::SendTelegram(_) | Action::SendSlack(_) | Action::MakeCall(_) | Action::SendSms(_) => {
                interrupted()
            }
        }
    }

    async fn send_telegram(&self, message: &SendTelegram) -> Outcome {
        let Some(telegram) = &self.services.telegram else { return not_set_up() };
        let sent = telegram.send(&message.chat, &message.text).await;
        self.outcome("telegram", sent.map(|sent| format!("message {} is in the chat", sent.message)))
    }

    async fn send_slack(&self, message: &SendSlack) -> Outcome {
        let Some(slack) = &self.services.slack else { return not_set_up() };
        let posted = slack.post(&message.channel, &message.text).await;
        self.outcome("slack", posted.map(|posted| format!("message {} is in the channel", posted.ts)))
    }

    async fn send_sms(&self, message: &SendSms) -> Outcome {
        let Some(twilio) = &self.services.twilio else { return not_set_up() };
        let sent = twilio.send_message(&message.to, &message.text).await;
        self.outcome("twilio", sent.map(|progress| told(&progress)))
    }

    async fn make_call(&self, call: &MakeCall) -> Outcome {
        let Some(twilio) = &self.services.twilio else { return not_set_up() };
        let made = twilio.make_call(&call.to, &call.say).await;
        self.outcome("twilio", made.map(|progress| told(&progress)))
    }

    /// What came of a call, told to whoever looks at the connector's health too.
    fn outcome(&self, connector: &'static str, called: Result<String, Failure>) -> Outcome {
        match called {
            Ok(receipt) => {
                self.standings.works(connector);
                Outcome::Performed { receipt: quoted(&receipt) }
            }
            Err(failure) => {
                let why = quoted(&failure.to_string());
                match &failure {
                    // It is this one request that does not fit.
                    Failure::Malformed { .. } | Failure::Rejected { .. } => self.standings.works(connector),
                    Failure::NotAllowed { .. }
                    | Failure::Limited { .. }
                    | Failure::Unavailable { .. }
                    | Failure::Unknown { .. } => self.standings.degraded(connector, &why),
                }
                if failure.may_have_happened() { Outcome::Unknown { why } } else { Outcome::Failed { why } }
            }
        }
    }
}

fn told(progress: &Progress) -> String {
    format!("Twilio has it as {} ({})", progress.sid, progress.state)
}

fn not_set_up() -> Outcome {
    Outcome::Failed { why: "there is no connector for it".to_owned() }
}

fn interrupted() -> Outcome {
    Outcome::Unknown { why: "the executor stopped between the intent and the outcome".to_owned() }
}
