//! Chat messages: what the app shows is the body, every other text in the JSON is examined.

mod link;
mod slack;
mod sms;
mod telegram;

pub(crate) use slack::view as slack;
pub(crate) use sms::view as sms;
pub(crate) use telegram::view as telegram;

use std::collections::HashSet;

use clean_content::{Attachment, Party};
use serde_json::{Value, error::Category};

use crate::{
    Unreadable,
    view::{Sight, View},
};

/// Bytes of one chat message: many times what the services send, and few enough to hold as a tree.
const CHAT_LIMIT: usize = 4 * 1024 * 1024;

/// SHA-256 of nothing: a chat message holds a reference to a file, not its bytes.
const NO_BYTES: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parse(raw: &[u8]) -> Result<Value, Unreadable> {
    if raw.len() > CHAT_LIMIT {
        return Err(Unreadable::TooLarge { size: raw.len(), limit: CHAT_LIMIT });
    }
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    serde_json::from_slice(raw).map_err(|error| match error.classify() {
        Category::Syntax if error.to_string().starts_with("recursion limit") => Unreadable::TooDeep,
        Category::Syntax | Category::Data | Category::Eof | Category::Io => {
            Unreadable::NotJson { line: error.line(), column: error.column() }
        }
    })
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// An id that a service writes as a number or as a text.
fn id(value: &Value, key: &str) -> Option<String> {
    let id = value.get(key)?;
    id.as_str().map(str::to_owned).or_else(|| id.as_i64().map(|id| id.to_string()))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn file(name: Option<&str>, media_type: Option<&str>, size: Option<u64>) -> Attachment {
    Attachment {
        name: name.map(str::to_owned),
        media_type: media_type.unwrap_or("application/octet-stream").to_owned(),
        size: size.unwrap_or_default(),
        sha256: NO_BYTES.to_owned(),
        text: None,
    }
}

fn line(view: &mut View, text: &str) {
    if !view.visible.is_empty() {
        view.visible.push('\n');
    }
    view.visible.push_str(text);
}

/// What stands beside the message: names are shown, and the rest of the JSON is not.
fn finish(mut view: View, json: &Value) -> View {
    let names = [view.metadata.sender.as_ref(), view.metadata.reply_to.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|Party { name, address: _ }| name.clone())
        .collect::<Vec<_>>();
    for name in names {
        view.pass("sender", name, Sight::Shown);
    }
    if let Some(chat) = view.metadata.chat.clone() {
        view.pass("chat", chat, Sight::Shown);
    }
    let files: Vec<_> = view.metadata.attachments.iter().filter_map(|file| file.name.clone()).collect();
    for name in files {
        view.pass("attachment name", name, Sight::Shown);
    }

    let seen: HashSet<&str> = view.visible.lines().collect();
    let mut rest = String::new();
    let mut todo = vec![json];
    while let Some(value) = todo.pop() {
        match value {
            Value::String(text) if text.len() >= 12 && !text.lines().all(|line| seen.contains(line)) => {
                rest.push_str(text);
                rest.push('\n');
            }
            Value::Array(values) => todo.extend(values.iter().rev()),
            Value::Object(fields) => todo.extend(fields.values().rev()),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    view.pass("other fields", rest, Sight::Aside);
    view
}
