//! What is killed: it says on its output what was acknowledged to it.

use action::Digest;
use audit_log::{
    AuditLog, ContentStore, Durable, EntryRef, Fold, HeadKey, Need, Options, Place, Signer, Unwritable,
};
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What is to be done: `log`, `content` or one of the `errors`.
pub(crate) const WORK: &str = "KILLS_WORK";
/// In which folder.
pub(crate) const PLACE: &str = "KILLS_PLACE";
/// A name for this run, which is in everything that it writes.
pub(crate) const RUN: &str = "KILLS_RUN";
/// How often the work is repeated: so many rotations.
pub(crate) const ROUNDS: &str = "KILLS_ROUNDS";
/// A file of this name is looked for where main begins.
pub(crate) const BEGIN: &str = "main-begins";

/// RFC 8032, section 7.1, first key.
const KEY: &str = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// How many contents are put before they are filed: few are synced one by one, many by one sync of the file system.
const BATCHES: [usize; 2] = [3, 12];

struct Nothing;

/// Signs every log here.
pub(crate) fn signer() -> Signer {
    Signer { origin: "example.org/moltbot/executor".parse().unwrap(), key: HeadKey::from_text(KEY).unwrap() }
}

/// The active segment of the log in this folder.
pub(crate) fn active(place: &Path) -> PathBuf {
    place.join("executor.jsonl")
}

/// The contents that a run puts, in order, and for each whether it is erased thereafter.
pub(crate) fn contents(run: &str, rounds: usize) -> impl Iterator<Item = (Vec<u8>, bool)> {
    let batches = (0..rounds).flat_map(|_| BATCHES);
    let ends = batches.flat_map(|batch| (1..=batch).map(move |nth| nth == batch));
    ends.enumerate().map({
        let run = run.to_owned();
        move |(number, last)| (format!("{run} {number} ").repeat(1 + number * 40).into_bytes(), last)
    })
}

/// Does what the environment says.
pub(crate) fn run(work: &str) -> ExitCode {
    let of = |name: &str| std::env::var(name).unwrap();
    let (place, run, rounds) = (PathBuf::from(of(PLACE)), of(RUN), of(ROUNDS).parse().unwrap());
    let _ = std::fs::File::open(place.join(BEGIN));
    let done = match work {
        "log" => log(&place, &run, rounds),
        "content" => content(&place, &run, rounds),
        "errors" => errors(&place, &run),
        "slow" => slow(&place, &run),
        other => Err(format!("no such work: {other}")),
    };
    match done {
        Ok(()) => println!("done"),
        Err(why) => println!("failed {why}"),
    }
    ExitCode::SUCCESS
}

