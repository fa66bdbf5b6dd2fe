//! Why a decision is what it is, what would turn it, and how two policies differ.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use action::{Request, Role, ZoneId};
use policy::{Approval, DEFAULT, Decision, Difference, Explanation, Knowledge, Policy};
use std::collections::BTreeSet;

const MAIL: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;
const BY_DAY: &str = r#"@id("us") permit (principal in Role::"planner", action == Action::"send_email", resource)
    when {
      context.recipient_domains == ["example.org"] && !context.injection_warning && context.known_recipients &&
      context.now.toTime() >= duration("9h") && context.now.toTime() < duration("11h")
    }
    unless { context.untrusted_parameters.contains("to") };"#;

fn knowledge(at: &str) -> Knowledge {
    Knowledge {
        injection_warning: false,
        approval: Approval::None,
        unknown_recipients: BTreeSet::new(),
        untrusted_parameters: BTreeSet::new(),
        done_last_hour: 0,
        done_last_day: 0,
        at: at.parse().unwrap(),
    }
}

fn explain(policy: &str, role: Role, knowledge: &Knowledge) -> Explanation {
    let request = Request::check(ZoneId::new("local", role), "send_email", MAIL.to_owned()).unwrap();
    Policy::load(policy).unwrap().explain(&request, knowledge)
}

fn turns(explanation: &Explanation) -> Vec<&str> {
    explanation.turns.iter().map(|turn| turn.when.as_str()).collect()
}

#[test]
fn a_question_is_turned_by_the_owners_yes() {
    let explanation = explain(DEFAULT, Role::Planner, &knowledge("2026-03-02T12:00:00Z"));
    assert!(matches!(explanation.decision, Decision::Ask(_)));
    assert_eq!(explanation.rules, ["send-email"]);
    assert_eq!(turns(&explanation), ["you agree to it"]);
    assert_eq!(explanation.nearest, []);
}

#[test]
fn the_one_fact_that_is_missing_is_named() {
    let day = knowledge("2026-03-02T10:15:00Z");
    let warned = Knowledge { injection_warning: true, ..day.clone() };
    let stranger =
        Knowledge { unknown_recipients: BTreeSet::from(["ann@example.org".to_owned()]), ..day.clone() };
    let copied = Knowledge { untrusted_parameters: BTreeSet::from(["to".to_owned()]), ..day.clone() };
    let night = knowledge("2026-03-02T23:15:00Z");
    for (knowledge, turn, lacks) in [
        (&warned, "no content with a warning is out", "!context.injection_warning"),
        (&stranger, "every recipient is known", "context.known_recipients"),
        (&copied, "no value is from outside", r#"!(context.untrusted_parameters.contains("to"))"#),
        (&night, "it is 09:00, 10:00 UTC", r#"context.now.toTime() < duration("11h")"#),
    ] {
        let explanation = explain(BY_DAY, Role::Planner, knowledge);
        assert_eq!(turns(&explanation), [turn]);
        let [near] = &explanation.nearest[..] else { panic!("{explanation:?}") };
        assert_eq!((near.rule.as_str(), &near.lacks[..]), ("us", &[lacks.to_owned()][..]));
    }
    let both = Knowledge { injection_warning: true, ..stranger };
    let explanation = explain(BY_DAY, Role::Planner, &both);
    assert_eq!((turns(&explanation), explanation.nearest[0].lacks.len()), (vec![], 2));
}

#[test]
fn what_a_zone_may_not_is_said_to_be_anothers() {
    let explanation = explain(DEFAULT, Role::ReaderEmail, &knowledge("2026-03-02T12:00:00Z"));
    assert_eq!(turns(&explanation), ["the planner asks for it"]);
    assert_eq!(explanation.nearest[0].rule, "send-email");
    assert!(explanation.nearest[0].lacks[0].contains(r#"Role::"planner""#), "{explanation:?}");
}

#[test]
fn the_nearest_rule_comes_first() {
    let policy = format!(
        "{}{}",
        r#"@id("far") permit (principal, action == Action::"send_email", resource)
           when { context.done_last_day > 7 && context.recipients.contains("x") };"#,
        r#"@id("near") permit (principal, action == Action::"send_email", resource)
           when { context.recipients.contains("ann@example.org") && context.done_last_day > 7 };"#
    );
    let explanation = explain(&policy, Role::Planner, &knowledge("2026-03-02T12:00:00Z"));
    let names: Vec<_> =
        explanation.nearest.iter().map(|near| (near.rule.as_str(), near.lacks.len())).collect();
    assert_eq!(names, [("near", 1), ("far", 2)]);
}

#[test]
fn policies_differ_by_rules_not_by_place() {
    let load = |text: &str| Policy::load(text).unwrap();
    let (a, b, c) = (
        "@id(\"a\") permit (principal, action, resource);\n",
        "permit (principal, action == Action::\"send_sms\", resource);\n",
        "@id(\"c\") forbid (principal, action, resource);\n",
    );
    let moved =
        Difference::between(&load(&format!("{a}{b}{c}")), &load(&format!("// new words\n{c}\n{b}{a}")));
    assert!(moved.is_empty() && moved.to_string().is_empty(), "{moved}");

    let changed = a.replace("action,", "action == Action::\"read_email\",");
    let difference = Difference::between(&load(&format!("{a}{c}")), &load(&format!("{b}{changed}")));
    assert_eq!(
        difference.to_string(),
        "rule `c` goes:\n  - @id(\"c\") forbid (principal, action, resource);\n\
         rule `a` changes (line 2):\n  - @id(\"a\") permit (principal, action, resource);\n  \
         + @id(\"a\") permit (principal, action == Action::\"read_email\", resource);\n\
         rule `policy0` is new (line 1):\n  + permit (principal, action == Action::\"send_sms\", resource);\n"
    );
}
