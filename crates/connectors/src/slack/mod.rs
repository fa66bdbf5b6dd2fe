//! The Slack Web API (<https://docs.slack.dev/apis/web-api>).

mod calls;
mod history;
mod pace;
mod replies;
mod timestamp;

use std::sync::Mutex;

use egress::{Call, Client, Key, Method, PathRule, Reach, Reply as Http, Site};
use tokio::time::Instant;

use crate::answer::Asked;
use crate::retry::Retry;
use crate::{Effect, Failure, Identity, Reply};
use pace::{Pace, Turn};

pub(crate) use history::is_notice;
pub use history::{MOST_CHANNELS, SlackSource};
pub use replies::{Channel, Posted};

/// What this connector may reach.
pub const REACH: Reach = Reach {
    connector: "slack",
    sites: &[Site {
        name: "endpoint",
        address: "https://slack.com/api",
        paths: &[
            PathRule { method: Method::Get, pattern: "/auth.test" },
            PathRule { method: Method::Get, pattern: "/conversations.list" },
            PathRule { method: Method::Get, pattern: "/conversations.history" },
            PathRule { method: Method::Post, pattern: "/chat.postMessage" },
        ],
    }],
};

/// The bot's token (`xoxb-…`).
pub const TOKEN: Key = Key { file: "api-keys", name: "slack_token" };

/// What Slack signs its events with.
pub const SIGNING_SECRET: Key = Key { file: "api-keys", name: "slack_signing_secret" };

/// A list that goes on for longer does not end.
const MOST_PAGES: usize = 100;

/// A bot in one workspace.
pub struct Slack {
    client: Client,
    retry: Retry,
    pace: Mutex<Pace>,
}

// === impl Slack ===

impl Slack {
    /// A bot behind a client whose reach is [`REACH`]; `retry` is for what only reads.
    pub fn new(client: Client, retry: Retry) -> Slack {
        Slack { client, retry, pace: Mutex::new(Pace::default()) }
    }

    /// Who the bot is, and where.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        Ok(self.who().await?.identity())
    }

    /// The channels that the bot can see, archived ones left out.
    pub async fn channels(&self) -> Result<Vec<Channel>, Failure> {
        let (mut channels, mut cursor) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let page = self.ask(&calls::list(&cursor), "", Effect::None, replies::channels).await?;
            channels.extend(page.channels);
            if page.next.is_empty() {
                return Ok(channels);
            }
            cursor = page.next;
        }
        Err(Failure::not_understood("listing the channels", "the list does not end", Effect::None))
    }

    /// Posts plain text into a channel. Nothing in it is expanded: no mention, no link's preview, no formatting. It has no key
    /// that makes it count once, so a reply that is lost leaves it unknown.
    pub async fn post(&self, channel: &str, text: &str) -> Result<Posted, Failure> {
        self.ask(&calls::post(channel, text)?, channel, Effect::Once, replies::posted).await
    }

    async fn who(&self) -> Result<replies::Who, Failure> {
        self.ask(&calls::auth_test(), "", Effect::None, replies::who).await
    }

    /// Makes a call when it is its turn. `about` is what the provider counts calls by beside the method.
    async fn ask<T>(
        &self,
        call: &Call,
        about: &str,
        effect: Effect,
        read: impl Fn(&Asked, &Http) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let asked = Asked::new(&self.client, call, effect);
        let attempt = || async {
            // The guard of the pace must not be held while this waits.
            let turn = self.pace().turn(Instant::now(), call.step, about);
            match turn {
                Turn::Now => {}
                Turn::At(then) => tokio::time::sleep_until(then).await,
                Turn::NotFor(wait) => {
                    let reply = Reply::new(429, "asked not to call before");
                    return Err(Failure::Limited { step: call.step, retry_after: Some(wait), reply });
                }
            }
            let reply = self.client.call(call).await;
            let reply = reply.map_err(|problem| Failure::without_reply(call.step, problem, effect))?;
            let read = read(&asked, &reply);
            if let Err(Failure::Limited { retry_after: Some(wait), .. }) = &read {
                self.pace().put_off(Instant::now(), call.step, *wait);
            }
            read
        };
        self.retry.run(effect, attempt).await
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
