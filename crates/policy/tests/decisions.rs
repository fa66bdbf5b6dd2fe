//! What a policy decides, case by case.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use action::{Request, Role, ZoneId};
use policy::{Approval, DEFAULT, Decision, Knowledge, Policy, Reason, Risk};

const MAIL: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;
const CALL: &str = r#"{"to":"+441632960961","say":"x"}"#;

fn judge(policy: &str, role: Role, action: &str, parameters: &str, knowledge: Knowledge) -> Decision {
    let request = Request::check(ZoneId::new("local", role), action, parameters.to_owned()).unwrap();
    Policy::load(policy).unwrap().judge(&request, knowledge)
}

const UNASKED: Knowledge = Knowledge { injection_warning: false, approval: Approval::None };
const APPROVED: Knowledge = Knowledge { injection_warning: false, approval: Approval::Verified };
const WARNED: Knowledge = Knowledge { injection_warning: true, approval: Approval::None };

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
        let approved = judge(DEFAULT, Role::Planner, action, parameters, APPROVED);
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
            let decided = judge(DEFAULT, role, action, parameters, APPROVED);
            assert_eq!(decided, Decision::Deny(Reason::NoRulePermits), "{role} {action}");
        }
    }
}

#[test]
fn an_empty_policy_denies_everything() {
    assert_eq!(judge("", Role::Planner, "read_email", "{}", APPROVED), Decision::Deny(Reason::NoRulePermits));
}

#[test]
fn a_rule_that_forbids_beats_one_that_permits() {
    let policy = format!(
        r#"{DEFAULT}
        @id("quarantine") forbid (principal, action, resource) when {{ context.injection_warning }};"#
    );
    let refused = Decision::Deny(Reason::Forbidden(vec!["quarantine".to_owned()]));
    assert_eq!(judge(&policy, Role::Planner, "send_email", MAIL, WARNED), refused);
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

#[test]
fn a_policy_that_errors_denies() {
    // Validation cannot see an overflow; evaluation does. The rule that errors may not simply be left out.
    let policy = r#"permit (principal, action == Action::"read_email", resource);
        forbid (principal, action == Action::"read_email", resource) when { 9223372036854775807 + 1 == 0 };"#;
    let decided = judge(policy, Role::Planner, "read_email", "{}", APPROVED);
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
