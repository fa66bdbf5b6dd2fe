//! A planner that acts later than it may.

use capability::Answer;
use planner::client::Standing;
use std::time::Duration;
use system_tests::{Owner, TestHome, approved_permit, eventually, mail_wish, planner, refusal};

const SHORT: &[(&str, &str)] = &[("#lifetime_seconds = 300", "lifetime_seconds = 1")];

#[tokio::test]
async fn an_expired_permit_is_refused() {
    let home = TestHome::with(SHORT);
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "permit_expired");
    assert_eq!(home.recorded_refusals(), ["permit_expired"]);
    assert!(home.outbox().is_empty());
}

#[tokio::test]
async fn the_owners_yes_does_not_last_longer_than_a_permit() {
    let home = TestHome::with(SHORT);
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    Owner::of(&home).answer(&request, Answer::Approved).await.unwrap();
    eventually("the answer expires", || home.recorded("approval_expired").pop()).await;
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "approval_expired");
    assert!(home.recorded("permit_issued").is_empty());
}
