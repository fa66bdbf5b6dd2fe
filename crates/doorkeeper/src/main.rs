//! `moltbot-doorkeeper`: config → bind → dial → lock down → prove it → serve.

use clap::Parser;
use doorkeeper::{Bridge, Door, Limits, serve};
use std::net::SocketAddr;
use std::path::PathBuf;
use zone_bridge::{Health, Listener, Readiness, connect, only_channel, serve_health_and_probe};

/// Zone 3: answers whoever calls us over HTTP, and can do nothing but hand it on.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// The address to listen on, one of this machine itself.
    #[arg(long, default_value = "127.0.0.1:8473")]
    listen: SocketAddr,
    /// The socket of the bridge.
    #[arg(long, default_value = "/var/run/zone-bridge/zone-bridge.sock")]
    socket: PathBuf,
    /// The socket to answer ops scripts on.
    #[arg(long)]
    health: PathBuf,
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

fn main() -> anyhow::Result<()> {
    sandbox::close_inherited();
    let config = Config::parse();
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    if let Some(parent) = config.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }
    let health = Health::new("doorkeeper", &["bridge"]);
    let door = Door::bind(config.listen)?;
    let ops = Listener::bind(&config.health)?;
    let bridge = connect(&config.socket)?;

    let surroundings = sandbox::Surroundings::of_socket(&config.socket, config.user)?;
    // From here: nothing of the machine but the socket's folder, no files, no network, no new processes. The zone is a child.
    // What was bound stays bound: callers are accepted from the machine's network, and nothing can be dialled in it.
    let walls = sandbox::enter(sandbox::Powers::READER, &surroundings, config.sandbox)?;
    // Known to hold, and not only to be built, before a stranger is heard.
    walls.withstood(&sandbox::probe(&sandbox::Targets::default()))?;
    health.fact("walls", serde_json::to_value(&walls)?);
    health.fact("listen", config.listen.to_string().into());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::spawn(serve_health_and_probe(ops, health.clone(), sandbox::probe));
        let bridge = Bridge::new(only_channel(bridge).await?);
        bridge.ping().await?;
        health.set("bridge", Readiness::Ready);
        let answered = health.counters("requests", "Requests of strangers, by what was answered", "status");
        tokio::select! {
            lost = bridge.until_lost() => Err(lost.into()),
            ended = serve(door, bridge.clone(), Limits::STRANGERS, answered) => Ok(ended?),
        }
    })
}
