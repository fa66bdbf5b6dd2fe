use std::cell::RefCell;
use std::time::Duration;

use tokio::time::Instant;

use super::{Budget, Retry};
use crate::failure::{Cause, Effect, Failure, Reply};

const LEAST: u64 = 0;
const MIDDLE: u64 = 1 << 63;

const BUDGET: Budget = Budget {
    attempts: 4,
    within: Duration::from_secs(60),
    first_pause: Duration::from_secs(2),
    longest_pause: Duration::from_secs(6),
};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn busy() -> Failure {
    Failure::Unavailable { step: "asking", cause: Cause::Reply(Reply::new(503, "busy")) }
}

fn limited(retry_after: Option<Duration>) -> Failure {
    Failure::Limited { step: "asking", retry_after, reply: Reply::new(429, "slowly") }
}

fn unavailable(cause: Cause) -> Failure {
    Failure::Unavailable { step: "asking", cause }
}

fn not_sent(why: egress::NotSent) -> Failure {
    unavailable(Cause::Egress(why.into()))
}

fn maybe_sent(cause: egress::Cause) -> Failure {
    unavailable(Cause::Egress(egress::Problem::MaybeSent(cause)))
}

/// When each attempt began, each being `failure()` after `taking`, on a clock that moves only while everybody waits.
fn attempts(retry: &Retry, effect: Effect, taking: Duration, failure: impl Fn() -> Failure) -> Vec<Duration> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let begun = RefCell::new(Vec::new());
    let told = runtime.block_on(async {
        let start = Instant::now();
        retry
            .run(effect, || async {
                begun.borrow_mut().push(start.elapsed());
                tokio::time::sleep(taking).await;
                Err::<(), _>(failure())
            })
            .await
    });
    assert_eq!(told.unwrap_err().to_string(), failure().to_string(), "the last failure is told");
    begun.into_inner()
}

#[track_caller]
fn check(draw: u64, failure: impl Fn() -> Failure, expected: &[f64]) {
    let retry = Retry::with_draws(BUDGET, move || draw);
    let expected: Vec<_> = expected.iter().map(|at| seconds(*at)).collect();
    assert_eq!(attempts(&retry, Effect::None, Duration::ZERO, failure), expected);
}

#[test]
fn pauses_double_up_to_the_longest_and_lie_between_half_and_all() {
    check(LEAST, busy, &[0.0, 1.0, 3.0, 6.0]);
    check(MIDDLE, busy, &[0.0, 1.5, 4.5, 9.0]);
    let retry = Retry::with_draws(BUDGET, || u64::MAX);
    let [first, .., last] = attempts(&retry, Effect::None, Duration::ZERO, busy)[..] else { panic!() };
    assert_eq!(first, Duration::ZERO);
    assert!(last <= seconds(12.01) && last > seconds(11.9), "{last:?}");
}

#[test]
fn the_providers_wait_is_never_cut_short() {
    check(LEAST, || limited(Some(seconds(9.0))), &[0.0, 9.0, 18.0, 27.0]);
    check(MIDDLE, || limited(Some(seconds(9.0))), &[0.0, 10.0, 21.0, 33.0]);
    check(LEAST, || limited(None), &[0.0, 1.0, 3.0, 6.0]);
}

#[test]
fn a_wait_beyond_the_budget_is_told_at_once() {
    check(LEAST, || limited(Some(seconds(61.0))), &[0.0]);
    check(LEAST, || limited(Some(Duration::MAX)), &[0.0]);
    check(LEAST, || limited(Some(seconds(25.0))), &[0.0, 25.0, 50.0]);
}

#[test]
fn the_time_that_attempts_take_is_part_of_the_budget() {
    let retry = Retry::with_draws(BUDGET, || LEAST);
    let begun = attempts(&retry, Effect::None, seconds(29.5), busy);
    assert_eq!(begun, [seconds(0.0), seconds(30.5)], "a third would begin after a minute");
}

#[test]
fn what_has_an_effect_is_attempted_once_whatever_comes_of_it() {
    let retry = Retry::with_draws(BUDGET, || LEAST);
    for failure in [busy, || limited(Some(Duration::ZERO)), || maybe_sent(egress::Cause::Timeout)] {
        assert_eq!(attempts(&retry, Effect::Once, Duration::ZERO, failure), [Duration::ZERO]);
    }
}

#[test]
fn only_what_may_pass_by_itself_is_tried_again() {
    use egress::{Cause as OnTheWay, Key, NotSent};
    let tries = |failure: &dyn Fn() -> Failure| {
        let retry = Retry::with_draws(BUDGET, || LEAST);
        attempts(&retry, Effect::None, Duration::ZERO, failure).len()
    };
    let host = || "api.example.org".to_owned();
    let key = Key { file: "api-keys", name: "slack_token" };
    let passing: [&dyn Fn() -> Failure; 7] = [
        &|| unavailable(Cause::Timeout),
        &|| unavailable(Cause::Connection("reset".into())),
        &|| not_sent(NotSent::NoAddress { host: host(), why: "try again".into() }),
        &|| not_sent(NotSent::NoConnection { host: host(), cause: OnTheWay::Timeout }),
        &|| maybe_sent(OnTheWay::Timeout),
        &|| maybe_sent(OnTheWay::Connection("reset".into())),
        &|| maybe_sent(OnTheWay::Broken("cut".into())),
    ];
    for failure in passing {
        assert_eq!(tries(failure), 4, "{}", failure());
    }
    let lasting: [&dyn Fn() -> Failure; 10] = [
        &|| Failure::Malformed { what: "no" },
        &|| Failure::Rejected { step: "asking", reply: Reply::new(403, "no") },
        &|| Failure::NotAllowed { step: "asking", connector: "slack", reply: Reply::new(401, "no") },
        &|| Failure::Unknown { step: "asking", cause: Cause::Timeout },
        &|| unavailable(Cause::NotUnderstood("no JSON".into())),
        &|| not_sent(NotSent::NoCredential { key, why: "not there".into() }),
        &|| not_sent(NotSent::ForbiddenAddress { host: host(), address: [127, 0, 0, 1].into() }),
        &|| not_sent(NotSent::NoConnection { host: host(), cause: OnTheWay::Certificate("old".into()) }),
        &|| maybe_sent(OnTheWay::TooLong { limit: 1 }),
        &|| maybe_sent(OnTheWay::Redirected { status: 302 }),
    ];
    for failure in lasting {
        assert_eq!(tries(failure), 1, "{}", failure());
    }
}

#[test]
fn the_first_answer_ends_it() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let tried = RefCell::new(0);
    let retry = Retry::default();
    let got = runtime.block_on(retry.run(Effect::None, || async {
        *tried.borrow_mut() += 1;
        if *tried.borrow() < 3 { Err(busy()) } else { Ok("answer") }
    }));
    assert_eq!((got.unwrap(), tried.into_inner()), ("answer", 3));
}
