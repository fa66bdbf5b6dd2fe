use std::time::Duration;

use super::*;
use crate::Effect;

const READ: Asked = Asked { connector: "slack", step: "asking", effect: Effect::None };
const SEND: Asked = Asked { connector: "slack", step: "posting", effect: Effect::Once };

fn http(status: u16, body: &str) -> Http {
    let (content_type, retry_after) = ("application/json".to_owned(), Some(Duration::from_secs(30)));
    Http { status, content_type, retry_after, headers: Vec::new(), untrusted_body: body.into() }
}

fn failure(asked: &Asked, code: &str) -> Failure {
    posted(asked, &http(200, &format!(r#"{{"ok":false,"error":"{code}","needed":"chat:write"}}"#)))
        .unwrap_err()
}

#[test]
fn the_bot_is_told_by_its_name_and_its_team() {
    let reply = r#"{"ok":true,"url":"https://x","team":"Acme","user":"molt","team_id":"T1","user_id":"U1","bot_id":"B1"}"#;
    let who = who(&READ, &http(200, reply)).unwrap();
    assert_eq!(who.identity().who, "molt at Acme");
    assert!(who.wrote(Some("U1"), None) && who.wrote(None, Some("B1")) && !who.wrote(None, None));
    assert!(!who.wrote(Some("U2"), Some("B2")));
}

#[test]
fn a_list_goes_on_until_the_next_cursor_is_empty() {
    let page = |metadata: &str| {
        let body = format!(
            r#"{{"ok":true,"channels":[{{"id":"C1","name":"a","is_member":true,"x":[]}}]{metadata}}}"#
        );
        channels(&READ, &http(200, &body)).unwrap()
    };
    assert_eq!(page(r#","response_metadata":{"next_cursor":"dGVh"}"#).next, "dGVh");
    for end in ["", r#","response_metadata":{"next_cursor":""}"#, r#","response_metadata":{}"#] {
        assert_eq!(page(end).next, "");
    }
    let expected =
        Channel { id: "C1".into(), untrusted_name: "a".into(), is_member: true, is_private: false };
    assert_eq!(page("").channels, [expected]);
}

#[test]
fn a_refusal_under_http_200_is_a_refusal_and_says_who_has_to_act() {
    for code in ["invalid_auth", "account_inactive", "token_revoked", "missing_scope", "not_authed"] {
        assert!(matches!(failure(&SEND, code), Failure::NotAllowed { connector: "slack", .. }), "{code}");
    }
    for code in ["channel_not_found", "not_in_channel", "is_archived", "msg_too_long", "anything_new"] {
        assert!(matches!(failure(&SEND, code), Failure::Rejected { .. }), "{code}");
    }
    let limited = failure(&SEND, "ratelimited");
    assert!(matches!(limited, Failure::Limited { retry_after: Some(wait), .. } if wait.as_secs() == 30));
    assert!(failure(&SEND, "missing_scope").to_string().contains("it needs chat:write"));
}

#[test]
fn a_post_that_broke_inside_slack_is_unknown_and_a_look_is_not() {
    for code in ["fatal_error", "internal_error", "service_unavailable", "request_timeout"] {
        assert!(failure(&SEND, code).may_have_happened(), "{code}");
        assert!(matches!(failure(&READ, code), Failure::Unavailable { .. }), "{code}");
    }
    for (status, body) in [
        (500, "oops"),
        (503, r#"{"ok":false,"error":"x"}"#),
        (200, "{}"),
        (200, r#"{"ok":true}"#),
        (200, r#"{"ok":false}"#),
    ] {
        assert!(posted(&SEND, &http(status, body)).unwrap_err().may_have_happened(), "{status} {body}");
    }
}

#[test]
fn too_many_calls_by_status_are_put_off() {
    let failure = posted(&SEND, &http(429, "")).unwrap_err();
    assert!(matches!(failure, Failure::Limited { retry_after: Some(wait), .. } if wait.as_secs() == 30));
}
