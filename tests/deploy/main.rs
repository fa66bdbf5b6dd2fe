//! What `deploy/linux` installs, judged by the programs that will read it: systemd's and the kernel's.
#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod egress;
mod install;
mod owners;
mod root;
mod units;

use std::path::PathBuf;
use std::process::Command;

/// `deploy/linux` of this source tree.
fn deploy() -> PathBuf {
    std::path::absolute(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/linux")).unwrap()
}

/// The folder of the built programs.
fn programs() -> PathBuf {
    system_tests::program("moltctl").parent().unwrap().to_owned()
}

/// Runs a command to its end: whether it succeeded, and all that it said.
fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.success(), said)
}

/// Whether this test can prove what only root can do. Where it cannot, it says so and proves nothing.
fn is_root_or_says(unproven: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("UNPROVEN, because only root can try: {unproven}");
    }
    is_root
}
