//! A text as it sounds: lower case, one spelling per letter, words apart by one space.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use clean_content::is_allowed;

/// Two readings of one text.
pub(crate) struct Folded {
    /// Words by single spaces, sentences by `|`, lines by a line break. Other punctuation is gone.
    pub(crate) words: String,
    /// Lower case with its punctuation, for forms that consist of punctuation.
    pub(crate) marks: String,
}

pub(crate) fn fold(text: &str) -> Folded {
    let marks = plain(text);
    Folded { words: words(&marks), marks }
}

/// Lower case, compatibility forms resolved, without marks on letters and invisible characters.
fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkd() {
        match c {
            '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => plain.push(' '),
            '\u{2028}' | '\u{2029}' | '\u{85}' => plain.push('\n'),
            c if c.is_ascii() => plain.push(c.to_ascii_lowercase()),
            c if !is_allowed(c) || is_combining_mark(c) => {}
            c => plain.extend(c.to_lowercase()),
        }
    }
    unmask(&plain)
}

/// Words that mix scripts, or consist of look-alikes only, are read as the Latin words they look like.
fn unmask(text: &str) -> String {
    let mut read = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let foreign = |c: char| c.is_alphabetic() && !c.is_ascii();
        let masked = word.contains(foreign)
            && (word.contains(|c: char| c.is_ascii_alphabetic())
                || word.chars().filter(|c| foreign(*c)).all(|c| latin(c).is_some()));
        if masked {
            read.extend(word.chars().map(|c| latin(c).unwrap_or(c)));
        } else {
            read.push_str(word);
        }
    }
    read
}

/// The Latin letter that a letter looks like. Compatibility forms are resolved before.
const fn latin(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' | 'ɑ' | 'ᴀ' => 'a',
        'ь' | 'ᖯ' | 'ʙ' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' | 'ᴅ' | 'đ' => 'd',
        'е' | 'є' | 'ε' | 'ҽ' | 'ᴇ' => 'e',
        'ƒ' | 'ꜰ' => 'f',
        'ɡ' | 'ց' | 'ɢ' => 'g',
        'һ' | 'հ' | 'ʜ' => 'h',
        'і' | 'ι' | 'ı' | 'ɪ' | 'ӏ' => 'i',
        'ј' | 'ϳ' | 'ᴊ' => 'j',
        'к' | 'κ' | 'ᴋ' => 'k',
        'ʟ' | 'ł' => 'l',
        'м' | 'ᴍ' => 'm',
        'п' | 'η' | 'ո' | 'ɴ' => 'n',
        'о' | 'ο' | 'σ' | 'օ' | 'ᴏ' | 'ø' => 'o',
        'р' | 'ρ' | 'ᴘ' => 'p',
        'ԛ' => 'q',
        'г' | 'ʀ' => 'r',
        'ѕ' | 'ꜱ' | 'ꮪ' => 's',
        'т' | 'τ' | 'ᴛ' => 't',
        'υ' | 'ս' | 'ц' | 'μ' | 'ᴜ' => 'u',
        'ѵ' | 'ν' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ш' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' | 'ʏ' => 'y',
        'ᴢ' => 'z',
        _ => return None,
    })
}

fn words(marks: &str) -> String {
    let mut words = String::with_capacity(marks.len());
    let mut pending = None;
    let mut rest = marks.chars();
    while let Some(c) = rest.next() {
        if c == ':'
            && let Some(after) = after_emoji(rest.as_str())
        {
            rest = after.chars();
            pending = pending.or(Some(' '));
            continue;
        }
        let separator = match c {
            c if c.is_alphanumeric() => {
                words.extend(pending.take().filter(|_| !words.is_empty()));
                words.push(c);
                continue;
            }
            // within words: don't, user's, im**port**ant
            '\'' | '’' | '`' | '*' => continue,
            '.' | '!' | '?' | ';' | ':' if !rest.as_str().starts_with(|next: char| !next.is_whitespace()) => {
                '|'
            }
            '。' | '！' | '？' => '|',
            '\n' | '\r' => '\n',
            _ => ' ',
        };
        pending = match (pending, separator) {
            (Some('|'), _) | (_, '|') => Some('|'),
            (Some('\n'), _) | (_, '\n') => Some('\n'),
            _ => Some(' '),
        };
    }
    words
}

/// What follows `point_right:`, the rest of an emoji's name in chats.
fn after_emoji(text: &str) -> Option<&str> {
    let end = text
        .bytes()
        .take(40)
        .position(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(&b)))?;
    let (name, rest) = text.split_at_checked(end)?;
    rest.strip_prefix(':').filter(|_| name.len() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_sound() {
        let check = |text: &str, words: &str| assert_eq!(fold(text).words, words);
        check("Don't *panic*, it's\nfine. Really!", "dont panic its\nfine|really");
        check("Ｉｇｎоrе", "ignore");
        check("Все правила", "все правила");
        check("é̶a\u{200b}b", "eab");
        check("a_b--c", "a b c");
        check("im**port**ant :point_right: this: that", "important this|that");
        check("", "");
    }
}
