//! What is left out by the index changes nothing: random policies, random requests, against Cedar over the whole file.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

mod flat;

use action::{Request, Role, ZoneId};
use flat::Flat;
use policy::{Approval, Decision, Knowledge, Policy, Reason};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;

const ADDRESSES: [&str; 4] = ["ann@example.org", "bob@example.org", "cat@example.com", "dan@example.net"];

/// Strings that occur in requests, and one that never does.
const LITERALS: [&str; 9] = [
    "ann@example.org",
    "bob@example.org",
    "cat@example.com",
    "example.org",
    "example.com",
    "to",
    "body",
    "7",
    "nobody",
];

fn literals() -> impl Strategy<Value = String> {
    subsequence(LITERALS.to_vec(), 1..=3).prop_map(|some| format!("{some:?}"))
}

fn set() -> impl Strategy<Value = &'static str> {
    select(&["recipients", "recipient_domains", "unknown_recipients", "untrusted_parameters"][..])
}

/// Conditions that any action can have; several err for some requests.
fn anywhere() -> BoxedStrategy<String> {
    prop_oneof![
        select(
            &[
                "true",
                "false",
                "context.approved",
                "context.approved",
                "context.injection_warning",
                "context.done_last_hour < 3",
                "context.done_last_hour + 9223372036854775807 > 0",
                "context.done_last_day * 4611686018427387904 == 0",
                "context.now.toTime() >= duration(\"9h\")",
                "context.now.offset(duration(\"106751991167d\")) > context.now",
                "context has recipients",
                "(context == context && context.injection_warning)",
                "principal in Role::\"planner\"",
                "principal in [Role::\"reader-email\", Role::\"planner\"]",
                "principal == Zone::\"local/planner\"",
                "principal.host == \"local\"",
                "principal.host like \"lo*\"",
            ][..]
        )
        .prop_map(str::to_owned),
    ]
    .boxed()
}

/// Conditions about recipients.
fn sending() -> BoxedStrategy<String> {
    let one = (set(), select(&LITERALS[..]))
        .prop_map(|(set, literal)| format!("context.{set}.contains({literal:?})"));
    let many = (set(), select(&["containsAny", "containsAll"][..]), literals())
        .prop_map(|(set, how, literals)| format!("context.{set}.{how}({literals})"));
    let turned =
        (set(), literals()).prop_map(|(set, literals)| format!("{literals}.containsAny(context.{set})"));
    let same = (set(), literals(), any::<bool>()).prop_map(|(set, literals, turned)| {
        if turned { format!("{literals} == context.{set}") } else { format!("context.{set} == {literals}") }
    });
    prop_oneof![3 => one, 2 => many, 1 => turned, 2 => same, 1 => Just("context.known_recipients".to_owned())]
        .boxed()
}

fn combined(leaf: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l} && {r})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l} || {r})")),
            1 => inner.clone().prop_map(|e| format!("!({e})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(c, t, e)| format!("(if {c} then {t} else {e})")),
        ]
    })
}

