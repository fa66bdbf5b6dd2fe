//! Processes that are killed in the middle of the work.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use system_tests::{TestHome, eventually};

/// How one process is.
fn status_of(home: &TestHome, name: &str) -> (Value, bool) {
    let status = home.moltctl(&["status", "--json"]).json();
    let found = status["processes"].as_array().unwrap().iter().find(|process| process["process"] == name);
    (found.unwrap().clone(), status["ready"] == true)
}

/// Kills a process and waits until another one does its work.
async fn kill(home: &TestHome, name: &str) {
    let (before, _) = status_of(home, name);
    let pid = i32::try_from(before["pid"].as_i64().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    eventually(&format!("{name} is raised again and everything is ready"), || {
        let (now, ready) = status_of(home, name);
        (ready && now["state"] == "ready" && now["restarts"] != before["restarts"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_is_killed_while_the_owner_thinks_one_mail_is_asked_about_once_and_sent_once() {
    let home = TestHome::new();
    let _system = home.up();
    home.deliver_mail("A meeting?", "Shall we meet on Monday?");
    let list = || home.moltctl(&["approvals", "list", "--json"]).json().as_array().unwrap().clone();
    let waiting = eventually("the owner is asked", || list().first().cloned()).await;
    let id = waiting["request"].as_str().unwrap();

    for name in ["planner", "reader-email", "control-plane", "executor"] {
        kill(&home, name).await;
        let still: Vec<_> = list().iter().map(|card| card["request"].clone()).collect();
        assert_eq!(still, [id], "after {name} was killed");
    }
    home.moltctl(&["approvals", "approve", id]).well();
    let settled = eventually("the item is settled", || home.recorded("item_settled").pop()).await;
    assert_eq!(settled["summary"], "acknowledge-a-question: performed");
    assert_eq!(home.outbox().len(), 1);
    assert_eq!(home.recorded("item_received").len(), 1);
    assert_eq!(home.recorded("capability_requested").len(), 1);
    let verified = home.moltctl(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[tokio::test]
async fn mail_that_comes_while_the_executor_is_killed_over_and_over_is_taken_in_once_each() {
    let home = TestHome::new();
    let _system = home.up();
    for round in 0..3 {
        for number in 0..5 {
            home.deliver_mail(&format!("News {round}.{number}"), "Nothing to answer.");
        }
        kill(&home, "executor").await;
    }
    eventually("all are settled", || (home.recorded("item_settled").len() >= 15).then_some(())).await;
    let count = |event_type| home.recorded(event_type).len();
    assert_eq!((count("item_received"), count("item_cleaned"), count("item_settled")), (15, 15, 15));
    assert_eq!(count("item_quarantined"), 0);
}

#[tokio::test]
async fn a_mail_that_was_taken_in_but_not_yet_moved_when_the_executor_died_is_not_taken_in_twice() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let name = home.deliver("mail/inbox", b"From: Ann <ann@example.org>\r\nSubject: Once\r\n\r\nOnce.\r\n");
    let [new, cur] = ["new", "cur"].map(|folder| home.path().join("mail/inbox").join(folder));
    let (waiting, taken) = (new.join(&name), cur.join(format!("{name}:2,S")));
    eventually("the mail is taken", || taken.exists().then_some(())).await;
    drop(executor);
    // As it was a moment before: in the record, and still in `new`.
    std::fs::rename(&taken, &waiting).unwrap();

    let _executor = home.executor().await;
    eventually("it is met again", || taken.exists().then_some(())).await;
    assert_eq!(home.recorded("item_received").len(), 1);
}
