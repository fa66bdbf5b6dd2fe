//! The local backend: raise every process, restart what ends, stop all in order.

use crate::programs::{CommandLine, Programs};
use action::Role;
use home::{Config, Home, Process};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use zone_bridge::{Health, Readiness, ask};

/// The first pause before a restart; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Who ran this long is believed to be well again.
const WELL_AGAIN: Duration = Duration::from_secs(30);
/// How long a process may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(3);
/// A log of this size is put aside when its process starts.
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// The parent of every process of one home.
#[derive(Debug, Clone)]
pub struct Supervisor {
    home: Home,
    config: Config,
    programs: Programs,
    health: Health,
    seen: Arc<Mutex<BTreeMap<Process, Seen>>>,
}

/// Why there is no supervising.
#[derive(Debug, thiserror::Error)]
pub enum CannotSupervise {
    /// A task of the supervisor itself failed.
    #[error("the supervisor failed")]
    Task(#[from] tokio::task::JoinError),
}

#[derive(Debug, Clone, Default)]
struct Seen {
    pid: Option<u32>,
    /// When it last answered, or was started.
    heard: Option<Instant>,
    starts: u32,
    last_end: Option<String>,
}

/// What is stopped first: the zones ask for nothing more, then the executor writes its last outcome, then the owner's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Run,
    StopZones,
    StopExecutor,
    StopAll,
}

// === impl Supervisor ===

impl Supervisor {
    /// Every process there is, in the order in which they are raised.
    pub fn processes() -> impl Iterator<Item = Process> {
        std::iter::once(Process::Executor).chain(Role::ALL.into_iter().map(Process::Zone))
    }

    /// A supervisor; nothing is raised yet.
    pub fn new(home: Home, config: Config, programs: Programs) -> Self {
        let needs: Vec<_> = Self::processes().map(Process::as_str).collect();
        let health = Health::new(Process::Supervisor.as_str(), &needs);
        Self { home, config, programs, health, seen: Arc::default() }
    }