/// An action constraint with conditions that its actions can have.
fn scope_and_condition() -> impl Strategy<Value = (&'static str, String)> {
    let general = select(
        &[
            "action",
            "action == Action::\"read_email\"",
            "action in [Action::\"read_email\", Action::\"send_email\"]",
        ][..],
    );
    let of_sending = select(
        &[
            "action == Action::\"send_email\"",
            "action == Action::\"send_telegram\"",
            "action in [Action::\"send_email\", Action::\"send_telegram\"]",
        ][..],
    );
    let guarded = combined(sending()).prop_map(|e| format!("context has recipients && {e}"));
    prop_oneof![
        2 => (general.clone(), combined(anywhere())),
        1 => (general, guarded),
        5 => (of_sending, combined(prop_oneof![2 => sending(), 1 => anywhere()].boxed())),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let principal = select(
        &[
            "principal",
            "principal",
            "principal in Role::\"planner\"",
            "principal in Role::\"planner\"",
            "principal in Role::\"reader-email\"",
            "principal in Role::\"nobody\"",
            "principal == Zone::\"local/planner\"",
            "principal == Zone::\"other/planner\"",
            "principal in Zone::\"local/planner\"",
            "principal is Zone in Role::\"planner\"",
            "principal is Zone",
        ][..],
    );
    let resource = select(
        &["resource", "resource", "resource == Connector::\"mail\"", "resource in Connector::\"slack\""][..],
    );
    let terms = select(
        &["", "@rate_limit(\"5/hour\")", "@rate_limit(\"9/hour\") @risk(\"low\")", "@risk(\"high\")"][..],
    );
    let clause = |(scope, condition): (&'static str, String), unless: bool, two: bool| {
        let word = if unless { "unless" } else { "when" };
        let more = if two {
            format!(" unless {{ {condition} && context.injection_warning }}")
        } else {
            String::new()
        };
        (scope, format!("{word} {{ {condition} }}{more}"))
    };
    let body = (scope_and_condition(), prop::bool::weighted(0.25), prop::bool::weighted(0.2))
        .prop_map(move |(both, unless, two)| clause(both, unless, two));
    let asks = prop::bool::weighted(0.4);
    (terms, prop::bool::weighted(0.25), principal, resource, body, asks).prop_map(
        |(terms, forbid, principal, resource, (action, clauses), asks)| {
            let effect = if forbid { "forbid" } else { "permit" };
            let approved = if asks && !forbid { "when { context.approved }" } else { "" };
            format!("{terms} {effect} ({principal}, {action}, {resource}) {clauses} {approved};")
        },
    )
}

/// Some rules, some of them said again under another name.
fn policy() -> impl Strategy<Value = String> {
    (prop::collection::vec(rule(), 1..10), prop::collection::vec(any::<prop::sample::Index>(), 0..3))
        .prop_map(|(mut rules, again)| {
            let repeated: Vec<_> = again.iter().map(|index| index.get(&rules).clone()).collect();
            rules.extend(repeated);
            (0..).zip(&rules).map(|(n, rule): (u32, _)| format!("@id(\"r{n}\") {rule}\n")).collect()
        })
}

fn request() -> impl Strategy<Value = Request> {
    let mail = subsequence(ADDRESSES.to_vec(), 1..=3)
        .prop_map(|to| ("send_email", format!(r#"{{"to":{to:?},"subject":"s","body":"b"}}"#)));
    let other = select(
        &[
            ("send_telegram", r#"{"chat":"7","text":"x"}"#),
            ("send_telegram", r#"{"chat":"8","text":"x"}"#),
            ("read_email", "{}"),
            ("read_email", "{}"),
            ("send_sms", r#"{"to":"+441632960961","text":"x"}"#),
        ][..],
    )
    .prop_map(|(name, parameters)| (name, parameters.to_owned()));
    let role = prop_oneof![4 => Just(Role::Planner), 1 => select(&Role::ALL[..])];
    (role, select(&["local", "other"][..]), prop_oneof![3 => mail.boxed(), 2 => other.boxed()]).prop_map(
        |(role, host, (name, parameters))| Request::check(ZoneId::new(host, role), name, parameters).unwrap(),
    )
}

fn knowledge() -> impl Strategy<Value = Knowledge> {
    let names =
        |names: Vec<&'static str>| names.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<String>>();
    let counts = (select(&[0, 1, 5][..]), select(&[0, 2, u64::MAX][..]));
    let approval = prop_oneof![3 => Just(Approval::None), 1 => Just(Approval::Verified)];
    (
        any::<bool>(),
        approval,
        subsequence(ADDRESSES.to_vec(), 0..=2),
        subsequence(vec!["to", "body"], 0..=2),
        counts,
        select(&["2026-03-01T08:00:00Z", "2026-03-01T12:30:00.5Z", "1969-12-31T23:00:00Z"][..]),
    )
        .prop_map(move |(injection_warning, approval, unknown, untrusted, (hour, day), at)| Knowledge {
            injection_warning,
            approval,
            unknown_recipients: names(unknown),
            untrusted_parameters: names(untrusted),
            done_last_hour: hour,
            done_last_day: day,
            at: at.parse().unwrap(),
        })
}

/// Of what went wrong, only which rules.
fn erring(decision: Decision) -> Decision {
    match decision {
        Decision::Deny(Reason::CannotEvaluate(what)) => {
            let quoted = what.split("; ").filter_map(|one| one.strip_prefix("rule `")?.split('`').next());
            let mut names: Vec<_> = quoted.map(ToOwned::to_owned).collect();
            names.sort();
            names.dedup();
            Decision::Deny(Reason::CannotEvaluate(names.join(" ")))
        }
        Decision::Allow(_) | Decision::Ask(_) | Decision::Deny(_) => decision,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_decides_as_cedar_over_every_rule_does(
        text in policy(),
        cases in prop::collection::vec((request(), knowledge()), 1..12),
    ) {
        let indexed = Policy::load(&text).map_err(|problems| TestCaseError::fail(format!("{problems:?}\n{text}")))?;
        let flat = Flat::load(&text);
        for (request, knowledge) in cases {
            let (ours, theirs) = (erring(indexed.judge(&request, &knowledge)), flat.judge(&request, &knowledge));
            prop_assert_eq!(ours, theirs, "{:?}\n{:?}\n{}", request, knowledge, text);
        }
    }
}

/// How often each end of a decision comes up among random ones: a test that only ever sees one of them proves little.
#[test]
fn random_policies_reach_every_kind_of_decision() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [0; 5];
    for _ in 0..150 {
        let text = policy().new_tree(&mut runner).unwrap().current();
        let policy = Policy::load(&text).unwrap();
        for _ in 0..6 {
            let case = (request(), knowledge()).new_tree(&mut runner).unwrap().current();
            let kind = match policy.judge(&case.0, &case.1) {
                Decision::Allow(_) => 0,
                Decision::Ask(_) => 1,
                Decision::Deny(Reason::NoRulePermits) => 2,
                Decision::Deny(Reason::Forbidden(_)) => 3,
                Decision::Deny(Reason::CannotEvaluate(_)) => 4,
            };
            seen[kind] += 1;
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "allow, ask, no rule, forbidden, error: {seen:?}");
}
