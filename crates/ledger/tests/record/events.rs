//! Entries made by hand, and a look at what is missing in them.

use action::Digest;
use capability::{Answer, ApprovalKey, PolicyStatement, Statement};
use jiff::Timestamp;
use ledger::{Complete, Completeness, Event, Known, Missing, Outcome, Verdict};
use policy::{Approval, Risk};
use std::sync::LazyLock;

pub(crate) static OWNER: LazyLock<ApprovalKey> = LazyLock::new(key);

pub(crate) fn key() -> ApprovalKey {
    let text = ApprovalKey::generate_text(&ring::rand::SystemRandom::new()).unwrap();
    ApprovalKey::from_text(&text).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

// The entries are one second apart, the first is of second 1.

/// A question's time, and the life of a permit.
pub(crate) const SOON: i64 = 300;

pub(crate) fn applied(from: Option<&str>, to: &str) -> Event {
    let said = from.map(|from| PolicyStatement {
        from: digest(from),
        to: digest(to),
        who: "uid 501".to_owned(),
        how: "a test".to_owned(),
        when: at(0),
    });
    let receipt = said.map(|said| OWNER.sign_policy(&said).unwrap());
    Event::PolicyApplied { from: from.map(digest), to: digest(to), receipt }
}

pub(crate) fn started() -> Event {
    Event::ExecutorStarted { version: "0".to_owned(), host: "local".to_owned(), policy: digest("policy") }
}

pub(crate) fn asked(request: &str) -> Event {
    Event::CapabilityRequested {
        request: request.to_owned(),
        zone: "local/planner".to_owned(),
        action: "send_email".to_owned(),
        digest: digest(request),
        parameters: digest("parameters"),
        key: request.to_owned(),
        item: None,
        recipients: Vec::new(),
        origins: Vec::new(),
    }
}

pub(crate) fn judged_by(policy: &str, request: &str, decision: Verdict) -> Event {
    let knowledge = Known {
        injection_warning: false,
        approval: Approval::None,
        unknown_recipients: Default::default(),
        untrusted_parameters: Default::default(),
        done_last_hour: 0,
        done_last_day: 0,
        at: at(0),
    };
    Event::DecisionMade { request: request.to_owned(), policy: digest(policy), knowledge, decision }
}

pub(crate) fn judged(request: &str, decision: Verdict) -> Event {
    judged_by("policy", request, decision)
}

pub(crate) fn allow() -> Verdict {
    Verdict::Allow { rules: vec!["rule".to_owned()], risk: Risk::Low }
}

pub(crate) fn ask() -> Verdict {
    Verdict::Ask { rules: vec!["rule".to_owned()], risk: Risk::Low, expires_at: at(SOON) }
}

pub(crate) fn deny() -> Verdict {
    Verdict::Deny { why: "no rule permits it".to_owned() }
}

pub(crate) fn answered_by(
    key: &ApprovalKey,
    request: &str,
    signed: Answer,
    about: (&str, &str),
    answer: Answer,
) -> Event {
    let (who, how, when) = ("uid 501".to_owned(), "a test".to_owned(), at(0));
    let said = Statement {
        request: about.0.to_owned(),
        digest: digest(about.1),
        answer: signed,
        who: who.clone(),
        how: how.clone(),
        when,
    };
    let receipt = key.sign(&said).unwrap();
    Event::ApprovalRecorded {
        request: request.to_owned(),
        digest: digest(request),
        answer,
        who,
        how,
        when,
        receipt,
    }
}

pub(crate) fn answered(request: &str, answer: Answer) -> Event {
    answered_by(&OWNER, request, answer, (request, request), answer)
}

pub(crate) fn yes(request: &str) -> Event {
    answered(request, Answer::Approved)
}

pub(crate) fn permit(request: &str, jti: &str) -> Event {
    Event::PermitIssued { request: request.to_owned(), jti: jti.to_owned(), expires_at: at(SOON) }
}

pub(crate) fn intent(request: &str, jti: &str) -> Event {
    Event::ExecutionIntended { request: request.to_owned(), jti: jti.to_owned() }
}

pub(crate) fn finished(request: &str, outcome: Outcome) -> Event {
    Event::ExecutionFinished { request: request.to_owned(), outcome }
}

pub(crate) fn done(request: &str) -> Event {
    finished(request, Outcome::Performed { receipt: "sent".to_owned() })
}

pub(crate) fn expired(request: &str) -> Event {
    Event::ApprovalExpired { request: request.to_owned() }
}

pub(crate) fn cancelled(request: &str) -> Event {
    Event::ApprovalCancelled { request: request.to_owned() }
}

pub(crate) fn superseded(request: &str) -> Event {
    Event::ApprovalSuperseded { request: request.to_owned(), why: "another policy".to_owned() }
}

pub(crate) fn asked_again(request: &str) -> Event {
    Event::ApprovalAskedAgain { request: request.to_owned(), who: "uid 501".to_owned() }
}

/// After a home's first start: entries 1 and 2.
pub(crate) fn begun(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    [applied(None, "policy"), started()].into_iter().chain(events).collect()
}

pub(crate) fn look(events: &[(i64, Event)]) -> Complete {
    let mut fold = Completeness::new(OWNER.verifier());
    for (seq, (second, event)) in (1..).zip(events) {
        fold.hear(seq, at(*second), Ok(event));
    }
    fold.finish()
}

pub(crate) fn one_second_apart(events: Vec<Event>) -> Vec<(i64, Event)> {
    (1..).zip(events).collect()
}

/// What is missing, by entry.
pub(crate) fn check(what: &str, events: Vec<Event>, expected: &[(u64, Missing)]) {
    check_timed(what, &one_second_apart(events), expected);
}

pub(crate) fn check_timed(what: &str, events: &[(i64, Event)], expected: &[(u64, Missing)]) {
    let found: Vec<_> = look(events).gaps.into_iter().map(|gap| (gap.seq, gap.missing)).collect();
    assert_eq!(found, expected, "{what}");
}
