//! Questions with known answers. A solver that gets one wrong is not asked anything else.
//!
//! They go one after the other to one process, yes and no in turn: a program that forgets to forget (that does not honour
//! `(reset)`) answers the second from what is left of the first.

use crate::model::{Model, Question};
use crate::{NoAnswer, Prover, Solver};
use action::ActionName;
use policy::Policy;
use std::time::Duration;

/// That whatever the first condition holds for, the second holds for, too; and whether that is so.
const KNOWN: [(&str, &str, bool); 17] = [
    ("context.done_last_hour > 5", "context.done_last_hour > 4", true),
    ("context.done_last_hour > 4", "context.done_last_hour > 5", false),
    ("context.approved && !context.injection_warning", "context.approved", true),
    ("context.approved", "context.approved && !context.injection_warning", false),
    (r#"context.recipients == ["a"]"#, r#"context.recipients.contains("a")"#, true),
    (r#"context.recipients.contains("a")"#, r#"context.recipients == ["a"]"#, false),
    // Each of these is so only because what overflows errs, and what errs does not hold.
    ("context.done_last_hour + 9223372036854775807 < 0", "context.done_last_hour < 0", true),
    ("context.done_last_hour - 9223372036854775807 > 0", "context.done_last_hour > 0", true),
    ("context.done_last_hour * 2 == 10", "context.done_last_hour == 5", true),
    (
        r#"context.recipients.containsAll(context.unknown_recipients) && context.recipients == ["a"]"#,
        r#"context.unknown_recipients.isEmpty() || context.unknown_recipients == ["a"]"#,
        true,
    ),
    (r#"context.recipients.containsAny(["a", "b"])"#, r#"context.recipients.containsAll(["a", "b"])"#, false),
    (r#"context.recipients.containsAll(["a", "b"])"#, r#"context.recipients.containsAny(["b", "c"])"#, true),
    (r#"principal.host like "l*l""#, r#"principal.host == "local""#, false),
    (r#"principal in Role::"planner""#, r#"principal in [Role::"planner", Role::"control-plane"]"#, true),
    (r#"principal in [Role::"planner", Role::"control-plane"]"#, r#"principal in Role::"planner""#, false),
    (r#"context.now.toTime() >= duration("9h")"#, r#"context.now.toTime() > duration("8h59m")"#, true),
    (r#"context.now.toTime() > duration("8h59m")"#, r#"context.now.toTime() >= duration("9h")"#, false),
];

/// Asks a solver everything that is known, in one process. What is wrong with it, else.
pub(crate) async fn passes(solver: &Solver, patience: Duration) -> Result<(), String> {
    let mut prover = Prover::new(vec![solver.clone()], patience);
    for (one, other, expected) in KNOWN {
        match asked(&mut prover, one, other).await {
            Ok(answer) if answer == expected => {}
            Ok(answer) => {
                let says = |holds| if holds { "implies" } else { "does not imply" };
                return Err(format!(
                    "it gives wrong answers: it says that `{one}` {} `{other}`, but it {} it",
                    says(answer),
                    says(expected)
                ));
            }
            Err(why) => return Err(format!("it does not answer a simple question: {why}")),
        }
    }
    Ok(())
}

async fn asked(prover: &mut Prover, one: &str, other: &str) -> Result<bool, NoAnswer> {
    let action = ActionName::SendEmail;
    let rule = |condition: &str| {
        let text =
            format!("permit (principal, action == Action::\"{action}\", resource) when {{ {condition} }};");
        Policy::load(&text).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            NoAnswer::CannotAsk(problems.join("; "))
        })
    };
    let (one, other) = (rule(one)?, rule(other)?);
    let model = Model::of(one.rules().iter().chain(other.rules()))?;
    let set = |policy: &Policy| model.set(action, policy.rules().iter().map(|rule| rule.cedar().clone()));
    let question = Question::Implies(set(&one)?, set(&other)?);
    prover.holds(&question).await
}
