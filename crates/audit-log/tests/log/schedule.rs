//! A life of a log by a seed: appends, rotations, faults and ends of every kind; and what must hold after each.

use crate::sim::{Fault, Mutant, Random, SimDisk};
use crate::support::signer;
use audit_log::{AuditLog, Durable, EntryRef, Fold, Need, OpenProblem, Opened, Options, Place, Unwritable};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What happened in a schedule, so that a test can tell that it met what it is there for.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub(crate) acknowledged: u64,
    /// Entries that nobody had heard of and that were there after an end.
    pub(crate) adopted: u64,
    pub(crate) torn: u64,
    pub(crate) rotations: u64,
    /// Rotations that a start had to finish, and to undo.
    pub(crate) finished: u64,
    pub(crate) undone: u64,
    pub(crate) ends: u64,
    pub(crate) refused_starts: u64,
    pub(crate) fired: BTreeSet<Fault>,
}

/// The number of the entry, and a number that no other entry has.
type Entries = BTreeMap<u64, u64>;

struct Life<'a> {
    disk: &'a SimDisk,
    random: &'a mut Random,
    /// What was said to be there.
    acknowledged: Entries,
    nonce: u64,
    met: Met,
}

/// Follows what it is given.
#[derive(Default)]
struct Tail {
    begins_anywhere: bool,
    entries: Entries,
}

pub(crate) fn options(random: &mut Random) -> Options {
    Options {
        segment: 4096,
        reserve: 512,
        deadline: Duration::from_secs(20),
        queue: 64,
        queue_bytes: 2048,
        head_sync: if random.one_in(2) { Duration::ZERO } else { Duration::from_secs(3600) },
    }
}

pub(crate) fn place(disk: &SimDisk) -> Place {
    Place::on(Arc::new(disk.clone()), "executor")
}

/// Plays one schedule. The error says what did not hold.
pub(crate) fn run(seed: u64, mutant: Option<Mutant>) -> Result<Met, String> {
    let disk = SimDisk::with_mutant(mutant);
    let mut random = Random(seed);
    let mut life = Life {
        disk: &disk,
        random: &mut random,
        acknowledged: Entries::new(),
        nonce: 0,
        met: Met::default(),
    };
    for _ in 0..2 + life.random.below(5) {
        life.live()?;
    }
    for _ in 0..2 {
        disk.heal();
        let mut opened = life.open()?.ok_or("a sound disk was refused")?;
        life.append(&mut opened.log, 1)?;
        drop(opened);
    }
    life.met.fired = disk.fired();
    Ok(life.met)
}

// === impl Life ===

