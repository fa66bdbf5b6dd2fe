//! The process outside: it waits for the zone, and they end together.
//!
//! A pid namespace takes in children only, so the zone goes on in a child, whose death takes along everything that it
//! may have started. What was started first stays outside as its guard, because that is whom the supervisor knows: it
//! has nothing, can do nothing but wait, and ends as the zone ends. Whoever kills the guard kills the zone.

use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Gid, Pid, Signal, Uid, WaitOptions, getppid, set_parent_process_death_signal, waitpid,
};

use crate::proc::Proc;
use crate::walls::WallState;
use crate::{CannotEnter, User, capabilities, descriptors, filter, limits, user};

/// The zone's end of the line to its guard.
pub(crate) struct Guarded(UnixStream);

/// Whether this process was on the leash of its parent, which every change of credentials takes off.
#[derive(Clone, Copy)]
pub(crate) struct Leash {
    signal: Option<Signal>,
    parent: Option<Pid>,
}

/// What a zone says to its guard, once: do what only root can do for me, or do nothing.
const WRITE_MY_MAPS: u8 = b'm';
const NOTHING: u8 = b'n';

/// What the guard says when it cannot even wait.
const LOST: i32 = 70;

/// Goes on as a child. The parent never returns from here.
///
/// Contract: this process has one thread ([`enter`](crate::enter) counts), so the child may do anything that the
/// parent could.
pub(crate) fn divide(proc: &Proc, user: Option<User>, leash: Leash) -> Result<Guarded, CannotEnter> {
    let (zones, guards) = UnixStream::pair().map_err(CannotEnter::NoGuard)?;
    #[expect(unsafe_code, reason = "a fork has no safe wrapper: with threads it would be deadly")]
    // SAFETY: there is one thread, so no lock is held by a thread that the child will not have.
    let forked = unsafe { libc::fork() };
    match forked {
        -1 => Err(CannotEnter::NoGuard(std::io::Error::last_os_error())),
        0 => Ok(Guarded(zones)),
        zone => {
            drop(zones);
            guard(zone, guards, proc, user, leash)
        }
    }
}

// === impl Guarded ===

impl Guarded {
    /// Has the guard write the maps of this process's new user namespace.
    pub(crate) fn ask_for_maps(&self) -> rustix::io::Result<()> {
        let mut answer = [0];
        let mut line = &self.0;
        match line.write_all(&[WRITE_MY_MAPS]).and_then(|()| line.read_exact(&mut answer)) {
            Ok(()) if answer == [0] => Ok(()),
            Ok(()) => Err(Errno::from_raw_os_error(answer.map(i32::from)[0])),
            Err(_) => Err(Errno::PIPE),
        }
    }

    /// Lets the guard give up its own powers. Called once, whether maps were asked for or not.
    pub(crate) fn dismiss(&self) {
        // A guard that is gone is noticed by `hold`.
        let _ = (&self.0).write_all(&[NOTHING]);
    }

    /// Ties this process to its guard, after the last change of credentials. The state of the wall `pid-namespace`
    /// stays what it is; a guard that died before is an error.
    pub(crate) fn hold(self) -> Result<(), CannotEnter> {
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| CannotEnter::NoGuard(error.into()))?;
        // The guard holds its end of the line until it dies. Had it died before the line above, no signal would come.
        let mut line = [PollFd::new(&self.0, PollFlags::empty())];
        match poll(&mut line, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Ok(0) => Ok(()),
            Ok(_) => Err(CannotEnter::NoGuard(std::io::ErrorKind::BrokenPipe.into())),
            Err(error) => Err(CannotEnter::NoGuard(error.into())),
        }
    }
}

// === impl Leash ===

impl Leash {
    pub(crate) fn as_it_is() -> Leash {
        Leash { signal: rustix::process::parent_process_death_signal().ok().flatten(), parent: getppid() }
    }

    /// Puts the leash on again where it was on. `false` when the parent died meanwhile.
    pub(crate) fn put_on_again(self) -> bool {
        self.signal.is_none()
            || (set_parent_process_death_signal(self.signal).is_ok() && getppid() == self.parent)
    }
}

// === the guard ===

fn guard(zone: i32, mut line: UnixStream, proc: &Proc, user: Option<User>, leash: Leash) -> ! {
    let mut asked = [0];
    while line.read_exact(&mut asked).is_ok() && asked == [WRITE_MY_MAPS] {
        let (uid, gid) = user.map_or_else(
            || (rustix::process::getuid(), rustix::process::getgid()),
            |user| (Uid::from_raw(user.uid), Gid::from_raw(user.gid)),
        );
        let answer = match user::write_maps(proc, &zone.to_string(), uid, gid, true) {
            Ok(()) => 0,
            Err(errno) => u8::try_from(errno.raw_os_error()).unwrap_or(u8::MAX),
        };
        let _ = line.write_all(&[answer]);
    }
    if give_up_everything(&line, user, leash) { end_with(zone) } else { exit(LOST) }
}

/// The zone has told what it needs, or is gone. From here on there is nothing to do but wait.
fn give_up_everything(line: &UnixStream, user: Option<User>, leash: Leash) -> bool {
    let _ = rustix::thread::set_name(c"zone-guard");
    descriptors::close_all_but(line.as_raw_fd());
    capabilities::empty_the_bounding_set();
    if let Some(user) = user
        && capabilities::may(rustix::thread::CapabilitySet::SETUID)
        && user::change(user).is_err()
    {
        return false;
    }
    // The zone's own walls are judged; the guard's are what it can get, and the filter is what it must get.
    let _ = capabilities::drop_all();
    let _ = limits::not_dumpable();
    let _ = limits::no_new_privileges();
    leash.put_on_again() && filter::only_wait() == WallState::Stands
}

fn end_with(zone: i32) -> ! {
    loop {
        match waitpid(Pid::from_raw(zone), WaitOptions::empty()) {
            Ok(Some((_, status))) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => exit(code),
                (None, Some(signal)) => exit(128 + signal),
                (None, None) => {}
            },
            Ok(None) | Err(Errno::INTR) => {}
            Err(_) => exit(LOST),
        }
    }
}

/// Without what a runtime does at its end: that is the zone's to do.
fn exit(code: i32) -> ! {
    #[expect(unsafe_code, reason = "the standard library's way out runs handlers that are the zone's")]
    // SAFETY: `_exit` has no precondition.
    unsafe {
        libc::_exit(code)
    }
}
