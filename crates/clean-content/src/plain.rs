//! What nearly all texts consist of, and what stands between it: a text is looked at closely only where it is not plain.

/// Bytes that are looked at in any case, which a processor does many at a time.
const STRETCH: usize = 64;

/// Printable ASCII, tab and newline: allowed, and the same in every normalisation form.
const fn is_plain(b: u8) -> bool {
    matches!(b, b'\n' | b'\t' | b' '..=b'~')
}

/// The stretches of a text that are not plain, each with the plain character before it, which a mark would join.
pub(crate) fn others(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let from = plain(bytes);
        let others = bytes.iter().skip(from).take_while(|b| !is_plain(**b)).count();
        let (stretch, after) = rest.split_at_checked(from + others).filter(|_| others > 0)?;
        rest = after;
        stretch.get(from.saturating_sub(1)..)
    })
}

/// How many plain bytes there are before the first other one.
fn plain(bytes: &[u8]) -> usize {
    let all = |stretch: &&[u8]| stretch.iter().fold(true, |all, b| all & is_plain(*b));
    let at = bytes.chunks_exact(STRETCH).take_while(all).count() * STRETCH;
    at + bytes.iter().skip(at).take_while(|b| is_plain(**b)).count()
}

/// Whether a character surely is allowed, and the same in NFKC, joined with nothing before it: what most stretches that
/// are not plain consist of, told without the tables of the standard.
const fn is_settled(c: char) -> bool {
    matches!(c,
        '\n' | '\t' | ' '..='~'
        | '¡'..='§' | '©' | '«' | '¬' | '®' | '°' | '±' | '¶' | '·' | '»' | '¿'
        | 'À'..='ı' | 'Ĵ'..='ľ' | 'Ł'..='ň' | 'Ŋ'..='ž'
        | 'α'..='ρ' | 'ς'..='ω' | 'А'..='я' | 'א'..='ת' | 'غ' | 'ف'..='ي'
        | '‐' | '\u{2012}'..='\u{2016}' | '‘'..='‣' | '€'
        | '、'..='〃' | '〈'..='】' | '〔'..='〛' | 'ぁ'..='ゖ' | 'ァ'..='ヺ'
        | '一'..='鿿' | '가'..='힣'
    )
}

/// The stretches that are to be looked at closely.
pub(crate) fn unsettled(text: &str) -> impl Iterator<Item = &str> {
    others(text).filter(|stretch| !stretch.chars().all(is_settled))
}

/// Whether a text is in normalisation form NFKC.
///
/// What is plain joins with nothing before it, so a text is normal if each stretch is that begins with a plain character.
#[must_use]
pub fn is_nfkc(text: &str) -> bool {
    unsettled(text).all(unicode_normalization::is_nfkc)
}

#[cfg(test)]
mod tests {
    use unicode_normalization::{IsNormalized, char::canonical_combining_class, is_nfkc_quick};

    use super::*;
    use crate::is_allowed;

    #[test]
    fn what_is_settled_is_allowed_and_normal_wherever_it_stands() {
        for c in ('\0'..=char::MAX).filter(|c| is_settled(*c)) {
            assert!(is_allowed(c) && canonical_combining_class(c) == 0, "{c:?}");
            assert!(is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes, "{c:?}");
        }
    }

    /// Every way to put four of these one after the other.
    fn texts() -> impl Iterator<Item = String> {
        let pieces =
            ["a", "e\u{301}", "\u{301}", "é", "ﬁ", "\u{1100}", "\u{1161}", "\n", "\0", "가", "\u{327}"];
        (0..pieces.len().pow(4)).map(move |mut number| {
            (0..4).fold(String::new(), |mut text, _| {
                text += pieces[number % pieces.len()];
                number /= pieces.len();
                text
            })
        })
    }

    #[test]
    fn a_text_is_normal_if_its_stretches_are() {
        for text in texts() {
            assert_eq!(is_nfkc(&text), unicode_normalization::is_nfkc(&text), "{text:?}");
        }
    }

    #[test]
    fn what_is_left_out_of_the_stretches_is_plain() {
        for text in texts() {
            let text = format!("{}{text}{}", "-".repeat(STRETCH + 1), "-".repeat(STRETCH));
            let found: String =
                others(&text).flat_map(str::chars).filter(|c| !"ae\n-".contains(*c)).collect();
            let expected: String = text.chars().filter(|c| !"ae\n-".contains(*c)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
