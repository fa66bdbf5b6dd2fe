//! What each service asks of its owner, in words.

/// A service that can be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Service {
    /// A Google account's mail.
    Gmail,
    /// A bot.
    Telegram,
    /// An app in a workspace.
    Slack,
    /// Messages and calls.
    Twilio,
    /// Any mailbox, by IMAP and SMTP.
    Mail,
}

/// The way through one set-up.
pub(super) struct Guide {
    /// What to do at the provider, before anything is asked.
    pub(super) before: &'static str,
    /// The connector's name.
    pub(super) connector: &'static str,
    /// What is tried in the end.
    pub(super) tried: Vec<String>,
    /// The section that must be there.
    pub(super) section: &'static str,
    /// Settings without which it is nothing.
    pub(super) questions: &'static [Question],
    /// What it can do besides.
    pub(super) offers: &'static [Offer],
    /// Its credentials.
    pub(super) secrets: &'static [Wanted],
}

/// A setting that is asked for.
pub(super) struct Question {
    pub(super) words: &'static str,
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) default: &'static str,
}

/// Something that it can do, if the owner likes.
pub(super) struct Offer {
    pub(super) words: &'static str,
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) value: &'static str,
    pub(super) questions: &'static [Question],
}

/// A credential that is asked for.
pub(super) struct Wanted {
    pub(super) words: &'static str,
    pub(super) file: &'static str,
    pub(super) key: &'static str,
    pub(super) looks_like: &'static str,
    pub(super) looks_right: fn(&str) -> bool,
}

// === impl Guide ===

impl Guide {
    pub(super) fn of(service: Service) -> Self {
        match service {
            Service::Telegram => telegram(),
            Service::Slack => slack(),
            Service::Twilio => twilio(),
            Service::Gmail => gmail(),
            Service::Mail => mail(),
        }
    }
}

fn telegram() -> Guide {
    Guide {
        before: "\
Telegram: a bot of your own.
  1. In Telegram, write to @BotFather (with the blue mark): /newbot, and choose a name.
  2. It answers with a token such as 123456789:AAE… Whoever has it is the bot; it goes into the vault and nowhere else.
  3. A bot can only write to people who wrote to it first.",
        connector: "telegram",
        tried: vec!["telegram".to_owned()],
        section: "connectors.telegram",
        questions: &[],
        offers: &[Offer {
            words: "Shall what is written to the bot be read?",
            section: "sources.telegram",
            key: "connector",
            value: "telegram",
            questions: &[],
        }],
        secrets: &[Wanted {
            words: "The bot's token",
            file: "api-keys",
            key: "telegram_bot_token",
            looks_like: "a bot's token (digits, a colon, some 35 letters)",
            looks_right: |token| {
                token.split_once(':').is_some_and(|(id, secret)| {
                    !id.is_empty()
                        && id.chars().all(|c| c.is_ascii_digit())
                        && secret.len() >= 20
                        && secret.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
                })
            },
        }],
    }
}

fn slack() -> Guide {
    Guide {
        before: "\
Slack: an app in your workspace.
  1. https://api.slack.com/apps → Create New App → From scratch.
  2. OAuth & Permissions → Bot Token Scopes: chat:write, channels:read, channels:history (private channels: groups:read, groups:history).
  3. Install to Workspace, and copy the Bot User OAuth Token (xoxb-…). Invite the bot into each channel: /invite @name.",
        connector: "slack",
        tried: vec!["slack".to_owned()],
        section: "connectors.slack",
        questions: &[],
        offers: &[Offer {
            words: "Shall channels be read?",
            section: "sources.slack",
            key: "connector",
            value: "slack",
            questions: &[Question {
                words: "Their ids, with commas between (in Slack: the channel's name → About → Channel ID)",
                section: "sources.slack",
                key: "channels",
                default: "",
            }],
        }],
        secrets: &[Wanted {
            words: "The bot's token (xoxb-…)",
            file: "api-keys",
            key: "slack_token",
            looks_like: "a bot's token (it begins with xoxb-)",
            looks_right: |token| token.starts_with("xoxb-") && token.len() > 20,
        }],
    }
}

