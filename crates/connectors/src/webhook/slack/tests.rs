use serde::Deserialize;

use super::super::tests::{request, secret};
use super::*;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// The example of the page named at the top of this module's parent: a signature that holds over a body that is no event.
const PUBLISHED: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const PUBLISHED_TIME: &str = "1531420618";
const PUBLISHED_SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

const SIGNED_BUT_NO_EVENT: Result<FromSlack, Refusal> =
    Err(Refusal::NotUnderstood { what: "it is none of Slack's events" });

/// Signatures that Slack's own package for Python made.
#[derive(Deserialize)]
struct Vector {
    secret: String,
    time: String,
    body: String,
    signature: String,
}

fn vectors() -> Vec<Vector> {
    #[derive(Deserialize)]
    struct Vectors {
        slack: Vec<Vector>,
    }
    let text = include_str!("../../../tests/vectors/webhooks.json");
    serde_json::from_str::<Vectors>(text).unwrap().slack
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn check(time: &str, signature: &str, body: &str, now: i64) -> Result<FromSlack, Refusal> {
    from_slack(request(&[(TIME, time), (SIGNATURE, signature)], "", body), &secret(SECRET), at(now))
}

/// A signature that was not made elsewhere, for bodies that only this module knows.
fn signed(body: &str) -> Result<FromSlack, Refusal> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("v0:1700000000:{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    check("1700000000", &format!("v0={digits}"), body, 1_700_000_000)
}

#[test]
fn the_published_example_holds() {
    assert_eq!(check(PUBLISHED_TIME, PUBLISHED_SIGNATURE, PUBLISHED, 1_531_420_618), SIGNED_BUT_NO_EVENT);
}

#[test]
fn what_slacks_own_package_signs_holds_and_no_changed_byte_does() {
    let vectors = vectors();
    assert!(vectors.len() >= 7);
    for Vector { secret, time, body, signature } in vectors {
        assert_eq!(secret, SECRET);
        let now = time.parse().unwrap();
        let told = check(&time, &signature, &body, now);
        assert!(matches!(told, Ok(_) | Err(Refusal::NotUnderstood { .. })), "{body}: {told:?}");
        assert_eq!(check(&time, &signature, &format!("{body} "), now), Err(Refusal::NotSigned));
        let (_, digits) = signature.split_at(3);
        let turned: String = digits.chars().rev().collect();
        assert_eq!(check(&time, &format!("v0={turned}"), &body, now), Err(Refusal::NotSigned));
        let later = (now + 1).to_string();
        assert_eq!(check(&later, &signature, &body, now), Err(Refusal::NotSigned), "the time is signed too");
    }
}

#[test]
fn five_minutes_are_the_limit_in_both_directions() {
    for (now, in_time) in [(-300, true), (300, true), (-301, false), (301, false)] {
        let told = check(PUBLISHED_TIME, PUBLISHED_SIGNATURE, PUBLISHED, 1_531_420_618 + now);
        assert_eq!(told, if in_time { SIGNED_BUT_NO_EVENT } else { Err(Refusal::Stale) }, "{now}");
    }
}

#[test]
fn a_time_is_digits_and_nothing_else() {
    for time in ["-1", "+1531420618", " 1531420618", "1531420618.0", "0x5b47", "99999999999999999999", "١"] {
        let told = check(time, PUBLISHED_SIGNATURE, PUBLISHED, 1_531_420_618);
        assert_eq!(told, Err(Refusal::Misshapen { header: TIME }), "{time}");
    }
    assert_eq!(check("9223372036854775807", PUBLISHED_SIGNATURE, PUBLISHED, 0), Err(Refusal::Stale));
}

#[test]
fn a_signature_has_one_form() {
    let digits = PUBLISHED_SIGNATURE.strip_prefix("v0=").unwrap();
    for signature in [
        digits.to_owned(),
        format!("v1={digits}"),
        format!("v0={}", digits.to_uppercase()),
        format!("v0={digits}00"),
        "v0=".to_owned(),
        format!("v0={}", "zz".repeat(32)),
    ] {
        let told = check(PUBLISHED_TIME, &signature, PUBLISHED, 1_531_420_618);
        assert_eq!(told, Err(Refusal::Misshapen { header: SIGNATURE }), "{signature}");
    }
}

#[test]
fn a_header_that_is_missing_empty_or_there_twice_is_a_refusal() {
    let told = |headers: &[(&str, &str)]| {
        from_slack(request(headers, "", PUBLISHED), &secret(SECRET), at(1_531_420_618))
    };
    let (time, signature) = ((TIME, PUBLISHED_TIME), (SIGNATURE, PUBLISHED_SIGNATURE));
    assert_eq!(told(&[time]), Err(Refusal::Missing { header: SIGNATURE }));
    assert_eq!(told(&[signature]), Err(Refusal::Missing { header: TIME }));
    assert_eq!(told(&[time, (SIGNATURE, "")]), Err(Refusal::Missing { header: SIGNATURE }));
    assert_eq!(told(&[time, time, signature]), Err(Refusal::Repeated { header: TIME }));
    assert_eq!(told(&[time, signature, signature]), Err(Refusal::Repeated { header: SIGNATURE }));
    let nothing = from_slack(request(&[time, signature], "", PUBLISHED), &secret(""), at(1_531_420_618));
    assert_eq!(nothing, Err(Refusal::NoSecret));
}

#[test]
fn a_challenge_is_answered_only_where_it_is_signed() {
    let body = r#"{"type":"url_verification","challenge":"3eZbrw1aBm2r"}"#;
    assert_eq!(signed(body), Ok(FromSlack::Challenge("3eZbrw1aBm2r".into())));
    let forged = check("1700000000", &format!("v0={}", "0".repeat(64)), body, 1_700_000_000);
    assert_eq!(forged, Err(Refusal::NotSigned));
    for challenge in ["<script>\\n", "a b", &"a".repeat(501), "\u{e9}"] {
        let body = format!(r#"{{"type":"url_verification","challenge":"{challenge}"}}"#);
        assert!(matches!(signed(&body), Err(Refusal::NotUnderstood { .. })), "{challenge}");
    }
}

#[test]
fn an_event_has_one_name_however_often_it_comes() {
    let id = |body: &str| match signed(body) {
        Ok(FromSlack::Event { channel: _, delivery }) => {
            assert_eq!(delivery.clone().into_incoming().untrusted_bytes, body.as_bytes());
            delivery.id().to_owned()
        }
        told => panic!("{told:?}"),
    };
    let event = |event: &str| format!(r#"{{"type":"event_callback","event_id":"Ev1","event":{event}}}"#);
    let message = event(r#"{"type":"message","channel":"C1","ts":"1.000100","text":"a"}"#);
    let mention = event(r#"{"type":"app_mention","channel":"C1","ts":"1.000100","text":"a"}"#);
    assert_eq!((id(&message), id(&mention)), ("C1:1.000100".into(), "C1:1.000100".into()), "as from a look");
    assert_eq!(id(&event(r#"{"type":"channel_created","channel":{"id":"C1"}}"#)), "Ev1");
    assert_eq!(signed(r#"{"type":"app_rate_limited"}"#), Ok(FromSlack::Limited));
    for body in [
        r#"{"type":"event_callback","event":{"type":"message"}}"#,
        r#"{"type":"event_callback","event_id":"Ev1"}"#,
        r#"{"type":"event_callback","event_id":"E\nv","event":{"type":"x"}}"#,
        r#"{"type":"other"}"#,
        "[]",
    ] {
        assert!(matches!(signed(body), Err(Refusal::NotUnderstood { .. })), "{body}");
    }
}

#[test]
fn an_event_tells_its_channel_where_it_has_one() {
    let channel = |event: &str| match signed(&format!(
        r#"{{"type":"event_callback","event_id":"Ev1","event":{event}}}"#
    )) {
        Ok(FromSlack::Event { channel, .. }) => channel,
        told => panic!("{told:?}"),
    };
    let c1 = Some("C1".to_owned());
    assert_eq!(channel(r#"{"type":"message","channel":"C1","ts":"1.1","text":"a"}"#), c1);
    assert_eq!(channel(r#"{"type":"reaction_added","channel":"C1"}"#), c1);
    assert_eq!(channel(r#"{"type":"channel_rename","channel":{"id":"C1","name":"C2"}}"#), c1);
    for nowhere in
        [r#"{"type":"team_join"}"#, r#"{"type":"x","channel":7}"#, r#"{"type":"x","channel":{"id":["C1"]}}"#]
    {
        assert_eq!(channel(nowhere), None, "{nowhere}");
    }
}

#[test]
fn an_agent_does_not_hear_itself_and_notices_are_no_messages() {
    let event = |event: &str| {
        signed(&format!(
            r#"{{"type":"event_callback","event_id":"Ev1","api_app_id":"A1","authorizations":[{{"user_id":"U9","is_bot":true}},{{"user_id":"U8","is_bot":false}}],"event":{event}}}"#
        ))
    };
    for ours in [
        r#"{"type":"message","channel":"C1","ts":"1.1","text":"a","user":"U9"}"#,
        r#"{"type":"message","channel":"C1","ts":"1.1","text":"a","bot_id":"B1","app_id":"A1"}"#,
        r#"{"type":"message","subtype":"message_changed","channel":"C1","ts":"1.1","message":{"user":"U9","text":"a"}}"#,
    ] {
        assert_eq!(event(ours), Ok(FromSlack::Nothing("our own bot said it")), "{ours}");
    }
    for notice in ["channel_join", "bot_add", "message_deleted"] {
        let notice =
            format!(r#"{{"type":"message","subtype":"{notice}","channel":"C1","ts":"1.1","user":"U1"}}"#);
        assert_eq!(event(&notice), Ok(FromSlack::Nothing("it is a notice about a channel")), "{notice}");
    }
    for others in [
        r#"{"type":"message","channel":"C1","ts":"1.1","text":"a","user":"U8"}"#,
        r#"{"type":"message","subtype":"bot_message","channel":"C1","ts":"1.1","text":"a","app_id":"A2"}"#,
        r#"{"type":"user_change","user":{"id":"U9"}}"#,
    ] {
        assert!(matches!(event(others), Ok(FromSlack::Event { .. })), "{others}");
    }
    // What names no app is not ours because another names none either.
    let unnamed =
        r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message","channel":"C1","ts":"1.1"}}"#;
    assert!(matches!(signed(unnamed), Ok(FromSlack::Event { .. })));
}
