//! `moltbot-executor`: config → lock down → open the record → bind → serve.

use clap::Parser;
use executor::config::Settings;
use executor::record::Record;
use executor::run::{Sockets, run};
use home::{Home, Latch};
use std::path::PathBuf;

/// Zone 1: judges, permits, performs and records.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The home folder.
    #[arg(long, env = "MOLTBOT_HOME")]
    home: PathBuf,
    /// End when this process, the one that started us, is gone.
    #[arg(long)]
    parent: Option<u32>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    if let Some(parent) = arguments.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }

    let home = Home::open(&arguments.home)?;
    let latch = Latch::of(&home);
    let (settings, record) = Settings::load(home)?;

    let walls = sandbox::enter(sandbox::Powers::EXECUTOR, sandbox::Requirement::BestEffort)?;

    // The record comes before the sockets: whoever holds it is the one executor, so a second one never unbinds the
    // sockets of the first. Its writer is a thread, so it comes after the walls.
    let record = Record::open(record, &audit_log::Options::default())?;
    // After the record is ours: a kill sets the latch and then waits until nobody holds the record, so one of us sees the
    // other.
    latch.refuse_when_killed()?;
    let sockets = Sockets::bind(&settings.config)?;

    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(settings, record, sockets, walls))
}
