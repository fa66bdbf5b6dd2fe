//! Every attack is tried inside every zone: at each start, on a schedule, and when the owner says so. What gets through
//! stops the zone.

use crate::launch::Launcher;
use crate::local::Supervisor;
use crate::orders::{Orders, Wanted};
use crate::standing::{Standings, State};
use crate::tell::{Tale, Teller};
use action::Role;
use home::{Config, Home, Process};
use sandbox::{Attempt, Targets, Tried};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use zone_bridge::{CannotAsk, ask, ask_to_probe};

/// Tries attacks inside zones, and acts on what gets through; clones share the work.
#[derive(Clone, Debug)]
pub(crate) struct Prober {
    launcher: Launcher,
    standings: Standings,
    teller: Teller,
    orders: Orders,
}

/// One attack as it was tried inside a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What was tried, and what came of it.
    pub attempt: Attempt,
    /// It got through, and the zone itself says that every wall against it is missing on this machine.
    pub unwalled: bool,
}

// === impl Probed ===

impl Probed {
    /// What came of it, in a word: `refused`, `got-through`, `unwalled` or `not-tried`; and the errno, or what could be done, or
    /// why it was not tried.
    pub fn in_words(&self) -> (&'static str, &str) {
        match &self.attempt.result {
            Tried::Refused { errno } => ("refused", errno),
            Tried::GotThrough { how } if self.unwalled => ("unwalled", how),
            Tried::GotThrough { how } => ("got-through", how),
            Tried::NotTried { why } => ("not-tried", why),
        }
    }

    /// Whether it got through a wall that is said to stand.
    pub const fn is_breach(&self) -> bool {
        matches!(self.attempt.result, Tried::GotThrough { .. }) && !self.unwalled
    }
}

/// Tries every attack inside one zone.
pub async fn probe(home: &Home, config: &Config, process: Process) -> Result<Vec<Probed>, CannotAsk> {
    let socket = config.health_socket(process);
    let report = ask(&socket).await?;
    let missing = missing_walls(report.facts.get("walls"));
    let attempts: Vec<Attempt> = ask_to_probe(&socket, &targets(home, config, process)).await?;
    if attempts.is_empty() {
        return Err(CannotAsk::NoAnswer { socket, why: "it tried no attack at all".to_owned() });
    }
    let unwalled = |attempt: &Attempt| attempt.held_by.iter().all(|wall| missing.contains(wall));
    Ok(attempts.into_iter().map(|attempt| Probed { unwalled: unwalled(&attempt), attempt }).collect())
}

/// The zones that are probed: those that give up every power.
pub fn probed_zones() -> impl Iterator<Item = Process> {
    Supervisor::processes()
        .filter(|process| !matches!(process, Process::Executor | Process::Zone(Role::ControlPlane)))
}

/// What a zone that was taken over would go for.
fn targets(home: &Home, config: &Config, process: Process) -> Targets {
    let others = Role::ALL.into_iter().filter(|role| Process::Zone(*role) != process);
    let mut sockets: Vec<_> = others.map(|role| config.bridge_socket(role)).collect();
    sockets.extend([config.operator_socket(), config.zones_socket(), config.supervisor_bridge_socket()]);
    let files = vec![
        "/etc/shadow".into(),
        "/etc/passwd".into(),
        home.path().to_owned(),
        home.config_file(),
        home.age_key_file(),
        home.approval_key_file(),
        home.record_key_file(),
        home.audit_log(),
        home.latch(),
    ];
    Targets { files, sockets, processes: vec![std::process::id()] }
}

/// The walls that the zone says it could not raise.
fn missing_walls(walls: Option<&serde_json::Value>) -> BTreeSet<String> {
    let walls = walls.and_then(serde_json::Value::as_array).into_iter().flatten();
    let missing = walls.filter(|wall| wall.get("state").is_some_and(|state| state == "missing"));
    missing.filter_map(|wall| Some(wall.get("name")?.as_str()?.to_owned())).collect()
}

// === impl Prober ===

impl Prober {
    pub(crate) const fn new(
        launcher: Launcher,
        standings: Standings,
        teller: Teller,
        orders: Orders,
    ) -> Self {
        Self { launcher, standings, teller, orders }
    }

    /// Tries every attack inside one zone, and stops the zone if one gets through.
    pub(crate) async fn probe(&self, process: Process) -> Result<Vec<Probed>, CannotAsk> {
        let Launcher { home, config, .. } = &self.launcher;
        let probed = probe(home, config, process).await?;
        let through: Vec<_> = probed
            .iter()
            .filter(|probed| probed.is_breach())
            .map(|probed| probed.attempt.attack.clone())
            .collect();
        if !through.is_empty() {
            let what = through.join(", ");
            tracing::error!("{process}: got through its walls: {what}; the zone is stopped");
            self.orders.give(process, Wanted::StopBreached).await;
            self.teller.tell(process, Tale::Breached(through));
            let alert = format!(
                "{what} got through walls that were said to stand; it is stopped; start it again only when you know \
                 why: moltctl zones start {process}"
            );
            self.standings.change(process, |it| it.alert = Some(alert));
        }
        let refused = probed.iter().filter(|it| matches!(it.attempt.result, Tried::Refused { .. })).count();
        self.standings.change(process, |it| it.refused_attacks = Some(refused));
        Ok(probed)
    }

    /// Probes every zone after each of its starts, and again after every interval of the configuration.
    pub(crate) async fn probe_all(self) {
        let mut proved: BTreeMap<Process, (u32, Instant)> = BTreeMap::new();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for process in probed_zones() {
                let standing = self.standings.of(process);
                let every = self.launcher.config.probe_every;
                let is_proved = proved
                    .get(&process)
                    .is_some_and(|(starts, at)| *starts == standing.starts && at.elapsed() < every);
                // One that does not answer yet, or is at work, is asked again at the next tick.
                if !is_proved
                    && standing.state == State::Up
                    && standing.pid.is_some()
                    && self.probe(process).await.is_ok()
                {
                    proved.insert(process, (standing.starts, Instant::now()));
                }
            }
        }
    }
}
