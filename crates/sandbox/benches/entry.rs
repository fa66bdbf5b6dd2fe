//! What it costs a zone to go inside: a process that starts, goes inside and ends, beside one that only starts and ends,
//! and beside `bwrap`, which builds a comparable place around a program: `cargo bench -p sandbox`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by panicking")]

use std::process::Command;

/// Tells this program, started again, what to do.
const ENTRY: &str = "SANDBOX_ENTRY";

fn main() {
    match std::env::var(ENTRY) {
        Ok(entry) => inside(&entry),
        Err(_) => divan::main(),
    }
}

fn inside(entry: &str) {
    use sandbox::{Powers, Requirement, Surroundings, Targets, User, close_inherited, enter, probe};
    close_inherited();
    let user = (entry == "own-user").then_some(User { uid: 64_999, gid: 64_999 });
    let surroundings = Surroundings { socket_folder: Some(std::env::temp_dir()), user };
    if entry != "nothing" {
        let walls = enter(Powers::READER, &surroundings, Requirement::BestEffort).unwrap();
        assert!(walls.is_complete(), "this would measure something else: {walls}");
    }
    if entry == "probe" {
        assert!(probe(&Targets::default()).iter().all(|attempt| !attempt.got_through()));
    }
}

fn this_program(entry: &str) {
    let ended = Command::new(std::env::current_exe().unwrap()).env(ENTRY, entry).status().unwrap();
    assert!(ended.success(), "{entry}: {ended}");
}

fn program(words: &[&str]) {
    let [name, arguments @ ..] = words else { return };
    assert!(Command::new(name).args(arguments).status().unwrap().success());
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn a_process_that_does_nothing() {
    this_program("nothing");
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn a_zone_that_enters() {
    this_program("enter");
}

#[divan::bench(sample_count = 100, sample_size = 1, ignore = !rustix::process::geteuid().is_root())]
fn a_zone_that_enters_as_its_own_user() {
    this_program("own-user");
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn a_zone_that_enters_and_probes() {
    this_program("probe");
}

#[divan::bench(sample_count = 100, sample_size = 1)]
fn true_by_itself() {
    program(&["true"]);
}

#[divan::bench(sample_count = 100, sample_size = 1, ignore = !has_bwrap())]
fn true_in_bwrap() {
    program(&["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]);
}

fn has_bwrap() -> bool {
    Command::new("bwrap").arg("--version").output().is_ok_and(|said| said.status.success())
}
