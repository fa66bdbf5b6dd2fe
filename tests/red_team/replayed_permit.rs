//! A planner that uses a permit, or a request, more than once.

use planner::client::Standing;
use system_tests::{TestHome, approved_permit, mail_wish, planner, refusal};

#[tokio::test]
async fn a_permit_is_for_one_use() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    planner(&home).execute_with_token(permit.clone(), &wish).await.unwrap();
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "permit_spent");
    assert_eq!(home.recorded_refusals(), ["permit_spent"]);
    assert_eq!((home.outbox().len(), home.recorded("execution_intended").len()), (1, 1));
}

#[tokio::test]
async fn two_permits_for_one_request_are_one_use() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let first = approved_permit(&home, &wish).await;
    let Standing::Granted { permit: second } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("an approved request is granted again until it is used");
    };
    assert_ne!(first, second);
    planner(&home).execute_with_token(second, &wish).await.unwrap();
    assert_eq!(refusal(planner(&home).execute_with_token(first, &wish).await), "permit_spent");
    assert_eq!(home.outbox().len(), 1);
}

#[tokio::test]
async fn what_was_performed_is_remembered_over_a_restart() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    planner(&home).execute_with_token(permit, &wish).await.unwrap();
    drop(executor);
    let _executor = home.executor().await;
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "already_performed");
    assert_eq!(home.recorded("capability_repeated")[0]["state"], "performed");
    assert_eq!(home.outbox().len(), 1);
}
