//! A planner that goes on after the owner stopped everything.

use std::fs;
use system_tests::{TestHome, approved_permit, mail_wish, planner, refusal};

#[tokio::test]
async fn while_the_latch_is_set_nothing_is_asked_granted_or_done() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    let request = home.recorded("permit_issued")[0]["request"].as_str().unwrap().to_owned();

    let set: [fn(&TestHome); 3] = [
        |home| fs::write(home.latch(), "").unwrap(),
        |home| fs::create_dir(home.latch()).unwrap(),
        |home| std::os::unix::fs::symlink("/nowhere", home.latch()).unwrap(),
    ];
    for set in set {
        set(&home);
        assert_eq!(refusal(planner(&home).execute_with_token(permit.clone(), &wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish("another")).await), "latched");
        assert_eq!(refusal(planner(&home).wait_for_approval(&request).await), "latched");
        fs::remove_file(home.latch()).or_else(|_| fs::remove_dir(home.latch())).unwrap();
    }
    assert_eq!(home.recorded_refusals(), ["latched"; 12]);
    assert!(home.outbox().is_empty());

    planner(&home).execute_with_token(permit, &wish).await.expect("once it is taken away, work goes on");
    assert_eq!(home.outbox().len(), 1);
}
