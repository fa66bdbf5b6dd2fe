//! Each call in each bad weather: what was done is never done twice, and who says that nothing was done is right.

use std::sync::Arc;
use std::time::Duration;

use connectors::Failure;
use connectors::retry::{Budget, Retry};
use connectors::slack::{self, Slack};
use connectors::telegram::{self, Telegram};
use connectors::twilio::{self, Sender, Twilio};

use crate::stand_in::{self, Fault, How, Provider, StandIn, every_fault, secret_of};

/// Some of the weather lasts as long as a call's patience; all of it is met at once.
const LONGEST: Duration = Duration::from_secs(120);

/// Everything that an owner, a log or the record would be shown of it, without any secret and any word of a stranger's page.
#[track_caller]
fn shows_nothing(failure: &Failure, fault: Fault) {
    let shown = format!("{failure} {failure:?}");
    assert!(!shown.contains("planted") && shown.is_ascii(), "{fault:?}: {shown}");
    for key in [telegram::TOKEN, slack::TOKEN, twilio::ACCOUNT_SID, twilio::AUTH_TOKEN] {
        assert!(!shown.contains(secret_of(key)), "{fault:?}: {shown}");
    }
}

/// What counts, in one weather: how often it was done is what the failure says of it.
fn counts<P: Provider>(server: &StandIn<P>, fault: Fault, told: Result<(), Failure>) {
    let requests = server.state().requests.len();
    let done = server.state().done.len();
    assert_eq!(requests, 1, "{fault:?}: what counts is asked for once");
    assert_eq!(done, usize::from(matches!(fault, Fault::After(_))), "{fault:?}");
    let failure = told.expect_err(&format!("{fault:?}"));
    shows_nothing(&failure, fault);
    if done == 1 {
        assert!(failure.may_have_happened(), "{fault:?}: it was done, and told as not done: {failure}");
    }
    let known = match fault {
        Fault::Before(How::TooMany(seconds)) => {
            let wait = Some(Duration::from_secs(seconds));
            matches!(failure, Failure::Limited { retry_after, .. } if retry_after == wait)
        }
        Fault::Before(How::Status(429)) => matches!(failure, Failure::Limited { .. }),
        Fault::Before(How::Status(401)) => matches!(failure, Failure::NotAllowed { .. }),
        Fault::Before(How::Status(400)) => matches!(failure, Failure::Rejected { .. }),
        Fault::Before(_) | Fault::After(_) => failure.may_have_happened(),
    };
    assert!(known, "{fault:?}: {failure}");
}

fn once() -> Retry {
    Retry::within(Budget { attempts: 1, ..connectors::retry::BUDGET })
}

#[tokio::test]
async fn what_counts_is_done_at_most_once_and_never_told_as_not_done_when_it_was() {
    let mut all = tokio::task::JoinSet::new();
    for fault in every_fault() {
        all.spawn(async move {
            let server = StandIn::start(stand_in::telegram::Telegram::new()).await;
            server.meets(fault);
            let bot = Telegram::new(server.client(&telegram::REACH), crate::impatient());
            counts(&server, fault, bot.send("5", "hi").await.map(drop));
        });
        all.spawn(async move {
            let server = StandIn::start(stand_in::slack::Slack::new()).await;
            server.state().provider.says("C1", "1.000000", "x");
            server.meets(fault);
            let slack = Slack::new(server.client(&slack::REACH), crate::impatient());
            counts(&server, fault, slack.post("C1", "hi").await.map(drop));
        });
        for call in [false, true] {
            all.spawn(async move {
                let server = StandIn::start(stand_in::twilio::Twilio::new()).await;
                server.meets(fault);
                let twilio = Twilio::new(server.client(&twilio::REACH), crate::impatient(), Sender::Number);
                let to = "+441632960961";
                let told = match call {
                    true => twilio.make_call(to, "hi").await,
                    false => twilio.send_message(to, "hi").await,
                };
                counts(&server, fault, told.map(drop));
            });
        }
    }
    tokio::time::timeout(LONGEST, all.join_all()).await.unwrap();
}

#[tokio::test]
async fn what_only_reads_is_told_as_a_failure_that_did_nothing() {
    let mut all = tokio::task::JoinSet::new();
    // What lasts as long as a call's patience is met by what counts, above.
    for fault in every_fault().into_iter().filter(|fault| !fault.lasts()) {
        all.spawn(async move {
            let server = Arc::new(StandIn::start(stand_in::slack::Slack::new()).await);
            server.meets(fault);
            let slack = Slack::new(server.client(&slack::REACH), once());
            let failure = slack.identity().await.unwrap_err();
            assert!(!failure.may_have_happened(), "{fault:?}: {failure}");
            shows_nothing(&failure, fault);
        });
    }
    tokio::time::timeout(LONGEST, all.join_all()).await.unwrap();
}

#[tokio::test]
async fn what_only_reads_is_asked_again_where_that_may_help() {
    for how in [How::Status(500), How::Status(503), How::Truncated, How::Disconnect, How::TooMany(0)] {
        let server = StandIn::start(stand_in::telegram::Telegram::new()).await;
        server.state().provider.says(7, "one");
        server.meets(Fault::Before(how));
        server.meets(Fault::Before(how));
        let bot = Telegram::new(server.client(&telegram::REACH), crate::impatient());
        assert_eq!(bot.look("", Duration::ZERO).await.unwrap().items.len(), 1, "{how:?}");
        assert_eq!(server.state().requests.len(), 3, "{how:?}");
    }
    for how in [
        How::Status(401),
        How::Status(400),
        How::Redirect,
        How::MalformedJson,
        How::WrongContentType,
        How::Announced1GiB,
    ] {
        let server = StandIn::start(stand_in::telegram::Telegram::new()).await;
        server.meets(Fault::Before(how));
        let bot = Telegram::new(server.client(&telegram::REACH), crate::impatient());
        bot.look("", Duration::ZERO).await.unwrap_err();
        assert_eq!(server.state().requests.len(), 1, "{how:?}");
    }
}
