//! One process's life: raised, watched, raised again when it ends, left down when it ends too often or is told to.

use crate::launch::{Launched, Launcher};
use crate::local::Stage;
use crate::orders::{Order, Wanted};
use crate::pauses::{
    FIRST_PAUSE, LONGEST_PAUSE, TOO_OFTEN, TOO_OFTEN_WITHIN, lately, pause_after, pause_after_meal,
};
use crate::standing::{Standings, State};
use crate::tell::{Tale, Teller};
use action::Role;
use home::Process;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use zone_bridge::HAD_ITS_FILL;

/// Who ran this long is believed to be well again.
const WELL_AGAIN: Duration = Duration::from_secs(30);
/// How long a process may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(3);

/// Keeps one process up until everything is stopped.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) process: Process,
    pub(crate) launcher: Launcher,
    pub(crate) standings: Standings,
    pub(crate) teller: Teller,
    /// At this stage of stopping, this process is stopped.
    pub(crate) last: Stage,
    pub(crate) stages: watch::Receiver<Stage>,
    pub(crate) orders: mpsc::Receiver<Order>,
    /// When it ended without being told to, lately.
    pub(crate) ends: VecDeque<Instant>,
    /// When it ended well, lately.
    pub(crate) well_ends: VecDeque<Instant>,
    pub(crate) pause: Duration,
}

/// Why a process is not running any more.
enum End {
    /// Everything is being stopped.
    Over(String),
    /// It ended by itself, and well: a zone does that to be raised anew.
    Well(String),
    /// It has read as much as one process may.
    Fed(String),
    /// It ended by itself, and not well.
    Badly(String),
    /// The owner said so.
    Ordered(Order, String),
}

// === impl Keeper ===

impl Keeper {
    /// A keeper of a process that has not been started yet.
    pub(crate) fn new(
        process: Process,
        (launcher, standings, teller): (Launcher, Standings, Teller),
        (last, stages): (Stage, watch::Receiver<Stage>),
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let (ends, well_ends, pause) = (VecDeque::new(), VecDeque::new(), FIRST_PAUSE);
        Self { process, launcher, standings, teller, last, stages, orders, ends, well_ends, pause }
    }

    /// Raises the process again and again, until the stage comes at which it is stopped.
    pub(crate) async fn keep_up(mut self) {
        while !self.is_over() {
            if self.standings.of(self.process).state != State::Up {
                // Only an order changes that.
                self.rest(Duration::MAX).await;
                continue;
            }
            if !self.bridge_is_up().await {
                continue;
            }
            let executor = self.standings.of(Process::Executor).starts;
            let began = Instant::now();
            let end = match self.launcher.launch(self.process) {
                Ok(launched) => self.live(launched).await,
                Err(error) => End::Badly(format!("cannot be started: {error}")),
            };
            match end {
                End::Over(_) => {}
                End::Ordered(order, how) => self.obey(order, &how),
                End::Well(how) => {
                    self.note_end(&how);
                    self.pause = FIRST_PAUSE;
                    let pause = pause_after(lately(&mut self.well_ends));
                    self.rest(pause).await;
                }
                End::Fed(how) => {
                    self.note_end(&how);
                    self.pause = FIRST_PAUSE;
                    if let Some(pause) = pause_after_meal(began.elapsed(), &mut self.well_ends) {
                        self.rest(pause).await;
                    }
                }
                End::Badly(how) => {
                    self.note_end(&how);
                    self.come_back(began, executor).await;
                }
            }
        }
    }

    /// The process from its start to its end. What it may have left in its cell ends with it.
    async fn live(&mut self, launched: Launched) -> End {
        let Launched { mut child, cell } = launched;
        self.standings.raised(self.process, child.id(), self.launcher.cells.walls());
        // The executor says so itself.
        if self.process != Process::Executor {
            self.teller.tell(self.process, Tale::Raised);
        }
        let end = self.until_end(&mut child).await;
        // Where nothing can be killed at once, `status` says so.
        if cell.kill().is_ok() && !cell.wait_until_empty(PATIENCE) {
            tracing::error!("{}: something in its cell does not die", self.process);
        }
        let (End::Over(how) | End::Well(how) | End::Fed(how) | End::Badly(how) | End::Ordered(_, how)) = &end;
        self.standings.ended(self.process, how);
        end
    }

    async fn until_end(&mut self, child: &mut Child) -> End {
        let last = self.last;
        loop {
            let order = tokio::select! {
                ended = child.wait() => return by_itself(self.process, ended),
                Some(order) = next(&mut self.orders) => order,
                () = comes(&mut self.stages, last) => return End::Over(stop(child).await),
            };
            match order.wanted {
                // It is up, so there is nothing to be done; who ordered it may have gone.
                Wanted::Start => drop(order.done.send(())),
                Wanted::Stop | Wanted::Restart => return End::Ordered(order, stop(child).await),
                Wanted::StopBreached => return End::Ordered(order, kill(child).await),
            }
        }
    }

