//! The calls, as values.

use std::time::Duration;

use egress::{Body, Call, Part};
use serde_json::json;

use super::{TOKEN, WEBHOOK_SECRET};
use crate::Failure;

/// The kinds of updates that carry a message which a reader can read.
pub(super) const KINDS: [&str; 4] = ["message", "edited_message", "channel_post", "edited_channel_post"];

/// Fewer than the hundred that Telegram allows, so that a reply of the longest messages stays within [`LONGEST_LOOK`].
pub(super) const UPDATES: usize = 50;

/// 4,096 UTF-16 units and as much again that is quoted, both in escapes and with entities, fifty times.
const LONGEST_LOOK: usize = 16 * 1024 * 1024;

/// Telegram counts UTF-16 code units.
const LONGEST_TEXT: usize = 4096;

/// Ids have at most 52 significant bits (`Chat.id`).
const LARGEST_ID: i64 = 1 << 52;

pub(super) fn get_me() -> Call {
    of_bot(Call::get("asking who the bot is", "endpoint", ["getMe"]))
}

pub(super) fn get_webhook_info() -> Call {
    of_bot(Call::get("asking about the webhook", "endpoint", ["getWebhookInfo"]))
}

/// Updates from `offset` on, or what is there when nothing comes within `wait`. The offset tells Telegram that every update
/// before it is kept here.
pub(super) fn get_updates(offset: Option<i64>, wait: Duration) -> Call {
    let mut body = json!({ "limit": UPDATES, "timeout": wait.as_secs(), "allowed_updates": KINDS });
    if let (Some(offset), Some(fields)) = (offset, body.as_object_mut()) {
        fields.insert("offset".to_owned(), offset.into());
    }
    let body = Body::Json(body.to_string());
    let call = Call::post("looking for messages", "endpoint", ["getUpdates"], body);
    let patience = call.patience.saturating_add(wait);
    of_bot(Call { patience, longest_reply: LONGEST_LOOK, ..call })
}

/// The text goes out as it is, without formatting and without previews of what it links to: a preview would make Telegram
/// fetch an address that the owner did not approve.
pub(super) fn send_message(chat: &str, text: &str) -> Result<Call, Failure> {
    let units = text.encode_utf16().count();
    if units > LONGEST_TEXT {
        return Err(Failure::Malformed { what: "the text has more than 4096 UTF-16 units" });
    }
    if text.trim().is_empty() {
        return Err(Failure::Malformed { what: "the text is empty" });
    }
    let body = json!({
        "chat_id": chat_id(chat)?,
        "text": text,
        "link_preview_options": { "is_disabled": true },
    });
    Ok(of_bot(Call::post("sending the message", "endpoint", ["sendMessage"], Body::Json(body.to_string()))))
}

/// The secret goes along, so that Telegram can show it with every webhook call.
pub(super) fn set_webhook(url: &str) -> Result<Call, Failure> {
    if !url.starts_with("https://") || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Failure::Malformed { what: "a webhook's address begins with `https://`" });
    }
    let body = Body::Form(vec![
        ("url", url.into()),
        ("secret_token", WEBHOOK_SECRET.into()),
        ("allowed_updates", json!(KINDS).to_string().into()),
    ]);
    Ok(of_bot(Call::post("setting the webhook", "endpoint", ["setWebhook"], body)))
}

/// What waits at Telegram is kept for the next look.
pub(super) fn delete_webhook() -> Call {
    let body = Body::Json(json!({ "drop_pending_updates": false }).to_string());
    of_bot(Call::post("taking the webhook away", "endpoint", ["deleteWebhook"], body))
}

fn of_bot(mut call: Call) -> Call {
    call.path.insert(0, vec![Part::from("bot"), Part::from(TOKEN)]);
    call
}

/// A number, or the `@name` of a channel or supergroup.
fn chat_id(chat: &str) -> Result<serde_json::Value, Failure> {
    if let Some(id) = chat.parse::<i64>().ok().filter(|id| *id != 0 && (-LARGEST_ID..LARGEST_ID).contains(id))
    {
        return Ok(id.into());
    }
    let named = chat.strip_prefix('@').is_some_and(|name| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if named {
        Ok(chat.into())
    } else {
        Err(Failure::Malformed { what: "the chat is neither a number nor an @name" })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use egress::{Body, Call, Method, Part};
    use serde_json::{Value, json};

    use super::super::{REACH, TOKEN, WEBHOOK_SECRET};
    use super::*;

    fn json_body(call: &Call) -> Value {
        let Body::Json(text) = &call.body else { panic!("{:?}", call.body) };
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_call_is_one_that_is_declared_and_names_the_token() {
        for call in [
            get_me(),
            get_webhook_info(),
            get_updates(None, Duration::ZERO),
            send_message("1", "a").unwrap(),
            set_webhook("https://a.example/hook").unwrap(),
            delete_webhook(),
        ] {
            let [bot, method] = &call.path[..] else { panic!("{call:?}") };
            assert_eq!(bot[..], [Part::from("bot"), Part::Secret(TOKEN)]);
            let [Part::Text(method)] = &method[..] else { panic!("{call:?}") };
            assert!(REACH.site(call.site, call.method, &["bot1:a", method]).is_ok(), "{call:?}");
        }
        assert!(REACH.site("endpoint", Method::Post, &["bot1:a", "sendDocument"]).is_err());
    }

    #[test]
    fn a_text_goes_out_as_it_is_and_nothing_is_fetched_for_it() {
        let text = "*a* <b> @all https://a.example/?q=\u{1f600}";
        let call = send_message("-1001234567890", text).unwrap();
        let expected = json!({"chat_id": -1_001_234_567_890_i64, "text": text, "link_preview_options": {"is_disabled": true}});
        assert_eq!(json_body(&call), expected);
        assert_eq!(json_body(&send_message("@news_1", "a").unwrap())["chat_id"], "@news_1");
    }

    #[test]
    fn a_text_is_measured_in_utf16_units() {
        for (text, fits) in [
            ("a".repeat(4096), true),
            ("a".repeat(4097), false),
            ("\u{1f600}".repeat(2048), true),
            ("\u{1f600}".repeat(2048) + "a", false),
            (" \n".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(send_message("1", &text).is_ok(), fits, "{} characters", text.chars().count());
        }
    }

    #[test]
    fn only_a_number_or_an_at_name_is_a_chat() {
        for (chat, fits) in [
            ("1", true),
            ("-4503599627370496", true),
            ("4503599627370496", false),
            ("0", false),
            ("@a", true),
            ("@", false),
            ("@a b", false),
            ("@a/b", false),
            ("name", false),
            ("1.5", false),
        ] {
            assert_eq!(send_message(chat, "a").is_ok(), fits, "{chat}");
        }
    }

    #[test]
    fn a_look_confirms_only_what_it_is_told_is_kept() {
        let first = get_updates(None, Duration::from_secs(25));
        assert_eq!(json_body(&first), json!({"limit": 50, "timeout": 25, "allowed_updates": KINDS}));
        assert_eq!(json_body(&get_updates(Some(7), Duration::ZERO))["offset"], 7);
        assert!(first.patience > Duration::from_secs(25), "Telegram may take all of the wait");
    }

    #[test]
    fn the_webhooks_secret_is_named_and_never_said() {
        let call = set_webhook("https://a.example/hook").unwrap();
        let Body::Form(fields) = call.body else { panic!() };
        assert!(fields.contains(&("secret_token", Part::Secret(WEBHOOK_SECRET))));
        for url in ["http://a.example", "", "https://a.example/\n"] {
            assert!(set_webhook(url).is_err(), "{url}");
        }
    }
}
