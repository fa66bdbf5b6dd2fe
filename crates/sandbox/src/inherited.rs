//! Descriptors that this process was given and that are nobody else's business.

use rustix::fd::BorrowedFd;
use rustix::io::{FdFlags, fcntl_setfd};

/// Where a system lists the descriptors of the process that looks.
const LISTS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];

/// Without a list every number up to here is tried.
const TRIED_BLINDLY: i32 = 65_536;

/// Sees to it that programs started from now on inherit standard input, output and error and nothing else.
///
/// What this process opens itself is closed for them anyway; this is about what a shell, a service manager or an
/// editor's terminal left open when it started us.
pub fn keep_descriptors_to_ourselves() {
    let listed = LISTS.iter().find_map(|list| std::fs::read_dir(list).ok()).map(|entries| {
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse().ok());
        names.collect::<Vec<i32>>()
    });
    for number in listed.unwrap_or_else(|| (0..TRIED_BLINDLY).collect()) {
        if number > 2 {
            #[expect(
                unsafe_code,
                reason = "an inherited descriptor has a number and no owner in this program"
            )]
            // SAFETY: the number is only handed to `fcntl`, which refuses one that is not open.
            let inherited = unsafe { BorrowedFd::borrow_raw(number) };
            // One that was closed meanwhile needs nothing.
            let _ = fcntl_setfd(inherited, FdFlags::CLOEXEC);
        }
    }
}
