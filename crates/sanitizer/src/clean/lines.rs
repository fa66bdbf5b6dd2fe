//! Lines as a person reads them.

/// Bytes that are looked at in any case, which a processor does many at a time.
const STRETCH: usize = 32;

/// One space between words, no space around lines, one empty line between paragraphs.
pub(super) fn fold_lines(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut empty_lines = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (calm, after) = rest.split_at_checked(calm(rest.as_bytes())).unwrap_or(("", rest));
        let lines = calm.trim_end_matches('\n');
        if !lines.is_empty() {
            begin_line(&mut folded, empty_lines);
            folded.push_str(lines);
            empty_lines = calm.len() - lines.len() - 1;
        }
        // and one line that is to be looked at closely
        let end = memchr::memchr(b'\n', after.as_bytes()).unwrap_or(after.len());
        let line = after.get(..end).unwrap_or(after).trim_matches(is_blank);
        rest = after.get(end + 1..).unwrap_or_default();
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        begin_line(&mut folded, empty_lines);
        empty_lines = 0;
        if is_folded(line) {
            folded.push_str(line);
        } else {
            push_words(line, &mut folded);
        }
    }
    folded
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

fn begin_line(folded: &mut String, empty_lines: usize) {
    if !folded.is_empty() {
        folded.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
    }
}

/// Adds a line that begins and ends with a word.
fn push_words(line: &str, folded: &mut String) {
    let mut rest = line;
    while let Some(end) = odd_blank(rest.as_bytes()) {
        let (words, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        folded.push_str(words);
        folded.push(' ');
        rest = after.trim_start_matches(is_blank);
    }
    folded.push_str(rest);
}

/// Where the first blank is that is not one space alone.
fn odd_blank(line: &[u8]) -> Option<usize> {
    line.windows(2).position(|pair| matches!(pair, [b' ', b' ' | b'\t' | b'\r'] | [b'\t' | b'\r', _]))
}

/// How long the lines are together that a text begins with and that surely are folded; the empty line behind the last of
/// them may be one of them.
fn calm(text: &[u8]) -> usize {
    if matches!(text.first(), Some(b' ' | b'\n')) {
        return 0;
    }
    let mut at = 0;
    // each byte is looked at with the two that follow it
    while let Some(stretch) = text.get(at..at + STRETCH + 2)
        && is_calm(stretch)
    {
        at += STRETCH;
    }
    text.get(..at).and_then(|calm| memchr::memrchr(b'\n', calm)).map_or(0, |end| end + 1)
}

/// Whether nothing is to fold where a stretch begins, up to its last two bytes.
fn is_calm(stretch: &[u8]) -> bool {
    let odd = |b: u8, next: u8, then: u8| {
        ((b == b' ') & ((next == b' ') | (next == b'\n')))
            | ((b == b'\n') & ((next == b' ') | ((next == b'\n') & (then == b'\n'))))
            | (b == b'\t')
            | (b == b'\r')
    };
    let any_odd = |any, three: &[u8]| match three {
        [b, next, then] => any | odd(*b, *next, *then),
        _ => any,
    };
    !stretch.windows(3).fold(false, any_odd)
}

/// Whether a line has words, and one space between them and none around them.
pub(super) fn is_folded(line: &str) -> bool {
    let bytes = line.as_bytes();
    let blank = |b: u8| matches!(b, b' ' | b'\t' | b'\r');
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let odd = |before: u8, b: u8| (before == b' ') & (b == b' ') | (b == b'\t') | (b == b'\r');
    let any_odd = |any, two: &[u8]| match two {
        [before, b] => any | odd(*before, *b),
        _ => any,
    };
    !blank(*first) && !blank(*last) && !bytes.windows(2).fold(false, any_odd)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same word by word.
    fn plainly_folded(text: &str) -> String {
        let words =
            |line: &str| line.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = text.split('\n').map(words).collect();
        let paragraphs = lines.split(String::is_empty).filter(|lines| !lines.is_empty());
        paragraphs.map(|lines| lines.join("\n")).collect::<Vec<_>>().join("\n\n")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn lines_are_folded_many_at_a_time_as_they_are_word_by_word(
            calm in "(a b\nc\n\n|[a-z ]){0,90}",
            text in "(a b|é|\n|\n\n| |  |\t|\r|xyz\n){0,12}",
            after in "(a b\nc\n\n|ö d\n){0,40}",
        ) {
            let text = format!("{calm}{text}{after}{text}");
            prop_assert_eq!(fold_lines(&text), plainly_folded(&text), "{:?}", text);
        }

        #[test]
        fn a_line_is_folded_if_folding_changes_nothing(line in "[a ]{0,5}[aé \t\r]{0,3}") {
            prop_assert_eq!(is_folded(&line), !line.is_empty() && plainly_folded(&line) == line);
        }
    }
}
