//! What Google's own description of the API says of a request and of a reply.

use base64::Engine as _;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::LazyLock;

/// The part that the repository carries.
pub(crate) static EXTRACT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../specs/gmail.v1.json")).unwrap());

/// All of it, where somebody has it.
pub(crate) fn whole() -> Option<Value> {
    let folder = PathBuf::from(std::env::var_os("MOLTBOT_SPECS")?);
    let text = std::fs::read_to_string(folder.join("gmail.v1.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| whole().unwrap_or_else(|| EXTRACT.clone()));

/// A method of the API.
#[derive(Clone, Copy)]
pub(crate) struct Method(&'static Map<String, Value>);

/// The method that a request is for.
pub(crate) fn method(verb: &str, path: &str) -> Option<Method> {
    let mut all = Vec::new();
    collect(&DESCRIPTION["resources"], &mut all);
    let fitting =
        all.into_iter().filter(|method| method["httpMethod"] == verb && fits(&method["flatPath"], path));
    // `messages/send` is not the message of that name.
    fitting.min_by_key(|method| method["flatPath"].as_str().unwrap().matches('{').count()).map(Method)
}

fn collect(resources: &'static Value, all: &mut Vec<&'static Map<String, Value>>) {
    for resource in resources.as_object().into_iter().flat_map(Map::values) {
        let methods = resource["methods"].as_object().into_iter().flat_map(Map::values);
        all.extend(methods.map(|method| method.as_object().unwrap()));
        collect(&resource["resources"], all);
    }
}

fn fits(template: &Value, path: &str) -> bool {
    let template: Vec<&str> = template.as_str().unwrap().split('/').collect();
    let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let fits = |(template, segment): (&&str, &&str)| {
        template.starts_with('{') && !segment.is_empty() || template == segment
    };
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

// === impl Method ===

impl Method {
    pub(crate) fn id(self) -> &'static str {
        self.0["id"].as_str().unwrap()
    }

    pub(crate) fn scopes(self) -> Vec<&'static str> {
        self.0["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect()
    }

    /// What is wrong with the request.
    pub(crate) fn check_request(self, query: &[(String, String)], body: &[u8]) -> Vec<String> {
        let mut wrong = Vec::new();
        let declared = |name: &str| {
            let own = self.0["parameters"].get(name).filter(|parameter| parameter["location"] == "query");
            own.or_else(|| DESCRIPTION["parameters"].get(name))
        };
        for (name, value) in query {
            match declared(name) {
                None => wrong.push(format!("{} has no parameter `{name}`", self.id())),
                Some(parameter) if !parameter_fits(parameter, value) => {
                    wrong.push(format!("{}: `{name}` cannot be `{value}`", self.id()));
                }
                Some(parameter) => {
                    let times = query.iter().filter(|(other, _)| other == name).count();
                    if times > 1 && parameter["repeated"] != true {
                        wrong.push(format!("{}: `{name}` stands there {times} times", self.id()));
                    }
                }
            }
        }
        match self.0.get("request").map(|request| request["$ref"].as_str().unwrap()) {
            None if body.is_empty() => {}
            None => wrong.push(format!("{} takes no body", self.id())),
            Some(schema) => match serde_json::from_slice(body) {
                Ok(value) => check(schema, &value, schema, &mut wrong),
                Err(error) => wrong.push(format!("{}: the body is not JSON: {error}", self.id())),
            },
        }
        wrong
    }

    /// What is wrong with a reply of ours.
    pub(crate) fn check_reply(self, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let schema = self.0["response"]["$ref"].as_str().unwrap();
        check(schema, value, schema, &mut wrong);
        wrong
    }
}

fn parameter_fits(parameter: &Value, value: &str) -> bool {
    let listed = parameter["enum"].as_array().is_none_or(|listed| listed.iter().any(|one| one == value));
    let format = parameter["format"].as_str();
    listed
        && match (parameter["type"].as_str().unwrap(), format) {
            ("integer", Some("uint32")) => value.parse::<u32>().is_ok(),
            ("boolean", _) => matches!(value, "true" | "false"),
            ("string", Some("uint64")) => {
                value.parse::<u64>().is_ok_and(|number| number.to_string() == value)
            }
            ("string", None) => !value.is_empty(),
            (other, format) => panic!("nobody checks {other} {format:?}"),
        }
}

fn check(schema: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        return wrong.push(format!("{at} is not an object"));
    };
    let properties = DESCRIPTION["schemas"][schema]["properties"].as_object().unwrap();
    for (name, value) in fields {
        let at = format!("{at}.{name}");
        match properties.get(name) {
            None => wrong.push(format!("{at} is not described")),
            Some(property) => check_property(property, value, &at, wrong),
        }
    }
}

fn check_property(property: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(schema) = property["$ref"].as_str() {
        return check(schema, value, at, wrong);
    }
    let text = value.as_str();
    let base64url =
        |text: &str| BASE64_URL_SAFE.decode(text).is_ok() || BASE64_URL_SAFE_NO_PAD.decode(text).is_ok();
    let fits = match (property["type"].as_str().unwrap(), property["format"].as_str()) {
        ("string", Some("uint64")) => text.is_some_and(|text| text.parse::<u64>().is_ok()),
        ("string", Some("int64")) => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        ("string", Some("byte")) => text.is_some_and(base64url),
        ("string", None) => text.is_some(),
        ("integer", _) => value.is_i64() || value.is_u64(),
        ("array", _) => match value.as_array() {
            None => false,
            Some(items) => {
                for (nth, item) in items.iter().enumerate() {
                    check_property(&property["items"], item, &format!("{at}[{nth}]"), wrong);
                }
                true
            }
        },
        (other, format) => panic!("nobody checks {other} {format:?}"),
    };
    if !fits {
        wrong.push(format!("{at} cannot be {value}"));
    }
}
