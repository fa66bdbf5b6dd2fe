//! One question to every solver: they must agree.

use crate::Solver;
use crate::model::Question;
use crate::session::Session;
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::{CedarSymCompiler, Env, WellFormedAsserts};
use std::time::{Duration, Instant};

/// Asks every solver, each in a process of its own that is kept from question to question.
#[derive(Debug)]
pub struct Prover {
    asked: Vec<Asked>,
    patience: Duration,
}

#[derive(Debug)]
struct Asked {
    solver: Solver,
    /// `None` before the first question, and after one that was not answered.
    process: Option<CedarSymCompiler<Session>>,
    spent: Duration,
}

/// Why a question has no answer. It is never taken for a yes.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No solver was asked.
    #[error("there is no solver")]
    NoSolver,
    /// The deadline came first.
    #[error("{solver} gave no answer within {} s", .after.as_secs_f32())]
    TimedOut {
        /// Which.
        solver: String,
        /// How long it had.
        after: Duration,
    },
    /// The solver gave up.
    #[error("{0} does not know")]
    Unknown(String),
    /// One says yes and one says no: one of them is wrong.
    #[error(
        "{yes} says that it holds and {no} says that it does not: one of them is wrong, so nothing is proved"
    )]
    Disagree {
        /// Which say that it holds.
        yes: String,
        /// Which say that it does not.
        no: String,
    },
    /// The question could not be asked, or the answer not be read.
    #[error("{solver}: {why}")]
    Failed {
        /// Which.
        solver: String,
        /// What went wrong.
        why: String,
    },
    /// The counterexample is none when Cedar itself is asked.
    #[error("the solvers gave a counterexample that is none: {0}")]
    NotACounterexample(String),
    /// Cedar cannot put the question.
    #[error("{0}")]
    CannotAsk(String),
}

// === impl Prover ===

impl Prover {
    /// Asks these solvers; each question has `patience` to be answered by each.
    pub fn new(solvers: Vec<Solver>, patience: Duration) -> Self {
        let asked = solvers.into_iter().map(|solver| Asked { solver, process: None, spent: Duration::ZERO });
        Self { asked: asked.collect(), patience }
    }

    /// The solvers that are asked.
    pub fn solvers(&self) -> impl Iterator<Item = &Solver> {
        self.asked.iter().map(|asked| &asked.solver)
    }

    /// How long each solver was at it since this was last asked.
    pub(crate) fn take_spent(&mut self) -> Vec<(String, Duration)> {
        let take = |asked: &mut Asked| (asked.solver.name().to_owned(), std::mem::take(&mut asked.spent));
        self.asked.iter_mut().map(take).collect()
    }

    /// Whether it is so for every request.
    pub(crate) async fn holds(&mut self, question: &Question) -> Result<bool, NoAnswer> {
        let (mut yes, mut no, mut unanswered) = (Vec::new(), Vec::new(), None);
        for asked in &mut self.asked {
            match asked.holds(&question.asserts(), self.patience).await {
                Ok(true) => yes.push(asked.solver.name()),
                Ok(false) => no.push(asked.solver.name()),
                Err(why) => unanswered = unanswered.or(Some(why)),
            }
        }
        match (yes.is_empty(), no.is_empty(), unanswered) {
            (false, false, _) => Err(NoAnswer::Disagree { yes: yes.join(" and "), no: no.join(" and ") }),
            (_, _, Some(why)) => Err(why),
            (true, true, None) => Err(NoAnswer::NoSolver),
            (yes_is_empty, _, None) => Ok(!yes_is_empty),
        }
    }

    /// A request for which it is not so, of the first solver that can show one in words that Cedar reads.
    pub(crate) async fn counterexample(&mut self, question: &Question) -> Option<Env> {
        for asked in &mut self.asked {
            if let Ok(Some(env)) = asked.counterexample(&question.asserts(), self.patience).await {
                return Some(env);
            }
        }
        None
    }
}

// === impl Asked ===

impl Asked {
    async fn holds(&mut self, asserts: &WellFormedAsserts<'_>, patience: Duration) -> Result<bool, NoAnswer> {
        self.ask(patience, async |process| process.check_unsat(asserts).await).await
    }

    async fn counterexample(
        &mut self,
        asserts: &WellFormedAsserts<'_>,
        patience: Duration,
    ) -> Result<Option<Env>, NoAnswer> {
        self.ask(patience, async |process| process.check_sat(asserts).await).await
    }

    async fn ask<T>(
        &mut self,
        patience: Duration,
        ask: impl AsyncFnOnce(&mut CedarSymCompiler<Session>) -> Result<T, Error>,
    ) -> Result<T, NoAnswer> {
        let begun = Instant::now();
        let solver = self.solver.name().to_owned();
        let failed = |error: &Error| {
            if matches!(error, Error::SolverUnknown) {
                NoAnswer::Unknown(solver.clone())
            } else {
                NoAnswer::Failed { solver: solver.clone(), why: error.to_string() }
            }
        };
        // A process that does not answer well is not used again, whatever state it is in.
        let mut process = match self.process.take() {
            Some(process) => process,
            None => {
                let started = self.solver.start().map_err(|error| failed(&error.into()))?;
                CedarSymCompiler::new(started).map_err(|error| failed(&error))?
            }
        };
        let answer = tokio::time::timeout(patience, ask(&mut process)).await;
        self.spent += begun.elapsed();
        match answer {
            Ok(Ok(answer)) => {
                self.process = Some(process);
                Ok(answer)
            }
            Ok(Err(error)) => Err(failed(&error)),
            Err(_late) => Err(NoAnswer::TimedOut { solver, after: patience }),
        }
    }
}
