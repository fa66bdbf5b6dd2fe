//! The latch: while its file exists nothing is done, whatever anybody permitted.
//!
//! What stands in the file says how far it goes and who wanted it. A file that cannot be read or understood means the
//! most that it could mean. Setting it needs no room on the disk: a spare file is kept ready, with blocks of its own, and
//! renamed into place.
//!
//! Nobody who could be the one to be stopped may clear it: no zone sees the home.

use crate::Home;
use jiff::Timestamp;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::fs::{File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The size of the spare file; more than the longest order is.
const SIZE: usize = 4096;

/// The longest reason, in characters; in JSON a character takes six bytes at most.
const LONGEST: usize = 500;

/// How far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing new is done; everything stays up to be looked at.
    Frozen,
    /// Nothing runs, and nothing is started until the owner re-arms.
    Killed,
}

/// What somebody wants, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How far it goes.
    pub level: Level,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// Since when.
    pub at: Timestamp,
    /// Of a kill that could not be written to the record: how many microseconds it took until the zones were gone, and the
    /// executor. Whoever re-arms records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<(u64, u64)>,
}

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Latched {
    /// There is none.
    Not,
    /// Nothing new is done.
    Frozen(Order),
    /// Nothing runs. Without an order: the file cannot be read or understood.
    Killed(Option<Order>),
}

/// The latch of one home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latch {
    file: PathBuf,
}

/// Why the latch is not set.
#[derive(Debug, thiserror::Error)]
pub enum CannotLatch {
    /// It is set already.
    #[error("it is {level} already, by {who}: {why}")]
    Already {
        /// How far.
        level: Level,
        /// By whom.
        who: String,
        /// Why.
        why: String,
    },
    /// The file system refused.
    #[error("cannot set the latch `{}`: {source}; make the folder writable", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Everything was killed: nothing is started.
#[derive(Debug, thiserror::Error)]
#[error("everything was killed{by}; nothing is started until you re-arm with `moltctl rearm --reason TEXT`")]
pub struct KilledHome {
    by: String,
}

/// Why the latch is not taken away.
#[derive(Debug, thiserror::Error)]
pub enum CannotLift {
    /// It was set anew meanwhile.
    #[error("it was set anew meanwhile; look at `moltctl status`")]
    SetAnew,
    /// The file system refused.
    #[error("cannot take the latch `{}` away: {source}; make the folder writable", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

// === impl Order ===

impl Order {
    /// An order of now, its words cut to what fits.
    pub fn new(level: Level, who: &str, why: &str) -> Self {
        let cut = |text: &str, most| text.chars().take(most).collect();
        let (who, why) = (cut(who, 100), cut(why, LONGEST));
        Self { level, who, why, at: Timestamp::now(), unrecorded: None }
    }

    /// As it stands in the file: filled up with spaces, so that it covers whatever stood there before.
    fn padded(&self, size: usize) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.resize(text.len().max(size), b' ');
        text
    }
}

// === impl Latch ===

impl Latch {
    /// The latch of a home.
    pub fn of(home: &Home) -> Self {
        Self::at(home.latch())
    }

    /// The latch whose file this is.
    pub const fn at(file: PathBuf) -> Self {
        Self { file }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether it is set, and how far. Anything but a clear "there is no such file" is a set latch.
    ///
    /// Opened once and looked at through that: a latch that is lifted at this moment is one that was frozen or one that is
    /// not there, and never one that cannot be understood, which would mean a kill.
    pub fn read(&self) -> Latched {
        // Something that is no file must not hold the reader up.
        let flags = NOFOLLOW | OFlags::NONBLOCK.bits().cast_signed();
        let order = match File::options().read(true).custom_flags(flags).open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Latched::Not,
            Err(_) => None,
            Ok(file) => order_in(&file),
        };
        match order {
            Some(order @ Order { level: Level::Frozen, .. }) => Latched::Frozen(order),
            order => Latched::Killed(order),
        }
    }

