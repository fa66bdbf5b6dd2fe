//! Processes that never stand still: whoever looks for them by their numbers comes too late.

use home::Process;
use sandbox::WallState;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use system_tests::{PATIENCE, TestHome};
use zones::{Cell, Cells};

/// Forks, leaves its session, forks again and ends; what was born last does the same. It ends by itself when the test is over,
/// whatever comes of it.
const MOVING: &str = "#!/bin/sh\n[ -e \"$1\" ] || exit\n(setsid \"$0\" \"$1\" & ) &\nexit\n";

/// As many of itself as there is room for.
const BOMB: &str = "#!/bin/sh\n[ -e \"$1\" ] || exit\n\"$0\" \"$1\" & \"$0\" \"$1\" & wait\n";

/// The cells of a home, and a program to run in them. Dropped: the program ends, wherever it has got to.
struct Hunt<'a> {
    home: &'a TestHome,
    cells: Cells,
    program: PathBuf,
    goes_on: PathBuf,
    started: Vec<Child>,
}

impl<'a> Hunt<'a> {
    /// `None`, and the wall is reported as missing, where this machine has no cells that can be killed.
    fn begin(home: &'a TestHome, script: &str) -> Option<Self> {
        let cells = Cells::of(home);
        let walls = cells.walls();
        let kill = walls.iter().find(|wall| wall.name == "cell-kill").unwrap();
        if let WallState::Missing { why } = &kill.state {
            eprintln!("NOT PROVED HERE: {why}");
            assert!(!why.is_empty() && !cells.can_kill());
            return None;
        }
        let (program, goes_on) = (home.path().join("hunted"), home.path().join("goes-on"));
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(&goes_on, "").unwrap();
        Some(Self { home, cells, program, goes_on, started: Vec::new() })
    }

    fn start(&mut self, cell: &Cell) {
        let mut command = Command::new(&self.program);
        command.arg(&self.goes_on).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        sandbox::start_in(&mut command, cell.admission().unwrap());
        self.started.push(command.spawn().unwrap());
    }

    /// Those who run, looked for by what they were started with, wherever they are.
    fn survivors(&self) -> usize {
        let marker = self.goes_on.to_str().unwrap();
        let is_one = |entry: &fs::DirEntry| {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(marker)
        };
        fs::read_dir("/proc").unwrap().flatten().filter(is_one).count()
    }

    fn kill(&mut self) {
        let said = self.home.moltctl(&["kill", "--json"]);
        assert!(said.code == Some(0) && said.json()["done"] == true, "{said:?}");
        // Somebody who got away would be seen at one look or another.
        for _ in 0..20 {
            assert_eq!(self.survivors(), 0);
            std::thread::sleep(Duration::from_millis(5));
        }
        for mut child in self.started.drain(..) {
            child.wait().unwrap();
        }
    }
}

impl Drop for Hunt<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.goes_on);
        let _ = self.cells.kill_all();
        self.cells.wait_until_empty(PATIENCE);
        self.cells.remove();
    }
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn rearm(home: &TestHome) {
    home.moltctl(&["rearm", "--reason", "next round"]).well();
}

#[test]
fn of_a_thousand_moving_targets_none_escapes() {
    let home = TestHome::new();
    let mut hunted = 0;
    while hunted < 1000 {
        let Some(mut hunt) = Hunt::begin(&home, MOVING) else { return };
        for cell in hunt.cells.all().collect::<Vec<_>>() {
            // Fewer than a zone's cell has room for.
            let room = if matches!(cell.process(), Process::Zone(_)) { 12 } else { 60 };
            for _ in 0..room {
                hunt.start(&cell);
                hunted += 1;
            }
        }
        // Well into their run: none of those that were started is there any more, and others are.
        wait_until("they move", || {
            hunt.started.iter_mut().all(|child| child.try_wait().unwrap().is_some()) && hunt.survivors() > 0
        });
        hunt.kill();
        rearm(&home);
    }
}

#[test]
fn a_fork_bomb_in_a_zone_holds_nothing_up() {
    let home = TestHome::new();
    let Some(mut hunt) = Hunt::begin(&home, BOMB) else { return };
    let cell = hunt.cells.cell(Process::Zone(action::Role::ReaderEmail));
    hunt.start(&cell);
    wait_until("it goes off", || hunt.survivors() >= 20);
    hunt.kill();
}

#[test]
fn orphans_in_cells_are_killed_though_no_supervisor_lives() {
    let home = TestHome::new();
    let Some(mut hunt) = Hunt::begin(&home, MOVING) else { return };
    let cell = hunt.cells.cell(Process::Zone(action::Role::Planner));
    hunt.start(&cell);
    forget_where(home.path());
    wait_until("it moves", || hunt.started.iter_mut().all(|child| child.try_wait().unwrap().is_some()));
    hunt.kill();
}

/// Somebody took the note away that says where the cells are.
fn forget_where(home: &Path) {
    fs::remove_file(home.join("run/supervisor/cells.json")).unwrap();
}
