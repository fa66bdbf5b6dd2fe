//! Cells on the machine that this runs on. Where it has none, what is tested is that this is said.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use home::{Home, MARKER, Process};
use sandbox::WallState;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use zones::{Cell, Cells};

const PATIENCE: Duration = Duration::from_secs(20);
const READER: Process = Process::Zone(action::Role::ReaderEmail);
const OTHER: Process = Process::Zone(action::Role::ReaderSlack);

/// A home with its cells, taken away again at the end.
struct Celled {
    folder: tempfile::TempDir,
    cells: Cells,
}

impl Celled {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MARKER), "").unwrap();
        let cells = Cells::of(&Home::open(folder.path()).unwrap());
        Self { folder, cells }
    }

    fn home(&self) -> Home {
        Home::open(self.folder.path()).unwrap()
    }

    fn hint(&self) -> PathBuf {
        self.folder.path().join("run/supervisor/cells.json")
    }

    /// The state of a wall; `None` when it stands. A wall that is missing says why and what to do.
    fn missing(&self, name: &str) -> Option<String> {
        let walls = self.cells.walls();
        match &walls.iter().find(|wall| wall.name == name).unwrap().state {
            WallState::Stands => None,
            WallState::Missing { why } => {
                assert!(why.contains("start it as a service"), "{name} does not say what to do: {why}");
                Some(why.clone())
            }
            WallState::NotWanted => panic!("{name} is always wanted"),
        }
    }

    /// Says what is not proved here and returns `false` where this machine has no such wall.
    fn has(&self, name: &str) -> bool {
        let missing = self.missing(name);
        if let Some(why) = &missing {
            eprintln!("NOT PROVED HERE: {name} is missing: {why}");
        }
        missing.is_none()
    }
}

impl Drop for Celled {
    fn drop(&mut self) {
        let _ = self.cells.kill_all();
        self.cells.wait_until_empty(PATIENCE);
        self.cells.remove();
    }
}

fn start(cell: &Cell, script: &str) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    sandbox::start_in(&mut command, cell.admission().unwrap());
    command.spawn().unwrap()
}

#[test]
fn a_process_is_in_its_cell_before_its_program_begins() {
    let celled = Celled::new();
    if celled.cells.is_empty() {
        assert!(celled.missing("cell-kill").is_some());
        return;
    }
    let mut command = Command::new("/bin/cat");
    sandbox::start_in(command.arg("/proc/self/cgroup"), celled.cells.cell(READER).admission().unwrap());
    let groups = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let inside = groups.lines().filter(|line| line.ends_with("/reader-email")).count();
    assert_eq!(inside, celled.cells.cell(READER).admission().unwrap().len(), "{groups}");
}

#[test]
fn what_cannot_enter_its_cell_is_not_started() {
    let celled = Celled::new();
    let marker = celled.folder.path().join("it-ran");
    let mut command = Command::new("/bin/sh");
    // A file that cannot be written stands for a cell that does not let anybody in.
    let closed = std::fs::File::open("/dev/null").unwrap();
    sandbox::start_in(command.arg("-c").arg(format!("touch {}", marker.display())), vec![closed]);
    let started = command.spawn();
    assert_eq!(started.unwrap_err().raw_os_error(), Some(rustix::io::Errno::BADF.raw_os_error()));
    assert!(!marker.exists());
}

#[test]
fn a_kill_reaches_what_forked_twice_and_left_its_session_and_nobody_else() {
    let celled = Celled::new();
    if !celled.has("cell-kill") {
        assert!(celled.cells.kill_all().is_err(), "what cannot be done must not look done");
        return;
    }
    let (cell, other) = (celled.cells.cell(READER), celled.cells.cell(OTHER));
    let script = "(setsid sh -c '(sleep 600 & sleep 600 & exec sleep 600) &' &) ; exec sleep 600";
    let (mut victim, mut bystander) = (start(&cell, script), start(&other, "exec sleep 600"));
    assert!(cell.is_populated() && other.is_populated());
    cell.kill().unwrap();
    assert!(cell.wait_until_empty(PATIENCE));
    assert!(!victim.wait().unwrap().success());
    assert!(bystander.try_wait().unwrap().is_none() && other.is_populated());
    celled.cells.kill_all().unwrap();
    assert!(celled.cells.wait_until_empty(PATIENCE));
    assert!(!bystander.wait().unwrap().success());
}

