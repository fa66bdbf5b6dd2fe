//! Reading a log from its first entry to its last, checking every link on the way.

use crate::entry::{Entry, NotAnEntry, Tip};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

/// Longer lines are not entries of ours; bounds what a hostile file can make us hold.
const LINE_LIMIT: usize = 4 * 1024 * 1024;

/// What verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every link holds.
    Valid {
        /// How many entries.
        entries: u64,
    },
    /// A link does not hold.
    Broken {
        /// The first entry that is not what it should be; the first of all is 1.
        at: u64,
    },
}

/// Verifies a whole log file.
pub fn verify(path: &Path) -> io::Result<Verdict> {
    let mut count = 0;
    for entry in entries(path)? {
        match entry? {
            Ok(_) => count += 1,
            Err(_) => return Ok(Verdict::Broken { at: count + 1 }),
        }
    }
    Ok(Verdict::Valid { entries: count })
}

/// The entries of a log in order, each checked; ends after the first that does not hold.
///
/// A line that is being written at this moment is waited for a little.
pub fn entries(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Result<Entry, NotAnEntry>>>> {
    let mut lines = Lines { reader: BufReader::new(File::open(path)?) };
    let mut tip = Some(Tip::genesis());
    Ok(std::iter::from_fn(move || {
        let mut here = tip.take()?;
        let line = match lines.next_line() {
            Ok(Line::End) => return None,
            Ok(Line::Whole(line)) => line,
            Ok(Line::Unfinished) => {
                return Some(Ok(Err(NotAnEntry::Malformed("the last line is not finished".to_owned()))));
            }
            Ok(Line::TooLong) => {
                return Some(Ok(Err(NotAnEntry::Malformed("the line is too long".to_owned()))));
            }
            Err(error) => return Some(Err(error)),
        };
        let entry = here.follow(&line).and_then(|entry| entry.to_entry());
        if entry.is_ok() {
            tip = Some(here);
        }
        Some(Ok(entry))
    }))
}

struct Lines {
    reader: BufReader<File>,
}

enum Line {
    Whole(Vec<u8>),
    Unfinished,
    TooLong,
    End,
}

// === impl Lines ===

impl Lines {
    fn next_line(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        for attempt in 0..10 {
            if attempt > 0 {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let room = LINE_LIMIT.saturating_sub(line.len()) as u64;
            self.reader.by_ref().take(room).read_until(b'\n', &mut line)?;
            if line.last() == Some(&b'\n') {
                line.pop();
                return Ok(Line::Whole(line));
            }
            if line.is_empty() {
                return Ok(Line::End);
            }
            if line.len() >= LINE_LIMIT {
                return Ok(Line::TooLong);
            }
        }
        Ok(Line::Unfinished)
    }
}

// === impl Verdict ===

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { entries } => write!(f, "Chain integrity: VALID ({entries} entries)"),
            Self::Broken { at } => write!(f, "Chain integrity: BROKEN at entry {at}"),
        }
    }
}
