//! What the disk refuses, and what it takes its time for.

use crate::child::BEGIN;
use crate::judge::Told;
use crate::strace::{Call, Point, Ran, Work, points};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is done to which calls.
const ERRORS: [(&str, &str); 6] = [
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("rename", "EIO"),
    ("fallocate", "EIO"),
];

/// Who has the lock is written for people only.
const FOR_PEOPLE: &str = "pwrite64 /executor.lock";

struct Case {
    folder: tempfile::TempDir,
}

/// One error, then the disk works again: what a second sync would say is a lie.
pub(crate) fn first_error() {
    let case = Case { folder: tempfile::tempdir().unwrap() };
    let found = case.points();
    let (mut poisoned, mut not_opened, mut kinds) = (0, 0, BTreeSet::new());
    for (name, error) in ERRORS {
        let of_name: Vec<_> = found.iter().filter(|point| point.name == name).collect();
        assert!(!of_name.is_empty(), "no {name} is ever called");
        // Odd: the log and its head take turns.
        let every = if std::env::var("KILLS_ALL").is_ok() { 1 } else { of_name.len().div_ceil(6) | 1 };
        for point in of_name.into_iter().step_by(every) {
            let (ran, told) = case.run("errors", name, &format!("error={error}:when={}", point.nth));
            // The error comes once to each thread.
            let meant = |call: &Call| call.line.contains("(INJECTED)") && call.kind != FOR_PEOPLE;
            let Some(failed) = ran.calls.iter().position(meant) else {
                assert_eq!(refusals(&ran), BTreeSet::new(), "{point:?}");
                continue;
            };
            let call = &ran.calls[failed];
            kinds.insert(call.kind.clone());
            let again = ran.calls[failed + 1..].iter().find(|after| after.kind == call.kind);
            assert_eq!(again, None, "tried again after {error} of {point:?}");
            let last = ran.said.last().unwrap();
            if last.starts_with("failed") {
                not_opened += 1;
                assert!(!ran.said.iter().any(|line| line.starts_with("entry")), "{ran:?}");
            } else {
                poisoned += 1;
                let words = ran.said.iter().filter_map(|line| line.split(' ').next());
                let words: Vec<_> = words.skip_while(|word| *word != "refused").collect();
                assert!(words.len() > 1, "{point:?} {error} is not noticed: {ran:?}");
                assert!(!words.contains(&"entry"), "acknowledged after {error} of {point:?}: {ran:?}");
                assert_eq!(refusals(&ran), BTreeSet::from(["refused Poisoned"]), "{point:?}");
            }
            case.goes_on(told);
        }
    }
    println!("{poisoned} times poisoned, {not_opened} times not opened; {kinds:?}");
    assert!(poisoned > 0 && not_opened > 0);
}

/// From some moment on there is no space to set aside.
pub(crate) fn no_space() {
    let case = Case { folder: tempfile::tempdir().unwrap() };
    let found = case.points();
    let points: Vec<_> = found.iter().filter(|point| point.name == "fallocate").collect();
    let mut refused = 0;
    for point in &points {
        let (ran, told) = case.run("errors", "fallocate", &format!("error=ENOSPC:when={}+", point.nth));
        assert_eq!(ran.said.last().map(String::as_str), Some("done"), "{ran:?}");
        let refusals = refusals(&ran);
        assert!(refusals.is_empty() || refusals == BTreeSet::from(["refused Full"]), "{point:?}: {ran:?}");
        refused += refusals.len();
        case.goes_on(told);
    }
    println!("{refused} of {} times refused", points.len());
    // At the last of them there is space for all that is left to do.
    assert!(refused * 3 > points.len());
}

/// Longer than the deadline, once.
pub(crate) fn slow() {
    let case = Case { folder: tempfile::tempdir().unwrap() };
    let (ran, told) = case.run("slow", "fdatasync", "delay_enter=3000000:when=12");
    assert_eq!(ran.said.last().map(String::as_str), Some("done"), "{ran:?}");
    assert_eq!(refusals(&ran), BTreeSet::from(["refused Slow"]));
    assert!(ran.said.iter().any(|line| line == "trouble Slow"), "{ran:?}");
    let first = ran.said.iter().position(|line| line == "refused Slow").unwrap();
    let entry = |line: &String| line.starts_with("entry");
    assert!(ran.said[..first].iter().any(entry) && ran.said[first..].iter().any(entry), "{ran:?}");
    case.goes_on(told);
}

fn refusals(ran: &Ran) -> BTreeSet<&str> {
    ran.said.iter().map(String::as_str).filter(|line| line.starts_with("refused")).collect()
}

// === impl Case ===

impl Case {
    fn place(&self) -> PathBuf {
        let place = self.folder.path().join("place");
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir(&place).unwrap();
        place
    }

    fn points(&self) -> Vec<Point> {
        let ran = Self::work("errors", &self.place()).recorded();
        assert_eq!(refusals(&ran), BTreeSet::new(), "{ran:?}");
        assert!(ran.calls.iter().any(|call| call.kind.ends_with(BEGIN)));
        // What fails with the last entry has nobody left to notice.
        points(&ran.calls[..ran.calls.len() - 16])
    }

    /// Ends by itself, and what was acknowledged is there.
    fn run(&self, what: &str, name: &str, injection: &str) -> (Ran, Told) {
        let place = self.place();
        let ran = Self::work(what, &place).with(name, injection);
        let mut told = Told::default();
        told.hear(&ran.said);
        told.log(&place);
        (ran, told)
    }

    fn goes_on(&self, mut told: Told) {
        let place = self.folder.path().join("place");
        let ran = Work { what: "log", place: &place, run: "second", rounds: 1 }.alone();
        assert_eq!(ran.said.last().map(String::as_str), Some("done"), "{ran:?}");
        told.hear(&ran.said);
        told.log(&place);
    }

    fn work<'a>(what: &'a str, place: &'a Path) -> Work<'a> {
        Work { what, place, run: "first", rounds: 0 }
    }
}
