//! A planner that takes a wish back, or lets it expire, and then wants the yes to it.

use capability::Answer;
use planner::client::Standing;
use system_tests::{Owner, TestHome, approved_permit, eventually, mail_wish, planner, refusal};

#[tokio::test]
async fn what_was_taken_back_cannot_be_approved() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    let owner = Owner::of(&home);
    let yes = owner.sign(&Owner::statement(&owner.show(&request).await, Answer::Approved));
    planner(&home).withdraw(&request).await.unwrap();
    assert_eq!(refusal(owner.submit(yes).await), "not_pending");
    assert_eq!(owner.show(&request).await.state, "cancelled");
    assert!(owner.pending().await.is_empty());
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "approval_cancelled");
    assert!(home.recorded("approval_recorded").is_empty() && home.recorded("permit_issued").is_empty());
}

#[tokio::test]
async fn a_permit_for_what_was_taken_back_is_worth_nothing() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    let request = home.recorded("permit_issued")[0]["request"].as_str().unwrap().to_owned();
    planner(&home).withdraw(&request).await.unwrap();
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "approval_cancelled");
    assert!(home.outbox().is_empty() && home.recorded("execution_intended").is_empty());
}

#[tokio::test]
async fn the_yes_to_an_earlier_question_is_no_yes_to_a_new_one() {
    let home = TestHome::with(&[("#lifetime_seconds = 300", "lifetime_seconds = 1")]);
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    let owner = Owner::of(&home);
    owner.answer(&request, Answer::Approved).await.unwrap();
    eventually("nobody acts on it", || home.recorded("approval_expired").pop()).await;
    assert_eq!(owner.ask_again(&request).await.unwrap(), "pending");
    let old = home.recorded("approval_recorded")[0]["receipt"].as_str().unwrap().to_owned();
    assert_eq!(refusal(owner.submit(old).await), "approval_used");
    assert_eq!(owner.show(&request).await.state, "pending");
    // A new one is.
    assert_eq!(owner.answer(&request, Answer::Approved).await.unwrap(), "approved");
}
