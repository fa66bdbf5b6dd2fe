//! What a policy decides, case by case.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use action::{Request, Role, ZoneId};
use jiff::Timestamp;
use policy::{Approval, DEFAULT, Decision, Knowledge, Policy, Reason, Risk};
use std::collections::BTreeSet;

const MAIL: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;
const CALL: &str = r#"{"to":"+441632960961","say":"x"}"#;

fn judge(policy: &str, role: Role, action: &str, parameters: &str, knowledge: Knowledge) -> Decision {
    let request = Request::check(ZoneId::new("local", role), action, parameters.to_owned()).unwrap();
    Policy::load(policy).unwrap().judge(&request, &knowledge)
}

const UNASKED: Knowledge = Knowledge {
    injection_warning: false,
    approval: Approval::None,
    unknown_recipients: BTreeSet::new(),
    untrusted_parameters: BTreeSet::new(),
    done_last_hour: 0,
    done_last_day: 0,
    at: Timestamp::UNIX_EPOCH,
};
fn approved() -> Knowledge {
    Knowledge { approval: Approval::Verified, ..UNASKED }
}

fn warned() -> Knowledge {
    Knowledge { injection_warning: true, ..UNASKED }
}

#[test]
fn the_default_policy_asks_before_anything_leaves() {
    for (action, parameters, limit, risk) in [
        ("send_email", MAIL, "10/hour", Risk::Medium),
        ("send_telegram", r#"{"chat":"1","text":"x"}"#, "50/hour", Risk::Medium),
        ("send_slack", r#"{"channel":"C0123456789","text":"x"}"#, "50/hour", Risk::Medium),
        ("make_call", CALL, "5/hour", Risk::High),
        ("send_sms", r#"{"to":"+441632960961","text":"x"}"#, "20/hour", Risk::High),
    ] {
        let Decision::Ask(terms) = judge(DEFAULT, Role::Planner, action, parameters, UNASKED) else {
            panic!("{action} must ask");
        };
        assert_eq!((terms.limit.unwrap().to_string().as_str(), terms.risk), (limit, risk), "{action}");
        let approved = judge(DEFAULT, Role::Planner, action, parameters, approved());
        assert_eq!(approved, Decision::Allow(terms), "{action}");
    }
}

#[test]
fn the_default_policy_lets_the_planner_read() {
    for action in ["read_email", "read_telegram", "read_slack"] {
        assert!(
            matches!(judge(DEFAULT, Role::Planner, action, "{}", UNASKED), Decision::Allow(_)),
            "{action}"
        );
    }
}

#[test]
fn no_other_zone_may_do_anything_not_even_with_approval() {
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Planner) {
        for (action, parameters) in [("send_email", MAIL), ("read_email", "{}"), ("make_call", CALL)] {
            let decided = judge(DEFAULT, role, action, parameters, approved());
            assert_eq!(decided, Decision::Deny(Reason::NoRulePermits), "{role} {action}");
        }
    }
}

#[test]
fn an_empty_policy_denies_everything() {
    assert_eq!(
        judge("", Role::Planner, "read_email", "{}", approved()),
        Decision::Deny(Reason::NoRulePermits)
    );
}

#[test]
fn a_rule_that_forbids_beats_one_that_permits() {
    let policy = format!(
        r#"{DEFAULT}
        @id("quarantine") forbid (principal, action, resource) when {{ context.injection_warning }};"#
    );
    let refused = Decision::Deny(Reason::Forbidden(["quarantine".to_owned()].into()));
    assert_eq!(judge(&policy, Role::Planner, "send_email", MAIL, warned()), refused);
    assert!(matches!(judge(&policy, Role::Planner, "send_email", MAIL, UNASKED), Decision::Ask(_)));
}

#[test]
fn a_rule_that_forbids_without_approval_asks() {
    let policy = r#"permit (principal, action == Action::"read_email", resource);
        forbid (principal, action, resource) unless { context.approved };"#;
    assert!(matches!(judge(policy, Role::Planner, "read_email", "{}", UNASKED), Decision::Ask(_)));
}

#[test]
fn recipients_can_be_spoken_of() {
    let policy = r#"@id("us") permit (principal in Role::"planner", action == Action::"send_email", resource)
        when { context.recipient_domains == ["example.org"] };"#;
    assert!(matches!(judge(policy, Role::Planner, "send_email", MAIL, UNASKED), Decision::Allow(_)));
    let other = MAIL.replace("ann@example.org", "ann@example.net");
    assert!(matches!(judge(policy, Role::Planner, "send_email", &other, UNASKED), Decision::Deny(_)));
    let both = MAIL.replace(r#""ann@example.org""#, r#"["ann@example.org","eve@example.net"]"#);
    assert!(matches!(judge(policy, Role::Planner, "send_email", &both, UNASKED), Decision::Deny(_)));
}

/// That a condition of a rule about mail is true of `yes` and not of `no`.
fn tells_apart(condition: &str, yes: Knowledge, no: Knowledge) {
    let policy =
        format!(r#"permit (principal, action == Action::"send_email", resource) when {{ {condition} }};"#);
    assert!(
        matches!(judge(&policy, Role::Planner, "send_email", MAIL, yes), Decision::Allow(_)),
        "{condition}"
    );
    let refused = judge(&policy, Role::Planner, "send_email", MAIL, no);
    assert_eq!(refused, Decision::Deny(Reason::NoRulePermits), "{condition}");
}

#[test]
fn what_zone_1_knows_can_be_spoken_of() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let at = |time: &str| Knowledge { at: time.parse().unwrap(), ..UNASKED };
    let stranger = || Knowledge { unknown_recipients: names(&["ann@example.org"]), ..UNASKED };
    tells_apart("context.known_recipients", UNASKED, stranger());
    tells_apart(r#"context.unknown_recipients.contains("ann@example.org")"#, stranger(), UNASKED);
    let copied = Knowledge { untrusted_parameters: names(&["to"]), ..UNASKED };
    tells_apart(r#"context.untrusted_parameters == ["to"]"#, copied, UNASKED);
    tells_apart("context.done_last_hour == 3", Knowledge { done_last_hour: 3, ..UNASKED }, UNASKED);
    tells_apart("context.done_last_day >= 20", Knowledge { done_last_day: u64::MAX, ..UNASKED }, UNASKED);
    let by_day = r#"context.now.toTime() >= duration("9h") && context.now.toTime() < duration("17h")"#;
    tells_apart(by_day, at("2026-03-01T09:00:00Z"), at("2026-03-01T08:59:59.999Z"));
    tells_apart(by_day, at("2026-03-01T16:59:59.9999Z"), at("2026-03-01T17:00:00Z"));
    tells_apart(
        r#"context.now < datetime("2026-03-02")"#,
        at("2026-03-01T23:59:59Z"),
        at("2026-03-02T00:00:00Z"),
    );
}

#[test]
fn a_time_that_cedar_cannot_write_denies_where_a_rule_asks_for_the_time() {
    let policy =
        r#"permit (principal, action, resource) when { context.now > datetime("1970-01-01") || true };"#;
    let ancient = Knowledge { at: Timestamp::MIN, ..UNASKED };
    let decided = judge(policy, Role::Planner, "read_email", "{}", ancient);
    assert!(matches!(decided, Decision::Deny(Reason::CannotEvaluate(_))), "{decided:?}");
}

#[test]
fn what_was_known_is_read_back_as_it_was_written() {
    let known = Knowledge {
        unknown_recipients: BTreeSet::from(["ann@example.org".to_owned()]),
        done_last_hour: u64::MAX,
        ..approved()
    };
    let written = serde_json::to_string(&known).unwrap();
    assert_eq!(serde_json::from_str::<Knowledge>(&written).unwrap(), known, "{written}");
    assert!(serde_json::from_str::<Knowledge>(&written.replace("done_last_day", "done_last_year")).is_err());
}

#[test]
fn a_policy_that_errors_denies() {
    // Validation cannot see an overflow; evaluation does. The rule that errors may not simply be left out.
    let policy = r#"permit (principal, action == Action::"read_email", resource);
        forbid (principal, action == Action::"read_email", resource) when { 9223372036854775807 + 1 == 0 };"#;
    let decided = judge(policy, Role::Planner, "read_email", "{}", approved());
    assert!(matches!(decided, Decision::Deny(Reason::CannotEvaluate(_))), "{decided:?}");
}

#[test]
fn every_problem_of_a_file_is_named_with_its_line() {
    let policy = "permit (principal, action == Action::\"read_email\", resource);\n\
        @id(\"a\") @rate_limit(\"10/week\")\npermit (principal, action == Action::\"format_disk\", resource);\n\
        permit (principal, action == Action::\"read_email\", resource)\nwhen { context.mood == \"good\" };\n";
    let problems = Policy::load(policy).unwrap_err();
    let text = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for wanted in ["format_disk", "mood", "10/week", "line 2", "line 5"] {
        assert!(text.contains(wanted), "{wanted} in:\n{text}");
    }
    let [syntax] = &Policy::load("\n\npermit (principal, action, ressource);").unwrap_err()[..] else {
        panic!()
    };
    assert_eq!(syntax.line, Some(3), "{syntax}");
}
