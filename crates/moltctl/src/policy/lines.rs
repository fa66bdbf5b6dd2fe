//! What changes between two texts, line by line.

use action::reveal;

/// More pairs of lines than this are not compared one by one.
const LIMIT: usize = 4_000_000;

/// The lines that go (`-`) and come (`+`), with their numbers; invisible characters made visible.
pub(super) fn changed(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let same_after = old
        .iter()
        .skip(same_before)
        .rev()
        .zip(new.iter().skip(same_before).rev())
        .take_while(|(a, b)| a == b);
    let same_after = same_after.count();
    let middle = |lines: &[&str]| -> Vec<(usize, String)> {
        let count = lines.len() - same_before - same_after;
        let numbered = lines.iter().enumerate().skip(same_before).take(count);
        numbered.map(|(index, line)| (index + 1, (*line).to_owned())).collect()
    };
    let (gone, came) = (middle(&old), middle(&new));
    let keep = if gone.len().saturating_mul(came.len()) <= LIMIT { common(&gone, &came) } else { Vec::new() };

    let mut changed = Vec::new();
    let (mut gone, mut came) = (gone.into_iter().peekable(), came.into_iter().peekable());
    let say = |sign: char, (number, line): (usize, String)| format!("{sign} {number:>4}  {}", reveal(&line));
    // The common lines part the rest; after the last of them comes what is left.
    for (a, b) in keep.into_iter().map(|(a, b)| (Some(a), Some(b))).chain([(None, None)]) {
        changed
            .extend(std::iter::from_fn(|| gone.next_if(|(n, _)| Some(*n) != a)).map(|line| say('-', line)));
        changed
            .extend(std::iter::from_fn(|| came.next_if(|(n, _)| Some(*n) != b)).map(|line| say('+', line)));
        gone.next();
        came.next();
    }
    changed
}

/// The numbers of the lines of a longest common subsequence.
fn common(a: &[(usize, String)], b: &[(usize, String)]) -> Vec<(usize, usize)> {
    // lengths[i][j]: of what follows line i of one and line j of the other.
    let mut lengths = vec![vec![0_usize; b.len() + 1]];
    for (_, line) in a.iter().rev() {
        let mut row = vec![0];
        let after = lengths.last().cloned().unwrap_or_default();
        for (j, (_, other)) in b.iter().enumerate().rev() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or_default();
            let best = if line == other {
                at(&after, j + 1) + 1
            } else {
                at(&after, j).max(at(&row, b.len() - j - 1))
            };
            row.push(best);
        }
        row.reverse();
        lengths.push(row);
    }
    lengths.reverse();
    let at = |i: usize, j: usize| lengths.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default();
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some((n, line)), Some((m, other))) = (a.get(i), b.get(j)) {
        if line == other {
            pairs.push((*n, *m));
            (i, j) = (i + 1, j + 1);
        } else if at(i + 1, j) >= at(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &[&str]) {
        assert_eq!(changed(old, new), expected, "{old:?} {new:?}");
    }

    #[test]
    fn only_what_changes_is_told() {
        check("", "", &[]);
        check("a\nb\nc\n", "a\nb\nc\n", &[]);
        check("a\nb\nc", "a\nx\nc", &["-    2  b", "+    2  x"]);
        check("a\nb\nc", "a\nc", &["-    2  b"]);
        check("a\nc", "a\nb\nc", &["+    2  b"]);
        check("", "a\nb", &["+    1  a", "+    2  b"]);
        check("a\nb", "", &["-    1  a", "-    2  b"]);
        check("a\na", "a", &["-    2  a"]);
        check(
            "one\ntwo\nthree\nfour\nfive",
            "one\n2\nthree\n4\nfive",
            &["-    2  two", "+    2  2", "-    4  four", "+    4  4"],
        );
    }

    #[test]
    fn nothing_changes_unseen() {
        check("a", "a\u{200B}", &["-    1  a", "+    1  a⟨U+200B⟩"]);
    }
}
