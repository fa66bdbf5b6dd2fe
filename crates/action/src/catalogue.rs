//! The catalogue: every action there is, and the shape of its parameters. A name that is not here cannot be asked for.

use crate::Address;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Part of every digest: two catalogues that mean different things by the same words never share one.
pub const CATALOGUE_VERSION: u32 = 1;

/// The name of an action in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionName {
    /// Send one mail.
    SendEmail,
    /// Send one Telegram message.
    SendTelegram,
    /// Post one Slack message.
    SendSlack,
    /// Call a telephone and say something.
    MakeCall,
    /// Send one SMS.
    SendSms,
    /// Read clean mail that was taken in.
    ReadEmail,
    /// Read clean Telegram messages that were taken in.
    ReadTelegram,
    /// Read clean Slack messages that were taken in.
    ReadSlack,
}

/// An action with checked parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Action {
    /// Send one mail.
    SendEmail(SendEmail),
    /// Send one Telegram message.
    SendTelegram(SendTelegram),
    /// Post one Slack message.
    SendSlack(SendSlack),
    /// Call a telephone and say something.
    MakeCall(MakeCall),
    /// Send one SMS.
    SendSms(SendSms),
    /// Read clean mail that was taken in.
    ReadEmail(ReadItems),
    /// Read clean Telegram messages that were taken in.
    ReadTelegram(ReadItems),
    /// Read clean Slack messages that were taken in.
    ReadSlack(ReadItems),
}

/// Parameters of `send_email`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendEmail {
    /// 1 to 50 recipients, copies included.
    pub to: Vec<Address>,
    /// Recipients of copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<Address>,
    /// One line, at most 400 characters.
    pub subject: String,
    /// Plain text, at most 10,000 characters.
    pub body: String,
    /// The Message-ID this answers, in angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
}

/// Parameters of `send_telegram`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendTelegram {
    /// A numeric chat id or an `@channel` name.
    pub chat: String,
    /// At most 4096 UTF-16 code units (Bot API, sendMessage).
    pub text: String,
}

/// Parameters of `send_slack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendSlack {
    /// A channel id (`C…`, `G…` or `D…`).
    pub channel: String,
    /// At most 4,000 characters (chat.postMessage).
    pub text: String,
}

/// Parameters of `make_call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MakeCall {
    /// A telephone number in E.164 form.
    pub to: String,
    /// What is said; at most 1,000 characters.
    pub say: String,
}

/// Parameters of `send_sms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SendSms {
    /// A telephone number in E.164 form.
    pub to: String,
    /// At most 1,600 characters (Twilio, Message Body).
    pub text: String,
}

/// Parameters of the reading actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadItems {
    /// How many of the newest items; 1 to 50.
    pub limit: u32,
}

/// A name that is not in the catalogue.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{}` is not an action; actions are {}", crate::reveal(.0), ActionName::ALL.map(ActionName::as_str).join(", "))]
pub struct UnknownAction(String);

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

// === impl ActionName ===

impl ActionName {
    /// Every name in the catalogue.
    pub const ALL: [Self; 8] = [
        Self::SendEmail,
        Self::SendTelegram,
        Self::SendSlack,
        Self::MakeCall,
        Self::SendSms,
        Self::ReadEmail,
        Self::ReadTelegram,
        Self::ReadSlack,
    ];

    /// The name as it is written in policies, rules and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendEmail => "send_email",
            Self::SendTelegram => "send_telegram",
            Self::SendSlack => "send_slack",
            Self::MakeCall => "make_call",
            Self::SendSms => "send_sms",
            Self::ReadEmail => "read_email",
            Self::ReadTelegram => "read_telegram",
            Self::ReadSlack => "read_slack",
        }
    }

    /// The names of its parameters.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::SendEmail => &["to", "cc", "subject", "body", "in_reply_to"],
            Self::SendTelegram => &["chat", "text"],
            Self::SendSlack => &["channel", "text"],
            Self::MakeCall => &["to", "say"],
            Self::SendSms => &["to", "text"],
            Self::ReadEmail | Self::ReadTelegram | Self::ReadSlack => &["limit"],
        }
    }

    /// The connector that performs it.
    pub const fn connector(self) -> &'static str {
        match self {
            Self::SendEmail | Self::ReadEmail => "mail",
            Self::SendTelegram | Self::ReadTelegram => "telegram",
            Self::SendSlack | Self::ReadSlack => "slack",
            Self::MakeCall | Self::SendSms => "twilio",
        }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ActionName {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|name| name.as_str() == text);
        known.ok_or_else(|| UnknownAction(text.chars().take(100).collect()))
    }
}

// === impl Action ===

impl Action {
    /// Checks untrusted parameters against the catalogue's shape for that name, and consumes them.
    pub(crate) fn check(
        name: ActionName,
        untrusted_parameters: serde_json::Value,
    ) -> Result<Self, InvalidParameter> {
        Ok(match name {
            ActionName::SendEmail => Self::SendEmail(SendEmail::check(shape(untrusted_parameters)?)?),
            ActionName::SendTelegram => {
                Self::SendTelegram(SendTelegram::check(shape(untrusted_parameters)?)?)
            }
            ActionName::SendSlack => Self::SendSlack(SendSlack::check(shape(untrusted_parameters)?)?),
            ActionName::MakeCall => Self::MakeCall(MakeCall::check(shape(untrusted_parameters)?)?),
            ActionName::SendSms => Self::SendSms(SendSms::check(shape(untrusted_parameters)?)?),
            ActionName::ReadEmail => Self::ReadEmail(ReadItems::check(shape(untrusted_parameters)?)?),
            ActionName::ReadTelegram => Self::ReadTelegram(ReadItems::check(shape(untrusted_parameters)?)?),
            ActionName::ReadSlack => Self::ReadSlack(ReadItems::check(shape(untrusted_parameters)?)?),
        })
    }

