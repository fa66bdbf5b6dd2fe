//! Every promise, in one place.

use clean_content::{BODY_LIMIT, SCHEMA, Severity, is_allowed};
use jsonschema::Validator;
use sanitizer::{CleanContent, ContentType, Unreadable, Untrusted, sanitize};
use serde_json::Value;
use std::sync::LazyLock;
use unicode_normalization::is_nfkc;

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap());

pub(crate) fn read(raw: &[u8], content_type: ContentType) -> Result<CleanContent, Unreadable> {
    sanitize(Untrusted::new(raw.to_vec()), content_type, "2026-01-02T03:04:05Z".parse().unwrap())
}

/// Reads the bytes and looks at all that may be handed on. The error says which promise was broken.
pub(crate) fn promises(raw: &[u8], content_type: ContentType) -> Result<(), String> {
    let clean = match read(raw, content_type) {
        Ok(clean) => clean,
        Err(fault @ Unreadable::NotClean(_)) => return Err(format!("{fault}: {fault:?}")),
        Err(_nothing_is_handed_on) => return Ok(()),
    };
    let json = clean.to_json();
    let value: Value = serde_json::from_str(&json).unwrap();
    let holds = |promise: bool, what: &str| if promise { Ok(()) } else { Err(format!("{what}: {json}")) };

    if let Some(error) = VALIDATOR.iter_errors(&value).next() {
        return Err(format!("does not fit the schema at {}: {error}", error.instance_path()));
    }
    let again = CleanContent::parse(Untrusted::new(json.clone())).map_err(|misfit| misfit.to_string())?;
    holds(again == clean, "is not what was read back")?;
    holds(read(raw, content_type).is_ok_and(|again| again == clean), "is not the same at the second time")?;

    strings(&value, "", &mut |field, text| {
        let many_lines = field == ".body" || field.ends_with(".text");
        let allowed = |c: char| is_allowed(c) && (many_lines || !matches!(c, '\n' | '\t'));
        holds(text.chars().all(allowed), &format!("a forbidden character in {field}"))?;
        holds(is_nfkc(text), &format!("{field} is not normalised"))
    })?;

    let body = clean.body();
    holds(clean.sanitized_length() == body.chars().count() as u64, "another length than the body's")?;
    holds(clean.sanitized_length() <= BODY_LIMIT as u64, "too long")?;
    holds(clean.original_length() == raw.len() as u64, "another length than the input's")?;
    holds(clean.content_type() == content_type, "another type")?;
    let grave = clean.findings().iter().any(|finding| finding.severity >= Severity::Medium);
    holds(clean.injection_warning() == grave, "a warning that does not follow from the findings")?;

    let text = read(body.as_bytes(), ContentType::Text).map_err(|error| error.to_string())?;
    holds(text.body() == body && !text.truncated(), "cleaning the clean body changes it")
}

fn strings(
    value: &Value,
    field: &str,
    look: &mut impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), String> {
    match value {
        Value::String(text) => look(field, text),
        Value::Array(values) => values.iter().try_for_each(|value| strings(value, field, look)),
        Value::Object(fields) => {
            fields.iter().try_for_each(|(name, value)| strings(value, &format!("{field}.{name}"), look))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
