//! Words in scraps, words glued together, words with shuffled letters, and pig Latin.

use std::borrow::Cow;

use super::{super::vocabulary, Piece, around_changes, words::Token};

/// Letters of glued words that are parted in one text: that bounds the work.
const GLUED: usize = 16 * 1024;

/// The text with every word mended that can be.
pub(super) fn mended(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    if tokens.iter().all(|token| token.known) {
        return None;
    }
    let mut room = GLUED;
    let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    let piglike = tokens.iter().filter(|token| token.word.ends_with("ay")).count() * 4 >= tokens.len();
    while let Some(token) = tokens.get(at) {
        let before =
            pieces.last().filter(|piece| !piece.changed && piece.after != '|').map(|piece| &*piece.word);
        let (word, more, taken_back) = if token.known && token.word.len() > 3 {
            (None, 0, false)
        } else if let Some((word, more, taken_back)) =
            from_scraps(before, tokens.get(at..).unwrap_or_default())
        {
            (Some(Cow::Owned(word)), more, taken_back)
        } else if token.known {
            (None, 0, false)
        } else if piglike && let Some(word) = from_pig_latin(token.word) {
            (Some(Cow::Owned(word)), 0, false)
        } else if let Some(word) = vocabulary::unscrambled(token.word.as_bytes()) {
            (Some(Cow::Borrowed(word)), 0, false)
        } else if let Some(word) = with_an_order(token.word) {
            (Some(Cow::Owned(word)), 0, false)
        } else if token.word.len() >= 12 && token.word.len() <= room {
            room -= token.word.len();
            (vocabulary::unglued(token.word).map(Cow::Owned), 0, false)
        } else {
            (None, 0, false)
        };
        if taken_back {
            pieces.pop();
        }
        at += more;
        let after = tokens.get(at).map_or(' ', |last| last.after);
        let changed = word.is_some();
        pieces.push(Piece { word: word.unwrap_or(Cow::Borrowed(token.word)), after, changed });
        at += 1;
    }
    // everyone mistypes
    around_changes(&pieces).map(|(words, _)| (words, 0))
}

/// `in struct ions`: the word, how many more tokens it takes, and whether it takes the one before.
fn from_scraps(before: Option<&str>, tokens: &[Token<'_>]) -> Option<(String, usize, bool)> {
    let [token, rest @ ..] = tokens else { return None };
    if token.word.len() > 10 || !token.word.is_ascii() {
        return None;
    }
    // one token at least is no word by itself, else `be low` and `for mat` would be everywhere
    let mut unknown = !token.known;
    let mut letters = token.word.to_owned();
    let mut whole = None;
    let fits = |letters: &str| letters.len() >= 5 && vocabulary::knows(letters.as_bytes());
    let first = before.filter(|before| before.len() <= 10 && unknown);
    if let Some(joined) = first.map(|first| format!("{first}{letters}")).filter(|joined| fits(joined)) {
        whole = Some((joined, 0, true));
    }
    let mut last_after = token.after;
    for (more, next) in rest.iter().take(3).enumerate() {
        if last_after == '|' || next.word.len() > 10 {
            break;
        }
        letters.push_str(next.word);
        unknown |= !next.known;
        last_after = next.after;
        if unknown && fits(&letters) {
            whole = Some((letters.clone(), more + 1, false));
        }
        if let Some(joined) = first.map(|first| format!("{first}{letters}")).filter(|joined| fits(joined)) {
            whole = Some((joined, more + 1, true));
        }
    }
    whole
}

/// `laterignore`: an order that begins where another text was cut off.
fn with_an_order(word: &str) -> Option<String> {
    const ORDERS: [&str; 6] = ["ignore", "disregard", "forget", "override", "pretend", "reveal"];
    let order = ORDERS.into_iter().find(|order| word.ends_with(order))?;
    word.strip_suffix(order).map(|before| format!("{before} {order}"))
}

/// `ignoreway`, `essagemay`.
fn from_pig_latin(word: &str) -> Option<String> {
    let stem = word.strip_suffix("ay").filter(|stem| stem.is_ascii())?;
    let vowel = ["w", "y", "h"].into_iter().filter_map(|end| stem.strip_suffix(end)).map(str::to_owned);
    let turned = (1..=3usize).filter_map(|moved| {
        let (rest, onset) = stem.split_at_checked(stem.len().checked_sub(moved)?)?;
        Some(format!("{onset}{rest}"))
    });
    vowel.chain(turned).find(|word| vocabulary::knows(word.as_bytes()))
}
