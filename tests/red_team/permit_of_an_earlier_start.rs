//! A planner that keeps a permit over a restart of the executor.

use planner::client::Standing;
use system_tests::{TestHome, approved_permit, mail_wish, planner, refusal};

#[tokio::test]
async fn a_permit_dies_with_the_executor_that_minted_it_and_the_owners_yes_does_not() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let wish = mail_wish("k");
    let old = approved_permit(&home, &wish).await;
    drop(executor);

    let _executor = home.executor().await;
    assert_eq!(refusal(planner(&home).execute_with_token(old, &wish).await), "permit_invalid");
    assert_eq!(home.recorded_refusals(), ["permit_invalid"]);
    assert!(home.outbox().is_empty());

    let Standing::Granted { permit } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner is asked twice");
    };
    planner(&home).execute_with_token(permit, &wish).await.unwrap();
    assert_eq!(home.outbox().len(), 1);
}
