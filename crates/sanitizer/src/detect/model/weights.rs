//! The trained weights: made by `crates/detector-training`, which says how to make them again.

use super::features::BUCKETS;

/// A window's length in words, and what it starts from before any word is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) words: usize,
    pub(crate) bias: f32,
}

/// Little-endian: magic, the bias of each window (f32), f32 threshold, f32 slope, f32 scale, then one signed byte
/// for each bucket.
static FILE: &[u8] = include_bytes!("weights.bin");

/// The first bytes of the file; the number changes with the features.
const MAGIC: [u8; 4] = *b"MBW1";

/// Windows in the file.
pub(crate) const WINDOWS: usize = 3;

/// Their lengths, in words: a few words, a sentence, a paragraph.
pub(crate) const SIZES: [usize; WINDOWS] = [8, 24, 48];

const HEAD: usize = MAGIC.len() + WINDOWS * 4 + 12;

// A file of another form does not compile.
const _: () = assert!(FILE.len() == HEAD + BUCKETS as usize);

static STEPS: &[u8; BUCKETS as usize] = match FILE.last_chunk() {
    Some(steps) => steps,
    None => &[0; BUCKETS as usize],
};

/// Evidence that a harmless message of so many bytes comes to by chance: the more passages, the more the worst of them
/// looks like orders. What is longer than a page counts as one, so that nobody hides an order in a flood.
pub(crate) fn by_chance(bytes: usize) -> f32 {
    /// Evidence for each time that the length grows by e, as the worst of harmless messages have it.
    const GROWTH: f32 = 0.16;
    /// A page of text.
    const PAGE: usize = 6000;
    /// Below a few lines, length says little.
    const LINES: usize = 600;
    #[expect(clippy::cast_precision_loss, reason = "no more than a page")]
    let bytes = (bytes.min(PAGE) + LINES) as f32;
    GROWTH * bytes.ln()
}

pub(crate) struct Weights {
    pub(crate) windows: [Window; WINDOWS],
    /// Evidence beyond what comes by chance, from which the owner is warned.
    pub(crate) threshold: f32,
    /// How much surer one unit of evidence makes, in log-odds.
    pub(crate) slope: f32,
    /// What one step of a weight is worth.
    pub(crate) scale: f32,
    steps: &'static [u8; BUCKETS as usize],
}

impl Weights {
    pub(crate) fn load() -> Self {
        let number = |at: usize| {
            let bytes = FILE.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            f32::from_le_bytes(bytes.unwrap_or_default())
        };
        let window = |(n, words)| Window { words, bias: number(MAGIC.len() + n * 4) };
        let mut windows = SIZES.into_iter().enumerate().map(window);
        let after = MAGIC.len() + WINDOWS * 4;
        Self {
            windows: std::array::from_fn(|_| windows.next().unwrap_or(Window { words: 0, bias: f32::MIN })),
            threshold: number(after),
            slope: number(after + 4),
            scale: number(after + 8),
            steps: STEPS,
        }
    }

    /// The weight of a bucket, in steps.
    #[inline]
    pub(crate) fn steps(&self, bucket: u32) -> i32 {
        self.steps.get(bucket as usize).map_or(0, |step| i32::from(step.cast_signed()))
    }
}

/// The bytes of a file with these weights; the largest weight is 127 steps.
pub(crate) fn to_file(weights: &[f32], biases: [f32; WINDOWS], threshold: f32, slope: f32) -> Vec<u8> {
    let largest = weights.iter().fold(f32::MIN_POSITIVE, |largest, weight| largest.max(weight.abs()));
    let scale = largest / 127.0;
    let mut file = MAGIC.to_vec();
    for number in biases.into_iter().chain([threshold, slope, scale]) {
        file.extend(number.to_le_bytes());
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127 by the choice of the scale")]
    file.extend(weights.iter().map(|weight| ((weight / scale).round() as i8).cast_unsigned()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_form_that_is_read() {
        let weights = vec![0.5_f32; BUCKETS as usize];
        let file = to_file(&weights, [1.0, 2.0, 3.0], 4.0, 5.0);
        assert_eq!(file.len(), FILE.len());
        assert_eq!(file.get(..4), FILE.get(..4));
        assert_eq!(file.last(), Some(&127));
    }

    #[test]
    fn longer_messages_have_more_by_chance_up_to_a_page() {
        assert!(by_chance(0) < by_chance(1000) && by_chance(1000) < by_chance(6000));
        assert_eq!(by_chance(6000), by_chance(usize::MAX));
    }

    #[test]
    fn the_shipped_weights_are_trained() {
        let weights = Weights::load();
        assert!(weights.scale > 0.0 && weights.slope > 0.0);
        assert_eq!(weights.windows.map(|window| window.words), SIZES);
        assert!((0..BUCKETS).filter(|bucket| weights.steps(*bucket) != 0).count() > 1000);
    }
}
