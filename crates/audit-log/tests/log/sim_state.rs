//! What the simulated disk has, and what a program sees of it.

use crate::sim::{Fault, Mutant};
use audit_log::Stat;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

#[derive(Debug, Default)]
pub(crate) struct File {
    /// What a program sees.
    pub(crate) seen: Vec<u8>,
    /// What the disk has.
    pub(crate) disk: Vec<u8>,
    pub(crate) unsynced: Vec<Change>,
    /// So many of them are synced with the next sync (a defect).
    pub(crate) promised: usize,
    pub(crate) allocated: u64,
    pub(crate) changes: i128,
    pub(crate) links: u64,
    pub(crate) locked: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Naming {
    Gives(String, usize),
    Takes(String),
    Renames(String, String, usize),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) files: Vec<File>,
    pub(crate) names: BTreeMap<String, usize>,
    pub(crate) names_on_disk: BTreeMap<String, usize>,
    pub(crate) namings: Vec<Naming>,
    pub(crate) operations: u64,
    pub(crate) faults: BTreeMap<u64, Fault>,
    pub(crate) fired: BTreeSet<Fault>,
    pub(crate) ended: bool,
    pub(crate) gate_closed: bool,
    pub(crate) at_gate: bool,
    pub(crate) faults_met: u64,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) capacity: Option<u64>,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub(crate) fn is_sector(at: usize, bytes: &[u8]) -> bool {
    at.is_multiple_of(512) && bytes.len() == 512
}

/// Applies any parts of a write, and any size that it may have led to.
pub(crate) fn keep_parts(disk: &mut Vec<u8>, at: usize, bytes: &[u8], grain: usize, random: &mut Random) {
    let (all, none, in_order) = (random.one_in(3), random.one_in(4), random.one_in(2));
    let mut broken_off = false;
    for (n, part) in bytes.chunks(grain).enumerate() {
        broken_off |= in_order && random.one_in(8);
        let keep = all || !(none || broken_off || (!in_order && random.one_in(3)));
        if keep {
            let at = at + n * grain;
            disk.resize(disk.len().max(at + part.len()), 0);
            disk[at..at + part.len()].copy_from_slice(part);
        }
    }
    if random.one_in(3) {
        // The size came through, the bytes did not: zeros.
        disk.resize(disk.len().max(at + bytes.len()), 0);
    }
}

pub(crate) trait Names {
    fn apply(&mut self, naming: Naming);
}

impl Names for BTreeMap<String, usize> {
    fn apply(&mut self, naming: Naming) {
        match naming {
            Naming::Gives(name, file) => {
                self.insert(name, file);
            }
            Naming::Takes(name) => {
                self.remove(&name);
            }
            Naming::Renames(from, to, file) => {
                self.remove(&from);
                self.insert(to, file);
            }
        }
    }
}

// === impl State ===

impl State {
    /// Counts an operation that changes something, and says what goes wrong with it.
    pub(crate) fn operation(&mut self) -> io::Result<Option<Fault>> {
        if self.ended {
            return Err(io::Error::other("the process has ended"));
        }
        let fault = self.faults.remove(&self.operations);
        self.operations += 1;
        self.fired.extend(fault);
        self.faults_met += u64::from(fault.is_some());
        match fault {
            Some(Fault::Fails) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::EndsBefore) => {
                self.ended = true;
                Err(io::Error::other("the process has ended"))
            }
            other => Ok(other),
        }
    }

    pub(crate) fn done<T>(&mut self, fault: Option<Fault>, value: T) -> io::Result<T> {
        if fault == Some(Fault::EndsAfter) {
            self.ended = true;
            return Err(io::Error::other("the process has ended"));
        }
        Ok(value)
    }

    pub(crate) fn name(&mut self, naming: Naming) {
        self.names.apply(naming.clone());
        self.namings.push(naming);
    }
}

// === impl File ===

impl File {
    pub(crate) fn apply(&mut self, change: Change) {
        match &change {
            Change::Write(at, bytes) => {
                self.seen.resize(self.seen.len().max(at + bytes.len()), 0);
                self.seen[*at..at + bytes.len()].copy_from_slice(bytes);
                self.allocated = self.allocated.max(self.seen.len() as u64);
            }
            Change::Cut(size) => {
                self.seen.resize(*size, 0);
                self.allocated = *size as u64;
            }
        }
        self.changes += 1;
        self.unsynced.push(change);
    }

    pub(crate) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Write(at, bytes) => {
                    self.disk.resize(self.disk.len().max(at + bytes.len()), 0);
                    self.disk[at..at + bytes.len()].copy_from_slice(&bytes);
                }
                Change::Cut(size) => self.disk.resize(size, 0),
            }
        }
    }

    pub(crate) fn sync_what_was_promised(&mut self) {
        let later = self.unsynced.split_off(self.promised.min(self.unsynced.len()));
        self.sync();
        self.promised = later.len();
        self.unsynced = later;
    }

    pub(crate) fn stat(&self, inode: usize) -> Stat {
        Stat {
            device: 1,
            inode: inode as u64,
            links: self.links,
            size: self.seen.len() as u64,
            modified: self.changes,
            changed: self.changes,
        }
    }
}
