//! What can be said of every match of a pattern: words that it has, and how many sentences it goes over.

use std::cmp::Reverse;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::BAR;

/// Words of which every match has one, with what parts them from the word before them, if that is known. Each stands where
/// a word of the text begins: no letter or digit of ASCII stands right before it.
pub(super) type Words = Vec<Vec<u8>>;

/// Ends of sentences that a match may hold at most; nothing, if there is no bound.
pub(super) fn bars(pattern: &Hir) -> Option<usize> {
    Some(match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(word) => memchr::memchr_iter(BAR, &word.0).count(),
        HirKind::Class(class) => usize::from(holds(class, |b| b == BAR)),
        HirKind::Repetition(inner) => match bars(&inner.sub)? {
            0 => 0,
            each => each.checked_mul(usize::try_from(inner.max?).ok()?)?,
        },
        HirKind::Capture(inner) => bars(&inner.sub)?,
        HirKind::Concat(parts) => parts.iter().map(bars).sum::<Option<usize>>()?,
        HirKind::Alternation(ways) => ways.iter().map(bars).collect::<Option<Vec<_>>>()?.into_iter().max()?,
    })
}

/// Sets of words of a pattern. None where nothing can be said.
pub(super) fn needed(pattern: &Hir) -> Vec<Words> {
    needed_after(pattern, false)
}

/// The same where the pattern begins at the beginning of a word, or where that is not known.
fn needed_after(pattern: &Hir, edge: bool) -> Vec<Words> {
    match pattern.kind() {
        HirKind::Literal(word) => {
            let begins = edge || word.0.first().is_some_and(|b| !b.is_ascii_alphanumeric());
            Some(vec![word.0.to_vec()])
                .filter(|_| begins && !without_gap(&word.0).is_empty())
                .into_iter()
                .collect()
        }
        HirKind::Capture(inner) => needed_after(&inner.sub, edge),
        HirKind::Repetition(inner) if inner.min > 0 => needed_after(&inner.sub, edge),
        HirKind::Concat(parts) => {
            let after = |edge: &mut bool, part| Some(std::mem::replace(edge, ends_at_edge(part, *edge)));
            let edges = parts.iter().scan(edge, after);
            parts.iter().zip(edges).flat_map(|(part, edge)| needed_after(part, edge)).collect()
        }
        // one word of every way; the longer it is, the fewer texts have it
        HirKind::Alternation(ways) => {
            let best = |way| {
                let sets = needed_after(way, edge).into_iter();
                sets.max_by_key(|words| (shortest(words), Reverse(words.len())))
            };
            let ways: Option<Vec<_>> = ways.iter().map(best).collect();
            ways.into_iter().map(|ways| ways.concat()).collect()
        }
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => Vec::new(),
    }
}

/// Whether a word that follows a match begins there, if one does.
fn ends_at_edge(pattern: &Hir, edge: bool) -> bool {
    match pattern.kind() {
        HirKind::Empty => edge,
        HirKind::Look(look) => edge || matches!(look, Look::Start | Look::WordAscii | Look::WordUnicode),
        HirKind::Literal(word) => word.0.last().map_or(edge, |b| !b.is_ascii_alphanumeric()),
        HirKind::Class(class) => !holds(class, |b| b.is_ascii_alphanumeric()),
        HirKind::Repetition(inner) => {
            let once = ends_at_edge(&inner.sub, edge);
            once && ends_at_edge(&inner.sub, once) && (edge || inner.min > 0)
        }
        HirKind::Capture(inner) => ends_at_edge(&inner.sub, edge),
        HirKind::Concat(parts) => parts.iter().fold(edge, |edge, part| ends_at_edge(part, edge)),
        HirKind::Alternation(ways) => ways.iter().all(|way| ends_at_edge(way, edge)),
    }
}

/// Whether some byte of a kind is of a class, of those that are characters by themselves.
fn holds(class: &Class, is_of_kind: impl Fn(u8) -> bool) -> bool {
    let mut ascii = (0..=0x7f).filter(|b| is_of_kind(*b));
    ascii.any(|b| match class {
        Class::Unicode(class) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(b)))
        }
        Class::Bytes(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&b)),
    })
}

/// A word without what parts it from the one before it.
pub(super) fn without_gap(word: &[u8]) -> &[u8] {
    let is_gap = |b: &&u8| b.is_ascii() && !b.is_ascii_alphanumeric();
    word.get(word.iter().take_while(is_gap).count()..).unwrap_or_default()
}

pub(super) fn shortest(words: &[Vec<u8>]) -> usize {
    words.iter().map(Vec::len).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_needs_a_word_of_each_part_that_every_match_has() {
        let check = |pattern: &str, sets: &[&[&str]]| {
            let mut found = needed(&regex_syntax::parse(pattern).unwrap());
            found.iter_mut().for_each(|words| words.sort_unstable());
            let of = |words: &&[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
            let sets: Vec<Words> = sets.iter().map(of).collect();
            assert_eq!(found, sets, "{pattern}");
        };
        check("\\bignore", &[&["ignore"]]);
        check("\\b(?:forget|discard)\\b(?: [a-z]+){0,2} all\\b", &[&["discard", "forget"], &[" all"]]);
        check("(?:send)? me", &[&[" me"]]);
        check("\\b(?:send|[a-z]+)", &[]);
        check("\\b(?:send [a-z]+ files|keep)", &[&[" files", "keep"]]);
        check("[a-z]*", &[]);
        // what may stand within a word of the text
        check("ignore", &[]);
        check("\\b(?:pre)?view", &[]);
        check("\\bpre ?view", &[&["pre"]]);
        check("\\b[a-z ]*rules? now", &[&[" now"]]);
        check("忽略[^|]{0,3}指示", &[&["忽略"], &["指示"]]);
        check("(?:^|[|\\n])(?:new )*task", &[&["task"]]);
    }
}
