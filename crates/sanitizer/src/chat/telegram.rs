use clean_content::{Party, limits};
use jiff::Timestamp;
use serde_json::Value;

use super::{file, finish, id, line, link, list, parse, text};
use crate::{Unreadable, view::View};

/// The updates that carry a message.
const CARRIERS: [&str; 8] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    "guest_message",
    "result",
];

/// Reads an update or a bare message.
pub(crate) fn view(raw: &[u8]) -> Result<View, Unreadable> {
    let json = parse(raw)?;
    let message = CARRIERS
        .iter()
        .find_map(|carrier| json.get(carrier))
        .or_else(|| json.get("callback_query")?.get("message"))
        .unwrap_or(&json);
    let is_message = message.get("chat").is_some()
        || message.get("message_id").is_some()
        || text(message, "text").is_some();
    if !is_message && !["inline_query", "poll", "callback_query"].iter().any(|key| json.get(key).is_some()) {
        return Err(Unreadable::WrongShape { expected: "`message`, `chat`, `message_id` or `text`" });
    }

    let mut view = View::default();
    about(message, &mut view);
    shown(message, &mut view);
    if let Some(query) = json.get("inline_query").or_else(|| json.get("callback_query")) {
        view.metadata.sender = query.get("from").map(person);
        if let Some(words) = text(query, "query") {
            line(&mut view, words);
        }
    }
    if let Some(poll) = json.get("poll") {
        show_poll(poll, &mut view);
    }
    Ok(finish(view, &json))
}

fn about(message: &Value, view: &mut View) {
    let chat = message.get("chat");
    let about = &mut view.metadata;
    about.sender = message.get("from").or_else(|| message.get("sender_chat")).map(person);
    // What an answer is sent to; a title is only what a group calls itself.
    about.chat = chat.and_then(|chat| id(chat, "id"));
    about.subject = chat.and_then(|chat| text(chat, "title").map(str::to_owned));
    about.message_id = id(message, "message_id");
    about.date = message
        .get("date")
        .and_then(Value::as_i64)
        .filter(|seconds| (0..253_402_300_800).contains(seconds))
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|time| time.to_string());
    for key in ["document", "audio", "video", "animation", "voice", "video_note", "sticker"] {
        if let Some(found) = message.get(key) {
            let size = found.get("file_size").and_then(Value::as_u64);
            about.attachments.push(file(text(found, "file_name"), text(found, "mime_type"), size));
        }
    }
    if let Some(photo) = list(message, "photo").last() {
        about.attachments.push(file(
            None,
            Some("image/jpeg"),
            photo.get("file_size").and_then(Value::as_u64),
        ));
    }
}