fn twilio() -> Guide {
    Guide {
        before: "\
Twilio: messages and calls from a number of yours.
  1. https://console.twilio.com → Account Info: Account SID and Auth Token.
  2. Phone Numbers → Manage → Active numbers: the number, as +15551234567.
  A trial account reaches only numbers that you verified.
  3. Shall messages to the number be read? Twilio calls us for each: write [webhooks] and [sources.sms] into moltbot.toml (it
     says how), and at the number, under Messaging Configuration, A message comes in: Webhook, HTTP POST, the address
     public_url/twilio.",
        connector: "twilio",
        tried: vec!["twilio".to_owned()],
        section: "connectors.twilio",
        questions: &[],
        offers: &[],
        secrets: &[
            Wanted {
                words: "Account SID (AC…)",
                file: "twilio",
                key: "account_sid",
                looks_like: "an account's SID (AC and 32 digits)",
                looks_right: |sid| {
                    sid.strip_prefix("AC")
                        .is_some_and(|rest| rest.len() == 32 && rest.chars().all(|c| c.is_ascii_hexdigit()))
                },
            },
            Wanted {
                words: "Auth Token",
                file: "twilio",
                key: "auth_token",
                looks_like: "an auth token (32 digits)",
                looks_right: |token| token.len() == 32 && token.chars().all(|c| c.is_ascii_hexdigit()),
            },
            Wanted {
                words: "The number that messages and calls come from (+…)",
                file: "twilio",
                key: "phone_number",
                looks_like: "a number in E.164 form (+ and up to 15 digits)",
                looks_right: |number| {
                    number.strip_prefix('+').is_some_and(|digits| {
                        (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
                    })
                },
            },
        ],
    }
}

fn gmail() -> Guide {
    Guide {
        before: "\
Gmail: reading and sending for one account, with the least that Google has words for (gmail.readonly and gmail.send).
  1. https://console.cloud.google.com → a project → APIs & Services → enable the Gmail API.
  2. OAuth consent screen: External; add yourself as a test user. While it is in Testing, consent ends after 7 days;
     Publish app makes it last.
  3. Credentials → Create credentials → OAuth client ID → Desktop app; copy its client id and client secret.
  Then your browser asks you whether this program may; the answer comes back on a loopback address of this machine.",
        connector: "gmail",
        tried: vec!["gmail".to_owned()],
        section: "connectors.gmail",
        questions: &[],
        offers: &[
            Offer {
                words: "Shall the inbox be read (what arrives from now on)?",
                section: "sources.email",
                key: "connector",
                value: "gmail",
                questions: &[],
            },
            Offer {
                words: "Shall mail be sent by it?",
                section: "connectors.mail",
                key: "deliver",
                value: "gmail",
                questions: &[Question {
                    words: "The account's address",
                    section: "connectors.mail",
                    key: "from",
                    default: "",
                }],
            },
        ],
        secrets: &[
            Wanted {
                words: "Client id (….apps.googleusercontent.com)",
                file: "oauth",
                key: "client_id",
                looks_like: "a client id (it ends in .apps.googleusercontent.com)",
                looks_right: |id| id.ends_with(".apps.googleusercontent.com") && !id.contains(' '),
            },
            Wanted {
                words: "Client secret (GOCSPX-…)",
                file: "oauth",
                key: "client_secret",
                looks_like: "a client secret",
                looks_right: |secret| secret.len() >= 16 && !secret.contains(' '),
            },
        ],
    }
}

fn mail() -> Guide {
    Guide {
        before:
            "\
Mail: any mailbox, read by IMAP and sent by SMTP, both over TLS.
  Your provider's help names both servers. Where your account has two factors, make an app password for this.",
        connector: "mail",
        tried: vec!["mail".to_owned(), "imap".to_owned()],
        section: "connectors.imap",
        questions: &[
            Question { words: "IMAP server", section: "connectors.imap", key: "host", default: "" },
            Question { words: "SMTP server", section: "connectors.mail.smtp", key: "host", default: "" },
            Question { words: "SMTP port", section: "connectors.mail.smtp", key: "port", default: "587" },
            Question {
                words: "SMTP security: starttls (587) or tls (465)",
                section: "connectors.mail.smtp",
                key: "security",
                default: "starttls",
            },
            Question {
                words: "The address that mail is from",
                section: "connectors.mail",
                key: "from",
                default: "",
            },
        ],
        offers: &[
            Offer {
                words: "Shall the inbox be read (what arrives from now on)?",
                section: "sources.email",
                key: "connector",
                value: "imap",
                questions: &[],
            },
            Offer {
                words: "Shall mail be sent by that server?",
                section: "connectors.mail",
                key: "deliver",
                value: "smtp",
                questions: &[],
            },
            Offer {
                words: "Does the SMTP server want you to sign in?",
                section: "connectors.mail.smtp",
                key: "sign_in",
                value: "true",
                questions: &[],
            },
        ],
        secrets: &[
            Wanted {
                words: "User name, usually the address",
                file: "mail",
                key: "username",
                looks_like: "a user name",
                looks_right: |name| !name.is_empty(),
            },
            Wanted {
                words: "Password",
                file: "mail",
                key: "password",
                looks_like: "a password",
                looks_right: |password| !password.is_empty(),
            },
        ],
    }
}
