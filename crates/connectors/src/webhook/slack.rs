//! Slack signs the raw body with a time (<https://docs.slack.dev/authentication/verifying-requests-from-slack>).

use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;
use serde_json::Value;
use vault::Secret;

use super::{Delivery, Refusal, UntrustedRequest, id_of, key};
use crate::slack::is_notice;

const TIME: &str = "X-Slack-Request-Timestamp";
const SIGNATURE: &str = "X-Slack-Signature";

/// Seconds: what is older may be an old request that is sent again.
const LATEST: u64 = 300;

/// What Slack says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromSlack {
    /// It wants to see whether we are there: the answer is this text and nothing else. ASCII, at most 500 bytes.
    Challenge(String),
    /// Something happened.
    Event {
        /// In which channel, where it is about one.
        channel: Option<String>,
        /// What.
        delivery: Delivery,
    },
    /// What our own bot said, or a notice about a channel: a look takes neither in. Why, in words.
    Nothing(&'static str),
    /// It sends fewer events for a while (`app_rate_limited`).
    Limited,
}

/// What Slack says, if it was Slack. `secret` is the one that is kept as [`crate::slack::SIGNING_SECRET`].
pub fn from_slack(
    untrusted: UntrustedRequest,
    secret: &Secret,
    now: Timestamp,
) -> Result<FromSlack, Refusal> {
    let untrusted = untrusted.bounded()?;
    let time = untrusted.only(TIME)?;
    let seconds = seconds(time)?;
    if now.as_second().abs_diff(seconds) > LATEST {
        return Err(Refusal::Stale);
    }
    let signature = signature(untrusted.only(SIGNATURE)?)?;
    let signed = [b"v0:", time, b":", untrusted.body.as_slice()].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key(secret)?);
    hmac::verify(&key, &signed, &signature).map_err(|_differs| Refusal::NotSigned)?;
    understood(untrusted.body)
}

/// Digits only: a sign, a space or a point would be read differently by somebody.
fn seconds(time: &[u8]) -> Result<i64, Refusal> {
    let digits = std::str::from_utf8(time).ok().filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|time| time.parse().ok()).ok_or(Refusal::Misshapen { header: TIME })
}

/// `v0=` and 64 small hexadecimal digits.
fn signature(header: &[u8]) -> Result<[u8; 32], Refusal> {
    let misshapen = Refusal::Misshapen { header: SIGNATURE };
    let digits = header.strip_prefix(b"v0=").filter(|digits| digits.len() == 64).ok_or(misshapen)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().try_fold(0, |byte, digit| {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return Err(misshapen),
            };
            Ok(byte << 4 | value)
        })?;
    }
    Ok(bytes)
}

/// Whom an event is told to: our bot's user, where it is one.
#[derive(Deserialize)]
struct Authorization {
    user_id: Option<String>,
    #[serde(default)]
    is_bot: bool,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    subtype: Option<String>,
    /// Its id, or, where it is about the channel itself, an object with it.
    channel: Option<Value>,
    ts: Option<String>,
    user: Option<Value>,
    app_id: Option<Value>,
    /// The message that an edit made.
    message: Option<Value>,
}

impl Event {
    fn channel_id(&self) -> Option<String> {
        let channel = self.channel.as_ref()?;
        channel.as_str().or_else(|| channel.get("id")?.as_str()).map(str::to_owned)
    }

    /// Whether this app said it, in a message or in an edit of one (<https://docs.slack.dev/apis/events-api>).
    fn is_said_by(&self, app: Option<&str>, authorizations: &[Authorization]) -> bool {
        let inner = |key: &str| self.message.as_ref().and_then(|message| message.get(key));
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let apps = [text(self.app_id.as_ref()), text(inner("app_id"))];
        let users = [text(self.user.as_ref()), text(inner("user"))];
        let bots =
            authorizations.iter().filter(|told| told.is_bot).filter_map(|told| told.user_id.as_deref());
        apps.iter().flatten().any(|said_by| Some(said_by.as_str()) == app)
            || bots.into_iter().any(|bot| users.iter().flatten().any(|user| user == bot))
    }
}

fn understood(untrusted_body: Vec<u8>) -> Result<FromSlack, Refusal> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "type")]
        kind: String,
        challenge: Option<String>,
        event_id: Option<String>,
        event: Option<Event>,
        api_app_id: Option<String>,
        #[serde(default)]
        authorizations: Vec<Authorization>,
    }
    let not_understood = |what| Refusal::NotUnderstood { what };
    let Body { kind, challenge, event_id, event, api_app_id, authorizations } =
        serde_json::from_slice(&untrusted_body)
            .map_err(|_| not_understood("it is none of Slack's events"))?;
    match kind.as_str() {
        "url_verification" => {
            let sound = |text: &String| text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic());
            let challenge = challenge.filter(sound).ok_or(not_understood("it has no challenge"))?;
            Ok(FromSlack::Challenge(challenge))
        }
        "event_callback" => {
            let event_id = event_id.ok_or(not_understood("it has no event_id"))?;
            let event = event.ok_or(not_understood("it has no event"))?;
            if event.is_said_by(api_app_id.as_deref(), &authorizations) {
                // Reading its own words, an agent would answer itself.
                return Ok(FromSlack::Nothing("our own bot said it"));
            }
            if event
                .subtype
                .as_deref()
                .is_some_and(|subtype| is_notice(subtype) || subtype == "message_deleted")
            {
                return Ok(FromSlack::Nothing("it is a notice about a channel"));
            }
            let channel = event.channel.as_ref().and_then(Value::as_str);
            let id = match (event.kind.as_str(), channel, &event.ts) {
                // A message has the same name in its channel's history, and is told as a mention too.
                ("message" | "app_mention", Some(channel), Some(ts)) => {
                    id_of(format_args!("{channel}:{ts}"))?
                }
                _ => id_of(format_args!("{event_id}"))?,
            };
            Ok(FromSlack::Event {
                channel: event.channel_id(),
                delivery: Delivery::checked(id, untrusted_body),
            })
        }
        "app_rate_limited" => Ok(FromSlack::Limited),
        _ => Err(not_understood("it is none of Slack's events")),
    }
}

#[cfg(test)]
mod tests;
