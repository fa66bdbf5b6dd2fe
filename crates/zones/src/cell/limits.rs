//! How much of the machine each process may use, so that one that was taken over starves nobody but itself.

use crate::cell::machine::{Controller, Version};
use crate::cell::put;
use action::Role;
use home::Process;
use std::io;
use std::path::Path;

/// What a cell may use. The surrounding limits of the machine hold as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, swap included where the machine counts it.
    pub memory: u64,
    /// Processes and threads.
    pub pids: u64,
    /// Hundredths of one processor's time; `None` is as much as there is.
    pub cpu: Option<u64>,
}

/// Bandwidth is counted over this many microseconds, the kernel's own default.
const PERIOD_US: u64 = 100_000;
const MIB: u64 = 1024 * 1024;

// === impl Limits ===

impl Limits {
    /// A zone that reads 25 MiB of hostile content needs some ten times as much; its own limit (`RLIMIT_DATA`) is 1 GiB.
    pub const READER: Self = Self { memory: 1024 * MIB, pids: 64, cpu: Some(100) };
    /// A planner may hold a conversation in memory; its own limit is 2 GiB.
    pub const PLANNER: Self = Self { memory: 2048 * MIB, pids: 64, cpu: Some(100) };
    /// A doorkeeper holds as many requests of a megabyte as it has connections, each a few times.
    pub const DOORKEEPER: Self = Self { memory: 512 * MIB, pids: 64, cpu: Some(100) };
    /// Zone 1 and the owner's side start threads for slow disks, up to 512; they must get through when zones are busy, so
    /// their time is not bounded.
    pub const TRUSTED: Self = Self { memory: 2048 * MIB, pids: 1024, cpu: None };

    /// The limits of a process.
    pub const fn of(process: Process) -> Self {
        match process {
            Process::Supervisor | Process::Executor | Process::Zone(Role::ControlPlane) => Self::TRUSTED,
            Process::Zone(Role::Planner) => Self::PLANNER,
            Process::Zone(Role::Doorkeeper) => Self::DOORKEEPER,
            Process::Zone(Role::ReaderEmail | Role::ReaderTelegram | Role::ReaderSlack | Role::ReaderSms) => {
                Self::READER
            }
        }
    }

    /// Sets one limit of a group and reads it back: what the kernel did not keep does not bound anything.
    pub(crate) fn set(&self, controller: Controller, version: Version, group: &Path) -> io::Result<()> {
        let cpu = self.cpu.map(|hundredths| hundredths * (PERIOD_US / 100));
        match (controller, version) {
            (Controller::Memory, Version::V2) => {
                // Not there without swap.
                let _ = keep(group, "memory.swap.max", "0");
                keep(group, "memory.max", &self.memory.to_string())
            }
            (Controller::Memory, Version::V1) => {
                let bytes = self.memory.to_string();
                keep(group, "memory.limit_in_bytes", &bytes)?;
                // Not there without swap accounting.
                let _ = keep(group, "memory.memsw.limit_in_bytes", &bytes);
                Ok(())
            }
            (Controller::Pids, Version::V1 | Version::V2) => keep(group, "pids.max", &self.pids.to_string()),
            (Controller::Cpu, Version::V2) => {
                let quota = cpu.map_or_else(|| "max".to_owned(), |quota| quota.to_string());
                keep(group, "cpu.max", &format!("{quota} {PERIOD_US}"))
            }
            (Controller::Cpu, Version::V1) => {
                keep(group, "cpu.cfs_period_us", &PERIOD_US.to_string())?;
                keep(
                    group,
                    "cpu.cfs_quota_us",
                    &cpu.map_or_else(|| "-1".to_owned(), |quota| quota.to_string()),
                )
            }
        }
    }
}

fn keep(group: &Path, name: &str, value: &str) -> io::Result<()> {
    let file = group.join(name);
    put(&file, value)?;
    let kept = std::fs::read_to_string(&file)?;
    if kept.trim() == value {
        Ok(())
    } else {
        Err(io::Error::other(format!("`{}` is {} and not {value}", file.display(), kept.trim())))
    }
}
