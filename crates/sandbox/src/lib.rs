//! A process gives up powers for good.
//!
//! A zone's main opens what it needs (its bridge, its log, its configuration), calls [`enter`], and only then starts
//! its runtime. Afterwards everything that is open keeps working, and nothing else can be had: not by the program,
//! and not by whoever takes it over.
//!
//! What the process cannot do for itself is its spawner's duty: an environment holding only what the zone needs
//! (taking it away in-process is not safe, and the kernel keeps the first copy in `/proc/self/environ`), no
//! descriptors but those meant for it ([`keep_descriptors_to_ourselves`]), and a user of its own.
//!
//! What these walls do not do. They do not give the process a root folder or a network namespace of its own: it can
//! still see that a file exists, and its size (`stat`), and list the processes that `/proc` shows to `stat`. The
//! system call filter names what is refused and lets the rest through, so a call that Linux gains tomorrow is not
//! refused until it is named here or a list of what is allowed replaces this one.
//!
//! Two lines of this crate are `unsafe`: one gives an inherited descriptor its type, one runs between fork and exec.

mod birth;
mod inherited;
mod limits;
mod parent;
mod powers;
mod probe;
mod reach;
#[cfg(target_os = "linux")]
mod system_calls;
mod walls;

pub use birth::start_in;
pub use inherited::keep_descriptors_to_ourselves;
pub use parent::{Leash, Orphaned, die_with_parent};
pub use powers::{Powers, Requirement, UnknownRequirement};
pub use probe::{Attempt, Targets, Tried, probe};
pub use walls::{Wall, WallState, Walls};

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
}

/// Gives up every power that `powers` does not keep, for this process and all that it may start.
///
/// The order matters:
///
/// 1. Threads are counted, because most walls hold only for the calling thread and those it starts later.
/// 2. Core dumps go first: until then a crash would write this process's memory to a disk.
/// 3. Limits on open files and memory, which need no privilege and cannot fail later.
/// 4. No new privileges: an unprivileged process may raise walls 5 and 6 only after it.
/// 5. Landlock, which needs to open descriptors and calls that wall 6 may refuse.
/// 6. The system call filter is last, because it refuses what raising the others takes.
///
/// With [`Requirement::Require`], the first wanted wall that is missing is the error; the process must then end.
/// With [`Requirement::BestEffort`] it is reported in [`Walls`].
pub fn enter(powers: Powers, requirement: Requirement) -> Result<Walls, CannotEnter> {
    if let Some(threads) = running_threads().filter(|&threads| threads > 1) {
        return Err(CannotEnter::TooLate { threads });
    }
    let mut walls = vec![
        Wall { name: "core-dumps", state: limits::no_core_dumps() },
        Wall { name: "open-files", state: limits::open_files(powers.open_files) },
        Wall { name: "memory", state: limits::memory(powers.memory) },
        Wall { name: "new-privileges", state: limits::no_new_privileges() },
    ];
    let [files, tcp, scope] = reach::only_what_is_open(&powers);
    walls.extend([
        Wall { name: "files", state: files },
        Wall { name: "tcp", state: tcp },
        Wall { name: "scope", state: scope },
        Wall { name: "system-calls", state: system_calls(&powers) },
    ]);
    let walls = Walls::new(walls);
    if requirement == Requirement::Require
        && let Some((wall, why)) = walls.missing().next()
    {
        return Err(CannotEnter::Missing { wall: wall.name, why: why.to_owned(), mend: wall.mend() });
    }
    Ok(walls)
}

#[cfg(target_os = "linux")]
use system_calls::refuse_given_up as system_calls;

#[cfg(not(target_os = "linux"))]
fn system_calls(powers: &Powers) -> WallState {
    if powers.keeps_everything() { WallState::NotWanted } else { walls::not_raised_here() }
}

/// `None` where the system does not tell: then the filter's own synchronisation over all threads has to do.
fn running_threads() -> Option<usize> {
    if cfg!(target_os = "linux") { Some(std::fs::read_dir("/proc/self/task").ok()?.count()) } else { None }
}
