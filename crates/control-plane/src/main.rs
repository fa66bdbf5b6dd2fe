//! `moltbot-control-plane`: config → bind → lock down → serve.

use action::Role;
use anyhow::Context as _;
use clap::Parser;
use control_plane::config::Settings;
use control_plane::operator::OperatorService;
use control_plane::witness::{NotKept, Witness};
use home::{Home, Process};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::service::Routes;
use tonic::transport::Channel;
use wire::v1::control_bridge_client::ControlBridgeClient;
use wire::v1::operator_bridge_server::OperatorBridgeServer;
use wire::v1::{ControlPingRequest, HeadsRequest, SignedHead};
use zone_bridge::{
    Health, Limits, Listener, MESSAGE_LIMIT, Readiness, Refused, Tell, Turns, lazy_channel, serve_health,
    serving_health,
};

/// The owner's side: approvals.
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
    sandbox::close_inherited();
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    if let Some(parent) = arguments.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }
    let home = Home::open(&arguments.home)?;
    let Settings { config, key, witness, record } = Settings::load(&home)?;
    let process = Process::Zone(Role::ControlPlane);
    let health = Health::new(process.as_str(), &["bridge", "witness"]);

    let ops = Listener::bind(&config.health_socket(process))?;
    let operators = Listener::bind(&config.operator_socket())?;

    let walls = sandbox::enter(
        sandbox::Powers::CONTROL_PLANE,
        &sandbox::Surroundings::default(),
        sandbox::Requirement::BestEffort,
    )?;
    health.fact("walls", serde_json::to_value(&walls)?);

    // Its writer is a thread, so it comes after the walls.
    let witness = Witness::open(&home.witness_log(), witness, record, home::RECORD_ORIGIN.parse()?)?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let executor = lazy_channel(&config.bridge_socket(Role::ControlPlane))?;
        tokio::spawn(serve_health(ops, health.clone()));
        tokio::spawn(watch_bridge(executor.clone(), health.clone()));
        tokio::spawn(watch_heads(executor.clone(), witness, health));
        let service = OperatorBridgeServer::new(OperatorService::new(executor, key))
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let routes = Routes::new(serving_health(&service).await).add_service(service);
        let tell = Tell::by(|Refused { code, untrusted_call, why }| {
            tracing::warn!("the operator's socket: {code}: {why}: {untrusted_call:?}");
        });
        zone_bridge::serve(operators, routes, Limits::OWNER, &Turns::default(), tell)
            .await
            .context("the operator's socket")
    })
}

/// Says whether the executor answers. Unlike a zone, the control plane outlives it.
async fn watch_bridge(executor: Channel, health: Health) {
    let mut bridge = ControlBridgeClient::new(executor);
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let answered = tokio::time::timeout(Duration::from_secs(2), bridge.ping(ControlPingRequest {})).await;
        let readiness = match answered {
            Ok(Ok(_)) => Readiness::Ready,
            Ok(Err(status)) => Readiness::NotReady(status.message().to_owned()),
            Err(_elapsed) => Readiness::NotReady("the executor does not answer".to_owned()),
        };
        health.set("bridge", readiness);
    }
}

/// Keeps what the executor says of how far its record is. Whoever cuts the record later is found out. An alarm stays until
/// somebody has looked and starts the control plane again.
async fn watch_heads(executor: Channel, mut witness: Witness, health: Health) {
    let mut bridge = ControlBridgeClient::new(executor);
    let mut alarm = None;
    health.set("witness", Readiness::Ready);
    loop {
        if let Ok(heads) = bridge.heads(HeadsRequest {}).await {
            let mut heads = heads.into_inner();
            while let Some(Ok(SignedHead { note })) = heads.next().await {
                let seen = witness.see(Timestamp::now(), &note).await;
                if let Err(NotKept::Alarm(raised)) = &seen {
                    alarm.get_or_insert_with(|| raised.to_string());
                }
                let trouble = alarm.clone().or_else(|| seen.err().map(|not_kept| not_kept.to_string()));
                health.set("witness", trouble.map_or(Readiness::Ready, Readiness::NotReady));
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
