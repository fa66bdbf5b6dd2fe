//! Single processes: how they are, starting and stopping them, and whether their walls hold.

use crate::answers::runtime;
use crate::status::one_line;
use ::zones::{Decoys, Programs, probed_zones};
use anyhow::Context as _;
use home::{Config, Home};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use tonic::Status;
use tonic::transport::Channel;
use wire::v1::zones_bridge_client::ZonesBridgeClient;
use wire::v1::{ListZonesRequest, ProbeAttempt, ZoneRequest, ZoneState};
use zone_bridge::lazy_channel;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Say how every process is.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Raise one that is down.
    Start(One),
    /// Stop one; it stays down until it is started.
    Stop(One),
    /// Stop one and raise a fresh one.
    Restart(One),
    /// Try every attack inside every zone, or inside one. What gets through stops the zone.
    Probe {
        /// The zone, as `zones list` names it.
        zone: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
pub(crate) struct One {
    /// The process, as `zones list` names it.
    zone: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy)]
enum Order {
    Start,
    Stop,
    Restart,
}

/// Who tries the attacks.
enum Prober<'a> {
    /// The supervisor, which stops a zone that gets through.
    Supervisor(Box<ZonesBridgeClient<Channel>>),
    /// This command itself, where the zones are kept up by somebody else.
    Directly(&'a Home, &'a Config),
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    let config = Config::load(&home)?;
    let is_up = ::zones::supervisor(&home)?.is_some();
    // Within the runtime: a channel belongs to one.
    let bridge = || {
        anyhow::ensure!(is_up, "{} is not up; raise it with `moltctl up`", home.path().display());
        Ok(ZonesBridgeClient::new(lazy_channel(&config.zones_socket())?))
    };
    runtime()?.block_on(async {
        match command {
            Command::List { json } => list(bridge()?, *json).await,
            Command::Start(one) => order(bridge()?, one, Order::Start).await,
            Command::Stop(one) => order(bridge()?, one, Order::Stop).await,
            Command::Restart(one) => order(bridge()?, one, Order::Restart).await,
            Command::Probe { zone, json } => {
                let prober = if is_up {
                    Prober::Supervisor(Box::new(bridge()?))
                } else {
                    Prober::Directly(&home, &config)
                };
                probe(&config, prober, zone.as_deref(), *json).await
            }
        }
    })
}

/// What the walls of each zone withstood just now: the zone, that in short, and whether nothing got through. Nothing while
/// everything is down.
pub(crate) fn withstood(path: &Path) -> anyhow::Result<Option<Vec<(String, String, bool)>>> {
    let home = Home::open(path)?;
    let config = Config::load(&home)?;
    if ::zones::supervisor(&home)?.is_none() {
        return Ok(None);
    }
    runtime()?.block_on(async {
        let bridge = ZonesBridgeClient::new(lazy_channel(&config.zones_socket())?);
        let mut prober = Prober::Supervisor(Box::new(bridge));
        let mut all = Vec::new();
        for zone in probed_zones(&config).map(|process| process.to_string()) {
            let attempts = prober.probe(&zone).await.with_context(|| zone.clone())?;
            let held = attempts.iter().all(|attempt| attempt.result != "got-through");
            all.push((zone, in_short(&attempts), held));
        }
        Ok(Some(all))
    })
}

