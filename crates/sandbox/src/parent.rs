//! A zone ends with the process that started it.

/// Whether the system will end this process with its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "without a leash the process must watch its bridge instead"]
pub enum Leash {
    /// The kernel kills this process when its parent dies.
    Held,
    /// This system has no such thing.
    NotHere {
        /// What does the work instead.
        why: &'static str,
    },
}

/// Why a process is not on its parent's leash.
#[derive(Debug, thiserror::Error)]
pub enum Orphaned {
    /// The parent died before the leash was on.
    #[error("the parent {expected} is gone: this process now belongs to {found}")]
    ParentGone {
        /// The process that should be the parent.
        expected: u32,
        /// The process that is.
        found: u32,
    },
    /// The kernel refused.
    #[error("`prctl(PR_SET_PDEATHSIG)` failed")]
    Refused(#[source] std::io::Error),
}

/// Asks the kernel to kill this process when its parent dies, and checks that the parent is still `parent`, which may
/// have died in between.
///
/// Call it after the last change of user (which takes the leash off) and before [`enter`](crate::enter). The kernel
/// watches the *thread* that started this process: a supervisor must spawn zones from a thread that lives as long as
/// itself. The signal is `SIGKILL`, because a process that was taken over could ignore a gentler one.
#[cfg(target_os = "linux")]
pub fn die_with_parent(parent: u32) -> Result<Leash, Orphaned> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| Orphaned::Refused(error.into()))?;
    let found = u32::try_from(Pid::as_raw(getppid())).unwrap_or(0);
    if found == parent { Ok(Leash::Held) } else { Err(Orphaned::ParentGone { expected: parent, found }) }
}

/// Does nothing: only Linux has this.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent(_parent: u32) -> Result<Leash, Orphaned> {
    Ok(Leash::NotHere {
        why: "only Linux ends a process with its parent; here the zone ends when its bridge closes",
    })
}
