//! Letters of other alphabets that look like Latin ones.
//!
//! Unicode's own table (UTS #39, `confusables.txt`) by the crate that the policy engine uses as well, and before it the
//! few letters that attackers use and the table has not, since they look alike in some hands only.

use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use super::{letters::is_ideograph, vocabulary};

/// A word that mixes alphabets as the Latin word it looks like, in lower case. `None` when it does not.
///
/// Takes a word as it is written, since capitals look like other letters than small ones do.
pub(super) fn unmixed(word: &str) -> Option<String> {
    let has_latin = word.bytes().any(|b| b.is_ascii_alphabetic());
    (has_latin && !word.is_ascii()).then(|| as_latin(word)).flatten()
}

/// Words that consist of look-alikes only and spell common English ones; the others stay. Russian has a few such words
/// too, so this is a reading beside the text and never in its place.
pub(super) fn spelt_in_latin(words: &str) -> Option<(String, usize)> {
    if words.is_ascii() {
        return None;
    }
    let mut read = String::with_capacity(words.len());
    let mut changed = 0;
    for token in words.split_inclusive([' ', '\n', '|']) {
        let word = token.trim_end_matches([' ', '\n', '|']);
        let foreign = !word.is_ascii() && word.len() <= 64;
        match foreign.then(|| as_latin(word)).flatten().filter(|latin| vocabulary::knows(latin.as_bytes())) {
            Some(latin) => {
                read.push_str(&latin);
                changed += 1;
            }
            None => read.push_str(word),
        }
        read.push_str(token.get(word.len()..).unwrap_or_default());
    }
    (changed > 0).then_some((read, changed))
}

fn as_latin(word: &str) -> Option<String> {
    let mut latin = String::with_capacity(word.len());
    let mut ambiguous = false;
    for c in word.chars() {
        // a palochka and its like stand for both
        ambiguous |= matches!(c, 'І' | 'і' | 'Ӏ' | 'ӏ' | 'Ι' | 'ι' | 'ꓲ' | 'ⵏ' | 'Ɩ' | 'ǀ');
        latin.push(letter(c)?);
    }
    if ambiguous && !vocabulary::knows(latin.as_bytes()) {
        let other: String = latin.chars().map(|c| if c == 'i' { 'l' } else { c }).collect();
        if vocabulary::knows(other.as_bytes()) {
            return Some(other);
        }
    }
    Some(latin)
}