    /// Whoever would start something asks this after taking the lock that a kill waits for.
    pub fn refuse_when_killed(&self) -> Result<(), KilledHome> {
        match self.read() {
            Latched::Not | Latched::Frozen(_) => Ok(()),
            Latched::Killed(order) => {
                let words = |Order { who, why, at, .. }: Order| format!(" by {who:?} at {at:.0} ({why:?})");
                Err(KilledHome { by: order.map(words).unwrap_or_default() })
            }
        }
    }

    /// Keeps a spare file ready, so that the latch can be set on a full disk. Errors when there is no room for it.
    pub fn prepare(&self) -> io::Result<()> {
        let spare = self.spare();
        if std::fs::read(&spare).is_ok_and(|found| found == [b' '; SIZE]) {
            return Ok(());
        }
        let unfinished = self.beside("unfinished");
        let file = fresh(&unfinished)?;
        file.write_all_at(&[b' '; SIZE], 0)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &spare)?;
        self.sync_folder()
    }

    /// Sets it to killed, by whatever way is left: the file exists when this returns well, but it may not be durable yet and may
    /// not say why. A latch that is set to killed already is left as it is.
    ///
    /// This waits for nobody and looks at nothing twice; [`Self::make_durable`] comes when everything is stopped.
    pub fn kill(&self, order: &Order) -> Result<(), CannotLatch> {
        if matches!(self.read(), Latched::Killed(_)) {
            return Ok(());
        }
        // Its blocks are its own: writing over them and renaming it need no room. It takes the place of a milder latch.
        let spare = self.spare();
        let told = Self::at(spare.clone()).tell(order);
        let renamed = std::fs::rename(&spare, &self.file);
        // A file without contents that anybody understands is as good as one that says so.
        let set = renamed
            .or_else(|_| File::options().write(true).open(&self.file).and_then(|file| file.set_len(0)));
        let set = set.or_else(|_| fresh(&self.file).map(drop));
        let set = set.or_else(|_| std::os::unix::fs::symlink("killed", &self.file));
        set.map_err(|source| CannotLatch::Io { path: self.file.clone(), source })?;
        if told.is_err() {
            // As far as possible.
            let _ = self.tell(order);
        }
        if matches!(self.read(), Latched::Killed(_)) {
            return Ok(());
        }
        // A freeze that was broken off left a milder word there, or somebody took it away. No word at all is the hardest.
        let emptied = File::options().write(true).open(&self.file).and_then(|file| file.set_len(0));
        emptied
            .or_else(|_| fresh(&self.file).map(drop))
            .map_err(|source| CannotLatch::Io { path: self.file.clone(), source })
    }

