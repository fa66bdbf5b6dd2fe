//! Lines of a file that may be growing, read in big blocks and handed out where they stand.

use std::io::{self, Read};
use std::ops::Range;
use std::time::Duration;

/// Longer lines are not entries of ours; bounds what a hostile file can make us hold.
pub(crate) const LINE_LIMIT: usize = 4 * 1024 * 1024;

/// How much is read at once.
const BLOCK: usize = 256 * 1024;

/// How often, and how far apart, an unfinished last line is looked at again.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A reader of lines.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    file: R,
    block: Vec<u8>,
    /// What of the block was read from the file and not handed out yet.
    fresh: Range<usize>,
}

/// What comes next in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line without its line feed; [`Lines::get`] has its bytes until the next is asked for.
    Line(Range<usize>),
    /// The file ends in the middle of a line, and goes on doing so.
    Unfinished,
    /// The line is longer than [`LINE_LIMIT`].
    TooLong,
    /// The file ends.
    End,
}

// === impl Lines ===

impl<R: Read> Lines<R> {
    pub(crate) fn new(file: R) -> Self {
        Self { file, block: vec![0; BLOCK], fresh: 0..0 }
    }

    /// The bytes of a line.
    pub(crate) fn get(&self, line: Range<usize>) -> &[u8] {
        self.block.get(line).unwrap_or_default()
    }

    /// The file that is read.
    pub(crate) const fn file(&self) -> &R {
        &self.file
    }

    /// The next line. One that is being written at this moment is waited for a little.
    pub(crate) fn next(&mut self) -> io::Result<Next> {
        let mut searched = 0;
        let mut looks = 0;
        loop {
            let fresh = self.get(self.fresh.clone());
            let found = fresh.get(searched..).and_then(|rest| memchr::memchr(b'\n', rest));
            if let Some(length) = found.map(|at| searched + at) {
                let line = self.fresh.start..self.fresh.start + length;
                self.fresh.start = line.end + 1;
                return Ok(if length > LINE_LIMIT { Next::TooLong } else { Next::Line(line) });
            }
            searched = fresh.len();
            if searched > LINE_LIMIT {
                return Ok(Next::TooLong);
            }
            if self.fill()? {
                continue;
            }
            if searched == 0 {
                return Ok(Next::End);
            }
            looks += 1;
            if looks == LOOKS {
                return Ok(Next::Unfinished);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Reads more behind what there is; `false` at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        if self.fresh.end == self.block.len() {
            let length = self.fresh.len();
            self.block.copy_within(self.fresh.clone(), 0);
            self.fresh = 0..length;
            if length > self.block.len() / 2 {
                self.block.resize(self.block.len() * 2, 0);
            }
        }
        let room = self.block.get_mut(self.fresh.end..).unwrap_or_default();
        let read = loop {
            match self.file.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.fresh.end += read;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Next) {
        let mut lines = Lines::new(bytes);
        let mut found = Vec::new();
        loop {
            match lines.next().unwrap() {
                Next::Line(line) => found.push(lines.get(line).to_vec()),
                end @ (Next::Unfinished | Next::TooLong | Next::End) => return (found, end),
            }
        }
    }

    #[test]
    fn lines_come_out_as_they_went_in_however_they_lie_in_blocks() {
        for longest in [1, 700, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
            let lines: Vec<_> = (0..9).map(|n| vec![b'0' + n; longest * usize::from(n) / 8]).collect();
            let bytes: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
            assert_eq!(read(&bytes), (lines, Next::End), "{longest}");
        }
    }

    #[test]
    fn a_last_line_without_its_end_is_unfinished() {
        assert_eq!(read(b"one\ntw"), (vec![b"one".to_vec()], Next::Unfinished));
        assert_eq!(read(b""), (vec![], Next::End));
    }

    #[test]
    fn a_line_beyond_the_limit_is_not_held() {
        let longest = vec![b'x'; LINE_LIMIT];
        assert_eq!(read(&[&longest, &b"\n"[..]].concat()), (vec![longest.clone()], Next::End));
        assert_eq!(read(&[&longest, &b"x\n"[..]].concat()), (vec![], Next::TooLong));
        assert_eq!(read(&[longest, vec![b'x'; 2 * BLOCK]].concat()), (vec![], Next::TooLong));
    }

    /// A file to which somebody appends: each read gives the next part.
    struct Growing(VecDeque<&'static [u8]>);

    impl Read for Growing {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.0.pop_front().unwrap_or_default().read(room)
        }
    }

    #[test]
    fn a_line_that_is_being_written_is_waited_for() {
        let mut lines = Lines::new(Growing([&b"begin"[..], b"", b"", b"ning\n"].into()));
        let Next::Line(line) = lines.next().unwrap() else { panic!("the line was not waited for") };
        assert_eq!(lines.get(line), b"beginning");
    }
}
