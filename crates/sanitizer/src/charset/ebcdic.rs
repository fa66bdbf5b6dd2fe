//! The code of mainframes: mail-parser has none of it.

/// What the codes from 0x40 on stand for in code page 37, as Unicode's tables map it.
const LATIN: &str = concat!(
    " \u{a0}âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬-/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ`:#@'=\"",
    "Øabcdefghi«»ðýþ±°jklmnopqrªºæ¸Æ¤µ~stuvwxyz¡¿ÐÝÞ®^£¥·©§¶¼½¾[]¯¨´×",
    "{ABCDEFGHI\u{ad}ôöòóõ}JKLMNOPQR¹ûüùúÿ\\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\u{9f}",
);

/// Code page 500 has these seven elsewhere.
const INTERNATIONAL: [(u8, char); 7] =
    [(0x4a, '['), (0x4f, '!'), (0x5a, ']'), (0x5f, '^'), (0xb0, '¢'), (0xba, '¬'), (0xbb, '|')];

/// The text, if the label is one of these code pages'.
pub(super) fn decode(bytes: &[u8], label: &str) -> Option<String> {
    let page = label.trim_start_matches("ibm").trim_start_matches("cp").trim_start_matches('-');
    let (euro, international) = match page {
        "037" | "37" | "ebcdic-us" | "ebcdic-cp-us" | "ebcdic-cp-ca" | "ebcdic-cp-nl" | "ebcdic-cp-wt" => {
            (false, false)
        }
        "1140" | "01140" => (true, false),
        "500" | "ebcdic-cp-be" | "ebcdic-cp-ch" => (false, true),
        "1148" | "01148" => (true, true),
        _ => return None,
    };
    let mut table: Vec<char> = vec![' '; 0x40];
    table.extend(LATIN.chars());
    for (code, character) in [(0x05, '\t'), (0x0d, '\r'), (0x15, '\n'), (0x25, '\n')]
        .into_iter()
        .chain(euro.then_some((0x9f, '€')))
        .chain(INTERNATIONAL.into_iter().filter(|_| international))
    {
        if let Some(entry) = table.get_mut(usize::from(code)) {
            *entry = character;
        }
    }
    Some(bytes.iter().filter_map(|b| table.get(usize::from(*b))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_character() {
        assert_eq!(LATIN.chars().count(), 0xc0);
        let all: Vec<u8> = (0x40..=0xff).collect();
        assert_eq!(decode(&all, "ebcdic-cp-us").unwrap(), LATIN);
        assert_eq!(decode(b"\x9f\x15", "ibm1140").unwrap(), "€\n");
        assert_eq!(decode(b"", "utf-8"), None);
    }
}
