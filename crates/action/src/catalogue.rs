//! The catalogue: every action there is, and the shape of its parameters. A name that is not here cannot be asked for.

use crate::Address;
use crate::shape::{InvalidParameter, shape};
use serde::Serialize;
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
    /// Read clean text messages that were taken in.
    ReadSms,
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
    /// Read clean text messages that were taken in.
    ReadSms(ReadItems),
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

// === impl ActionName ===

impl ActionName {
    /// Every name in the catalogue.
    pub const ALL: [Self; 9] = [
        Self::SendEmail,
        Self::SendTelegram,
        Self::SendSlack,
        Self::MakeCall,
        Self::SendSms,
        Self::ReadEmail,
        Self::ReadTelegram,
        Self::ReadSlack,
        Self::ReadSms,
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
            Self::ReadSms => "read_sms",
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
            Self::ReadEmail | Self::ReadTelegram | Self::ReadSlack | Self::ReadSms => &["limit"],
        }
    }

    /// The connector that performs it.
    pub const fn connector(self) -> &'static str {
        match self {
            Self::SendEmail | Self::ReadEmail => "mail",
            Self::SendTelegram | Self::ReadTelegram => "telegram",
            Self::SendSlack | Self::ReadSlack => "slack",
            Self::MakeCall | Self::SendSms | Self::ReadSms => "twilio",
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
            ActionName::ReadSms => Self::ReadSms(ReadItems::check(shape(untrusted_parameters)?)?),
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
            Self::ReadSms(_) => ActionName::ReadSms,
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
            Self::ReadEmail(_) | Self::ReadTelegram(_) | Self::ReadSlack(_) | Self::ReadSms(_) => Vec::new(),
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
            | Self::ReadSlack(ReadItems { limit })
            | Self::ReadSms(ReadItems { limit }) => vec![("limit", limit.to_string())],
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
            Self::ReadSms(read) => format!("Read the newest {} text messages", read.limit),
        }
    }
}
