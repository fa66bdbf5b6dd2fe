//! The other half of a case: what happens in the process of its own.

use std::io::{self, Write};
use std::process::ExitCode;

use rustix::io::Errno;
use sandbox::{Powers, Requirement, Surroundings, User, close_inherited, enter};

use crate::attacks::attack;
use crate::runner::{NOBODY, PLACE, POWERS};
use crate::scenes::scene;

pub(crate) fn in_a_process_of_its_own(name: &str) -> ExitCode {
    let powers = std::env::var(POWERS).unwrap();
    let only =
        powers.strip_prefix("only:").map(|walls| walls.split(',').map(str::to_owned).collect::<Vec<_>>());
    if powers != "none" && only.as_ref().is_none_or(|walls| walls.iter().any(|wall| wall == "descriptors")) {
        close_inherited();
    }
    let powers = match (powers.as_str(), &only) {
        ("none", _) => None,
        ("planner", _) => Some(Powers::PLANNER),
        ("executor", _) => Some(Powers::EXECUTOR),
        ("control-plane", _) => Some(Powers::CONTROL_PLANE),
        (_, None) => Some(Powers::READER),
        (_, Some(walls)) => Some(Powers::READER.danger_only(for_ever(walls))),
    };
    let with_a_user = only.is_some_and(|walls| walls.iter().any(|wall| wall == "user"));
    let walls = || {
        if let Some(powers) = powers {
            let surroundings = Surroundings {
                socket_folder: Some(place()),
                user: with_a_user.then_some(User { uid: NOBODY, gid: NOBODY }),
            };
            let walls = enter(powers, &surroundings, Requirement::BestEffort).unwrap();
            for (wall, why) in walls.missing() {
                say(&format!("missing {} ({why})", wall.name));
            }
        }
    };
    if let Some(ended) = scene(name, powers, &walls) {
        return ended;
    }
    match attack(name, walls) {
        Ok(()) => say("done"),
        Err(error) => {
            say(&Errno::from_io_error(&error).map_or(error.to_string(), |errno| errno_name(errno).to_owned()))
        }
    }
    ExitCode::SUCCESS
}

/// Powers are constants; those of a case are known only when it starts.
fn for_ever(walls: &[String]) -> &'static [&'static str] {
    let walls: Vec<&'static str> = walls.iter().map(|wall| &*wall.clone().leak()).collect();
    walls.leak()
}

pub(crate) fn say(line: &str) {
    println!("{line}");
    io::stdout().flush().unwrap();
}

pub(crate) fn place() -> std::path::PathBuf {
    std::env::var_os(PLACE).unwrap().into()
}

fn errno_name(errno: Errno) -> &'static str {
    match errno {
        Errno::ACCESS => "EACCES",
        Errno::PERM => "EPERM",
        Errno::AFNOSUPPORT => "EAFNOSUPPORT",
        Errno::NOSYS => "ENOSYS",
        Errno::MFILE => "EMFILE",
        Errno::NOMEM => "ENOMEM",
        Errno::NOENT => "ENOENT",
        Errno::BADF => "EBADF",
        Errno::SRCH => "ESRCH",
        Errno::CONNREFUSED => "ECONNREFUSED",
        Errno::NETUNREACH => "ENETUNREACH",
        _ => "EOTHER",
    }
}
