//! A process gives up powers for good.
//!
//! A zone's main opens what it needs (its bridge, its log, its configuration), calls [`enter`], and only then starts
//! its runtime. Afterwards everything that is open keeps working, and nothing else can be had: not by the program,
//! and not by whoever takes it over.
//!
//! What the process cannot do for itself is its spawner's duty: an environment holding only what the zone needs
//! (taking it away in-process is not safe, and the kernel keeps the first copy in `/proc/self/environ`). What it was
//! given open it closes itself, as its first act ([`close_inherited`]).
//!
//! What these walls do not do: they do not bound how much of the processor a zone uses (its supervisor's cell does), and
//! they do not keep it from saying what it likes on the bridge, which is why nobody at the other end believes it.
//!
//! All `unsafe` code of the workspace is here, each piece with the contract that makes it sound: raw descriptors
//! (`descriptors`), one fork (`guard`), what runs between a fork and an exec (`birth`), pages of one's own (`memory`), and calls that
//! have no safe wrapper.

#[cfg(target_os = "linux")]
mod allowed;
mod birth;
#[cfg(target_os = "linux")]
mod capabilities;
mod descriptors;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(all(test, target_os = "linux"))]
mod filter_tests;
#[cfg(target_os = "linux")]
mod guard;
mod limits;
#[cfg(target_os = "linux")]
mod machine;
mod memory;
#[cfg(target_os = "linux")]
mod namespaces;
mod parent;
mod powers;
mod probe;
#[cfg(target_os = "linux")]
mod proc;
mod reach;
#[cfg(target_os = "linux")]
mod refused;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod rule;
mod surroundings;
#[cfg(target_os = "linux")]
mod user;
mod walls;

pub use birth::start_in;
pub use descriptors::{close_inherited, keep_descriptors_to_ourselves};
pub use limits::keep_memory_private;
pub use memory::{Kept, PrivateMemory};
pub use parent::{Leash, Orphaned, die_with_parent};
pub use powers::{Powers, Requirement, UnknownRequirement};
pub use probe::{Attempt, Breached, Outcome, Targets, probe};
pub use surroundings::{Surroundings, UnknownUser, User};
pub use walls::{Wall, WallState, Walls};

use walls::name;

/// Why a process did not lock itself. It must end: part of its walls may stand already.
#[derive(Debug, thiserror::Error)]
pub enum CannotEnter {
    /// The walls are per thread, so a thread that exists already would stay outside them.
    #[error(
        "{threads} threads are running already: call `sandbox::enter` before the first thread and runtime"
    )]
    TooLate {
        /// How many threads the process has.
        threads: usize,
    },
    /// A wall that this process wants, and its configuration requires, could not be raised.
    #[error("the wall `{wall}` is required and cannot be raised here: {why}; {mend}")]
    Missing {
        /// The wall's name.
        wall: &'static str,
        /// What the system said.
        why: String,
        /// What the operator can do about it.
        mend: &'static str,
    },
    /// The zone has no guard that it would end with, or has lost it.
    #[error("the zone cannot be put under a guard, or its guard or parent is gone")]
    NoGuard(#[source] std::io::Error),
}

/// Gives up every power that `powers` does not keep, for this process and all that it may start.
///
/// The order matters:
///
/// 1. Threads are counted, because most walls hold only for the calling thread and those it starts later, and because a
///    process with threads cannot fork safely.
/// 2. Core files go first: until then a crash would write this process's memory to a disk.
/// 3. Limits on open files and memory, which need no privilege and cannot fail later.
/// 4. The machine: namespaces, an empty root, the zone's own user, no capabilities. **The zone goes on in a child of the
///    process that called**, which stays as its guard and never returns from here.
/// 5. Not dumpable, which the change of user would undo.
/// 6. No new privileges: an unprivileged process may raise walls 7 and 8 only after it.
/// 7. Landlock, which needs to open descriptors and calls that wall 8 refuses, and itself refuses to mount.
/// 8. The system call filter is last, because it refuses what raising the others takes.
///
/// With [`Requirement::Require`], the first wanted wall that is missing is the error; the process must then end.
/// With [`Requirement::BestEffort`] it is reported in [`Walls`].
pub fn enter(
    powers: Powers,
    surroundings: &Surroundings,
    requirement: Requirement,
) -> Result<Walls, CannotEnter> {
    if let Some(threads) = running_threads().filter(|&threads| threads > 1) {
        return Err(CannotEnter::TooLate { threads });
    }
    let raise = |name: &'static str, raised: &dyn Fn() -> WallState| Wall {
        name,
        state: if powers.want(name) { raised() } else { WallState::NotWanted },
    };
    let core_files = raise(name::CORE_DUMPS, &limits::no_core_files);
    let mut walls = vec![
        raise(name::OPEN_FILES, &|| limits::open_files(powers.open_files)),
        raise(name::MEMORY, &|| limits::memory(powers.memory)),
        raise(name::DESCRIPTORS, &descriptors::state),
    ];
    walls.extend(leave_the_machine(&powers, surroundings)?);
    walls.push(match core_files.state {
        WallState::Stands => raise(name::CORE_DUMPS, &limits::not_dumpable),
        WallState::Missing { .. } | WallState::NotWanted => core_files,
    });
    walls.push(raise(name::NEW_PRIVILEGES, &limits::no_new_privileges));
    walls.extend(reach::only_what_is_open(&powers));
    walls.push(raise(name::SYSTEM_CALLS, &|| system_calls(&powers)));
    let walls = Walls::new(walls);
    if requirement == Requirement::Require
        && let Some((wall, why)) = walls.missing().next()
    {
        return Err(CannotEnter::Missing { wall: wall.name, why: why.to_owned(), mend: wall.mend() });
    }
    Ok(walls)
}

#[cfg(target_os = "linux")]
use filter::hold_to_lists as system_calls;
#[cfg(target_os = "linux")]
use machine::leave as leave_the_machine;

#[cfg(not(target_os = "linux"))]
fn system_calls(powers: &Powers) -> WallState {
    if powers.keeps_everything() { WallState::NotWanted } else { walls::not_raised_here() }
}

/// Only Linux has namespaces; what Seatbelt does instead is told by the walls `files` and `tcp`.
#[cfg(not(target_os = "linux"))]
fn leave_the_machine(_powers: &Powers, _surroundings: &Surroundings) -> Result<Vec<Wall>, CannotEnter> {
    Ok(Vec::new())
}

/// `None` where the system does not tell: then the filter's own synchronisation over all threads has to do.
fn running_threads() -> Option<usize> {
    if cfg!(target_os = "linux") { Some(std::fs::read_dir("/proc/self/task").ok()?.count()) } else { None }
}
