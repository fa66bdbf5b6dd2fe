//! A planner that goes on after the owner stopped everything.

use home::{Latch, Level, Order};
use std::fs;
use system_tests::{SlowServer, TestHome, approved_permit, eventually, mail_wish, planner, refusal};

fn frozen() -> Order {
    Order::new(Level::Frozen, "a test", "to look at it")
}

#[tokio::test]
async fn while_it_is_frozen_nothing_is_asked_granted_or_done_and_then_it_goes_on() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    let request = home.recorded("permit_issued")[0]["request"].as_str().unwrap().to_owned();

    for round in 1..=2 {
        Latch::of(&home).freeze(&frozen()).unwrap();
        assert_eq!(refusal(planner(&home).execute_with_token(permit.clone(), &wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish("another")).await), "latched");
        assert_eq!(refusal(planner(&home).wait_for_approval(&request).await), "latched");
        eventually("it is recorded", || (home.recorded("frozen").len() == round).then_some(())).await;
        Latch::of(&home).lift(&Latch::of(&home).read()).unwrap();
        eventually("so is its end", || (home.recorded("unfrozen").len() == round).then_some(())).await;
    }
    assert_eq!(home.recorded_refusals(), ["latched"; 8]);
    assert!(home.outbox().is_empty());

    planner(&home).execute_with_token(permit, &wish).await.expect("once it is taken away, work goes on");
    assert_eq!(home.outbox().len(), 1);
}

#[tokio::test]
async fn whatever_stands_in_the_latchs_place_stops_everything_and_a_kill_is_not_forgotten_with_its_file() {
    let set: [fn(&TestHome); 3] = [
        |home| fs::write(home.latch(), "").unwrap(),
        |home| fs::create_dir(home.latch()).unwrap(),
        |home| std::os::unix::fs::symlink("/nowhere", home.latch()).unwrap(),
    ];
    for set in set {
        let home = TestHome::new();
        let _executor = home.executor().await;
        let wish = mail_wish("k");
        let permit = approved_permit(&home, &wish).await;
        set(&home);
        assert_eq!(refusal(planner(&home).execute_with_token(permit.clone(), &wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&wish).await), "latched");
        // Whoever could take the file away does not bring back what was killed.
        fs::remove_file(home.latch()).or_else(|_| fs::remove_dir(home.latch())).unwrap();
        assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "latched");
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish("another")).await), "latched");
        assert!(home.outbox().is_empty());
    }
}

#[tokio::test]
async fn who_waits_for_the_owner_is_told_at_once_that_everything_stopped() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    planner(&home).request_capability(&mail_wish("k")).await.unwrap();
    let request = home.recorded("capability_requested")[0]["request"].as_str().unwrap().to_owned();
    let mut waiting = planner(&home);
    let waiting = tokio::spawn(async move { waiting.wait_for_approval(&request).await });
    // The executor answers this after it has seen the one who waits.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    planner(&home).ping().await.unwrap();
    assert!(!waiting.is_finished());
    Latch::of(&home).kill(&Order::new(Level::Killed, "a test", "enough")).unwrap();
    let told = tokio::time::timeout(system_tests::PATIENCE, waiting).await.expect("told at once");
    assert_eq!(refusal(told.unwrap()), "latched");
}

#[tokio::test]
async fn a_mail_that_is_under_way_is_cut_off_and_nobody_claims_to_know_whether_it_was_sent() {
    let server = SlowServer::new();
    let home = server.home();
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    let sending = tokio::spawn({
        let home = planner(&home);
        let wish = wish.clone();
        async move { home.clone().execute_with_token(permit, &wish).await }
    });
    server.has_the_mail().await;
    Latch::of(&home).kill(&Order::new(Level::Killed, "a test", "enough")).unwrap();
    server.is_left().await;
    assert_eq!(refusal(sending.await.unwrap()), "outcome_unknown");
    let finished = home.recorded("execution_finished");
    assert_eq!((finished.len(), &finished[0]["outcome"]["is"]), (1, &"unknown".into()), "{finished:?}");
}
