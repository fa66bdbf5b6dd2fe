//! What credentials look like, and what they are called.

/// A credential that shows by itself what it is: its pattern, what it is, and where it goes.
pub(super) struct Shape {
    pub(super) pattern: &'static str,
    pub(super) what: &'static str,
    pub(super) file: &'static str,
    pub(super) key: &'static str,
}

/// The providers' own forms. Each begins and ends at a border, so that no longer text is cut.
pub(super) const SHAPES: &[Shape] = &[
    Shape {
        pattern: r"[0-9]{8,10}:[A-Za-z0-9_-]{35}",
        what: "Telegram bot token",
        file: "api-keys",
        key: "telegram_bot_token",
    },
    Shape {
        pattern: r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}",
        what: "Slack token",
        file: "api-keys",
        key: "slack_token",
    },
    Shape {
        pattern: r"xapp-[A-Za-z0-9-]{10,}",
        what: "Slack app token",
        file: "api-keys",
        key: "slack_app_token",
    },
    Shape { pattern: r"AC[0-9a-f]{32}", what: "Twilio account SID", file: "twilio", key: "account_sid" },
    Shape { pattern: r"SK[0-9a-f]{32}", what: "Twilio API key SID", file: "twilio", key: "api_key_sid" },
    Shape {
        pattern: r"1//[A-Za-z0-9_-]{30,}",
        what: "Google refresh token",
        file: "oauth",
        key: "refresh_token",
    },
    Shape {
        pattern: r"GOCSPX-[A-Za-z0-9_-]{20,}",
        what: "Google client secret",
        file: "oauth",
        key: "client_secret",
    },
    Shape {
        pattern: r"[0-9]{6,}-[a-z0-9]{20,}\.apps\.googleusercontent\.com",
        what: "Google client id",
        file: "oauth",
        key: "client_id",
    },
    Shape {
        pattern: r"ya29\.[A-Za-z0-9._-]{20,}",
        what: "Google access token",
        file: "api-keys",
        key: "gmail_token",
    },
    Shape {
        pattern: r"AIza[A-Za-z0-9_-]{35}",
        what: "Google API key",
        file: "imported",
        key: "google_api_key",
    },
    Shape {
        pattern: r"(?:AKIA|ASIA)[A-Z0-9]{16}",
        what: "AWS access key id",
        file: "imported",
        key: "aws_access_key_id",
    },
    Shape {
        pattern: r"gh[opsur]_[A-Za-z0-9]{36,}",
        what: "GitHub token",
        file: "imported",
        key: "github_token",
    },
    Shape {
        pattern: r"github_pat_[A-Za-z0-9_]{40,}",
        what: "GitHub token",
        file: "imported",
        key: "github_token",
    },
    Shape {
        pattern: r"sk-ant-[A-Za-z0-9_-]{20,}",
        what: "Anthropic API key",
        file: "imported",
        key: "anthropic_api_key",
    },
    Shape {
        pattern: r"sk-(?:proj-)?[A-Za-z0-9_-]{32,}",
        what: "OpenAI API key",
        file: "imported",
        key: "openai_api_key",
    },
];

/// How a name ends whose value is a credential, whatever that looks like. Names are compared in small letters.
pub(super) const ENDINGS: &str = "token|secret|password|passwd|api_key|apikey|access_key|secret_key|auth_key|private_key|secret_access_key|api-key|access-key|secret-key";

/// Names of credentials that lead elsewhere than their own words say.
pub(super) const NAMES: &[(&str, &str, &str)] = &[
    ("twilio_sid", "twilio", "account_sid"),
    ("auth_token", "twilio", "auth_token"),
    ("slack_bot_token", "api-keys", "slack_token"),
    ("telegram_token", "api-keys", "telegram_bot_token"),
    ("bot_token", "api-keys", "telegram_bot_token"),
    ("google_client_secret", "oauth", "client_secret"),
    ("google_refresh_token", "oauth", "refresh_token"),
    ("gmail_refresh_token", "oauth", "refresh_token"),
    ("gmail_client_secret", "oauth", "client_secret"),
    ("refresh_token", "oauth", "refresh_token"),
    ("client_secret", "oauth", "client_secret"),
    ("smtp_password", "mail", "password"),
    ("imap_password", "mail", "password"),
    ("email_password", "mail", "password"),
];
