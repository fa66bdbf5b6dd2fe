//! The log and the store of contents on a real kernel: killed before every system call, refused by the disk, kept waiting by it.
//!
//! A case runs in a process of its own: this file starts itself again, under strace, with `KILLS_WORK` set. It brings its
//! own small runner, so that no other thread than those of the log makes system calls.
//!
//! `KILLS_ALL=1` tries every point instead of two of every kind.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot set up its case fails"
)]

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match std::env::var(child::WORK) {
        Ok(work) => child::run(&work),
        Err(_) => runner::run(&std::env::args().skip(1).collect::<Vec<_>>()),
    }
}

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod strace;
#[cfg(target_os = "linux")]
mod sweep;
