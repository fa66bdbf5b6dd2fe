//! Opening a log: what a crash left is finished or undone, and what no crash leaves is refused.
//!
//! A crash can leave: a last group of which parts are missing (nobody has heard of it), entries that nobody has heard of
//! (they are whole, and stay), a head that is a second old, and a rotation that has come halfway. The space beyond the end of
//! a file reads as zeros, which no entry contains, so a line that was never written whole is told from one that was
//! changed. Only what is both beyond the head and of that kind is cut off, and kept aside.

use crate::disk::{DiskFile, Opening};
use crate::entry::{EntryRef, NotAnEntry, Tip};
use crate::head::SignedHead;
use crate::head_file::{HeadFile, Signer};
use crate::problem::OpenProblem;
use crate::scan::{Next, Scan, first_line, last_line, rest};
use crate::segment::Place;
use action::Digest;
use std::io;
use std::path::PathBuf;

/// What is remembered of a log. Only as much of its end is read as is needed for that.
pub trait Fold {
    /// Whether the memory can begin with this entry, the first of a segment: it names all that was remembered before.
    ///
    /// Asked of the newest segment first; nothing of the entry has been checked yet, but all of it will be.
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool;

    /// The next entry, checked.
    fn take(&mut self, entry: &EntryRef<'_>);
}

/// An unfinished last group that was cut off and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// How many bytes.
    pub bytes: u64,
    /// Where they are kept.
    pub kept_in: PathBuf,
}

/// A log as it was found, whole.
pub(crate) struct Found {
    pub(crate) tip: Tip,
    pub(crate) active: Box<dyn DiskFile>,
    pub(crate) end: u64,
    /// The number of the first entry of the active segment, written or not.
    pub(crate) first: u64,
    pub(crate) closed: Vec<u64>,
    pub(crate) torn: Option<Torn>,
}

struct Segment {
    name: String,
    /// As its name says; `None` for the active one.
    first: Option<u64>,
    file: Box<dyn DiskFile>,
}

/// Where the whole lines of a segment end.
enum End {
    Whole(u64),
    Torn(u64),
}

/// Reads a log. The caller holds its lock.
pub(crate) fn recover(place: &Place, signer: &Signer, fold: &mut dyn Fold) -> Result<Found, OpenProblem> {
    // What the process before us has named and not synced is built upon from here on.
    place.disk.sync().map_err(io_at(place, &place.active()))?;
    let closed = place.closed_segments().map_err(io_at(place, &place.active()))?;
    let head = signed_head(place, signer, closed.is_empty())?;
    finish_rotation(place, &closed)?;
    let segments = open_segments(place, &closed)?;

    let (begin, mut tip) = begin(place, &segments, fold)?;
    let mut first = tip.seq + 1;
    let mut end = End::Whole(0);
    check_head(place, &head, tip)?;
    for segment in segments.get(begin..).unwrap_or_default() {
        first = tip.seq + 1;
        end = read(place, segment, &mut tip, &head, fold)?;
    }
    if segments.last().is_none_or(|last| last.first.is_some()) {
        (first, end) = (tip.seq + 1, End::Whole(0));
    }
    if tip.seq < head.entries() {
        let path = place.path(&place.active());
        return Err(OpenProblem::Truncated { path, entries: tip.seq, signed: head.entries() });
    }
    if head.entries() + 1 < first {
        let path = place.path(&place.head());
        return Err(OpenProblem::HeadOld { path, signed: head.entries(), durable: first - 1 });
    }

    let active = segments.into_iter().find(|segment| segment.first.is_none());
    let (active, end, torn) = make_ready(place, active, &end).map_err(io_at(place, &place.active()))?;
    Ok(Found { tip, active, end, first, closed, torn })
}

