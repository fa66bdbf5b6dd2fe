//! One supervisor per home: a lock that the kernel lets go when its holder dies, however it dies.

use home::{Home, KilledHome, Latch};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Held for as long as this process supervises a home.
#[derive(Debug)]
pub struct Lock(File);

/// Why a home is not ours to supervise.
#[derive(Debug, thiserror::Error)]
pub enum CannotLock {
    /// Another supervisor runs.
    #[error("this home is up already (process {0}); stop it with `moltctl down`")]
    Held(String),
    /// The lock file cannot be used.
    #[error("cannot use the lock `{}`", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Everything was killed.
    #[error(transparent)]
    Killed(#[from] KilledHome),
}

/// Why a supervisor was not stopped.
#[derive(Debug, thiserror::Error)]
pub enum CannotStop {
    /// The lock file cannot be used.
    #[error(transparent)]
    Lock(#[from] CannotLock),
    /// The holder of the lock cannot be told to stop.
    #[error("process {holder} holds this home and cannot be told to stop: {why}")]
    Signal {
        /// What the lock file says.
        holder: String,
        /// Why.
        why: String,
    },
    /// It does not stop.
    #[error("process {holder} was told to stop and still runs after {seconds} s")]
    StillThere {
        /// Its process id.
        holder: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

// === impl Lock ===

impl Lock {
    /// Takes the lock and writes this process's id into it.
    pub fn take(home: &Home) -> Result<Self, CannotLock> {
        let path = path(home);
        let io_problem = |source| CannotLock::Io { path: path.clone(), source };
        let mut file = open(home)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(CannotLock::Held(holder(&mut file))),
            Err(std::fs::TryLockError::Error(source)) => return Err(io_problem(source)),
        }
        // After the lock is ours: a kill sets the latch and then waits until nobody holds the lock, so one of us sees the other.
        Latch::of(home).refuse_when_killed()?;
        file.set_len(0).map_err(io_problem)?;
        file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(io_problem)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The kernel lets go of it in any case.
        let _ = self.0.unlock();
    }
}

/// Stops the supervisor of a home, and with it everything it raised. `false` when none runs.
pub fn stop(home: &Home, patience: Duration) -> Result<bool, CannotStop> {
    let mut file = open(home)?;
    if file.try_lock().is_ok() {
        return Ok(false);
    }
    // The lock is held, so the process that wrote its id there is alive and is the holder.
    let holder = holder(&mut file);
    let signal_problem = |why: String| CannotStop::Signal { holder: holder.clone(), why };
    let pid = holder.parse().ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| signal_problem("the lock file holds no process id".to_owned()))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .map_err(|errno| signal_problem(errno.to_string()))?;
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if file.try_lock().is_ok() {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(CannotStop::StillThere { holder, seconds: patience.as_secs() })
}

/// The process that supervises a home, if one does.
pub fn supervisor(home: &Home) -> Result<Option<u32>, CannotLock> {
    let mut file = open(home)?;
    match file.try_lock() {
        // Nobody does; the lock goes with the file.
        Ok(()) => Ok(None),
        Err(_held) => Ok(holder(&mut file).parse().ok()),
    }
}

pub(crate) fn path(home: &Home) -> PathBuf {
    home.path().join("supervisor.lock")
}

fn open(home: &Home) -> Result<File, CannotLock> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = path(home);
    let opened = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    opened.map_err(|source| CannotLock::Io { path, source })
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // What cannot be read is shown as nothing.
    let _ = file.seek(io::SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
    text.trim().to_owned()
}
