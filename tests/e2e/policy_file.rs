//! What is said of a policy file: what is wrong in it, what is true of it, how it decides.

use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use system_tests::{Said, TestHome, moltctl, program};

const HOLE: &str =
    r#"@id("mail-to-all") permit (principal in Role::"planner", action == Action::"send_email", resource);"#;
const MAIL: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;

/// The home's policy with these rules after it; its last line, and where it is.
fn with_rules(home: &TestHome, rules: &str) -> (PathBuf, usize) {
    let text = fs::read_to_string(home.policy_file()).unwrap() + rules;
    let file = home.path().join("new.cedar");
    fs::write(&file, &text).unwrap();
    (file, text.lines().count())
}

/// `moltctl` where no solver is installed.
fn without_a_solver(arguments: &[&str]) -> Said {
    let output = Command::new(program("moltctl"))
        .args(arguments)
        .env("PATH", "/nowhere")
        .env_remove("MOLTBOT_Z3")
        .env_remove("MOLTBOT_CVC5")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn nothing_is_wrong_in_the_policy_of_a_new_home_and_everything_claimed_is_proved() {
    let home = TestHome::new();
    assert!(home.moltctl(&["policy", "check"]).well().contains("policy.cedar: nothing is wrong"));
    let proved = home.moltctl(&["policy", "prove"]).well();
    assert_eq!(proved.lines().filter(|line| line.starts_with("PROVED   ")).count(), 5, "{proved}");
    for claim in ["no action that sends is allowed without approval (", "no rule errs ("] {
        assert!(proved.contains(claim), "{proved}");
    }
}

#[test]
fn everything_odd_is_named_with_file_line_and_why() {
    let home = TestHome::new();
    let (file, line) = with_rules(
        &home,
        r#"
@id("a") permit (principal in Role::"operator", action, resource);
@id("b") permit (principal in Role::"planner", action == Action::"send_sms", resource == Connector::"mail");
@id("c") permit (principal, action, resource) when { context.done_last_hour > context.done_last_day };
@id("d") permit (principal in Role::"planner", action == Action::"read_email", resource) when { context.approved };
@id("e") forbid (principal in Role::"reader-email", action, resource);
@id("f") permit (principal in Role::"reader-email", action == Action::"read_slack", resource);"#,
    );
    let said = moltctl(&["policy", "check", file.to_str().unwrap()], b"");
    assert_eq!(said.code, Some(1), "{said:?}");
    for (line, what) in [
        (line - 5, "rule `a` can never hold: no zone is in `Role::\"operator\"`"),
        (line - 4, "rule `b` can never hold: none of its actions is done at `Connector::\"mail\"`"),
        (line - 3, "rule `c` can never hold: its conditions are true of no request"),
        (line - 2, "rule `d` never asks: whatever it wants approval for is allowed without"),
        (line, &*format!("rule `f` never permits anything: rule `e` on line {} forbids", line - 1)),
    ] {
        let wanted = format!("{}:{line}: {what}", file.display());
        assert!(said.out.contains(&wanted), "{wanted}\nin\n{}", said.out);
    }
    let said = moltctl(&["policy", "check", "--json", file.to_str().unwrap()], b"").json();
    assert_eq!(
        (said["findings"].as_array().unwrap().len(), &said["findings"][0]["line"]),
        (5, &json!(line - 5))
    );

    fs::write(&file, "@mood(\"x\") permit (principal, action == Action::\"format_disk\", resource);")
        .unwrap();
    let said = moltctl(&["policy", "check", file.to_str().unwrap()], b"");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("format_disk") && said.out.contains("`@mood` is unknown"), "{said:?}");
}

#[test]
fn what_takes_a_solver_is_said_to_be_unchecked_and_unproved_without_one() {
    let home = TestHome::new();
    let file = home.policy_file();
    let check = without_a_solver(&["policy", "check", file.to_str().unwrap()]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("not checked: ") && check.out.contains("apt-get install cvc5"), "{check:?}");
    let prove = without_a_solver(&["policy", "prove", file.to_str().unwrap()]);
    assert_eq!((prove.code, prove.out.as_str()), (Some(2), ""), "{prove:?}");
    assert!(prove.err.contains("nothing can be proved without a solver"), "{prove:?}");
    assert!(prove.err.contains("apt-get install cvc5"), "{prove:?}");
}

