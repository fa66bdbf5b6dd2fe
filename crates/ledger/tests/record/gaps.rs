//! Every kind of gap is found.

use crate::events::*;
use capability::Answer;
use ledger::{Completeness, Event, Gap, Missing, NotAnEvent, Verdict};

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