/// The head, verified. Where there is no entry yet it may be missing, and is made.
fn signed_head(place: &Place, signer: &Signer, none_closed: bool) -> Result<SignedHead, OpenProblem> {
    let name = place.head();
    let disk = &*place.disk;
    let mut note = HeadFile::read(disk, &name).map_err(io_at(place, &name))?;
    if note.is_none() {
        let active = disk.stat(&place.active()).map_err(io_at(place, &place.active()))?;
        if !none_closed || active.is_some_and(|active| active.size > 0) {
            return Err(OpenProblem::HeadMissing { path: place.path(&name) });
        }
        HeadFile::create(disk, &name, signer).map_err(io_at(place, &name))?;
        note = HeadFile::read(disk, &name).map_err(io_at(place, &name))?;
    }
    signer
        .key
        .verifier()
        .verify(&signer.origin, &note.unwrap_or_default())
        .map_err(|_invalid| OpenProblem::HeadForged { path: place.path(&name) })
}

/// A rotation renames the active segment, then the next one. Before the first rename it is undone (nobody has heard of its
/// entry), after it finished.
fn finish_rotation(place: &Place, closed: &[u64]) -> Result<(), OpenProblem> {
    let (active, next) = (place.active(), place.next());
    let exists = |name: &str| place.disk.stat(name).map(|found| found.is_some()).map_err(io_at(place, name));
    if !exists(&next)? {
        return Ok(());
    }
    if exists(&active)? || closed.is_empty() {
        place.disk.remove(&next).map_err(io_at(place, &next))?;
    } else {
        place.disk.rename(&next, &active).map_err(io_at(place, &next))?;
    }
    place.disk.sync().map_err(io_at(place, &next))
}

fn open_segments(place: &Place, closed: &[u64]) -> Result<Vec<Segment>, OpenProblem> {
    let open = |name: String, first: Option<u64>| {
        let file = place.disk.open(&name, Opening::Existing).map_err(io_at(place, &name))?;
        // What the process before us has written and not synced becomes durable or fails here. Then memory is forgotten:
        // after a failed sync it shows what the disk never got.
        let on_disk = if first.is_none() { file.sync_data() } else { Ok(()) };
        on_disk.and_then(|()| file.forget_cached()).map_err(io_at(place, &name))?;
        Ok(Segment { name, first, file })
    };
    let mut segments = Vec::with_capacity(closed.len() + 1);
    for first in closed {
        segments.push(open(place.closed(*first), Some(*first))?);
    }
    let active = place.active();
    if place.disk.stat(&active).map_err(io_at(place, &active))?.is_some() {
        segments.push(open(active, None)?);
    }
    Ok(segments)
}

/// The segment that the fold begins with, and the entry before it.
fn begin(place: &Place, segments: &[Segment], fold: &mut dyn Fold) -> Result<(usize, Tip), OpenProblem> {
    for (index, segment) in segments.iter().enumerate().rev() {
        let line = first_line(&*segment.file).map_err(io_at(place, &segment.name))?;
        let first = line.as_deref().and_then(|line| EntryRef::parse(line).ok());
        let Some(first) = first.filter(|first| fold.begins_with(first)) else { continue };
        let before = match index.checked_sub(1).and_then(|before| segments.get(before)) {
            Some(before) => last_tip(before).map_err(io_at(place, &before.name))?,
            None => Some(Tip::genesis()),
        };
        let linked = before
            .filter(|tip| first.seq == tip.seq + 1 && first.prev_hash.as_bytes() == tip.hash.hex_digits());
        let Some(tip) = linked else {
            return Err(broken(place, &segment.name, first.seq, NotAnEntry::OutOfChain));
        };
        return Ok((index, tip));
    }
    Ok((0, Tip::genesis()))
}

/// The last entry of a segment, whose own hash holds.
fn last_tip(segment: &Segment) -> io::Result<Option<Tip>> {
    let size = segment.file.stat()?.size;
    let Some(line) = last_line(&*segment.file, size)? else { return Ok(None) };
    Ok(EntryRef::parse(&line).ok().and_then(|last| {
        let mut tip = Tip { seq: last.seq.checked_sub(1)?, hash: last.prev_hash.parse::<Digest>().ok()? };
        tip.follow(&line).ok()?;
        Some(tip)
    }))
}