fn shown(message: &Value, view: &mut View) {
    let quoted = message.get("quote").and_then(|quote| text(quote, "text")).or_else(|| {
        message.get("reply_to_message").and_then(|m| text(m, "text").or_else(|| text(m, "caption")))
    });
    if let Some(quoted) = quoted {
        for quoted in quoted.lines() {
            line(view, &format!("> {quoted}"));
        }
    }
    let origin = message.get("forward_origin").unwrap_or(message);
    let forwarded = text(origin, "sender_user_name")
        .or_else(|| text(origin, "forward_sender_name"))
        .map(str::to_owned)
        .or_else(|| {
            let from = ["sender_user", "chat", "sender_chat", "forward_from", "forward_from_chat"];
            let keys = if origin.get("type").is_some() { from.get(..3)? } else { from.get(3..)? };
            keys.iter().find_map(|key| origin.get(key)).and_then(|from| person(from).name)
        });
    if let Some(name) = forwarded {
        line(view, &format!("[forwarded from {name}]"));
    }
    for (key, entities) in [("text", "entities"), ("caption", "caption_entities")] {
        if let Some(words) = text(message, key) {
            line(view, words);
            links(words, list(message, entities), view);
        }
    }
    if let Some(list_of_tasks) = message.get("checklist") {
        if let Some(words) = text(list_of_tasks, "title") {
            line(view, words);
        }
        for task in list(list_of_tasks, "tasks") {
            if let Some(words) = text(task, "text") {
                line(view, &format!("- {words}"));
            }
        }
    }
    for key in ["new_chat_title", "pinned_message"] {
        let found = message.get(key);
        let words = found.and_then(|found| {
            found.as_str().or_else(|| text(found, "text")).or_else(|| text(found, "caption"))
        });
        if let Some(words) = words {
            line(view, words);
        }
    }
    if let Some(poll) = message.get("poll") {
        show_poll(poll, view);
    }
    for (key, fields) in [
        ("venue", ["title", "address"]),
        ("game", ["title", "description"]),
        ("contact", ["first_name", "last_name"]),
        ("invoice", ["title", "description"]),
    ] {
        for field in fields {
            if let Some(words) = message.get(key).and_then(|thing| text(thing, field)) {
                line(view, words);
            }
        }
    }
    let rows = message.get("reply_markup").map(|markup| list(markup, "inline_keyboard")).unwrap_or_default();
    for button in rows.iter().filter_map(Value::as_array).flatten() {
        if let Some(words) = text(button, "text") {
            line(view, &format!("[button] {words}"));
            if let Some(target) = text(button, "url") {
                link::add(view, words, target);
            }
        }
    }
}

/// The words that are links: places and lengths count units of UTF-16. What points outside the text is left.
fn links(words: &str, entities: &[Value], view: &mut View) {
    let mut wanted: Vec<(u64, u64, &str)> = entities
        .iter()
        .filter(|entity| text(entity, "type") == Some("text_link"))
        .filter_map(|entity| {
            let number = |key| entity.get(key).and_then(Value::as_u64);
            Some((number("offset")?, number("length")?, text(entity, "url")?))
        })
        .take(limits::LINKS)
        .collect();
    wanted.sort_unstable();
    let mut shown = vec![String::new(); wanted.len()];
    let mut at = 0;
    for c in words.chars() {
        for ((offset, length, _), shown) in wanted.iter().zip(&mut shown) {
            if (*offset..offset.saturating_add(*length)).contains(&at) {
                shown.push(c);
            }
        }
        at += c.len_utf16() as u64;
    }
    for ((_, _, target), shown) in wanted.iter().zip(&shown) {
        link::add(view, shown, target);
    }
}

fn show_poll(poll: &Value, view: &mut View) {
    if let Some(question) = text(poll, "question") {
        line(view, question);
    }
    for option in list(poll, "options") {
        if let Some(words) = text(option, "text") {
            line(view, &format!("- {words}"));
        }
    }
    for key in ["description", "explanation"] {
        if let Some(words) = text(poll, key) {
            line(view, words);
        }
    }
}

