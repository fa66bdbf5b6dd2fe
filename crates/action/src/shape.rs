//! The shape of every action's parameters, and how each value is checked on its way into the catalogue's types.

use crate::{Address, MakeCall, ReadItems, SendEmail, SendSlack, SendSms, SendTelegram};
use serde::Deserialize;

/// What is wrong with a parameter.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum InvalidParameter {
    #[error("{0}")]
    Shape(String),
    #[error("`{field}` must have {min} to {max} {unit}, it has {found}")]
    Length { field: &'static str, min: usize, max: usize, unit: &'static str, found: usize },
    #[error("`{field}` must be one line")]
    NotOneLine { field: &'static str },
    #[error("`{field}` contains the control character U+{code:04X}")]
    Control { field: &'static str, code: u32 },
    #[error("`{field}`: {source}")]
    Address { field: &'static str, source: crate::NotAnAddress },
    #[error("`{field}` must be {expected}")]
    Form { field: &'static str, expected: &'static str },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSendEmail {
    to: OneOrMany,
    #[serde(default)]
    cc: OneOrMany,
    subject: String,
    body: String,
    in_reply_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSendTelegram {
    chat: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSendSlack {
    channel: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMakeCall {
    to: String,
    say: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSendSms {
    to: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawReadItems {
    #[serde(default = "ten")]
    limit: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

const fn ten() -> u32 {
    10
}

/// Reads untrusted parameters into a shape; the shape's `check` comes next.
pub(crate) fn shape<T: serde::de::DeserializeOwned>(
    untrusted_parameters: serde_json::Value,
) -> Result<T, InvalidParameter> {
    serde_json::from_value(untrusted_parameters).map_err(|error| InvalidParameter::Shape(error.to_string()))
}

impl SendEmail {
    pub(crate) fn check(raw: RawSendEmail) -> Result<Self, InvalidParameter> {
        let RawSendEmail { to, cc, subject, body, in_reply_to } = raw;
        let (to, cc) = (addresses("to", to)?, addresses("cc", cc)?);
        length("to", to.len(), 1, 50, "addresses")?;
        length("to and cc", to.len() + cc.len(), 1, 50, "addresses")?;
        let in_reply_to = in_reply_to.map(message_id).transpose()?;
        Ok(Self {
            to,
            cc,
            subject: line("subject", subject, 400)?,
            body: text("body", body, 10_000)?,
            in_reply_to,
        })
    }
}

impl SendTelegram {
    pub(crate) fn check(raw: RawSendTelegram) -> Result<Self, InvalidParameter> {
        let RawSendTelegram { chat, text: message } = raw;
        let numeric = chat.parse::<i64>().is_ok();
        let named = chat.strip_prefix('@').is_some_and(|name| word(name, "_") && name.len() <= 64);
        if !(numeric || named) {
            return Err(InvalidParameter::Form {
                field: "chat",
                expected: "a numeric chat id or an @channel name",
            });
        }
        length("text", message.encode_utf16().count(), 1, 4096, "UTF-16 code units")?;
        Ok(Self { chat, text: text("text", message, 4096)? })
    }
}

impl SendSlack {
    pub(crate) fn check(raw: RawSendSlack) -> Result<Self, InvalidParameter> {
        let RawSendSlack { channel, text: message } = raw;
        if !(channel.starts_with(['C', 'G', 'D']) && word(&channel, "") && channel.len() <= 32) {
            return Err(InvalidParameter::Form {
                field: "channel",
                expected: "a channel id such as C0123456789",
            });
        }
        Ok(Self { channel, text: text("text", message, 4000)? })
    }
}

impl MakeCall {
    pub(crate) fn check(raw: RawMakeCall) -> Result<Self, InvalidParameter> {
        let RawMakeCall { to, say } = raw;
        Ok(Self { to: telephone(to)?, say: text("say", say, 1000)? })
    }
}

impl SendSms {
    pub(crate) fn check(raw: RawSendSms) -> Result<Self, InvalidParameter> {
        let RawSendSms { to, text: message } = raw;
        Ok(Self { to: telephone(to)?, text: text("text", message, 1600)? })
    }
}

impl ReadItems {
    pub(crate) fn check(raw: RawReadItems) -> Result<Self, InvalidParameter> {
        let RawReadItems { limit } = raw;
        length("limit", limit as usize, 1, 50, "items")?;
        Ok(Self { limit })
    }
}

fn addresses(field: &'static str, given: OneOrMany) -> Result<Vec<Address>, InvalidParameter> {
    let given = match given {
        OneOrMany::One(address) => vec![address],
        OneOrMany::Many(addresses) => addresses,
    };
    given
        .iter()
        .map(|text| text.parse().map_err(|source| InvalidParameter::Address { field, source }))
        .collect()
}

fn length(
    field: &'static str,
    found: usize,
    min: usize,
    max: usize,
    unit: &'static str,
) -> Result<(), InvalidParameter> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(InvalidParameter::Length { field, min, max, unit, found })
    }
}

/// Text of several lines: no control characters but line feed and tab.
fn text(field: &'static str, value: String, max: usize) -> Result<String, InvalidParameter> {
    length(field, value.chars().count(), 1, max, "characters")?;
    match value.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(c) => Err(InvalidParameter::Control { field, code: c as u32 }),
        None => Ok(value),
    }
}

fn line(field: &'static str, value: String, max: usize) -> Result<String, InvalidParameter> {
    if value.contains(['\n', '\r', '\t', '\u{2028}', '\u{2029}', '\u{85}']) {
        return Err(InvalidParameter::NotOneLine { field });
    }
    text(field, value, max)
}

/// RFC 5322, 3.6.4, without the obsolete forms.
fn message_id(value: String) -> Result<String, InvalidParameter> {
    let inner = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>@".contains(c));
    let well_formed =
        inner.and_then(|inner| inner.split_once('@')).is_some_and(|(l, r)| plain(l) && plain(r));
    if well_formed && value.len() <= 400 {
        Ok(value)
    } else {
        Err(InvalidParameter::Form {
            field: "in_reply_to",
            expected: "a Message-ID such as <id@example.org>",
        })
    }
}

/// ITU-T E.164: a plus sign and at most 15 digits, the first of which is not zero.
fn telephone(value: String) -> Result<String, InvalidParameter> {
    let digits = value.strip_prefix('+').unwrap_or_default();
    if (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
    {
        Ok(value)
    } else {
        Err(InvalidParameter::Form { field: "to", expected: "a telephone number such as +441632960961" })
    }
}

fn word(value: &str, also: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}