#[test]
fn a_cell_has_no_room_for_more_processes_than_its_limit() {
    let celled = Celled::new();
    if !celled.has("cell-pids") {
        return;
    }
    let cell = celled.cells.cell(READER);
    // The bomb is bounded by itself too, at three times the limit, should the wall not hold.
    let script = "n=0; while [ $n -lt 200 ]; do sleep 600 & n=$((n+1)); done; wait";
    let mut bomb = start(&cell, script);
    let hint = std::fs::read(celled.hint()).unwrap();
    let parents: Vec<PathBuf> = serde_json::from_slice(&hint).unwrap();
    let group = parents.iter().map(|parent| parent.join("reader-email"));
    let counter = group.map(|group| group.join("pids.current")).find(|file| file.exists()).unwrap();
    let count = || std::fs::read_to_string(&counter).unwrap().trim().parse::<u64>().unwrap();
    let limit = cell.limits().pids;
    let deadline = Instant::now() + Duration::from_secs(5);
    while bomb.try_wait().unwrap().is_none() && count() < limit && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    // Where it could have gone on, it would have.
    std::thread::sleep(Duration::from_millis(200));
    assert!(count() <= limit, "{} processes where {limit} are the most", count());
    assert!(count() > limit / 2, "the bomb did not go off");
    celled.cells.kill_all().unwrap();
    assert!(celled.cells.wait_until_empty(PATIENCE));
    bomb.wait().unwrap();
}

#[test]
fn a_process_that_takes_more_memory_than_its_cell_has_is_killed() {
    let celled = Celled::new();
    if !celled.has("cell-memory") {
        return;
    }
    // `tail` of an endless line keeps all of it in memory; the shell's own limit ends it should the wall not hold.
    let hog = "ulimit -v 4194304; exec tail /dev/zero";
    let status = start(&celled.cells.cell(READER), hog).wait().unwrap();
    assert_eq!(status.signal(), Some(9), "{status}");
}

#[test]
fn the_cells_are_found_again_by_their_name_alone() {
    let celled = Celled::new();
    if !celled.has("cell-kill") {
        return;
    }
    let mut victim = start(&celled.cells.cell(READER), "exec sleep 600");
    std::fs::remove_file(celled.hint()).unwrap();
    let found = Cells::find(&celled.home());
    found.kill_all().unwrap();
    assert!(found.wait_until_empty(PATIENCE) && !celled.cells.is_populated());
    assert!(!victim.wait().unwrap().success());
}

#[test]
fn a_hint_leads_nowhere_but_to_cells_of_this_home() {
    let (celled, foreign) = (Celled::new(), Celled::new());
    if !celled.has("cell-kill") || !foreign.has("cell-kill") {
        return;
    }
    let mut bystander = start(&foreign.cells.cell(READER), "exec sleep 600");
    std::fs::copy(foreign.hint(), celled.hint()).unwrap();
    Cells::find(&celled.home()).kill_all().unwrap();
    assert!(foreign.cells.cell(READER).is_populated(), "a forged hint killed another home's zone");

    // A folder of the right name that is no group is no cell.
    let decoy = celled.folder.path().join(Cells::name_of(&celled.home()));
    std::fs::create_dir(&decoy).unwrap();
    std::fs::write(decoy.join("cgroup.kill"), "0").unwrap();
    std::fs::write(celled.hint(), serde_json::to_vec(&[&decoy]).unwrap()).unwrap();
    Cells::find(&celled.home()).kill_all().unwrap();
    assert_eq!(std::fs::read_to_string(decoy.join("cgroup.kill")).unwrap(), "0");
    foreign.cells.kill_all().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_supervisor_kills_what_the_last_one_left_and_moves_in() {
    // In a process of its own, because it is this process that moves.
    const INNER: &str = "MOLTBOT_TEST_SETTLES";
    if let Some(home) = std::env::var_os(INNER) {
        let mut cells = Cells::of(&Home::open(home.as_ref()).unwrap());
        cells.settle().unwrap();
        cells.settle().unwrap();
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let inside = groups.lines().filter(|line| line.ends_with("/supervisor")).count();
        assert_eq!(inside, cells.cell(READER).admission().unwrap().len(), "{groups}");
        cells.remove();
        return;
    }
    let celled = Celled::new();
    if !celled.has("cell-kill") {
        return;
    }
    let mut leftover = start(&celled.cells.cell(READER), "exec sleep 600");
    let mut inner = Command::new(std::env::current_exe().unwrap());
    inner
        .args(["--exact", "a_supervisor_kills_what_the_last_one_left_and_moves_in", "--nocapture"])
        .env(INNER, celled.folder.path());
    let output = inner.process_group(0).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!leftover.wait().unwrap().success());
}
