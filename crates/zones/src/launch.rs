//! Starting one process: its words, its log, its cell, and nothing of ours.

use crate::cell::{Cell, Cells};
use crate::programs::{CommandLine, Programs};
use home::{Config, Home, Latch, Process};
use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use tokio::process::Child;

/// A log of this size is put aside when its process starts.
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// A process that was just started.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) child: Child,
    /// The cell that it was born in.
    pub(crate) cell: Cell,
}

/// What starting takes.
#[derive(Clone, Debug)]
pub(crate) struct Launcher {
    pub(crate) home: Home,
    pub(crate) config: Config,
    pub(crate) programs: Programs,
    pub(crate) cells: Cells,
}

// === impl Launcher ===

impl Launcher {
    /// Starts a process in its cell. While the home is killed nothing is started.
    pub(crate) fn launch(&self, process: Process) -> io::Result<Launched> {
        Latch::of(&self.home).refuse_when_killed().map_err(io::Error::other)?;
        let CommandLine { program, arguments } = self
            .programs
            .command_line(process, &self.home, &self.config)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a process to start"))?;
        let log = self.open_log(process)?;
        // An environment of nothing; a process group of its own, so that the terminal's Ctrl-C reaches only us.
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir("/");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let cell = self.cells.cell(process);
        sandbox::start_in(&mut command, cell.admission()?);
        let mut command = tokio::process::Command::from(command);
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        Ok(Launched { child, cell })
    }

    fn open_log(&self, process: Process) -> io::Result<File> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.home.log_file(process);
        if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
            std::fs::rename(&path, path.with_extension("log.1"))?;
        }
        File::options().append(true).create(true).mode(0o600).open(path)
    }
}
