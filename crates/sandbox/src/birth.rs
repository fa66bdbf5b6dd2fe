//! A process is born where it belongs: in its cells, before its program runs.

use std::fs::File;
use std::process::Command;

/// Puts the process that `command` will start into every given cell (cgroup) before its program begins. Each file is an
/// open, writable `cgroup.procs`. A cell that cannot be entered fails the start: nothing ever runs outside its cells.
///
/// The files stay open here for as long as the command lives; the program does not inherit them.
#[cfg(target_os = "linux")]
pub fn start_in(command: &mut Command, cells: Vec<File>) {
    use std::os::unix::process::CommandExt as _;
    let enter = move || {
        cells.iter().try_for_each(|cell| match rustix::io::write(cell, b"0") {
            Ok(1) => Ok(()),
            Ok(_) => Err(rustix::io::Errno::IO.into()),
            Err(errno) => Err(errno.into()),
        })
    };
    #[expect(unsafe_code, reason = "what runs between fork and exec is bound to rules that no type holds")]
    // SAFETY: the closure runs in the forked child of a process that may have had other threads, so it may only do what
    // is async-signal-safe. It does nothing but write(2) on descriptors that are open already: it takes no lock,
    // allocates nothing (both errors are plain numbers), and drops nothing, because exec or _exit follows.
    let _the_same = unsafe { command.pre_exec(enter) };
}

/// Only Linux has cells.
#[cfg(not(target_os = "linux"))]
pub fn start_in(_command: &mut Command, _cells: Vec<File>) {}