async fn list(mut bridge: ZonesBridgeClient<Channel>, as_json: bool) -> anyhow::Result<ExitCode> {
    let zones = bridge.list(ListZonesRequest {}).await.map_err(in_words)?.into_inner().zones;
    let well = zones.iter().all(|zone| zone.alert.is_empty());
    if as_json {
        say!("{}", json!(zones.iter().map(to_json).collect::<Vec<_>>()));
    } else {
        say!("PROCESS          STATE          PID RESTARTS  CELL");
        for zone in &zones {
            say!("{}", to_line(zone));
        }
        // It is the machine that lacks them, so the reasons are the same for every process.
        let reasons: BTreeMap<_, _> = zones
            .iter()
            .flat_map(|zone| &zone.cell)
            .filter(|wall| !wall.missing.is_empty())
            .map(|wall| (&wall.name, &wall.missing))
            .collect();
        for (name, why) in reasons {
            say!("{name} is missing: {}", one_line(why));
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn order(mut bridge: ZonesBridgeClient<Channel>, one: &One, order: Order) -> anyhow::Result<ExitCode> {
    let request = ZoneRequest { zone: one.zone.clone() };
    let state = match order {
        Order::Start => bridge.start(request).await,
        Order::Stop => bridge.stop(request).await,
        Order::Restart => bridge.restart(request).await,
    };
    let state = state.map_err(in_words)?.into_inner();
    if one.json {
        say!("{}", to_json(&state));
    } else {
        say!("{}: {}", state.zone, if state.state == "up" { "is being raised" } else { &state.state });
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit 0 when nothing got through, 1 when something did.
async fn probe(
    config: &Config,
    mut prober: Prober<'_>,
    zone: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let all = || probed_zones(config).map(|process| process.to_string()).collect();
    let zones: Vec<String> = zone.map_or_else(all, |zone| vec![zone.to_owned()]);
    let (mut reports, mut held) = (serde_json::Map::new(), true);
    for zone in zones {
        let attempts = prober.probe(&zone).await.with_context(|| zone.clone())?;
        held &= attempts.iter().all(|attempt| attempt.result != "got-through");
        if as_json {
            reports.insert(zone, attempts.iter().map(attempt_to_json).collect());
        } else {
            say!("{zone}: {}", in_short(&attempts));
            for attempt in &attempts {
                let ProbeAttempt { attack, held_by, result, detail } = attempt;
                let line = format!("  {attack:<28} {result:<12} {detail:<14} {held_by}");
                say!("{}", one_line(&line));
            }
        }
    }
    if as_json {
        say!("{}", json!(reports));
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// === impl Prober ===

impl Prober<'_> {
    async fn probe(&mut self, zone: &str) -> anyhow::Result<Vec<ProbeAttempt>> {
        match self {
            Self::Supervisor(bridge) => {
                let request = ZoneRequest { zone: zone.to_owned() };
                Ok(bridge.probe(request).await.map_err(in_words)?.into_inner().attempts)
            }
            Self::Directly(home, config) => {
                let process = probed_zones(config).find(|process| process.as_str() == zone);
                let process = process.context("is not a zone that is probed")?;
                let programs = Programs::beside(&std::env::current_exe()?).ok();
                let probed = ::zones::probe(home, config, &Decoys::set(), programs.as_ref(), process).await?;
                Ok(probed.iter().map(::zones::attempt_to_wire).collect())
            }
        }
    }
}

fn in_short(attempts: &[ProbeAttempt]) -> String {
    let count = |result: &str| attempts.iter().filter(|attempt| attempt.result == result).count();
    let mut words = format!("{} of {} attacks were refused", count("refused"), attempts.len());
    for (result, what) in [
        ("got-through", "GOT THROUGH"),
        ("unwalled", "met no wall, because this machine has none against them (see `moltctl status`)"),
        ("not-tried", "could not be tried"),
    ] {
        if count(result) > 0 {
            words.push_str(&format!("; {} {what}", count(result)));
        }
    }
    words
}

fn to_line(zone: &ZoneState) -> String {
    let missing: Vec<_> =
        zone.cell.iter().filter(|wall| !wall.missing.is_empty()).map(|wall| wall.name.as_str()).collect();
    let cell = match (zone.cell.is_empty(), missing.is_empty()) {
        (true, _) => "-".to_owned(),
        (false, true) => format!("all {} stand", zone.cell.len()),
        (false, false) => format!("MISSING {}", missing.join(", ")),
    };
    let pid = if zone.pid == 0 { "-".to_owned() } else { zone.pid.to_string() };
    let (name, state, restarts) = (&zone.zone, &zone.state, zone.restarts);
    let mut line = format!("{name:<16} {state:<10} {pid:>7} {restarts:>8}  {}", one_line(&cell));
    if !zone.alert.is_empty() {
        line.push_str(&format!("\n                 ALERT: {}", one_line(&zone.alert)));
    }
    line
}

fn to_json(zone: &ZoneState) -> serde_json::Value {
    let cell = zone.cell.iter().map(|wall| {
        let missing = (!wall.missing.is_empty()).then_some(&wall.missing);
        json!({ "name": wall.name, "stands": missing.is_none(), "missing": missing })
    });
    json!({
        "zone": zone.zone,
        "state": zone.state,
        "pid": (zone.pid != 0).then_some(zone.pid),
        "restarts": zone.restarts,
        "last_end": (!zone.last_end.is_empty()).then_some(&zone.last_end),
        "alert": (!zone.alert.is_empty()).then_some(&zone.alert),
        "cell": cell.collect::<Vec<_>>(),
    })
}

fn attempt_to_json(attempt: &ProbeAttempt) -> serde_json::Value {
    let ProbeAttempt { attack, held_by, result, detail } = attempt;
    json!({ "attack": attack, "held_by": held_by, "result": result, "detail": detail })
}

fn in_words(status: Status) -> anyhow::Error {
    anyhow::anyhow!("{}", one_line(status.message()))
}
