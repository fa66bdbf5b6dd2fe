//! Where things are.

use crate::Problem;
use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The file that says that a folder is a home of ours.
pub const MARKER: &str = ".moltbot-home";

/// The home whose processes systemd raises, as the units of `deploy/linux` name it.
pub const HOME_OF_THE_MACHINE: &str = "/var/lib/moltbot";

/// By this name the executor signs the heads of its record.
pub const RECORD_ORIGIN: &str = "moltbot.invalid/executor";

/// By this name the control plane signs the heads of what it witnessed.
pub const WITNESS_ORIGIN: &str = "moltbot.invalid/witness";

/// A home folder that exists, is ours or the machine's, and that nobody else can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// A process of one installation; each has its own run folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Process {
    /// Raises and watches the others.
    Supervisor,
    /// Zone 1.
    Executor,
    /// A zone, or the owner's side.
    Zone(action::Role),
}

/// Why a folder is not a home.
#[derive(Debug, thiserror::Error)]
pub enum NotAHome {
    /// It is not there.
    #[error("there is no home at `{}`; make one with `moltctl init --home {}`", .0.display(), .0.display())]
    Missing(PathBuf),
    /// It cannot be looked at.
    #[error("cannot read `{}`: {source}; make it readable for the user who runs this, or name another with --home", path.display())]
    Unreadable {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("`{}` is not a home of ours (it has no {MARKER}); choose another folder, or an empty one for `moltctl init`", .0.display())]
    Foreign(PathBuf),
    /// Somebody else could change it.
    #[error("`{}` can be changed by other users (mode {mode:o}); mend it with `chmod 700 {}`", path.display(), path.display())]
    Open {
        /// Which folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Somebody else owns it.
    #[error("`{}` belongs to user id {owner}, you are {you}; run this as its owner", path.display())]
    NotYours {
        /// Which folder.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who asks.
        you: u32,
    },
}

// === impl Home ===

impl Home {
    /// Opens an existing home.
    pub fn open(path: &Path) -> Result<Self, NotAHome> {
        let path = std::path::absolute(path)
            .map_err(|source| NotAHome::Unreadable { path: path.to_owned(), source })?;
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(NotAHome::Missing(path));
            }
            Err(source) => return Err(NotAHome::Unreadable { path, source }),
        };
        match std::fs::metadata(path.join(MARKER)) {
            Ok(marker) if marker.is_file() => {}
            Ok(_) => return Err(NotAHome::Foreign(path)),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(NotAHome::Unreadable { path, source: error });
            }
            Err(_) => return Err(NotAHome::Foreign(path)),
        }
        let (mode, you) = (metadata.mode() & 0o7777, rustix::process::geteuid().as_raw());
        // Root's home may be anybody's: whoever is root needs no file of ours to do harm.
        let owned_well = [you, 0].contains(&metadata.uid());
        if !owned_well && you != 0 {
            return Err(NotAHome::NotYours { path, owner: metadata.uid(), you });
        }
        if mode & 0o022 != 0 {
            return Err(NotAHome::Open { path, mode });
        }
        Ok(Self(path))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path of the configuration: relative ones are below the home.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// Reads a file of the home; what cannot be read is a problem that says what to do.
    pub fn read(file: &Path) -> Result<String, Problem> {
        std::fs::read_to_string(file).map_err(|error| {
            let what =
                format!("cannot be read ({error}); restore it with `moltctl init`, or make it readable");
            Problem::new(file, "", what)
        })
    }

    /// Reads a private key of the home. One that others could read is no key.
    pub fn read_private(file: &Path) -> Result<String, Problem> {
        let problem = |what: String| Problem::new(file, "", what);
        let metadata = std::fs::symlink_metadata(file)
            .map_err(|error| problem(format!("cannot be read ({error}); restore it with `moltctl init`")))?;
        if !metadata.is_file() {
            return Err(problem("is not a regular file".to_owned()));
        }
        if metadata.mode() & 0o077 != 0 {
            let mode = metadata.mode() & 0o777;
            let mend = format!("chmod 600 {}", file.display());
            return Err(problem(format!("can be used by others (mode {mode:o}); mend it with `{mend}`")));
        }
        Self::read(file)
    }

    /// `moltbot.toml`
    pub fn config_file(&self) -> PathBuf {
        self.0.join("moltbot.toml")
    }

    /// What the agent may do.
    pub fn policy_file(&self) -> PathBuf {
        self.0.join("policy/policy.cedar")
    }

    /// What the planner does with what comes in.
    pub fn rules_file(&self) -> PathBuf {
        self.0.join("planner/rules.toml")
    }

    /// The age identity that secrets are encrypted to.
    pub fn age_key_file(&self) -> PathBuf {
        self.0.join("keys/age.txt")
    }

    /// The files of secrets, each with its signature.
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// The owner's key that signs files of secrets. Only the owner's command uses it.
    pub fn secrets_key_file(&self) -> PathBuf {
        self.0.join("keys/secrets.key")
    }

    /// Its public half, which is all that the executor reads.
    pub fn secrets_public_key_file(&self) -> PathBuf {
        self.0.join("keys/secrets.pub")
    }

    /// The control plane's signing key.
    pub fn approval_key_file(&self) -> PathBuf {
        self.0.join("keys/approval.key")
    }

    /// Its public half, which is all that the executor reads.
    pub fn approval_public_key_file(&self) -> PathBuf {
        self.0.join("keys/approval.pub")
    }

    /// The key that signs the head of the record.
    pub fn record_key_file(&self) -> PathBuf {
        self.0.join("keys/record.key")
    }

    /// Its public half.
    pub fn record_public_key_file(&self) -> PathBuf {
        self.0.join("keys/record.pub")
    }

    /// The key that signs the head of what the control plane witnessed.
    pub fn witness_key_file(&self) -> PathBuf {
        self.0.join("keys/witness.key")
    }

    /// Its public half.
    pub fn witness_public_key_file(&self) -> PathBuf {
        self.0.join("keys/witness.pub")
    }

    /// What the control plane has seen of the record: signed heads.
    pub fn witness_log(&self) -> PathBuf {
        self.0.join("witness/heads.jsonl")
    }

    /// The audit log.
    pub fn audit_log(&self) -> PathBuf {
        self.0.join("audit/executor.jsonl")
    }

    /// Content that the audit log names by digest.
    pub fn content(&self) -> PathBuf {
        self.0.join("audit/content")
    }

    /// Raw items between being taken in and being read.
    pub fn spool(&self) -> PathBuf {
        self.0.join("spool")
    }

    /// Raw items that could not be read.
    pub fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
    }

    /// What processes say on standard error.
    pub fn log_file(&self, process: Process) -> PathBuf {
        self.0.join("logs").join(format!("{process}.log"))
    }

    /// While this file exists nothing is done, whatever anybody permitted.
    pub fn latch(&self) -> PathBuf {
        self.0.join("latch")
    }
}

// === impl Process ===

impl Process {
    /// The name of the process, and of its run folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Executor => "executor",
            Self::Zone(role) => role.as_str(),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
