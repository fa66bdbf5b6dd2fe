//! The folder of secrets: which files count, who may reach them, and how one is replaced together with its signature.

use crate::signature::{LONGEST as LONGEST_SIGNATURE, SecretsKey, SecretsVerifier, Signed};
use crate::sops::{Format, LONGEST_FILE};
use jiff::Timestamp;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use std::fmt;
use std::fs::{File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The endings of files of secrets, the first for new ones.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// A folder of secrets that nobody else can change.
#[derive(Clone, Debug)]
pub struct SecretsFolder(PathBuf);

/// The name of a file of secrets: `api-keys.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretsFile {
    stem: String,
    name: String,
}

/// A file as it was found, and what is said beside it.
pub struct Found {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its signature file, if there is one.
    pub signatures: Option<String>,
    pub(crate) stamp: Stamp,
}

/// What tells two versions of a file and its signature apart without reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp([Option<[i64; 10]>; 2]);

/// Holding this, nobody else changes the folder through this program.
pub struct Changing<'a> {
    folder: &'a SecretsFolder,
    _lock: File,
}

/// Why a file or the folder cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The name is not one.
    #[error(
        "`{0}` is not the name of a file of secrets: letters, digits, `-` and `_`, and .yaml, .yml or .json, or none of these"
    )]
    NotAName(String),
    /// It is not there.
    #[error("there is no `{}`; make it with `moltctl secrets init`, or with `moltctl secrets set`", .0.display())]
    Missing(PathBuf),
    /// Two files have the same name but for its ending.
    #[error("there are both `{}` and `{}`; remove one of them", .0.display(), .1.display())]
    Ambiguous(PathBuf, PathBuf),
    /// The system said no.
    #[error("cannot use `{}`: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link, folder, pipe or device.
    #[error("`{}` is not what it must be: a regular file, or for the folder a folder, and no link to one", .0.display())]
    OfAnotherKind(PathBuf),
    /// Somebody else owns it.
    #[error("`{}` belongs to user {owner}, not to user {user} or root: chown {user} '{}'", path.display(), path.display())]
    ForeignOwner {
        /// The path.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who wants to use it.
        user: u32,
    },
    /// Others can change it.
    #[error("`{}` has mode {mode:04o}, so others can reach it: chmod {wanted:o} '{}'", path.display(), path.display())]
    Exposed {
        /// The path.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
    /// It is too long.
    #[error("`{}` has more than {limit} bytes", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
}

// === impl SecretsFolder ===

