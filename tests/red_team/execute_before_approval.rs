//! A planner that does not wait for the owner.

use planner::client::Standing;
use system_tests::{Owner, TestHome, mail_wish, planner, refusal};

#[tokio::test]
async fn nothing_is_done_before_the_owner_answers() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    let digest = Owner::of(&home).show(&request).await.digest;
    for permit in [String::new(), request.clone(), digest] {
        assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "permit_invalid");
    }
    // Asking again is the same question, not an answer.
    let again = planner(&home).request_capability(&wish).await.unwrap();
    assert_eq!(again, Standing::Pending { request: request.clone() });
    assert_eq!(Owner::of(&home).show(&request).await.state, "pending");
    assert_eq!(Owner::of(&home).pending().await.len(), 1);
    assert_eq!(home.recorded_refusals(), ["permit_invalid"; 3]);
    assert!(home.recorded("permit_issued").is_empty() && home.outbox().is_empty());
}
