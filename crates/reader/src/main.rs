//! `moltbot-reader`: config → dial → lock down → prove it → serve.

use clap::{Parser, ValueEnum};
use reader::Fill;
use std::path::PathBuf;
use std::process::ExitCode;
use zone_bridge::{HAD_ITS_FILL, Health, Listener, connect, only_channel, serve_health_and_probe};

/// Zone 3: turns one source's raw bytes into clean content.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// The source to read.
    #[arg(long)]
    source: Source,
    /// The socket of the bridge.
    #[arg(long, default_value = "/var/run/zone-bridge/zone-bridge.sock")]
    socket: PathBuf,
    /// The socket to answer ops scripts on.
    #[arg(long)]
    health: PathBuf,
    /// End, for a fresh process to take over, after so many items.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    items: u64,
    /// The same after so many raw bytes.
    #[arg(long, default_value_t = 256 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1..))]
    bytes: u64,
    /// What to do when a wall cannot be put up.
    #[arg(long, default_value = "require")]
    sandbox: sandbox::Requirement,
    /// End when this process, the one that started us, is gone.
    #[arg(long)]
    parent: Option<u32>,
    /// Become this user, `UID:GID`. Only root can.
    #[arg(long, hide = true)]
    user: Option<sandbox::User>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Source {
    Email,
    Telegram,
    Slack,
    Sms,
}

fn main() -> anyhow::Result<ExitCode> {
    sandbox::close_inherited();
    let config = Config::parse();
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    if let Some(parent) = config.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }
    let health = Health::new(config.source.process(), &["bridge"]);
    let ops = Listener::bind(&config.health)?;
    let bridge = connect(&config.socket)?;

    let surroundings = sandbox::Surroundings::of_socket(&config.socket, config.user)?;
    // From here: nothing of the machine but the socket's folder, no files, no network, no new processes. The zone is a child.
    let walls = sandbox::enter(sandbox::Powers::READER, &surroundings, config.sandbox)?;
    // Known to hold, and not only to be built, before this process attends to an item.
    walls.withstood(&sandbox::probe(&sandbox::Targets::default()))?;
    health.fact("walls", serde_json::to_value(&walls)?);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::spawn(serve_health_and_probe(ops, health.clone(), sandbox::probe));
        reader::attend(only_channel(bridge).await?, Fill::new(config.items, config.bytes), &health).await?;
        Ok(ExitCode::from(HAD_ITS_FILL))
    })
}

// === impl Source ===

impl Source {
    const fn process(self) -> &'static str {
        match self {
            Self::Email => "reader-email",
            Self::Telegram => "reader-telegram",
            Self::Slack => "reader-slack",
            Self::Sms => "reader-sms",
        }
    }
}
