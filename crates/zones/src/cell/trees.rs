//! The cells of a home in one tree: a parent, and below it a group per process.

use crate::Supervisor;
use crate::cell::machine::{Controller, Hierarchy, Version};
use crate::cell::{Limits, MEND, one, put};
use action::Role;
use home::Process;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// One tree's cells.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    hierarchy: Hierarchy,
    parent: PathBuf,
    names: Names,
    /// Whether each controller of this tree bounds every cell.
    bounds: BTreeMap<Controller, Result<(), String>>,
    /// Controllers that this tree has and that are not handed to the cells.
    refused: Vec<(Controller, String)>,
}

/// Who made the groups, and so how they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Our supervisor.
    Ours,
    /// systemd, after the units of `deploy/linux`. They are its to bound and to take away; anybody may kill in them.
    Units,
}

// === impl Tree ===

impl Tree {
    /// Makes the parent and a group for every process. The words of an error are for people.
    pub(crate) fn make(hierarchy: &Hierarchy, name: &str) -> Result<Self, String> {
        let tree = Self::at(hierarchy.clone(), below(&hierarchy.here, name), Names::Ours);
        for group in std::iter::once(tree.parent.clone()).chain(tree.every_leaf()) {
            match std::fs::create_dir(&group) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(format!("`{}` cannot be made: {error}", group.display()));
                }
                _ => {}
            }
        }
        Ok(tree)
    }

    /// The cells below a parent that is there.
    pub(crate) const fn at(hierarchy: Hierarchy, parent: PathBuf, names: Names) -> Self {
        Self { hierarchy, parent, names, bounds: BTreeMap::new(), refused: Vec::new() }
    }

    pub(crate) const fn version(&self) -> Version {
        self.hierarchy.version
    }

    pub(crate) fn parent(&self) -> &Path {
        &self.parent
    }

    pub(crate) fn leaf(&self, process: Process) -> PathBuf {
        self.parent.join(self.names.of(process))
    }

    fn every_leaf(&self) -> impl Iterator<Item = PathBuf> {
        Supervisor::every_process().chain([Process::Supervisor]).map(|process| self.leaf(process))
    }

    /// Hands the controllers to the cells where that is possible, and sets every limit.
    pub(crate) fn bound(&mut self) {
        self.refused.clear();
        let controllers: Vec<_> = match self.hierarchy.version {
            Version::V1 => self.hierarchy.controllers.iter().copied().collect(),
            Version::V2 => {
                let base = self.parent.parent().unwrap_or(&self.parent).to_owned();
                let offered = Controller::offered_in(&base).into_iter();
                let (given, refused): (Vec<_>, Vec<_>) = offered
                    .map(|controller| (controller, self.hand_down(&base, controller)))
                    .partition(|(_, handed)| handed.is_ok());
                let words = |(controller, handed): (_, io::Result<()>)| {
                    handed.err().map(|error| (controller, refusal(controller, &base, &error)))
                };
                self.refused = refused.into_iter().filter_map(words).collect();
                given.into_iter().map(|(controller, _)| controller).collect()
            }
        };
        let set = |controller| {
            let every = Supervisor::every_process().chain([Process::Supervisor]).try_for_each(|process| {
                Limits::of(process).set(controller, self.hierarchy.version, &self.leaf(process))
            });
            (controller, every.map_err(|error| format!("a limit does not hold: {error}")))
        };
        self.bounds = controllers.into_iter().map(set).collect();
    }

    /// A group with processes in it may not hand its controllers down, so this may work only after settling.
    fn hand_down(&self, base: &Path, controller: Controller) -> io::Result<()> {
        let word = format!("+{}", controller.as_str());
        put(&base.join("cgroup.subtree_control"), &word)?;
        put(&self.parent.join("cgroup.subtree_control"), &word)
    }

    pub(crate) fn bounds(&self, controller: Controller) -> Option<&Result<(), String>> {
        self.bounds.get(&controller)
    }

    pub(crate) fn refused(&self) -> impl Iterator<Item = &(Controller, String)> {
        self.refused.iter()
    }

    pub(crate) fn can_kill(&self) -> bool {
        self.hierarchy.version == Version::V2 && self.parent.join("cgroup.kill").exists()
    }

    pub(crate) fn kill(&self) -> io::Result<()> {
        one::kill(&self.parent)
    }

    pub(crate) fn is_populated(&self) -> bool {
        match self.hierarchy.version {
            Version::V2 => one::is_populated(Version::V2, &self.parent),
            Version::V1 => self.every_leaf().any(|leaf| one::is_populated(Version::V1, &leaf)),
        }
    }

    pub(crate) fn holds_this_process(&self) -> bool {
        self.hierarchy.here.starts_with(&self.parent)
            || Hierarchy::all().iter().any(|now| now.here.starts_with(&self.parent))
    }

    pub(crate) fn remove(&self) {
        if self.names == Names::Units {
            return;
        }
        if self.holds_this_process()
            && let Some(base) = self.parent.parent()
        {
            // A group that hands controllers down takes nobody back; then the cell stays until the group goes.
            let _ = put(&base.join("cgroup.procs"), "0");
        }
        // What is not empty stays.
        for group in self.every_leaf().chain([self.parent.clone()]) {
            let _ = std::fs::remove_dir(group);
        }
    }
}

// === impl Names ===

impl Names {
    fn of(self, process: Process) -> String {
        match (self, process) {
            (Self::Ours, process) => process.to_string(),
            (Self::Units, Process::Zone(Role::ReaderEmail)) => zone("reader@email"),
            (Self::Units, Process::Zone(Role::ReaderTelegram)) => zone("reader@telegram"),
            (Self::Units, Process::Zone(Role::ReaderSlack)) => zone("reader@slack"),
            (Self::Units, Process::Zone(Role::ReaderSms)) => zone("reader@sms"),
            (Self::Units, Process::Zone(Role::Planner)) => zone("planner"),
            (Self::Units, Process::Zone(Role::Doorkeeper)) => zone("doorkeeper"),
            // There is no unit of a supervisor, and a group that is not there is dead.
            (Self::Units, Process::Zone(Role::ControlPlane) | Process::Executor | Process::Supervisor) => {
                format!("moltbot-{process}.service")
            }
        }
    }
}

fn zone(name: &str) -> String {
    format!("moltbot-zones.slice/moltbot-{name}.service")
}

/// Below the group we stand in; when we are in a cell of this home already, beside it.
fn below(here: &Path, name: &str) -> PathBuf {
    let already = here.ancestors().find(|group| group.file_name().is_some_and(|last| last == name));
    already.map_or_else(|| here.join(name), Path::to_owned)
}

fn refusal(controller: Controller, base: &Path, error: &io::Error) -> String {
    let busy = error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error());
    let why = if busy { "other processes are in the same group".to_owned() } else { error.to_string() };
    format!(
        "the {} controller of `{}` cannot be handed down: {why}; start it {MEND}",
        controller.as_str(),
        base.display()
    )
}
