//! A planner that wants too much, or tires the owner with questions.

use planner::client::Refused;
use system_tests::{Owner, TestHome, approved_permit, mail_wish, planner, refusal};

fn once_an_hour() -> TestHome {
    let home = TestHome::new();
    home.edit(
        &home.policy_file(),
        r#"@id("send-email") @rate_limit("10/hour")"#,
        r#"@id("send-email") @rate_limit("1/hour")"#,
    );
    home
}

#[tokio::test]
async fn a_rate_limit_holds_over_a_restart() {
    let home = once_an_hour();
    let executor = home.executor().await;
    let first = mail_wish("first");
    let permit = approved_permit(&home, &first).await;
    planner(&home).execute_with_token(permit, &first).await.unwrap();
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("second")).await), "rate_limited");
    drop(executor);

    let _executor = home.executor().await;
    let refused = planner(&home).request_capability(&mail_wish("third")).await;
    assert!(
        matches!(&refused, Err(Refused::Refusal { code, retry_at: Some(_), .. }) if code == "rate_limited"),
        "{refused:?}"
    );
    assert_eq!(home.recorded_refusals(), ["rate_limited"; 2]);
    assert_eq!(home.outbox().len(), 1);
}

#[tokio::test]
async fn the_owner_is_asked_about_no_more_than_could_be_done() {
    let home = once_an_hour();
    let _executor = home.executor().await;
    let first = planner(&home).request_capability(&mail_wish("first")).await;
    first.expect("the first one is asked about");
    for key in ["second", "third"] {
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish(key)).await), "rate_limited");
    }
    assert_eq!(Owner::of(&home).pending().await.len(), 1);
}

#[tokio::test]
async fn a_limit_that_became_stricter_holds_at_the_moment_of_use() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let [first, second] = [mail_wish("first"), mail_wish("second")];
    let permit = approved_permit(&home, &first).await;
    approved_permit(&home, &second).await;
    planner(&home).execute_with_token(permit, &first).await.unwrap();

    let policy = std::fs::read_to_string(home.policy_file()).unwrap();
    let stricter = policy.replacen(
        r#"@id("send-email") @rate_limit("10/hour")"#,
        r#"@id("send-email") @rate_limit("1/hour")"#,
        1,
    );
    assert_ne!(policy, stricter);
    Owner::of(&home).apply_policy(&home, &stricter).await.unwrap();
    let granted = planner(&home).request_capability(&second).await.unwrap();
    let planner::client::Standing::Granted { permit } = granted else { panic!("{granted:?}") };
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &second).await), "rate_limited");
    assert_eq!(home.recorded_refusals(), ["rate_limited"]);
    assert_eq!(home.outbox().len(), 1);
}
