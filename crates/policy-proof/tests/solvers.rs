//! Which solvers are believed, and how far.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

use policy::{CLAIMS, Claims, DEFAULT, Policy};
use policy_proof::{INSTALL, Prover, Solvers, Verdict, in_room};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A program that stands between us and a real cvc5.
const BETWEEN: &str = r#"#!/usr/bin/env python3
import subprocess, sys, time
if "--version" in sys.argv:
    print("This is cvc5 version 0.0"); sys.exit()
solver = subprocess.Popen(["CVC5"] + sys.argv[1:], stdin=subprocess.PIPE, text=True)
marked = False
for line in sys.stdin:
    if line.strip() == "(reset)" and MODE == "remembers": continue
    if line.strip() == "(reset)": marked = False
    marked = marked or "marker" in line
    if "(check-sat)" in line and (MODE == "always" or marked and MODE == "lies"):
        print("unsat", flush=True); continue
    if "(check-sat)" in line and marked and MODE == "sleeps": time.sleep(600)
    solver.stdin.write(line); solver.stdin.flush()
"#;

fn cvc5() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join("cvc5")).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("this test needs cvc5; {INSTALL}"))
}

fn between(folder: &Path, mode: &str) -> PathBuf {
    let script =
        BETWEEN.replace("[\"CVC5\"]", &format!("[{:?}]", cvc5())).replace("MODE", &format!("{mode:?}"));
    let file = folder.join(mode);
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// Why a program in the place of cvc5 is not used.
fn refused(mode: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = between(folder.path(), mode);
    let solvers = in_room(async || Solvers::tried(None, Some(program), PATIENCE).await).unwrap();
    assert!(solvers.good.is_empty(), "{mode}: {solvers:?}");
    solvers.refused.into_iter().map(|(_, why)| why).collect()
}

#[test]
fn a_solver_that_always_says_yes_is_not_used() {
    assert!(refused("always").contains("it gives wrong answers"));
}

#[test]
fn a_solver_that_does_not_forget_is_not_used() {
    let why = refused("remembers");
    assert!(why.contains("wrong answers") || why.contains("does not answer"), "{why}");
}

#[test]
fn a_program_that_is_no_solver_is_not_used() {
    let tried =
        || async { Solvers::tried(Some("/bin/cat".into()), Some("/nowhere/cvc5".into()), PATIENCE).await };
    let solvers = in_room(async || tried().await).unwrap();
    assert!(solvers.good.is_empty());
    let [(cat, _), (nowhere, why)] = &solvers.refused[..] else { panic!("{solvers:?}") };
    assert!(
        cat.contains("/bin/cat") && nowhere.contains("/nowhere/cvc5") && why.contains("cannot be started")
    );
}

/// What is said of the first claim about a policy with a marked rule, by cvc5 and a program beside it.
fn beside(mode: &'static str, patience: Duration) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let (good, other) = (cvc5(), between(folder.path(), mode));
    let policy = format!(
        "{DEFAULT} permit (principal in Role::\"planner\", action == Action::\"send_email\", resource)
         when {{ context.recipients.contains(\"marker@example.org\") }};"
    );
    in_room(async || {
        let mut solvers = Solvers::tried(None, Some(good), PATIENCE).await.good;
        let other = Solvers::tried(None, Some(other), PATIENCE).await;
        assert!(!other.good.is_empty(), "it passes the trial: {other:?}");
        solvers.extend(other.good);
        let proofs = Prover::new(solvers, patience)
            .prove(&Policy::load(&policy).unwrap(), &Claims::load(CLAIMS).unwrap())
            .await;
        proofs.into_iter().next().unwrap().verdict
    })
    .unwrap()
}

#[test]
fn solvers_that_disagree_prove_and_refute_nothing() {
    let Verdict::Unknown(why) = beside("lies", PATIENCE) else { panic!("it was believed") };
    assert!(why.contains("one of them is wrong, so nothing is proved"), "{why}");
}

#[test]
fn a_solver_that_does_not_answer_in_time_leaves_the_claim_open() {
    let Verdict::Unknown(why) = beside("sleeps", Duration::from_secs(3)) else { panic!("nobody waited") };
    assert!(why.contains("gave no answer within 3 s"), "{why}");
}

#[test]
fn without_a_solver_nothing_is_proved() {
    let proofs = in_room(async || {
        let claims = Claims::load(CLAIMS).unwrap();
        Prover::new(Vec::new(), PATIENCE).prove(&Policy::load(DEFAULT).unwrap(), &claims).await
    });
    // A claim that Cedar settles by itself, without a question, needs none.
    let proved = proofs.unwrap().into_iter().filter(|proof| proof.verdict == Verdict::Proved);
    assert_eq!(proved.map(|proof| proof.name).collect::<Vec<_>>(), Vec::<String>::new());
}
