//! The REST API of 2010-04-01, as far as an account of ours uses it.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::{Described, Parameter, Spec};
use super::{Answer, Provider, Request, secret_of};

pub(crate) const FILE: &str = "twilio_api_v2010.json";

static SPEC: LazyLock<Spec> =
    LazyLock::new(|| serde_json::from_str(include_str!("../specs/twilio.json")).unwrap());

/// An account and what was made in it, the newest last.
pub(crate) struct Twilio {
    pub(crate) now: Timestamp,
    pub(crate) messages: Vec<Value>,
    pub(crate) calls: Vec<Value>,
    /// The error that the next call meets: status and number.
    pub(crate) refuses: Option<(u16, u32)>,
}

impl Twilio {
    pub(crate) fn new() -> Twilio {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        Twilio { now, messages: Vec::new(), calls: Vec::new(), refuses: None }
    }

    fn make(&mut self, request: &Request, done: &mut Vec<String>) -> Answer {
        let field = |name: &str| request.field(name).unwrap_or_default();
        let is_message = request.path.ends_with("/Messages.json");
        let made = if is_message { &mut self.messages } else { &mut self.calls };
        let kind = if is_message { "SM" } else { "CA" };
        let says = if is_message { field("Body") } else { field("Twiml") };
        done.push(format!("{}: {says}", field("To")));
        let created = jiff::fmt::rfc2822::to_string(&self.now.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        made.push(json!({
            "sid": format!("{kind}{:032x}", made.len() + 1), "to": field("To"), "body": says, "status": "queued",
            "error_code": null, "direction": "outbound-api", "date_created": created,
        }));
        Answer::json(201, made.last().unwrap())
    }

    fn find(&self, request: &Request, path: &str) -> Answer {
        let to = request.field("To");
        let newest_first = |made: &[Value]| -> Vec<Value> {
            made.iter()
                .rev()
                .filter(|one| to.is_none() || one["to"].as_str() == to.as_deref())
                .cloned()
                .collect()
        };
        match path {
            ".json" => {
                let sid = secret_of(connectors::twilio::ACCOUNT_SID);
                Answer::json(
                    200,
                    &json!({"sid": sid, "friendly_name": "Molt", "status": "active", "type": "Full"}),
                )
            }
            "/Messages.json" => {
                Answer::json(200, &json!({"messages": newest_first(&self.messages), "page": 0}))
            }
            "/Calls.json" => Answer::json(200, &json!({"calls": newest_first(&self.calls), "page": 0})),
            one => {
                let sid = one.rsplit('/').next().unwrap().strip_suffix(".json").unwrap();
                let mut all = self.messages.iter().chain(&self.calls);
                all.find(|made| made["sid"] == sid)
                    .map_or_else(|| no(404, 20404), |made| Answer::json(200, made))
            }
        }
    }
}

impl Provider for Twilio {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn demands(&self, request: &Request) -> Result<(), String> {
        let (sid, token) =
            (secret_of(connectors::twilio::ACCOUNT_SID), secret_of(connectors::twilio::AUTH_TOKEN));
        if request.basic() != Some((sid.to_owned(), token.to_owned())) {
            return Err("the credential is not in its place".to_owned());
        }
        if !request.path.starts_with(&format!("/2010-04-01/Accounts/{sid}")) {
            return Err("it is another account".to_owned());
        }
        for end in ["To", "From"] {
            if request.field(end).is_some_and(|number| !number.starts_with('+') || number.contains(' ')) {
                return Err(format!("21211: `{end}` is not a valid phone number"));
            }
        }
        let given = |names: &[&str]| names.iter().filter(|name| request.field(name).is_some()).count();
        match (request.method.as_str(), request.path.ends_with("/Calls.json")) {
            ("POST", false) if given(&["From", "MessagingServiceSid"]) == 0 => {
                Err("21603: no sender".to_owned())
            }
            ("POST", false) if given(&["Body", "MediaUrl", "ContentSid"]) == 0 => {
                Err("21602: no body".to_owned())
            }
            ("POST", false) if request.field("Body").is_some_and(|body| body.chars().count() > 1600) => {
                Err("21617: too long".to_owned())
            }
            ("POST", true) if given(&["Url", "Twiml", "ApplicationSid"]) != 1 => {
                Err("21205: what to do".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn answer(&mut self, request: &Request, done: &mut Vec<String>) -> Answer {
        if let Some((status, code)) = self.refuses.take() {
            return no(status, code);
        }
        let account = format!("/2010-04-01/Accounts/{}", secret_of(connectors::twilio::ACCOUNT_SID));
        let path = request.path.strip_prefix(&account).unwrap();
        if request.method == "POST" { self.make(request, done) } else { self.find(request, path) }
    }

    fn too_many(&self, seconds: u64) -> Answer {
        no(429, 20429).with("Retry-After", seconds)
    }
}

fn no(status: u16, code: u32) -> Answer {
    let url = format!("https://www.twilio.com/docs/errors/{code}");
    Answer::json(status, &json!({"code": code, "message": "no", "more_info": url, "status": status}))
}

/// From the description as it is published, our calls.
pub(crate) fn described(whole: &Value) -> Vec<Described> {
    let account = "/2010-04-01/Accounts/{AccountSid}";
    let calls = [
        ("get", "/2010-04-01/Accounts/{Sid}.json".to_owned()),
        ("get", format!("{account}/Messages.json")),
        ("post", format!("{account}/Messages.json")),
        ("get", format!("{account}/Messages/{{Sid}}.json")),
        ("get", format!("{account}/Calls.json")),
        ("post", format!("{account}/Calls.json")),
        ("get", format!("{account}/Calls/{{Sid}}.json")),
    ];
    let call = |(method, path): (&str, String)| {
        let operation = &whole["paths"][&path][method];
        // What is only referred to is one word of a list.
        let kind = |schema: &Value| vec![schema["type"].as_str().unwrap_or("string").to_owned()];
        let parameter = |name: &str, place: &Value, required: bool, schema: &Value| Parameter {
            name: name.to_owned(),
            place: place.as_str().unwrap().to_owned(),
            types: kind(schema),
            required,
            longest: schema["maxLength"].as_u64(),
        };
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut parameters: Vec<_> = parameters
            .map(|one| {
                let required = one["required"].as_bool().unwrap_or(false);
                parameter(one["name"].as_str().unwrap(), &one["in"], required, &one["schema"])
            })
            .collect();
        let contents = operation["requestBody"]["content"].as_object();
        for schema in
            contents.into_iter().flat_map(|contents| contents.values()).map(|content| &content["schema"])
        {
            let required =
                |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
            let fields = schema["properties"].as_object().unwrap().iter();
            parameters
                .extend(fields.map(|(name, field)| parameter(name, &json!("body"), required(name), field)));
        }
        let bodies = contents.map(|contents| contents.keys().cloned().collect()).unwrap_or_default();
        Described { method: method.to_uppercase(), path, bodies, parameters }
    };
    calls.into_iter().map(call).collect()
}

pub(crate) fn carried() -> &'static Spec {
    &SPEC
}
