//! Processes that never stand still: whoever looks for them by their numbers comes too late.

use home::{Home, Process};
use rustix::process::{Pid, WaitOptions, set_child_subreaper, wait};
use sandbox::WallState;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use system_tests::{PATIENCE, TestHome};
use zones::Cells;

/// Forks and ends, over and over; what is left is somebody else each time, in a session of its own.
const MOVING: &str = "use POSIX; while (-e $ARGV[0]) { my $child = fork; select undef, undef, undef, 0.05; \
                      next unless defined $child; POSIX::_exit(0) if $child; setsid }";

/// As many of itself as there is room for, each trying on.
const BOMB: &str = "while (-e $ARGV[0]) { fork; select undef, undef, undef, 0.001 }";

/// What the process that keeps the hunted is told: the home, the program, and how many of it in a zone's cell and in another.
const KEEPS: [&str; 4] = ["HUNT_HOME", "HUNT_PROGRAM", "HUNT_IN_ZONES", "HUNT_ELSEWHERE"];

/// Processes on the run in the cells of a home. Dropped: they end, wherever they have got to.
struct Hunt<'a> {
    home: &'a TestHome,
    cells: Cells,
    keeper: Child,
}

fn goes_on(home: &Path) -> PathBuf {
    home.join("goes-on")
}

fn all_moved(home: &Path) -> PathBuf {
    home.join("all-moved")
}

/// They are started and reaped by a process of their own, because not every machine's first process does that soon.
fn keep() {
    let Some(home) = std::env::var_os(KEEPS[0]) else { return };
    let told = |name| std::env::var(name).unwrap();
    let home = Home::open(home.as_ref()).unwrap();
    set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let mut started = Vec::new();
    for cell in Cells::find(&home).all() {
        let name = if matches!(cell.process(), Process::Zone(_)) { KEEPS[2] } else { KEEPS[3] };
        for _ in 0..told(name).parse().unwrap() {
            let mut command = Command::new("/usr/bin/perl");
            command.arg("-e").arg(told(KEEPS[1])).arg(goes_on(home.path()));
            sandbox::start_in(&mut command, cell.admission().unwrap());
            started.push(command.spawn().unwrap());
        }
    }
    let mut first: HashSet<_> = started.iter().map(Pid::from_child).collect();
    let wait_for_one = || wait(WaitOptions::empty()).ok().flatten();
    // A bomb stays where it is; whoever moves has left his first self behind.
    while told(KEEPS[1]) == MOVING && !first.is_empty() {
        first.remove(&wait_for_one().unwrap().0);
    }
    fs::write(all_moved(home.path()), "").unwrap();
    // Until the last of them is gone.
    while wait_for_one().is_some() {}
    std::process::exit(0);
}

impl<'a> Hunt<'a> {
    /// `None`, and the wall is reported as missing, where this machine has no cells that can be killed.
    fn begin(home: &'a TestHome, program: &str, in_zones: usize, elsewhere: usize) -> Option<Self> {
        let cells = Cells::of(home);
        let walls = cells.walls();
        let wall = walls.iter().find(|wall| wall.name == "cell-kill").unwrap();
        if let WallState::Missing { why } = &wall.state {
            eprintln!("NOT PROVED HERE: {why}");
            assert!(!why.is_empty() && !cells.can_kill());
            return None;
        }
        fs::write(goes_on(home.path()), "").unwrap();
        let mut keeper = Command::new(std::env::current_exe().unwrap());
        keeper.args(["--exact", "outrun_the_kill::of_a_thousand_moving_targets_none_escapes", "--nocapture"]);
        let told = [program.to_owned(), in_zones.to_string(), elsewhere.to_string()];
        keeper.env(KEEPS[0], home.path()).envs(KEEPS[1..].iter().zip(told)).stdin(Stdio::null());
        let keeper = keeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let hunt = Self { home, cells, keeper };
        wait_until("all are on the run", || fs::remove_file(all_moved(home.path())).is_ok());
        Some(hunt)
    }

    /// How many the kernel counts in the cells.
    fn in_cells(&self) -> usize {
        let hint = fs::read(self.home.path().join("run/supervisor/cells.json")).unwrap();
        let parents: Vec<PathBuf> = serde_json::from_slice(&hint).unwrap();
        let tree = parents.iter().find(|parent| parent.join("cgroup.kill").exists()).unwrap();
        let lines = |cell: fs::DirEntry| {
            Some(fs::read_to_string(cell.path().join("cgroup.procs")).ok()?.lines().count())
        };
        fs::read_dir(tree).unwrap().flatten().filter_map(lines).sum()
    }

    /// The ids of those who run, looked for by what they were started with, wherever they are.
    fn running(&self) -> Vec<String> {
        let marker = goes_on(self.home.path());
        let marker = marker.to_str().unwrap();
        let is_one = |entry: &fs::DirEntry| {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(marker)
        };
        let found = fs::read_dir("/proc").unwrap().flatten().filter(is_one);
        found.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    fn kill(&mut self) {
        let said = self.home.moltctl(&["kill", "--json"]);
        assert!(said.code == Some(0) && said.json()["done"] == true, "{said:?}");
        // Somebody who got away would be seen at one look or another.
        for _ in 0..20 {
            assert_eq!(self.running(), Vec::<String>::new());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(self.keeper.wait().unwrap().success(), "it has reaped all that it started");
    }
}

impl Drop for Hunt<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(goes_on(self.home.path()));
        let _ = self.cells.kill_all();
        self.cells.wait_until_empty(PATIENCE);
        self.cells.remove();
        let _ = self.keeper.wait();
    }
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn of_a_thousand_moving_targets_none_escapes() {
    keep();
    let home = TestHome::new();
    let mut hunted = 0;
    while hunted < 1000 {
        // Fewer than a zone's cell has room for.
        let (in_zones, elsewhere) = (12, 20);
        let Some(mut hunt) = Hunt::begin(&home, MOVING, in_zones, elsewhere) else { return };
        let all = 5 * in_zones + 2 * elsewhere;
        assert!(hunt.in_cells() >= all, "{} of {all} run", hunt.in_cells());
        hunt.kill();
        hunted += all;
        home.moltctl(&["rearm", "--reason", "next round"]).well();
    }
}

#[test]
fn a_fork_bomb_in_every_zone_holds_nothing_up() {
    let home = TestHome::new();
    let Some(mut hunt) = Hunt::begin(&home, BOMB, 1, 0) else { return };
    wait_until("they go off", || hunt.in_cells() >= 100);
    hunt.kill();
}

#[test]
fn orphans_in_cells_are_killed_though_no_supervisor_lives_and_nobody_says_where_they_are() {
    let home = TestHome::new();
    let Some(mut hunt) = Hunt::begin(&home, MOVING, 1, 1) else { return };
    fs::remove_file(home.path().join("run/supervisor/cells.json")).unwrap();
    hunt.kill();
}
