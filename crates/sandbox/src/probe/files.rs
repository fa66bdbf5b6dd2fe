//! Out by a name.

use std::path::Path;

use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::attack::{Attack, Tried, each};

const BY_NAME: &[&str] = &["system-calls", "root", "files"];
const NO_FILE: &[Errno] = &[Errno::PERM, Errno::NOENT, Errno::ACCESS];
const NO_PROCESS: &[Errno] = &[Errno::PERM, Errno::SRCH];

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        name: "host-file",
        held_by: BY_NAME,
        refused_with: NO_FILE,
        attempt: |targets| {
            let files = targets.files.iter().map(|file| file.as_path()).chain([Path::new("/etc/shadow")]);
            each(files, NO_FILE, "", |file| open(file, OFlags::RDONLY))
        },
    },
    Attack {
        name: "list-root",
        held_by: &["system-calls", "files"],
        refused_with: NO_FILE,
        attempt: |_| Tried::Did(list("/")),
    },
    Attack {
        name: "proc-of-others",
        held_by: BY_NAME,
        refused_with: NO_FILE,
        attempt: |targets| {
            let numbers = targets.processes.iter().map(|number| format!("/proc/{number}/status"));
            each(numbers.chain(["/proc/1/status".to_owned()]), NO_FILE, "", |path| {
                open(Path::new(path), OFlags::RDONLY)
            })
        },
    },
    Attack {
        name: "own-program",
        // Landlock is asked after the kernel has found that a program that runs cannot be written.
        held_by: &["system-calls", "root"],
        refused_with: NO_FILE,
        attempt: |targets| match &targets.own_program {
            Some(program) => Tried::Did(open(program, OFlags::WRONLY)),
            None => Tried::Nothing("the zone's program is not known"),
        },
    },
    Attack {
        name: "signal",
        held_by: &["system-calls", "pid-namespace", "scope"],
        refused_with: NO_PROCESS,
        attempt: |targets| {
            each(&targets.processes, NO_PROCESS, "no process outside is known", |number| {
                let number = i32::try_from(**number).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
                test_kill_process(number).map(|()| format!("{number:?} can be signalled"))
            })
        },
    },
];

fn open(path: &Path, how: OFlags) -> Result<String, Errno> {
    openat(CWD, path, how | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
        .map(|_| format!("`{}` was opened", path.display()))
}

fn list(folder: &str) -> Result<String, Errno> {
    let folder = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let names =
        Dir::new(folder)?.filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(str::to_owned));
    Ok(format!("it lists {}", names.filter(|name| !name.starts_with('.')).collect::<Vec<_>>().join(", ")))
}
