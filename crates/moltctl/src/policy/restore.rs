//! Putting the policy in force back into the policy file.

use super::place::{beside, put};
use crate::answers::{Operator, runtime};
use action::Digest;
use anyhow::Context as _;
use home::{Config, Home};
use std::process::ExitCode;

pub(super) fn command(home: &Home) -> anyhow::Result<ExitCode> {
    let config = Config::load(home)?;
    let in_force = runtime()?.block_on(async { Operator::of(home, &config)?.policy().await })?;
    let file = home.policy_file();
    anyhow::ensure!(
        Digest::of(in_force.text.as_bytes()).to_hex() == in_force.digest,
        "what the executor says is in force does not have the digest that it names; nothing was changed"
    );
    let found = std::fs::read(&file).ok();
    if found.as_deref() == Some(in_force.text.as_bytes()) {
        say!("The policy file is the policy in force; there is nothing to restore.");
        return Ok(ExitCode::SUCCESS);
    }
    let cannot_write = || format!("cannot write `{}`", file.display());
    if let Some(found) = found {
        // It may be an evening's work.
        let aside = beside(&file, ".set-aside");
        put(&aside, &found).with_context(cannot_write)?;
        say!("What was in the file is now in `{}`.", aside.display());
    }
    put(&file, in_force.text.as_bytes()).with_context(cannot_write)?;
    say!("Policy {} is in its file again.", in_force.digest);
    Ok(ExitCode::SUCCESS)
}
