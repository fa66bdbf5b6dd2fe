//! Descriptors that this process was given and that are nobody else's business.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::BorrowedFd;
use rustix::fs::{FileType, fstat};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::walls::WallState;

/// Where a system lists the descriptors of the process that looks.
const LISTS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];

/// Without a list every number up to here is tried.
const TRIED_BLINDLY: RawFd = 65_536;

/// Standard input, output and error; the last is the log.
const STANDARD: RawFd = 2;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Closes everything that this process was given but standard input, output and error.
///
/// Contract: it is the first call of `main`, before anything is opened, so whatever is open then has no owner in this
/// program.
pub fn close_inherited() {
    for number in open_now().into_iter().filter(|&number| number > STANDARD) {
        close(number);
    }
    CLOSED.store(true, Ordering::Relaxed);
}

/// Closes everything but one, standard input, output and error too: for a process that will do nothing more.
#[cfg(target_os = "linux")]
pub(crate) fn close_all_but(kept: RawFd) {
    let kept = kept.unsigned_abs();
    let ranges = [kept.checked_sub(1).map(|last| (0, last)), Some((kept + 1, u32::MAX))];
    for (first, last) in ranges.into_iter().flatten() {
        #[expect(unsafe_code, reason = "these descriptors have no owner any more")]
        // SAFETY: the process that calls this does nothing but wait afterwards.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        if closed != 0 {
            // Before Linux 5.9. There may be no list either, because the root is empty already.
            (0..TRIED_BLINDLY).filter(|number| number.unsigned_abs() != kept).for_each(close);
        }
    }
}

/// Sees to it that programs started from now on inherit standard input, output and error and nothing else.
///
/// What this process opens itself is closed for them anyway; this is about what a shell, a service manager or an
/// editor's terminal left open when it started us.
pub fn keep_descriptors_to_ourselves() {
    for number in open_now().into_iter().filter(|&number| number > STANDARD) {
        // One that was closed meanwhile needs nothing.
        let _ = fcntl_setfd(borrowed(number), FdFlags::CLOEXEC);
    }
}

/// The state of the wall `descriptors`: what was inherited is closed, and no folder is open, which would be a way out
/// of any root.
pub(crate) fn state() -> WallState {
    if !CLOSED.load(Ordering::Relaxed) {
        return WallState::missing("`close_inherited` was not called at the start of `main`");
    }
    // A list of descriptors is read through one, which is closed when they are looked at.
    let is_folder = |&number: &RawFd| {
        fstat(borrowed(number))
            .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    };
    match open_now().iter().find(|number| is_folder(number)) {
        Some(number) => WallState::missing(format_args!("descriptor {number} is a folder")),
        None => WallState::Stands,
    }
}

fn open_now() -> Vec<RawFd> {
    let listed = LISTS.iter().find_map(|list| std::fs::read_dir(list).ok()).map(|entries| {
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse().ok());
        names.collect::<Vec<RawFd>>()
    });
    listed.unwrap_or_else(|| (0..TRIED_BLINDLY).collect())
}

fn borrowed(number: RawFd) -> BorrowedFd<'static> {
    #[expect(unsafe_code, reason = "an inherited descriptor has a number and no owner in this program")]
    // SAFETY: the number is only handed to calls that refuse one that is not open.
    unsafe {
        BorrowedFd::borrow_raw(number)
    }
}

fn close(number: RawFd) {
    #[expect(unsafe_code, reason = "an inherited descriptor has a number and no owner in this program")]
    // SAFETY: by the contracts above nothing in this program uses this number afterwards. One that is not open is refused.
    unsafe {
        libc::close(number);
    }
}
