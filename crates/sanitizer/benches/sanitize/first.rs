//! The first item of a fresh process: what is made ready then, nobody waits for again.

use crate::inputs::Dice;
use crate::timing::milliseconds;
use sanitizer::{ContentType, Untrusted, sanitize};
use std::process::Command;
use std::time::{Duration, Instant};

const CHILD: &str = "--as-a-fresh-process";

/// Does what the parent asked for, if this is a child.
pub(crate) fn asked_of_a_child(arguments: &[String]) -> Option<()> {
    let [word, what] = arguments else { return None };
    if word != CHILD {
        return None;
    }
    let Ok(content_type) = what.parse::<ContentType>() else { return Some(()) };
    let raw = Dice::new(13).benign(content_type, 5_000);
    let read = || {
        let began = Instant::now();
        let clean = sanitize(Untrusted::new(raw.clone()), content_type, jiff::Timestamp::UNIX_EPOCH);
        assert!(clean.is_ok());
        began.elapsed().as_micros()
    };
    println!("{} {}", read(), read());
    Some(())
}

pub(crate) fn table() {
    println!("\nthe first item of a fresh process (5 kB, benign; medians of 21 processes)");
    let (bare, _) = children("nothing");
    println!("  a process that does nothing: {:.2} ms", milliseconds(bare));
    for content_type in ContentType::ALL {
        let (_, [first, second]) = children(content_type.as_str());
        println!(
            "  {content_type:<9} first {:>7.2} ms, second {:>6.2} ms",
            milliseconds(first),
            milliseconds(second)
        );
    }
}

fn children(what: &str) -> (Duration, [Duration; 2]) {
    let mut runs = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        let output = Command::new(std::env::current_exe().unwrap()).args([CHILD, what]).output().unwrap();
        let took = began.elapsed();
        let said = String::from_utf8(output.stdout).unwrap();
        let mut times = said.split_whitespace().map(|time| Duration::from_micros(time.parse().unwrap()));
        runs.push((took, [times.next().unwrap_or_default(), times.next().unwrap_or_default()]));
    }
    let middle = |pick: fn(&(Duration, [Duration; 2])) -> Duration| {
        let mut times: Vec<_> = runs.iter().map(pick).collect();
        times.sort_unstable();
        times.get(runs.len() / 2).copied().unwrap_or_default()
    };
    (middle(|run| run.0), [middle(|run| run.1[0]), middle(|run| run.1[1])])
}
