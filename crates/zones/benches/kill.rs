//! How fast everything stops: from the trigger to the first request that is refused, and to the last process that is gone.
//!
//! Four zones of two processes each, in cells; the machine idle, and with twice as many busy threads as it has cores. Beside
//! it, in the same run, the floor: how long one process takes to be gone after SIGKILL.
#![expect(clippy::unwrap_used, reason = "what cannot be set up ends the benchmark")]

use action::Role;
use home::{Home, Latch, Latched, Level, MARKER, Order, Process};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zones::{Cells, kill};

const ROUNDS: usize = 200;
const ZONES: [Role; 4] = [Role::ReaderEmail, Role::ReaderTelegram, Role::ReaderSlack, Role::Planner];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(MARKER), "").unwrap();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    let home = Home::open(folder.path()).unwrap();
    if !Cells::of(&home).can_kill() {
        println!("no cells here: {:?}", Cells::of(&home).walls());
        return;
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    println!("{ROUNDS} rounds each, {cores} cores; µs          p50      p99      max");
    measure(&home, "idle");
    let busy = Arc::new(AtomicBool::new(true));
    let threads: Vec<_> = (0..2 * cores)
        .map(|_| {
            let busy = Arc::clone(&busy);
            std::thread::spawn(move || while busy.load(Ordering::Relaxed) {})
        })
        .collect();
    measure(&home, &format!("{} busy threads", 2 * cores));
    busy.store(false, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    Cells::of(&home).remove();
}

fn measure(home: &Home, how: &str) {
    let (mut floor, mut refused) = (Vec::new(), Vec::new());
    let (mut latched, mut zones, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor.push(one_process());
        Latch::of(home).prepare().unwrap();
        let cells = Cells::of(home);
        let mut children: Vec<_> = ZONES.into_iter().map(|role| zone(&cells, role)).collect();
        let trigger = Instant::now();
        let request = std::thread::scope(|scope| {
            let request = scope.spawn(|| first_refused(home, trigger));
            let killing = kill(home, &Order::new(Level::Killed, "bench", ""));
            assert!(killing.is_done(), "{killing:?}");
            latched.push(killing.latched.unwrap());
            zones.push(killing.zones_gone.unwrap());
            all.push(killing.all_gone.unwrap());
            request.join().unwrap()
        });
        refused.push(request);
        children.iter_mut().for_each(|child| assert!(!child.wait().unwrap().success()));
        let latch = Latch::of(home);
        latch.lift(&latch.read()).unwrap();
    }
    print(how, "one process, SIGKILL to gone", floor);
    print(how, "trigger to latched", latched);
    print(how, "trigger to first refused", refused);
    print(how, "trigger to zones gone", zones);
    print(how, "trigger to all gone", all);
}

fn print(how: &str, what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |hundredths: usize| times.get((times.len() - 1) * hundredths / 100).unwrap().as_micros();
    println!("{how:<16} {what:<30} {:>8} {:>8} {:>8}", at(50), at(99), at(100));
}

/// What every request and every effect does, some ten thousand times a second, until it is refused.
fn first_refused(home: &Home, trigger: Instant) -> Duration {
    let latch = Latch::of(home);
    while latch.read() == Latched::Not {
        std::thread::sleep(Duration::from_micros(10));
    }
    trigger.elapsed()
}

fn zone(cells: &Cells, role: Role) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "sleep 600 & echo; exec sleep 600"]).stdin(Stdio::null()).stdout(Stdio::piped());
    sandbox::start_in(&mut command, cells.cell(Process::Zone(role)).admission().unwrap());
    let mut child = command.spawn().unwrap();
    // It says when there are two of them.
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    child
}

fn one_process() -> Duration {
    let mut child = Command::new("/bin/sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let fd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
    let trigger = Instant::now();
    pidfd_send_signal(&fd, Signal::KILL).unwrap();
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], None).unwrap();
    let gone = trigger.elapsed();
    child.wait().unwrap();
    gone
}
