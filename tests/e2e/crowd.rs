//! Mail and processes that would keep everything else waiting.

use rustix::process::{Pid, Signal, kill_process};
use system_tests::{TestHome, eventually};

#[tokio::test]
async fn what_waits_for_the_owner_or_for_a_limit_keeps_no_other_mail_waiting() {
    let home = TestHome::new();
    let _system = home.up();
    // More than the owner may be asked about in an hour, and more than the planner has places on its bridge.
    for number in 0..80 {
        home.deliver_mail(&format!("Question {number}"), "Well?");
    }
    eventually("all questions are read", || (home.recorded("item_cleaned").len() == 80).then_some(())).await;
    home.deliver_mail("Lunch", "Nothing to answer.");
    let settled =
        eventually("the mail that asks nothing is settled", || home.recorded("item_settled").pop()).await;
    assert_eq!(settled["summary"], "no rule");
    let asked: Vec<_> = home.recorded("decision_made");
    assert_eq!(asked.len(), 10, "as many as the policy lets happen in an hour");
}

#[tokio::test]
async fn a_reader_that_hangs_is_replaced_and_its_mail_is_read() {
    let home = TestHome::with(&[("#unresponsive_after_seconds = 75", "unresponsive_after_seconds = 5")]);
    let _system = home.up();
    let status = home.moltctl(&["status", "--json"]).json();
    let reader = status["processes"].as_array().unwrap().iter().find(|one| one["process"] == "reader-email");
    let pid = i32::try_from(reader.unwrap()["pid"].as_i64().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::STOP).unwrap();
    home.deliver_mail("Lunch", "Nothing to answer.");
    let settled = eventually("the mail is settled", || home.recorded("item_settled").pop()).await;
    assert_eq!(settled["summary"], "no rule");
}
