//! `/proc`, held open: after the change of root it can no longer be reached by name.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, fstatfs, openat, readlinkat};

/// A `/proc` that is one, and what it says of where this process runs.
pub(crate) struct Proc {
    folder: OwnedFd,
    place: Place,
}

/// Where namespaces are not to be had for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Chroot,
    /// Ubuntu since 23.10: a program without a profile gets a user namespace without powers, or none.
    RestrictedByAppArmor,
    Ordinary,
}

impl Proc {
    pub(crate) fn open() -> Result<Proc, String> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, "/proc", flags, Mode::empty());
        let folder = folder.map_err(|error| format!("`/proc` cannot be opened ({error})"))?;
        match fstatfs(&folder) {
            Ok(found) if found.f_type == PROC_SUPER_MAGIC => {
                let proc = Proc { folder, place: Place::Ordinary };
                Ok(Proc { place: proc.look_around(), ..proc })
            }
            _ => Err("`/proc` is not mounted here, and nothing can be checked without it".to_owned()),
        }
    }

    /// Asked before anything is changed.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    fn look_around(&self) -> Place {
        let is_root = |line: &str| line.split(' ').nth(4) == Some("/");
        let restricted = self.read("sys/kernel/apparmor_restrict_unprivileged_userns");
        if restricted.is_ok_and(|setting| setting.trim() == "1") {
            Place::RestrictedByAppArmor
        } else if self.read("self/mountinfo").is_ok_and(|mounts| !mounts.lines().any(is_root)) {
            // Outside a chroot the root folder is a mount of its own.
            Place::Chroot
        } else {
            Place::Ordinary
        }
    }

    /// Which namespace of a kind this process is in, as `net:[4026531840]`.
    pub(crate) fn namespace(&self, link: &str) -> Option<String> {
        readlinkat(&self.folder, format!("self/ns/{link}"), Vec::new()).ok()?.into_string().ok()
    }

    pub(crate) fn read(&self, path: &str) -> rustix::io::Result<String> {
        let mut text = String::new();
        let file = openat(&self.folder, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        File::from(file).read_to_string(&mut text).map_err(|error| errno(&error))?;
        Ok(text)
    }

    /// Writes in one call, as these files want it.
    pub(crate) fn write(&self, path: &str, text: &str) -> rustix::io::Result<()> {
        let file = openat(&self.folder, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        File::from(file).write_all(text.as_bytes()).map_err(|error| errno(&error))
    }
}

fn errno(error: &std::io::Error) -> rustix::io::Errno {
    rustix::io::Errno::from_io_error(error).unwrap_or(rustix::io::Errno::IO)
}
