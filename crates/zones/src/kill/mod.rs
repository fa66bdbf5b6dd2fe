//! Stopping everything at once, from outside: it talks to nobody who could be the one to be stopped.
//!
//! The latch comes first, so that whatever happens next finds it. Then every cell is killed, zones first, and last their
//! parent, in which nothing can be born any more. What runs outside of cells is on its supervisor's leash and dies with it.
//! It is over when nothing is left: no cell is populated, and nobody holds the locks that the supervisor, the executor and
//! the control plane hold as long as they live, not even with a stopped or hung process.
//!
//! It starts no process, needs at most a handful of descriptors, and one thread only so that a file system which does not
//! answer cannot hold it up.

mod leash;
mod locks;

use crate::{Cell, Cells};
use home::{Home, Latch, Latched, Order, Process};
use leash::Members;
use locks::Locks;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long the latch is waited for before the killing goes on without it.
const LATCH_PATIENCE: Duration = Duration::from_millis(250);

/// How long everything may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the leash has to end what runs outside of cells.
const LEASH_PATIENCE: Duration = Duration::from_millis(500);

/// How often is killed again what should be dead.
const AGAIN: Duration = Duration::from_millis(50);

/// How a kill went. Times are counted from the trigger.
#[derive(Clone, Debug, Default)]
pub struct Killing {
    /// Until the latch was set; `None` when it could not be, or not in time.
    pub latched: Option<Duration>,
    /// Why it could not be.
    pub latch_trouble: Option<String>,
    /// Until no process of any zone was left; so for the others.
    pub zones_gone: Option<Duration>,
    /// Until the executor was gone.
    pub executor_gone: Option<Duration>,
    /// Until nothing was left.
    pub all_gone: Option<Duration>,
    /// What still runs, for people.
    pub left: Vec<String>,
}

/// What a kill would do, for people.
#[derive(Clone, Debug, Default)]
pub struct WouldKill {
    /// Every cell that something runs in, and every process that is found outside of cells.
    pub targets: Vec<String>,
}

// === impl Killing ===

impl Killing {
    /// Whether nothing is left and nothing can be started again.
    pub fn is_done(&self) -> bool {
        self.left.is_empty() && self.latch_trouble.is_none() && self.latched.is_some()
    }
}