/// Checks every entry of a segment and hands it on.
fn read(
    place: &Place,
    segment: &Segment,
    tip: &mut Tip,
    head: &SignedHead,
    fold: &mut dyn Fold,
) -> Result<End, OpenProblem> {
    let named_otherwise = segment.first.is_some_and(|first| first != tip.seq + 1);
    let mut scan = Scan::new(&*segment.file);
    loop {
        let position = scan.position();
        let at = tip.seq + 1;
        let wrong = match scan.next().map_err(io_at(place, &segment.name))? {
            Next::End if position == 0 && segment.first.is_some() => NotAnEntry::OutOfChain,
            Next::End => return Ok(End::Whole(position)),
            Next::Line(_) if named_otherwise => NotAnEntry::OutOfChain,
            Next::Line(line) => match tip.follow(line) {
                Ok(entry) => {
                    fold.take(&entry);
                    check_head(place, head, *tip)?;
                    continue;
                }
                Err(wrong) => wrong,
            },
            Next::Unfinished => NotAnEntry::Malformed("the line is not finished".to_owned()),
            Next::TooLong => NotAnEntry::Malformed("the line is too long".to_owned()),
        };
        let left = rest(&*segment.file, position, |_, _| Ok(())).map_err(io_at(place, &segment.name))?;
        // Below the head, an end without a line feed is one that was cut; anything else was changed.
        let unfinished = !left.line_feed || (left.zero && tip.seq >= head.entries());
        if segment.first.is_none() && unfinished {
            return Ok(End::Torn(position));
        }
        return Err(broken(place, &segment.name, at, wrong));
    }
}

fn check_head(place: &Place, head: &SignedHead, tip: Tip) -> Result<(), OpenProblem> {
    if tip.seq == head.entries() && tip.hash != head.hash() {
        return Err(OpenProblem::Rewritten { path: place.path(&place.active()), at: tip.seq });
    }
    Ok(())
}

/// The active segment, to be appended to: without what was torn, and made where there is none.
fn make_ready(
    place: &Place,
    active: Option<Segment>,
    end: &End,
) -> io::Result<(Box<dyn DiskFile>, u64, Option<Torn>)> {
    let Some(Segment { file, .. }) = active else {
        let file = place.disk.open(&place.active(), Opening::New)?;
        // The name must be durable before what it names.
        place.disk.sync()?;
        return Ok((file, 0, None));
    };
    let keep = match end {
        End::Whole(end) => return Ok((file, *end, None)),
        End::Torn(keep) => *keep,
    };
    let torn = keep_aside(place, &*file, keep)?;
    file.truncate(keep)?;
    file.sync_data()?;
    Ok((file, keep, Some(torn)))
}

fn keep_aside(place: &Place, file: &dyn DiskFile, from: u64) -> io::Result<Torn> {
    let names = place.disk.names()?;
    let name = (1..).map(|n| place.torn(n)).find(|name| !names.contains(name)).unwrap_or_default();
    let beside = place.disk.open(&name, Opening::New)?;
    let kept = rest(file, from, |part, position| beside.write_all_at(part, position - from))
        .and_then(|_rest| beside.sync_data())
        .and_then(|()| place.disk.sync());
    if kept.is_err() {
        // On a full disk every further start would leave one more.
        let _ = place.disk.remove(&name);
    }
    kept?;
    Ok(Torn { bytes: file.stat()?.size.saturating_sub(from), kept_in: place.path(&name) })
}

fn broken(place: &Place, name: &str, at: u64, source: NotAnEntry) -> OpenProblem {
    OpenProblem::Broken { path: place.path(name), at, source }
}

/// For `map_err`: this file cannot be used.
pub(crate) fn io_at(place: &Place, name: &str) -> impl FnOnce(io::Error) -> OpenProblem {
    let path = place.path(name);
    move |source| OpenProblem::Io { path, source }
}
