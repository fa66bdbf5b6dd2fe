//! What really happens has no gap.

use crate::events::*;
use capability::Answer;
use ledger::{Complete, Event, Figures, Missing, Outcome};

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