fn letter(c: char) -> Option<char> {
    if c.is_ascii_alphanumeric() {
        return Some(c.to_ascii_lowercase());
    }
    if let Some(latin) = in_some_hands(c) {
        return Some(latin);
    }
    // accents and letters of the languages that are written in Latin are no disguise, and but for two no ideograph is like a letter
    if is_ideograph(c) && !matches!(c, '丅' | '丫')
        || !c.is_alphabetic()
        || matches!(c, '\u{80}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
    {
        return None;
    }
    let mut letters = [0; 4];
    let mut like = skeleton(c.encode_utf8(&mut letters)).filter(|c| !is_combining_mark(*c));
    match (like.next()?, like.next(), like.next()) {
        // the table writes m as r and n
        ('r', Some('n'), None) => Some('m'),
        ('\u{28d}', None, _) => Some('m'),
        (only, None, _) if only.is_ascii_alphanumeric() => Some(only.to_ascii_lowercase()),
        (only, None, _) if only != c => in_some_hands(only),
        _ => None,
    }
}

/// Beside the table: capitals whose small form looks like another letter, and drawn likenesses.
const fn in_some_hands(c: char) -> Option<char> {
    Some(match c {
        'а' | 'А' | 'α' | 'Α' | 'ɑ' | 'ᴀ' | 'Λ' => 'a',
        'в' | 'В' | 'Β' | 'β' | 'ь' | 'ʙ' | 'ƅ' => 'b',
        'с' | 'С' | 'ϲ' | 'Ϲ' | 'ᴄ' | 'ς' => 'c',
        'ԁ' | 'ᴅ' | 'đ' | 'Đ' | 'ɗ' | 'ɖ' => 'd',
        'е' | 'Е' | 'є' | 'Є' | 'ε' | 'Ε' | 'ҽ' | 'ᴇ' | 'э' | 'ə' => 'e',
        'ƒ' | 'ꜰ' | 'ғ' | 'Ғ' | 'ϝ' | 'Ϝ' => 'f',
        'ɡ' | 'ց' | 'ɢ' | 'ԍ' | 'Ԍ' => 'g',
        'һ' | 'Һ' | 'հ' | 'ʜ' | 'Н' | 'н' | 'Η' | 'ħ' => 'h',
        'і' | 'І' | 'ι' | 'Ι' | 'ı' | 'ɪ' | 'ӏ' | 'Ӏ' | 'ɩ' => 'i',
        'ј' | 'Ј' | 'ϳ' | 'ᴊ' | 'ʝ' => 'j',
        'к' | 'К' | 'κ' | 'Κ' | 'ᴋ' => 'k',
        'ʟ' | 'ł' | 'Ł' | 'ꓡ' => 'l',
        'м' | 'М' | 'Μ' | 'ᴍ' => 'm',
        'п' | 'η' | 'Ν' | 'ո' | 'ɴ' | 'ŋ' | 'π' => 'n',
        'о' | 'О' | 'ο' | 'Ο' | 'σ' | 'օ' | 'ᴏ' | 'ø' | 'Ø' | 'ө' | 'θ' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' | 'ᴘ' => 'p',
        'ԛ' | 'Ԛ' | 'զ' => 'q',
        'г' | 'ʀ' | 'я' | 'Я' => 'r',
        'ѕ' | 'Ѕ' | 'ꜱ' | 'ꮪ' | 'Տ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' | 'ᴛ' | 'ŧ' | 'Ŧ' => 't',
        'υ' | 'ս' | 'Ս' | 'ц' | 'μ' | 'ᴜ' | 'ʊ' => 'u',
        'ѵ' | 'Ѵ' | 'ν' | 'ᴠ' => 'v',
        'ԝ' | 'Ԝ' | 'ω' | 'ш' | 'ѡ' | 'ᴡ' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'γ' | 'Υ' | 'ү' | 'Ү' | 'ʏ' => 'y',
        'ᴢ' | 'Ζ' | 'ζ' => 'z',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_mixes_alphabets_is_the_latin_word_it_looks_like() {
        let check = |word: &str, latin: Option<&str>| assert_eq!(unmixed(word).as_deref(), latin, "{word}");
        check("Ignоrе", Some("ignore"));
        check("ΙΝSTRUCΤΙΟΝS", Some("instructions"));
        check("рassԝоrd", Some("password"));
        check("ꓑrompt", Some("prompt")); // Lisu
        check("Ꮪystem", Some("system")); // Cherokee
        check("ɪɢɴᴏʀe", Some("ignore"));
        check("revеаӏ", Some("reveal"));
        // honest words
        check("plain", None);
        check("größe", None);
        check("naïve", None);
        check("iPhoneを使う", None);
        check("USBшный", None);
        check("отдел", None);
    }

    #[test]
    fn but_for_two_no_ideograph_looks_like_a_letter() {
        let like = |c: char| skeleton(&c.to_string()).collect::<String>();
        let letters = ('一'..='龥').filter(|c| like(*c).bytes().any(|b| b.is_ascii_alphanumeric()));
        assert_eq!(letters.collect::<String>(), "丅丫");
    }

    #[test]
    fn a_word_of_look_alikes_only_is_read_beside_the_text() {
        let check = |words: &str, latin: Option<&str>| {
            assert_eq!(spelt_in_latin(words).map(|(read, _)| read).as_deref(), latin, "{words}");
        };
        check("ѕсоре оf уоur rерlу", Some("scope of your reply"));
        check("сосна и рожь", None);
        check("plain", None);
    }
}
