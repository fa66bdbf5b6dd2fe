//! Taking mail out of a Maildir.
//!
//! What lies in `new` was put there by somebody else: it may be a link, a pipe, half a message or a very large one, and
//! it may change while it is looked at. Nothing is followed, waited for or overwritten.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A name longer than this would not fit into a folder any more with `:2,S` and a number behind it.
const LONGEST_NAME: usize = 240;

/// A Maildir that mail is taken from.
#[derive(Debug)]
pub struct MaildirSource {
    new: PathBuf,
    cur: PathBuf,
    limit: u64,
    seen: HashMap<OsString, Look>,
}

/// What one look into `new` found, in the order of the names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Messages that looked the same in two looks, one after the other.
    pub ready: Vec<Arrival>,
    /// How many looked new or changed: some programs write into `new` directly, so these may be half-written.
    pub not_yet: usize,
    /// What is not a message, and why.
    pub refused: Vec<Refused>,
}

/// A message that lies in `new`.
///
/// Having one tells you that the file stood still between two looks and was a readable regular file within the limit.
/// It does not tell you that it still is, nor that it holds a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    name: OsString,
    look: Look,
}

/// An entry of `new` that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name, as it is.
    pub name: OsString,
    /// Why it is not taken.
    pub why: Why,
}

/// Why an entry of `new` is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is a link: following it would read a file that the sender chose.
    Link,
    /// It is a folder.
    Folder,
    /// It is a pipe: reading it would wait for whoever holds the other end.
    Pipe,
    /// It is a socket or a device.
    Device,
    /// This user may not read it.
    Unreadable,
    /// It is longer than the limit.
    TooLong {
        /// How long it is.
        size: u64,
    },
    /// Its name leaves no room for the flags that are put behind it.
    NameTooLong,
}

/// What went wrong with a Maildir.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The system said no.
    #[error("cannot {doing} `{}`", escaped(path.as_os_str()))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no longer the one that was seen. The next look will tell what is there now.
    #[error("`{}` is not the file that was seen", escaped(name))]
    Changed {
        /// The entry's name.
        name: OsString,
    },
    /// Quarantine and Maildir must share a file system, so that moving needs no look into the file.
    #[error("`{}` lies on another file system than the Maildir: choose a folder beside it", escaped(path.as_os_str()))]
    OtherFileSystem {
        /// The folder asked for.
        path: PathBuf,
    },
    /// Every name that could be given is taken.
    #[error("there are too many entries named `{}` already", escaped(name))]
    NoFreeName {
        /// The name that was wanted.
        name: OsString,
    },
    /// It is not the name of an entry.
    #[error("`{}` is not the name of a file", escaped(name))]
    NotAName {
        /// What was given.
        name: OsString,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    inode: u64,
    modified: (i64, i64),
    size: u64,
}

/// Any name, fit for a log or a person: printable ASCII, everything else escaped, two names never alike.
pub fn escaped(name: &OsStr) -> String {
    name.as_bytes().escape_ascii().to_string()
}

// === impl MaildirSource ===

impl MaildirSource {
    /// Opens a Maildir whose messages may have up to `limit` bytes each.
    pub fn open(dir: &Path, limit: u64) -> Result<MaildirSource, SourceError> {
        let (new, cur) = (dir.join("new"), dir.join("cur"));
        for folder in [&new, &cur] {
            folder.read_dir().map_err(at("open", folder))?;
        }
        Ok(MaildirSource { new, cur, limit, seen: HashMap::new() })
    }

