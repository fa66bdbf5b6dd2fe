//! The owner's policy: checking, explaining and proving it, trying a new one on the past, putting it in force, putting
//! back the one that is.

mod apply;
mod check;
mod explain;
mod lines;
mod place;
mod prove;
mod replay;
mod restore;

use ::policy::Policy;
use home::{Home, Problems};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Name everything that is wrong or odd in a policy; exit 0 when nothing is, 1 when something is.
    Check(check::Arguments),
    /// Say how a request would be decided, by which rules, and what is missing for a yes.
    Explain(explain::Arguments),
    /// Prove what is claimed of a policy, or show a request for which it is not true; exit 0, 1, or 2 when nobody knows.
    Prove(prove::Arguments),
    /// Put a policy in force: checked, proved, shown beside the one in force, and signed as your word.
    Apply(apply::Arguments),
    /// Put the policy in force back into the policy file.
    Restore,
    /// Say what a policy would have decided, over everything that was ever decided.
    Replay {
        /// The policy to try.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    let home = || Home::open(path);
    match command {
        Command::Check(arguments) => check::command(path, arguments),
        Command::Explain(arguments) => explain::command(path, arguments),
        Command::Prove(arguments) => prove::command(path, arguments),
        Command::Apply(arguments) => apply::command(&home()?, arguments),
        Command::Restore => restore::command(&home()?),
        Command::Replay { file, json } => replay::command(&home()?, file, *json),
    }
}

/// The policy file that is meant: one that is named needs no home.
fn meant(home: &Path, named: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    match named {
        Some(file) => Ok(file.clone()),
        None => Ok(Home::open(home)?.policy_file()),
    }
}

/// A policy file's text, and what it says.
fn load(file: &Path) -> Result<(String, Policy), Problems> {
    let text = Home::read(file)?;
    match Policy::load(&text) {
        Ok(policy) => Ok((text, policy)),
        Err(found) => Err(Problems::of_file(file, found.into_iter().map(|p| (p.place(), p.what)))),
    }
}
