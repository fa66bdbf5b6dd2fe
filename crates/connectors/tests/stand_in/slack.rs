//! The Web API, as far as a bot of ours uses it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::spec::{Described, Parameter, Spec};
use super::{Answer, Provider, Request, secret_of};

pub(crate) const FILE: &str = "slack_web_openapi_v2.json";

static SPEC: LazyLock<Spec> =
    LazyLock::new(|| serde_json::from_str(include_str!("../specs/slack.json")).unwrap());

/// A workspace.
pub(crate) struct Slack {
    /// Messages by channel and `ts`.
    pub(crate) channels: BTreeMap<String, BTreeMap<String, Value>>,
    /// The most that one page has, whatever was asked for.
    pub(crate) page: usize,
    /// The error that the next call meets.
    pub(crate) refuses: Option<&'static str>,
    /// Whether a window's ends count in, which Slack's own do not.
    pub(crate) ends_count: bool,
    /// A channel whose history breaks inside Slack.
    pub(crate) broken: Option<String>,
    posted: u64,
}

impl Slack {
    pub(crate) fn new() -> Slack {
        Slack {
            channels: BTreeMap::new(),
            page: 1000,
            refuses: None,
            ends_count: false,
            broken: None,
            posted: 0,
        }
    }

    pub(crate) fn says(&mut self, channel: &str, ts: &str, text: &str) {
        let message = json!({"type": "message", "user": "U9", "text": text, "ts": ts});
        self.is_told(channel, ts, message);
    }

    pub(crate) fn is_told(&mut self, channel: &str, ts: &str, message: Value) {
        self.channels.entry(channel.to_owned()).or_default().insert(ts.to_owned(), message);
    }

    fn list(&self, request: &Request) -> Answer {
        let begin: usize = request.field("cursor").map_or(0, |cursor| cursor.parse().unwrap());
        let (page, all) = (self.page.min(limit(request)), self.channels.len());
        let channel = |id: &String| json!({"id": id, "name": format!("name-of-{id}"), "is_member": true});
        let channels: Vec<_> = self.channels.keys().skip(begin).take(page).map(channel).collect();
        let next = if begin + page < all { (begin + page).to_string() } else { String::new() };
        yes(&json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
    }

    /// The newest first; both ends are left out.
    fn history(&self, request: &Request) -> Answer {
        if request.field("channel") == self.broken {
            return no("internal_error");
        }
        let Some(messages) = self.channels.get(&request.field("channel").unwrap()) else {
            return no("channel_not_found");
        };
        let (oldest, latest) = (request.field("oldest"), request.field("latest"));
        let cursor = request.field("cursor");
        let within = |ts: &str| {
            let end = |end: &str| self.ends_count && ts == end;
            oldest.as_deref().is_none_or(|oldest| ts > oldest || end(oldest))
                && latest.as_deref().is_none_or(|latest| ts < latest || end(latest))
                && cursor.as_deref().is_none_or(|cursor| ts < cursor)
        };
        let mut found = messages.iter().rev().filter(|(ts, _)| within(ts));
        let page: Vec<_> = found.by_ref().take(self.page.min(limit(request))).collect();
        let more = found.next().is_some();
        let last = page.last().map_or("", |(ts, _)| ts);
        let page: Vec<&Value> = page.iter().map(|(_, message)| *message).collect();
        let metadata = if more { json!({"next_cursor": last}) } else { Value::Null };
        yes(&json!({"messages": page, "has_more": more, "response_metadata": metadata}))
    }

    fn post(&mut self, asked: &Value, done: &mut Vec<String>) -> Answer {
        let channel = asked["channel"].as_str().unwrap();
        if !self.channels.contains_key(channel) {
            return no("channel_not_found");
        }
        self.posted += 1;
        done.push(format!("{channel}: {}", asked["text"].as_str().unwrap()));
        yes(&json!({"channel": channel, "ts": format!("1800000000.{:06}", self.posted), "message": {}}))
    }
}

impl Provider for Slack {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn demands(&self, request: &Request) -> Result<(), String> {
        let token = secret_of(connectors::slack::TOKEN);
        if request.header("authorization") != Some(&format!("Bearer {token}")) {
            return Err("the token is not in its place".to_owned());
        }
        match request.header("content-type") {
            None | Some("application/json; charset=utf-8" | "application/x-www-form-urlencoded") => Ok(()),
            Some(other) => Err(format!("missing_charset: {other}")),
        }
    }

    fn answer(&mut self, request: &Request, done: &mut Vec<String>) -> Answer {
        if let Some(code) = self.refuses.take() {
            return no(code);
        }
        match request.path.as_str() {
            "/auth.test" => yes(&json!({
                "url": "https://acme.slack.com/", "team": "Acme", "user": "molt", "team_id": "T1", "user_id": "U1", "bot_id": "B1",
            })),
            "/conversations.list" => self.list(request),
            "/conversations.history" => self.history(request),
            "/chat.postMessage" => self.post(&request.json(), done),
            other => panic!("{other} is described and not played"),
        }
    }

    fn too_many(&self, seconds: u64) -> Answer {
        Answer { status: 429, ..no("ratelimited") }.with("Retry-After", seconds)
    }
}

fn limit(request: &Request) -> usize {
    let limit = request.field("limit").map_or(100, |limit| limit.parse().unwrap());
    assert!((1..=1000).contains(&limit));
    limit
}

fn yes(fields: &Value) -> Answer {
    let mut body = fields.clone();
    body["ok"] = json!(true);
    Answer::json(200, &body)
}

fn no(code: &str) -> Answer {
    Answer::json(200, &json!({"ok": false, "error": code}))
}

/// From the description as it is published, our calls. It knows the token as a parameter, which Slack has given up.
pub(crate) fn described(whole: &Value) -> Vec<Described> {
    let calls = ["/auth.test", "/conversations.list", "/conversations.history", "/chat.postMessage"];
    let call = |path: &str| {
        let (method, operation) = whole["paths"][path].as_object().unwrap().iter().next().unwrap();
        let parameter = |parameter: &Value| Parameter {
            name: parameter["name"].as_str().unwrap().to_owned(),
            place: if parameter["in"] == "formData" { "body" } else { "query" }.to_owned(),
            types: vec![parameter["type"].as_str().unwrap().to_owned()],
            required: parameter["required"].as_bool().unwrap_or(false),
            longest: None,
        };
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let bodies = operation["consumes"].as_array().unwrap().iter();
        let bodies = bodies.map(|body| body.as_str().unwrap().to_owned()).collect();
        Described {
            method: method.to_uppercase(),
            path: path.to_owned(),
            bodies: if method == "get" { Vec::new() } else { bodies },
            parameters: parameters.filter(|parameter| parameter["name"] != "token").map(parameter).collect(),
        }
    };
    calls.into_iter().map(call).collect()
}

pub(crate) fn carried() -> &'static Spec {
    &SPEC
}
