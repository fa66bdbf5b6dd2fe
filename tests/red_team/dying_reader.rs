//! A reader that does not survive what it reads.

use action::Role;
use system_tests::{Reader, TestHome, eventually, eventually_async};
use zone_bridge::Readiness;

/// Waits until the executor knows that no reader attends.
async fn nobody_attends(home: &TestHome) {
    let health = home.config().health_socket(home::Process::Executor);
    eventually_async("the executor notices", async || {
        let report = zone_bridge::ask(&health).await.ok()?;
        matches!(report.checks.get("reader-email"), Some(Readiness::NotReady(_))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_item_that_kills_its_reader_three_times_is_set_aside_and_the_next_one_is_read() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    home.deliver_mail("Deadly", "the same bytes every time");
    let mut seen = Vec::new();
    for attempt in 0..3 {
        assert_eq!(home.recorded("item_quarantined").len(), 0, "attempt {attempt}");
        let mut reader = Reader::attend(&home, Role::ReaderEmail).await;
        seen.push(reader.next().await.bytes);
        drop(reader);
        nobody_attends(&home).await;
    }
    let quarantined = eventually("quarantine", || home.recorded("item_quarantined").pop()).await;
    assert_eq!(quarantined["why"], "the reader went away, 3 times");
    let raw = home.quarantine().join(format!("{}.raw", quarantined["item"].as_str().unwrap()));
    let kept = eventually("kept", || std::fs::read(&raw).ok()).await;
    assert_eq!(seen, vec![kept; 3]);

    home.deliver_mail("Harmless", "another");
    let item = Reader::attend(&home, Role::ReaderEmail).await.next().await;
    assert!(String::from_utf8(item.bytes).unwrap().contains("Harmless"));
}

#[tokio::test]
async fn an_item_whose_reader_died_is_handed_to_a_reader_that_waits_already() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut first = Reader::attend(&home, Role::ReaderEmail).await;
    home.deliver_mail("Meeting", "Shall we meet?");
    let lost = first.next().await;
    let mut second = Reader::attend(&home, Role::ReaderEmail).await;
    // The executor answers this after it has seen that the second one attends.
    home.channel_is_served(Role::ReaderEmail).await;
    drop(first);
    assert_eq!(second.next().await.bytes, lost.bytes);
}

#[tokio::test]
async fn a_reader_that_answers_out_of_turn_is_dismissed() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut reader = Reader::attend(&home, Role::ReaderEmail).await;
    home.deliver_mail("Meeting", "Shall we meet?");
    reader.next().await;
    reader.ready_again().await;
    assert!(reader.is_dismissed().await);
    assert!(home.recorded("item_cleaned").is_empty());
    let again = Reader::attend(&home, Role::ReaderEmail).await.next().await;
    assert!(!again.bytes.is_empty(), "the item is not lost");
}
