//! A planner that names what it was never given.

use system_tests::{TestHome, mail_wish, planner, refusal};

#[tokio::test]
async fn a_request_that_was_never_made_is_refused_and_recorded() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    for id in ["req-0000000000000000", "", "../req", "\u{1b}[2J"] {
        assert_eq!(refusal(planner(&home).wait_for_approval(id).await), "unknown_request", "{id:?}");
    }
    assert_eq!(home.recorded_refusals(), ["unknown_request"; 4]);
}

#[tokio::test]
async fn an_item_that_was_never_handed_out_is_refused_and_recorded() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut wish = mail_wish("k");
    wish.item = "email-0000000000000000".to_owned();
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "unknown_item");
    assert_eq!(refusal(planner(&home).settle(&wish.item, "done").await), "unknown_item");
    assert_eq!(home.recorded_refusals(), ["unknown_item"; 2]);
}
