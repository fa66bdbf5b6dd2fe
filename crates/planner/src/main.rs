//! `moltbot-planner`: config → dial → lock down → prove it → plan.

use anyhow::Context as _;
use clap::Parser;
use planner::client::CapabilityClient;
use planner::follow::follow;
use planner::rules::Rules;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use zone_bridge::{Health, Listener, Readiness, connect, only_channel, serve_health_and_probe};

/// Wishes that are on the bridge at a time; most of that time is waiting for the owner.
const AT_A_TIME: usize = 64;

/// Items that are followed at a time, those included that wait for a rate limit.
const IN_HAND: usize = 10_000;

/// Zone 2: plans and asks.
#[derive(Parser)]
#[command(version)]
struct Config {
    /// The rules to plan by.
    #[arg(long)]
    rules: PathBuf,
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
    let rules = load_rules(&config.rules)?;
    let health = Health::new("planner", &["bridge"]);
    let ops = Listener::bind(&config.health)?;
    let bridge = connect(&config.socket)?;

    let surroundings = sandbox::Surroundings::of_socket(&config.socket, config.user)?;
    // From here: nothing of the machine but the socket's folder, no files, no network, no new processes. The zone is a child.
    let walls = sandbox::enter(sandbox::Powers::PLANNER, &surroundings, config.sandbox)?;
    // Known to hold, and not only to be built, before this process sees an item.
    walls.withstood(&sandbox::probe(&sandbox::Targets::default()))?;
    health.fact("walls", serde_json::to_value(&walls)?);
    health.fact("rules", rules.len().into());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::spawn(serve_health_and_probe(ops, health.clone(), sandbox::probe));
        plan(CapabilityClient::new(only_channel(bridge).await?), Arc::new(rules), &health).await
    })
}

fn load_rules(path: &std::path::Path) -> anyhow::Result<Rules> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the rules `{}`", path.display()))?;
    Rules::load(&text).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
        anyhow::anyhow!(lines.join("\n"))
    })
}

/// Follows every item that is delivered, until the bridge is lost, which is an error, or Zone 1 wants a planner that has
/// not seen what this one saw: then nothing is left to do, and it ends well.
async fn plan(mut client: CapabilityClient, rules: Arc<Rules>, health: &Health) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut deliveries = client.receive().await?;
    health.set("bridge", Readiness::Ready);
    let items = health.counter("items_planned", "Items that were planned and settled");
    let mut followed = JoinSet::new();
    loop {
        tokio::select! {
            delivery = deliveries.next(), if followed.len() < IN_HAND => {
                let Some(delivery) = delivery else { break };
                let delivery = delivery?;
                let (client, places, rules) = (client.clone(), Arc::clone(&places), Arc::clone(&rules));
                followed.spawn(async move { follow(client, &places, &rules, delivery).await });
            }
            Some(ended) = followed.join_next() => {
                ended??;
                items.inc();
            }
        }
    }
    while let Some(ended) = followed.join_next().await {
        ended??;
    }
    Ok(())
}
