//! The Bot API, as far as a bot of ours uses it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::spec::{Described, Parameter, Spec};
use super::{Answer, Provider, Request, secret_of};

pub(crate) const FILE: &str = "telegram_bot_api.json";

static SPEC: LazyLock<Spec> =
    LazyLock::new(|| serde_json::from_str(include_str!("../specs/telegram.json")).unwrap());

/// Telegram.
#[derive(Default)]
pub(crate) struct Telegram {
    /// What was not confirmed yet.
    pub(crate) updates: BTreeMap<i64, Value>,
    /// Address and secret.
    pub(crate) webhook: Option<(String, String)>,
    /// Chats that answer with an error: status, words, and a chat's new number.
    pub(crate) chats: BTreeMap<String, (u16, &'static str, Option<i64>)>,
    sent: i64,
}

impl Telegram {
    pub(crate) fn new() -> Telegram {
        Telegram::default()
    }

    pub(crate) fn says(&mut self, update: i64, text: &str) {
        let message =
            json!({"message_id": update, "date": 0, "chat": {"id": 5, "type": "private"}, "text": text});
        self.updates.insert(update, json!({"update_id": update, "message": message}));
    }

    fn updates(&mut self, asked: &Value) -> Answer {
        if self.webhook.is_some() {
            let words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
            return refused(409, words, Value::Null);
        }
        if let Some(offset) = asked["offset"].as_i64() {
            assert!(offset > 0, "Telegram would forget updates");
            self.updates.retain(|update, _| *update >= offset);
        }
        let limit = usize::try_from(asked["limit"].as_u64().unwrap_or(100)).unwrap();
        assert!((1..=100).contains(&limit));
        let wanted = |update: &&Value| {
            let kinds = asked["allowed_updates"].as_array().unwrap();
            update.as_object().unwrap().keys().any(|key| kinds.contains(&json!(key)))
        };
        let updates: Vec<&Value> = self.updates.values().filter(wanted).take(limit).collect();
        yes(&json!(updates))
    }

    fn message(&mut self, asked: &Value, done: &mut Vec<String>) -> Answer {
        let chat = match &asked["chat_id"] {
            Value::String(name) => name.clone(),
            number => number.to_string(),
        };
        if let Some((status, words, new_chat)) = self.chats.get(&chat) {
            let parameters = new_chat.map_or(Value::Null, |chat| json!({"migrate_to_chat_id": chat}));
            return refused(*status, words, parameters);
        }
        self.sent += 1;
        done.push(format!("{chat}: {}", asked["text"].as_str().unwrap()));
        let id = chat.parse().unwrap_or(-100_i64);
        yes(&json!({"message_id": self.sent, "date": 0, "chat": {"id": id, "type": "private"}}))
    }
}

impl Provider for Telegram {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn demands(&self, request: &Request) -> Result<(), String> {
        let token = secret_of(connectors::telegram::TOKEN);
        if !request.path.starts_with(&format!("/bot{token}/")) {
            return Err("the token is not in its place".to_owned());
        }
        let text = request.json()["text"].as_str().map_or(1, |text| text.encode_utf16().count());
        if (1..=4096).contains(&text) { Ok(()) } else { Err(format!("a text of {text} UTF-16 units")) }
    }

    fn answer(&mut self, request: &Request, done: &mut Vec<String>) -> Answer {
        match request.path.rsplit('/').next().unwrap() {
            "getMe" => {
                yes(&json!({"id": 123_456_789, "is_bot": true, "first_name": "Molt", "username": "molt_bot"}))
            }
            "getUpdates" => self.updates(&request.json()),
            "sendMessage" => self.message(&request.json(), done),
            "setWebhook" => {
                self.webhook = Some((request.field("url").unwrap(), request.field("secret_token").unwrap()));
                yes(&json!(true))
            }
            "deleteWebhook" => {
                self.webhook = None;
                yes(&json!(true))
            }
            "getWebhookInfo" => {
                let url = self.webhook.as_ref().map_or("", |(url, _)| url);
                let pending = self.updates.len();
                yes(&json!({"url": url, "has_custom_certificate": false, "pending_update_count": pending}))
            }
            other => panic!("{other} is described and not played"),
        }
    }

    fn too_many(&self, seconds: u64) -> Answer {
        let words = format!("Too Many Requests: retry after {seconds}");
        refused(429, &words, json!({"retry_after": seconds}))
    }
}

fn yes(result: &Value) -> Answer {
    Answer::json(200, &json!({"ok": true, "result": result}))
}

fn refused(status: u16, words: &str, parameters: Value) -> Answer {
    let mut body = json!({"ok": false, "error_code": status, "description": words});
    if !parameters.is_null() {
        body["parameters"] = parameters;
    }
    Answer::json(status, &body)
}

/// From the description as it is published, our calls.
pub(crate) fn described(whole: &Value) -> Vec<Described> {
    let calls = [
        ("GET", "getMe"),
        ("GET", "getWebhookInfo"),
        ("POST", "getUpdates"),
        ("POST", "sendMessage"),
        ("POST", "setWebhook"),
        ("POST", "deleteWebhook"),
    ];
    let call = |(method, name): (&str, &str)| {
        let fields = whole["methods"][name]["fields"].as_array().cloned().unwrap_or_default();
        let kind = |written: &Value| match written.as_str().unwrap() {
            "Integer" => "integer",
            "Float" => "number",
            "String" => "string",
            "Boolean" => "boolean",
            array if array.starts_with("Array of") => "array",
            _ => "object",
        };
        let parameter = |field: &Value| Parameter {
            name: field["name"].as_str().unwrap().to_owned(),
            place: "anywhere".to_owned(),
            types: field["types"]
                .as_array()
                .unwrap()
                .iter()
                .map(|written| kind(written).to_owned())
                .collect(),
            required: field["required"].as_bool().unwrap(),
            longest: None,
        };
        Described {
            method: method.to_owned(),
            path: format!("/bot{{token}}/{name}"),
            // "Making requests" on the same page; the description has no word on it.
            bodies: ["application/json", "application/x-www-form-urlencoded"].map(str::to_owned).into(),
            parameters: fields.iter().map(parameter).collect(),
        }
    };
    calls.into_iter().map(call).collect()
}

pub(crate) fn carried() -> &'static Spec {
    &SPEC
}
