//! `kill -9` of any process at any moment: nothing is lost, nothing is done twice, and the record says what happened.

use siege_tests::{POLICY, Random, System};
use std::time::Duration;

const MAILS: usize = 40;
const VICTIMS: [&str; 5] = ["executor", "executor", "planner", "reader-email", "control-plane"];

/// The default rules answer a question; mail to `auto.example` is sent without asking, the rest after a yes.
fn mail(number: usize) -> (String, usize) {
    let (sender, subject, wishes) = match number % 4 {
        0 => ("ask.example", "a question", 1),
        1 => ("auto.example", "no reason to answer", 0),
        _ => ("auto.example", "a question", 1),
    };
    let text = format!(
        "From: Ann <ann{number}@{sender}>\r\nTo: me@host.example\r\nSubject: {subject} {number}\r\n\
         Message-ID: <{number}@{sender}>\r\n\r\nHello, this is mail {number}.\r\n"
    );
    (text, wishes)
}

#[test]
fn every_mail_is_done_with_exactly_once_whatever_is_killed_when() {
    let mut random = Random::seeded();
    let mut system = System::raise(POLICY);
    let (mut delivered, mut wishes, mut kills, mut falls) = (0, 0, 0, 0);
    while delivered < MAILS {
        for _ in 0..=random.below(3) {
            let (text, wished) = mail(delivered);
            system.deliver(text.as_bytes());
            (delivered, wishes) = (delivered + 1, wishes + wished);
        }
        std::thread::sleep(Duration::from_millis(random.below(400)));
        if random.below(5) == 0 {
            // Everything falls with its supervisor.
            falls += u32::from(system.kill("supervisor"));
            system.up();
        } else {
            kills += u32::from(system.kill(random.one_of(&VICTIMS)));
        }
        if random.below(3) == 0 {
            system.attend();
        }
    }
    system.until_quiet(delivered, System::attend);
    system.assert_sound();

    let fold = system.fold();
    assert_eq!(fold.ends(), (delivered, 0, 0), "all settled, none quarantined or refused: {fold:#?}");
    assert_eq!(system.names("mail/inbox/cur").len(), delivered);
    let (performed, unknown) = (fold.requests_that("performed").len(), fold.requests_that("unknown").len());
    assert_eq!((fold.requests(), performed + unknown), (wishes, wishes), "no wish is lost: {fold:#?}");
    eprintln!(
        "{delivered} mails, {kills} processes and {falls} supervisors killed: {performed} mails sent, {unknown} unknown"
    );
}
