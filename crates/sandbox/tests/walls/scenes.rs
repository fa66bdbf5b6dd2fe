//! Cases that are more than one attack.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::Resource;
use sandbox::{CannotEnter, Powers, Requirement, Surroundings, WallState, die_with_parent, enter};

use crate::inside::{place, say};
use crate::probe::probe_scene;
use crate::runner::ATTACK;

/// The process that a zone's parent is.
const PARENT: &str = "WALLS_PARENT";

/// `None` where there is no scene of this name.
pub(crate) fn scene(name: &str, powers: Option<Powers>, walls: &dyn Fn()) -> Option<ExitCode> {
    match name {
        "core_dumps" => {
            walls();
            let limit = rustix::process::getrlimit(Resource::Core).maximum;
            let limit = limit.filter(|&most| most == 0).map_or("", |_| ", core limit 0");
            let dumpable = rustix::process::dumpable_behavior().unwrap();
            say(&if powers.is_some() { format!("{dumpable:?}{limit}") } else { format!("{dumpable:?}") });
        }
        "new_privileges" => {
            walls();
            say(if rustix::thread::no_new_privs().unwrap() { "may not" } else { "may gain privileges" });
        }
        "what_is_open_keeps_working" => {
            let (mut mine, mut theirs) = UnixStream::pair().unwrap();
            let listener = UnixListener::bind(place().join("socket")).unwrap();
            let _caller = UnixStream::connect(place().join("socket")).unwrap();
            let mut file = std::fs::File::options().append(true).open(place().join("file")).unwrap();
            walls();
            mine.write_all(b"ping").unwrap();
            let mut four = [0; 4];
            theirs.read_exact(&mut four).unwrap();
            listener.accept().unwrap();
            file.write_all(b"logged").unwrap();
            eprintln!("standard error still works");
            say("done");
        }
        "threads_start" => {
            walls();
            let reads = || assert!(std::fs::read("/etc/passwd").is_err(), "walls hold for later threads");
            std::thread::Builder::new().name("named".to_owned()).spawn(reads).unwrap().join().unwrap();
            say("done");
        }
        "tokio" => tokio_scene(walls),
        "enter_with_threads" => {
            let (_hold, wait) = std::sync::mpsc::channel::<()>();
            std::thread::spawn(move || wait.recv());
            let error = enter(Powers::READER, &Surroundings::default(), Requirement::BestEffort).unwrap_err();
            assert!(matches!(error, CannotEnter::TooLate { threads: 2 }), "{error}");
            say("done");
        }
        "whole_zone" => {
            let kept = Surroundings { socket_folder: Some(place()), user: None };
            let walls = enter(Powers::READER, &kept, Requirement::BestEffort).unwrap();
            say(&serde_json::to_string(&walls).unwrap());
            say(&walls.to_string());
        }
        "required_without_landlock" => {
            as_in_a_container_without_landlock();
            let only = Powers::READER.danger_only(&["files", "tcp"]);
            let error = enter(only, &Surroundings::default(), Requirement::Require).unwrap_err();
            assert!(matches!(error, CannotEnter::Missing { wall: "files", .. }), "{error}");
            assert!(error.to_string().contains("best-effort"), "{error}");
            say("done");
        }
        "best_effort_without_landlock" => {
            as_in_a_container_without_landlock();
            let only = Powers::READER.danger_only(&["memory", "files", "tcp", "scope", "system-calls"]);
            let walls = enter(only, &Surroundings::default(), Requirement::BestEffort).unwrap();
            assert!(!walls.is_complete());
            let missing: Vec<_> = walls.missing().map(|(wall, _)| wall.name).collect();
            assert_eq!(missing, ["files", "tcp", "scope"]);
            assert!(walls.to_string().starts_with("2 of 5 walls stand; missing: files ("), "{walls}");
            let calls = walls.iter().find(|wall| wall.name == "system-calls").unwrap();
            assert_eq!(calls.state, WallState::Stands);
            say("done");
        }
        "start_a_child" | "start_a_child_on_a_leash" => {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.env(ATTACK, if name == "start_a_child" { "linger" } else { "linger_on_a_leash" });
            let mut grandchild = command.env(PARENT, std::process::id().to_string()).spawn().unwrap();
            // It must be on its leash before this process ends, or it would be told so instead.
            std::thread::sleep(Duration::from_millis(300));
            assert!(grandchild.try_wait().unwrap().is_none());
        }
        "linger_on_a_leash" => {
            let parent = std::env::var(PARENT).unwrap().parse().unwrap();
            assert_eq!(die_with_parent(parent).unwrap(), sandbox::Leash::Held);
            walls();
            std::thread::sleep(Duration::from_secs(20));
        }
        "linger" => std::thread::sleep(Duration::from_secs(3)),
        "wrong_parent" => {
            assert!(matches!(die_with_parent(u32::MAX), Err(sandbox::Orphaned::ParentGone { .. })));
            say("done");
        }
        "stay" => {
            walls();
            say("inside");
            std::thread::sleep(Duration::from_secs(20));
        }
        "stay_with_children" => {
            walls();
            // One that no process group and no session reaches, and whose parent is gone.
            let stray = "setsid sleep 20 & setsid sh -c 'sleep 20 & exec sleep 20' & ";
            Command::new("sh").args(["-c", stray]).stdin(Stdio::null()).status().unwrap();
            say("inside");
            std::thread::sleep(Duration::from_secs(20));
        }
        "probe" => probe_scene(walls),
        "end_with_seven" => {
            walls();
            return Some(ExitCode::from(7));
        }
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

fn tokio_scene(walls: &dyn Fn()) {
    let path = place().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    walls();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        say(path.to_str().unwrap());
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        caller.read_to_end(&mut heard).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        let heard = tokio::task::spawn_blocking(move || heard).await.unwrap();
        caller.write_all(&heard).await.unwrap();
    });
    say("done");
}

/// Landlock answers as a kernel without it would.
fn as_in_a_container_without_landlock() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let rules = [(libc::SYS_landlock_create_ruleset, vec![])].into_iter().collect();
    let refused = SeccompAction::Errno(libc::ENOSYS as u32);
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}
