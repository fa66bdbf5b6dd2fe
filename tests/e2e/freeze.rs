//! The milder step of the ladder: nothing new, everything to be looked at, and back or on to a kill.

use system_tests::{SlowServer, TestHome, approved_permit, eventually, mail_wish, planner, refusal};

#[tokio::test]
async fn a_frozen_home_ends_what_is_under_way_can_be_looked_at_and_goes_on_when_it_is_told_to() {
    let server = SlowServer::new();
    let home = server.home();
    let _executor = home.executor().await;
    let _control_plane = home.control_plane().await;
    let wish = mail_wish("under way");
    let permit = approved_permit(&home, &wish).await;
    let sending = tokio::spawn({
        let mut planner = planner(&home);
        async move { planner.execute_with_token(permit, &wish).await }
    });
    server.has_the_mail().await;
    planner(&home).request_capability(&mail_wish("pending")).await.unwrap();

    home.moltctl(&["freeze", "--reason", "too many mails"]).well();
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("new")).await), "latched");
    server.answers();
    sending.await.unwrap().expect("what was under way ends as it would have");

    // Everything can be looked at.
    let listed = home.moltctl(&["approvals", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert!(home.moltctl(&["audit", "show"]).well().contains("execution_finished"));
    let status = home.moltctl(&["status", "--json"]).json();
    assert_eq!((&status["latched"], &status["latch"]["level"]), (&true.into(), &"frozen".into()), "{status}");
    let words = home.moltctl(&["status"]).out;
    assert!(words.contains("FROZEN by uid") && words.contains("too many mails"), "{words}");

    let again = home.moltctl(&["freeze", "--reason", "again"]);
    assert!(again.code == Some(2) && again.err.contains("frozen already"), "{again:?}");
    let rearmed = home.moltctl(&["rearm", "--reason", "no"]);
    assert!(rearmed.code == Some(2) && rearmed.err.contains("moltctl unfreeze"), "{rearmed:?}");

    home.moltctl(&["unfreeze", "--reason", "looked at it"]).well();
    let unfrozen = eventually("it is recorded", || home.recorded("unfrozen").pop()).await;
    assert_eq!(unfrozen["why"], "looked at it");
    let frozen = home.recorded("frozen");
    assert_eq!((frozen.len(), &frozen[0]["why"]), (1, &"too many mails".into()));
    planner(&home).request_capability(&mail_wish("new")).await.expect("things go on");
    let nothing = home.moltctl(&["unfreeze", "--reason", "again"]);
    assert!(nothing.code == Some(2) && nothing.err.contains("nothing is frozen"), "{nothing:?}");
}

#[tokio::test]
async fn a_freeze_and_its_end_are_recorded_once_each_though_no_executor_saw_them_come() {
    let home = TestHome::new();
    home.moltctl(&["freeze", "--reason", "before it ran"]).well();
    for _ in 0..2 {
        let _executor = home.executor().await;
        eventually("it is recorded", || (home.recorded("frozen").len() == 1).then_some(())).await;
        assert_eq!(refusal(planner(&home).request_capability(&mail_wish("k")).await), "latched");
    }
    home.moltctl(&["unfreeze", "--reason", "while it did not run"]).well();
    for _ in 0..2 {
        let _executor = home.executor().await;
        eventually("its end is recorded", || (home.recorded("unfrozen").len() == 1).then_some(())).await;
        planner(&home).request_capability(&mail_wish("k")).await.unwrap();
    }
    assert_eq!((home.recorded("frozen").len(), home.recorded("unfrozen").len()), (1, 1));
    assert_eq!(home.recorded("unfrozen")[0]["why"], "while it did not run");
}

#[tokio::test]
async fn a_frozen_home_is_raised_and_still_does_nothing() {
    let home = TestHome::new();
    home.moltctl(&["freeze", "--reason", "quiet"]).well();
    let _system = home.up();
    home.deliver_mail("A meeting?", "Shall we meet on Monday?");
    eventually("the planner is refused", || (!home.recorded_refusals().is_empty()).then_some(())).await;
    assert!(home.recorded("capability_requested").is_empty());
    home.moltctl(&["unfreeze", "--reason", "go"]).well();
    eventually("it goes on by itself", || home.recorded("capability_requested").pop()).await;
}
