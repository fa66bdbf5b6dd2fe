//! `i g n o r e   t h i s`: letters apart, by whatever sign.

use std::borrow::Cow;

use super::{super::vocabulary, Piece, around_changes, words::Words};

/// Fewer single letters in a row are initials.
const LETTERS: usize = 6;

/// Joins single letters to words, where these are still apart by another sign, and else by what words they make.
pub(super) fn joined(words: &Words<'_>, marks: &str) -> Option<(String, usize)> {
    if words.single_letters < LETTERS {
        return None;
    }
    let mut pieces = Vec::new();
    let mut run: Vec<(&str, &str)> = Vec::new();
    let mut rest = marks.trim_start_matches(|c: char| !c.is_alphanumeric());
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let end = tail.find(char::is_alphanumeric).unwrap_or(tail.len());
        let (gap, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        rest = tail;
        if word.chars().nth(1).is_none() {
            run.push((word, gap));
        } else {
            end_run(&mut run, &mut pieces);
            pieces.push(Piece { word: Cow::Borrowed(word), after: after(gap), changed: false });
        }
    }
    end_run(&mut run, &mut pieces);
    around_changes(&pieces)
}

fn end_run<'t>(run: &mut Vec<(&'t str, &'t str)>, pieces: &mut Vec<Piece<'t>>) {
    let letters = std::mem::take(run);
    if letters.len() < LETTERS {
        pieces.extend(letters.iter().map(|(letter, gap)| Piece {
            word: Cow::Borrowed(letter),
            after: after(gap),
            changed: false,
        }));
        return;
    }
    let usual = usual_gap(&letters);
    let mut word = String::new();
    for (at, (letter, gap)) in letters.iter().enumerate() {
        word.push_str(letter);
        if *gap != usual || at + 1 == letters.len() {
            let whole = std::mem::take(&mut word);
            let whole = if vocabulary::knows(whole.as_bytes()) {
                whole
            } else {
                vocabulary::parted(&whole).unwrap_or(whole)
            };
            // a full stop that follows every letter ends no sentence
            let after = if usual.trim().is_empty() { after(gap) } else { ' ' };
            pieces.push(Piece { word: Cow::Owned(whole), after, changed: true });
        }
    }
}

/// The commonest of the first few kinds of gaps.
fn usual_gap<'t>(letters: &[(&str, &'t str)]) -> &'t str {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for (_, gap) in letters {
        if let Some((_, count)) = kinds.iter_mut().find(|(kind, _)| kind == gap) {
            *count += 1;
        } else if kinds.len() < 8 {
            kinds.push((gap, 1));
        }
    }
    kinds.into_iter().max_by_key(|(_, count)| *count).map_or("", |(kind, _)| kind)
}

fn after(gap: &str) -> char {
    let ends = |sign: char| gap.split_once(sign).is_some_and(|(_, rest)| rest.starts_with([' ', '\n']));
    if ends('.') || ends('!') || ends('?') { '|' } else { ' ' }
}
