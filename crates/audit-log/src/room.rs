//! Space on the disk, set aside before it is needed, so that a full disk is met while entries can still be refused.

use crate::disk::DiskFile;
use std::io;

/// Smaller steps do not get anything from a file system.
const SMALLEST: u64 = 4096;

/// How far space was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// As far as was wanted.
    Wanted(u64),
    /// Not so far, and the rest of the disk is left to others for now.
    Enough(u64),
    /// The disk is full here.
    Full(u64),
    /// This file system sets nothing aside.
    Unsupported,
}

/// Sets space aside from `from` (where it was set aside already) to `wanted`.
///
/// Never more than half of what the disk has left, so that whoever else lives on a small one can work too; but at least to
/// `least`, or as far as there is any. What is left is asked for and not tried out: of an attempt that fails, ext4 keeps as
/// much as there was.
pub(crate) fn set_aside(file: &dyn DiskFile, from: u64, least: u64, wanted: u64) -> io::Result<Reached> {
    let fair = from.saturating_add(file.disk_left()? / 2).max(least).min(wanted);
    let mut reached = from;
    let mut step = fair.saturating_sub(from);
    while reached < fair {
        match file.allocate(reached, step.min(fair - reached)) {
            Ok(()) => reached += step.min(fair - reached),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                step /= 2;
                if step < SMALLEST {
                    return Ok(Reached::Full(reached));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Reached::Unsupported),
            Err(error) => return Err(error),
        }
    }
    Ok(if reached < wanted { Reached::Enough(reached) } else { Reached::Wanted(reached) })
}

// === impl Reached ===

impl Reached {
    /// The position up to which writing needs no more space.
    pub(crate) const fn position(self) -> u64 {
        match self {
            Self::Wanted(position) | Self::Enough(position) | Self::Full(position) => position,
            Self::Unsupported => u64::MAX,
        }
    }

    /// Whether there was less than was wanted.
    pub(crate) const fn is_scarce(self) -> bool {
        matches!(self, Self::Enough(_) | Self::Full(_))
    }
}
