//! A reader that has read as much as one process may is replaced, and no item notices.

use action::Role;
use clean_content::{ContentType, Untrusted};
use serde_json::Value;
use std::collections::BTreeSet;
use system_tests::{Reader, TestHome, eventually};

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|facts| facts["item"].as_str().unwrap()).collect()
}

/// The ends of the mail reader, as the record tells them.
fn ends(home: &TestHome) -> Vec<Value> {
    home.recorded("zone_ended").into_iter().filter(|facts| facts["zone"] == "reader-email").collect()
}

fn is_well_fed(facts: &Value) -> bool {
    facts["how"].as_str().unwrap().contains("having read as much as one process may")
}

/// Every item was received, read and settled once each, and nobody had to be handed one twice.
fn each_was_read_once(home: &TestHome, expected: usize) {
    let cleaned = home.recorded("item_cleaned");
    assert_eq!(ids(&cleaned).into_iter().collect::<BTreeSet<_>>().len(), expected);
    for event_type in ["item_received", "item_cleaned", "item_settled"] {
        assert_eq!(home.recorded(event_type).len(), expected, "{event_type}");
    }
    let log = std::fs::read_to_string(home.log_file(home::Process::Executor)).unwrap();
    assert!(!log.contains("attempt "), "an item was handed to a reader that was about to end:\n{log}");
}

#[tokio::test]
async fn a_reader_is_replaced_after_its_items_as_often_as_need_be_and_every_item_is_read_once() {
    let home = TestHome::with(&[("#reader_items = 1000", "reader_items = 1")]);
    let _system = home.up();
    // More than the ends that would keep down a zone that crashes.
    for number in 0..8 {
        home.deliver_mail(&format!("News {number}"), "Nothing to answer.");
    }
    eventually("all are settled", || (home.recorded("item_settled").len() >= 8).then_some(())).await;
    let ends = eventually("every end is recorded", || Some(ends(&home)).filter(|ends| ends.len() >= 8)).await;
    assert!(ends.len() == 8 && ends.iter().all(is_well_fed), "{ends:?}");
    each_was_read_once(&home, 8);
    assert!(home.recorded("zone_given_up").is_empty());
    eventually("everything is well", || (home.moltctl(&["status"]).code == Some(0)).then_some(())).await;
}

#[tokio::test]
async fn a_reader_is_replaced_after_its_bytes_and_by_default_not_after_a_few_mails() {
    let home = TestHome::with(&[("#reader_mebibytes = 256", "reader_mebibytes = 1")]);
    let _system = home.up();
    for number in 0..4 {
        home.deliver_mail(&format!("Long {number}"), &"Nothing to answer. ".repeat(30_000));
    }
    eventually("all are settled", || (home.recorded("item_settled").len() >= 4).then_some(())).await;
    let ends =
        eventually("both ends are recorded", || Some(ends(&home)).filter(|ends| ends.len() >= 2)).await;
    assert!(ends.len() == 2 && ends.iter().all(is_well_fed), "570 kB a mail, 1 MiB a process: {ends:?}");
    each_was_read_once(&home, 4);
}

#[tokio::test]
async fn a_reader_that_wants_no_further_item_is_handed_none_and_what_it_said_counts() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut first = Reader::attend(&home, Role::ReaderEmail).await;
    home.deliver_mail("One", "The first.");
    let item = first.next().await;
    home.deliver_mail("Two", "The second.");
    eventually("both are there", || (home.recorded("item_received").len() == 2).then_some(())).await;
    let content_type: ContentType = item.content_type.parse().unwrap();
    let clean =
        sanitizer::sanitize(Untrusted::new(item.bytes), content_type, jiff::Timestamp::now()).unwrap();
    first.last_answer(clean.to_json()).await;
    assert!(first.is_dismissed().await);
    assert_eq!(home.recorded("item_cleaned").len(), 1, "what it said is recorded before its stream ends");
    let next = Reader::attend(&home, Role::ReaderEmail).await.next().await;
    assert!(String::from_utf8(next.bytes).unwrap().contains("The second."));
    let log = std::fs::read_to_string(home.path().join("logs/moltbot-executor.log")).unwrap();
    assert!(!log.contains("attempt "), "{log}");
}
