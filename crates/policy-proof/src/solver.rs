//! The solvers of this machine: found, tried on questions with known answers, and only then used.

use crate::self_test::passes;
use crate::session::Session;
use crate::z3::in_words_of_z3;
use cedar_policy_symcc::solver::SolverError;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How to come by a solver.
pub const INSTALL: &str = "install cvc5 (Debian, Ubuntu: `apt-get install cvc5`; elsewhere: https://cvc5.github.io) and, as a second \
     opinion, z3 (`apt-get install z3`, `brew install z3`); programs elsewhere are named by MOLTBOT_CVC5 and MOLTBOT_Z3";

/// Every solver of this machine that gave right answers, and why the others are not used.
#[derive(Debug)]
pub struct Solvers {
    /// To be asked, each about everything.
    pub good: Vec<Solver>,
    /// Found, and not to be believed: the program, and why.
    pub refused: Vec<(String, String)>,
}

/// A solver: a program that reads SMT-LIB from its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solver {
    kind: Kind,
    program: PathBuf,
    version: String,
}

/// The solvers whose words we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Z3,
    Cvc5,
}

/// How a solver wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As Cedar's compiler does.
    Cvc5,
    /// With sets as arrays.
    Z3,
}

// === impl Dialect ===

impl Dialect {
    /// A script in these words.
    pub(crate) fn of(self, script: String) -> String {
        match self {
            Self::Cvc5 => script,
            Self::Z3 => in_words_of_z3(&script),
        }
    }
}

// === impl Solvers ===

impl Solvers {
    /// Looks for every solver: where `MOLTBOT_Z3` and `MOLTBOT_CVC5` say, else on the `PATH`. Each question of the trial
    /// has `patience` to be answered.
    pub async fn find(patience: Duration) -> Self {
        let program = |kind: Kind| {
            let named = std::env::var_os(kind.variable()).filter(|named| !named.is_empty());
            named.map(PathBuf::from).or_else(|| on_the_path(kind.name()))
        };
        Self::tried(program(Kind::Z3), program(Kind::Cvc5), patience).await
    }

    /// Tries these programs.
    pub async fn tried(z3: Option<PathBuf>, cvc5: Option<PathBuf>, patience: Duration) -> Self {
        let mut found = Self { good: Vec::new(), refused: Vec::new() };
        for (kind, program) in [(Kind::Z3, z3), (Kind::Cvc5, cvc5)] {
            let Some(program) = program else { continue };
            match Solver::tried(kind, program.clone(), patience).await {
                Ok(solver) => found.good.push(solver),
                Err(why) => found.refused.push((format!("{} (`{}`)", kind.name(), program.display()), why)),
            }
        }
        found
    }
}

// === impl Solver ===

impl Solver {
    async fn tried(kind: Kind, program: PathBuf, patience: Duration) -> Result<Self, String> {
        let mut solver = Self { kind, program, version: String::new() };
        solver.version = solver.ask_version(patience).await?;
        passes(&solver, patience).await?;
        Ok(solver)
    }

    /// Its name: `z3` or `cvc5`.
    pub const fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// The version that it says it is.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A process of it.
    pub(crate) fn start(&self) -> Result<Session, SolverError> {
        let mut command = self.command();
        match self.kind {
            Kind::Z3 => Session::start(command.args(["-in", "-smt2"]), Dialect::Z3),
            Kind::Cvc5 => Session::start(command.args(["--lang", "smt2", "--incremental"]), Dialect::Cvc5),
        }
    }

    async fn ask_version(&self, patience: Duration) -> Result<String, String> {
        let output = self.command().arg("--version").stdin(Stdio::null()).output();
        let output = tokio::time::timeout(patience, output)
            .await
            .map_err(|_late| "it does not say its version".to_owned())?
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = text.split_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("version"));
        words.nth(1).map(ToOwned::to_owned).ok_or_else(|| "it does not say its version".to_owned())
    }

    /// It needs nothing of ours: no variables, no error output.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().kill_on_drop(true);
        command
    }
}

// === impl Kind ===

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Z3 => "z3",
            Self::Cvc5 => "cvc5",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Z3 => "MOLTBOT_Z3",
            Self::Cvc5 => "MOLTBOT_CVC5",
        }
    }
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let path: OsString = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
