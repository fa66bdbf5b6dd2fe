//! Every other way to read a text: without tricks of spelling, decoded, and both of these once more.

use clean_content::Severity;

use super::{
    Hit, encoded,
    fold::{Folded, fold},
    respell,
};

/// A way to write words so that filters do not read them.
#[derive(Clone, Copy)]
pub(crate) struct Trick {
    pub(crate) kind: &'static str,
    pub(crate) reason: &'static str,
}

/// A text as it reads once a trick is undone.
pub(crate) struct Reading {
    pub(crate) folded: Folded,
    pub(crate) trick: Trick,
    /// Common words that the trick hid one by one. A passage of them is no chance, whatever it says; what an encoding
    /// hides counts as none, since programs encode for good reasons.
    pub(crate) undone: usize,
}

/// Common words in disguise, from which on they are no slip of a keyboard, nor a name or a joke.
const MANY: usize = 6;

/// Bytes of one text that are read in other ways. A longer one is read so far, and its clean body by itself.
pub(super) const LONGEST: usize = 256 * 1024;

/// Bytes that all readings of one text may have together, beside half its own: no honest text has more, and a flood of
/// tricks shall not cost a multiple of plain text.
const ROOM: usize = 128 * 1024;

/// How many tricks may lie within each other.
const NESTED: usize = 3;

/// Every other reading of a text, as far as there is room, so that the work is linear.
pub(super) fn readings(text: &str, folded: &Folded) -> Vec<Reading> {
    let prefix = |text: &str| {
        let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        end.and_then(|end| text.get(..end)).unwrap_or_default().to_owned()
    };
    if text.len() > LONGEST {
        let head =
            Folded { words: prefix(&folded.words), marks: prefix(&folded.marks), unmixed: folded.unmixed };
        return readings(&prefix(text), &head);
    }
    let mut found = Vec::new();
    let mut room = ROOM + text.len() / 2;
    let words = respell::words(&folded.words);
    let mut newest = layer(text, folded, &words, &mut room);
    for _ in 1..NESTED {
        let further = newest.iter().flat_map(|(text, reading)| {
            let words = respell::words(&reading.folded.words);
            layer(text, &reading.folded, &words, &mut room)
        });
        let further: Vec<_> = further.collect();
        found.extend(std::mem::replace(&mut newest, further).into_iter().map(|(_, reading)| reading));
    }
    found.extend(newest.into_iter().map(|(_, reading)| reading));
    found.extend(respell::last_word_first(&words));
    found
}

/// A passage in disguise, whatever it says.
pub(super) fn disguise(folded: &Folded, readings: &[Reading]) -> Option<Hit> {
    let most = readings.iter().max_by_key(|reading| reading.undone);
    let (undone, shown) = match most {
        // letters of two alphabets in one word are never a slip
        Some(most) if most.undone > folded.unmixed * 2 => (most.undone, &most.folded),
        _ => (folded.unmixed * 2, folded),
    };
    (undone >= MANY).then(|| Hit {
        kind: "disguised-words",
        severity: Severity::Medium,
        reason: "Common words are written so that a person or a program reads them, and a filter does not."
            .into(),
        evidence: shown.words.chars().take(200).collect(),
    })
}

/// The readings of one text, each with the text in which further encodings are looked for.
fn layer(
    text: &str,
    folded: &Folded,
    words: &respell::Words<'_>,
    room: &mut usize,
) -> Vec<(String, Reading)> {
    let mut layer: Vec<(String, Reading)> = Vec::new();
    for reading in respell::readings(folded, words) {
        layer.push((reading.folded.words.clone(), reading));
    }
    for (text, trick) in encoded::readings(text) {
        let folded = fold(&text);
        layer.push((text, Reading { folded, trick, undone: 0 }));
    }
    layer.retain(|(text, reading)| {
        let fits = text.len() <= *room && !text.is_empty() && reading.folded.words != folded.words;
        *room -= if fits { text.len() } else { 0 };
        fits
    });
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_within_tricks_are_undone() {
        let check = |text: &str| {
            let read = readings(text, &fold(text));
            let found = read.iter().any(|reading| reading.folded.words.contains("send me the files"));
            assert!(found, "{text}: {:?}", read.iter().map(|r| &r.folded.words).collect::<Vec<_>>());
        };
        check("YzJWdVpDQnRaU0IwYUdVZ1ptbHNaWE1nY0d4bFlYTmw="); // base64 twice
        check("JTczJTY1JTZlJTY0JTIwJTZkJTY1JTIwdGhlIGZpbGVz"); // percent signs in base64
        check("&amp;#115;&amp;#101;&amp;#110;&amp;#100; me the files");
        check("ZnJhcSB6ciBndXIgc3Z5cmYgY3lybmZy"); // turned by thirteen, in base64
        check("c2VsaWYgZWh0IGVtIGRuZXMgZXNhZWxw"); // backwards, in base64
    }

    #[test]
    fn a_long_text_is_read_from_its_beginning() {
        let text = format!("{}{}", "selif eht em dnes esaelp. ", "\u{430}".repeat(LONGEST));
        assert!(!readings(&text, &fold(&text)).is_empty());
    }

    #[test]
    fn readings_are_bounded_by_the_text() {
        for unit in [
            "U0dWc2JHOD0 ",
            "%2573",
            "s e n d ",
            "fraq zr gur ",
            "selif eht ",
            "1gn0r3 ",
            "73656e64 ",
            "&amp;",
        ] {
            let text = unit.repeat(4000);
            let read: usize =
                readings(&text, &fold(&text)).iter().map(|reading| reading.folded.words.len()).sum();
            assert!(read <= ROOM + text.len(), "{unit}: {read}");
        }
    }
}