    /// The action's name.
    pub const fn name(&self) -> ActionName {
        match self {
            Self::SendEmail(_) => ActionName::SendEmail,
            Self::SendTelegram(_) => ActionName::SendTelegram,
            Self::SendSlack(_) => ActionName::SendSlack,
            Self::MakeCall(_) => ActionName::MakeCall,
            Self::SendSms(_) => ActionName::SendSms,
            Self::ReadEmail(_) => ActionName::ReadEmail,
            Self::ReadTelegram(_) => ActionName::ReadTelegram,
            Self::ReadSlack(_) => ActionName::ReadSlack,
        }
    }

    /// Whom it reaches: mail addresses, chats, channels or numbers. Empty for the reading actions.
    pub fn recipients(&self) -> Vec<String> {
        match self {
            Self::SendEmail(mail) => mail.to.iter().chain(&mail.cc).map(ToString::to_string).collect(),
            Self::SendTelegram(SendTelegram { chat, text: _ }) => vec![chat.clone()],
            Self::SendSlack(SendSlack { channel, text: _ }) => vec![channel.clone()],
            Self::MakeCall(MakeCall { to, say: _ }) | Self::SendSms(SendSms { to, text: _ }) => {
                vec![to.clone()]
            }
            Self::ReadEmail(_) | Self::ReadTelegram(_) | Self::ReadSlack(_) => Vec::new(),
        }
    }

    /// What the owner is shown: every parameter, in order, as it will be used. The caller passes each value through
    /// [`crate::reveal`] on its way to a screen.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let list =
            |addresses: &[Address]| addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::SendEmail(SendEmail { to, cc, subject, body, in_reply_to }) => {
                let mut fields = vec![("to", list(to))];
                if !cc.is_empty() {
                    fields.push(("cc", list(cc)));
                }
                fields.push(("subject", subject.clone()));
                if let Some(id) = in_reply_to {
                    fields.push(("in reply to", id.clone()));
                }
                fields.push(("body", body.clone()));
                fields
            }
            Self::SendTelegram(SendTelegram { chat, text }) => {
                vec![("chat", chat.clone()), ("text", text.clone())]
            }
            Self::SendSlack(SendSlack { channel, text }) => {
                vec![("channel", channel.clone()), ("text", text.clone())]
            }
            Self::MakeCall(MakeCall { to, say }) => vec![("to", to.clone()), ("say", say.clone())],
            Self::SendSms(SendSms { to, text }) => vec![("to", to.clone()), ("text", text.clone())],
            Self::ReadEmail(ReadItems { limit })
            | Self::ReadTelegram(ReadItems { limit })
            | Self::ReadSlack(ReadItems { limit }) => vec![("limit", limit.to_string())],
        }
    }

    /// One line that says what will happen.
    pub fn title(&self) -> String {
        match self {
            Self::SendEmail(mail) => {
                format!("Send mail to {}: {}", self.recipients().join(", "), mail.subject)
            }
            Self::SendTelegram(message) => format!("Send Telegram message to {}", message.chat),
            Self::SendSlack(message) => format!("Post in Slack channel {}", message.channel),
            Self::MakeCall(call) => format!("Call {}", call.to),
            Self::SendSms(sms) => format!("Send SMS to {}", sms.to),
            Self::ReadEmail(read) => format!("Read the newest {} mails", read.limit),
            Self::ReadTelegram(read) => format!("Read the newest {} Telegram messages", read.limit),
            Self::ReadSlack(read) => format!("Read the newest {} Slack messages", read.limit),
        }
    }
}

// === the shapes, and how each is checked ===

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSendEmail {
    to: OneOrMany,
    #[serde(default)]
    cc: OneOrMany,
    subject: String,
    body: String,
    in_reply_to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSendTelegram {
    chat: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSendSlack {
    channel: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMakeCall {
    to: String,
    say: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSendSms {
    to: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReadItems {
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

fn shape<T: serde::de::DeserializeOwned>(
    untrusted_parameters: serde_json::Value,
) -> Result<T, InvalidParameter> {
    serde_json::from_value(untrusted_parameters).map_err(|error| InvalidParameter::Shape(error.to_string()))
}

impl SendEmail {
    fn check(raw: RawSendEmail) -> Result<Self, InvalidParameter> {
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
    fn check(raw: RawSendTelegram) -> Result<Self, InvalidParameter> {
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
    fn check(raw: RawSendSlack) -> Result<Self, InvalidParameter> {
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
    fn check(raw: RawMakeCall) -> Result<Self, InvalidParameter> {
        let RawMakeCall { to, say } = raw;
        Ok(Self { to: telephone(to)?, say: text("say", say, 1000)? })
    }
}

impl SendSms {
    fn check(raw: RawSendSms) -> Result<Self, InvalidParameter> {
        let RawSendSms { to, text: message } = raw;
        Ok(Self { to: telephone(to)?, text: text("text", message, 1600)? })
    }
}

impl ReadItems {
    fn check(raw: RawReadItems) -> Result<Self, InvalidParameter> {
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
