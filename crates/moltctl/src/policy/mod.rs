//! The owner's policy: trying a new one on the past, putting it in force, putting back the one that is.

mod apply;
mod lines;
mod place;
mod replay;
mod restore;

use ::policy::Policy;
use home::{Home, Problems};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
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
    let home = Home::open(path)?;
    match command {
        Command::Apply(arguments) => apply::command(&home, arguments),
        Command::Restore => restore::command(&home),
        Command::Replay { file, json } => replay::command(&home, file, *json),
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
