//! Every attack is tried inside every zone: at each start, on a schedule, and when the owner says so. What gets through
//! stops the zone.

use crate::decoys::Decoys;
use crate::launch::Launcher;
use crate::local::Supervisor;
use crate::orders::{Orders, Wanted};
use crate::programs::Programs;
use crate::standing::{Standings, State};
use crate::tell::{Tale, Teller};
use action::Role;
use home::{Config, Home, Process};
use sandbox::{Attempt, Outcome, Targets};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zone_bridge::{CannotAsk, ask, ask_to_probe};

/// Tries attacks inside zones, and acts on what gets through; clones share the work.
#[derive(Clone, Debug)]
pub(crate) struct Prober {
    launcher: Launcher,
    standings: Standings,
    teller: Teller,
    orders: Orders,
    decoys: Arc<Decoys>,
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
            Outcome::Refused { errno } => ("refused", errno),
            Outcome::GotThrough { how } if self.unwalled => ("unwalled", how),
            Outcome::GotThrough { how } => ("got-through", how),
            Outcome::NotTried { why } => ("not-tried", why),
        }
    }

    /// Whether it got through a wall that is said to stand.
    pub const fn is_breach(&self) -> bool {
        matches!(self.attempt.result, Outcome::GotThrough { .. }) && !self.unwalled
    }
}

/// Tries every attack inside one zone; one on its own program only where that is known.
pub async fn probe(
    home: &Home,
    config: &Config,
    decoys: &Decoys,
    programs: Option<&Programs>,
    process: Process,
) -> Result<Vec<Probed>, CannotAsk> {
    let socket = config.health_socket(process);
    let report = ask(&socket).await?;
    let missing = missing_walls(report.facts.get("walls"));
    let own_program = programs.and_then(|programs| programs.command_line(process, home, config));
    let own_program = own_program.map(|line| line.program);
    let targets = Targets { own_program, ..targets(home, config, decoys, process) };
    let attempts: Vec<Attempt> = ask_to_probe(&socket, &targets).await?;
    if attempts.is_empty() {
        return Err(CannotAsk::NoAnswer { socket, why: "it tried no attack at all".to_owned() });
    }
    // An attack that no wall is named for is no excuse.
    let unwalled = |attempt: &Attempt| {
        !attempt.held_by.is_empty() && attempt.held_by.iter().all(|wall| missing.contains(wall))
    };
    Ok(attempts.into_iter().map(|attempt| Probed { unwalled: unwalled(&attempt), attempt }).collect())
}

/// The zones that are probed: those that give up every power.
pub fn probed_zones(config: &Config) -> impl Iterator<Item = Process> {
    Supervisor::processes(config)
        .filter(|process| !matches!(process, Process::Executor | Process::Zone(Role::ControlPlane)))
}

/// What a zone that was taken over would go for.
fn targets(home: &Home, config: &Config, decoys: &Decoys, process: Process) -> Targets {
    let others = config.roles().filter(|role| Process::Zone(*role) != process);
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
    Targets {
        files,
        sockets,
        abstract_socket: decoys.abstract_socket(),
        loopback: decoys.loopback(),
        processes: vec![std::process::id()],
        own_program: None,
    }
}

/// The walls that the zone says it could not raise.
fn missing_walls(walls: Option<&serde_json::Value>) -> BTreeSet<String> {
    let walls = walls.and_then(serde_json::Value::as_array).into_iter().flatten();
    let missing = walls.filter(|wall| wall.get("state").is_some_and(|state| state == "missing"));
    missing.filter_map(|wall| Some(wall.get("name")?.as_str()?.to_owned())).collect()
}

// === impl Prober ===

impl Prober {
    pub(crate) fn new(launcher: Launcher, standings: Standings, teller: Teller, orders: Orders) -> Self {
        Self { launcher, standings, teller, orders, decoys: Arc::new(Decoys::set()) }
    }

    /// Tries every attack inside one zone, and stops the zone if one gets through.
    pub(crate) async fn probe(&self, process: Process) -> Result<Vec<Probed>, CannotAsk> {
        let Launcher { home, config, programs, .. } = &self.launcher;
        let probed = probe(home, config, &self.decoys, Some(programs), process).await?;
        let through: Vec<_> = probed
            .iter()
            .filter(|probed| probed.is_breach())
            .map(|probed| probed.attempt.attack.clone())
            .collect();
        if !through.is_empty() {
            let what = through.join(", ");
            let why = format!("{what} got through walls that were said to stand");
            self.stop_breached(process, &why, through).await;
        }
        let refused = probed.iter().filter(|it| matches!(it.attempt.result, Outcome::Refused { .. })).count();
        self.standings.change(process, |it| it.refused_attacks = Some(refused));
        Ok(probed)
    }

    async fn stop_breached(&self, process: Process, why: &str, attacks: Vec<String>) {
        tracing::error!("{process}: {why}; the zone is stopped");
        self.orders.give(process, Wanted::StopBreached).await;
        self.teller.tell(process, Tale::Breached(attacks));
        let alert = format!(
            "{why}; it is stopped; start it again only when you know the reason: moltctl zones start {process}"
        );
        self.standings.change(process, |it| it.alert = Some(alert));
    }

    /// Probes every zone after each of its starts, and again after every interval of the configuration. One that lives and
    /// cannot be probed is not believed to hold.
    pub(crate) async fn probe_all(self) {
        let mut proved: BTreeMap<Process, (u32, Instant)> = BTreeMap::new();
        let mut unproved: BTreeMap<Process, (u32, Instant)> = BTreeMap::new();
        // One that gives no sign of life at all is killed before that.
        let patience = self.launcher.config.unresponsive_after * 2;
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for process in probed_zones(&self.launcher.config) {
                let standing = self.standings.of(process);
                let every = self.launcher.config.probe_every;
                let is_proved = proved
                    .get(&process)
                    .is_some_and(|(starts, at)| *starts == standing.starts && at.elapsed() < every);
                if is_proved || standing.state != State::Up || standing.pid.is_none() {
                    unproved.remove(&process);
                } else if self.probe(process).await.is_ok() {
                    proved.insert(process, (standing.starts, Instant::now()));
                    unproved.remove(&process);
                } else {
                    // It does not answer yet, or is at work: it is asked again at the next tick.
                    let since = unproved.entry(process).or_insert((standing.starts, Instant::now()));
                    if since.0 != standing.starts {
                        *since = (standing.starts, Instant::now());
                    }
                    if since.1.elapsed() > patience {
                        unproved.remove(&process);
                        let why = format!("it could not be probed for {patience:?}");
                        self.stop_breached(process, &why, vec!["unprobed".to_owned()]).await;
                    }
                }
            }
        }
    }
}
