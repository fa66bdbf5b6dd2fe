//! Mail: from the parameters to a message, and out by whichever way it leaves.

use super::{MailRoute, Outbound, interrupted, not_set_up};
use action::{Address, SendEmail};
use connectors::gmail::Answering;
use connectors::{Cause, Failure, OutgoingMail, compose, maildir_outbox};
use ledger::Outcome;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a look into the sent mail may take while everything waits for Zone 1 to start.
const LOOKING_BACK: Duration = Duration::from_secs(10);

// === impl Outbound ===

impl Outbound {
    pub(super) async fn send_mail(&self, id: &str, mail: &SendEmail) -> Outcome {
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
        let bytes = match compose(&outgoing, &self.message_id(id), SystemTime::now()) {
            Ok(bytes) => bytes,
            Err(uncomposable) => return Outcome::Failed { why: uncomposable.to_string() },
        };
        let sent = match &self.mail {
            MailRoute::Maildir(folder) => deliver(folder, id, bytes).await,
            MailRoute::Smtp => {
                let Some(server) = &self.services.smtp else { return not_set_up() };
                let recipients: Vec<_> = strings(to).into_iter().chain(strings(cc)).collect();
                let sent = server.send(&outgoing.from, &recipients, &bytes).await;
                sent.map(|receipt| receipt.reply.to_string())
            }
            MailRoute::Gmail => {
                let Some(gmail) = &self.services.gmail else { return not_set_up() };
                let answering = in_reply_to.as_ref().map(|message_id| Answering { message_id, subject });
                gmail.send(&bytes, answering).await.map(|sent| format!("Gmail has it as {}", sent.id))
            }
        };
        self.outcome(self.mail.connector(), sent)
    }

    /// Whether a mail whose intent was recorded went out.
    pub(super) async fn look_back_for_mail(&self, id: &str) -> Outcome {
        match &self.mail {
            MailRoute::Maildir(folder) if matches!(maildir_outbox::happened(folder, id), Ok(true)) => {
                Outcome::Performed { receipt: format!("found in the outbox after a restart as {id}") }
            }
            MailRoute::Gmail => {
                let Some(gmail) = &self.services.gmail else { return interrupted() };
                let message_id = self.message_id(id);
                // That it is not found proves nothing: it may be on its way.
                match tokio::time::timeout(LOOKING_BACK, gmail.sent(&message_id)).await {
                    Ok(Ok(true)) => Outcome::Performed {
                        receipt: format!("found in the sent mail after a restart as {message_id}"),
                    },
                    Ok(Ok(false) | Err(_)) | Err(_) => interrupted(),
                }
            }
            MailRoute::Maildir(_) | MailRoute::Smtp => interrupted(),
        }
    }

    fn message_id(&self, id: &str) -> String {
        format!("<{id}@{}>", self.host)
    }
}

// === impl MailRoute ===

impl MailRoute {
    /// The connector's name, as in `[connectors.<name>]`.
    pub const fn connector(&self) -> &'static str {
        match self {
            Self::Maildir(_) | Self::Smtp => "mail",
            Self::Gmail => "gmail",
        }
    }
}

/// On a thread of its own: a disk that does not answer must not keep Zone 1 from answering.
async fn deliver(folder: &Path, id: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    let (folder, id) = (folder.to_owned(), id.to_owned());
    match tokio::task::spawn_blocking(move || maildir_outbox::deliver(&folder, &id, &bytes)).await {
        Ok(delivered) => delivered.map(|delivered| format!("put into {}", delivered.path.display())),
        Err(panicked) => Err(Failure::Unknown {
            step: "delivering the message",
            cause: Cause::System(io::Error::other(panicked)),
        }),
    }
}
