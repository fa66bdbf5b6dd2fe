//! Each wall stops an attack that succeeds without it. The errno tells which wall answered: Landlock says `EACCES`
//! (for a signal `EPERM`), the system call filter `EPERM`, `EAFNOSUPPORT` or `ENOSYS` before Landlock is asked, and in a
//! namespace of its own a process does not find what it looks for.
//!
//! A case runs in a process of its own: this program starts itself again with `WALLS_ATTACK` set. It brings its own small
//! runner, because `enter` refuses to work in a process that has threads, and the usual test runner has some. As root
//! each case runs twice: as root and as a user without any power.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

#[cfg(target_os = "linux")]
mod alone;
#[cfg(target_os = "linux")]
mod attacks;
#[cfg(target_os = "linux")]
mod attacks_on_the_machine;
#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod scenes;
#[cfg(target_os = "linux")]
mod whole;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match std::env::var(runner::ATTACK) {
        Ok(attack) => inside::in_a_process_of_its_own(&attack),
        Err(_) => {
            let tests: Vec<_> = [alone::TESTS, whole::TESTS, guard::TESTS, probe::TESTS].concat();
            runner::run(&tests, std::env::args().skip(1).collect())
        }
    }
}
