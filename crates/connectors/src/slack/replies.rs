//! What replies mean. Under HTTP 200 each of them says itself whether it went well.

use egress::Reply as Http;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Asked, without_long_runs};
use crate::failure::one_line;
use crate::{Failure, Identity, Reply};

/// A message that Slack has taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where it is.
    pub channel: String,
    /// Its `ts`: its name in the channel.
    pub ts: String,
}

/// A channel that the bot can see.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// What people call it.
    #[serde(rename = "name", default)]
    pub untrusted_name: String,
    /// Whether the bot is in it: in others it can neither read nor post.
    #[serde(default)]
    pub is_member: bool,
    /// Whether it is closed to others.
    #[serde(default)]
    pub is_private: bool,
}

/// Who the token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Who {
    team: String,
    user: String,
    team_id: String,
    user_id: String,
    bot_id: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChannelPage {
    pub(super) channels: Vec<Channel>,
    /// Empty at the end.
    pub(super) next: String,
}

/// A piece of a channel's history, each message byte for byte.
#[derive(Debug)]
pub(super) struct HistoryPage {
    pub(super) messages: Vec<Box<RawValue>>,
    /// Empty at the end.
    pub(super) next: String,
}

#[derive(Deserialize, Default)]
struct Metadata {
    next_cursor: Option<String>,
}

pub(super) fn who(asked: &Asked, http: &Http) -> Result<Who, Failure> {
    body(asked, http)
}

pub(super) fn channels(asked: &Asked, http: &Http) -> Result<ChannelPage, Failure> {
    #[derive(Deserialize)]
    struct Page {
        channels: Vec<Channel>,
        response_metadata: Option<Metadata>,
    }
    let Page { channels, response_metadata } = body(asked, http)?;
    Ok(ChannelPage { channels, next: next(response_metadata) })
}

pub(super) fn history(asked: &Asked, http: &Http) -> Result<HistoryPage, Failure> {
    #[derive(Deserialize)]
    struct Page {
        messages: Vec<Box<RawValue>>,
        response_metadata: Option<Metadata>,
    }
    let Page { messages, response_metadata } = body(asked, http)?;
    Ok(HistoryPage { messages, next: next(response_metadata) })
}

pub(super) fn posted(asked: &Asked, http: &Http) -> Result<Posted, Failure> {
    #[derive(Deserialize)]
    struct Message {
        channel: String,
        ts: String,
    }
    let Message { channel, ts } = body(asked, http)?;
    Ok(Posted { channel: one_line(&channel), ts: one_line(&ts) })
}

fn next(metadata: Option<Metadata>) -> String {
    metadata.unwrap_or_default().next_cursor.unwrap_or_default()
}

fn body<'reply, T: Deserialize<'reply>>(asked: &Asked, http: &'reply Http) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Verdict {
        ok: bool,
        error: Option<String>,
        needed: Option<String>,
    }
    if !http.is_success() {
        return Err(refused_by_status(asked, http));
    }
    let Verdict { ok, error, needed } = asked.read(http)?;
    if ok {
        return asked.read(http);
    }
    let code = error.ok_or_else(|| asked.not_understood("it says no without a reason"))?;
    Err(refused(asked, http, &code, needed))
}

fn refused_by_status(asked: &Asked, http: &Http) -> Failure {
    let words = match asked.read::<Coded>(http) {
        Ok(Coded { error }) => error,
        Err(_) => "(without Slack's words)".to_owned(),
    };
    asked.refused(http.status, &words, http.retry_after)
}

#[derive(Deserialize)]
struct Coded {
    error: String,
}

/// What an error's name means: <https://docs.slack.dev/reference/methods/chat.postMessage#errors>, alike for all methods.
fn refused(asked: &Asked, http: &Http, code: &str, needed: Option<String>) -> Failure {
    let Asked { connector, step, effect: _ } = *asked;
    let words = match needed {
        Some(scope) => format!("{code} (it needs {scope})"),
        None => code.to_owned(),
    };
    let reply = Reply::new(http.status, &without_long_runs(&words));
    match code {
        "not_authed"
        | "invalid_auth"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "access_denied"
        | "ekm_access_denied"
        | "enterprise_is_restricted"
        | "org_login_required"
        | "team_access_not_granted"
        | "two_factor_setup_required" => Failure::NotAllowed { step, connector, reply },
        "ratelimited" | "rate_limited" => Failure::Limited { step, retry_after: http.retry_after, reply },
        // "It's possible some aspect of the operation succeeded before the error was raised."
        "fatal_error"
        | "internal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => asked.broke_off(reply),
        _ => Failure::Rejected { step, reply },
    }
}

// === impl Who ===

impl Who {
    pub(super) fn identity(&self) -> Identity {
        let identity = Identity::new(&format!("{} at {}", self.user, self.team));
        let identity = identity.with("team", &self.team_id).with("user", &self.user_id);
        match &self.bot_id {
            Some(bot) => identity.with("bot", bot),
            None => identity,
        }
    }

    /// Whether a message is one of the bot's own.
    pub(super) fn wrote(&self, user: Option<&str>, bot: Option<&str>) -> bool {
        user == Some(self.user_id.as_str()) || (bot.is_some() && bot == self.bot_id.as_deref())
    }
}

#[cfg(test)]
mod tests;
