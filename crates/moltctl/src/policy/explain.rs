//! How a request would be decided, and why.

use super::{load, meant};
use action::{Request, Role, ZoneId, reveal};
use anyhow::Context as _;
use jiff::Timestamp;
use policy::{Approval, Decision, Explanation, Knowledge, Policy};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The policy [default: the home's].
    file: Option<PathBuf>,
    /// What is asked for: `send_email`.
    #[arg(long)]
    action: String,
    /// Its parameters, as JSON.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    params: String,
    /// Who asks: a role, or a zone written host/role.
    #[arg(long, default_value = "planner")]
    zone: String,
    /// As if you had agreed to it.
    #[arg(long)]
    approved: bool,
    /// As if content with a warning were out.
    #[arg(long)]
    injection_warning: bool,
    /// As if you had agreed before to something for each recipient.
    #[arg(long)]
    known: bool,
    /// As if the value of this parameter stood in content from outside; any number of times.
    #[arg(long, value_name = "PARAM")]
    untrusted: Vec<String>,
    /// How often it was done within the last 60 minutes.
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    done_last_hour: u64,
    /// How often it was done within the last 24 hours [default: as within the hour].
    #[arg(long, value_name = "TIMES")]
    done_last_day: Option<u64>,
    /// When: `2026-03-02T12:00:00Z` [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn command(home: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let file = meant(home, arguments.file.as_ref())?;
    let (_text, policy) = load(&file)?;
    let zone = match Role::named(&arguments.zone) {
        Some(role) => ZoneId::new("local", role),
        None => arguments.zone.parse()?,
    };
    let request = Request::check(zone, &arguments.action, arguments.params.clone()).context("--params")?;
    let knowledge = assumed(arguments, &request)?;
    let explanation = policy.explain(&request, &knowledge);
    if arguments.json {
        say!("{}", as_json(&explanation, &policy, &knowledge));
    } else {
        let place = |name: &str| place(&file, &policy, name);
        for line in words(&explanation, &request, &place) {
            say!("{line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn assumed(arguments: &Arguments, request: &Request) -> anyhow::Result<Knowledge> {
    let parameters = request.action().name().parameters();
    if let Some(unknown) = arguments.untrusted.iter().find(|name| !parameters.contains(&name.as_str())) {
        anyhow::bail!(
            "--untrusted: `{}` is no parameter; those are {}",
            reveal(unknown),
            parameters.join(", ")
        );
    }
    let recipients = request.action().recipients().into_iter();
    Ok(Knowledge {
        injection_warning: arguments.injection_warning,
        approval: if arguments.approved { Approval::Verified } else { Approval::None },
        unknown_recipients: if arguments.known { BTreeSet::new() } else { recipients.collect() },
        untrusted_parameters: arguments.untrusted.iter().cloned().collect(),
        done_last_hour: arguments.done_last_hour,
        done_last_day: arguments
            .done_last_day
            .unwrap_or(arguments.done_last_hour)
            .max(arguments.done_last_hour),
        at: arguments.at.unwrap_or_else(Timestamp::now),
    })
}

fn place(file: &Path, policy: &Policy, name: &str) -> String {
    let line = policy.rule(name).map(|rule| format!(":{}", rule.line())).unwrap_or_default();
    format!("`{}` ({}{line})", reveal(name), file.display())
}

fn words(explanation: &Explanation, request: &Request, place: &dyn Fn(&str) -> String) -> Vec<String> {
    let Explanation { decision, rules, turns, nearest } = explanation;
    let asked = format!("{} by {}", request.action().name(), request.zone());
    let mut lines = vec![match decision {
        Decision::Allow(_) => format!("ALLOW  {asked}"),
        Decision::Ask(_) => format!("ASK    {asked}: you are asked first"),
        Decision::Deny(reason) => format!("DENY   {asked}: {}", reveal(&reason.to_string())),
    }];
    lines.extend(rules.iter().map(|name| format!("  rule     {}", place(name))));
    if let Decision::Allow(terms) | Decision::Ask(terms) = decision {
        lines.push(format!("  risk     {}", terms.risk.as_str()));
        let limit = terms.limit.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        lines.push(format!("  limit    {limit}"));
    }
    for turn in turns {
        lines.push(format!("  missing  if {}: {}", reveal(&turn.when), then(&turn.then)));
    }
    for near in nearest {
        let lacks: Vec<_> = near.lacks.iter().map(|condition| reveal(condition)).collect();
        lines.push(format!("  nearest  {} lacks: {}", place(&near.rule), lacks.join("; ")));
    }
    lines
}

const fn then(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allow(_) => "allowed",
        Decision::Ask(_) => "you are asked",
        Decision::Deny(_) => "denied",
    }
}

fn as_json(explanation: &Explanation, policy: &Policy, knowledge: &Knowledge) -> serde_json::Value {
    let Explanation { decision, rules, turns, nearest } = explanation;
    let (kind, why) = match decision {
        Decision::Allow(_) => ("allow", None),
        Decision::Ask(_) => ("ask", None),
        Decision::Deny(reason) => ("deny", Some(reason.to_string())),
    };
    let terms = match decision {
        Decision::Allow(terms) | Decision::Ask(terms) => Some(terms),
        Decision::Deny(_) => None,
    };
    let line = |name: &str| policy.rule(name).map(policy::Rule::line);
    json!({
        "decision": kind,
        "why": why,
        "rules": rules.iter().map(|name| json!({ "rule": name, "line": line(name) })).collect::<Vec<_>>(),
        "risk": terms.map(|terms| terms.risk.as_str()),
        "limit": terms.and_then(|terms| terms.limit).map(|limit| limit.to_string()),
        "missing": turns.iter().map(|turn| json!({ "if": turn.when, "then": then(&turn.then) })).collect::<Vec<_>>(),
        "nearest": nearest
            .iter()
            .map(|near| json!({ "rule": near.rule, "line": line(&near.rule), "lacks": near.lacks }))
            .collect::<Vec<_>>(),
        "knowledge": knowledge,
    })
}
