//! What is odd in a policy that is valid, seen by reading alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use policy::{DEFAULT, Policy};

/// That these and no other findings are made, each beginning with its line.
fn check(policy: &str, expected: &[&str]) {
    let found: Vec<_> = Policy::load(policy).unwrap().findings().iter().map(ToString::to_string).collect();
    let begins = |(found, expected): (&String, &&str)| found.starts_with(*expected);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(begins),
        "{policy}\nfound {found:#?}\nexpected {expected:#?}"
    );
}

#[test]
fn nothing_is_odd_about_the_default_policy() {
    check(DEFAULT, &[]);
}

#[test]
fn a_scope_that_fits_nothing_is_found() {
    check(
        "\n@id(\"a\") permit (principal in Role::\"operator\", action, resource);",
        &["line 2: rule `a` can never hold: no zone is in `Role::\"operator\"`"],
    );
    check(
        r#"@id("a") permit (principal == Zone::"planner", action, resource);"#,
        &[r#"line 1: rule `a` can never hold: no zone is in `Zone::"planner"`"#],
    );
    check(
        r#"@id("a") permit (principal, action == Action::"send_sms", resource == Connector::"mail");"#,
        &[
            "line 1: rule `a` can never hold: none of its actions is done at `Connector::\"mail\"`; send_sms at `twilio`",
        ],
    );
    check(r#"permit (principal == Zone::"desk/planner", action, resource == Connector::"mail");"#, &[]);
}

#[test]
fn a_condition_that_is_never_true_is_found() {
    check(
        "@id(\"a\")\npermit (principal, action == Action::\"read_email\", resource)\nwhen { context has recipients };",
        &["line 1: for policy `policy0`, policy is impossible"],
    );
}

#[test]
fn rules_that_say_the_same_or_the_opposite_are_found() {
    let rule = |id: &str, effect: &str, terms: &str| {
        format!(
            "@id(\"{id}\") {terms} {effect} (principal, action == Action::\"read_email\", resource)
                 when {{ context.approved }};\n"
        )
    };
    let twice = rule("a", "permit", "") + &rule("b", "permit", "");
    check(&twice, &["line 3: rule `b` says what rule `a` on line 1 says, under the same terms"]);
    check(&(rule("a", "permit", "") + &rule("b", "permit", "@rate_limit(\"1/day\")")), &[]);
    let against = rule("a", "permit", "") + &rule("b", "forbid", "");
    check(&against, &["line 3: rule `b` contradicts rule `a` on line 1: they hold for the same requests"]);
}

#[test]
fn a_name_is_one_rules() {
    let policy =
        "@id(\"a\") permit (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);";
    let [problem] = &Policy::load(policy).unwrap_err()[..] else { panic!() };
    assert_eq!(
        problem.to_string(),
        "line 2: rule `a`: the rule on line 1 has this name; give each its own `@id`"
    );
}

#[test]
fn a_rule_is_where_it_begins() {
    let policy = "// one\n\n@id(\"a\")\npermit (\n principal, action, resource);  @id(\"b\") forbid (principal, action, resource)\n\
                  when { context.approved };\n// permit (principal, action, resource);\npermit (principal, action, resource);";
    let policy = Policy::load(policy).unwrap();
    let lines: Vec<_> = policy.rules().iter().map(|rule| (rule.name(), rule.line())).collect();
    assert_eq!(lines, [("a", 3), ("b", 5), ("policy2", 8)]);
}
