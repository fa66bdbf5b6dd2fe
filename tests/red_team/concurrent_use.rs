//! A planner that spends one permit many times at once.

use planner::client::Refused;
use system_tests::{TestHome, approved_permit, mail_wish, planner};
use tokio::task::JoinSet;

#[tokio::test]
async fn of_many_uses_at_once_one_has_an_effect() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;

    let mut uses = JoinSet::new();
    for _ in 0..16 {
        let (mut planner, permit, wish) = (planner(&home), permit.clone(), wish.clone());
        uses.spawn(async move { planner.execute_with_token(permit, &wish).await });
    }
    let mut ends: Vec<String> = uses
        .join_all()
        .await
        .into_iter()
        .map(|used| match used {
            Ok(_) => "performed".to_owned(),
            Err(Refused::Refusal { code, .. }) => code,
            Err(lost @ Refused::Bridge(_)) => panic!("{lost}"),
        })
        .collect();
    ends.sort();
    let mut expected = vec!["permit_spent".to_owned(); 15];
    expected.insert(0, "performed".to_owned());
    assert_eq!(ends, expected);
    assert_eq!(home.outbox().len(), 1);
    assert_eq!(home.recorded("execution_intended").len(), 1);
    assert_eq!(home.recorded_refusals(), ["permit_spent"; 15]);
}
