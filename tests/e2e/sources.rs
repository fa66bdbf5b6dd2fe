//! What comes in by the other sources.

use serde_json::Value;
use system_tests::{TestHome, eventually};

const TELEGRAM: &str = r#"{"update_id":1,"message":{"message_id":2,"date":0,"chat":{"id":4,"title":"Team"},
    "from":{"id":3,"first_name":"Ann","last_name":"Lee","username":"al"},"text":"Lunch at one?"}}"#;
const SLACK: &str = r#"{"type":"event_callback","event":{"type":"message","channel":"C1","user":"U1","ts":"0.1",
    "text":"Lunch at <https://example.org|one>?"}}"#;

#[tokio::test]
async fn chat_messages_come_out_clean() {
    let home = TestHome::with(&[
        ("#[sources.telegram]\n#maildir", "[sources.telegram]\nmaildir"),
        ("#[sources.slack]\n#maildir", "[sources.slack]\nmaildir"),
    ]);
    let _system = home.up();
    home.deliver("telegram/inbox", TELEGRAM.as_bytes());
    home.deliver("slack/inbox", SLACK.as_bytes());
    home.deliver("slack/inbox", b"no JSON at all");

    eventually("all are settled", || (home.recorded("item_settled").len() == 2).then_some(())).await;
    let clean: Vec<Value> = home.recorded("item_cleaned");
    let content = |source: &str| -> Value {
        let of_source = |entry: &&Value| entry["item"].as_str().unwrap().starts_with(source);
        let digest = clean.iter().find(of_source).unwrap()["clean"].as_str().unwrap().to_owned();
        let stored = audit_log::ContentReader::new(&home.content());
        serde_json::from_slice(&stored.get(digest.parse().unwrap()).unwrap().unwrap()).unwrap()
    };
    let telegram = content("telegram");
    assert_eq!(telegram["body"], "Lunch at one?");
    assert_eq!(telegram["content_type"], "telegram");
    assert_eq!(telegram["metadata"]["sender"]["address"], "@al");
    let slack = content("slack");
    assert_eq!(slack["content_type"], "slack");
    assert_eq!(slack["metadata"]["chat"], "C1");
    assert!(slack["body"].as_str().unwrap().starts_with("Lunch at "), "{slack}");

    let unreadable =
        eventually("what is none is set aside", || home.recorded("item_quarantined").pop()).await;
    let raw = home.quarantine().join(format!("{}.raw", unreadable["item"].as_str().unwrap()));
    assert_eq!(eventually("kept", || std::fs::read(&raw).ok()).await, b"no JSON at all");
}
