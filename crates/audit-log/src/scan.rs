//! Lines of a file on a disk.

use crate::disk::DiskFile;
use std::io::{self, BufRead as _, BufReader, Read};

/// Longer lines are not entries of ours; bounds what a hostile file can make us hold.
const LINE_LIMIT: u64 = 4 * 1024 * 1024;

const BLOCK: usize = 64 * 1024;

/// A reader of lines from the beginning.
pub(crate) struct Scan<'a> {
    reader: BufReader<At<'a>>,
    line: Vec<u8>,
    position: u64,
}

/// What comes next.
pub(crate) enum Next<'a> {
    /// A line without its line feed.
    Line(&'a [u8]),
    /// The file ends within the line.
    Unfinished,
    TooLong,
    End,
}

/// What stands in a file from some position to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rest {
    pub(crate) line_feed: bool,
    pub(crate) zero: bool,
}

struct At<'a> {
    file: &'a dyn DiskFile,
    position: u64,
}

// === impl Scan ===

impl<'a> Scan<'a> {
    pub(crate) fn new(file: &'a dyn DiskFile) -> Self {
        let reader = BufReader::with_capacity(BLOCK, At { file, position: 0 });
        Self { reader, line: Vec::new(), position: 0 }
    }

    /// Where the next line begins.
    pub(crate) const fn position(&self) -> u64 {
        self.position
    }

    /// Moves on only over whole lines.
    pub(crate) fn next(&mut self) -> io::Result<Next<'_>> {
        self.line.clear();
        let read = self.reader.by_ref().take(LINE_LIMIT + 1).read_until(b'\n', &mut self.line)? as u64;
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            self.position += read;
            return Ok(Next::Line(&self.line));
        }
        Ok(match read {
            0 => Next::End,
            length if length > LINE_LIMIT => Next::TooLong,
            _ => Next::Unfinished,
        })
    }
}

impl Read for At<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_up_to(bytes, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// The first line without its line feed, where there is a whole one.
pub(crate) fn first_line(file: &dyn DiskFile) -> io::Result<Option<Vec<u8>>> {
    Ok(match Scan::new(file).next()? {
        Next::Line(line) => Some(line.to_vec()),
        Next::Unfinished | Next::TooLong | Next::End => None,
    })
}

/// The last line without its line feed; `None` where the file does not end with a whole line.
pub(crate) fn last_line(file: &dyn DiskFile, size: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line: Vec<u8> = Vec::new();
    let mut begin = size;
    while begin > 0 && size - begin <= LINE_LIMIT {
        let from = begin.saturating_sub(BLOCK as u64);
        let mut block = vec![0; usize::try_from(begin - from).unwrap_or(0)];
        let read = file.read_up_to(&mut block, from)?;
        block.truncate(read);
        block.append(&mut line);
        line = block;
        begin = from;
        let Some(before) = line.strip_suffix(b"\n") else { return Ok(None) };
        if let Some(line_feed) = before.iter().rposition(|byte| *byte == b'\n') {
            return Ok(before.get(line_feed + 1..).map(<[u8]>::to_vec));
        }
    }
    Ok(if begin == 0 { line.strip_suffix(b"\n").map(<[u8]>::to_vec) } else { None })
}

/// Looks through a file from here to its end, and hands on what is there.
pub(crate) fn rest(
    file: &dyn DiskFile,
    mut position: u64,
    mut take: impl FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<Rest> {
    let mut found = Rest::default();
    let mut block = [0; 4096];
    loop {
        let read = file.read_up_to(&mut block, position)?;
        let part = block.get(..read).filter(|part| !part.is_empty());
        let Some(part) = part else { return Ok(found) };
        found.line_feed |= part.contains(&b'\n');
        found.zero |= part.contains(&0);
        take(part, position)?;
        position += read as u64;
    }
}
