//! What replies mean.

use egress::Reply as Http;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;

use super::calls::{PAGE, Sid};
use crate::answer::{Asked, whole_number, without_long_runs};
use crate::failure::one_line;
use crate::{Failure, Identity, Reply, masked};

/// How far a message or call has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its name, by which it can be asked about later.
    pub sid: Sid,
    /// Twilio's word: `queued`, `sent`, `delivered`, `completed`.
    pub state: String,
    /// Twilio's number for what went wrong, if anything did.
    pub error: Option<i64>,
    /// When Twilio took it over.
    pub created: Option<Timestamp>,
}

/// What was found in the newest of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The newest first.
    pub matching: Vec<Progress>,
    /// Whether everything since the moment was looked through: if not, what is not found may be there all the same.
    pub complete: bool,
}

/// A message or call as far as it matters here. Twilio leaves fields out, or empty, or null.
#[derive(Deserialize)]
struct Resource {
    sid: String,
    status: Option<String>,
    error_code: Option<serde_json::Value>,
    date_created: Option<String>,
    body: Option<String>,
    direction: Option<String>,
}

pub(super) fn identity(asked: &Asked, http: &Http) -> Result<Identity, Failure> {
    #[derive(Deserialize)]
    struct Account {
        sid: String,
        friendly_name: Option<String>,
        status: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    // An account that Twilio does not know is a credential that it does not know.
    if http.status == 404 {
        let reply = Reply::new(http.status, "Twilio knows no such account");
        return Err(Failure::NotAllowed { step: asked.step, connector: asked.connector, reply });
    }
    let account: Account = body(asked, http)?;
    let mut identity = Identity { who: masked(&account.sid), detail: Vec::new() };
    for (name, value) in [("name", account.friendly_name), ("status", account.status), ("type", account.kind)]
    {
        if let Some(value) = value {
            // Accounts may bear their own number as a name.
            identity = identity.with(name, &without_long_runs(&value));
        }
    }
    Ok(identity)
}

pub(super) fn progress(asked: &Asked, http: &Http) -> Result<Progress, Failure> {
    let resource: Resource = body(asked, http)?;
    resource.progress().ok_or_else(|| asked.not_understood("it names nothing that was made"))
}

pub(super) fn messages(asked: &Asked, http: &Http, text: &str, since: Timestamp) -> Result<Found, Failure> {
    #[derive(Deserialize)]
    struct Page {
        messages: Vec<Resource>,
    }
    let Page { messages } = body(asked, http)?;
    Ok(found(messages, since, |message| message.body.as_deref() == Some(text)))
}

pub(super) fn calls(asked: &Asked, http: &Http, since: Timestamp) -> Result<Found, Failure> {
    #[derive(Deserialize)]
    struct Page {
        calls: Vec<Resource>,
    }
    let Page { calls } = body(asked, http)?;
    Ok(found(calls, since, |_| true))
}

/// Ours are those that the API made; a moment that is not told counts as new, so that nothing is overlooked.
fn found(resources: Vec<Resource>, since: Timestamp, matches: impl Fn(&Resource) -> bool) -> Found {
    // Twilio tells moments in whole seconds.
    let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
    let full = resources.len() >= PAGE;
    let is_new = |resource: &Resource| resource.created().is_none_or(|created| created >= since);
    let complete = !full || resources.iter().any(|resource| !is_new(resource));
    let ours = |resource: &&Resource| resource.direction.as_deref() != Some("inbound");
    let matching = resources
        .iter()
        .filter(ours)
        .filter(|resource| is_new(resource) && matches(resource))
        .filter_map(Resource::progress)
        .collect();
    Found { matching, complete }
}

fn body<'reply, T: Deserialize<'reply>>(asked: &Asked, http: &'reply Http) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(deserialize_with = "whole_number")]
        code: i64,
        #[serde(default)]
        message: String,
    }
    if http.is_success() {
        return asked.read(http);
    }
    match asked.read::<Refusal>(http) {
        Ok(Refusal { code, message }) => Err(refused(asked, http, code, &message)),
        Err(_) => Err(asked.refused(http.status, "(without Twilio's words)", http.retry_after)),
    }
}

/// <https://www.twilio.com/docs/api/errors>: the number decides where it says more than the status.
fn refused(asked: &Asked, http: &Http, code: i64, message: &str) -> Failure {
    let Asked { connector, step, effect: _ } = *asked;
    let words = format!("{code} {message}");
    let reply = || Reply::new(http.status, &without_long_runs(&words));
    match code {
        // Not active; authentication; not active; test credentials; forbidden.
        10001 | 20003 | 20005 | 20008 | 20403 if http.status < 500 => {
            Failure::NotAllowed { step, connector, reply: reply() }
        }
        20429 if http.status < 500 => {
            Failure::Limited { step, retry_after: http.retry_after, reply: reply() }
        }
        _ => asked.refused(http.status, &words, http.retry_after),
    }
}

// === impl Resource ===

impl Resource {
    fn progress(&self) -> Option<Progress> {
        let error = self
            .error_code
            .as_ref()
            .and_then(|code| code.as_i64().or_else(|| code.as_str().and_then(|code| code.parse().ok())));
        Some(Progress {
            sid: self.sid.parse().ok()?,
            state: one_line(self.status.as_deref().unwrap_or_default()),
            error,
            created: self.created(),
        })
    }

    fn created(&self) -> Option<Timestamp> {
        DateTimeParser::new().parse_timestamp(self.date_created.as_deref()?).ok()
    }
}

#[cfg(test)]
mod tests;
