//! What the supervisor knows of every process it keeps.

use home::Process;
use sandbox::Wall;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use zone_bridge::{Health, Readiness};

/// Every process, and how it is; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Standings {
    all: Arc<Mutex<BTreeMap<Process, Standing>>>,
    health: Health,
}

/// How one process is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// What it is meant to be.
    pub(crate) state: State,
    /// The process that the supervisor started, while it lives.
    pub(crate) pid: Option<u32>,
    /// How often it was started.
    pub(crate) starts: u32,
    /// How it ended last.
    pub(crate) last_end: Option<String>,
    /// What the owner must know.
    pub(crate) alert: Option<String>,
    /// How many attacks were refused inside it at the last probe.
    pub(crate) refused_attacks: Option<usize>,
    /// The walls around it that the supervisor raised.
    pub(crate) cell: Vec<Wall>,
    heard: Option<Instant>,
}

/// What a process is meant to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Up: it is raised again when it ends.
    #[default]
    Up,
    /// Down, because the owner said so.
    Down,
    /// Down, because it ended too often.
    GivenUp,
    /// Down, because a probe got through one of its walls.
    Breached,
}

// === impl State ===

impl State {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::GivenUp => "given-up",
            Self::Breached => "breached",
        }
    }
}

// === impl Standings ===

impl Standings {
    pub(crate) fn new(health: Health) -> Self {
        Self { all: Arc::default(), health }
    }

    /// How a process is now.
    pub(crate) fn of(&self, process: Process) -> Standing {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(&process).cloned().unwrap_or_default()
    }

    /// Changes what is known of a process, and says so to whoever asks for the supervisor's health.
    pub(crate) fn change(&self, process: Process, change: impl FnOnce(&mut Standing)) {
        // The table is whole between any two changes, so a panic elsewhere does not spoil it.
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(process).or_default());
        let facts: serde_json::Map<_, _> =
            all.iter().map(|(process, standing)| (process.to_string(), standing.to_fact())).collect();
        self.health.fact("processes", facts.into());
        let alerts: Vec<_> = all
            .iter()
            .filter_map(|(process, standing)| Some(format!("{process}: {}", standing.alert.as_ref()?)))
            .collect();
        let alerted =
            if alerts.is_empty() { Readiness::Ready } else { Readiness::NotReady(alerts.join("; ")) };
        self.health.set("alerts", alerted);
    }

    pub(crate) fn raised(&self, process: Process, pid: Option<u32>, cell: Vec<Wall>) {
        self.change(process, |standing| {
            (standing.pid, standing.cell, standing.refused_attacks) = (pid, cell, None);
            (standing.starts, standing.heard) = (standing.starts + 1, Some(Instant::now()));
        });
    }

    pub(crate) fn ended(&self, process: Process, how: &str) {
        self.change(process, |standing| (standing.pid, standing.last_end) = (None, Some(how.to_owned())));
    }

    /// Notes whether a process answered. `true` when it has been silent for longer than `patience`; the count begins
    /// anew then.
    pub(crate) fn heard(&self, process: Process, answered: bool, patience: Duration) -> bool {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(standing) = all.get_mut(&process) else { return false };
        let too_long = !answered
            && standing.pid.is_some()
            && standing.heard.is_some_and(|heard| heard.elapsed() >= patience);
        if answered || too_long {
            standing.heard = Some(Instant::now());
        }
        too_long
    }
}

// === impl Standing ===

impl Standing {
    fn to_fact(&self) -> serde_json::Value {
        json!({
            "state": self.state.as_str(),
            "pid": self.pid,
            "restarts": self.starts.saturating_sub(1),
            "last_end": self.last_end,
            "alert": self.alert,
            "refused_attacks": self.refused_attacks,
            "cell": self.cell,
        })
    }
}
