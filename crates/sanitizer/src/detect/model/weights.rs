//! The trained weights: made by `crates/detector-training`, which says how to make them again.

use super::features::BUCKETS;

/// A window's length in words, and what it starts from before any word is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) words: usize,
    pub(crate) bias: f32,
}

/// Little-endian: magic, the windows (u32 words, f32 bias each), f32 threshold, f32 slope, f32 scale, then one signed byte
/// for each bucket.
static FILE: &[u8] = include_bytes!("weights.bin");

/// The first bytes of the file; the number changes with the features.
pub(crate) const MAGIC: [u8; 4] = *b"MBW1";

/// Windows in the file.
pub(crate) const WINDOWS: usize = 3;

const HEAD: usize = MAGIC.len() + WINDOWS * 8 + 12;

// A file of another form does not compile.
const _: () = assert!(FILE.len() == HEAD + BUCKETS as usize);

pub(crate) struct Weights {
    pub(crate) windows: [Window; WINDOWS],
    /// Evidence from which the owner is warned.
    pub(crate) threshold: f32,
    /// How much surer one unit of evidence makes, in log-odds.
    pub(crate) slope: f32,
    /// What one step of a weight is worth.
    pub(crate) scale: f32,
    steps: &'static [u8],
}

impl Weights {
    pub(crate) fn load() -> Self {
        let number = |at: usize| {
            let bytes = FILE.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            f32::from_le_bytes(bytes.unwrap_or_default())
        };
        let window = |n: usize| {
            let at = MAGIC.len() + n * 8;
            Window { words: number(at).to_bits() as usize, bias: number(at + 4) }
        };
        let after = MAGIC.len() + WINDOWS * 8;
        Self {
            windows: std::array::from_fn(window),
            threshold: number(after),
            slope: number(after + 4),
            scale: number(after + 8),
            steps: FILE.get(HEAD..).unwrap_or_default(),
        }
    }

    /// The weight of a bucket, in steps.
    pub(crate) fn steps(&self, bucket: u32) -> i32 {
        self.steps.get(bucket as usize).map_or(0, |step| i32::from(step.cast_signed()))
    }
}
