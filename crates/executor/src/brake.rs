//! The latch as Zone 1 obeys it: looked at before every effect, and watched, so that what is under way is cut when
//! everything is killed.
//!
//! The file decides. A kill that was seen once holds for the life of this process, whatever becomes of the file.

use crate::refusal::Refusal;
use crate::zone1::Zone1;
use home::{Latch, Latched, Level, Order};
use ledger::{Event, quoted};
use rustix::fs::inotify;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often is looked where the kernel does not tell, and what could not be recorded is tried again.
const EVERY: Duration = Duration::from_millis(50);

/// The latch, and what was seen of it.
#[derive(Debug)]
pub(crate) struct Brake {
    latch: Latch,
    killed: watch::Sender<bool>,
    /// Something happened in the latch's folder.
    stirred: watch::Sender<()>,
}

// === impl Brake ===

impl Brake {
    pub(crate) fn new(latch: Latch) -> Self {
        Self { latch, killed: watch::Sender::new(false), stirred: watch::Sender::new(()) }
    }

    /// Whether anything may be done. Every effect asks this last.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        match self.look() {
            Some(level) => Err(Refusal::Latched { path: self.latch.file().display().to_string(), level }),
            None => Ok(()),
        }
    }

    /// How far it goes at this moment; who kills is remembered.
    fn look(&self) -> Option<Level> {
        let level = match self.latch.read() {
            Latched::Not => None,
            Latched::Frozen(_) => Some(Level::Frozen),
            Latched::Killed(_) => Some(Level::Killed),
        };
        if level == Some(Level::Killed) {
            self.killed.send_if_modified(|killed| !std::mem::replace(killed, true));
        }
        if *self.killed.borrow() { Some(Level::Killed) } else { level }
    }

    /// Completes when everything is killed, and never otherwise.
    pub(crate) async fn killed(&self) {
        let mut killed = self.killed.subscribe();
        // The sender lives as long as this does.
        if killed.wait_for(|killed| *killed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Looks at the latch whenever the kernel says that something happened beside it, on a thread of its own: a kill must not
    /// wait until whatever else this process computes is done.
    fn watch_on_a_thread(self: &Arc<Self>) -> io::Result<()> {
        use inotify::{CreateFlags, WatchFlags};
        let folder = self.latch.file().parent().unwrap_or(Path::new("/"));
        let fd = inotify::init(CreateFlags::CLOEXEC)?;
        let what = WatchFlags::CREATE | WatchFlags::MOVE | WatchFlags::DELETE | WatchFlags::MODIFY;
        inotify::add_watch(&fd, folder, what | WatchFlags::ONLYDIR)?;
        let brake = Arc::clone(self);
        let watching = move || {
            let mut events = [0; 4096];
            // What happened does not matter: the file says how things are now.
            while rustix::io::retry_on_intr(|| rustix::io::read(&fd, &mut events)).is_ok() {
                brake.look();
                brake.stirred.send_replace(());
            }
        };
        std::thread::Builder::new().name("latch".to_owned()).spawn(watching).map(drop)
    }
}

// === impl Zone1 ===

impl Zone1 {
    /// Watches the latch for as long as this process lives: wakes who waits, cuts what is under way, records what changed.
    pub(crate) async fn watch_latch(&self) {
        let mut stirred = self.brake.stirred.subscribe();
        let watched = self.brake.watch_on_a_thread();
        if let Err(why) = &watched {
            tracing::warn!("the latch is looked at every {EVERY:?}, because it cannot be watched: {why}");
        }
        let mut last = None;
        loop {
            let level = self.brake.look();
            if level != last {
                last = level;
                self.look_again();
            }
            let recorded = self.record_latch(level).await;
            if watched.is_ok() && recorded.is_ok() {
                // Zone 1 lives as long as its brake, so this cannot end early.
                let _ = stirred.changed().await;
            } else {
                // What cannot be recorded now is recorded at the next look.
                let _ = tokio::time::timeout(EVERY, stirred.changed()).await;
            }
        }
    }

    /// A freeze and its end stand in the record once each, also when they came while no executor ran. A kill is recorded by
    /// whoever kills, when everything has ended.
    async fn record_latch(&self, level: Option<Level>) -> Result<(), Refusal> {
        let was_frozen = self.record()?.ledger().is_frozen();
        let event = match (level, was_frozen) {
            (Some(Level::Frozen), false) => {
                let Latched::Frozen(Order { who, why, .. }) = self.brake.latch.read() else { return Ok(()) };
                Event::Frozen { who: quoted(&who), why: quoted(&why) }
            }
            (None, true) => {
                let (who, why) = self.brake.latch.word().map_or_else(
                    || ("unknown".to_owned(), "the latch was taken away by hand".to_owned()),
                    |Order { who, why, .. }| (who, why),
                );
                Event::Unfrozen { who: quoted(&who), why: quoted(&why) }
            }
            (Some(Level::Frozen), true) | (Some(Level::Killed), _) | (None, false) => return Ok(()),
        };
        self.note(event).await
    }
}
