//! Trying the connectors and the walls of the way out. What knows credentials is a program of Zone 1; this only starts it.

use crate::status::one_line;
use crate::zones;
use anyhow::Context as _;
use home::{Config, Home};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{ExitCode, Stdio};

/// The program of Zone 1 that knows the connectors.
pub(crate) const PROGRAM: &str = "moltbot-connectors";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Ask each provider who we are. Nothing is sent to anybody.
    Test {
        /// Only these: mail, imap, gmail, telegram, slack, twilio.
        names: Vec<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Subcommand)]
pub(crate) enum EgressCommand {
    /// Say who may reach what, and try to get past every wall.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Exit 0 when all work, 1 when one does not.
pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Test { names, json } = command;
    test(path, names, *json)
}

/// The same for `moltctl connect`, which ends with it.
pub(crate) fn test(path: &Path, names: &[String], as_json: bool) -> anyhow::Result<ExitCode> {
    let mut arguments = vec!["test".to_owned()];
    arguments.extend_from_slice(names);
    let Some(answer) = ask(path, &arguments)? else { return Ok(ExitCode::from(2)) };
    if as_json {
        say!("{answer}");
    } else {
        let tried = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        if tried.is_empty() {
            say!("No service is set up. Set one up with: moltctl connect gmail|telegram|slack|twilio|mail");
        }
        for one in tried {
            say!("{}", in_words(one));
        }
    }
    let works = |one: &Value| word(one, "state") == "works";
    let all_work = answer.as_array().is_some_and(|all| all.iter().all(works));
    Ok(if all_work { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Exit 0 when every wall held, 1 when one did not.
pub(crate) fn egress(path: &Path, command: &EgressCommand) -> anyhow::Result<ExitCode> {
    let EgressCommand::Check { json } = command;
    let Some(answer) = ask(path, &["egress".to_owned()])? else { return Ok(ExitCode::from(2)) };
    let all = |key: &str| answer.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let zones = zones::withstood(path)?;
    let of_zones = zones.iter().flatten();
    let held = !all("walls").iter().any(|wall| word(wall, "result") == "got-through")
        && of_zones.clone().all(|(_, _, held)| *held);
    let code = if held { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if *json {
        let of_zones =
            of_zones.map(|(zone, what, held)| json!({ "zone": zone, "withstood": what, "held": held }));
        let mut answer = answer;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("zones".to_owned(), of_zones.collect());
        }
        say!("{answer}");
        return Ok(code);
    }
    say!("The zones may reach nothing. Tried inside each just now:");
    for (zone, what, _) in of_zones {
        say!("  {zone:<16} {}", one_line(what));
    }
    if zones.is_none() {
        say!("  nothing, because they are down; `moltctl up` tries each when it is raised");
    }
    say!("The control plane dials nothing but its bridge, but no wall of this check keeps it from more.");
    say!("The executor may reach, for each connector:");
    for reached in all("connectors") {
        say!("  {}", word(&reached, "connector"));
        for call in strings(&reached, "calls") {
            say!("    {}", one_line(&call));
        }
        for deviation in strings(&reached, "deviations") {
            say!("    NOT THE PROVIDER'S OWN: {}", one_line(&deviation));
        }
    }
    if all("connectors").is_empty() {
        say!("  nothing: no service is set up");
    }
    say!("Tried just now, with servers on this machine and a credential that is none:");
    for wall in all("walls") {
        let (attack, result) = (word(&wall, "attack"), word(&wall, "result"));
        say!("  {attack:<40} {result:<12} {}", one_line(&word(&wall, "detail")));
    }
    Ok(code)
}

/// What the program of Zone 1 says; nothing when it said on standard error what was wrong.
pub(crate) fn ask(path: &Path, arguments: &[String]) -> anyhow::Result<Option<Value>> {
    let home = Home::open(path)?;
    Config::load(&home)?;
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    let output = std::process::Command::new(&program)
        .arg("--home")
        .arg(home.path())
        .args(arguments)
        .stderr(Stdio::inherit())
        .stdin(Stdio::null())
        .output()
        .with_context(|| {
            let folder = program.parent().unwrap_or(Path::new("/")).display();
            format!("cannot start {PROGRAM}; build or install all programs of one version into `{folder}`")
        })?;
    if output.stdout.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&output.stdout)
        .map(Some)
        .context("the program of Zone 1 said something else than JSON")
}

fn in_words(one: &Value) -> String {
    let connector = word(one, "connector");
    if word(one, "state") != "works" {
        return format!("{connector:<10} FAILED   {}", one_line(&word(one, "why")));
    }
    let mut words = format!("{connector:<10} works    {}", one_line(&word(one, "who")));
    for (name, value) in one.get("detail").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        words.push_str(&format!("\n{:<10}          {}: {}", "", one_line(name), one_line(value)));
    }
    words
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let all = value.get(key).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
