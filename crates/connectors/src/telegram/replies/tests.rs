use std::time::Duration;

use egress::Reply as Http;

use super::*;
use crate::Effect;

const READ: Asked = Asked { connector: "telegram", step: "looking for messages", effect: Effect::None };
const SEND: Asked = Asked { connector: "telegram", step: "sending the message", effect: Effect::Once };

fn http(status: u16, body: &str) -> Http {
    let content_type = "application/json".to_owned();
    Http { status, content_type, retry_after: None, headers: Vec::new(), untrusted_body: body.into() }
}

fn updates(updates: &str) -> Http {
    http(200, &format!(r#"{{"ok":true,"result":[{updates}]}}"#))
}

#[test]
fn the_bot_is_told_by_its_name() {
    let reply = http(
        200,
        r#"{"ok":true,"result":{"id":7,"is_bot":true,"first_name":"Molt","username":"molt_bot","new_field":1}}"#,
    );
    let identity = identity(&READ, &reply).unwrap();
    assert_eq!(identity.who, "@molt_bot");
    assert_eq!(identity.detail[0], ("id".to_owned(), "7".to_owned()));
}

#[test]
fn a_sent_message_is_told_by_its_numbers() {
    let reply =
        http(200, r#"{"ok":true,"result":{"message_id":"5","date":1,"chat":{"id":-1,"type":"group"}}}"#);
    assert_eq!(sent(&SEND, &reply).unwrap(), Sent { chat: -1, message: 5 });
}

#[test]
fn updates_are_kept_byte_for_byte_and_the_next_look_begins_behind_the_newest() {
    let odd = r#"{ "update_id" : 9, "message":{"chat":{},"text":"\u00e9","big":12345678901234567890.10} }"#;
    let batch = batch(&READ, &updates(&format!(r#"{odd},{{"update_id":10,"poll":{{}}}}"#)), "9").unwrap();
    assert_eq!(batch.items, [Incoming { id: "update:9".into(), untrusted_bytes: odd.into() }]);
    assert_eq!(batch.refused, [("update:10".to_owned(), "it is no message".to_owned())]);
    assert_eq!((batch.cursor.as_str(), batch.more), ("11", false));
}

#[test]
fn nothing_new_leaves_the_place_as_it_was() {
    for before in ["", "7"] {
        let batch = batch(&READ, &updates(""), before).unwrap();
        assert_eq!(batch, Batch { cursor: before.into(), ..Batch::default() });
    }
}

#[test]
fn a_full_reply_says_that_there_is_more() {
    let full: Vec<_> = (1..=UPDATES).map(|id| format!(r#"{{"update_id":{id},"message":{{}}}}"#)).collect();
    let batch = batch(&READ, &updates(&full.join(",")), "").unwrap();
    assert!(batch.more && batch.items.len() == UPDATES && batch.cursor == "51");
}

#[test]
fn counting_that_begins_anew_is_followed() {
    let batch = batch(&READ, &updates(r#"{"update_id":5,"message":{}}"#), "9000").unwrap();
    assert_eq!(batch.cursor, "6");
}

#[test]
fn an_item_of_any_depth_does_not_stop_the_source() {
    let deep =
        format!(r#"{{"update_id":1,"message":{{"a":{}1{}}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let batch = batch(&READ, &updates(&deep), "").unwrap();
    assert_eq!(batch.items[0].untrusted_bytes.len(), deep.len());
}

#[test]
fn a_number_that_cannot_be_confirmed_is_not_taken() {
    for update in [r#"{"message":{}}"#, r#"{"update_id":-1}"#, r#"{"update_id":9223372036854775807}"#, "7"] {
        assert!(matches!(batch(&READ, &updates(update), "3"), Err(Failure::Unavailable { .. })), "{update}");
    }
}

#[track_caller]
fn failure(asked: &Asked, status: u16, body: &str) -> Failure {
    result::<bool>(asked, &http(status, body)).unwrap_err()
}

#[test]
fn each_refusal_says_who_has_to_act() {
    let not_allowed = failure(&SEND, 401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#);
    assert!(matches!(not_allowed, Failure::NotAllowed { connector: "telegram", .. }));
    let unknown_token = failure(&READ, 404, r#"{"ok":false,"error_code":404,"description":"Not Found"}"#);
    assert!(matches!(unknown_token, Failure::NotAllowed { .. }));
    let blocked = failure(
        &SEND,
        403,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
    );
    assert!(matches!(blocked, Failure::Rejected { .. }) && blocked.to_string().contains("blocked"));
    let limited = failure(
        &SEND,
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":7}}"#,
    );
    assert!(
        matches!(limited, Failure::Limited { retry_after: Some(wait), .. } if wait == Duration::from_secs(7))
    );
}

#[test]
fn a_group_that_moved_is_named() {
    let moved = failure(
        &SEND,
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#,
    );
    assert!(matches!(moved, Failure::Rejected { .. }));
    assert!(moved.to_string().contains("the chat is -1001234567890 now"), "{moved}");
}

#[test]
fn two_who_look_at_once_are_told_so() {
    let body = r#"{"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active"}"#;
    let conflict = failure(&READ, 409, body);
    assert!(matches!(conflict, Failure::Rejected { .. }));
    assert!(conflict.to_string().contains("a webhook is set, or another program"), "{conflict}");
}

#[test]
fn a_send_that_broke_inside_telegram_is_unknown_and_a_look_is_not() {
    for (status, body) in [
        (500, r#"{"ok":false,"error_code":500,"description":"Internal Server Error"}"#),
        (502, "<html>Bad Gateway</html>"),
        (200, "<html>hello</html>"),
        (200, r#"{"ok":true}"#),
        (200, r#"{"ok":true,"result":"what"}"#),
        (200, r#"{"ok":false}"#),
        (200, r#"{"ok":true,"result":"#),
    ] {
        assert!(failure(&SEND, status, body).may_have_happened(), "{status} {body}");
        assert!(matches!(failure(&READ, status, body), Failure::Unavailable { .. }), "{status} {body}");
    }
}

#[test]
fn no_refusal_repeats_the_token() {
    let token = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    let page = format!("<h1>Not Found</h1>The requested URL /bot{token}/sendMessage was not found");
    let words = format!(r#"{{"ok":false,"error_code":400,"description":"no such path /bot{token}/x"}}"#);
    for told in [failure(&SEND, 404, &page), failure(&SEND, 400, &words)] {
        assert!(!format!("{told} {told:?}").contains("AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"), "{told:?}");
    }
}