    /// Sets it to frozen. Errors when it is set already.
    pub fn freeze(&self, order: &Order) -> Result<(), CannotLatch> {
        self.prepare_order(order).and_then(|ready| self.place(&ready)).map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                return self.already();
            }
            CannotLatch::Io { path: self.file.clone(), source }
        })?;
        // The next kill wants one too.
        let _ = self.prepare();
        self.make_durable().map_err(|source| CannotLatch::Io { path: self.file.clone(), source })
    }

    /// The order in a file of its own; on a full disk in the spare one.
    fn prepare_order(&self, order: &Order) -> io::Result<PathBuf> {
        let unfinished = self.beside("freezing");
        let written = fresh(&unfinished).and_then(|file| {
            file.write_all_at(&order.padded(SIZE), 0)?;
            file.sync_all()
        });
        if written.is_ok() {
            return Ok(unfinished);
        }
        let _ = std::fs::remove_file(&unfinished);
        let spare = File::options().write(true).open(self.spare())?;
        spare.write_all_at(&order.padded(SIZE), 0)?;
        spare.sync_all()?;
        Ok(self.spare())
    }

    /// Never over a latch that is set.
    fn place(&self, ready: &Path) -> io::Result<()> {
        std::fs::hard_link(ready, &self.file)?;
        std::fs::remove_file(ready)
    }

    fn already(&self) -> CannotLatch {
        let (level, order) = match self.read() {
            Latched::Frozen(order) => (Level::Frozen, Some(order)),
            Latched::Killed(order) => (Level::Killed, order),
            Latched::Not => (Level::Frozen, None),
        };
        let (who, why) = order.map_or_else(Default::default, |order| (order.who, order.why));
        CannotLatch::Already { level, who, why }
    }

    /// Writes what is known into a latch that is set, over what stands there; needs no room where the latch was the spare file.
    pub fn tell(&self, order: &Order) -> io::Result<()> {
        let file = File::options().write(true).custom_flags(NOFOLLOW).open(&self.file)?;
        let size = usize::try_from(file.metadata()?.size()).unwrap_or(SIZE);
        file.write_all_at(&order.padded(size), 0)
    }

    /// Waits until it survives a loss of power.
    pub fn make_durable(&self) -> io::Result<()> {
        if let Ok(file) = File::options().read(true).custom_flags(NOFOLLOW).open(&self.file) {
            file.sync_all()?;
        }
        self.sync_folder()
    }

    /// Takes it away, durably, if it is still what the caller saw. A kill that comes between is kept: it is put back, and a kill
    /// looks for its latch once more before it ends.
    pub fn lift(&self, seen: &Latched) -> Result<(), CannotLift> {
        let failed = |source| CannotLift::Io { path: self.file.clone(), source };
        if self.read() != *seen {
            return Err(CannotLift::SetAnew);
        }
        let lifted = Self::at(self.beside("lifted"));
        if std::fs::symlink_metadata(&self.file).is_ok_and(|found| found.is_dir()) {
            std::fs::remove_dir(&self.file).map_err(failed)?;
            return self.sync_folder().map_err(failed);
        }
        std::fs::rename(&self.file, &lifted.file).map_err(failed)?;
        if lifted.read() != *seen {
            std::fs::rename(&lifted.file, &self.file).map_err(failed)?;
            return Err(CannotLift::SetAnew);
        }
        self.sync_folder().map_err(failed)?;
        // It is no latch any more, only the rest of one.
        let _ = std::fs::remove_file(&lifted.file);
        Ok(())
    }

    /// Leaves word of who lets things go on, for the executor to record. Not in the latch itself: that may be a kill's by now.
    pub fn leave_word(&self, order: &Order) -> io::Result<()> {
        fresh(&self.beside("word"))?.write_all_at(&order.padded(0), 0)
    }

    /// The word that was left last.
    pub fn word(&self) -> Option<Order> {
        serde_json::from_slice(&std::fs::read(self.beside("word")).ok()?).ok()
    }

    fn spare(&self) -> PathBuf {
        self.beside("ready")
    }

    fn beside(&self, extension: &str) -> PathBuf {
        self.file.with_extension(extension)
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(self.file.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// What stands in a latch that is as we write it.
fn order_in(file: &File) -> Option<Order> {
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > SIZE as u64 {
        return None;
    }
    let mut text = Vec::with_capacity(SIZE);
    file.take(SIZE as u64).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// An empty file that only we write. In a home that lets others through they may read it: Zone 1 may be another user than the
/// owner there, and a latch that it cannot read means the most to it.
fn fresh(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    let file =
        options.write(true).create(true).truncate(true).mode(0o600).custom_flags(NOFOLLOW).open(path)?;
    let lets_others_through = |home: &Path| home.metadata().is_ok_and(|folder| folder.mode() & 0o001 != 0);
    if path.parent().is_some_and(lets_others_through) {
        file.set_permissions(Permissions::from_mode(0o644))?;
    }
    Ok(file)
}

/// A link in the latch's place leads nowhere.
const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits().cast_signed();

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Frozen => "frozen",
            Self::Killed => "killed",
        })
    }
}