fn log(place: &Path, run: &str, rounds: usize) -> Result<(), String> {
    let mut log = open(place, &small())?;
    let mut number = 0;
    for _ in 0..rounds {
        for _ in 0..4 {
            append(&mut log, run, &mut number, Need::Ordinary).map_err(|why| why.to_string())?;
        }
        let begun = Instant::now();
        while !log.rotation_due() {
            if let Some(trouble) = log.trouble() {
                return Err(trouble.to_string());
            }
            if begun.elapsed() > Duration::from_secs(20) {
                return Err("the next segment is never ready".to_owned());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let nonce = format!("{run}-{number}");
        number += 1;
        let durable = log.rotate(Timestamp::UNIX_EPOCH, "rotated", &json!({"nonce": nonce}));
        acknowledged(&log, &nonce, durable).map_err(|why| why.to_string())?;
    }
    for _ in 0..2 {
        append(&mut log, run, &mut number, Need::Ordinary).map_err(|why| why.to_string())?;
    }
    Ok(())
}

fn content(place: &Path, run: &str, rounds: usize) -> Result<(), String> {
    let store = ContentStore::open(&place.join("content")).map_err(|problem| format!("{problem:?}"))?;
    println!("open");
    for (bytes, erased) in contents(run, rounds.max(1)) {
        let (digest, durable) = store.put(&bytes).map_err(|problem| format!("{problem:?}"))?;
        durable.wait_blocking().map_err(|why| why.to_string())?;
        println!("content {digest}");
        if erased {
            // To erase is to file everything else first.
            println!("erasing {digest}");
            store.erase(digest).map_err(|problem| format!("{problem:?}"))?;
            println!("erased {digest}");
        }
    }
    let long = vec![b'x'; 1024 * 1024 + 1];
    let (_, durable) = store.put(&long).map_err(|problem| format!("{problem:?}"))?;
    durable.wait_blocking().map_err(|why| why.to_string())?;
    println!("content {}", Digest::of(&long));
    Ok(())
}

/// Goes on after refusals, as nobody should have to be told twice.
fn errors(place: &Path, run: &str) -> Result<(), String> {
    let mut log = open(place, &small())?;
    let mut number = 0;
    for _ in 0..24 {
        if log.rotation_due() {
            let nonce = format!("{run}-{number}");
            number += 1;
            let durable = log.rotate(Timestamp::UNIX_EPOCH, "rotated", &json!({"nonce": nonce}));
            told(acknowledged(&log, &nonce, durable));
        } else {
            told(append(&mut log, run, &mut number, Need::Ordinary));
        }
        // The thread comes to its end of what may wait.
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Appends without a pause until refusals have come and gone.
fn slow(place: &Path, run: &str) -> Result<(), String> {
    let mut log = open(place, &Options::default())?;
    let (mut number, mut refused, begun) = (0, false, Instant::now());
    while begun.elapsed() < Duration::from_secs(60) {
        let done = append(&mut log, run, &mut number, Need::Ordinary);
        let over = done.is_ok() && refused;
        refused |= done.is_err();
        if let Some(trouble) = log.trouble() {
            println!("trouble {trouble:?}");
        }
        told(done);
        if over {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("the disk never answered, or was never slow".to_owned())
}

fn small() -> Options {
    Options {
        segment: 16 * 1024,
        reserve: 4 * 1024,
        queue_bytes: 4 * 1024,
        head_sync: Duration::ZERO,
        deadline: Duration::from_secs(20),
        ..Options::default()
    }
}

fn open(place: &Path, options: &Options) -> Result<AuditLog, String> {
    let at = Place::of(&active(place)).unwrap();
    let opened =
        AuditLog::open(&at, signer(), options, &mut Nothing).map_err(|problem| format!("{problem:?}"))?;
    println!("open {}", opened.log.len());
    Ok(opened.log)
}

/// Appends, and tries again while space is being set aside.
fn append(log: &mut AuditLog, run: &str, number: &mut u32, need: Need) -> Result<(), Unwritable> {
    let nonce = format!("{run}-{number}");
    *number += 1;
    let details = json!({"nonce": nonce, "filler": "x".repeat(3000)});
    for _ in 0..100 {
        match log.append(Timestamp::UNIX_EPOCH, "happened", &details, need) {
            Err(Unwritable::Busy) => std::thread::sleep(Duration::from_millis(1)),
            durable => return acknowledged(log, &nonce, durable),
        }
    }
    Err(Unwritable::Busy)
}

fn acknowledged(log: &AuditLog, nonce: &str, durable: Result<Durable, Unwritable>) -> Result<(), Unwritable> {
    let seq = log.len();
    durable?.wait_blocking()?;
    println!("entry {seq} {nonce}");
    Ok(())
}

fn told(done: Result<(), Unwritable>) {
    if let Err(why) = done {
        let word = format!("{why:?}");
        println!("refused {}", word.split([' ', '{']).next().unwrap_or_default());
    }
}

impl Fold for Nothing {
    fn begins_with(&mut self, _first: &EntryRef<'_>) -> bool {
        false
    }

    fn take(&mut self, _entry: &EntryRef<'_>) {}
}
