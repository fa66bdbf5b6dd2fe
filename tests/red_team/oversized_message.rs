//! A zone that sends more than a message may hold.

use action::Role;
use system_tests::{Reader, TestHome, eventually, mail_wish, planner};
use tonic::Code;
use wire::v1::planner_bridge_client::PlannerBridgeClient;
use wire::v1::{CapabilityRequest, ExecuteRequest};

#[tokio::test]
async fn a_message_over_one_mebibyte_is_refused_and_the_executor_lives_on() {
    let home = TestHome::new();
    let mut executor = home.executor().await;
    // A client without the limit that ours has.
    let mut bridge = PlannerBridgeClient::new(home.channel(Role::Planner));
    for size in [1024 * 1024, 64 * 1024 * 1024] {
        let request = CapabilityRequest {
            action: "send_email".to_owned(),
            parameters_json: "x".repeat(size),
            key: "k".to_owned(),
            item: String::new(),
        };
        assert_eq!(bridge.request_capability(request).await.unwrap_err().code(), Code::OutOfRange);
        let order = ExecuteRequest { permit: "x".repeat(size), ..ExecuteRequest::default() };
        assert_eq!(bridge.execute(order).await.unwrap_err().code(), Code::OutOfRange);
    }
    assert!(executor.runs());
    let told = || home.recorded_refusals().contains(&"message_too_large".to_owned()).then_some(());
    eventually("the record says so", told).await;
    planner(&home).request_capability(&mail_wish("k")).await.expect("others are served");
}

#[tokio::test]
async fn a_reader_that_answers_with_too_much_is_dismissed_and_its_item_is_not_lost() {
    let home = TestHome::new();
    let mut executor = home.executor().await;
    home.deliver_mail("Meeting", "Shall we meet?");
    let mut reader = Reader::attend(&home, Role::ReaderEmail).await;
    let first = reader.next().await;
    reader.answer("x".repeat(2 * 1024 * 1024)).await;
    assert!(reader.is_dismissed().await);
    assert!(executor.runs());
    let again = Reader::attend(&home, Role::ReaderEmail).await.next().await;
    assert_eq!(again.bytes, first.bytes);
}
