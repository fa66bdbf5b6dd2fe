//! A planner that gets one thing approved and does another.

use system_tests::{TestHome, approved_permit, mail_wish, planner, refusal};

#[tokio::test]
async fn a_permit_is_for_the_approved_bytes_and_no_others() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let approved = mail_wish("k");
    let permit = approved_permit(&home, &approved).await;

    let other_parameters = [
        r#"{"to":"eve@example.org","subject":"Hi","body":"Hello"}"#,
        r#"{"to":["ann@example.org","eve@example.org"],"subject":"Hi","body":"Hello"}"#,
        r#"{"to":"ann@example.org","cc":"eve@example.org","subject":"Hi","body":"Hello"}"#,
        r#"{"to":"ann@example.org","subject":"Hi ","body":"Hello"}"#,
        r#"{"to":"ann@example.org","subject":"Hi","body":"Hello."}"#,
        r#"{"to":"ann@example.org","subject":"Hi","body":"Hello","in_reply_to":"<a@b>"}"#,
    ];
    for parameters in other_parameters {
        let mut other = approved.clone();
        other.parameters = parameters.to_owned();
        let executed = planner(&home).execute_with_token(permit.clone(), &other).await;
        assert_eq!(refusal(executed), "parameters_changed", "{parameters}");
    }
    let mut other = approved.clone();
    (other.action, other.parameters) = ("read_email".to_owned(), "{}".to_owned());
    let executed = planner(&home).execute_with_token(permit.clone(), &other).await;
    assert_eq!(refusal(executed), "parameters_changed");
    assert_eq!(home.recorded_refusals(), ["parameters_changed"; 7]);
    assert!(home.outbox().is_empty());

    planner(&home).execute_with_token(permit, &approved).await.expect("the approved bytes still may go");
    assert_eq!(home.outbox().len(), 1);
}
