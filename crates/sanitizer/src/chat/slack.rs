use clean_content::{Party, limits};
use jiff::Timestamp;
use serde_json::Value;

use super::{file, finish, id, line, link, list, parse, text};
use crate::{Unreadable, html, view::View};

/// Reads an event callback, an event or a bare message.
pub(crate) fn view(raw: &[u8]) -> Result<View, Unreadable> {
    let json = parse(raw)?;
    let event = json.get("event").unwrap_or(&json);
    let message = event.get("message").filter(|inner| inner.is_object()).unwrap_or(event);
    let has_content = ["text", "blocks", "attachments", "files"].iter().any(|key| message.get(key).is_some());
    if !has_content && event.get("type").is_none() {
        return Err(Unreadable::WrongShape {
            expected: "`event`, `text`, `blocks`, `attachments` or `files`",
        });
    }

    let mut view = View::default();
    about(event, message, &mut view);
    shown(message, &mut view);
    Ok(finish(view, &json))
}

fn about(event: &Value, message: &Value, view: &mut View) {
    let about = &mut view.metadata;
    let profile = message.get("user_profile").or_else(|| message.get("bot_profile"));
    let name = text(message, "username").or_else(|| {
        profile.and_then(|profile| text(profile, "display_name").or_else(|| text(profile, "name")))
    });
    let address = id(message, "user").or_else(|| id(message, "bot_id"));
    if name.is_some() || address.is_some() {
        about.sender = Some(Party { name: name.map(str::to_owned), address: address.unwrap_or_default() });
    }
    about.chat = id(event, "channel");
    about.message_id = id(message, "ts");
    about.date = text(message, "ts")
        .and_then(|ts| ts.split('.').next()?.parse().ok())
        .filter(|seconds| (0..253_402_300_800).contains(seconds))
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|time| time.to_string());
    for found in list(message, "files") {
        let size = found.get("size").and_then(Value::as_u64);
        about.attachments.push(file(
            text(found, "title").or_else(|| text(found, "name")),
            text(found, "mimetype"),
            size,
        ));
    }
}

/// What a link shows, and where it leads.
type Links = Vec<(String, String)>;

