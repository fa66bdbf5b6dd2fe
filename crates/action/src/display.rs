//! The one encoder between text that somebody else wrote and the owner's eyes.

use std::fmt::Write as _;

/// Makes every invisible or misleading character visible, so that what the owner reads is what will be sent.
///
/// Control characters (line feed and tab excepted), bidirectional controls, zero-width characters, variation selectors,
/// tag characters, private use and noncharacters become `⟨U+XXXX⟩`. So does `⟨` itself: a text cannot fake the mark.
pub fn reveal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "⟨U+{:04X}⟩", c as u32);
        } else {
            shown.push(c);
        }
    }
    shown
}

fn misleads(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '⟨' | '⟩' => true,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{3164}' => true,
        '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' => true,
        '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' => true,
        '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => true,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => true,
        // Blanks other than the ordinary one can separate or join words unseen.
        '\u{00A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => true,
        c if (c as u32) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}') => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::reveal;

    fn check(input: &str, expected: &str) {
        assert_eq!(reveal(input), expected);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["Hello\n\tworld", "Grüße aus Köln", "日本語", "عربى", "😀"] {
            check(text, text);
        }
    }

    #[test]
    fn nothing_invisible_reaches_the_owner() {
        check("a\u{202E}b", "a⟨U+202E⟩b");
        check("a\u{200B}b", "a⟨U+200B⟩b");
        check("\u{1b}[2J", "⟨U+001B⟩[2J");
        check("\r", "⟨U+000D⟩");
        check("a\u{E0041}", "a⟨U+E0041⟩");
        check("a\u{A0}b", "a⟨U+00A0⟩b");
        check("\u{9b}", "⟨U+009B⟩");
    }

    #[test]
    fn the_mark_cannot_be_faked() {
        check("⟨U+202E⟩", "⟨U+27E8⟩U+202E⟨U+27E9⟩");
    }
}