    /// After an end that nobody wanted: later and later, and not at all after too many.
    async fn come_back(&mut self, began: Instant, executor: u32) {
        if began.elapsed() >= WELL_AGAIN {
            self.pause = FIRST_PAUSE;
        }
        self.rest(self.pause).await;
        let now = self.standings.of(Process::Executor);
        if self.process != Process::Executor && (now.starts != executor || now.pid.is_none()) {
            // It lost its bridge and ended, as it should: that is the executor's end, not its own.
            self.pause = FIRST_PAUSE;
            return;
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        if lately(&mut self.ends) >= TOO_OFTEN {
            let within = TOO_OFTEN_WITHIN.as_secs();
            let why = format!("it ended {TOO_OFTEN} times within {within} s and stays down");
            tracing::error!("{}: {why}", self.process);
            self.teller.tell(self.process, Tale::GivenUp(why.clone()));
            let alert = format!("{why}; see its log, then: moltctl zones start {}", self.process);
            self.stay(State::GivenUp, Some(alert));
        }
    }

    fn note_end(&self, how: &str) {
        tracing::warn!("{} {how}", self.process);
        self.teller.tell(self.process, Tale::Ended(how.to_owned()));
    }

    fn obey(&mut self, Order { wanted, done }: Order, how: &str) {
        self.ends.clear();
        self.pause = FIRST_PAUSE;
        match wanted {
            Wanted::Start => self.stay(State::Up, None),
            Wanted::Restart => {
                self.teller.tell(self.process, Tale::Ended(format!("{how}, as the owner ordered")));
                self.stay(State::Up, None);
            }
            Wanted::Stop => {
                self.teller.tell(self.process, Tale::Ended(format!("{how}, as the owner ordered")));
                self.stay(State::Down, None);
            }
            // Whoever ordered it knows what got through, and says so.
            Wanted::StopBreached => self.standings.change(self.process, |it| it.state = State::Breached),
        }
        // Who ordered it may have gone.
        let _ = done.send(());
    }

    fn stay(&self, state: State, alert: Option<String>) {
        self.standings.change(self.process, |it| (it.state, it.alert) = (state, alert));
    }

    /// A pause that an order or the end of everything cuts short.
    async fn rest(&mut self, pause: Duration) {
        let order = tokio::select! {
            () = tokio::time::sleep(pause) => None,
            Some(order) = next(&mut self.orders) => Some(order),
            () = comes(&mut self.stages, self.last) => None,
        };
        if let Some(order) = order {
            self.obey(order, "it was down");
        }
    }

    /// A zone dials once and ends when nobody answers, so it is raised only when somebody does. `false` when something
    /// else is to be looked at first.
    async fn bridge_is_up(&mut self) -> bool {
        let Process::Zone(role) = self.process else { return true };
        let socket = self.launcher.config.bridge_socket(role);
        if tokio::net::UnixStream::connect(&socket).await.is_ok() {
            return true;
        }
        self.rest(Duration::from_millis(50)).await;
        false
    }

    fn is_over(&self) -> bool {
        *self.stages.borrow() >= self.last
    }
}

/// The next order; `None` only when there will be no more, and then never.
async fn next(orders: &mut mpsc::Receiver<Order>) -> Option<Order> {
    match orders.recv().await {
        Some(order) => Some(order),
        None => std::future::pending().await,
    }
}

/// Waits until everything is being stopped as far as this.
async fn comes(stages: &mut watch::Receiver<Stage>, last: Stage) {
    // Its sender lives as long as the supervisor; were it gone, that would be the end too.
    let _ = stages.wait_for(|stage| *stage >= last).await;
}

fn by_itself(process: Process, ended: io::Result<ExitStatus>) -> End {
    let is_reader = matches!(
        process,
        Process::Zone(Role::ReaderEmail | Role::ReaderTelegram | Role::ReaderSlack | Role::ReaderSms)
    );
    match ended {
        Ok(status) if is_reader && status.code() == Some(i32::from(HAD_ITS_FILL)) => {
            End::Fed("ended, having read as much as one process may".to_owned())
        }
        Ok(status) if status.success() => End::Well(format!("ended with {status}")),
        Ok(status) => End::Badly(format!("ended with {status}")),
        Err(error) => End::Badly(format!("cannot be waited for: {error}")),
    }
}

/// Tells a process to end, and kills it when it does not.
async fn stop(child: &mut Child) -> String {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // It may have ended by itself just now.
        let _ = kill_process(pid, Signal::TERM);
    }
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) => format!("ended with {status}"),
        Ok(Err(error)) => format!("cannot be waited for: {error}"),
        Err(_elapsed) => format!("did not end when told to; {}", kill(child).await),
    }
}

async fn kill(child: &mut Child) -> String {
    match child.kill().await {
        Ok(()) => "was killed".to_owned(),
        Err(error) => format!("cannot be killed: {error}"),
    }
}
