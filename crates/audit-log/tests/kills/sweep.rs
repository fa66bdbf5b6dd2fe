//! SIGKILL before every call of the work, and before every call of the recovery from it.

use crate::judge::{There, Told};
use crate::strace::{Point, Work, met, points};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a sweep met.
#[derive(Debug, Default)]
struct Met {
    points: usize,
    killed: usize,
    recoveries_killed: usize,
    durable_unheard: usize,
    kinds: BTreeSet<String>,
    recovery_kinds: BTreeSet<String>,
}

pub(crate) fn log() {
    sweep("log", 3);
}

pub(crate) fn content() {
    sweep("content", 2);
}

fn sweep(what: &str, rounds: usize) {
    let all = std::env::var("KILLS_ALL").is_ok();
    let folder = tempfile::tempdir().unwrap();
    let place = fresh(folder.path(), "recorded");
    let recorded = Work { what, place: &place, run: "first", rounds }.recorded();
    assert_eq!(recorded.said.last().map(String::as_str), Some("done"), "{recorded:?}");
    let found = points(&recorded.calls);
    let kinds: BTreeSet<_> = found.iter().map(|point| point.kind.clone()).collect();
    let chosen = if all { found.clone() } else { ends_of_each_kind(&found) };

    let mut met_all = Met::default();
    for (index, point) in chosen.iter().enumerate() {
        one(folder.path(), what, rounds, point, index, all, &mut met_all);
    }
    let never: Vec<_> = kinds.difference(&met_all.kinds).collect();
    println!(
        "{what}: {} points of {}, {} killed, {} kinds of call; {} recoveries killed, {} kinds; durable and unheard of: {}; \
         never met: {never:?}",
        met_all.points,
        found.len(),
        met_all.killed,
        met_all.kinds.len(),
        met_all.recoveries_killed,
        met_all.recovery_kinds.len(),
        met_all.durable_unheard
    );
    if all {
        println!("{:#?}\nrecovery: {:#?}", met_all.kinds, met_all.recovery_kinds);
    }
    // A sweep that meets nothing proves nothing.
    assert!(met_all.killed * 10 >= met_all.points * 9, "most kills have not come about");
    assert!(never.len() * 10 <= kinds.len(), "kinds of call that were never met: {never:?}");
    assert!(met_all.durable_unheard > 0, "never was anything durable that nobody had heard of");
    assert!(met_all.recoveries_killed > 0, "no recovery was killed");
}

/// Killed at one point; then the recovery is killed too, and the one after that is not.
fn one(folder: &Path, what: &str, rounds: usize, point: &Point, index: usize, all: bool, met_all: &mut Met) {
    let place = fresh(folder, "killed");
    let ran = Work { what, place: &place, run: "first", rounds }
        .with(&point.name, &format!("signal=KILL:when={}", point.nth));
    met_all.points += 1;
    if !ran.killed {
        return;
    }
    met_all.killed += 1;
    let kind = met(&ran, &point.name, point.nth).unwrap_or_default();
    let new_kind = met_all.kinds.insert(kind);
    let mut told = Told::default();
    told.hear(&ran.said);
    met_all.durable_unheard += usize::from(judge(what, &told, &place, rounds).beyond > 0);

    // What the recovery of just this state does is seen on a copy of it.
    if new_kind || index.is_multiple_of(5) {
        let copy = copied(folder, &place);
        let recovery = Work { what, place: &copy, run: "second", rounds: 0 }.recorded();
        assert_eq!(recovery.said.last().map(String::as_str), Some("done"), "after {point:?}: {recovery:?}");
        let found = points(&recovery.calls);
        let every = if all && new_kind { 1 } else { found.len().max(1) };
        for second in
            found.iter().skip(index % every).step_by(every).chain(found.get(index * 7 % found.len()))
        {
            let copy = copied(folder, &place);
            let mut told = told.clone();
            let ran = Work { what, place: &copy, run: "second", rounds: 0 }
                .with(&second.name, &format!("signal=KILL:when={}", second.nth));
            met_all.recoveries_killed += usize::from(ran.killed);
            met_all.recovery_kinds.extend(met(&ran, &second.name, second.nth).filter(|_| ran.killed));
            told.hear(&ran.said);
            judge(what, &told, &copy, rounds);
            goes_on(what, &copy, rounds, told);
        }
    }
    goes_on(what, &place, rounds, told);
}

/// An undisturbed run opens what is there, goes on with it, and everything is there afterwards.
fn goes_on(what: &str, place: &Path, rounds: usize, mut told: Told) {
    let ran = Work { what, place, run: "third", rounds: usize::from(what == "log") }.alone();
    assert_eq!(ran.said.last().map(String::as_str), Some("done"), "{ran:?}");
    told.hear(&ran.said);
    judge(what, &told, place, rounds);
}

fn judge(what: &str, told: &Told, place: &Path, rounds: usize) -> There {
    match what {
        "log" => told.log(place),
        _ => told.content(place, &[("first", rounds), ("second", 1), ("third", 1)]),
    }
}

/// The first and the last point of every kind.
fn ends_of_each_kind(points: &[Point]) -> Vec<Point> {
    let mut of_kind: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
    for point in points {
        of_kind.entry(&point.kind).or_default().push(point);
    }
    let ends = of_kind.values().flat_map(|of_kind| {
        let last = of_kind.last().filter(|_| of_kind.len() > 1);
        of_kind.first().into_iter().chain(last)
    });
    ends.map(|point| (*point).clone()).collect()
}

fn fresh(folder: &Path, name: &str) -> std::path::PathBuf {
    let place = folder.join(name);
    let _ = std::fs::remove_dir_all(&place);
    std::fs::create_dir(&place).unwrap();
    place
}

fn copied(folder: &Path, place: &Path) -> std::path::PathBuf {
    let copy = folder.join("copied");
    let _ = std::fs::remove_dir_all(&copy);
    copy_folder(place, &copy);
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