fn person(person: &Value) -> Party {
    let name = [text(person, "first_name"), text(person, "last_name"), text(person, "title")];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Party {
        name: Some(name).filter(|name| !name.is_empty()),
        address: text(person, "username")
            .map(|name| format!("@{name}"))
            .or_else(|| id(person, "id"))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, visible: &str) -> View {
        let view = view(json.as_bytes()).unwrap();
        assert_eq!(view.visible, visible);
        view
    }

    #[test]
    fn what_the_app_shows_is_the_body() {
        let view = check(
            r#"{"update_id":1,"message":{"message_id":2,"from":{"id":3,"first_name":"Ann","last_name":"Lee","username":"al"},
            "chat":{"id":4,"title":"Team"},"date":0,"text":"hi","document":{"file_name":"a.pdf","mime_type":"application/pdf"}}}"#,
            "hi",
        );
        assert_eq!(view.metadata.sender, Some(Party { name: Some("Ann Lee".into()), address: "@al".into() }));
        assert_eq!(view.metadata.chat.as_deref(), Some("4"));
        assert_eq!(view.metadata.subject.as_deref(), Some("Team"));
        assert_eq!(view.metadata.date.as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(view.metadata.attachments[0].name.as_deref(), Some("a.pdf"));
        check(r#"{"edited_message":{"chat":{},"caption":"c","photo":[{"file_size":1}]}}"#, "c");
        check(r#"{"chat":{},"text":"bare"}"#, "bare");
        check(r#"{"message":{"chat":{},"poll":{"question":"q","options":[{"text":"o"}]}}}"#, "q\n- o");
        check(r#"{"message":{"chat":{},"quote":{"text":"a\nb"},"text":"c"}}"#, "> a\n> b\nc");
        check(
            r#"{"message":{"chat":{},"text":"c","reply_markup":{"inline_keyboard":[[{"text":"b"}]]}}}"#,
            "c\n[button] b",
        );
    }

    #[test]
    fn every_text_that_the_app_shows_is_in_the_body() {
        for (message, shown) in [
            (r#""text":"a""#, "a"),
            (r#""caption":"a""#, "a"),
            (r#""reply_to_message":{"caption":"a"},"text":"b""#, "> a\nb"),
            (
                r#""forward_origin":{"type":"user","sender_user":{"first_name":"Ann"}},"text":"b""#,
                "[forwarded from Ann]\nb",
            ),
            (r#""poll":{"question":"q","options":[{"text":"o"}],"explanation":"e"}"#, "q\n- o\ne"),
            (r#""checklist":{"title":"t","tasks":[{"text":"a"},{"text":"b"}]}"#, "t\n- a\n- b"),
            (r#""venue":{"title":"t","address":"a"}"#, "t\na"),
            (r#""contact":{"first_name":"a","last_name":"b"}"#, "a\nb"),
            (r#""invoice":{"title":"t","description":"d"}"#, "t\nd"),
            (r#""game":{"title":"t","description":"d"}"#, "t\nd"),
            (r#""new_chat_title":"t""#, "t"),
            (r#""pinned_message":{"text":"p"}"#, "p"),
        ] {
            check(&format!(r#"{{"message":{{"chat":{{}},{message}}}}}"#), shown);
        }
    }

    #[test]
    fn links_are_told_with_what_they_show() {
        let view = check(
            r#"{"message":{"chat":{},"text":"😀 see bank.com now","entities":[{"type":"text_link","offset":7,"length":8,"url":"https://evil.example"},{"type":"text_link","offset":99,"length":1,"url":"x"},{"type":"bold","offset":0,"length":1}],"reply_markup":{"inline_keyboard":[[{"text":"go","url":"https://a.example"}]]}}}"#,
            "😀 see bank.com now\n[button] go",
        );
        let links: Vec<_> = view
            .metadata
            .links
            .iter()
            .map(|l| (l.shown.as_str(), l.target.as_str(), l.leads_elsewhere))
            .collect();
        assert_eq!(
            links,
            [
                ("bank.com", "https://evil.example", true),
                ("", "x", false),
                ("go", "https://a.example", false)
            ]
        );
    }

    #[test]
    fn fields_that_are_not_shown_are_kept_apart() {
        let view = check(r#"{"message":{"chat":{},"text":"c","x":{"y":["some hidden words"]}}}"#, "c");
        assert!(view.passages.iter().any(|p| p.text.contains("some hidden words")));
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        let error = |json: &str| super::view(json.as_bytes()).unwrap_err();
        assert!(matches!(error("no json"), Unreadable::NotJson { .. }));
        assert!(matches!(error("[]"), Unreadable::WrongShape { .. }));
        assert!(matches!(error(&"[".repeat(100_000)), Unreadable::TooDeep));
        assert!(matches!(error(&" ".repeat(super::super::CHAT_LIMIT + 1)), Unreadable::TooLarge { .. }));
    }
}
