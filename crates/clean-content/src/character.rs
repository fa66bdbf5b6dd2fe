//! Which characters may stand in clean text.

/// Whether a character may stand in a clean body: visible to a person, or a space, tab or newline.
///
/// One-line fields allow the same but tab and newline.
#[must_use]
pub const fn is_allowed(c: char) -> bool {
    !matches!(c,
        // controls
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // fillers, joiners and spaces without width
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        // line and paragraph separators, embedding, override and isolation of direction
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // variation selectors, tags, and what is reserved beside them
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
        // annotation, shorthand, music and hieroglyph controls
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{13430}'..='\u{13440}'
        // private use
        | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
        // not characters; those at the end of planes 15 and 16 are in the line above
        | '\u{fdd0}'..='\u{fdef}'
    ) && !is_last_of_its_plane(c)
}

const fn is_last_of_its_plane(c: char) -> bool {
    c as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_sees_is_allowed_and_nothing_else() {
        for allowed in "aä中🦀\n\t \u{301}".chars() {
            assert!(is_allowed(allowed), "{allowed:?}");
        }
        for forbidden in
            "\0\r\u{b}\u{7f}\u{85}\u{ad}\u{200b}\u{200d}\u{202e}\u{2066}\u{feff}\u{fe0f}\u{e0041}\u{e0100}\
             \u{e000}\u{fdd0}\u{fffe}\u{1ffff}\u{10ffff}\u{3164}\u{1d173}"
                .chars()
        {
            assert!(!is_allowed(forbidden), "{forbidden:?}");
        }
    }
}
