//! Cedar's questions in the words of z3.
//!
//! Cedar's compiler speaks as cvc5 does. z3's own sets are arrays of booleans, under other words. They may be infinite, so z3
//! sees more than there is: what it finds impossible is impossible, and where it finds a model that no finite set gives, it
//! disagrees with cvc5, and nothing is proved. And only a recent z3 knows the standard words for an overflow.

/// A term, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Word(String),
    List(Vec<Term>),
}

/// The same script in these words. What is not understood stays, and z3 refuses it.
pub(crate) fn in_words_of_z3(script: &str) -> String {
    let mut said = String::with_capacity(script.len());
    for term in terms(script) {
        rewritten(term).write(&mut said);
        said.push('\n');
    }
    said
}

fn rewritten(term: Term) -> Term {
    let Term::List(parts) = term else { return term };
    let parts: Vec<_> = parts.into_iter().map(rewritten).collect();
    let is = |term: &Term, word: &str| matches!(term, Term::Word(found) if found == word);
    let call = |word: &str, of: &[&Term]| {
        Term::List(std::iter::once(Term::Word(word.to_owned())).chain(of.iter().copied().cloned()).collect())
    };
    let (yes, no) = (Term::Word("true".to_owned()), Term::Word("false".to_owned()));
    match &parts[..] {
        [first, empty, sort] if is(first, "as") && is(empty, "set.empty") => {
            let constant = call("as", &[&Term::Word("const".to_owned()), sort]);
            Term::List(vec![constant, no])
        }
        [first, element, set] if is(first, "set.member") => call("select", &[set, element]),
        [first, one, other] if is(first, "set.subset") => call("subset", &[one, other]),
        [first, one, other] if is(first, "set.inter") => call("intersection", &[one, other]),
        [first, elements @ .., set] if is(first, "set.insert") => {
            elements.iter().fold(set.clone(), |set, element| call("store", &[&set, element, &yes]))
        }
        // With one bit more nothing overflows; what overflows without it differs.
        [first, one, other] if is(first, "bvsaddo") => differs("bvadd", one, other),
        [first, one, other] if is(first, "bvssubo") => differs("bvsub", one, other),
        [first, one, other] if is(first, "bvsmulo") => {
            let (below, above) = (call("bvsmul_noovfl", &[one, other]), call("bvsmul_noudfl", &[one, other]));
            call("not", &[&call("and", &[&below, &above])])
        }
        _ => Term::List(parts),
    }
}

/// Whether an operation gives another result with one bit more.
fn differs(operation: &str, one: &Term, other: &Term) -> Term {
    let word = |word: &str| Term::Word(word.to_owned());
    let wider =
        |term: Term| Term::List(vec![Term::List(vec![word("_"), word("sign_extend"), word("1")]), term]);
    let apply = |one: Term, other: Term| Term::List(vec![word(operation), one, other]);
    let wide = apply(wider(one.clone()), wider(other.clone()));
    let narrow = wider(apply(one.clone(), other.clone()));
    Term::List(vec![word("not"), Term::List(vec![word("="), wide, narrow])])
}

/// The terms of a script, without its comments.
fn terms(script: &str) -> Vec<Term> {
    let mut open: Vec<Vec<Term>> = vec![Vec::new()];
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ';' => rest.find('\n').unwrap_or(rest.len()),
            '"' => quoted(rest, '"'),
            '|' => quoted(rest, '|'),
            '(' | ')' => 1,
            space if space.is_whitespace() => space.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || "();\"|".contains(c)).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        let done = match first {
            '(' => {
                open.push(Vec::new());
                None
            }
            // A parenthesis too many is left out here, and the solver finds the one that is missing.
            ')' if open.len() > 1 => open.pop().map(Term::List),
            ')' | ';' => None,
            space if space.is_whitespace() => None,
            _ => Some(Term::Word(word.to_owned())),
        };
        if let (Some(term), Some(list)) = (done, open.last_mut()) {
            list.push(term);
        }
    }
    open.into_iter().flatten().collect()
}

/// The length of a quoted word; a quote within a string is doubled.
fn quoted(text: &str, quote: char) -> usize {
    let mut length = 1;
    loop {
        let inner = text.get(length..).unwrap_or_default();
        let Some(end) = inner.find(quote) else { return text.len() };
        length += end + 1;
        if quote == '|' || !text.get(length..).unwrap_or_default().starts_with('"') {
            return length;
        }
        length += 1;
    }
}

// === impl Term ===

impl Term {
    fn write(&self, said: &mut String) {
        match self {
            Self::Word(word) => said.push_str(word),
            Self::List(parts) => {
                said.push('(');
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        said.push(' ');
                    }
                    part.write(said);
                }
                said.push(')');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expected: &str) {
        assert_eq!(in_words_of_z3(script).trim_end(), expected, "{script}");
    }

    #[test]
    fn sets_are_put_in_other_words() {
        check(
            "(define-fun t0 () (Set String) (as set.empty (Set String)))",
            "(define-fun t0 () (Set String) ((as const (Set String)) false))",
        );
        check("(f (set.member x (g s)))", "(f (select (g s) x))");
        check(
            "(set.insert a b (as set.empty (Set E0)))",
            "(store (store ((as const (Set E0)) false) a true) b true)",
        );
        check(
            "(= (set.inter a b) (as set.empty (Set E0)))",
            "(= (intersection a b) ((as const (Set E0)) false))",
        );
        check("(assert (set.subset a b))\n(check-sat)", "(assert (subset a b))\n(check-sat)");
    }

    #[test]
    fn overflows_are_put_in_other_words() {
        check(
            "(bvsaddo a b)",
            "(not (= (bvadd ((_ sign_extend 1) a) ((_ sign_extend 1) b)) ((_ sign_extend 1) (bvadd a b))))",
        );
        check("(bvsmulo a b)", "(not (and (bvsmul_noovfl a b) (bvsmul_noudfl a b)))");
    }

    #[test]
    fn what_is_quoted_stays_as_it_is() {
        check("(= x \"(set.member a b) \"\" ; | \")", "(= x \"(set.member a b) \"\" ; | \")");
        check("(f |a (set.member| x) ; set.member (\n(g)", "(f |a (set.member| x)\n(g)");
        check("(f \"\" \"ä\")", "(f \"\" \"ä\")");
    }
}
