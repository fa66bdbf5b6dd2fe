//! The calls, and what is taken out of their replies. Requests are as the API's description has them; of replies only what is
//! needed is read, and what is not needed may be anything.

use std::borrow::Cow;

use egress::{Body, Call, Reply};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Effect, Failure};
use crate::lenient;

const SITE: &str = "endpoint";

/// The most that the API gives on one page of a list.
pub(super) const PAGE: usize = 500;

/// Whose account it is, and how far its history is.
pub(super) struct Profile {
    pub(super) address: String,
    pub(super) history_id: u64,
    pub(super) messages: Option<i64>,
}

/// One page of a list of messages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    /// Left out where there are none.
    #[serde(default)]
    pub(super) messages: Vec<Listed>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

/// A message as lists name it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub(super) id: String,
    #[serde(default)]
    pub(super) thread_id: String,
}

/// One page of the mailbox's history.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    #[serde(default)]
    pub(super) history: Vec<Record>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) history_id: Option<u64>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) id: Option<u64>,
    #[serde(default)]
    pub(super) messages_added: Vec<Added>,
}

#[derive(Deserialize)]
pub(super) struct Added {
    pub(super) message: Listed,
}

/// A message whole. The text is borrowed from the reply, because it may be 34 MB.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    /// When Google took it in, in milliseconds since 1970.
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) internal_date: Option<i64>,
    #[serde(borrow, default)]
    pub(super) raw: Cow<'a, str>,
}

/// A message's headers, those that were asked for.
#[derive(Deserialize)]
pub(super) struct Headed {
    #[serde(default)]
    pub(super) payload: Payload,
}

#[derive(Default, Deserialize)]
pub(super) struct Payload {
    #[serde(default)]
    pub(super) headers: Vec<Header>,
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) fn get_profile() -> Call {
    get("asking whose account it is", "profile")
}

pub(super) fn list_inbox(q: Option<String>, page_token: Option<&str>, most: usize) -> Call {
    let call = get("listing the inbox", "messages").with_query("labelIds", "INBOX");
    paged(
        match q {
            Some(q) => call.with_query("q", q),
            None => call,
        },
        page_token,
        most,
    )
}

pub(super) fn search(q: &str, page_token: Option<&str>, most: usize) -> Call {
    paged(get("searching", "messages").with_query("q", q), page_token, most)
}

pub(super) fn list_history(from: u64, page_token: Option<&str>) -> Call {
    let call = get("asking what is new", "history")
        .with_query("startHistoryId", from.to_string())
        .with_query("historyTypes", "messageAdded")
        .with_query("labelId", "INBOX");
    paged(call, page_token, PAGE)
}

/// A message in a form: `raw`, `minimal`, `metadata`.
pub(super) fn get_message(id: &str, format: &str) -> Call {
    Call::get("fetching a message", SITE, ["gmail", "v1", "users", "me", "messages", id])
        .with_query("format", format)
}

pub(super) fn send(body: String) -> Call {
    let path = ["gmail", "v1", "users", "me", "messages", "send"];
    Call::post("sending the message", SITE, path, Body::Json(body))
}

fn get(step: &'static str, what: &str) -> Call {
    Call::get(step, SITE, ["gmail", "v1", "users", "me", what])
}

fn paged(call: Call, page_token: Option<&str>, most: usize) -> Call {
    let call = call.with_query("maxResults", most.to_string());
    match page_token {
        Some(token) => call.with_query("pageToken", token),
        None => call,
    }
}

pub(super) fn profile(reply: &Reply) -> Result<Profile, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Said {
        #[serde(default)]
        email_address: String,
        #[serde(default, deserialize_with = "lenient::number")]
        history_id: Option<u64>,
        #[serde(default, deserialize_with = "lenient::number")]
        messages_total: Option<i64>,
    }
    const STEP: &str = "asking whose account it is";
    let Said { email_address, history_id, messages_total } = json(STEP, reply)?;
    let history_id = history_id.ok_or_else(|| lacks(STEP, "historyId"))?;
    Ok(Profile { address: email_address, history_id, messages: messages_total })
}

/// What a successful reply of a call that reads holds.
pub(super) fn json<T: DeserializeOwned>(step: &'static str, reply: &Reply) -> Result<T, Failure> {
    serde_json::from_slice(&reply.untrusted_body).map_err(|error| unreadable(step, reply, &error))
}

/// A reply that says yes in a language that is not the API's.
pub(super) fn unreadable(step: &'static str, reply: &Reply, error: &serde_json::Error) -> Failure {
    let what = match reply.content_type.as_str() {
        "application/json" | "" => error.to_string(),
        other => format!("it is `{other}`: {error}"),
    };
    Failure::not_understood(step, &what, Effect::None)
}

fn lacks(step: &'static str, field: &str) -> Failure {
    Failure::not_understood(step, &format!("it has no `{field}`"), Effect::None)
}

/// The identifier if it is one: it becomes part of a path and of a cursor, and stands in the record.
pub(super) fn sound_id(step: &'static str, untrusted_id: String) -> Result<String, Failure> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=100).contains(&untrusted_id.len()) && untrusted_id.bytes().all(sound) {
        Ok(untrusted_id)
    } else {
        Err(Failure::not_understood(step, "a message's `id` is not one", Effect::None))
    }
}
