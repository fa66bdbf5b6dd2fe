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
/// Where there is not so much, about half of what there is, so that whoever else lives on a small disk can work too; but at
/// least to `least`, or as far as there is any.
pub(crate) fn set_aside(file: &dyn DiskFile, from: u64, least: u64, wanted: u64) -> io::Result<Reached> {
    let (mut reached, mut short) = (from, false);
    let mut step = wanted.saturating_sub(from);
    while reached < wanted {
        match file.allocate(reached, step.min(wanted - reached)) {
            Ok(()) => {
                reached += step.min(wanted - reached);
                if short && reached >= least {
                    return Ok(Reached::Enough(reached));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                short = true;
                step /= 2;
                if step < SMALLEST {
                    return Ok(Reached::Full(reached));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Reached::Unsupported),
            Err(error) => return Err(error),
        }
    }
    Ok(Reached::Wanted(reached))
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
