//! What is proved, refuted and found, by the solvers of this machine.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use policy::{CLAIMS, Claims, DEFAULT, Policy};
use policy_proof::{INSTALL, Permissive, Proof, Prover, Solvers, Verdict, in_room};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn run(test: impl AsyncFnOnce() + Send) {
    in_room(test).unwrap();
}

async fn prover() -> Prover {
    let solvers = Solvers::find(PATIENCE).await;
    assert!(
        !solvers.good.is_empty(),
        "these tests need a solver; {INSTALL} (refused: {:?})",
        solvers.refused
    );
    Prover::new(solvers.good, PATIENCE)
}

fn policy(text: &str) -> Policy {
    Policy::load(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

async fn prove(policy_text: &str, claims: &str) -> Vec<Proof> {
    prover().await.prove(&policy(policy_text), &Claims::load(claims).unwrap()).await
}

/// What is said of the claim of that name.
fn verdict<'p>(proofs: &'p [Proof], name: &str) -> &'p Verdict {
    &proofs.iter().find(|proof| proof.name == name).expect("a claim of that name").verdict
}

fn fails(proofs: &[Proof], name: &str, sentence: &str) {
    let Verdict::Fails(witness) = verdict(proofs, name) else { panic!("{name}: {proofs:?}") };
    assert!(witness.contains(sentence), "{name}: {witness}");
}

const MAIL_TO_ALL: &str = r#"@id("mail-to-all")
    permit (principal in Role::"planner", action == Action::"send_email", resource);"#;
const NO_SENDING: &str = "no action that sends is allowed without approval";

#[test]
fn the_default_policy_keeps_every_shipped_claim() {
    run(async || {
        let proofs = prove(DEFAULT, CLAIMS).await;
        assert_eq!(proofs.len(), 5);
        for proof in proofs {
            assert_eq!(proof.verdict, Verdict::Proved, "{}", proof.name);
            assert!(!proof.spent.is_empty());
        }
    });
}

#[test]
fn a_claim_that_fails_is_told_with_a_request() {
    run(async || {
        let proofs = prove(&format!("{DEFAULT}\n{MAIL_TO_ALL}"), CLAIMS).await;
        fails(
            &proofs,
            NO_SENDING,
            "local/planner may send_email to mallory@example.org without approval: rule `mail-to-all` permits it",
        );
        assert_eq!(verdict(&proofs, "no reader may call anything"), &Verdict::Proved);
        assert_eq!(verdict(&proofs, "no rule errs"), &Verdict::Proved);
    });
}

#[test]
fn a_hole_for_readers_and_one_for_the_control_plane_are_seen() {
    run(async || {
        let holes = r#"@id("r") permit (principal in Role::"reader-slack", action == Action::"read_slack", resource);
        @id("c") permit (principal == Zone::"desk/control-plane", action == Action::"send_sms", resource)
        when { context.approved && context.recipients.contains("+1555") };"#;
        let proofs = prove(&format!("{DEFAULT}{holes}"), CLAIMS).await;
        fails(
            &proofs,
            "no reader may call anything",
            "local/reader-slack may read_slack: rule `r` permits it",
        );
        fails(&proofs, "the control plane may call nothing", "desk/control-plane may send_sms to");
        assert_eq!(verdict(&proofs, NO_SENDING), &Verdict::Proved);
    });
}

#[test]
fn what_always_holds_fails_where_a_rule_forbids_or_none_permits() {
    run(async || {
        let forbid =
            r#"@id("calm") forbid (principal, action, resource) when { context.injection_warning };"#;
        let proofs = prove(&format!("{DEFAULT}{forbid}"), CLAIMS).await;
        let name = "the planner may read without approval";
        fails(
            &proofs,
            name,
            "may not read_email while content with a warning is out: rule `calm` forbids it",
        );
        fails(&prove("", CLAIMS).await, name, "may not read_email: no rule permits it");
    });
}

#[test]
fn a_rule_that_errs_is_seen_and_nothing_is_always_so_beside_it() {
    run(async || {
        let errs = r#"@id("sum") permit (principal, action == Action::"read_email", resource)
        when { context.done_last_day * 9223372036854775807 == 0 };"#;
        let proofs = prove(&format!("{DEFAULT}{errs}"), CLAIMS).await;
        fails(&proofs, "no rule errs", "rule `sum` errs");
        assert!(matches!(verdict(&proofs, "the planner may read without approval"), Verdict::Unknown(_)));
        // Only a moment that cannot be would make this one err.
        let never = r#"permit (principal in Role::"planner", action == Action::"read_email", resource)
        when { context.now.offset(duration("14h")).toTime() >= duration("9h") };"#;
        assert_eq!(verdict(&prove(never, CLAIMS).await, "no rule errs"), &Verdict::Proved);
    });
}

