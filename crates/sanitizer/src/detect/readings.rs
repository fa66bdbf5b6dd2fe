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

/// How many tricks may lie within each other.
const NESTED: usize = 3;

/// Every other reading of a text. Together they have at most a few times its length, so that the work is linear.
pub(super) fn readings(text: &str, folded: &Folded) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut room = text.len().saturating_mul(4);
    let mut newest = layer(text, folded, &mut room);
    for _ in 1..NESTED {
        let further = newest.iter().flat_map(|(text, reading)| layer(text, &reading.folded, &mut room));
        let further: Vec<_> = further.collect();
        found.extend(std::mem::replace(&mut newest, further).into_iter().map(|(_, reading)| reading));
    }
    found.extend(newest.into_iter().map(|(_, reading)| reading));
    found.extend(respell::last_word_first(folded));
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
fn layer(text: &str, folded: &Folded, room: &mut usize) -> Vec<(String, Reading)> {
    let mut layer: Vec<(String, Reading)> = Vec::new();
    for reading in respell::readings(folded) {
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
            assert!(read <= text.len() * 5, "{unit}: {read}");
        }
    }
}
