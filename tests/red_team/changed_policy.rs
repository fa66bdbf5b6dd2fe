//! A planner that acts on a yes that policy no longer stands behind.

use planner::client::Standing;
use system_tests::{Owner, TestHome, approved_permit, mail_wish, planner, refusal};

#[tokio::test]
async fn policy_is_asked_again_at_the_moment_of_use() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    approved_permit(&home, &wish).await;

    let policy = std::fs::read_to_string(home.policy_file()).unwrap();
    let forbid = r#"forbid (principal, action == Action::"send_email", resource);"#;
    Owner::of(&home).apply_policy(&home, &format!("{policy}\n{forbid}\n")).await.unwrap();
    let granted = planner(&home).request_capability(&wish).await.unwrap();
    let Standing::Granted { permit } = granted else { panic!("{granted:?}") };
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "policy_denies");
    assert_eq!(home.recorded_refusals(), ["policy_denies"]);
    assert!(home.outbox().is_empty() && home.recorded("execution_intended").is_empty());
}

#[tokio::test]
async fn an_empty_policy_denies_everything() {
    let home = TestHome::new();
    std::fs::write(home.policy_file(), "").unwrap();
    let _executor = home.executor().await;
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("k")).await), "policy_denies");
    let mut read = mail_wish("another");
    (read.action, read.parameters) = ("read_email".to_owned(), "{}".to_owned());
    assert_eq!(refusal(planner(&home).request_capability(&read).await), "policy_denies");
    assert_eq!(home.recorded("decision_made").len(), 2);
}
