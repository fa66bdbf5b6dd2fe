//! Answers that the owner did not give, or did not give to this.

use action::Digest;
use capability::{Answer, ApprovalKey};
use planner::client::Standing;
use ring::rand::SystemRandom;
use system_tests::{Owner, TestHome, eventually, mail_wish, planner, refusal};
use wire::v1::ApprovalCard;

/// Asks the owner; what the card says.
async fn asked(home: &TestHome, key: &str) -> ApprovalCard {
    match planner(home).request_capability(&mail_wish(key)).await.unwrap() {
        Standing::Pending { request } => Owner::of(home).show(&request).await,
        granted @ Standing::Granted { .. } => panic!("the owner was not asked: {granted:?}"),
    }
}

/// That a receipt is refused with this code, is recorded, and leaves the request in this state.
async fn check(home: &TestHome, card: &ApprovalCard, receipt: String, code: &str, state: &str) {
    let owner = Owner::of(home);
    let before = home.recorded("approval_ignored").len();
    assert_eq!(refusal(owner.submit(receipt).await), code);
    let ignored = home.recorded("approval_ignored");
    assert_eq!(ignored.len(), before + 1);
    assert!(ignored[before]["why"].as_str().unwrap().starts_with(code), "{ignored:?}");
    assert_eq!(owner.show(&card.request).await.state, state);
}

#[tokio::test]
async fn an_answer_that_is_not_genuine_changes_nothing() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let card = asked(&home, "k").await;
    let yes = Owner::statement(&card, Answer::Approved);

    let other_key =
        ApprovalKey::from_text(&ApprovalKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    let genuine = owner.sign(&yes);
    let (signed, _) = genuine.rsplit_once('.').unwrap();
    let mut no = yes.clone();
    no.answer = Answer::Denied;
    let signature_of_no = owner.sign(&no).rsplit('.').next().unwrap().to_owned();
    let not_genuine = [
        other_key.sign(&yes).unwrap(),
        format!("{signed}.{signature_of_no}"),
        format!("{signed}."),
        String::new(),
    ];
    for receipt in not_genuine {
        check(&home, &card, receipt, "approval_invalid", "pending").await;
    }
    assert!(home.recorded("approval_recorded").is_empty());
}

#[tokio::test]
async fn an_answer_is_for_the_bytes_that_the_owner_saw() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let card = asked(&home, "k").await;
    let mut other = Owner::statement(&card, Answer::Approved);
    other.digest = Digest::of(b"something else");
    check(&home, &card, owner.sign(&other), "approval_for_other_bytes", "pending").await;

    let mut nowhere = Owner::statement(&card, Answer::Approved);
    nowhere.request = "req-0000000000000000".to_owned();
    check(&home, &card, owner.sign(&nowhere), "unknown_request", "pending").await;
}

#[tokio::test]
async fn the_owners_no_cannot_be_turned_into_a_yes() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let card = asked(&home, "k").await;
    let yes = owner.sign(&Owner::statement(&card, Answer::Approved));
    assert_eq!(owner.answer(&card.request, Answer::Denied).await.unwrap(), "denied");
    check(&home, &card, yes, "not_pending", "denied").await;
    assert_eq!(refusal(planner(&home).wait_for_approval(&card.request).await), "approval_denied");
    assert!(home.recorded("permit_issued").is_empty());
}

#[tokio::test]
async fn a_second_tap_changes_nothing() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let card = asked(&home, "k").await;
    let [yes, no] =
        [Answer::Approved, Answer::Denied].map(|answer| owner.sign(&Owner::statement(&card, answer)));
    assert_eq!(owner.submit(yes.clone()).await.unwrap(), "approved");
    check(&home, &card, yes, "not_pending", "approved").await;
    check(&home, &card, no, "not_pending", "approved").await;
    assert_eq!(home.recorded("approval_recorded").len(), 1);
}

#[tokio::test]
async fn a_late_answer_changes_nothing() {
    let home = TestHome::with(&[("#expire_after_seconds = 300", "expire_after_seconds = 1")]);
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let card = asked(&home, "k").await;
    let yes = owner.sign(&Owner::statement(&card, Answer::Approved));
    eventually("the request expires", || home.recorded("approval_expired").pop()).await;
    check(&home, &card, yes, "not_pending", "expired").await;
    assert_eq!(refusal(planner(&home).wait_for_approval(&card.request).await), "approval_expired");
    assert!(home.recorded("permit_issued").is_empty());
}
