//! A folder for plain text, for as long as an editor needs it.

use anyhow::Context as _;
use rustix::fs::{FsWord, Mode, OFlags, fstat, ftruncate, statfs};
use std::fs::{DirBuilder, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use vault::sops::{LONGEST_FILE, Text};
use zeroize::Zeroizing;

/// `TMPFS_MAGIC` of linux/magic.h.
const TMPFS: FsWord = 0x0102_1994;

/// A file in a folder of its own, in memory where there is such a place. Both go when this is dropped.
pub(super) struct PlainFile {
    folder: PathBuf,
    path: PathBuf,
    /// Whether it lies in memory only.
    pub(super) is_in_memory: bool,
}

// === impl PlainFile ===

impl PlainFile {
    pub(super) fn make(name: &str, text: &str) -> anyhow::Result<Self> {
        let (folder, is_in_memory) = private_folder()?;
        let plain = Self { path: folder.join(name), folder, is_in_memory };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(&plain.path, flags, Mode::RUSR | Mode::WUSR)?);
        file.write_all(text.as_bytes())?;
        Ok(plain)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands there now; an editor may have put another file in its place.
    pub(super) fn read(&self) -> anyhow::Result<Text> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(
            rustix::fs::open(&self.path, flags, Mode::empty()).context("the edited file is gone")?,
        );
        anyhow::ensure!(file.metadata()?.is_file(), "the edited file is not a file any more");
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_FILE + 1));
        file.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
        anyhow::ensure!(bytes.len() <= LONGEST_FILE, "the edited file has more than {LONGEST_FILE} bytes");
        let text = std::str::from_utf8(&bytes).ok().context("the edited file is not text (UTF-8)")?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// Writes zeros over every file in the folder: an editor may have left copies.
    fn overwrite(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let Ok(file) = rustix::fs::open(entry?.path(), flags, Mode::empty()) else { continue };
            let length = u64::try_from(fstat(&file)?.st_size).unwrap_or_default();
            let mut file = File::from(file);
            std::io::copy(&mut std::io::repeat(0).take(length), &mut file)?;
            file.sync_all()?;
            ftruncate(&file, 0)?;
        }
        Ok(())
    }
}

impl Drop for PlainFile {
    fn drop(&mut self) {
        let gone = self.overwrite().and(std::fs::remove_dir_all(&self.folder));
        if let Err(error) = gone {
            eprintln!(
                "moltctl: cannot remove `{}` ({error}); it holds secrets in plain text: remove it",
                self.folder.display()
            );
        }
    }
}

/// A new folder for nobody else: in memory if there is such a place, else among temporary files.
fn private_folder() -> anyhow::Result<(PathBuf, bool)> {
    let session = std::env::var_os("XDG_RUNTIME_DIR").filter(|named| !named.is_empty()).map(PathBuf::from);
    let candidates = session.into_iter().chain(["/dev/shm".into(), std::env::temp_dir()]);
    let mut name = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut name)
        .ok()
        .context("the system gave no randomness")?;
    let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    for place in candidates {
        let folder = place.join(format!("moltctl-{name}"));
        let is_in_memory = statfs(&place).is_ok_and(|found| found.f_type == TMPFS);
        let is_last = place == std::env::temp_dir();
        if (is_in_memory || is_last) && DirBuilder::new().mode(0o700).create(&folder).is_ok() {
            return Ok((folder, is_in_memory));
        }
    }
    anyhow::bail!("there is no folder for the plain text; set TMPDIR to one that you can write")
}
