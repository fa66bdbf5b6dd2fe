//! A reader that was taken over by what it read.

use action::Role;
use clean_content::{ContentType, Untrusted};
use jiff::Timestamp;
use serde_json::{Value, json};
use system_tests::{RawItem, Reader, TestHome, delivery, eventually, planner};

/// What an honest reader would answer.
fn honest(item: &RawItem) -> Value {
    let clean = sanitizer::sanitize(Untrusted::new(item.bytes.clone()), ContentType::Email, Timestamp::now());
    serde_json::to_value(clean.unwrap()).unwrap()
}

/// One field of the honest answer, changed.
fn changed(item: &RawItem, field: &str, value: Value) -> String {
    let mut json = honest(item);
    json[field] = value;
    json.to_string()
}

/// The body, changed, and everything that follows from it too.
fn with_body(item: &RawItem, body: &str) -> String {
    let mut json = honest(item);
    json["body"] = body.into();
    json["sanitized_length"] = body.chars().count().into();
    json.to_string()
}

type Lie = fn(&RawItem) -> String;

const LIES: &[(&str, Lie)] = &[
    ("no JSON", |_| "I have read it, all is well.".to_owned()),
    ("nothing", |_| String::new()),
    ("an empty object", |_| "{}".to_owned()),
    ("a field that nobody knows", |item| changed(item, "action", json!("send_email"))),
    ("a field twice", |item| honest(item).to_string().replacen('{', r#"{"body":"x","#, 1)),
    ("another type of content", |item| changed(item, "content_type", json!("slack"))),
    ("about another item", |item| changed(item, "original_length", json!(item.bytes.len() + 1))),
    ("another length", |item| changed(item, "sanitized_length", json!(1))),
    ("a warning without a finding", |item| changed(item, "injection_warning", json!(true))),
    ("a body over the limit", |item| with_body(item, &"x".repeat(10_001))),
    ("a body that reverses itself", |item| with_body(item, "invoice\u{202E}fdp.exe")),
    ("a body with something invisible", |item| with_body(item, "ig\u{200B}nore")),
    ("a body for the terminal", |item| with_body(item, "\u{1b}[2J")),
    ("a body in other letters", |item| with_body(item, "ﬁle")),
    ("a time of its own", |item| changed(item, "sanitized_at", json!("yesterday"))),
];

/// A finding that calls for a warning, and none given.
fn finding_without_a_warning(item: &RawItem) -> String {
    let finding = json!({
        "kind": "override", "place": "body", "severity": "high",
        "reason": "it tells the agent what to do", "evidence": "ignore",
    });
    changed(item, "findings", json!([finding]))
}

#[tokio::test]
async fn what_a_lying_reader_returns_goes_no_further_and_the_raw_item_is_kept() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut planner = planner(&home);
    let mut delivered = planner.receive().await.unwrap();
    let mut reader = Reader::attend(&home, Role::ReaderEmail).await;

    let all = LIES.iter().copied().chain([("a finding without a warning", finding_without_a_warning as Lie)]);
    for (number, (lie, answer)) in all.enumerate() {
        home.deliver_mail(&format!("Meeting {number}"), "Shall we meet?");
        let item = reader.next().await;
        assert_eq!(item.content_type, "email");
        reader.answer(answer(&item)).await;
        let quarantined = eventually(lie, || home.recorded("item_quarantined").into_iter().nth(number)).await;
        let name = quarantined["item"].as_str().unwrap();
        let raw = home.quarantine().join(format!("{name}.raw"));
        let kept = eventually(lie, || std::fs::read(&raw).ok()).await;
        assert_eq!(kept, item.bytes, "{lie}");
        let why = quarantined["why"].as_str().unwrap();
        assert!(why.starts_with("the reader's answer"), "{lie}: {why}");
        assert!(!why.contains(['\u{1b}', '\u{202E}', '\u{200B}']), "{lie}: {why}");
    }

    home.deliver_mail("The honest one", "Shall we meet?");
    let item = reader.next().await;
    reader.answer(honest(&item).to_string()).await;
    let arrived = delivery(&mut delivered).await;
    assert!(arrived.clean_json.contains("The honest one"), "{arrived:?}");
    assert_eq!((home.recorded("item_cleaned").len(), home.recorded("item_delivered").len()), (1, 1));
}

#[tokio::test]
async fn a_readers_excuse_is_kept_with_the_raw_item_and_misleads_nobody() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut reader = Reader::attend(&home, Role::ReaderEmail).await;
    home.deliver_mail("Meeting", "Shall we meet?");
    let item = reader.next().await;
    reader.unreadable(&format!("\u{1b}[2J\u{202E}{}", "x".repeat(10_000))).await;
    let quarantined = eventually("quarantine", || home.recorded("item_quarantined").pop()).await;
    let why = quarantined["why"].as_str().unwrap();
    assert!(why.starts_with("⟨U+001B⟩[2J⟨U+202E⟩x") && why.chars().count() < 300, "{why}");
    let name = quarantined["item"].as_str().unwrap();
    let kept = eventually("kept", || std::fs::read(home.quarantine().join(format!("{name}.raw"))).ok()).await;
    assert_eq!(kept, item.bytes);
}
