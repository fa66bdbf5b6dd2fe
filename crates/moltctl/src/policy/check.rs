//! Everything that is wrong or odd in a policy file, each with its place and why.

use super::meant;
use action::reveal;
use home::{Home, Problems};
use policy::{Policy, Problem};
use policy_proof::{Findings, INSTALL, Prover, Solvers, in_room};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The policy [default: the home's].
    file: Option<PathBuf>,
    /// How long a solver may take for one question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn command(home: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let file = meant(home, arguments.file.as_ref())?;
    let (found, unchecked) = match Policy::load(&Home::read(&file).map_err(Problems::from)?) {
        Err(problems) => (problems, Vec::new()),
        Ok(policy) => {
            let Findings { found, unchecked } = proved(&policy, Duration::from_secs(arguments.timeout))?;
            (merged(policy.findings(), found), unchecked)
        }
    };
    if arguments.json {
        let finding = |problem: &Problem| json!({ "line": problem.line, "what": problem.what });
        let findings: Vec<_> = found.iter().map(finding).collect();
        say!("{}", json!({ "file": file, "findings": findings, "unchecked": unchecked }));
    } else {
        for problem in &found {
            let line = problem.line.map(|line| format!("{line}:")).unwrap_or_default();
            say!("{}:{line} {}", file.display(), reveal(&problem.what));
        }
        for what in &unchecked {
            say!("not checked: {}", reveal(what));
        }
        if found.is_empty() {
            say!("{}: nothing is wrong", file.display());
        }
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What only a proof finds.
fn proved(policy: &Policy, patience: Duration) -> std::io::Result<Findings> {
    in_room(async || {
        let Solvers { good, refused } = Solvers::find(patience).await;
        let refused = refused.into_iter().map(|(solver, why)| format!("by {solver}: {why}"));
        if good.is_empty() {
            let what = format!(
                "whether rules never hold, are shadowed by others, add nothing or never ask: that takes a solver; {INSTALL}"
            );
            return Findings { found: Vec::new(), unchecked: refused.chain([what]).collect() };
        }
        let mut findings = Prover::new(good, patience).findings(policy).await;
        findings.unchecked.extend(refused);
        findings
    })
}

/// Both, by line. Of a rule about which there is a finding already, a proof says nothing new.
fn merged(read: Vec<Problem>, proved: Vec<Problem>) -> Vec<Problem> {
    let told = |line| read.iter().any(|problem| problem.line == line);
    let proved: Vec<_> = proved.into_iter().filter(|problem| !told(problem.line)).collect();
    let mut all = [read, proved].concat();
    all.sort_by_key(|problem| problem.line);
    all
}
