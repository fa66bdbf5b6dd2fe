//! The text of Rich Text Format, without its pictures, fonts, styles and fields' codes.

/// Groups within each other that are told apart.
const DEPTH: usize = 256;

/// Groups whose text no one sees.
const UNSEEN: [&str; 12] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "themedata",
    "colorschememapping",
    "datastore",
    "latentstyles",
    "listtable",
    "fldinst",
    "object",
];

#[derive(Clone, Copy)]
struct Group {
    unseen: bool,
    /// What stands for a character to readers that know Unicode's, in characters.
    skip: usize,
}

/// The text, hidden (`\v`) and all: whoever opens the file can have it shown.
pub(super) fn text(rtf: &[u8]) -> String {
    let mut text = String::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut group = Group { unseen: false, skip: 1 };
    let (mut beyond, mut to_skip) = (0usize, 0usize);
    let mut rest = rtf;
    while let Some((b, after)) = rest.split_first() {
        rest = after;
        match b {
            b'{' if groups.len() < DEPTH => groups.push(group),
            b'{' => beyond += 1,
            b'}' if beyond > 0 => beyond -= 1,
            b'}' => {
                group = groups.pop().unwrap_or(group);
                to_skip = 0;
            }
            b'\r' | b'\n' => {}
            b'\\' => match rest.first() {
                Some(b'a'..=b'z' | b'A'..=b'Z') => {
                    let (word, number, after) = control_word(rest);
                    rest = after;
                    control(word, number, &mut group, &mut to_skip, &mut text);
                }
                Some(b'\'') => {
                    let digits = rest.get(1..3).and_then(|hex| str::from_utf8(hex).ok());
                    let byte = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    rest = rest.get(if byte.is_some() { 3 } else { 1 }..).unwrap_or_default();
                    if to_skip > 0 {
                        to_skip -= 1;
                    } else if let Some(byte) = byte.filter(|_| !group.unseen) {
                        text.push_str(&crate::charset::decode(&[byte], Some("windows-1252")));
                    }
                }
                Some(b'*') => {
                    group.unseen = true;
                    rest = rest.get(1..).unwrap_or_default();
                }
                Some(symbol) => {
                    if !group.unseen {
                        match symbol {
                            b'~' => text.push(' '),
                            b'\n' | b'\r' => text.push('\n'),
                            b'{' | b'}' | b'\\' => text.push(char::from(*symbol)),
                            _ => {}
                        }
                    }
                    rest = rest.get(1..).unwrap_or_default();
                }
                None => {}
            },
            _ if to_skip > 0 => to_skip -= 1,
            b if !group.unseen => text.push(char::from(*b)),
            _ => {}
        }
    }
    text
}

fn control(word: &str, number: Option<i32>, group: &mut Group, to_skip: &mut usize, text: &mut String) {
    if UNSEEN.contains(&word) {
        group.unseen = true;
    }
    match word {
        "uc" => group.skip = number.map_or(1, |n| n.clamp(0, 8) as usize),
        // what an HTML mail kept in this form says a second time
        "htmlrtf" => group.unseen = number != Some(0),
        _ if group.unseen => {}
        "u" => {
            let code = number.map(|n| if n < 0 { n + 0x1_0000 } else { n });
            text.extend(code.and_then(|code| char::from_u32(code as u32)));
            *to_skip = group.skip;
        }
        "par" | "line" | "sect" | "page" | "row" => text.push('\n'),
        "tab" | "cell" => text.push('\t'),
        "lquote" | "rquote" => text.push('\''),
        "ldblquote" | "rdblquote" => text.push('"'),
        "endash" | "emdash" => text.push('–'),
        "bullet" => text.push('•'),
        _ => {}
    }
}

/// Letters, a number, and one blank that belongs to them.
fn control_word(rest: &[u8]) -> (&str, Option<i32>, &[u8]) {
    let letters = rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
    let (word, after) = rest.split_at_checked(letters).unwrap_or((rest, &[]));
    let sign = usize::from(after.first() == Some(&b'-'));
    let digits = sign + after.iter().skip(sign).take(10).take_while(|b| b.is_ascii_digit()).count();
    let (number, after) =
        after.split_at_checked(if digits > sign { digits } else { 0 }).unwrap_or((&[], after));
    let number = str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    (str::from_utf8(word).unwrap_or_default(), number, after.strip_prefix(b" ").unwrap_or(after))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_text_is_read_and_the_rest_is_not() {
        for (rtf, text) in [
            (r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Hello \b world\b0\par next}", "Hello world\nnext"),
            (r"{\rtf1 Gr\'fc\'dfe \u1078?\u-10179?x\{\}\\}", "Grüße жx{}\\"),
            (r"{\rtf1 a{\*\generator no}b{\pict 0102}c}", "abc"),
            (r"{\rtf1\fromhtml1 {\*\htmltag <p>}\htmlrtf {\htmlrtf0 word\htmlrtf }\htmlrtf0 }", "word"),
            (r"{\rtf1 {\uc2\u8364 ab}c}", "€c"),
            ("{\\rtf1 }}}a{{{", "a"),
            ("\\", ""),
            ("\\'z", "z"),
        ] {
            assert_eq!(super::text(rtf.as_bytes()), text, "{rtf}");
        }
        assert_eq!(super::text("{".repeat(100_000).as_bytes()), "");
    }
}
