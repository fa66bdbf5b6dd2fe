//! From the first line of a log to its last, over all its files, also while it is being written.
//!
//! Nobody is asked to stand still. The next file is looked for when it is needed: the closed segment that begins with the
//! next number, else the active file. An active file that was closed meanwhile is noticed by its first number or by its
//! name, and the walk goes on where its entries went.

use crate::entry::{EntryRef, NotAnEntry, Tip};
use crate::files::LogFiles;
use crate::lines::{Lines, Next};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often, and how far apart, an active file is looked for again: between two names it has none for a moment.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A walk along a chain.
#[derive(Debug)]
pub(crate) struct Walk {
    /// `None` when it is a walk through one file.
    log: Option<LogFiles>,
    tip: Tip,
    open: Option<Open>,
    /// The first numbers of the closed segments that were walked through.
    walked: BTreeSet<u64>,
    counted: u64,
}

#[derive(Debug)]
struct Open {
    lines: Lines<File>,
    active: bool,
    at_start: bool,
    /// The number that its first entry must have.
    first_seq: u64,
}

/// What comes next on a walk.
#[derive(Debug)]
pub(crate) enum Step {
    /// A line; [`Walk::line`] has its bytes until the next step.
    Line(Range<usize>),
    /// What stands there is no line.
    Broken(NotAnEntry),
    /// The log ends.
    End,
}

// === impl Walk ===

impl Walk {
    /// Through all files of a log.
    pub(crate) fn through(log: &LogFiles) -> io::Result<Self> {
        let mut walk = Self::new(Some(log.clone()), None);
        walk.open = walk.next_file()?;
        if walk.open.is_none() && walk.walked.is_empty() {
            let missing = format!("`{}` is not there", log.active().display());
            return Err(io::Error::new(io::ErrorKind::NotFound, missing));
        }
        Ok(walk)
    }

    /// Through one file. One that does not begin with entry 1 is taken to follow what its first entry says.
    pub(crate) fn through_file(path: &Path) -> io::Result<Self> {
        let mut walk = Self::new(None, Some(Open::new(File::open(path)?, true, 1)));
        if let Step::Line(line) = walk.step()?
            && let Ok(first) = EntryRef::parse(walk.line(line))
            && let (Some(seq @ 1..), Ok(hash)) = (first.seq.checked_sub(1), first.prev_hash.parse())
        {
            walk.tip = Tip { seq, hash };
        }
        walk.open = Some(Open::new(File::open(path)?, true, 1));
        Ok(walk)
    }

    const fn new(log: Option<LogFiles>, open: Option<Open>) -> Self {
        Self { log, tip: Tip::genesis(), open, walked: BTreeSet::new(), counted: 0 }
    }

    /// The last entry that was accepted.
    pub(crate) const fn tip(&self) -> Tip {
        self.tip
    }

    /// How many were accepted.
    pub(crate) const fn counted(&self) -> u64 {
        self.counted
    }

    /// The bytes of the line of this step.
    pub(crate) fn line(&self, line: Range<usize>) -> &[u8] {
        self.open.as_ref().map_or(&[], |open| open.lines.get(line))
    }

    /// Takes the line of this step for the entry that follows, if it is, without a look at its facts.
    pub(crate) fn accept_bytes(&mut self, line: Range<usize>) -> Result<(), NotAnEntry> {
        let Self { open, tip, counted, .. } = self;
        let bytes = open.as_ref().map_or(&[][..], |open| open.lines.get(line));
        if !tip.follow_bytes(bytes) {
            tip.follow(bytes)?;
        }
        *counted += 1;
        Ok(())
    }

