use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What raw bytes are to be read as. The connector says so; the bytes have no say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// A mail as it was sent (RFC 5322).
    Email,
    /// A web page or fragment.
    Html,
    /// A Telegram update or message, JSON.
    Telegram,
    /// A Slack event or message, JSON.
    Slack,
    /// A text message as Twilio describes it, JSON of the fields that it sends.
    Sms,
    /// Plain text.
    Text,
}

/// A name that is none of the content types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown content type; allowed are `email`, `html`, `telegram`, `slack`, `sms` and `text`")]
pub struct UnknownContentType;

impl ContentType {
    /// Every content type.
    pub const ALL: [Self; 6] = [Self::Email, Self::Html, Self::Telegram, Self::Slack, Self::Sms, Self::Text];

    /// The name used in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Html => "html",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Sms => "sms",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ContentType {
    type Err = UnknownContentType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownContentType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_is_the_json_name() {
        for known in ContentType::ALL {
            assert_eq!(known.as_str().parse(), Ok(known));
            assert_eq!(serde_json::to_string(&known).unwrap(), format!("\"{known}\""));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_allowed_ones() {
        let message = "Email".parse::<ContentType>().unwrap_err().to_string();
        for known in ContentType::ALL {
            assert!(message.contains(known.as_str()), "{message}");
        }
    }
}
