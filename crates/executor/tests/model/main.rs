//! Whatever happens to Zone 1, in any order, it answers as the model says, sends what the model sends, and its record holds.
//!
//! [`commands`] says what may happen, [`model`] what must come of it, [`system`] does it to the real thing.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a command is somebody else's, and an ended state one of many"
)]

mod commands;
mod model;
mod system;

use commands::{By, Command, Letter, Life, Says, Signed, Wish, Zone, life};
use model::Model;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use system::System;

const LIVES: u32 = 256;

#[test]
fn zone_1_does_what_the_model_says_whatever_happens() {
    let config =
        Config { cases: LIVES, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lived = TestRunner::new(config).run(&life(), |Life(commands)| {
        runtime.block_on(live(&commands));
        Ok(())
    });
    if let Err(failure) = lived {
        panic!("{failure}");
    }
}

#[tokio::test]
async fn a_yes_that_a_zone_was_told_is_over_is_over_after_a_start_with_the_clock_set_back() {
    use Command::{Answer, Ask, Pass, Restart, SetWall, TakePermit};
    let wish = Wish { zone: Zone::Planner, key: 0 };
    live(&[
        Ask(wish, Letter::Hello),
        Answer(wish, Says::Yes, Signed::Genuine),
        Pass(300),
        TakePermit(wish, By::Own),
        SetWall(-3),
        Restart,
        TakePermit(wish, By::Own),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_counts_once_however_many_were_given_after_it() {
    use Command::{Answer, Ask, AskAgain, ExpireDue, Pass};
    let wish = Wish { zone: Zone::Planner, key: 0 };
    let yes = Answer(wish, Says::Yes, Signed::Genuine);
    let asked_once_more = [Pass(300), ExpireDue, AskAgain(wish)];
    let begin =
        [&[Ask(wish, Letter::Hello), yes], asked_once_more.as_slice(), &[yes], &asked_once_more].concat();
    live(&[begin, vec![Answer(wish, Says::Yes, Signed::Before(1))]].concat()).await;
}

async fn live(commands: &[Command]) {
    let (mut model, mut system) = (Model::new(), System::new().await);
    for (done, command) in commands.iter().enumerate() {
        if matches!(command, Command::Restart) {
            model.restarted(system.restart().await);
        } else {
            let expected = model.expect(*command);
            assert_eq!(system.run(*command).await, expected, "answer {done}, to {command:?}");
        }
        model.keeps_its_promises();
        let sent: BTreeMap<_, _> = model.sent.iter().map(|sent| (sent.wish, sent.letter)).collect();
        assert_eq!(system.outbox(), sent, "the outbox after {done}, {command:?}");
    }
    // What an entry lacks, it lacks for good: one look at the end is a look after every command.
    model.restarted(system.restart().await);
    let record = system.audit();
    assert_eq!(record.gaps, [], "gaps in the record");
    assert_eq!(record.figures.executions, model.sent.len() as u64, "executions");
}
