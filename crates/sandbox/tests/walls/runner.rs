//! Starts a case in a process of its own, and runs the tests one after the other.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const ATTACK: &str = "WALLS_ATTACK";
pub(crate) const POWERS: &str = "WALLS_POWERS";
pub(crate) const PLACE: &str = "WALLS_PLACE";
/// A descriptor that a case inherits.
pub(crate) const INHERITED: &str = "WALLS_INHERITED";

pub(crate) type Test = (&'static str, fn());

/// Who a case runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Ourselves,
    /// A user without any power. Only root can start one.
    Nobody,
}

/// Some user that owns nothing.
pub(crate) const NOBODY: u32 = 64_999;

/// What a case said: the walls that it could not raise, and its last word.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) missing: Vec<String>,
    pub(crate) answer: String,
}

impl Who {
    /// Everybody whom this machine and this user let a case run as.
    pub(crate) fn all() -> &'static [Who] {
        if is_root() && *NOBODY_COMES_HERE { &[Who::Ourselves, Who::Nobody] } else { &[Who::Ourselves] }
    }

    pub(crate) fn has_power(self) -> bool {
        self == Who::Ourselves && is_root()
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether another user than root finds a way to any file. In a root folder that is closed to everybody else no program can be
/// started as somebody else, and no attack on a file shows anything.
static NOBODY_COMES_HERE: LazyLock<bool> = LazyLock::new(|| {
    let comes =
        Command::new(PROGRAM.as_path()).arg("--list").stdout(Stdio::null()).uid(NOBODY).gid(NOBODY).status();
    if let Err(why) = &comes {
        println!("unproven here: everything as an ordinary user, because none can start a program ({why})");
    }
    comes.is_ok()
});

/// A copy of this program that everybody may start, wherever the original is.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let copy = new_place().join("walls");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    copy
});

/// A new folder that the case may do with as it likes.
fn new_place() -> PathBuf {
    static NTH: AtomicUsize = AtomicUsize::new(0);
    let nth = NTH.fetch_add(1, Ordering::Relaxed);
    let place = std::env::temp_dir().join(format!("walls-{}-{nth}", std::process::id()));
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o777)).unwrap();
    place
}

fn furnish(place: &Path) {
    let file = |name: &str, mode: u32, owner: Option<u32>| {
        let path = place.join(name);
        std::fs::write(&path, b"something").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        std::os::unix::fs::chown(&path, owner, owner).unwrap();
    };
    file("file", 0o666, is_root().then_some(NOBODY));
    file("ours", 0o600, None);
    file("theirs", 0o600, is_root().then_some(NOBODY + 1));
    let program = place.join("set-user-id");
    std::fs::copy("/usr/bin/id", &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).unwrap();
}

/// Starts a case. `powers` is `none`, a zone's name, or `only:` and a list of walls.
pub(crate) fn child(attack: &str, powers: &str, who: Who) -> Child {
    let place = new_place();
    furnish(&place);
    // Not closed when a program starts, like what a careless supervisor leaves open.
    let inherited = std::fs::File::open(place.join("ours")).unwrap();
    rustix::io::fcntl_setfd(inherited.as_fd(), rustix::io::FdFlags::empty()).unwrap();
    let mut command = Command::new(PROGRAM.as_path());
    if who == Who::Nobody {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
        .env(ATTACK, attack)
        .env(POWERS, powers)
        .env(PLACE, place)
        .env(INHERITED, inherited.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(crate) fn said(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the child ended with {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let missing = text.lines().filter_map(|line| line.strip_prefix("missing ")).map(str::to_owned).collect();
    Said { missing, answer: text.lines().last().unwrap_or_default().to_owned() }
}

pub(crate) fn answer(attack: &str, powers: &str, who: Who) -> String {
    said(child(attack, powers, who)).answer
}

/// As much of the usual runner's command line as `cargo test` and `cargo nextest` use.
pub(crate) fn run(tests: &[Test], arguments: Vec<String>) -> ExitCode {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| {
        wanted.is_empty()
            || wanted.iter().any(|word| name == *word || !has("--exact") && name.contains(*word))
    };
    let mut failed = 0;
    for (name, test) in tests.iter().filter(|(name, _)| chosen(name) && !has("--ignored")) {
        if has("--list") {
            println!("{name}: test");
            continue;
        }
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    let _ = std::fs::read_dir(std::env::temp_dir()).map(|entries| {
        let ours = format!("walls-{}-", std::process::id());
        for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours))
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    });
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