impl Life<'_> {
    /// From a start to an end.
    fn live(&mut self) -> Result<(), String> {
        if self.random.one_in(3) {
            self.plan(16);
        }
        if let Some(mut opened) = self.open()? {
            for _ in 0..self.random.below(10) {
                if self.random.one_in(6) {
                    self.plan(14);
                }
                let count = 1 + self.random.below(4);
                if !self.append(&mut opened.log, count)? {
                    break;
                }
                self.rotate_when_due(&mut opened.log)?;
            }
            if self.random.one_in(2) {
                // With an entry under way that nobody will ever hear of.
                self.disk.close_gate();
                let under_way = self.push(&mut opened.log, 0);
                self.settle(&opened.log);
                self.disk.end();
                self.disk.open_gate();
                drop(under_way);
            }
            drop(opened);
        }
        self.met.ends += 1;
        if self.random.one_in(2) {
            self.disk.power_fails(self.random);
        } else {
            self.disk.process_ends();
        }
        Ok(())
    }

    fn plan(&mut self, within: u64) {
        let fault = match self.random.below(8) {
            0 | 1 => Fault::Fails,
            2 => Fault::Short,
            3 => Fault::Lies,
            4 | 5 => Fault::EndsBefore,
            _ => Fault::EndsAfter,
        };
        let after = self.random.below(within);
        self.disk.plan(after, fault);
    }

    /// `None` when the start met a fault.
    fn open(&mut self) -> Result<Option<Opened>, String> {
        let before = self.disk.faults();
        if self.disk.bytes("executor.next").is_some_and(|next| !next.is_empty()) {
            let renamed = self.disk.bytes("executor.jsonl").is_none();
            self.met.finished += u64::from(renamed);
            self.met.undone += u64::from(!renamed);
        }
        let mut tail = Tail { begins_anywhere: self.random.one_in(2), ..Tail::default() };
        let options = options(self.random);
        let opened = match AuditLog::open(&place(self.disk), signer(), &options, &mut tail) {
            Ok(opened) => opened,
            Err(OpenProblem::Io { .. }) if self.disk.faults() > before => {
                self.met.refused_starts += 1;
                return Ok(None);
            }
            Err(problem) => return Err(problem.to_string()),
        };
        self.met.torn += u64::from(opened.torn.is_some());
        let entries = read_all(self.disk)?;
        if self.disk.has_ended() || opened.log.trouble().is_some() {
            return Ok(None);
        }
        if opened.log.len() != entries.len() as u64 || opened.log.head().entries != opened.log.len() {
            return Err("log, files and head have different lengths".to_owned());
        }
        if let Some((seq, _)) = self.acknowledged.iter().find(|(seq, nonce)| entries.get(seq) != Some(nonce))
        {
            return Err(format!("acknowledged entry {seq} is lost"));
        }
        let from = tail.entries.keys().next().copied().unwrap_or(u64::MAX);
        if !tail.begins_anywhere && from != 1 && !entries.is_empty() {
            return Err("the fold did not begin with the first entry".to_owned());
        }
        let expected: Entries = entries.range(from..).map(|(seq, nonce)| (*seq, *nonce)).collect();
        if tail.entries != expected {
            return Err("the fold was not given what is there".to_owned());
        }
        self.met.adopted += (entries.len() - self.acknowledged.len()) as u64;
        // What is there after a start, stays.
        self.acknowledged = entries;
        Ok(Some(opened))
    }

    /// One group; whether the log still takes more. What is random does not depend on how fast the threads are.
    fn append(&mut self, log: &mut AuditLog, count: u64) -> Result<bool, String> {
        self.disk.close_gate();
        let mut waiting = Vec::new();
        for n in 0..count {
            let length = self.random.below(200);
            waiting.extend(self.push(log, length).ok().map(|durable| (log.len(), self.nonce, durable)));
            if n == 0 {
                self.settle(log);
            }
        }
        let goes_on = log.trouble().is_none();
        self.disk.open_gate();
        for (seq, nonce, durable) in waiting {
            if durable.wait_blocking().is_ok() {
                self.acknowledge(seq, nonce)?;
            }
        }
        Ok(goes_on)
    }

    fn push(&mut self, log: &mut AuditLog, length: u64) -> Result<Durable, Unwritable> {
        self.nonce += 1;
        let filler = "x".repeat(usize::try_from(length).unwrap());
        let details = serde_json::json!({"nonce": self.nonce, "filler": filler});
        log.append(Timestamp::UNIX_EPOCH, "happened", &details, Need::Ordinary)
    }

    /// Waits until the log's thread has done all that comes before the next group.
    fn settle(&self, log: &AuditLog) {
        while !self.disk.somebody_waits() && log.trouble().is_none() {
            std::thread::yield_now();
        }
    }

    fn rotate_when_due(&mut self, log: &mut AuditLog) -> Result<(), String> {
        let full = self.disk.bytes("executor.jsonl").is_some_and(|bytes| bytes.len() >= 4096 - 512);
        if !full {
            return Ok(());
        }
        let begun = Instant::now();
        while !log.rotation_due() && log.trouble().is_none() {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err("no next segment is made".to_owned());
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        self.nonce += 1;
        let durable = log.rotate(Timestamp::UNIX_EPOCH, "rotated", &serde_json::json!({"nonce": self.nonce}));
        let seq = log.len();
        if durable.is_ok_and(|durable| durable.wait_blocking().is_ok()) {
            self.met.rotations += 1;
            self.acknowledge(seq, self.nonce)?;
        }
        Ok(())
    }

    fn acknowledge(&mut self, seq: u64, nonce: u64) -> Result<(), String> {
        self.met.acknowledged += 1;
        match self.acknowledged.insert(seq, nonce) {
            None => Ok(()),
            Some(_) => Err(format!("entry {seq} was acknowledged twice")),
        }
    }
}

impl Fold for Tail {
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool {
        self.begins_anywhere && first.event_type == "rotated"
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        self.entries.insert(entry.seq, nonce(entry.details));
    }
}

fn nonce(details: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(details).unwrap()["nonce"].as_u64().unwrap()
}

/// Every entry in the files, checked without the library: the chain from its first entry, one way to write each line.
pub(crate) fn read_all(disk: &SimDisk) -> Result<Entries, String> {
    let mut names = disk.all_names();
    names.retain(|name| name.ends_with(".jsonl"));
    // `-` comes before `.`, and numbers of equal length in their order.
    names.sort();
    let mut entries = Entries::new();
    let mut hash = "0".repeat(64);
    for name in names {
        let bytes = disk.bytes(&name).unwrap_or_default();
        let text = String::from_utf8(bytes).map_err(|_not_text| format!("{name} is not text"))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(format!("{name} ends within a line"));
        }
        for line in text.lines() {
            let entry: serde_json::Value =
                serde_json::from_str(line).map_err(|error| format!("{name}: {error}"))?;
            let (covered, rest) = line.rsplit_once(",\"hash\":").ok_or("no hash")?;
            let expected = action::Digest::of(format!("{covered}}}").as_bytes()).to_hex();
            let seq = entry["seq"].as_u64().ok_or("no number")?;
            if rest != format!("\"{expected}\"}}")
                || entry["prev_hash"] != hash.as_str()
                || seq != entries.len() as u64 + 1
            {
                return Err(format!("{name}: entry {seq} does not hold"));
            }
            hash = expected;
            entries.insert(seq, entry["details"]["nonce"].as_u64().ok_or("no nonce")?);
        }
    }
    Ok(entries)
}
