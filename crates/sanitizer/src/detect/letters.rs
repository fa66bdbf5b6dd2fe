//! One spelling for each letter, whatever style it is written in.

use std::borrow::Cow;

use clean_content::is_allowed;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::decompose_canonical, is_nfkc_quick};

use crate::plain;

/// Bytes by which a text may grow beyond twice its own: one letter can stand for eighteen (U+FDFA), and a text of nothing
/// else would cost as many times as much.
const GROWS: usize = 4096;

/// One spelling per letter: compatibility forms resolved, without marks on letters and invisible characters. Capitals
/// stay capitals.
pub(super) fn letters(text: &str) -> Cow<'_, str> {
    let visible = |b: u8| matches!(b, b'\n' | b'\t' | b'\r' | b' '..=b'~');
    if plain::all(text.as_bytes(), visible) {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut room = text.len() + GROWS;
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|b| !visible(b)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        read.push_str(head);
        // ideographs are what they are, and join with nothing
        let end = tail.find(|c| !is_ideograph(c)).unwrap_or(tail.len());
        let (ideographs, tail) = tail.split_at_checked(end).unwrap_or(("", tail));
        read.push_str(ideographs);
        let odd =
            tail.find(|c: char| u8::try_from(c).is_ok_and(visible) || is_ideograph(c)).unwrap_or(tail.len());
        let (odd, tail) = tail.split_at_checked(odd).unwrap_or((tail, ""));
        match is_nfkc_quick(odd.chars()) {
            IsNormalized::Yes => odd.chars().for_each(|c| push(c, &mut read)),
            IsNormalized::No | IsNormalized::Maybe => {
                let before = read.len();
                odd.nfkc().take(room).for_each(|c| push(c, &mut read));
                room = room.saturating_sub((read.len() - before).saturating_sub(odd.len()));
            }
        }
        rest = tail;
    }
    Cow::Owned(read)
}

/// The common ones.
pub(crate) const fn is_ideograph(c: char) -> bool {
    matches!(c, '一'..='龥')
}

fn push(c: char, to: &mut String) {
    match c {
        // the commonest letters of other scripts have one form
        ' '..='~'
        | '\n'
        | '\t'
        | 'а'..='и'
        | 'к'..='я'
        | '一'..='龥'
        | '가'..='힣'
        | 'ぁ'..='ゖ'
        | 'ァ'..='ヺ' => {
            to.push(c);
        }
        // fillers that look like a space
        '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => to.push(' '),
        '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => to.push('\n'),
        c if !is_allowed(c) || is_accent(c) => {}
        // white on black in a circle or square, and the letters that flags are made of
        '\u{1f150}'..='\u{1f169}' => to.push(nth_letter(c, '\u{1f150}')),
        '\u{1f170}'..='\u{1f189}' => to.push(nth_letter(c, '\u{1f170}')),
        '\u{1f1e6}'..='\u{1f1ff}' => to.push(nth_letter(c, '\u{1f1e6}')),
        // brackets, bars and lines that marks between parts of a prompt are drawn with
        '«' | '‹' | '〈' | '《' | '⟨' | '⟪' | '❮' | '❰' | '❬' | '˂' | '≪' | 'ᐸ' => {
            to.push('<')
        }
        '»' | '›' | '〉' | '》' | '⟩' | '⟫' | '❯' | '❱' | '❭' | '˃' | '≫' | 'ᐳ' => {
            to.push('>')
        }
        '【' | '〔' | '〖' | '⟦' | '『' | '「' => to.push('['),
        '】' | '〕' | '〗' | '⟧' | '』' | '」' => to.push(']'),
        '∣' | '❘' | '│' | '┃' | '║' | 'ǀ' => to.push('|'),
        '\u{2010}'..='\u{2015}' | '−' | '─' | '━' | '═' => to.push('-'),
        '▁' => to.push('_'),
        '\u{a0}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' => {
            decompose_canonical(c, |part| {
                if !is_accent(part) {
                    to.push(part);
                }
            });
        }
        c => to.push(c),
    }
}

/// Marks of Latin, Greek and Cyrillic, those of any symbol, and the optional vowels of Hebrew and Arabic. The marks of
/// other scripts are letters in their own right.
const fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Whether a character is of a word; the common ones without the table of all.
pub(super) fn is_letter(c: char) -> bool {
    match c {
        'а'..='я' | 'А'..='Я' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='龥' | '가'..='힣' | 'α'..='ω' => {
            true
        }
        // Hebrew, Arabic, Devanagari, Thai
        'א'..='ת' | 'ء'..='غ' | 'ف'..='ي' | 'अ'..='ह' | 'ก'..='ะ' => true,
        // punctuation of Chinese and Japanese
        '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' => false,
        c => c.is_alphanumeric(),
    }
}

fn nth_letter(c: char, a: char) -> char {
    u8::try_from(u32::from(c) - u32::from(a)).map_or('?', |n| char::from(b'a' + n % 26))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_letters_are_letters_and_nothing_else_is() {
        for c in (0..0x1_0000).filter_map(char::from_u32) {
            assert_eq!(is_letter(c), c.is_alphanumeric(), "{c:?}");
            if is_ideograph(c) {
                assert!(format!("가{c}\u{301}").nfkc().eq(['가', c, '\u{301}']), "{c:?}");
            }
        }
    }
}
