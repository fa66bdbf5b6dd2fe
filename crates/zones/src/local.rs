//! The local backend: raise every process, restart what ends, stop all in order.

use crate::cell::{Cells, Leftovers};
use crate::keeper::Keeper;
use crate::launch::Launcher;
use crate::orders::Orders;
use crate::probing::Prober;
use crate::programs::Programs;
use crate::standing::Standings;
use crate::tell::Teller;
use action::Role;
use home::{Config, Home, Process};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zone_bridge::{CannotDial, Health, Listener, Readiness, ask};

/// The parent of every process of one home.
#[derive(Debug)]
pub struct Supervisor {
    launcher: Launcher,
    health: Health,
}

/// Why there is no supervising.
#[derive(Debug, thiserror::Error)]
pub enum CannotSupervise {
    /// A task of the supervisor itself failed.
    #[error("the supervisor failed")]
    Task(#[from] tokio::task::JoinError),
    /// What an earlier supervisor left running does not die.
    #[error(transparent)]
    Leftovers(#[from] Leftovers),
    /// Zone 1's socket cannot be named.
    #[error(transparent)]
    Dial(#[from] CannotDial),
}

/// What is stopped first: the zones ask for nothing more, then the executor writes its last outcome, then the owner's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Run,
    StopZones,
    StopExecutor,
    StopAll,
}

// === impl Supervisor ===

impl Supervisor {
    /// Every process that a home may have, whatever its configuration says now: for who looks what is there.
    pub(crate) fn every_process() -> impl Iterator<Item = Process> {
        std::iter::once(Process::Executor).chain(Role::ALL.into_iter().map(Process::Zone))
    }

    /// Every process of a home, in the order in which they are raised.
    pub fn processes(config: &Config) -> impl Iterator<Item = Process> {
        std::iter::once(Process::Executor).chain(config.roles().map(Process::Zone))
    }

    /// A supervisor; nothing is raised yet.
    pub fn new(home: Home, config: Config, programs: Programs) -> Self {
        let needs: Vec<_> = Self::processes(&config).map(Process::as_str).collect();
        let health = Health::new(Process::Supervisor.as_str(), &needs);
        let cells = Cells::of(&home);
        Self { launcher: Launcher { home, config, programs, cells }, health }
    }

    /// What the supervisor knows of its processes.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Raises everything and keeps it up until `stop` completes; then stops everything, zones first. The operator's orders
    /// come in on `operators`.
    pub async fn run(
        self,
        operators: Listener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), CannotSupervise> {
        let Self { mut launcher, health } = self;
        launcher.cells.settle()?;
        let standings = Standings::new(health.clone());
        let (teller, telling) = Teller::to(&launcher.config.supervisor_bridge_socket())?;
        let (stage, stages) = watch::channel(Stage::Run);
        let mut keepers: BTreeMap<Stage, JoinSet<()>> = BTreeMap::new();
        let mut orders = Orders::default();
        for process in Self::processes(&launcher.config) {
            let last = match process {
                Process::Executor | Process::Supervisor => Stage::StopExecutor,
                Process::Zone(Role::ControlPlane) => Stage::StopAll,
                Process::Zone(_) => Stage::StopZones,
            };
            let common = (launcher.clone(), standings.clone(), teller.clone());
            let keeper = Keeper::new(process, common, (last, stages.clone()), orders.desk(process));
            keepers.entry(last).or_default().spawn(keeper.keep_up());
        }
        let prober = Prober::new(launcher.clone(), standings.clone(), teller, orders.clone());
        let mut duties = JoinSet::new();
        duties.spawn(telling);
        duties.spawn(watch_all(launcher.config.clone(), standings.clone(), health));
        duties.spawn(prober.clone().probe_all());
        duties.spawn(crate::operator::serve(operators, launcher.config.clone(), standings, orders, prober));
        stop.await;
        for next in [Stage::StopZones, Stage::StopExecutor, Stage::StopAll] {
            stage.send_replace(next);
            let mut group = keepers.remove(&next).unwrap_or_default();
            while let Some(ended) = group.join_next().await {
                ended?;
            }
        }
        launcher.cells.remove();
        Ok(())
    }
}

/// Asks every process how it is, five times a second. One that gives no answer for too long is killed: what hangs never
/// ends by itself, and its keeper raises a fresh one in its place.
async fn watch_all(config: Config, standings: Standings, health: Health) {
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for process in Supervisor::processes(&config) {
            let answer = ask(&config.health_socket(process)).await;
            if standings.heard(process, answer.is_ok(), config.unresponsive_after) {
                kill_silent(process, &standings, config.unresponsive_after);
            }
            let readiness = match answer {
                Ok(report) if report.ready => Readiness::Ready,
                Ok(report) => Readiness::NotReady(why_not(&report.checks)),
                Err(_) => Readiness::NotReady("does not answer".to_owned()),
            };
            health.set(process.as_str(), readiness);
        }
    }
}

fn kill_silent(process: Process, standings: &Standings, patience: Duration) {
    let pid = standings.of(process).pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        tracing::warn!("{process} has not answered for {patience:?} and is killed");
        // It may have ended by itself just now.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn why_not(checks: &BTreeMap<String, Readiness>) -> String {
    let missing = checks.iter().filter_map(|(name, readiness)| match readiness {
        Readiness::Ready => None,
        Readiness::NotReady(why) => Some(format!("{name}: {why}")),
    });
    missing.collect::<Vec<_>>().join("; ")
}
