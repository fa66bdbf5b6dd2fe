//! Cells: one control group (cgroup) per process of a home, under one parent per home, so that whatever a process
//! starts can be bounded, found and killed with it, however often it forks.
//!
//! The supervisor makes them ([`Cells::of`]) and moves into its own ([`Cells::settle`]); every process is born in its
//! cell (`sandbox::start_in` with [`Cell::admission`]). Anybody else who may write the tree finds them by their name
//! ([`Cells::find`]) and asks nobody.

mod find;
mod limits;
mod machine;
mod one;
mod trees;

pub use limits::Limits;
pub use one::Cell;

use crate::Supervisor;
use home::{Home, Process};
use sandbox::{Wall, WallState};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use trees::Tree;

/// How long what a dead supervisor left behind may take to die.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// The cells of one home, in every tree of this machine that has some.
#[derive(Clone, Debug)]
pub struct Cells {
    home: Home,
    trees: Vec<Tree>,
    /// What could not be made, for the walls.
    troubles: Vec<String>,
}

/// What an earlier supervisor left running does not die.
#[derive(Debug, thiserror::Error)]
#[error(
    "processes of an earlier run are in `{parent}` and do not die; see which with `cat {parent}/*/cgroup.procs`"
)]
pub struct Leftovers {
    parent: String,
}

/// How an operator gets a group that may be divided.
const MEND: &str =
    "as a service with `Delegate=yes`, or with `systemd-run --user --scope -p Delegate=yes moltctl up`";

// === impl Cells ===

impl Cells {
    /// Makes a cell for every process of a home wherever this machine allows it, below the group of this process. What is
    /// there already is used. What could not be made is in [`Self::walls`].
    pub fn of(home: &Home) -> Self {
        let mut cells = Self { home: home.clone(), trees: Vec::new(), troubles: Vec::new() };
        for hierarchy in machine::Hierarchy::all() {
            match Tree::make(&hierarchy, &name(home)) {
                Ok(tree) => cells.trees.push(tree),
                Err(why) => cells.troubles.push(why),
            }
        }
        cells.bound();
        find::leave_a_hint(home, cells.trees.iter().map(Tree::parent));
        cells
    }

    /// The cells of a home that are there, made by whomever; nothing is made.
    pub fn find(home: &Home) -> Self {
        let trees = find::everywhere(home, &name(home));
        Self { home: home.clone(), trees, troubles: Vec::new() }
    }

    /// As [`Self::find`], but looks only where they usually are: quick on a machine with thousands of groups.
    pub fn find_nearby(home: &Home) -> Self {
        let trees = find::nearby(home, &name(home));
        Self { home: home.clone(), trees, troubles: Vec::new() }
    }

    /// Kills what an earlier supervisor left in the cells and moves this process, the supervisor, into its own. Afterwards
    /// nothing but cells is in the group it came from, so that the group's controllers can be handed to them.
    ///
    /// Only the holder of the supervisor's lock may call this, and before it raises anything.
    pub fn settle(&mut self) -> Result<(), Leftovers> {
        if self.is_populated() && !self.trees.iter().any(Tree::holds_this_process) {
            // Where it cannot be done at once the wait below says so.
            let _ = self.kill_all();
            if !self.wait_until_empty(LEFTOVERS) {
                let parent = self.trees.first().map(|tree| tree.parent().display().to_string());
                return Err(Leftovers { parent: parent.unwrap_or_default() });
            }
        }
        // A tree that this process may not move in holds nothing that this process raises either.
        let (mut moved, troubles) = (Vec::new(), &mut self.troubles);
        for tree in self.trees.drain(..) {
            match put(&tree.leaf(Process::Supervisor).join("cgroup.procs"), "0") {
                Ok(()) => moved.push(tree),
                Err(why) => {
                    troubles.push(format!("cannot move into `{}`: {why}", tree.parent().display()));
                    tree.remove();
                }
            }
        }
        self.trees = moved;
        self.bound();
        Ok(())
    }

    /// The cell of a process.
    pub fn cell(&self, process: Process) -> Cell {
        Cell::new(process, self.trees.iter().map(|tree| (tree.version(), tree.leaf(process))).collect())
    }

