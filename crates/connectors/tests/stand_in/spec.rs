//! What providers' own descriptions say of the calls that we make.
//!
//! The three kinds of description are brought into one form, which `tests/specs/*.json` carries for our calls only. Where
//! `MOLTBOT_SPECS` names the folder with the whole descriptions, that the carried part is what they say is checked too.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Request;

/// Calls of one provider.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// Where it comes from, and under which licence.
    pub(crate) source: String,
    pub(crate) calls: Vec<Described>,
}

/// One call.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Described {
    pub(crate) method: String,
    /// Segments, some with a `{name}`.
    pub(crate) path: String,
    /// Content types of the body, if it may have one.
    pub(crate) bodies: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// `path`, `query`, `body`, or `anywhere` for the query or the body.
    pub(crate) place: String,
    /// `string`, `integer`, `number`, `boolean`, `object` or `array`; one of them.
    pub(crate) types: Vec<String>,
    pub(crate) required: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) longest: Option<u64>,
}

/// A whole description, where this machine has it.
pub(crate) fn whole(file: &str) -> Option<Value> {
    let folder = PathBuf::from(std::env::var_os("MOLTBOT_SPECS")?);
    let text = std::fs::read_to_string(folder.join(file)).expect("MOLTBOT_SPECS names a folder without it");
    Some(serde_json::from_str(&text).unwrap())
}

// === impl Spec ===

impl Spec {
    /// What is wrong with a request, if anything is.
    pub(crate) fn check(&self, request: &Request) -> Result<(), String> {
        let call = self.calls.iter().find(|call| call.method == request.method && call.is_at(&request.path));
        call.ok_or("no such call is described")?.check(request)
    }
}

// === impl Described ===

impl Described {
    fn is_at(&self, path: &str) -> bool {
        let (described, found) = (self.path.split('/'), path.split('/'));
        described.clone().count() == found.clone().count()
            && described.zip(found).all(|(described, found)| match described.split_once('{') {
                None => described == found,
                Some((before, after)) => {
                    let after = after.split_once('}').unwrap().1;
                    found.len() > before.len() + after.len()
                        && found.starts_with(before)
                        && found.ends_with(after)
                }
            })
    }

    fn check(&self, request: &Request) -> Result<(), String> {
        let said = self.said(request)?;
        for (place, name, value) in &said {
            let known = self.parameters.iter().filter(|parameter| parameter.name == *name);
            let parameter =
                known.clone().find(|parameter| parameter.place == *place || parameter.place == "anywhere");
            let parameter = parameter.ok_or_else(|| format!("`{name}` does not belong into the {place}"))?;
            if !parameter.types.iter().any(|kind| is(kind, value)) {
                return Err(format!("`{name}` is {value}, and has to be one of {:?}", parameter.types));
            }
            let longest = parameter.longest.unwrap_or(u64::MAX);
            if value.as_str().is_some_and(|text| text.chars().count() as u64 > longest) {
                return Err(format!("`{name}` is longer than {longest} characters"));
            }
            if said.iter().filter(|(_, other, _)| other == name).count() > 1 {
                return Err(format!("`{name}` is there twice"));
            }
        }
        let missing =
            self.parameters.iter().filter(|parameter| parameter.required && parameter.place != "path");
        match missing.clone().find(|parameter| !said.iter().any(|(_, name, _)| *name == parameter.name)) {
            Some(parameter) => Err(format!("`{}` is missing", parameter.name)),
            None => Ok(()),
        }
    }

    /// What the request says: where, what, and the value; texts of a query or form as the type that they can be read as.
    fn said(&self, request: &Request) -> Result<Vec<(&'static str, String, Value)>, String> {
        let text = |place| move |(name, value): (String, String)| (place, name, Value::String(value));
        let mut said: Vec<_> = request.query.iter().cloned().map(text("query")).collect();
        if request.body.is_empty() {
            return Ok(said);
        }
        let content_type = request.header("content-type").unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default();
        if !self.bodies.iter().any(|body| body == kind) {
            return Err(format!("a body of {content_type:?}, where there may be one of {:?}", self.bodies));
        }
        if kind == "application/json" {
            let Value::Object(fields) = request.json() else {
                return Err("the body is no JSON object".to_owned());
            };
            said.extend(fields.into_iter().map(|(name, value)| ("body", name, value)));
        } else {
            said.extend(request.form().into_iter().map(text("body")));
        }
        Ok(said)
    }
}

/// Whether a value is of a type, or a text that can be read as one.
fn is(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) | ("object", Value::Object(_)) => true,
        ("array", Value::Array(_)) | ("number", Value::Number(_)) => true,
        ("integer", Value::Number(number)) => number.is_i64(),
        ("boolean", Value::String(text)) => matches!(text.as_str(), "true" | "false"),
        ("integer", Value::String(text)) => text.parse::<i64>().is_ok(),
        ("number", Value::String(text)) => text.parse::<f64>().is_ok(),
        ("object" | "array", Value::String(text)) => {
            serde_json::from_str(text).is_ok_and(|value: Value| !value.is_string() && is(kind, &value))
        }
        _ => false,
    }
}