    /// What the supervisor knows of its processes.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Raises everything and keeps it up until `stop` completes; then stops everything, zones first.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), CannotSupervise> {
        let (stage, stages) = watch::channel(Stage::Run);
        let mut zones = JoinSet::new();
        let mut executor = JoinSet::new();
        let mut owners_side = JoinSet::new();
        for process in Self::processes() {
            let (group, last) = match process {
                Process::Executor | Process::Supervisor => (&mut executor, Stage::StopExecutor),
                Process::Zone(Role::ControlPlane) => (&mut owners_side, Stage::StopAll),
                Process::Zone(_) => (&mut zones, Stage::StopZones),
            };
            group.spawn(self.clone().keep_up(process, last, stages.clone()));
        }
        let watching = tokio::spawn(self.clone().watch());
        stop.await;
        for (next, group) in [
            (Stage::StopZones, &mut zones),
            (Stage::StopExecutor, &mut executor),
            (Stage::StopAll, &mut owners_side),
        ] {
            stage.send_replace(next);
            while let Some(ended) = group.join_next().await {
                ended?;
            }
        }
        watching.abort();
        Ok(())
    }

    async fn keep_up(self, process: Process, last: Stage, mut stages: watch::Receiver<Stage>) {
        let mut pause = FIRST_PAUSE;
        let over = |stages: &watch::Receiver<Stage>| *stages.borrow() >= last;
        while !over(&stages) {
            if let Process::Zone(role) = process
                && !self.bridge_is_up(role, &mut stages, last).await
            {
                break;
            }
            let began = Instant::now();
            let (end, well) = match self.start(process) {
                Ok(mut child) => {
                    self.see(process, |seen| {
                        (seen.pid, seen.starts, seen.heard) =
                            (child.id(), seen.starts + 1, Some(Instant::now()));
                    });
                    self.until_end(&mut child, last, &mut stages).await
                }
                Err(error) => (format!("cannot be started: {error}"), false),
            };
            if over(&stages) {
                self.see(process, |seen| (seen.pid, seen.last_end) = (None, Some(end)));
                break;
            }
            tracing::warn!("{process} {end}; raised again in {pause:?}");
            self.see(process, |seen| (seen.pid, seen.last_end) = (None, Some(end)));
            if began.elapsed() >= WELL_AGAIN || well {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stages.wait_for(|stage| *stage >= last) => {}
            }
            if !well {
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// A zone dials once and ends when nobody answers, so it is raised only when somebody does.
    async fn bridge_is_up(&self, role: Role, stages: &mut watch::Receiver<Stage>, last: Stage) -> bool {
        let socket = self.config.bridge_socket(role);
        while tokio::net::UnixStream::connect(&socket).await.is_err() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
                _ = stages.wait_for(|stage| *stage >= last) => return false,
            }
        }
        true
    }

    fn start(&self, process: Process) -> io::Result<Child> {
        let CommandLine { program, arguments } = self
            .programs
            .command_line(process, &self.home, &self.config)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a process to start"))?;
        let log = self.open_log(process)?;
        // An environment of nothing; a process group of its own, so that the terminal's Ctrl-C reaches only us.
        Command::new(program)
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    fn open_log(&self, process: Process) -> io::Result<File> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.home.log_file(process);
        if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
            std::fs::rename(&path, path.with_extension("log.1"))?;
        }
        File::options().append(true).create(true).mode(0o600).open(path)
    }

    /// How a process ended, and whether it ended by itself and well: a zone does that to be raised anew.
    async fn until_end(
        &self,
        child: &mut Child,
        last: Stage,
        stages: &mut watch::Receiver<Stage>,
    ) -> (String, bool) {
        tokio::select! {
            ended = child.wait() => return describe(ended),
            _ = stages.wait_for(|stage| *stage >= last) => {}
        }
        if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // It may have ended by itself just now.
            let _ = kill_process(pid, Signal::TERM);
        }
        match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(ended) => describe(ended),
            Err(_elapsed) => {
                let killed = child.kill().await;
                let trouble = killed.err().map(|error| format!(": {error}")).unwrap_or_default();
                (format!("did not end when told to, and was killed{trouble}"), false)
            }
        }
    }

    fn see(&self, process: Process, change: impl FnOnce(&mut Seen)) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(process).or_default());
        let facts: serde_json::Map<_, _> = all
            .iter()
            .map(|(process, Seen { pid, heard: _, starts, last_end })| {
                let fact = json!({ "pid": pid, "restarts": starts.saturating_sub(1), "last_end": last_end });
                (process.to_string(), fact)
            })
            .collect();
        self.health.fact("processes", facts.into());
    }

    fn heard(&self, process: Process, answered: bool) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = all.get_mut(&process) else { return };
        let silent = seen.heard.is_some_and(|heard| heard.elapsed() >= self.config.unresponsive_after);
        if answered {
            seen.heard = Some(Instant::now());
        } else if silent
            && let Some(pid) = seen.pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
        {
            tracing::warn!(
                "{process} has not answered for {:?} and is killed",
                self.config.unresponsive_after
            );
            seen.heard = Some(Instant::now());
            // Its keeper sees it end and raises a fresh one.
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    /// Asks every process how it is, five times a second. One that gives no answer for too long is killed: what hangs
    /// never ends by itself, and a fresh one is raised in its place.
    async fn watch(self) {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for process in Self::processes() {
                let answer = ask(&self.config.health_socket(process)).await;
                self.heard(process, answer.is_ok());
                let readiness = match answer {
                    Ok(report) if report.ready => Readiness::Ready,
                    Ok(report) => Readiness::NotReady(why_not(&report.checks)),
                    Err(_) => Readiness::NotReady("does not answer".to_owned()),
                };
                self.health.set(process.as_str(), readiness);
            }
        }
    }
}

fn why_not(checks: &BTreeMap<String, Readiness>) -> String {
    let missing = checks.iter().filter_map(|(name, readiness)| match readiness {
        Readiness::Ready => None,
        Readiness::NotReady(why) => Some(format!("{name}: {why}")),
    });
    missing.collect::<Vec<_>>().join("; ")
}

fn describe(ended: io::Result<ExitStatus>) -> (String, bool) {
    ended.map_or_else(
        |error| (format!("cannot be waited for: {error}"), false),
        |status| (format!("ended with {status}"), status.success()),
    )
}
