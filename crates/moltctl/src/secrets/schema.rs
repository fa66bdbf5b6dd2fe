//! The files and keys that the connectors ask for.

/// A file, what it is for, and its keys, each with what it is.
pub(super) struct Wanted {
    pub(super) file: &'static str,
    pub(super) what: &'static str,
    pub(super) keys: &'static [(&'static str, &'static str)],
}

pub(super) const SCHEMA: [Wanted; 5] = [
    Wanted {
        file: "api-keys",
        what: "What the executor shows to the services it uses.",
        keys: &[
            ("gmail_token", "an access token for Gmail; `oauth` renews itself and is better"),
            ("telegram_bot_token", "of the bot that sends and receives, from @BotFather"),
            ("telegram_webhook_secret", "what Telegram repeats with every delivery, if you use a webhook"),
            ("slack_token", "the bot token, xoxb-…"),
            ("slack_signing_secret", "what Slack signs its events with"),
        ],
    },
    Wanted {
        file: "oauth",
        what: "A desktop client of Google, and the owner's grant to it.",
        keys: &[
            ("client_id", "…apps.googleusercontent.com"),
            ("client_secret", "GOCSPX-…"),
            ("refresh_token", "1//…, made by `moltctl connect gmail`"),
        ],
    },
    Wanted {
        file: "twilio",
        what: "The account that sends text messages and calls.",
        keys: &[
            ("account_sid", "AC…"),
            ("auth_token", "32 digits"),
            ("phone_number", "+1…, the number it sends from"),
        ],
    },
    Wanted {
        file: "mail",
        what: "The mailbox, for IMAP and SMTP.",
        keys: &[
            ("username", "usually the address"),
            ("password", "an application password, where there is such a thing"),
        ],
    },
    Wanted {
        file: "approval",
        what: "The bot that asks the owner, which is not the bot that works.",
        keys: &[("telegram_bot_token", "of another bot"), ("owner_id", "the owner's number at Telegram")],
    },
];

/// What is known of a file.
pub(super) fn of(stem: &str) -> Option<&'static Wanted> {
    SCHEMA.iter().find(|wanted| wanted.file == stem)
}

/// Whether a connector asks for a key.
pub(super) fn knows(stem: &str, key: &str) -> bool {
    of(stem).is_some_and(|wanted| wanted.keys.iter().any(|(known, _)| *known == key))
}
