//! The Telegram Bot API (<https://core.telegram.org/bots/api>).
//!
//! The bot's token stands in the path of every call, so no path is ever logged.

mod calls;
mod replies;

use egress::{Key, Method, PathRule, Reach, Site};

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