    /// Every cell, in the order in which they are killed: the zones that read the world's text first, the owner's side and the
    /// supervisor last.
    pub fn all(&self) -> impl Iterator<Item = Cell> {
        kill_order().map(|process| self.cell(process))
    }

    /// Which of the walls that cells are stand around every process of this home.
    pub fn walls(&self) -> Vec<Wall> {
        let missing = |why: String| WallState::Missing { why };
        let kill =
            if self.trees.iter().any(Tree::can_kill) {
                WallState::Stands
            } else {
                missing(self.why_not(
                    "no group here can be killed at once (cgroup v2 with `cgroup.kill`, Linux 5.14)",
                ))
            };
        let mut walls = vec![Wall { name: "cell-kill", state: kill }];
        for controller in machine::Controller::ALL {
            let mut states = self.trees.iter().filter_map(|tree| tree.bounds(controller));
            let state = match states.find(|state| state.is_ok()).or_else(|| states.next()) {
                Some(Ok(())) => WallState::Stands,
                Some(Err(why)) => missing(why.clone()),
                None => {
                    let refused =
                        self.trees.iter().flat_map(Tree::refused).find(|(which, _)| *which == controller);
                    missing(refused.map_or_else(
                        || self.why_not(&format!("no group here has the {} controller", controller.as_str())),
                        |(_, why)| why.clone(),
                    ))
                }
            };
            walls.push(Wall { name: controller.wall(), state });
        }
        walls
    }

    /// Whether there are cells that can be killed at once.
    pub fn can_kill(&self) -> bool {
        self.trees.iter().any(Tree::can_kill)
    }

    /// Whether anything runs in any of the cells.
    pub fn is_populated(&self) -> bool {
        self.trees.iter().any(Tree::is_populated)
    }

    /// Kills everything in every cell, and what is born there meanwhile. It does not wait.
    pub fn kill_all(&self) -> io::Result<()> {
        let killed: Vec<_> = self.trees.iter().filter(|tree| tree.can_kill()).map(Tree::kill).collect();
        if killed.is_empty() {
            return Err(one::no_kill());
        }
        killed.into_iter().collect()
    }

    /// Waits until nothing runs in any cell; `false` when something still does after that time.
    pub fn wait_until_empty(&self, patience: Duration) -> bool {
        wait_until(patience, || !self.is_populated())
    }

    /// The name of the group that holds a home's cells, the same in every tree.
    pub fn name_of(home: &Home) -> String {
        name(home)
    }

    /// Whether there is any cell.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// Takes every empty cell away, and moves this process out of its own first. What is still in use stays, for the next
    /// supervisor to use or a kill to find.
    pub fn remove(&self) {
        self.trees.iter().for_each(Tree::remove);
        find::take_the_hint_away(&self.home);
    }

    fn bound(&mut self) {
        self.trees.iter_mut().for_each(Tree::bound);
    }

    fn why_not(&self, what: &str) -> String {
        let reasons: Vec<_> = std::iter::once(what).chain(self.troubles.iter().map(String::as_str)).collect();
        format!("{}; start it {MEND}", reasons.join("; "))
    }
}

/// The processes in the order in which they are killed.
fn kill_order() -> impl Iterator<Item = Process> {
    let is_owners = |process: &Process| matches!(process, Process::Zone(action::Role::ControlPlane));
    let zones = Supervisor::every_process()
        .filter(move |process| matches!(process, Process::Zone(_)) && !is_owners(process));
    zones.chain([Process::Executor, Process::Zone(action::Role::ControlPlane), Process::Supervisor])
}

/// The parent's name: the same for whoever names the same folder.
fn name(home: &Home) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let path = home.path().canonicalize().unwrap_or_else(|_| home.path().to_owned());
    let digits: String = action::Digest::of(path.as_os_str().as_bytes()).to_hex();
    format!("moltbot-{}", digits.get(..8).unwrap_or("unnamed"))
}

pub(crate) fn wait_until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        // The kernel tells of a change up to 10 ms late, so this looks for itself.
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Writes to a file of the kernel, which must be there.
fn put(file: &Path, value: &str) -> io::Result<()> {
    use std::io::Write as _;
    std::fs::File::options().write(true).open(file)?.write_all(value.as_bytes())
}