    /// The same with all that an entry has.
    pub(crate) fn accept(&mut self, line: Range<usize>) -> Result<EntryRef<'_>, NotAnEntry> {
        let Self { open, tip, counted, .. } = self;
        let entry = tip.follow(open.as_ref().map_or(&[], |open| open.lines.get(line)))?;
        *counted += 1;
        Ok(entry)
    }

    /// The next line. After [`Step::Broken`] and [`Step::End`] there is nothing more to come.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        while let Some(open) = &mut self.open {
            let (active, first, first_seq) = (open.active, open.at_start, open.first_seq);
            open.at_start = false;
            match open.lines.next()? {
                Next::Line(line) if first && active && self.was_closed_meanwhile(&line)? => {}
                Next::Line(line) => return Ok(Step::Line(line)),
                Next::Unfinished => return Ok(self.broken("the last line is not finished")),
                Next::TooLong => return Ok(self.broken("the line is too long")),
                Next::End => {
                    self.walked.insert(first_seq);
                    // In this order: with the active file still in its place, no segment was closed before the look.
                    let stray = self.stray()?;
                    if active && self.is_still_active()? {
                        return Ok(self.end(stray));
                    }
                    self.open = self.next_file()?;
                }
            }
        }
        let stray = self.stray()?;
        Ok(self.end(stray))
    }

    fn broken(&mut self, why: &str) -> Step {
        (self.open, self.log) = (None, None);
        Step::Broken(NotAnEntry::Malformed(why.to_owned()))
    }

    fn end(&mut self, stray: Option<PathBuf>) -> Step {
        match stray {
            Some(file) => self.broken(&format!("no entry leads to the file `{}`", file.display())),
            None => {
                (self.open, self.log) = (None, None);
                Step::End
            }
        }
    }

    /// The file where the next entry must be; `None` when there is none.
    fn next_file(&self) -> io::Result<Option<Open>> {
        let Some(log) = &self.log else { return Ok(None) };
        let seq = self.tip.seq + 1;
        for look in 0..LOOKS {
            if look > 0 {
                std::thread::sleep(BETWEEN_LOOKS);
            }
            if !self.walked.contains(&seq)
                && let Some(file) = opened(&log.segment(seq))?
            {
                return Ok(Some(Open::new(file, false, seq)));
            }
            if let Some(file) = opened(&log.active())? {
                return Ok(Some(Open::new(file, true, seq)));
            }
            // Where there is no log, one more look is enough: the first segment may have been closed between both.
            if self.walked.is_empty() && look > 0 {
                break;
            }
        }
        Ok(None)
    }

    /// Whether the file that was opened as the active one begins later, because the one before has just been closed; if so
    /// the walk goes there.
    fn was_closed_meanwhile(&mut self, line: &Range<usize>) -> io::Result<bool> {
        let Some(log) = &self.log else { return Ok(false) };
        let seq = self.tip.seq + 1;
        let later = EntryRef::parse(self.line(line.clone())).is_ok_and(|first| first.seq > seq);
        if !later || self.walked.contains(&seq) || opened(&log.segment(seq))?.is_none() {
            return Ok(false);
        }
        self.open = self.next_file()?;
        Ok(true)
    }

    /// Whether the file that was read to its end still has the name of the active one.
    fn is_still_active(&self) -> io::Result<bool> {
        let (Some(log), Some(open)) = (&self.log, &self.open) else { return Ok(true) };
        let read = open.lines.file().metadata()?;
        match std::fs::metadata(log.active()) {
            Ok(named) => Ok((named.dev(), named.ino()) == (read.dev(), read.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A closed segment that no entry leads to.
    fn stray(&self) -> io::Result<Option<PathBuf>> {
        let Some(log) = &self.log else { return Ok(None) };
        let mut closed = log.closed()?.into_iter();
        Ok(closed.find(|(first_seq, _)| !self.walked.contains(first_seq)).map(|(_, path)| path))
    }
}

// === impl Open ===

impl Open {
    fn new(file: File, active: bool, first_seq: u64) -> Self {
        Self { lines: Lines::new(file), active, at_start: true, first_seq }
    }
}

fn opened(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Verdict, verify};
    use std::io::Write as _;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A writer that closes segments by hand.
    struct Writer {
        log: LogFiles,
        tip: Tip,
        /// The first number of the active file.
        first_seq: u64,
    }

    impl Writer {
        fn new(folder: &Path) -> Self {
            Self { log: LogFiles::new(folder, "log"), tip: Tip::genesis(), first_seq: 1 }
        }

        fn append_to(&mut self, path: &Path, count: u64) {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            for n in 0..count {
                let (line, next) = self.tip.next_line(jiff::Timestamp::UNIX_EPOCH, "x", &n).unwrap();
                file.write_all(&line).unwrap();
                self.tip = next;
            }
        }

        fn append(&mut self, count: u64) {
            self.append_to(&self.log.active(), count);
        }

        /// The new file is whole before the old one is closed; in between no file is active.
        fn close_and_append(&mut self, count: u64) {
            let next = self.log.active().with_extension("next");
            let closed = self.log.segment(std::mem::replace(&mut self.first_seq, self.tip.seq + 1));
            self.append_to(&next, count);
            std::fs::rename(self.log.active(), closed).unwrap();
            std::fs::rename(next, self.log.active()).unwrap();
        }
    }

    /// Takes `count` lines, or all.
    fn go(walk: &mut Walk, count: u64) -> u64 {
        for done in 0..count {
            match walk.step().unwrap() {
                Step::Line(line) => walk.accept_bytes(line).unwrap(),
                Step::End => return done,
                Step::Broken(why) => panic!("{why}"),
            }
        }
        count
    }

    #[test]
    fn a_walk_goes_on_where_the_entries_went_when_the_active_file_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path());
        writer.append(4);
        let mut walk = Walk::through(&writer.log).unwrap();
        assert_eq!(go(&mut walk, 2), 2);
        writer.close_and_append(3);
        assert_eq!(go(&mut walk, 4), 4);
        writer.close_and_append(1);
        writer.close_and_append(1);
        assert_eq!(go(&mut walk, u64::MAX), 3);
        assert_eq!(walk.tip(), writer.tip);
    }

    #[test]
    fn an_active_file_that_begins_too_late_was_preceded_by_one_just_closed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path());
        writer.append(4);
        let mut walk = Walk::through(&writer.log).unwrap();
        assert_eq!(go(&mut walk, 4), 4);
        writer.close_and_append(3);
        writer.close_and_append(2);
        // As if the last change of names had come between the looks for both names.
        walk.walked.insert(1);
        walk.open = opened(&writer.log.active()).unwrap().map(|file| Open::new(file, true, 5));
        assert_eq!(go(&mut walk, u64::MAX), 5);
        assert_eq!(walk.tip(), writer.tip);
    }

    #[test]
    fn a_log_is_whole_at_every_moment_of_its_writing() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(folder.path());
        writer.append(1);
        let (log, written) = (writer.log.clone(), AtomicU64::new(1));
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                for round in 0..400 {
                    writer.append(round % 3);
                    writer.close_and_append(1);
                    written.store(writer.tip.seq, Ordering::Release);
                }
            });
            let mut passes = 0;
            while passes < 3 || !writing.is_finished() {
                let before = written.load(Ordering::Acquire);
                let verdict = verify(&log).unwrap();
                assert!(matches!(verdict, Verdict::Valid { entries } if entries >= before), "{verdict}");
                passes += 1;
            }
        });
    }
}
