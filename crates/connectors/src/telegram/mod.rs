//! The Telegram Bot API (<https://core.telegram.org/bots/api>).
//!
//! The bot's token stands in the path of every call, so no path is ever logged.

mod calls;
mod replies;

use std::time::Duration;

use egress::{Call, Client, Key, Method, PathRule, Reach, Reply as Http, Site};
use tokio::time::{Instant, sleep_until};

use crate::answer::Asked;
use crate::incoming::Batch;
use crate::retry::Retry;
use crate::{Effect, Failure, Identity};

pub(crate) use replies::update_id;
pub use replies::{Sent, WebhookInfo};

/// What this connector may reach.
pub const REACH: Reach = Reach {
    connector: "telegram",
    sites: &[Site {
        name: "endpoint",
        address: "https://api.telegram.org",
        paths: &[
            PathRule { method: Method::Get, pattern: "/bot*/getMe" },
            PathRule { method: Method::Get, pattern: "/bot*/getWebhookInfo" },
            PathRule { method: Method::Post, pattern: "/bot*/getUpdates" },
            PathRule { method: Method::Post, pattern: "/bot*/sendMessage" },
            PathRule { method: Method::Post, pattern: "/bot*/setWebhook" },
            PathRule { method: Method::Post, pattern: "/bot*/deleteWebhook" },
        ],
    }],
};

/// The bot's token.
pub const TOKEN: Key = Key { file: "api-keys", name: "telegram_bot_token" };

/// What Telegram has to show with every webhook call.
pub const WEBHOOK_SECRET: Key = Key { file: "api-keys", name: "telegram_webhook_secret" };

/// The longest that one look waits for something new.
pub const LONGEST_WAIT: Duration = Duration::from_secs(50);

/// A look that brings nothing takes so long at least, if it may wait at all.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// A bot.
pub struct Telegram {
    client: Client,
    retry: Retry,
}

// === impl Telegram ===

impl Telegram {
    /// A bot behind a client whose reach is [`REACH`]; `retry` is for what only reads.
    pub fn new(client: Client, retry: Retry) -> Telegram {
        Telegram { client, retry }
    }

    /// Who the bot is.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        self.ask(&calls::get_me(), Effect::None, replies::identity).await
    }

    /// Sends plain text to a chat: a number, or the `@name` of a channel. It has no key that makes it count once, so a reply
    /// that is lost leaves it unknown.
    pub async fn send(&self, chat: &str, text: &str) -> Result<Sent, Failure> {
        self.ask(&calls::send_message(chat, text)?, Effect::Once, replies::sent).await
    }

    /// Messages behind `cursor` (empty at the very beginning), waiting up to `wait` for the first. Handing a cursor in tells
    /// Telegram that everything before it is kept here; Telegram keeps the rest for 24 hours.
    pub async fn look(&self, cursor: &str, wait: Duration) -> Result<Batch, Failure> {
        let offset = match cursor {
            "" => None,
            cursor => match cursor.parse::<i64>() {
                Ok(offset) if offset > 0 => Some(offset),
                Ok(_) | Err(_) => {
                    return Err(Failure::Malformed { what: "the cursor is not one of Telegram's" });
                }
            },
        };
        let (call, begun) = (calls::get_updates(offset, wait.min(LONGEST_WAIT)), Instant::now());
        let batch = self.ask(&call, Effect::None, |asked, http| replies::batch(asked, http, cursor)).await?;
        if batch.cursor == cursor {
            // A server that does not wait must not be asked without end.
            sleep_until(begun + wait.min(SHORTEST_WAIT)).await;
        }
        Ok(batch)
    }

    /// What Telegram knows of the webhook.
    pub async fn webhook_info(&self) -> Result<WebhookInfo, Failure> {
        self.ask(&calls::get_webhook_info(), Effect::None, replies::webhook_info).await
    }

    /// Makes Telegram call `url` with [`WEBHOOK_SECRET`]; looks fail from now on. Setting it twice is setting it once.
    pub async fn set_webhook(&self, url: &str) -> Result<(), Failure> {
        self.ask(&calls::set_webhook(url)?, Effect::None, replies::done).await
    }

    /// Takes the webhook away, so that looks work again. Doing it twice is doing it once.
    pub async fn delete_webhook(&self) -> Result<(), Failure> {
        self.ask(&calls::delete_webhook(), Effect::None, replies::done).await
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