/// Kills everything of a home. Returns when nothing is left, or when something does not die.
pub fn kill(home: &Home, order: &Order) -> Killing {
    let trigger = Instant::now();
    let latching = set_latch(home, order, trigger);
    let mut killing = Killing::default();
    note_latch(&mut killing, latching.recv_timeout(LATCH_PATIENCE).ok());

    let near = Cells::find_nearby(home);
    let locks = Locks::of(home);
    // Where cells do not hold everything, what is on the leash is looked up while it can still be told whose it is.
    let mut outside = if near.can_kill() { None } else { Some(Members::find(home, &locks)) };
    shoot(&near);
    // Two supervisors of one home may have stood in different groups.
    let cells = Cells::find(home);
    shoot(&cells);

    let deadline = trigger + PATIENCE;
    let mut again = Instant::now() + AGAIN;
    while Instant::now() < deadline {
        note_progress(&cells, &locks, outside.as_ref(), &mut killing, trigger);
        if killing.zones_gone.is_some()
            && killing.executor_gone.is_some()
            && !cells.is_populated()
            && !locks.any()
        {
            let gone = trigger.elapsed();
            if what_is_left(home).is_empty() {
                killing.all_gone = Some(gone);
                break;
            }
        }
        if !cells.is_populated() || !cells.can_kill() {
            // Whoever lives now lives outside of cells.
            let outside = outside.get_or_insert_with(|| Members::find(home, &locks));
            outside.kill(home, &locks, LEASH_PATIENCE);
        }
        if Instant::now() >= again {
            shoot(&cells);
            again = Instant::now() + AGAIN;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    killing.left = what_is_left(home);
    if killing.left.is_empty() {
        cells.remove();
    }
    note_latch(&mut killing, latching.recv_timeout(Duration::from_millis(1)).ok());
    confirm_latch(home, order, &mut killing, trigger);
    killing
}

/// What a kill would meet. Nothing is touched.
pub fn would_kill(home: &Home) -> WouldKill {
    WouldKill { targets: what_is_left(home) }
}

/// What of a home runs, however it was started.
pub fn what_is_left(home: &Home) -> Vec<String> {
    let cells = Cells::find(home);
    let in_cells =
        cells.all().filter(Cell::is_populated).map(|cell| format!("the cell of {}", cell.process()));
    let mut left: Vec<_> = in_cells.collect();
    if cells.is_populated() && left.is_empty() {
        left.push("a process in the cells' parent".to_owned());
    }
    let locks = Locks::of(home);
    left.extend(locks.in_words());
    left.extend(Members::find(home, &locks).in_words());
    left
}

/// On a thread, because a file system may not answer; without one where there is no thread to be had.
fn set_latch(home: &Home, order: &Order, trigger: Instant) -> mpsc::Receiver<Result<Duration, String>> {
    let (done, wait) = mpsc::channel();
    let (latch, order) = (Latch::of(home), order.clone());
    let set = move || {
        let set = latch.kill(&order).map(|()| trigger.elapsed()).map_err(|error| error.to_string());
        // Who waited may have gone on.
        let _ = done.send(set);
    };
    let set = std::sync::Arc::new(std::sync::Mutex::new(Some(set)));
    let take = |set: &std::sync::Mutex<Option<_>>| set.lock().ok().and_then(|mut set| set.take());
    let on_thread = std::sync::Arc::clone(&set);
    let thread = std::thread::Builder::new().name("latch".to_owned());
    let spawned = thread.spawn(move || {
        if let Some(set) = on_thread.lock().ok().and_then(|mut set| set.take()) {
            set();
        }
    });
    if spawned.is_err()
        && let Some(set) = take(&set)
    {
        set();
    }
    wait
}

fn note_latch(killing: &mut Killing, said: Option<Result<Duration, String>>) {
    match said {
        Some(Ok(after)) => killing.latched = Some(after),
        Some(Err(why)) => killing.latch_trouble = Some(why),
        None => {}
    }
}

/// Somebody may have lifted a freeze in the same moment, and nothing is durable yet: once more, now that nothing runs.
fn confirm_latch(home: &Home, order: &Order, killing: &mut Killing, trigger: Instant) {
    let latch = Latch::of(home);
    let set = latch.kill(order).map_err(|error| error.to_string());
    let durable = set.and_then(|()| latch.make_durable().map_err(|error| error.to_string()));
    match durable {
        Ok(()) if matches!(latch.read(), Latched::Killed(_)) => {
            killing.latch_trouble = None;
            killing.latched.get_or_insert_with(|| trigger.elapsed());
        }
        Ok(()) => killing.latch_trouble = Some("somebody took it away".to_owned()),
        Err(why) => killing.latch_trouble = Some(why),
    }
}

/// Kills every cell, in order, then all of them together. Where one cannot be killed the wait shows it.
fn shoot(cells: &Cells) {
    for cell in cells.all() {
        let _ = cell.kill();
    }
    let _ = cells.kill_all();
}

fn note_progress(
    cells: &Cells,
    locks: &Locks,
    outside: Option<&Members>,
    killing: &mut Killing,
    trigger: Instant,
) {
    let is_zone = |process| matches!(process, Process::Zone(role) if role != action::Role::ControlPlane);
    let is_gone = |is: &dyn Fn(Process) -> bool| {
        !outside.is_some_and(|outside| outside.any(is))
            && !cells.all().any(|cell| is(cell.process()) && cell.is_populated())
    };
    if killing.zones_gone.is_none() && is_gone(&is_zone) {
        killing.zones_gone = Some(trigger.elapsed());
    }
    let is_executor = |process| process == Process::Executor;
    if killing.executor_gone.is_none() && is_gone(&is_executor) && !locks.is_held_by(Process::Executor) {
        killing.executor_gone = Some(trigger.elapsed());
    }
}