    /// Looks into `new`. The caller's pause between two looks is what an unfinished file has to show that it grows.
    pub fn scan(&mut self) -> Result<Scan, SourceError> {
        let before = std::mem::take(&mut self.seen);
        let mut scan = Scan::default();
        for name in self.names()? {
            let found = match self.new.join(&name).symlink_metadata() {
                // Taken away between the two calls: not here any more.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                found => found.map_err(at("look at", &self.new.join(&name)))?,
            };
            let look = Look::at(&found);
            if let Some(why) = self.refusal(&name, &found) {
                scan.refused.push(Refused { name, why });
                continue;
            }
            self.seen.insert(name.clone(), look);
            if before.get(&name) != Some(&look) {
                scan.not_yet += 1;
                continue;
            }
            match open(&self.new.join(&name)) {
                Ok(_) => scan.ready.push(Arrival { name, look }),
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    scan.refused.push(Refused { name, why: Why::Unreadable });
                }
                // It became something else a moment ago; the next look will tell what.
                Err(_) => scan.not_yet += 1,
            }
        }
        Ok(scan)
    }

    /// The message's bytes, if the file is still the one that was seen.
    pub fn read(&self, arrival: &Arrival) -> Result<Vec<u8>, SourceError> {
        let path = self.new.join(&arrival.name);
        let changed = || SourceError::Changed { name: arrival.name.clone() };
        let same = |found: Metadata| found.is_file() && Look::at(&found) == arrival.look;
        let file = match open(&path) {
            Err(error) if is_another_kind(&error) => return Err(changed()),
            opened => opened.map_err(at("open", &path))?,
        };
        if !same(file.metadata().map_err(at("look at", &path))?) {
            return Err(changed());
        }
        // One byte more than allowed is asked for, so that a file that grew is noticed and never taken in whole.
        let mut bytes = Vec::with_capacity(usize::try_from(arrival.look.size).unwrap_or(0));
        let most = self.limit.saturating_add(1);
        (&file).take(most).read_to_end(&mut bytes).map_err(at("read", &path))?;
        let whole = bytes.len() as u64 == arrival.look.size;
        if whole && same(file.metadata().map_err(at("look at", &path))?) { Ok(bytes) } else { Err(changed()) }
    }

    /// Moves the message to `cur` as read, so that it is not taken again. What is gone already is fine, and a different
    /// file of the same name stays in `new`.
    pub fn mark_taken(&self, arrival: &Arrival) -> Result<(), SourceError> {
        let path = self.new.join(&arrival.name);
        let found = match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            found => found.map_err(at("look at", &path))?,
        };
        if Look::at(&found) != arrival.look {
            return Ok(());
        }
        let unique = arrival.unique();
        move_without_clobbering(&path, &self.cur, |nth| numbered(unique, nth, b":2,S"), unique)?;
        sync(&self.cur)?;
        sync(&self.new)
    }

    /// Moves an entry of `new` into the folder `to`, whatever it is, without opening or following it. Gives its new
    /// place, or nothing where it was gone already. The folder is made if need be, and must be on the same file system.
    pub fn move_aside(&self, name: &OsStr, to: &Path) -> Result<Option<PathBuf>, SourceError> {
        if matches!(name.as_bytes(), b"" | b"." | b"..") || name.as_bytes().contains(&b'/') {
            return Err(SourceError::NotAName { name: name.to_owned() });
        }
        match DirBuilder::new().mode(0o700).create(to) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.map_err(at("make", to))?,
        }
        let from = self.new.join(name);
        let moved =
            move_without_clobbering(&from, to, |nth| numbered(name.as_bytes(), nth, b""), name.as_bytes())?;
        sync(to)?;
        sync(&self.new)?;
        Ok(moved)
    }

    /// The entries of `new` that are not hidden, sorted.
    fn names(&self) -> Result<Vec<OsString>, SourceError> {
        let entries = self.new.read_dir().map_err(at("list", &self.new))?;
        let mut names = entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .filter(|name| !name.as_ref().is_ok_and(|name| name.as_bytes().starts_with(b".")))
            .collect::<Result<Vec<_>, _>>()
            .map_err(at("list", &self.new))?;
        names.sort();
        Ok(names)
    }

    fn refusal(&self, name: &OsStr, found: &Metadata) -> Option<Why> {
        if let Some(why) = not_a_file(found.file_type()) {
            Some(why)
        } else if found.len() > self.limit {
            Some(Why::TooLong { size: found.len() })
        } else if name.len() > LONGEST_NAME {
            Some(Why::NameTooLong)
        } else {
            None
        }
    }
}

fn not_a_file(kind: FileType) -> Option<Why> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_symlink() => Some(Why::Link),
        kind if kind.is_dir() => Some(Why::Folder),
        kind if kind.is_fifo() => Some(Why::Pipe),
        _ => Some(Why::Device),
    }
}

/// Neither follows a link nor waits for a pipe.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// The errors of opening what is no longer there, or is now a link or a socket.
fn is_another_kind(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(errno, Some(rustix::io::Errno::LOOP | rustix::io::Errno::NOENT | rustix::io::Errno::NXIO))
}

/// Where `from` was moved to, under the first of `names` that is free; nothing if it was gone.
fn move_without_clobbering(
    from: &Path,
    folder: &Path,
    names: impl Fn(u32) -> OsString,
    wanted: &[u8],
) -> Result<Option<PathBuf>, SourceError> {
    for nth in 0..10_000 {
        let to = folder.join(names(nth));
        match rename_to_nothing(from, &to) {
            Ok(()) => return Ok(Some(to)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound && from.symlink_metadata().is_err() => {
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                return Err(SourceError::OtherFileSystem { path: folder.to_owned() });
            }
            Err(error) => return Err(at("move", from)(error)),
        }
    }
    Err(SourceError::NoFreeName { name: OsString::from_vec(wanted.to_vec()) })
}

#[cfg(target_os = "linux")]
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network and FUSE file systems do not know the flag.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            link_and_unlink(from, to)
        }
        renamed => renamed.map_err(Into::into),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    link_and_unlink(from, to)
}

/// A link never replaces a file. Folders cannot be linked: there the error stands, and the entry stays.
fn link_and_unlink(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    linkat(CWD, from, CWD, to, AtFlags::empty())?;
    std::fs::remove_file(from)
}

/// `name`, then `name.1`, `name.2` …, each with `flags` behind it.
fn numbered(name: &[u8], nth: u32, flags: &[u8]) -> OsString {
    let mut numbered = name.to_vec();
    if nth > 0 {
        numbered.extend_from_slice(format!(".{nth}").as_bytes());
    }
    numbered.extend_from_slice(flags);
    OsString::from_vec(numbered)
}

fn sync(folder: &Path) -> Result<(), SourceError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at("bring to the disk", folder))
}

fn at(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> SourceError {
    move |source| SourceError::Io { doing, path: path.to_owned(), source }
}

// === impl Arrival ===

impl Arrival {
    /// The file's name, as it is.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// How long the message is.
    pub fn size(&self) -> u64 {
        self.look.size
    }

    /// The same for the same file, also after a restart; another for any other file, also under the same name.
    pub fn identity(&self) -> String {
        let Look { inode, modified: (seconds, nanoseconds), size } = self.look;
        let unique = self.unique().escape_ascii();
        format!("{unique};inode={inode};modified={seconds}.{nanoseconds:09};size={size}")
    }

    /// The name without the flags that a mail reader puts behind it.
    fn unique(&self) -> &[u8] {
        let name = self.name.as_bytes();
        let flags = name.windows(3).position(|three| three == b":2,").filter(|&at| at > 0);
        flags.and_then(|at| name.get(..at)).unwrap_or(name)
    }
}

// === impl Look ===

impl Look {
    fn at(found: &Metadata) -> Look {
        Look { inode: found.ino(), modified: (found.mtime(), found.mtime_nsec()), size: found.size() }
    }
}
