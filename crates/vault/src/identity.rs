//! The age identity file, in the format of `age-keygen`.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use jiff::Timestamp;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// What an identity file may measure: one key and some comments.
const LIMIT: u64 = 64 * 1024;
const SECRET_KEY: &str = "AGE-SECRET-KEY-1";

/// The private half of the key that secrets at rest are encrypted to. It cannot be printed.
pub struct Identity(age::x25519::Identity);

/// Why an identity file was not made.
#[derive(Debug, thiserror::Error)]
pub enum CannotCreate {
    /// Something has that name: an identity is never overwritten, because all that is encrypted to it would be lost.
    #[error("`{}` exists already and is not overwritten", path.display())]
    Exists {
        /// The path asked for.
        path: PathBuf,
    },
    /// The system said no.
    #[error("cannot write `{}`", path.display())]
    Io {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why an identity file was not taken. Where the file can be mended, the message is the command that does it.
#[derive(Debug, thiserror::Error)]
pub enum CannotLoad {
    /// It cannot be opened or read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link, folder, pipe or device.
    #[error("`{}` is not a regular file: put the identity itself there, not a link to it", path.display())]
    NotAFile {
        /// The path asked for.
        path: PathBuf,
    },
    /// Somebody else owns it, and could have put in a key of their own.
    #[error("`{}` belongs to user {owner}, not to user {user} or root: chown {user} {}", path.display(), quoted(path))]
    ForeignOwner {
        /// The path asked for.
        path: PathBuf,
        /// Whose file it is.
        owner: u32,
        /// Who wants to read it.
        user: u32,
    },
    /// Its group or everybody may do something with it.
    #[error("`{}` has mode {mode:04o}, so others can reach the key: chmod 600 {}", path.display(), quoted(path))]
    Exposed {
        /// The path asked for.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is longer than any identity file.
    #[error("`{}` has {length} bytes; an identity file has at most {LIMIT}", path.display())]
    TooLong {
        /// The path asked for.
        path: PathBuf,
        /// How long it is.
        length: u64,
    },
    /// It does not hold exactly one key.
    #[error("`{}` holds {keys} age secret keys instead of one: make a fresh one with `age-keygen`", path.display())]
    NotOneKey {
        /// The path asked for.
        path: PathBuf,
        /// How many it holds.
        keys: usize,
    },
    /// A line is neither a comment nor a key. The line is not shown: it may be a damaged key.
    #[error("line {line} of `{}` is neither a comment nor an age secret key", path.display())]
    NotAKey {
        /// The path asked for.
        path: PathBuf,
        /// Counted from one.
        line: usize,
    },
}

/// Makes a fresh identity at `path`, readable by this user alone, and gives its public recipient (`age1…`).
///
/// The file appears whole or not at all, and never in the place of another: it is written under a name of its own,
/// brought to the disk, and then linked to `path`, which fails where something is there.
pub fn create_identity(path: &Path, now: Timestamp) -> Result<String, CannotCreate> {
    let io = |source| CannotCreate::Io { path: path.to_owned(), source };
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let secret = identity.to_string();
    let created = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    let text = Zeroizing::new(format!(
        "# created: {created}\n# public key: {recipient}\n{}\n",
        ExposeSecret::<str>::expose_secret(&secret)
    ));

    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let (draft, mut file) = draft(folder).map_err(io)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft).map_err(io)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(CannotCreate::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(io(error)),
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    Ok(recipient)
}

/// Reads the one identity that `path` holds, if nobody else could have read or replaced the file.
///
/// Everything is judged on the open file, not on its name, so that nothing can change in between.
pub fn load_identity(path: &Path) -> Result<Identity, CannotLoad> {
    let io = |source| CannotLoad::Io { path: path.to_owned(), source };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(CannotLoad::NotAFile { path: path.to_owned() });
        }
        opened => opened.map_err(io)?,
    };
    admit(path, &file.metadata().map_err(io)?, rustix::process::geteuid().as_raw())?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(LIMIT).read_to_string(&mut text).map_err(io)?;
    parse(path, &text)
}

fn admit(path: &Path, found: &Metadata, user: u32) -> Result<(), CannotLoad> {
    let path = || path.to_owned();
    let mode = found.mode() & 0o7777;
    if !found.is_file() {
        return Err(CannotLoad::NotAFile { path: path() });
    }
    if found.uid() != user && found.uid() != 0 {
        return Err(CannotLoad::ForeignOwner { path: path(), owner: found.uid(), user });
    }
    if mode & 0o077 != 0 {
        return Err(CannotLoad::Exposed { path: path(), mode });
    }
    if found.len() > LIMIT {
        return Err(CannotLoad::TooLong { path: path(), length: found.len() });
    }
    Ok(())
}

fn parse(path: &Path, text: &str) -> Result<Identity, CannotLoad> {
    let mut keys = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.starts_with(SECRET_KEY).then(|| line.parse::<age::x25519::Identity>());
        match key {
            Some(Ok(key)) => keys.push(key),
            Some(Err(_)) | None => return Err(CannotLoad::NotAKey { path: path.to_owned(), line: nth + 1 }),
        }
    }
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(Identity(key)),
        (None, _) => Err(CannotLoad::NotOneKey { path: path.to_owned(), keys: 0 }),
        (Some(_), others) => Err(CannotLoad::NotOneKey { path: path.to_owned(), keys: others + 1 }),
    }
}

/// A file that nobody else has, in the same folder, because a link does not cross file systems.
fn draft(folder: &Path) -> io::Result<(PathBuf, File)> {
    let mut nth = 0;
    loop {
        let path = folder.join(format!(".identity-{}-{nth}.draft", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && nth < 1000 => nth += 1,
            opened => return opened.map(|file| (path, file)),
        }
    }
}

/// So that the command can be pasted into a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

// === impl Identity ===

impl Identity {
    /// The public half: what secrets are encrypted to. Anyone may know it.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    pub(crate) fn key(&self) -> &age::x25519::Identity {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}
