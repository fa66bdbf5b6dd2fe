//! What replies mean.

use std::time::Duration;

use egress::Reply as Http;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::calls::{KINDS, UPDATES};
use crate::answer::{Asked, whole_number};
use crate::failure::one_line;
use crate::incoming::{Batch, Incoming};
use crate::{Failure, Identity, Reply};

/// A message that Telegram has taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Where it is now. A group that became a supergroup has another number.
    pub chat: i64,
    /// Its number in that chat.
    pub message: i64,
}

/// What Telegram knows of the bot's webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookInfo {
    /// Where it calls; empty when there is none.
    pub url: String,
    /// How many updates wait.
    pub pending: i64,
    /// What went wrong last, on one line.
    pub last_error: Option<String>,
}

/// The object around everything ("Making requests").
#[derive(Deserialize)]
struct Envelope<'reply> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'reply RawValue>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// Who the bot is.
pub(super) fn identity(asked: &Asked, http: &Http) -> Result<Identity, Failure> {
    #[derive(Deserialize)]
    struct User {
        #[serde(deserialize_with = "whole_number")]
        id: i64,
        first_name: String,
        username: Option<String>,
        can_read_all_group_messages: Option<bool>,
    }
    let user: User = result(asked, http)?;
    let who = user.username.map_or(user.first_name, |name| format!("@{name}"));
    let reads_all = user.can_read_all_group_messages == Some(true);
    Ok(Identity::new(&who)
        .with("id", &user.id.to_string())
        .with("reads in groups", if reads_all { "everything" } else { "what is said to it" }))
}

pub(super) fn sent(asked: &Asked, http: &Http) -> Result<Sent, Failure> {
    #[derive(Deserialize)]
    struct Message {
        #[serde(deserialize_with = "whole_number")]
        message_id: i64,
        chat: Chat,
    }
    #[derive(Deserialize)]
    struct Chat {
        #[serde(deserialize_with = "whole_number")]
        id: i64,
    }
    let message: Message = result(asked, http)?;
    Ok(Sent { chat: message.chat.id, message: message.message_id })
}

pub(super) fn webhook_info(asked: &Asked, http: &Http) -> Result<WebhookInfo, Failure> {
    #[derive(Deserialize)]
    struct Info {
        #[serde(default)]
        url: String,
        #[serde(default)]
        pending_update_count: i64,
        last_error_message: Option<String>,
    }
    let info: Info = result(asked, http)?;
    Ok(WebhookInfo {
        url: one_line(&info.url),
        pending: info.pending_update_count,
        last_error: info.last_error_message.map(|words| one_line(&words)),
    })
}

pub(super) fn done(asked: &Asked, http: &Http) -> Result<(), Failure> {
    if result::<bool>(asked, http)? {
        Ok(())
    } else {
        Err(asked.not_understood("it says that it was not done"))
    }
}

/// The updates, and from where the next look goes on. `before` is where this one began.
///
/// After a quiet week Telegram begins to count somewhere else, so the newest update decides and not the largest number.
pub(super) fn batch(asked: &Asked, http: &Http, before: &str) -> Result<Batch, Failure> {
    #[derive(Deserialize)]
    struct Numbered {
        #[serde(deserialize_with = "whole_number")]
        update_id: i64,
    }
    let updates: Vec<&RawValue> = result(asked, http)?;
    let mut batch = Batch { cursor: before.to_owned(), more: updates.len() >= UPDATES, ..Batch::default() };
    for update in updates {
        let number = serde_json::from_str::<Numbered>(update.get()).ok().map(|update| update.update_id);
        // A negative offset would make Telegram forget updates.
        let next = number.filter(|number| *number > 0).and_then(|number| number.checked_add(1));
        let (Some(number), Some(next)) = (number, next) else {
            return Err(asked.not_understood("an update without a number"));
        };
        batch.cursor = next.to_string();
        let id = update_id(number);
        match kind(update.get()) {
            Some(_) => batch.items.push(Incoming { id, untrusted_bytes: update.get().into() }),
            None => batch.refused.push((id, "it is no message".to_owned())),
        }
    }
    Ok(batch)
}

/// The name of an update, the same by poll and by webhook.
pub(crate) fn update_id(number: i64) -> String {
    format!("update:{number}")
}

/// Which of the kinds that readers read this update is.
fn kind(update: &str) -> Option<&'static str> {
    // What lies deeper is skipped without being built.
    type Keys = std::collections::BTreeMap<String, serde::de::IgnoredAny>;
    let keys: Keys = serde_json::from_str(update).ok()?;
    KINDS.into_iter().find(|kind| keys.contains_key(*kind))
}

fn result<'reply, T: Deserialize<'reply>>(asked: &Asked, http: &'reply Http) -> Result<T, Failure> {
    let envelope: Envelope<'reply> = match asked.read(http) {
        Ok(envelope) => envelope,
        Err(failure) if http.is_success() => return Err(failure),
        Err(_) => return Err(refused(asked, http.status, "(without Telegram's words)", http.retry_after)),
    };
    let Envelope { ok, result, error_code, description, parameters } = envelope;
    if ok && http.is_success() {
        let result = result.ok_or_else(|| asked.not_understood("it holds no result"))?;
        return serde_json::from_str(result.get())
            .map_err(|_| asked.not_understood("its result is of another kind"));
    }
    let status = error_code.filter(|code| (400..=599).contains(code)).unwrap_or(http.status);
    let mut words = description.unwrap_or_default();
    let (mut retry_after, mut new_chat) = (None, None);
    if let Some(Parameters { retry_after: after, migrate_to_chat_id }) = parameters {
        (retry_after, new_chat) = (after, migrate_to_chat_id);
    }
    if let Some(chat) = new_chat {
        words = format!("{words}; the chat is {chat} now");
    }
    Err(refused(asked, status, &words, retry_after.map(Duration::from_secs).or(http.retry_after)))
}

/// Telegram's own meaning of a status.
fn refused(asked: &Asked, status: u16, words: &str, retry_after: Option<Duration>) -> Failure {
    let Asked { connector, step, effect: _ } = *asked;
    let reply = |words: &str| Reply::new(status, &crate::answer::without_long_runs(words));
    match status {
        // A token that Telegram does not know is part of a path that it does not know.
        404 => Failure::NotAllowed { step, connector, reply: reply(words) },
        409 => Failure::Rejected {
            step,
            reply: reply(&format!("a webhook is set, or another program looks with the same token: {words}")),
        },
        // Said of a reply that claims success in one place and failure in another.
        200..=399 => asked.not_understood("it says neither yes nor no"),
        _ => asked.refused(status, words, retry_after),
    }
}

#[cfg(test)]
mod tests;