impl SecretsFolder {
    /// Opens a folder that nobody else can change.
    pub fn open(path: &Path) -> Result<Self, Unusable> {
        let io = |source| Unusable::Io { path: path.to_owned(), source };
        let metadata = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Unusable::Missing(path.to_owned()));
            }
            found => found.map_err(io)?,
        };
        if !metadata.is_dir() {
            return Err(Unusable::OfAnotherKind(path.to_owned()));
        }
        // In the home of a machine the executor's group may look in.
        admit(path, &metadata, 0o022, 0o700)?;
        Ok(Self(path.to_owned()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a file is.
    pub fn path_of(&self, file: &SecretsFile) -> PathBuf {
        self.0.join(&file.name)
    }

    /// The file that a person means by `api-keys` or `api-keys.yaml`; where there is none, the one that would be made.
    pub fn file(&self, untrusted_name: &str) -> Result<SecretsFile, Unusable> {
        let not_a_name = || {
            Unusable::NotAName(
                untrusted_name.chars().filter(|letter| !letter.is_control()).take(100).collect(),
            )
        };
        if let Some(named) = SecretsFile::parse(untrusted_name) {
            return Ok(named);
        }
        let candidates = ENDINGS.map(|ending| SecretsFile::parse(&format!("{untrusted_name}.{ending}")));
        let mut there =
            candidates.iter().flatten().filter(|file| self.path_of(file).symlink_metadata().is_ok());
        match (there.next(), there.next()) {
            (Some(one), Some(other)) => Err(Unusable::Ambiguous(self.path_of(one), self.path_of(other))),
            (Some(one), None) => Ok(one.clone()),
            (None, _) => candidates.into_iter().flatten().next().ok_or_else(not_a_name),
        }
    }

    /// Every file of secrets, in order of their names.
    pub fn files(&self) -> Result<Vec<SecretsFile>, Unusable> {
        let io = |source| Unusable::Io { path: self.0.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.0).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            found.extend(name.to_str().and_then(SecretsFile::parse));
        }
        found.sort();
        Ok(found)
    }

    /// Reads a file and what is said beside it.
    pub fn read(&self, file: &SecretsFile) -> Result<Found, Unusable> {
        let path = self.path_of(file);
        // The signatures first: while a file is replaced they are there before it.
        let (signatures, beside) = match read_private(&signature_of(&path), LONGEST_SIGNATURE) {
            Ok((bytes, metadata)) => {
                (Some(String::from_utf8_lossy(&bytes).into_owned()), Some(stamp(&metadata)))
            }
            Err(Unusable::Missing(_)) => (None, None),
            Err(other) => return Err(other),
        };
        let (bytes, metadata) = read_private(&path, LONGEST_FILE)?;
        Ok(Found { bytes, signatures, stamp: Stamp([Some(stamp(&metadata)), beside]) })
    }

    pub(crate) fn stamp(&self, file: &SecretsFile) -> Stamp {
        let path = self.path_of(file);
        let of = |path: &Path| std::fs::symlink_metadata(path).ok().map(|metadata| stamp(&metadata));
        Stamp([of(&path), of(&signature_of(&path))])
    }

    /// Waits until nobody else changes the folder through this program.
    pub fn change(&self) -> Result<Changing<'_>, Unusable> {
        let path = self.0.join(".lock");
        let io = |source: io::Error| Unusable::Io { path: path.clone(), source };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock =
            rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| io(errno.into()))?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|errno| io(errno.into()))?;
        Ok(Changing { folder: self, _lock: File::from(lock) })
    }
}

// === impl Changing ===

impl Changing<'_> {
    /// Puts a file and its signature in place. Whenever the machine stops, there is the old file or the new one, and it is signed if the
    /// old one was.
    ///
    /// 1. The signature file is replaced by one that holds for the bytes before and after.
    /// 2. The file is replaced.
    /// 3. The signature file is replaced by one that holds for the new bytes alone.
    pub fn write(
        &self,
        file: &SecretsFile,
        bytes: &[u8],
        key: &SecretsKey,
        now: Timestamp,
    ) -> Result<Signed, Unusable> {
        let path = self.folder.path_of(file);
        let before = match self.folder.read(file) {
            Ok(found) => Some(found),
            Err(Unusable::Missing(_)) => None,
            Err(other) => return Err(other),
        };
        let (verifier, mut version) = (key.verifier(), u64::try_from(now.as_second()).unwrap_or_default());
        let mut still_good = String::new();
        if let Some(Found { bytes: old, signatures: Some(text), .. }) = &before {
            let newest = verifier.versions(&file.name, text).into_iter().max().unwrap_or_default();
            version = version.max(newest.saturating_add(1));
            if let Some(signed) = verifier.verify(&file.name, old, text) {
                still_good = key.sign(&file.name, old, &signed);
            }
        }
        let signed = Signed { version, at: now };
        let statement = key.sign(&file.name, bytes, &signed);
        let beside = signature_of(&path);
        if before.is_none_or(|found| found.bytes != bytes) {
            self.put(&beside, format!("{statement}{still_good}").as_bytes())?;
            self.put(&path, bytes)?;
        }
        self.put(&beside, statement.as_bytes())?;
        Ok(signed)
    }

    /// Replaces a file durably: whoever reads it sees the old one or the new one.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Unusable> {
        let io = |source| Unusable::Io { path: path.to_owned(), source };
        replace(path, bytes, self.folder.mode_of_files().map_err(io)?).map_err(io)
    }
}

