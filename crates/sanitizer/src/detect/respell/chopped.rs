//! Words in scraps, words glued together, words with shuffled letters, and pig Latin.

use std::{borrow::Cow, cell::LazyCell, ops::Range};

use super::{
    super::vocabulary,
    Piece, around_changes,
    words::{Token, Words},
};

/// Letters of glued words that are parted in one text: that bounds the work.
const GLUED: usize = 16 * 1024;

/// A word that is read in place of some tokens.
struct Change<'t> {
    /// From the first of them to the one after the last.
    tokens: Range<usize>,
    word: Cow<'t, str>,
}

/// The text with every word mended that can be.
pub(super) fn mended(words: &Words<'_>) -> Option<(String, usize)> {
    if words.all_known {
        return None;
    }
    let tokens = words.tokens.as_slice();
    let mut room = GLUED;
    let mut changes: Vec<Change<'_>> = Vec::new();
    let mut at = 0;
    let piglike = LazyCell::new(|| {
        let ends_so = |token: &&Token<'_>| matches!(token.word.as_bytes(), [.., b'a', b'y']);
        tokens.iter().filter(ends_so).count() * 4 >= tokens.len()
    });
    // where the next scrap stands
    let mut scrap = 0;
    while let Some(token) = tokens.get(at) {
        if token.sort.is_word && token.word.len() > 3 {
            at += 1;
            continue;
        }
        if scrap < at || scrap == 0 {
            let next = tokens.get(at..).and_then(|rest| rest.iter().position(is_scrap));
            scrap = next.map_or(tokens.len(), |next| at + next);
        }
        if token.sort.is_word && scrap >= at + REACH {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1).filter(|_| changes.last().is_none_or(|last| last.tokens.end < at));
        let before = before.and_then(|before| tokens.get(before)).filter(|before| before.after != '|');
        let word = if let Some((word, more, takes_before)) =
            from_scraps(before, tokens.get(at..).unwrap_or_default())
        {
            changes.push(Change { tokens: at - usize::from(takes_before)..at + more + 1, word: word.into() });
            at += more + 1;
            continue;
        } else if token.sort.is_word {
            None
        } else if *piglike && let Some(word) = from_pig_latin(token.word) {
            Some(Cow::Owned(word))
        } else if let Some(word) = vocabulary::unscrambled(token.word.as_bytes()) {
            Some(Cow::Borrowed(word))
        } else if let Some(word) = with_an_order(token.word) {
            Some(Cow::Owned(word))
        } else if token.word.len() >= 12 && token.word.len() <= room {
            room -= token.word.len();
            vocabulary::unglued(token.word).map(Cow::Owned)
        } else {
            None
        };
        if let Some(word) = word {
            changes.push(Change { tokens: at..at + 1, word });
        }
        at += 1;
    }
    if changes.is_empty() {
        return None;
    }
    // everyone mistypes
    around_changes(&pieces(tokens, changes)).map(|(words, _)| (words, 0))
}

/// The words as they are read.
fn pieces<'t>(tokens: &[Token<'t>], changes: Vec<Change<'t>>) -> Vec<Piece<'t>> {
    let mut pieces: Vec<Piece<'t>> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    let unchanged =
        |token: &Token<'t>| Piece { word: Cow::Borrowed(token.word), after: token.after, changed: false };
    for Change { tokens: changed, word } in changes {
        pieces.extend(tokens.get(at..changed.start).unwrap_or_default().iter().map(unchanged));
        let after =
            changed.end.checked_sub(1).and_then(|last| tokens.get(last)).map_or(' ', |last| last.after);
        pieces.push(Piece { word, after, changed: true });
        at = changed.end;
    }
    pieces.extend(tokens.get(at..).unwrap_or_default().iter().map(unchanged));
    pieces
}

/// `in struct ions`: the word, how many more tokens it takes, and whether it takes the one before.
fn from_scraps(before: Option<&Token<'_>>, tokens: &[Token<'_>]) -> Option<(String, usize, bool)> {
    let [token, ..] = tokens else { return None };
    // one token at least is no word by itself, else `be low` and `for mat` would be everywhere
    if !tokens.iter().take(REACH).any(is_scrap) {
        return None;
    }
    let before = before.filter(|before| before.word.len() <= SCRAP && is_scrap(token));
    let with_before =
        before.and_then(|before| Some((whole(before.number?, before.word.len(), tokens)?, true)));
    // most words begin none
    let begins = || token.number.is_some_and(vocabulary::may_begin_a_word);
    let (more, takes_before) =
        with_before.or_else(|| if begins() { Some((whole(0, 0, tokens)?, false)) } else { None })?;
    let taken = before.filter(|_| takes_before).into_iter().chain(tokens.iter().take(more + 1));
    Some((taken.map(|token| token.word).collect(), more, takes_before))
}

/// The last token, by its place, up to which some letters and the tokens after them are a word.
fn whole(mut letters: u128, mut length: usize, tokens: &[Token<'_>]) -> Option<usize> {
    let (mut parts, mut unknown, mut whole) = (usize::from(length > 0), false, None);
    for (at, next) in tokens.iter().take(REACH).enumerate() {
        let Some(number) = next.number.filter(|_| length + next.word.len() <= vocabulary::LONGEST) else {
            break;
        };
        letters |= number << (8 * length);
        length += next.word.len();
        if !vocabulary::may_begin_a_word(letters) {
            break;
        }
        parts += 1;
        unknown |= !next.sort.is_word;
        if parts > 1 && unknown && length >= 5 && vocabulary::is_word(letters) {
            whole = Some(at);
        }
        if next.after == '|' {
            break;
        }
    }
    whole
}

/// A scrap is no longer than this.
const SCRAP: usize = 10;

/// Tokens that may be the scraps of one word, beside one before them.
const REACH: usize = 4;

/// What may be a part of a word, and is none by itself.
fn is_scrap(token: &Token<'_>) -> bool {
    !token.sort.is_word && token.word.len() <= SCRAP
}

/// `laterignore`: an order that begins where another text was cut off.
fn with_an_order(word: &str) -> Option<String> {
    const ORDERS: [&str; 6] = ["ignore", "disregard", "forget", "override", "pretend", "reveal"];
    // most words end with none of their last letters
    if !matches!(
        word.as_bytes(),
        [.., b'r' | b'd', b'e'] | [.., b'r' | b'n', b'd'] | [.., b'e', b't'] | [.., b'a', b'l']
    ) {
        return None;
    }
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

#[cfg(test)]
mod tests {
    use super::{super::words, *};

    #[test]
    fn words_that_are_known_are_scraps_too_as_far_before_an_unknown_one_as_a_word_may_reach() {
        let check = |text: &str, expected: &str| {
            assert_eq!(mended(&words(text)).map(|(read, _)| read).as_deref(), Some(expected), "{text}");
        };
        check("add it i onal", "additional");
        check("the word is add it i onal and last", "the word is additional and last");
    }
}
