//! One process of a solver: what is said to it, and what it answers.

use crate::solver::Dialect;
use cedar_policy_symcc::SmtLibScript as _;
use cedar_policy_symcc::solver::{Decision, DecisionWithModel, Solver, SolverError};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running solver. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    dialect: Dialect,
    /// What is to be said before the next answer.
    unsaid: Vec<u8>,
}

// === impl Session ===

impl Session {
    pub(crate) fn start(command: &mut Command, dialect: Dialect) -> Result<Self, SolverError> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (input, output) =
            pipes.ok_or_else(|| SolverError::Solver("it has no input or output".to_owned()))?;
        Ok(Self { _process: process, input, output: BufReader::new(output), dialect, unsaid: Vec::new() })
    }

    async fn say(&mut self) -> Result<(), SolverError> {
        let said = std::mem::take(&mut self.unsaid);
        let said = String::from_utf8(said)
            .map_err(|_not_utf8| SolverError::Solver("a question that is no text".to_owned()))?;
        self.input.write_all(self.dialect.of(said).as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    async fn hear_line(&mut self, heard: &mut String) -> Result<(), SolverError> {
        if self.output.read_line(heard).await? == 0 {
            return Err(SolverError::Solver("it ended without an answer".to_owned()));
        }
        Ok(())
    }
}

impl Solver for Session {
    fn smtlib_input(&mut self) -> &mut (dyn tokio::io::AsyncWrite + Unpin + Send) {
        &mut self.unsaid
    }

    async fn enable_models(&mut self) -> Result<(), SolverError> {
        Ok(self.smtlib_input().set_option("produce-models", "true").await?)
    }

    async fn check_sat(&mut self) -> Result<Decision, SolverError> {
        self.smtlib_input().check_sat().await?;
        self.say().await?;
        let mut heard = String::new();
        self.hear_line(&mut heard).await?;
        match heard.trim() {
            "sat" => Ok(Decision::Sat),
            "unsat" => Ok(Decision::Unsat),
            "unknown" => Ok(Decision::Unknown),
            // An error about anything that was said comes before the answer, so no answer is taken for one.
            other => Err(SolverError::Solver(other.to_owned())),
        }
    }

    async fn check_sat_with_model(&mut self) -> Result<DecisionWithModel, SolverError> {
        match self.check_sat().await? {
            Decision::Unsat => return Ok(DecisionWithModel::Unsat),
            Decision::Unknown => return Ok(DecisionWithModel::Unknown),
            Decision::Sat => {}
        }
        self.smtlib_input().get_model().await?;
        self.say().await?;
        let mut model = String::new();
        self.hear_line(&mut model).await?;
        if model.trim() != "(" {
            return Err(SolverError::UnrecognizedSolverOutput(model.trim().to_owned()));
        }
        loop {
            let mut line = String::new();
            self.hear_line(&mut line).await?;
            model.push_str(&line);
            if line.trim() == ")" {
                return Ok(DecisionWithModel::Sat { model });
            }
        }
    }
}
