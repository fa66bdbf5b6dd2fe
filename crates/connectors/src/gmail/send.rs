//! Sending a message, and looking whether one was sent.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use egress::Call;
use serde::{Deserialize, Serialize};

use super::search::NOT_PLAIN;
use super::{Gmail, answer, calls};
use crate::failure::{Effect, Failure};

const STEP: &str = "sending the message";

/// The longest message that is sent: 25 MiB, as Gmail's own limit for a mail.
pub const LONGEST_SENT: usize = 25 * 1024 * 1024;

const PATIENCE: Duration = Duration::from_secs(120);

/// What a message answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering<'a> {
    /// The `<id@host>` of the other message: what `In-Reply-To` names.
    pub message_id: &'a str,
    /// The subject of our message.
    pub subject: &'a str,
}

/// Gmail has taken the message over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Gmail's identifier for it.
    pub id: String,
    /// Its thread's.
    #[serde(default)]
    pub thread_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    raw: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
}

impl Gmail {
    /// Sends a message as [`crate::compose`] makes it, once.
    ///
    /// An answer is put into the thread of the message that it answers where the three conditions of the API hold: that
    /// message is in this mailbox, `In-Reply-To` and `References` are set (the caller's part), and the subject is the same.
    /// Otherwise it is sent by itself; those who get it see the same message in either case.
    ///
    /// # Errors
    /// [`Failure::Unknown`] when it may have been sent. Any other says that it was not.
    pub async fn send(&self, message: &[u8], answering: Option<Answering<'_>>) -> Result<Sent, Failure> {
        if message.len() > LONGEST_SENT {
            return Err(Failure::Malformed { what: "the message is longer than 25 MiB" });
        }
        let thread_id = match answering {
            Some(answering) => self.thread_of(answering).await?,
            None => None,
        };
        let outgoing =
            Outgoing { raw: BASE64_URL_SAFE_NO_PAD.encode(message), thread_id: thread_id.as_deref() };
        let body = serde_json::to_string(&outgoing)
            .map_err(|_error| Failure::Malformed { what: "the message cannot be said in JSON" })?;
        let reply = self.ask(&Call { patience: PATIENCE, ..calls::send(body) }, Effect::Once).await?;
        // Gmail said yes: what it says beside that changes nothing about the message.
        serde_json::from_slice(&reply.untrusted_body)
            .map_err(|error| Failure::not_understood(STEP, &error.to_string(), Effect::Once))
    }

    /// Whether a message with this `Message-ID` lies among those that were sent. Reads only.
    ///
    /// `true` says that it was sent. `false` proves nothing: search lags behind, and Gmail gives some messages that come in
    /// over the API a `Message-ID` of its own. So what was unknown stays unknown.
    ///
    /// # Errors
    /// As every call that reads; [`Failure::Malformed`] for an identifier that is none of ours.
    pub async fn sent(&self, message_id: &str) -> Result<bool, Failure> {
        let found = self.by_message_id(message_id, " in:sent", 1).await?;
        Ok(!found.ok_or(NOT_PLAIN)?.is_empty())
    }

    async fn thread_of(&self, answering: Answering<'_>) -> Result<Option<String>, Failure> {
        let found = match self.by_message_id(answering.message_id, "", 2).await {
            // Who may send and not read, sends without a thread.
            Err(Failure::NotAllowed { .. }) => return Ok(None),
            found => found?,
        };
        // Of two with the same identifier one is a stranger's imitation.
        let Some([one]) = found.as_deref() else { return Ok(None) };
        let call = calls::get_message(&one.id, "metadata").with_query("metadataHeaders", "Subject");
        let headed: calls::Headed = match self.read(&call).await {
            Err(failure) if answer::is_gone(&failure) => return Ok(None),
            reply => calls::json(call.step, &reply?)?,
        };
        let mut headers = headed.payload.headers.iter();
        let subject = headers.find(|header| header.name.eq_ignore_ascii_case("subject"));
        let subject = subject.map_or("", |header| header.value.as_str());
        Ok((bare(subject) == bare(answering.subject)).then(|| one.thread_id.clone()))
    }
}

/// A subject without the marks of an answer.
fn bare(subject: &str) -> &str {
    let mut bare = subject.trim();
    while let Some((mark, rest)) = bare.split_at_checked(3)
        && mark.eq_ignore_ascii_case("re:")
    {
        bare = rest.trim_start();
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn an_answer_has_the_subject_of_what_it_answers() {
        for same in ["Lunch", " Lunch ", "Re: Lunch", "RE:re: Lunch"] {
            assert_eq!(bare(same), "Lunch");
        }
        assert_eq!(bare("Fwd: Lunch"), "Fwd: Lunch");
        assert_eq!(bare("Regarding"), "Regarding");
        assert_eq!(bare("é"), "é");
    }
}
