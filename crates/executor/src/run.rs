//! Zone 1 at work: every socket served, every source watched, until it is told to stop.

use crate::clock::Clock;
use crate::config::Settings;
use crate::intake;
use crate::policy_in_force::PolicyInForce;
use crate::record::Record;
use crate::secrets_used;
use crate::serve::{
    Bridge, ControlService, PlannerService, ReaderService, SupervisorService, WebhookService, serve,
};
use crate::spool::{self, Spool};
use crate::upkeep::upkeep;
use crate::zone1::{Means, Zone1};
use action::Role;
use anyhow::Context as _;
use clean_content::ContentType;
use home::{Config, Process};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use zone_bridge::{CannotListen, Health, Listener, Readiness, Turns, serve_health};

/// Every socket of Zone 1, bound and not yet served.
pub struct Sockets {
    bridges: Vec<(Role, Listener)>,
    supervisor: Listener,
    health: Listener,
}

// === impl Sockets ===

impl Sockets {
    /// Binds a bridge for every zone and for the supervisor, and the socket for ops scripts.
    pub fn bind(config: &Config) -> Result<Self, CannotListen> {
        let bridges = config
            .roles()
            .map(|role| Ok((role, Listener::bind(&config.bridge_socket(role))?)))
            .collect::<Result<_, CannotListen>>()?;
        let supervisor = Listener::bind(&config.supervisor_bridge_socket())?;
        Ok(Sockets { bridges, supervisor, health: Listener::bind(&config.health_socket(Process::Executor))? })
    }
}

/// Serves until SIGTERM or SIGINT.
pub async fn run(
    settings: Settings,
    mut record: Record,
    sockets: Sockets,
    walls: sandbox::Walls,
) -> anyhow::Result<()> {
    let Settings { home, config, policy, approvals, outbound, vault, webhooks, tag_key } = settings;
    // Before any of them is asked for.
    vault.remember(record.ledger().secrets_used().clone());
    let health = Health::new(Process::Executor.as_str(), &["record", "policy", Role::Planner.as_str()]);
    for source in &config.sources {
        health.set(source.reader.as_str(), Readiness::NotReady("no reader attends yet".to_owned()));
    }
    health.fact("walls", serde_json::to_value(&walls)?);
    let feeds = outbound.services.feeds(&home, &config)?;
    let standings = outbound.standings.clone();
    standings.tell(health.clone());
    let mut deviations = config.connectors.deviations();
    deviations.extend(webhooks.deviation().map(|what| ("webhooks", what)));
    if !deviations.is_empty() {
        health.fact("deviations", serde_json::to_value(deviations)?);
    }
    let clock = Clock::of_the_machine(record.latest());
    let (policy, established) =
        PolicyInForce::establish(&mut record, home.policy_file(), policy, clock.now())?;
    established.wait().await?;
    health.fact("policy", serde_json::to_value(policy.applied().0.digest())?);
    record.count(health.counters("events", "Entries written to the record, by type", "type"));
    let spool = Spool::new(home.spool(), home.quarantine());
    let zone1 = Arc::new(Zone1::new(
        record,
        Means {
            host: config.host.clone(),
            latch: home.latch(),
            clock,
            policy,
            permits: capability::PermitKey::generate(&ring::rand::SystemRandom::new()).map_err(
                |_unspecified| anyhow::anyhow!("the system gave no randomness for the permit key"),
            )?,
            approvals,
            outbound,
            approval_expiry: SignedDuration::try_from(config.approval_expiry)?,
            permit_lifetime: SignedDuration::try_from(config.permit_lifetime)?,
            tag_key,
        },
    ));

    zone1.started(env!("CARGO_PKG_VERSION")).await.context("the record cannot be written")?;
    zone1.settle_interrupted().await?;
    spool::tidy(&zone1, &spool).await?;
    health.set("record", Readiness::Ready);

    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(serve_health(sockets.health, health.clone()));
    let (desk, turns) = (Arc::default(), Turns::default());
    let webhooks = Arc::new(webhooks);
    let supervisor = Bridge::Supervisor(SupervisorService { zone1: Arc::clone(&zone1) });
    let limits = supervisor.limits();
    let (listener, its_turns) = (sockets.supervisor, turns.clone());
    tasks.spawn(async move { serve(listener, supervisor, limits, &its_turns).await });
    for (role, listener) in sockets.bridges {
        let zone = zone1.zone(role);
        let reader = |source: &'static str, content_type: ContentType| {
            Bridge::Reader(ReaderService {
                zone1: Arc::clone(&zone1),
                spool: spool.clone(),
                desk: Arc::clone(&desk),
                zone: zone.clone(),
                source,
                content_type,
                health: health.clone(),
            })
        };
        let bridge = match role {
            Role::ReaderEmail => reader("email", ContentType::Email),
            Role::ReaderTelegram => reader("telegram", ContentType::Telegram),
            Role::ReaderSlack => reader("slack", ContentType::Slack),
            Role::ReaderSms => reader("sms", ContentType::Sms),
            Role::Planner => {
                let (zone1, health) = (Arc::clone(&zone1), health.clone());
                Bridge::Planner(PlannerService { zone1, zone, health })
            }
            Role::ControlPlane => Bridge::Control(ControlService { zone1: Arc::clone(&zone1), zone }),
            Role::Doorkeeper => {
                let (zone1, webhooks) = (Arc::clone(&zone1), Arc::clone(&webhooks));
                let answered =
                    health.counters("webhooks", "Requests of strangers, by what was answered", "status");
                Bridge::Webhooks(WebhookService { zone1, zone, spool: spool.clone(), webhooks, answered })
            }
        };
        let (limits, turns) = (bridge.limits(), turns.clone());
        tasks.spawn(async move { serve(listener, bridge, limits, &turns).await });
    }
    for source in config.sources {
        let (zone1, spool, health) = (Arc::clone(&zone1), spool.clone(), health.clone());
        let Some(maildir) = source.maildir else { continue };
        tasks.spawn(async move {
            intake::watch(&zone1, &spool, source.name, &maildir, &health).await;
            Ok(())
        });
    }
    for feed in feeds {
        let (zone1, spool, standings) = (Arc::clone(&zone1), spool.clone(), standings.clone());
        tasks.spawn(async move {
            feed.follow(zone1, spool, standings).await;
            Ok(())
        });
    }
    let braked = Arc::clone(&zone1);
    tasks.spawn(async move {
        braked.watch_latch().await;
        Ok(())
    });
    let (kept_up, watched) = (Arc::clone(&zone1), health.clone());
    tasks.spawn(async move {
        upkeep(&kept_up, &watched).await;
        Err(std::io::Error::other("the record is lost: the audit log cannot be written"))
    });

    let (noted, used) = (Arc::clone(&zone1), Arc::clone(&vault));
    tasks.spawn(async move {
        secrets_used::watch(&noted, &used).await;
        Ok(())
    });

    crate::readiness::tell_service_manager()?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        ended = tasks.join_next() => {
            // None of them ends by itself.
            ended.context("nothing to serve")???;
            anyhow::bail!("a task of the executor ended");
        }
    }
    secrets_used::note(&zone1, &vault).await;
    // What is under way ends with its outcome recorded, or is found as an intent without one at the next start.
    tokio::time::timeout(Duration::from_secs(2), zone1.quiesce()).await.ok();
    Ok(())
}
