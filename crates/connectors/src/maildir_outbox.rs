//! Delivering into a Maildir.
//!
//! A name that is derived from the request makes a delivery its own record: whether it happened can be asked of the
//! folder, also after a crash.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::failure::Cause;

/// A message that is in the Maildir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Where it was put. A mail reader may have moved it since.
    pub path: PathBuf,
    /// Whether it was put there now or before.
    pub when: When,
}

/// When a delivery happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By this call.
    Now,
    /// By an earlier one: this call changed nothing.
    Before,
}

/// Makes a Maildir that is its owner's alone. One that is there already is left as it is.
pub fn create(dir: &Path) -> io::Result<()> {
    for folder in [dir.to_owned(), dir.join("tmp"), dir.join("new"), dir.join("cur")] {
        match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
    }
    Ok(())
}

/// Puts `bytes` into `new/<unique>`, whole or not at all, and never in the place of another file.
///
/// Only one process may deliver under one `unique` at a time: a draft left in `tmp` is taken for the remains of a crash.
pub fn deliver(dir: &Path, unique: &str, bytes: &[u8]) -> Result<Delivered, Failure> {
    let unique = file_name(unique)?;
    let nothing_sent = |step| move |error| Failure::Unavailable { step, cause: Cause::System(error) };
    let path = dir.join("new").join(unique);
    if find(dir, unique).map_err(nothing_sent("looking into the Maildir"))? {
        return Ok(Delivered { path, when: When::Before });
    }
    let draft = dir.join("tmp").join(unique);
    write_draft(&draft, bytes).map_err(nothing_sent("writing the draft"))?;
    // A link never replaces a file, and the file that it names is whole.
    let linked = std::fs::hard_link(&draft, &path);
    // A draft that stays is swept by any Maildir program after 36 hours.
    let _ = std::fs::remove_file(&draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Ok(Delivered { path, when: When::Before });
        }
        Err(error) => return Err(nothing_sent("moving the message into `new`")(error)),
    }
    match File::open(dir.join("new")).and_then(|folder| folder.sync_all()) {
        Ok(()) => Ok(Delivered { path, when: When::Now }),
        // It can be seen now, and may be gone after a loss of power.
        Err(error) => {
            Err(Failure::Unknown { step: "bringing `new` to the disk", cause: Cause::System(error) })
        }
    }
}

/// Whether a message of this name was delivered, read or not. After it was deleted or renamed nobody can tell.
pub fn happened(dir: &Path, unique: &str) -> Result<bool, Failure> {
    let unique = file_name(unique)?;
    find(dir, unique).map_err(|error| Failure::Unavailable {
        step: "looking into the Maildir",
        cause: Cause::System(error),
    })
}

fn find(dir: &Path, unique: &str) -> io::Result<bool> {
    match dir.join("new").join(unique).symlink_metadata() {
        Ok(_) => return Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    for entry in dir.join("cur").read_dir()? {
        if is_read_form(&entry?.file_name(), unique) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `<unique>` itself, or with the flags that a mail reader adds: `<unique>:2,S`.
fn is_read_form(name: &OsStr, unique: &str) -> bool {
    let rest = name.as_bytes().strip_prefix(unique.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b":2,"))
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
    let mut file = match create() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            std::fs::remove_file(draft)?;
            create()?
        }
        created => created?,
    };
    file.write_all(bytes)?;
    file.sync_all()
}

/// Letters, digits and a few signs: nothing that a path, a Maildir flag or a hidden file is made of.
fn file_name(unique: &str) -> Result<&str, Failure> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-=+@".contains(&byte);
    if unique.is_empty() || unique.len() > 200 || unique.starts_with('.') || !unique.bytes().all(safe) {
        return Err(Failure::Malformed { what: "the delivery's name is not a safe file name" });
    }
    Ok(unique)
}
