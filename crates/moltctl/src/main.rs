//! `moltctl`: the operator's command.

#[macro_use]
mod say;

mod answers;
mod approvals;
mod audit;
mod check;
mod connect;
mod connectors;
mod demo;
mod explain;
mod init;
mod latch;
mod policy;
mod sanitize;
mod secrets;
mod status;
mod up;
mod zones;

use clap::{Parser, Subcommand};
use clean_content::ContentType;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs an autonomous agent without handing it the keys.
#[derive(Parser)]
#[command(name = "moltctl", version)]
struct Arguments {
    /// The home folder: everything of one installation [default: $MOLTBOT_HOME, else ~/.moltbot].
    #[arg(long, global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a home: configuration, policy, rules, keys, mail folders. What is there is kept.
    Init(init::Arguments),
    /// Raise every zone and keep them up.
    Up(up::Arguments),
    /// Stop everything.
    Down,
    /// Stop everything at once, whatever it does; nothing is raised again until you re-arm.
    Kill(latch::KillArguments),
    /// Let a killed home be raised again.
    Rearm(latch::Reason),
    /// Do nothing new; everything stays up to be looked at.
    Freeze(latch::Reason),
    /// Let what was frozen go on.
    Unfreeze(latch::Reason),
    /// Say how every process is.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Single processes: how they are, starting, stopping, and whether their walls hold.
    #[command(subcommand)]
    Zones(zones::Command),
    /// What the agent asks for, and your answers.
    #[command(subcommand)]
    Approvals(approvals::Command),
    /// The record of everything that was asked, decided and done.
    #[command(subcommand)]
    Audit(audit::Command),
    /// What the agent may do.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Set a service up, step by step: gmail, telegram, slack, twilio or mail.
    Connect(connect::Arguments),
    /// The services that are reached: whether they work.
    #[command(subcommand)]
    Connectors(connectors::Command),
    /// The way out: who may reach what, and whether its walls hold.
    #[command(subcommand)]
    Egress(connectors::EgressCommand),
    /// What the executor authenticates with, encrypted and signed. No zone ever sees it.
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Read raw content from standard input and print it clean, as JSON.
    Sanitize {
        /// What the content is: email, html, telegram, slack or text.
        /// [with --explain: email by default]
        #[arg(long = "type", value_name = "TYPE", required_unless_present_any = ["jsonl", "explain"])]
        content_type: Option<ContentType>,
        /// Read one {"id","content_type","text"} a line, print one result a line.
        #[arg(long)]
        jsonl: bool,
        /// Say in words what was found, and what a person sees against what is there.
        #[arg(long, conflicts_with = "jsonl")]
        explain: bool,
    },
    /// See the whole system do its job on sample mail, in a throw-away home.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    sandbox::keep_descriptors_to_ourselves();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("moltctl: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let named_home = arguments.home.clone();
    let home = || arguments.home.clone().map_or_else(default_home, Ok);
    match arguments.command {
        Command::Init(init) => init::command(&home()?, &init),
        Command::Up(up) => up::command(&home()?, &up),
        Command::Down => up::down(&home()?),
        Command::Kill(kill) => latch::kill(&home()?, &kill),
        Command::Rearm(reason) => latch::rearm(&home()?, &reason),
        Command::Freeze(reason) => latch::freeze(&home()?, &reason),
        Command::Unfreeze(reason) => latch::unfreeze(&home()?, &reason),
        Command::Status { json } => status::command(&home()?, json),
        Command::Zones(command) => zones::command(&home()?, &command),
        Command::Approvals(command) => approvals::command(&home()?, &command),
        Command::Audit(command) => audit::command(&home()?, &command),
        Command::Policy(command) => policy::command(&home()?, &command),
        Command::Connect(arguments) => connect::command(&home()?, &arguments),
        Command::Connectors(command) => connectors::command(&home()?, &command),
        Command::Egress(command) => connectors::egress(&home()?, &command),
        Command::Secrets(command) => secrets::command(&home()?, &command),
        Command::Sanitize { content_type, explain: true, .. } => {
            explain::command(content_type.unwrap_or(ContentType::Email))
        }
        Command::Sanitize { content_type, jsonl: false, .. } => {
            sanitize::one(content_type.unwrap_or(ContentType::Text))
        }
        Command::Sanitize { content_type, jsonl: true, .. } => sanitize::lines(content_type),
        // Not $MOLTBOT_HOME: that is where the owner's own mail is.
        Command::Demo(demo) => demo::command(named_home.as_deref(), &demo),
    }
}

fn default_home() -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("MOLTBOT_HOME").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let user = std::env::home_dir()
        .ok_or_else(|| anyhow::anyhow!("no home folder is known; name one with --home DIR"))?;
    Ok(user.join(".moltbot"))
}
