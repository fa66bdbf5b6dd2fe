//! Every kind of gap is found, and what really happens has none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use action::Digest;
use capability::{Answer, ApprovalKey, PolicyStatement, Statement};
use jiff::{SignedDuration, Timestamp};
use ledger::{
    Complete, Completeness, Event, Figures, Gap, Known, Missing, NotAnEvent, Outcome, Story, Verdict,
};
use policy::{Approval, Risk};
use std::sync::LazyLock;

static OWNER: LazyLock<ApprovalKey> = LazyLock::new(key);

fn key() -> ApprovalKey {
    let text = ApprovalKey::generate_text(&ring::rand::SystemRandom::new()).unwrap();
    ApprovalKey::from_text(&text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

// The entries are one second apart, the first is of second 1.

/// A question's time, and the life of a permit.
const SOON: i64 = 300;

fn applied(from: Option<&str>, to: &str) -> Event {
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

fn started() -> Event {
    Event::ExecutorStarted { version: "0".to_owned(), host: "local".to_owned(), policy: digest("policy") }
}

fn asked(request: &str) -> Event {
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

fn judged_by(policy: &str, request: &str, decision: Verdict) -> Event {
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

fn judged(request: &str, decision: Verdict) -> Event {
    judged_by("policy", request, decision)
}

fn allow() -> Verdict {
    Verdict::Allow { rules: vec!["rule".to_owned()], risk: Risk::Low }
}

fn ask() -> Verdict {
    Verdict::Ask { rules: vec!["rule".to_owned()], risk: Risk::Low, expires_at: at(SOON) }
}

fn deny() -> Verdict {
    Verdict::Deny { why: "no rule permits it".to_owned() }
}

fn answered_by(
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

fn answered(request: &str, answer: Answer) -> Event {
    answered_by(&OWNER, request, answer, (request, request), answer)
}

fn yes(request: &str) -> Event {
    answered(request, Answer::Approved)
}

fn permit(request: &str, jti: &str) -> Event {
    Event::PermitIssued { request: request.to_owned(), jti: jti.to_owned(), expires_at: at(SOON) }
}

fn intent(request: &str, jti: &str) -> Event {
    Event::ExecutionIntended { request: request.to_owned(), jti: jti.to_owned() }
}

fn finished(request: &str, outcome: Outcome) -> Event {
    Event::ExecutionFinished { request: request.to_owned(), outcome }
}

fn done(request: &str) -> Event {
    finished(request, Outcome::Performed { receipt: "sent".to_owned() })
}

fn expired(request: &str) -> Event {
    Event::ApprovalExpired { request: request.to_owned() }
}

fn cancelled(request: &str) -> Event {
    Event::ApprovalCancelled { request: request.to_owned() }
}

fn superseded(request: &str) -> Event {
    Event::ApprovalSuperseded { request: request.to_owned(), why: "another policy".to_owned() }
}

fn asked_again(request: &str) -> Event {
    Event::ApprovalAskedAgain { request: request.to_owned(), who: "uid 501".to_owned() }
}

/// After a home's first start: entries 1 and 2.
fn begun(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    [applied(None, "policy"), started()].into_iter().chain(events).collect()
}

fn look(events: &[(i64, Event)]) -> Complete {
    let mut fold = Completeness::new(OWNER.verifier());
    for (seq, (second, event)) in (1..).zip(events) {
        fold.hear(seq, at(*second), Ok(event));
    }
    fold.finish()
}

fn one_second_apart(events: Vec<Event>) -> Vec<(i64, Event)> {
    (1..).zip(events).collect()
}

/// What is missing, by entry.
fn check(what: &str, events: Vec<Event>, expected: &[(u64, Missing)]) {
    check_timed(what, &one_second_apart(events), expected);
}

fn check_timed(what: &str, events: &[(i64, Event)], expected: &[(u64, Missing)]) {
    let found: Vec<_> = look(events).gaps.into_iter().map(|gap| (gap.seq, gap.missing)).collect();
    assert_eq!(found, expected, "{what}");
}

#[test]
fn what_really_happens_has_no_gap() {
    let failed = || finished("r", Outcome::Failed { why: "no".to_owned() });
    let unknown = || finished("r", Outcome::Unknown { why: "a crash".to_owned() });
    let flows: Vec<(&str, Vec<Event>)> = vec![
        ("nothing", Vec::new()),
        (
            "allowed at once",
            vec![asked("r"), judged("r", allow()), permit("r", "p"), intent("r", "p"), done("r")],
        ),
        (
            "asked, approved, performed",
            vec![asked("r"), judged("r", ask()), yes("r"), permit("r", "p"), intent("r", "p"), done("r")],
        ),
        ("refused by policy", vec![asked("r"), judged("r", deny())]),
        ("denied by the owner", vec![asked("r"), judged("r", ask()), answered("r", Answer::Denied)]),
        ("expired", vec![asked("r"), judged("r", ask()), expired("r")]),
        (
            "asked again after nobody answered",
            vec![
                asked("r"),
                judged("r", ask()),
                expired("r"),
                asked_again("r"),
                judged("r", ask()),
                yes("r"),
                permit("r", "p"),
                intent("r", "p"),
                done("r"),
            ],
        ),
        (
            "asked again after nobody acted on the answer, and allowed without a question by now",
            vec![
                asked("r"),
                judged("r", ask()),
                yes("r"),
                expired("r"),
                asked_again("r"),
                judged("r", allow()),
                permit("r", "p"),
                intent("r", "p"),
                done("r"),
            ],
        ),
        ("taken back", vec![asked("r"), judged("r", ask()), cancelled("r")]),
        (
            "the question made void by another policy",
            vec![
                asked("r"),
                judged("r", ask()),
                applied(Some("policy"), "other"),
                superseded("r"),
                judged_by("other", "r", allow()),
                permit("r", "p"),
                intent("r", "p"),
                done("r"),
            ],
        ),
        ("failed", vec![asked("r"), judged("r", allow()), permit("r", "p"), intent("r", "p"), failed()]),
        (
            "unknown after a crash",
            vec![asked("r"), judged("r", allow()), permit("r", "p"), intent("r", "p"), started(), unknown()],
        ),
        (
            "unknown after a crash, and another before anybody could say so",
            vec![
                asked("r"),
                judged("r", allow()),
                permit("r", "p"),
                intent("r", "p"),
                started(),
                started(),
                unknown(),
            ],
        ),
        ("judged after a crash", vec![asked("r"), started(), judged("r", deny())]),
        (
            "asked for twice, with a permit for each, one of which is spent",
            vec![
                asked("r"),
                judged("r", allow()),
                permit("r", "p"),
                Event::CapabilityRepeated { request: "r".to_owned(), state: "allowed".to_owned() },
                permit("r", "q"),
                intent("r", "q"),
                Event::ExecutionRefused {
                    request: Some("r".to_owned()),
                    zone: "local/planner".to_owned(),
                    action: "send_email".to_owned(),
                    code: "permit_spent".to_owned(),
                    why: "it was".to_owned(),
                },
                done("r"),
            ],
        ),
        (
            "an answer that changed nothing",
            vec![Event::ApprovalIgnored { request: "nowhere".to_owned(), why: "unknown_request".to_owned() }],
        ),
        (
            "another policy and back",
            vec![applied(Some("policy"), "other"), applied(Some("other"), "policy"), started()],
        ),
    ];
    for (what, events) in flows {
        check(what, begun(events), &[]);
    }
}

#[test]
fn an_execution_at_the_end_is_under_way() {
    let open = vec![asked("r"), judged("r", allow()), permit("r", "p"), intent("r", "p")];
    let found = look(&one_second_apart(begun(open.clone())));
    let figures = Figures { requests: 1, executions: 1, approvals: 0, under_way: 1 };
    assert_eq!(found, Complete { figures, gaps: Vec::new() });
    assert_eq!(found.to_string(), "Completeness: VALID (1 requests, 1 executions, 0 approvals, 1 under way)");

    let mut crashed = open;
    crashed.push(started());
    check("nobody says what became of it", begun(crashed), &[(6, Missing::Outcome { started: 7 })]);
}

#[test]
fn an_execution_needs_all_that_leads_to_it() {
    let whole =
        || begun([asked("r"), judged("r", ask()), yes("r"), permit("r", "p"), intent("r", "p"), done("r")]);
    let without = |index: usize| {
        let mut events = whole();
        events.remove(index - 1);
        events
    };
    check("all of it", whole(), &[]);
    check("without its request", without(3), &[3, 4, 5, 6, 7].map(|seq| (seq, Missing::Request)));
    check(
        "without its decision",
        without(4),
        &[
            (4, Missing::Question),
            (5, Missing::LeaveToPermit { stage: "not judged" }),
            (6, Missing::Decision),
        ],
    );
    check(
        "without the owner's yes",
        without(5),
        &[(5, Missing::LeaveToPermit { stage: "not answered" }), (6, Missing::Approval)],
    );
    check("without its permit", without(6), &[(6, Missing::Permit { jti: "p".to_owned() })]);
    check("without its intent", without(7), &[(7, Missing::Intent)]);
}

#[test]
fn the_owners_yes_is_verified_again() {
    let foreign = key();
    let (approved, denied) = (Answer::Approved, Answer::Denied);
    let cases = [
        ("another key", answered_by(&foreign, "r", approved, ("r", "r"), approved)),
        ("another request", answered_by(&OWNER, "r", approved, ("s", "r"), approved)),
        ("other bytes", answered_by(&OWNER, "r", approved, ("r", "s"), approved)),
        ("another answer", answered_by(&OWNER, "r", denied, ("r", "r"), approved)),
    ];
    for (what, answer) in cases {
        check(
            what,
            begun([asked("r"), judged("r", ask()), answer, permit("r", "p"), intent("r", "p"), done("r")]),
            &[
                (5, Missing::OwnersSignature),
                (6, Missing::LeaveToPermit { stage: "not approved with the owner's signature" }),
                (7, Missing::Approval),
            ],
        );
    }
    let no = answered_by(&OWNER, "r", approved, ("r", "r"), denied);
    check(
        "a yes told as a no",
        begun([asked("r"), judged("r", ask()), no]),
        &[(5, Missing::OwnersSignature)],
    );
}

#[test]
fn a_word_of_the_owner_counts_once() {
    let again =
        [asked("r"), judged("r", ask()), yes("r"), expired("r"), asked_again("r"), judged("r", ask())];
    let replayed = again.into_iter().chain([yes("r"), permit("r", "p"), intent("r", "p"), done("r")]);
    check("an answer", begun(replayed), &[(9, Missing::NewWord { first: 5 })]);
    let there = || applied(Some("policy"), "other");
    check(
        "a change of policy",
        begun([there(), applied(Some("other"), "policy"), there()]),
        &[(5, Missing::NewWord { first: 3 })],
    );
}

#[test]
fn an_answer_needs_an_open_question() {
    for (what, before) in [("nobody asked", judged("r", allow())), ("policy said no", judged("r", deny()))] {
        check(what, begun([asked("r"), before, yes("r")]), &[(5, Missing::Question)]);
    }
    for (what, end) in [
        ("answered before", answered("r", Answer::Denied)),
        ("expired", expired("r")),
        ("taken back", cancelled("r")),
        ("void", superseded("r")),
    ] {
        check(what, begun([asked("r"), judged("r", ask()), end, yes("r")]), &[(6, Missing::Question)]);
    }
    let mut late = one_second_apart(begun([asked("r"), judged("r", ask())]));
    late.push((SOON + 2, yes("r")));
    check_timed("late", &late, &[(5, Missing::AnswerInTime { ended_at: at(SOON) })]);
}

#[test]
fn nothing_is_done_that_has_ended() {
    let ends = [
        ("denied by the owner", answered("r", Answer::Denied)),
        ("expired", expired("r")),
        ("cancelled", cancelled("r")),
        ("not judged", superseded("r")),
    ];
    for (stage, end) in ends {
        check(
            stage,
            begun([asked("r"), judged("r", ask()), end, permit("r", "p"), intent("r", "p"), done("r")]),
            &[(6, Missing::LeaveToPermit { stage }), (7, Missing::Leave { stage })],
        );
    }
    check(
        "refused",
        begun([asked("r"), judged("r", deny()), permit("r", "p"), intent("r", "p"), done("r")]),
        &[
            (5, Missing::LeaveToPermit { stage: "refused by policy" }),
            (6, Missing::Leave { stage: "refused by policy" }),
        ],
    );
}

#[test]
fn a_permit_is_for_its_request_in_its_time_and_once() {
    let two = |end: Vec<Event>| {
        let both = [asked("r"), judged("r", allow()), asked("s"), judged("s", allow()), permit("r", "p")];
        begun(both.into_iter().chain(end))
    };
    check(
        "another request's",
        two(vec![intent("s", "p"), done("s")]),
        &[(8, Missing::Permit { jti: "p".to_owned() })],
    );
    check(
        "spent by another request",
        two(vec![intent("r", "p"), done("r"), intent("s", "p"), done("s")]),
        &[(10, Missing::Permit { jti: "p".to_owned() }), (10, Missing::UnspentPermit { first: 8 })],
    );
    check(
        "spent twice",
        two(vec![intent("r", "p"), done("r"), intent("r", "p")]),
        &[(10, Missing::SingleUse { first: 8 }), (10, Missing::UnspentPermit { first: 8 })],
    );
    check(
        "two permits spent for one request",
        two(vec![permit("r", "q"), intent("r", "p"), done("r"), intent("r", "q")]),
        &[(11, Missing::SingleUse { first: 9 })],
    );
    check(
        "two of one name",
        two(vec![permit("s", "p"), intent("r", "p"), done("r")]),
        &[(8, Missing::PermitsOwnName { first: 7 })],
    );
    let mut late = one_second_apart(two(Vec::new()));
    late.extend([(SOON + 2, intent("r", "p")), (SOON + 2, done("r"))]);
    check_timed("expired", &late, &[(8, Missing::PermitInTime { expired_at: at(SOON) })]);
    let mut in_time = one_second_apart(two(Vec::new()));
    in_time.extend([(SOON + 1, intent("r", "p")), (SOON + 1, done("r"))]);
    check_timed("found to be in time, and written a moment later", &in_time, &[]);
}

#[test]
fn a_request_is_judged_once_unless_something_made_that_void() {
    let judgements = [allow as fn() -> Verdict, ask, deny];
    for (n, first) in judgements.iter().enumerate() {
        for (m, second) in judgements.iter().enumerate() {
            let events = || begun([asked("r"), judged("r", first()), judged("r", second())]);
            let expected = [(5, Missing::Reopening { first: 4 })];
            check("judged twice", events(), if n == m { &[] } else { &expected });
        }
    }
    check(
        "asked again about what had not expired",
        begun([asked("r"), judged("r", ask()), asked_again("r"), judged("r", allow())]),
        &[(6, Missing::Reopening { first: 4 })],
    );
    check(
        "void although the owner had answered",
        begun([
            asked("r"),
            judged("r", ask()),
            answered("r", Answer::Denied),
            superseded("r"),
            judged("r", allow()),
        ]),
        &[(7, Missing::Reopening { first: 4 })],
    );
    check("a name used twice", begun([asked("r"), asked("r")]), &[(4, Missing::OwnName { first: 3 })]);
}

#[test]
fn what_decides_is_what_the_owner_put_in_force() {
    let (policy, other) = (digest("policy"), digest("other"));
    let not_in_force = |named, in_force| Missing::PolicyInForce { named, in_force };
    check(
        "before it was applied",
        begun([asked("r"), judged_by("other", "r", deny()), applied(Some("policy"), "other")]),
        &[(4, not_in_force(other, Some(policy)))],
    );
    check(
        "after another one was applied",
        begun([asked("r"), applied(Some("policy"), "other"), judged("r", deny())]),
        &[(5, not_in_force(policy, Some(other)))],
    );
    check("never applied", vec![started()], &[(1, not_in_force(policy, None))]);
    check(
        "started under another",
        begun([applied(Some("policy"), "other"), started()]),
        &[(4, not_in_force(policy, Some(other)))],
    );
    check(
        "on top of another",
        begun([applied(Some("other"), "third")]),
        &[(3, Missing::PolicyBefore { named: Some(other), in_force: Some(policy) })],
    );
    let Event::PolicyApplied { receipt: genuine, .. } = applied(Some("policy"), "other") else { return };
    for (what, to, receipt) in [
        ("no receipt", "other", None),
        ("a receipt that is none", "other", Some("x".to_owned())),
        ("a receipt for another policy", "third", genuine),
    ] {
        let forged = Event::PolicyApplied { from: Some(policy), to: digest(to), receipt };
        check(what, begun([forged]), &[(3, Missing::OwnersWordOnPolicy)]);
    }
    let found_again = Event::PolicyApplied { from: None, to: other, receipt: None };
    check(
        "a second first policy",
        begun([found_again]),
        &[
            (3, Missing::PolicyBefore { named: None, in_force: Some(policy) }),
            (3, Missing::OwnersWordOnPolicy),
        ],
    );
}

#[test]
fn an_outcome_is_of_one_execution() {
    let done_once = [asked("r"), judged("r", allow()), permit("r", "p"), intent("r", "p"), done("r")];
    let twice = begun(done_once.into_iter().chain([done("r")]));
    check("twice", twice, &[(8, Missing::SingleOutcome { first: 7 })]);
    check("of nothing", begun([asked("r"), judged("r", deny()), done("r")]), &[(5, Missing::Intent)]);
}

#[test]
fn what_ends_must_have_begun() {
    for event in [
        judged("r", deny()),
        yes("r"),
        expired("r"),
        cancelled("r"),
        superseded("r"),
        asked_again("r"),
        permit("r", "p"),
        intent("r", "p"),
        done("r"),
        Event::CapabilityRepeated { request: "r".to_owned(), state: "denied".to_owned() },
    ] {
        check("never recorded", begun([event]), &[(3, Missing::Request)]);
    }
}

#[test]
fn time_does_not_go_back() {
    let events = [(5, applied(None, "policy")), (4, started()), (4, started()), (5, started())];
    let back = |seq| (seq, Missing::TimeWentBack { before: at(5) });
    check_timed("back", &events, &[back(2), back(3)]);
}

#[test]
fn what_is_not_understood_is_a_gap() {
    let not: NotAnEvent = Event::parse("coffee_made", "{}").unwrap_err();
    let mut fold = Completeness::new(OWNER.verifier());
    fold.hear(1, at(1), Err(&not));
    let gaps = fold.finish().gaps;
    assert_eq!(gaps, [Gap { seq: 1, request: None, missing: Missing::Meaning(not.to_string()) }]);
    assert!(gaps[0].to_string().starts_with("entry 1 `coffee_made` is not understood by this version"));
}

#[test]
fn a_gap_says_which_entry_which_request_and_what() {
    let found = look(&one_second_apart(begun([asked("r"), judged("r", ask()), intent("r", "p")])));
    let lines: Vec<_> = found.gaps_of("r").map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "entry 5 (r) is an execution without the owner's yes, for which the decision asked",
            "entry 5 (r) is an execution under permit p, which was not issued for it",
        ]
    );
    assert_eq!(found.to_string(), "Completeness: 2 GAPS");
    assert_eq!(found.gaps_of("s").count(), 0);
}

#[test]
fn a_story_has_what_is_said_of_its_request_and_nothing_else() {
    let erased = Event::ContentErased {
        about: "s".to_owned(),
        content: vec![digest("parameters")],
        who: "uid 501".to_owned(),
    };
    let events = begun([
        asked("s"),
        asked("r"),
        judged("s", deny()),
        judged("r", ask()),
        yes("r"),
        permit("r", "p"),
        started(),
        intent("r", "p"),
        done("r"),
        erased,
    ]);
    let mut story = Story::of("r");
    for (seq, event) in (1..).zip(&events) {
        let at = at(1000).checked_add(SignedDuration::from_secs(seq)).unwrap();
        story.hear(u64::try_from(seq).unwrap(), at, event);
    }
    let seqs: Vec<_> = story.entries().iter().map(|told| told.seq).collect();
    assert_eq!(seqs, [4, 6, 7, 8, 10, 11, 12]);
    assert_eq!(story.asked().unwrap().state_word(), "performed");
    assert_eq!(story.erased().map(|told| told.seq), Some(12));
    assert!(Story::of("nowhere").asked().is_none());
}