/// The text, then the blocks where they say something else: the app shows blocks, its notifications the text.
fn shown(message: &Value, view: &mut View) {
    let mut links = Links::new();
    let words = text(message, "text").map(|words| mrkdwn(words, &mut links)).unwrap_or_default();
    let in_blocks = blocks(message, &mut links);
    if !words.is_empty() {
        line(view, &words);
    }
    if !in_blocks.trim().is_empty() && letters(&in_blocks) != letters(&words) {
        line(view, in_blocks.trim());
    }
    for attachment in list(message, "attachments") {
        for key in ["pretext", "author_name", "title", "text", "footer"] {
            if let Some(words) = text(attachment, key) {
                let words = mrkdwn(words, &mut links);
                line(view, &words);
                if let Some(target) = text(attachment, "title_link").filter(|_| key == "title") {
                    links.push((words, target.to_owned()));
                }
            }
        }
        for field in list(attachment, "fields") {
            for key in ["title", "value"] {
                if let Some(words) = text(field, key) {
                    line(view, &mrkdwn(words, &mut links));
                }
            }
        }
        for button in list(attachment, "actions") {
            if let Some(words) = text(button, "text") {
                line(view, words);
                links.extend(text(button, "url").map(|target| (words.to_owned(), target.to_owned())));
            }
        }
        let in_blocks = blocks(attachment, &mut links);
        if !in_blocks.trim().is_empty() {
            line(view, in_blocks.trim());
        }
    }
    // text and blocks say the same twice
    links.sort_unstable();
    links.dedup();
    for (shown, target) in links.iter().take(limits::LINKS) {
        link::add(view, shown, target);
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The text of blocks in reading order. The tree is no deeper than its parser allows.
fn blocks(holder: &Value, links: &mut Links) -> String {
    let mut shown = String::new();
    let mut todo: Vec<&Value> = list(holder, "blocks").iter().rev().collect();
    while let Some(value) = todo.pop() {
        match value {
            Value::String(words) => {
                shown.push_str(words);
                continue;
            }
            Value::Array(values) => {
                todo.extend(values.iter().rev());
                continue;
            }
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        let field = |key| text(value, key).unwrap_or_default();
        // these stand alone; the others follow each other in a line
        if matches!(field("type"), "plain_text" | "mrkdwn" | "markdown")
            && !shown.is_empty()
            && !shown.ends_with('\n')
        {
            shown.push('\n');
        }
        match field("type") {
            "text" | "plain_text" => shown.push_str(field("text")),
            "mrkdwn" | "markdown" => shown.push_str(&mrkdwn(field("text"), links)),
            "link" => {
                let target = field("url");
                let words = text(value, "text").unwrap_or(target);
                shown.push_str(words);
                links.push((words.to_owned(), target.to_owned()));
            }
            "emoji" => shown.push_str(&format!(":{}:", field("name"))),
            "user" => shown.push_str(&format!("@{}", field("user_id"))),
            "usergroup" => shown.push_str(&format!("@{}", field("usergroup_id"))),
            "broadcast" => shown.push_str(&format!("@{}", field("range"))),
            "channel" => shown.push_str(&format!("#{}", field("channel_id"))),
            "date" => shown.push_str(field("fallback")),
            kind => {
                if !shown.is_empty() && !shown.ends_with('\n') {
                    shown.push('\n');
                }
                if let ("button", Some(target)) = (kind, text(value, "url")) {
                    let words = value.get("text").and_then(|words| text(words, "text")).unwrap_or_default();
                    links.push((words.to_owned(), target.to_owned()));
                }
                for key in ["rows", "elements", "fields", "options"] {
                    todo.extend(list(value, key).iter().rev());
                }
                todo.extend(
                    ["description", "label", "accessory", "title", "text"]
                        .iter()
                        .filter_map(|key| value.get(key)),
                );
            }
        }
    }
    shown
}

/// Slack's markup as the app shows it: `<url|label>` is its label, and three characters are escaped.
fn mrkdwn(text: &str, links: &mut Links) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let Some((inside, after)) = after.split_once('>') else {
            shown.push('<');
            rest = after;
            break;
        };
        let (target, label) =
            inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
        let sign = match target.chars().next() {
            Some('#') => "#",
            Some('!') => "@",
            _ => "",
        };
        let target = target.strip_prefix(['#', '!']).unwrap_or(target);
        if let Some(label) = label.filter(|_| sign.is_empty() && target.contains(':')) {
            links.push((html::decode_entities(label, false).into_owned(), target.to_owned()));
        }
        shown.push_str(sign);
        shown.push_str(label.unwrap_or(target));
        rest = after;
    }
    shown.push_str(rest);
    html::decode_entities(&shown, false).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, visible: &str) -> View {
        let view = view(json.as_bytes()).unwrap();
        assert_eq!(view.visible.trim(), visible);
        view
    }

    #[test]
    fn what_the_app_shows_is_the_body() {
        let view = check(
            r#"{"type":"event_callback","event":{"type":"message","channel":"C1","user":"U1","ts":"0.1","text":"a &lt; <https://x|b> <@U2>",
            "blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a < b @U2"}]}]}]}}"#,
            "a < b @U2",
        );
        assert_eq!(view.metadata.chat.as_deref(), Some("C1"));
        assert_eq!(view.metadata.date.as_deref(), Some("1970-01-01T00:00:00Z"));
        check(
            r#"{"text":"a","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*b*"}}]}"#,
            "a\n*b*",
        );
        check(r#"{"event":{"type":"message","subtype":"message_changed","message":{"text":"new"}}}"#, "new");
        check(r#"{"text":"a","attachments":[{"title":"t","text":"b","fallback":"f"}]}"#, "a\nt\nb");
        let view = check(r#"{"text":"a","files":[{"name":"n.txt","title":"t"}],"username":"bot"}"#, "a");
        assert_eq!(view.metadata.attachments[0].name.as_deref(), Some("t"));
        assert_eq!(view.metadata.sender.unwrap().name.as_deref(), Some("bot"));
    }

    #[test]
    fn every_text_that_the_app_shows_is_in_the_body() {
        for (block, shown) in [
            (r#"{"type":"header","text":{"type":"plain_text","text":"a"}}"#, "a"),
            (r#"{"type":"markdown","text":"**a**"}"#, "**a**"),
            (
                r#"{"type":"section","fields":[{"type":"mrkdwn","text":"a"}],"accessory":{"type":"button","text":{"type":"plain_text","text":"b"}}}"#,
                "b\na",
            ),
            (
                r#"{"type":"context","elements":[{"type":"image","alt_text":"no"},{"type":"mrkdwn","text":"a"}]}"#,
                "a",
            ),
            (r#"{"type":"image","title":{"type":"plain_text","text":"a"},"alt_text":"no"}"#, "a"),
            (r#"{"type":"input","label":{"type":"plain_text","text":"a"}}"#, "a"),
            (
                r#"{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"},{"type":"usergroup","usergroup_id":"G"},{"type":"broadcast","range":"here"},{"type":"date","fallback":"today"}]}]}]}"#,
                "a@G@heretoday",
            ),
        ] {
            check(&format!(r#"{{"blocks":[{block}]}}"#), shown);
        }
        let view = check(r#"{"blocks":[{"type":"image","alt_text":"words of an image"}]}"#, "");
        assert!(view.passages.iter().any(|passage| passage.text.contains("words of an image")));
    }

    #[test]
    fn links_are_told_with_what_they_show() {
        let view = check(
            r#"{"text":"<https://evil.example|bank.com> <https://a.example>","attachments":[{"title":"t","title_link":"https://b.example"}],"blocks":[{"type":"actions","elements":[{"type":"button","url":"https://c.example","text":{"type":"plain_text","text":"go"}}]}]}"#,
            "bank.com https://a.example\ngo\nt",
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
                ("go", "https://c.example", false),
                ("t", "https://b.example", false)
            ]
        );
    }

    #[test]
    fn markup_is_read_as_the_app_does() {
        for (text, shown) in [
            ("<#C1|general> <!here> <https://x>", "#general @here https://x"),
            ("a < b", "a < b"),
            ("<", "<"),
        ] {
            assert_eq!(mrkdwn(text, &mut Links::new()), shown);
        }
    }

    #[test]
    fn what_is_no_message_is_said_to_be_none() {
        assert!(matches!(super::view(b"{}"), Err(Unreadable::WrongShape { .. })));
        assert!(matches!(super::view(b"{"), Err(Unreadable::NotJson { .. })));
    }
}