#[test]
fn a_claim_that_is_not_true_is_told_by_a_request() {
    let home = TestHome::new();
    let (file, _) = with_rules(&home, HOLE);
    let said = home.moltctl(&["policy", "prove", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let witness =
        "local/planner may send_email to mallory@example.org without approval: rule `mail-to-all` permits it";
    let told = format!("FAILS    no action that sends is allowed without approval\n         {witness}\n");
    assert!(said.out.contains(&told), "{said:?}");
    let as_json = home.moltctl(&["policy", "prove", "--json", file.to_str().unwrap()]).json();
    assert_eq!(
        (&as_json["claims"][0]["verdict"], &as_json["claims"][0]["why"]),
        (&json!("fails"), &json!(witness))
    );
}

#[test]
fn the_owners_own_claims_are_proved() {
    let home = TestHome::new();
    let claims = home.path().join("claims.cedar");
    fs::write(
        &claims,
        r#"@never("no call without my yes") permit (principal, action == Action::"make_call", resource)
           when { !context.approved };
           @always("mail with my yes goes out") permit (principal in Role::"planner", action == Action::"send_email", resource)
           when { context.approved };"#,
    )
    .unwrap();
    let proved = home.moltctl(&["policy", "prove", "--claims", claims.to_str().unwrap()]).well();
    assert_eq!(proved.lines().count(), 3, "{proved}");
    fs::write(&claims, "permit (principal, action, resource);").unwrap();
    let said = home.moltctl(&["policy", "prove", "--claims", claims.to_str().unwrap()]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("claims.cedar: line 1: a claim has a name"), "{said:?}");
}

#[test]
fn a_decision_is_explained_by_its_rules_and_by_what_is_missing() {
    let home = TestHome::new();
    let explain = |more: &[&str]| {
        home.moltctl(&[&["policy", "explain", "--action", "send_email", "--params", MAIL], more].concat())
            .well()
    };
    let asked = explain(&[]);
    assert!(asked.starts_with("ASK    send_email by local/planner"), "{asked}");
    let line = fs::read_to_string(home.policy_file()).unwrap();
    let line = line.lines().position(|line| line.starts_with("@id(\"send-email\")")).unwrap() + 1;
    let rule = format!("rule     `send-email` ({}:{line})", home.policy_file().display());
    for wanted in [&*rule, "risk     medium", "limit    10/hour", "missing  if you agree to it: allowed"] {
        assert!(asked.contains(wanted), "{wanted} in {asked}");
    }
    assert!(explain(&["--approved"]).starts_with("ALLOW  "));
    let reader = explain(&["--zone", "reader-email"]);
    assert!(
        reader.contains("DENY   ") && reader.contains("if the planner asks for it: you are asked"),
        "{reader}"
    );

    let (file, _) = with_rules(
        &home,
        r#"@id("calm") forbid (principal, action, resource) when { context.injection_warning };"#,
    );
    let file = file.to_str().unwrap();
    let calm = explain(&["--injection-warning", "--untrusted", "to", "--at", "2026-03-02T08:00:00Z", file]);
    assert!(calm.contains("forbidden by calm") && calm.contains("`calm` ("), "{calm}");
    assert!(calm.contains("missing  if no content with a warning is out: you are asked"), "{calm}");
    let said = home.moltctl(&[
        "policy",
        "explain",
        "--action",
        "send_email",
        "--params",
        MAIL,
        "--untrusted",
        "mood",
    ]);
    assert!(said.code == Some(2) && said.err.contains("`mood` is no parameter"), "{said:?}");
    let as_json = home.moltctl(&["policy", "explain", "--json", "--action", "read_email"]).json();
    assert_eq!((&as_json["decision"], &as_json["rules"][0]["rule"]), (&json!("allow"), &json!("read-email")));
}