impl SecretsFolder {
    /// Whoever may look into the folder may read the files, which are encrypted.
    fn mode_of_files(&self) -> io::Result<u32> {
        Ok(0o600 | std::fs::metadata(&self.0)?.mode() & 0o040)
    }
}

/// Replaces a file durably, whole or not at all, with these permissions.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    let unfinished = folder.join(name);
    // What an earlier attempt left there is in nobody's use.
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut new = File::from(rustix::fs::open(&unfinished, flags, Mode::RUSR | Mode::WUSR)?);
    new.set_permissions(Permissions::from_mode(mode))?;
    new.write_all(bytes)?;
    new.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

// === impl SecretsFile ===

impl SecretsFile {
    fn parse(name: &str) -> Option<Self> {
        let (stem, ending) = name.rsplit_once('.')?;
        let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let is_stem = (1..=64).contains(&stem.len()) && stem.chars().all(is_fit) && !stem.starts_with('-');
        (is_stem && ENDINGS.contains(&ending)).then(|| Self { stem: stem.to_owned(), name: name.to_owned() })
    }

    /// Its name without its ending: `api-keys`.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Its whole name: `api-keys.yaml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        if self.name.ends_with(".json") { Format::Json } else { Format::Yaml }
    }
}

impl fmt::Display for SecretsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

// === impl Found ===

impl Found {
    /// What the owner's key signed of these bytes, if it did.
    pub fn signed(&self, file: &SecretsFile, verifier: &SecretsVerifier) -> Option<Signed> {
        verifier.verify(&file.name, &self.bytes, self.signatures.as_deref()?)
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({} bytes)", self.bytes.len())
    }
}

// === impl Stamp ===

impl Stamp {
    /// When the newer of the two was changed last, in seconds since 1970.
    pub(crate) fn changed_at(&self) -> i64 {
        self.0
            .iter()
            .flatten()
            .flat_map(|[_, _, _, modified, _, changed, ..]| [*modified, *changed])
            .max()
            .unwrap_or_default()
    }
}

fn stamp(found: &Metadata) -> [i64; 10] {
    [
        found.dev().cast_signed(),
        found.ino().cast_signed(),
        found.size().cast_signed(),
        found.mtime(),
        found.mtime_nsec(),
        found.ctime(),
        found.ctime_nsec(),
        found.mode().into(),
        found.uid().into(),
        found.nlink().cast_signed(),
    ]
}

fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Everything is judged on the open file, not on its name, so that nothing can change in between.
fn read_private(path: &Path, limit: usize) -> Result<(Vec<u8>, Metadata), Unusable> {
    let io = |source| Unusable::Io { path: path.to_owned(), source };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Err(Unusable::Missing(path.to_owned())),
        Err(rustix::io::Errno::LOOP) => return Err(Unusable::OfAnotherKind(path.to_owned())),
        opened => File::from(opened.map_err(|errno| io(errno.into()))?),
    };
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(Unusable::OfAnotherKind(path.to_owned()));
    }
    admit(path, &metadata, 0o037, 0o600)?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() > limit {
        return Err(Unusable::TooLong { path: path.to_owned(), limit });
    }
    Ok((bytes, metadata))
}

fn admit(path: &Path, found: &Metadata, forbidden: u32, wanted: u32) -> Result<(), Unusable> {
    let (mode, user) = (found.mode() & 0o7777, rustix::process::geteuid().as_raw());
    if found.uid() != user && found.uid() != 0 {
        return Err(Unusable::ForeignOwner { path: path.to_owned(), owner: found.uid(), user });
    }
    if mode & forbidden != 0 {
        return Err(Unusable::Exposed { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}
