//! Runs the tests one after another, as the usual runner would.

use crate::{errors, sweep};
use std::process::ExitCode;

const TESTS: &[(&str, fn())] = &[
    ("a_log_killed_before_any_call_loses_nothing", sweep::log),
    ("a_store_killed_before_any_call_loses_nothing", sweep::content),
    ("the_first_error_of_the_disk_ends_it_for_good", errors::first_error),
    ("a_disk_without_space_refuses_and_loses_nothing", errors::no_space),
    ("a_disk_that_keeps_waiting_is_told_of_and_goes_on", errors::slow),
];

/// Runs those that the arguments choose.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| {
        wanted.is_empty()
            || wanted.iter().any(|word| name == *word || !has("--exact") && name.contains(*word))
    };
    let mut failed = 0;
    for (name, test) in TESTS.iter().filter(|(name, _)| chosen(name) && !has("--ignored")) {
        if has("--list") {
            println!("{name}: test");
            continue;
        }
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
