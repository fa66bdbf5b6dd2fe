//! Strings at places on a page, joined to lines.

/// Text of one file that is kept, in bytes.
const KEPT: usize = 1024 * 1024;

/// In heights of the text: a gap that parts words, and what is another line.
const WORD_GAP: f64 = 0.16;
const LINE_STEP: f64 = 0.4;
const PARAGRAPH_STEP: f64 = 2.2;

#[derive(Default)]
pub(super) struct Words {
    pub(super) text: String,
    /// Where the last string ended, and in which direction it ran.
    last: Option<((f64, f64), (f64, f64))>,
}

// === impl Words ===

impl Words {
    /// Adds a string that runs from one place to another.
    pub(super) fn add(&mut self, text: &str, start: (f64, f64), end: (f64, f64), height: f64) {
        if self.text.len() > KEPT {
            return;
        }
        let length = (end.0 - start.0).hypot(end.1 - start.1);
        let along = if length > 0.0 {
            ((end.0 - start.0) / length, (end.1 - start.1) / length)
        } else {
            self.last.map_or((1.0, 0.0), |(_, along)| along)
        };
        if let Some((last, _)) = self.last {
            let (x, y) = (start.0 - last.0, start.1 - last.1);
            let (gap, step) = (x * along.0 + y * along.1, (y * along.0 - x * along.1).abs());
            if step > height * PARAGRAPH_STEP {
                self.text.push_str("\n\n");
            } else if step > height * LINE_STEP {
                self.text.push('\n');
            } else if gap > height * WORD_GAP || gap < -height {
                self.text.push(' ');
            }
        }
        self.text.push_str(text);
        self.last = Some((end, along));
    }

    pub(super) fn paragraph(&mut self) {
        if self.last.take().is_some() {
            self.text.push_str("\n\n");
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() > KEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_part_words_and_steps_part_lines() {
        let mut words = Words::default();
        for (text, x, y) in [
            ("a", 0.0, 50.0),
            ("b", 10.0, 50.0),
            ("c", 23.0, 51.0),
            ("d", 0.0, 38.0),
            ("e", 0.0, 0.0),
            ("f", 50.0, 0.0),
        ] {
            words.add(text, (x, y), (x + 10.0, y), 10.0);
        }
        assert_eq!(words.text, "ab c\nd\n\ne f");
        // the same from bottom to top
        let mut words = Words::default();
        for (text, y) in [("a", 0.0), ("b", 10.0), ("c", 23.0)] {
            words.add(text, (5.0, y), (5.0, y + 10.0), 10.0);
        }
        assert_eq!(words.text, "ab c");
    }
}
