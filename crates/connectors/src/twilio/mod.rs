//! Twilio's REST API of 2010-04-01 (<https://www.twilio.com/docs/usage/api>): messages and calls.
//!
//! The account's number is treated as a secret, because it is half of the credential and stands in every path.

mod calls;
mod replies;

use egress::{Call, Client, Key, Method, PathRule, Reach, Reply as Http, Site};
use jiff::Timestamp;

use crate::answer::Asked;
use crate::retry::Retry;
use crate::{Effect, Failure, Identity};

pub use calls::{NotASid, Sender, Sid};
pub use replies::{Found, Progress};

/// What this connector may reach.
pub const REACH: Reach = Reach {
    connector: "twilio",
    sites: &[Site {
        name: "endpoint",
        address: "https://api.twilio.com",
        paths: &[
            PathRule { method: Method::Get, pattern: "/2010-04-01/Accounts/*" },
            PathRule { method: Method::Get, pattern: "/2010-04-01/Accounts/*/Messages.json" },
            PathRule { method: Method::Post, pattern: "/2010-04-01/Accounts/*/Messages.json" },
            PathRule { method: Method::Get, pattern: "/2010-04-01/Accounts/*/Messages/*" },
            PathRule { method: Method::Get, pattern: "/2010-04-01/Accounts/*/Calls.json" },
            PathRule { method: Method::Post, pattern: "/2010-04-01/Accounts/*/Calls.json" },
            PathRule { method: Method::Get, pattern: "/2010-04-01/Accounts/*/Calls/*" },
        ],
    }],
};

/// The account.
pub const ACCOUNT_SID: Key = Key { file: "twilio", name: "account_sid" };

/// The account's token, which is also what Twilio signs its webhooks with.
pub const AUTH_TOKEN: Key = Key { file: "twilio", name: "auth_token" };

/// The telephone number that messages and calls come from.
pub const PHONE_NUMBER: Key = Key { file: "twilio", name: "phone_number" };

/// An account.
pub struct Twilio {
    client: Client,
    retry: Retry,
    sender: Sender,
}

// === impl Twilio ===

impl Twilio {
    /// An account behind a client whose reach is [`REACH`]; `retry` is for what only reads, `sender` for messages.
    pub fn new(client: Client, retry: Retry, sender: Sender) -> Twilio {
        Twilio { client, retry, sender }
    }

    /// Which account it is, its number masked.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        self.ask(&calls::account(), Effect::None, replies::identity).await
    }

    /// Sends a short message to a number in E.164 form. It has no key that makes it count once, so a reply that is lost leaves it
    /// unknown.
    pub async fn send_message(&self, to: &str, text: &str) -> Result<Progress, Failure> {
        self.ask(&calls::send_message(&self.sender, to, text)?, Effect::Once, replies::progress).await
    }

    /// Calls a number in E.164 form and says the text. It has no key that makes it count once, so a reply that is lost leaves it
    /// unknown.
    pub async fn make_call(&self, to: &str, say: &str) -> Result<Progress, Failure> {
        self.ask(&calls::make_call(to, say)?, Effect::Once, replies::progress).await
    }

    /// What became of a message or call.
    pub async fn progress(&self, sid: &Sid) -> Result<Progress, Failure> {
        self.ask(&calls::progress(sid), Effect::None, replies::progress).await
    }

    /// Messages with this text to this number that Twilio has taken over since a moment: what the owner can settle an unknown
    /// outcome by. It is for a person to judge; nothing is sent again because of it.
    pub async fn messages_since(&self, to: &str, text: &str, since: Timestamp) -> Result<Found, Failure> {
        let call = calls::messages_to(to)?;
        self.ask(&call, Effect::None, |asked, http| replies::messages(asked, http, text, since)).await
    }

    /// Calls to this number since a moment. What was said in them is not told.
    pub async fn calls_since(&self, to: &str, since: Timestamp) -> Result<Found, Failure> {
        let call = calls::calls_to(to)?;
        self.ask(&call, Effect::None, |asked, http| replies::calls(asked, http, since)).await
    }

    async fn ask<T>(
        &self,
        call: &Call,
        effect: Effect,
        read: impl Fn(&Asked, &Http) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        Asked::new(&self.client, call, effect).ask(&self.client, &self.retry, call, read).await
    }
}