#[test]
fn no_zone_of_two_roles_refutes_a_claim() {
    run(async || {
        let policy = r#"permit (principal in Role::"planner", action == Action::"read_email", resource);
        permit (principal == Zone::"local/planner", action == Action::"read_slack", resource);
        permit (principal in Role::"operator", action == Action::"send_sms", resource);"#;
        let proofs = prove(policy, CLAIMS).await;
        for name in ["no reader may call anything", "the control plane may call nothing", NO_SENDING] {
            assert_eq!(verdict(&proofs, name), &Verdict::Proved, "{name}");
        }
    });
}

#[test]
fn a_claim_about_nothing_is_not_taken_for_proved() {
    run(async || {
        let typo = r#"@never("no operator sends") permit (principal in Role::"planner", action == Action::"send_sms", resource)
        when { principal in Role::"control-plane" };
        @never("nowhere") permit (principal, action == Action::"send_sms", resource == Connector::"mail");"#;
        let proofs = prove(MAIL_TO_ALL, typo).await;
        fails(&proofs, "no operator sends", "describes no request");
        fails(&proofs, "nowhere", "describes no request");
    });
}

#[test]
fn a_policy_of_many_rules_is_proved() {
    run(async || {
        let mut text = DEFAULT.to_owned();
        for n in 0..150 {
            text += &format!(
            "@id(\"p{n}\") permit (principal in Role::\"planner\", action == Action::\"send_email\", resource)
             when {{ context.approved && context.recipients == [\"p{n}@example.org\"] }};"
        );
        }
        for proof in prove(&text, CLAIMS).await {
            assert_eq!(proof.verdict, Verdict::Proved, "{}", proof.name);
        }
    });
}

/// That these and no other findings are made, each beginning so.
async fn finds(text: &str, expected: &[&str]) {
    let findings = prover().await.findings(&policy(text)).await;
    let found: Vec<_> = findings.found.iter().map(ToString::to_string).collect();
    assert_eq!(findings.unchecked, Vec::<String>::new());
    let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| f.starts_with(e));
    assert!(fits, "{text}\nfound {found:#?}\nexpected {expected:#?}");
}

#[test]
fn nothing_is_found_in_the_default_policy() {
    run(async || {
        finds(DEFAULT, &[]).await;
    });
}

#[test]
fn rules_that_cannot_matter_are_found() {
    run(async || {
        let scope = r#"(principal in Role::"planner", action == Action::"send_email", resource)"#;
        finds(
        &format!(
            "@id(\"a\") permit {scope} when {{ context.done_last_hour > 5 && context.done_last_day < 3 }};\n\
             @id(\"b\") permit {scope} when {{ context.approved && context.injection_warning }};\n\
             @id(\"c\") forbid (principal, action, resource) when {{ context.injection_warning }};\n\
             @id(\"d\") permit {scope} when {{ context.approved }};\n\
             @id(\"e\") permit {scope} when {{ context.approved && context.known_recipients }};\n"
        ),
        &[
            "line 1: rule `a` can never hold: its conditions are true of no request",
            "line 2: rule `b` never permits anything: rule `c` on line 3 forbids whatever it permits",
            "line 5: rule `e` adds nothing: rule `d` on line 4 permits whatever it permits",
        ],
    )
    .await;
    });
}

#[test]
fn a_question_that_is_never_asked_is_found() {
    run(async || {
        let scope = r#"(principal in Role::"planner", action == Action::"send_email", resource)"#;
        finds(
        &format!(
            "@id(\"ask\") @risk(\"high\") permit {scope} when {{ context.approved && context.known_recipients }};\n\
             @id(\"known\") permit {scope} when {{ context.unknown_recipients.isEmpty() }};"
        ),
        &["line 1: rule `ask` never asks: whatever it wants approval for is allowed without"],
    )
    .await;
    });
}

#[test]
fn two_policies_are_compared_action_by_action() {
    run(async || {
        let new = DEFAULT.replace("@id(\"send-sms\")", "@id(\"send-sms\") @risk(\"low\")").replace(
            "@risk(\"high\")\npermit (principal in Role::\"planner\", action == Action::\"send_sms\"",
            "permit (principal in Role::\"planner\", action == Action::\"send_sms\"",
        );
        let new = new.replace("action == Action::\"read_slack\", resource == Connector::\"slack\")", "action == Action::\"read_slack\", resource == Connector::\"slack\")\nwhen { !context.injection_warning }");
        let compared =
            prover().await.compare(&policy(DEFAULT), &policy(&format!("{new}{MAIL_TO_ALL}"))).await.unwrap();
        for one in compared {
            let now = one.now.unwrap();
            match one.action.as_str() {
                "send_email" => {
                    let Permissive::More(witness) = now else { panic!("{now:?}") };
                    assert!(
                        witness.contains("may send_email to mallory@example.org without approval"),
                        "{witness}"
                    );
                }
                "read_slack" => {
                    let Permissive::Less(witness) = now else { panic!("{now:?}") };
                    assert!(witness.contains("may read_slack"), "{witness}");
                }
                other => assert_eq!(now, Permissive::Same, "{other}"),
            }
        }
    });
}
