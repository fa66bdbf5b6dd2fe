//! Core dumps, limits and new privileges.
//!
//! Two limits are left alone on purpose. `RLIMIT_FSIZE` 0 would silence the log, because standard error is a file.
//! `RLIMIT_NPROC` counts all processes of a user, so it would let one zone starve another; the system call filter
//! refuses new processes instead.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::powers::Bound;
use crate::walls::WallState;

/// The limit keeps a kernel from writing a core file.
pub(crate) fn no_core_files() -> WallState {
    let zero = Rlimit { current: Some(0), maximum: Some(0) };
    match setrlimit(Resource::Core, zero) {
        Ok(()) => WallState::Stands,
        Err(error) => WallState::missing(format_args!("`setrlimit(RLIMIT_CORE)`: {error}")),
    }
}

/// Not being dumpable also keeps a `core_pattern` pipe, which ignores the limit, from getting a core, and a process of
/// the same user from attaching or reading `/proc/PID/mem`. A change of user sets it anew, so it comes after that.
#[cfg(target_os = "linux")]
pub(crate) fn not_dumpable() -> WallState {
    use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};
    match set_dumpable_behavior(DumpableBehavior::NotDumpable).and_then(|()| dumpable_behavior()) {
        Ok(DumpableBehavior::NotDumpable) => WallState::Stands,
        Ok(other) => WallState::missing(format_args!("the process is still {other:?}")),
        Err(error) => WallState::missing(format_args!("`prctl(PR_SET_DUMPABLE)`: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn not_dumpable() -> WallState {
    WallState::Stands
}

/// Keeps this process's memory out of core files and from other processes of its user, for programs that hold secrets and do not
/// [`enter`](crate::enter) walls. A change of user, and a new program, set it anew.
///
/// # Errors
/// What the system did not grant, in words.
pub fn keep_memory_private() -> Result<(), String> {
    for state in [no_core_files(), not_dumpable()] {
        if let WallState::Missing { why } = state {
            return Err(why);
        }
    }
    Ok(())
}

/// A leak of descriptors, or a peer that opens connections, ends here and not at the machine's limit.
pub(crate) fn open_files(bound: Bound) -> WallState {
    bounded(Resource::Nofile, "RLIMIT_NOFILE", bound)
}

/// `RLIMIT_DATA` counts private writable memory, `RLIMIT_AS` also what is only reserved: thread stacks and the
/// allocator's arenas reserve far more than they use.
#[cfg(target_os = "linux")]
pub(crate) fn memory(bound: Bound) -> WallState {
    bounded(Resource::Data, "RLIMIT_DATA", bound)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn memory(bound: Bound) -> WallState {
    match bound {
        Bound::AsGiven => WallState::NotWanted,
        Bound::AtMost(_) => WallState::missing("this system does not hold a process to a memory limit"),
    }
}

fn bounded(resource: Resource, name: &str, bound: Bound) -> WallState {
    let Bound::AtMost(bound) = bound else { return WallState::NotWanted };
    // Never above what was given: a stricter supervisor wins.
    let given = getrlimit(resource).maximum.unwrap_or(u64::MAX).min(bound);
    match setrlimit(resource, Rlimit { current: Some(given), maximum: Some(given) }) {
        Ok(()) => WallState::Stands,
        Err(error) => WallState::missing(format_args!("`setrlimit({name})`: {error}")),
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn no_new_privileges() -> WallState {
    use rustix::thread::{no_new_privs, set_no_new_privs};
    match set_no_new_privs(true).and_then(|()| no_new_privs()) {
        Ok(true) => WallState::Stands,
        Ok(false) => WallState::missing("the kernel did not keep the setting"),
        Err(error) => WallState::missing(format_args!("`prctl(PR_SET_NO_NEW_PRIVS)`: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn no_new_privileges() -> WallState {
    crate::walls::not_raised_here()
}
