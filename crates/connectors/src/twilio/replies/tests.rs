use std::time::Duration;

use super::*;
use crate::Effect;

const READ: Asked = Asked { connector: "twilio", step: "asking", effect: Effect::None };
const SEND: Asked = Asked { connector: "twilio", step: "sending", effect: Effect::Once };
const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn http(status: u16, body: &str) -> Http {
    let (content_type, retry_after) = ("application/json".to_owned(), Some(Duration::from_secs(3)));
    Http { status, content_type, retry_after, headers: Vec::new(), untrusted_body: body.into() }
}

fn refusal(asked: &Asked, status: u16, code: u32) -> Failure {
    let body = format!(r#"{{"code":{code},"message":"words","more_info":"https://x","status":{status}}}"#);
    progress(asked, &http(status, &body)).unwrap_err()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn an_account_is_told_with_its_number_masked() {
    let sid = "AC0123456789abcdef0123456789ab1234";
    let body = format!(
        r#"{{"sid":"{sid}","friendly_name":"{sid}'s account","status":"active","type":"Full","auth_token":"planted","subresource_uris":{{}}}}"#
    );
    let identity = identity(&READ, &http(200, &body)).unwrap();
    assert_eq!(identity.who, "AC…1234");
    assert_eq!(identity.detail[0].1, "*'s account");
    assert!(!format!("{identity:?}").contains("planted") && !format!("{identity:?}").contains(sid));
}

#[test]
fn an_account_that_is_not_known_is_a_credential_that_is_not_accepted() {
    let not_found =
        http(404, r#"{"code":20404,"message":"The requested resource was not found","status":404}"#);
    assert!(matches!(identity(&READ, &not_found), Err(Failure::NotAllowed { connector: "twilio", .. })));
}

#[test]
fn what_was_made_is_told_by_its_sid() {
    let body = format!(
        r#"{{"sid":"{SID}","status":"queued","error_code":null,"date_created":"Fri, 24 May 2019 17:44:46 +0000","num_segments":"1"}}"#
    );
    let expected = Progress {
        sid: SID.parse().unwrap(),
        state: "queued".into(),
        error: None,
        created: Some(at("2019-05-24T17:44:46Z")),
    };
    assert_eq!(progress(&SEND, &http(201, &body)).unwrap(), expected);
    let failed =
        format!(r#"{{"sid":"{SID}","status":"undelivered","error_code":"30007","date_created":""}}"#);
    let failed = progress(&READ, &http(200, &failed)).unwrap();
    assert_eq!((failed.error, failed.created), (Some(30007), None));
}

#[test]
fn each_refusal_says_who_has_to_act() {
    for (status, code) in [(401, 20003), (403, 20003), (403, 20005), (403, 20403), (401, 0)] {
        assert!(matches!(refusal(&SEND, status, code), Failure::NotAllowed { .. }), "{status} {code}");
    }
    for code in [21211, 21610, 21408, 21606, 21617, 63038] {
        assert!(matches!(refusal(&SEND, 400, code), Failure::Rejected { .. }), "{code}");
    }
    for (status, code) in [(429, 20429), (400, 20429), (429, 1)] {
        let limited = refusal(&SEND, status, code);
        assert!(matches!(limited, Failure::Limited { retry_after: Some(wait), .. } if wait.as_secs() == 3));
    }
    assert!(refusal(&SEND, 400, 21211).to_string().contains("21211 words"));
}

#[test]
fn a_send_that_broke_inside_twilio_is_unknown_and_a_look_is_not() {
    for failure in [refusal(&SEND, 500, 20500), refusal(&SEND, 503, 20503), refusal(&SEND, 500, 20003)] {
        assert!(failure.may_have_happened());
    }
    for (status, body) in [(500, "<html>"), (201, "{}"), (201, r#"{"sid":"what"}"#), (201, "{"), (204, "")] {
        assert!(progress(&SEND, &http(status, body)).unwrap_err().may_have_happened(), "{status} {body}");
        assert!(matches!(progress(&READ, &http(status, body)), Err(Failure::Unavailable { .. })), "{status}");
    }
}

#[test]
fn no_refusal_repeats_the_accounts_number() {
    let words = "The requested resource /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json was not found";
    let body = format!(r#"{{"code":20404,"message":"{words}","status":404}}"#);
    let told = progress(&READ, &http(404, &body)).unwrap_err();
    assert!(!format!("{told} {told:?}").contains("0123456789abcdef"), "{told}");
}

fn message(nth: usize, body: &str, created: &str, direction: &str) -> String {
    format!(
        r#"{{"sid":"SM{nth:032x}","status":"sent","body":"{body}","date_created":"{created}","direction":"{direction}"}}"#
    )
}

#[test]
fn a_lost_message_is_looked_for_by_its_text_and_its_time() {
    let noon = "Fri, 24 May 2019 12:00:00 +0000";
    let list = [
        message(1, "hi", noon, "outbound-api"),
        message(2, "hi", "Fri, 24 May 2019 11:59:59 +0000", "outbound-api"),
        message(3, "ho", noon, "outbound-api"),
        message(4, "hi", noon, "inbound"),
        message(5, "hi", "", "outbound-api"),
    ];
    let list = http(200, &format!(r#"{{"messages":[{}]}}"#, list.join(",")));
    let found = messages(&READ, &list, "hi", at("2019-05-24T12:00:00.7Z")).unwrap();
    let names: Vec<_> =
        found.matching.iter().map(|found| found.sid.as_str().trim_start_matches("SM0")).collect();
    assert_eq!(names.iter().map(|name| name.trim_start_matches('0')).collect::<Vec<_>>(), ["1", "5"]);
    assert!(found.complete);
}

#[test]
fn a_list_that_does_not_reach_back_far_enough_says_so() {
    let noon = "Fri, 24 May 2019 12:00:00 +0000";
    let mut full: Vec<String> = (0..PAGE).map(|nth| message(nth, "x", noon, "outbound-api")).collect();
    let complete = |list: &[String], key: &str| {
        let list = http(200, &format!(r#"{{"{key}":[{}]}}"#, list.join(",")));
        let since = at("2019-05-24T11:00:00Z");
        let found =
            if key == "calls" { calls(&READ, &list, since) } else { messages(&READ, &list, "hi", since) };
        found.unwrap().complete
    };
    assert!(!complete(&full, "messages") && !complete(&full, "calls"));
    full[PAGE - 1] = message(PAGE, "x", "Fri, 24 May 2019 10:00:00 +0000", "outbound-api");
    assert!(complete(&full, "messages") && complete(&full, "calls"));
}
