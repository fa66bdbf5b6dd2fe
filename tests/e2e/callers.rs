//! A home that services call, and what they send it, signed as each of them signs.

use crate::services::append;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use std::net::SocketAddr;
use system_tests::{TestHome, moltctl};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Look like secrets, and are met nowhere else. Telegram's is shown with every delivery, so it goes through the doorkeeper.
pub(crate) const TELEGRAM: &str = "telegram-webhook-secret-h7Kd2";
const BOT_TOKEN: &str = "7654321:PLANTED-telegram-token-xq8Zr4";
const SLACK: &str = "PLANTED-slack-signing-secret-8f742231b10e";
const TWILIO: &str = "PLANTED-twilio-auth-token-12345";
const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";

const RULE: &str = r#"
[[rule]]
name = "tell"
when = { source = "telegram" }
action = "send_email"
with = { to = "ann@example.org", subject = "telegram", body = "{{ body }}" }

[[rule]]
name = "tell-slack"
when = { source = "slack" }
action = "send_email"
with = { to = "ann@example.org", subject = "slack", body = "{{ body }}" }

[[rule]]
name = "answer"
when = { source = "sms" }
action = "send_sms"
with = { to = "{{ sender }}", text = "You said: {{ body }}" }
"#;

/// A home that services call.
pub(crate) struct Called {
    pub(crate) home: TestHome,
    pub(crate) door: SocketAddr,
}

/// One request of somebody, with what it takes to make it right or wrong.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

// === impl Called ===

impl Called {
    pub(crate) fn new() -> Self {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let home = TestHome::new();
        let more = format!(
            "\n[connectors.telegram]\n[connectors.slack]\n[connectors.twilio]\n\
             [webhooks]\nlisten = \"{door}\"\npublic_url = \"https://hooks.example.org\"\n"
        );
        append(&home.config_file(), &more);
        append(&home.rules_file(), RULE);
        for (file, name, secret) in [
            ("api-keys", "telegram_bot_token", BOT_TOKEN),
            ("api-keys", "telegram_webhook_secret", TELEGRAM),
            ("api-keys", "slack_signing_secret", SLACK),
            ("twilio", "account_sid", ACCOUNT),
            ("twilio", "auth_token", TWILIO),
        ] {
            let set = ["--home", home.path().to_str().unwrap(), "secrets", "set", file, name];
            moltctl(&set, secret.as_bytes()).well();
        }
        Self { home, door }
    }

    pub(crate) async fn ask(&self, asked: &Asked) -> (u16, String) {
        self.say(asked.to_string().as_bytes()).await
    }

    pub(crate) async fn say(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.door).await.unwrap();
        // It may be answered before all of it was sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), body.unwrap_or_default())
    }

    pub(crate) fn pid(&self) -> u64 {
        let status = self.home.moltctl(&["status", "--json"]).json();
        let rows = status["processes"].as_array().unwrap().clone();
        rows.iter().find(|row| row["process"] == "doorkeeper").unwrap()["pid"].as_u64().unwrap()
    }
}

// === impl Asked ===

impl Asked {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, headers, body } = self;
        write!(f, "POST {path} HTTP/1.1\r\nHost: hooks.example.org\r\nContent-Length: {}\r\n", body.len())?;
        for (name, value) in headers {
            write!(f, "{name}: {value}\r\n")?;
        }
        write!(f, "\r\n{body}")
    }
}

pub(crate) fn telegram(update: i64, text: &str) -> Asked {
    let from = json!({ "id": 11, "is_bot": false, "first_name": "Ann" });
    let chat = json!({ "id": 11, "type": "private", "first_name": "Ann" });
    let message =
        json!({ "message_id": update, "date": 1_700_000_000, "from": from, "chat": chat, "text": text });
    Asked {
        path: "/telegram",
        headers: vec![("X-Telegram-Bot-Api-Secret-Token", TELEGRAM.to_owned())],
        body: json!({ "update_id": update, "message": message }).to_string(),
    }
}

pub(crate) fn slack_says(body: &Value, at: i64) -> Asked {
    let body = body.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SLACK.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers =
        vec![("X-Slack-Request-Timestamp", at.to_string()), ("X-Slack-Signature", format!("v0={digits}"))];
    Asked { path: "/slack", headers, body }
}

pub(crate) fn slack(ts: &str, text: &str, at: i64) -> Asked {
    slack_in("C0123456789", ts, text, at)
}

pub(crate) fn slack_in(channel: &str, ts: &str, text: &str, at: i64) -> Asked {
    let event = json!({ "type": "message", "channel": channel, "user": "U1", "ts": ts, "text": text });
    slack_says(
        &json!({ "type": "event_callback", "event_id": "Ev1", "api_app_id": "A1", "event": event }),
        at,
    )
}

pub(crate) fn twilio(message: &str) -> Asked {
    twilio_says(message, ("Body", "hi"))
}

pub(crate) fn twilio_says(message: &str, what: (&'static str, &str)) -> Asked {
    let mut fields = [
        ("AccountSid", ACCOUNT),
        ("MessageSid", message),
        ("From", "+15551234567"),
        ("To", "+15557654321"),
        what,
    ];
    fields.sort_unstable();
    let signed: String = fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TWILIO.as_bytes());
    let tag = hmac::sign(&key, format!("https://hooks.example.org/twilio{signed}").as_bytes());
    let letter = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let encoded = |value: &str| value.bytes().map(letter).collect::<String>();
    let form = fields.map(|(name, value)| format!("{name}={}", encoded(value))).join("&");
    let headers = vec![
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
        ("X-Twilio-Signature", BASE64_STANDARD.encode(tag.as_ref())),
    ];
    Asked { path: "/twilio", headers, body: form }
}

pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

pub(crate) const SMS: &str = "SM00112233445566778899aabbccddeeff";
