//! What a mail shows, in order: its subject, then its parts. Of alternatives every one stands there, the plain form
//! first: which one a person sees is the choice of her program, so a choice made here would let the sender choose what
//! she and the agent each see.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState},
    sync::LazyLock,
};

use clean_content::{Finding, Severity};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{plain, show};

/// Bytes of each form that are compared with the other.
const COMPARED: usize = 256 * 1024;

/// Distinct words that one form may have and the other not: `[image]`, a rule, a note for the other's readers.
const SAME_BUT_FOR: usize = 3;

/// Distinct words of a form that is a text of its own, and no note that the other form is there.
const OWN_TEXT: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Plain,
    Rich,
}

struct Part {
    text: String,
    form: Form,
    /// The `multipart/alternative` it is in.
    alternative: Option<usize>,
}

/// The parts that are shown, in the order in which they stand in the mail.
#[derive(Default)]
pub(super) struct Shown {
    parts: Vec<Part>,
}

// === impl Shown ===

impl Shown {
    pub(super) fn push(&mut self, text: String, form: Form, alternative: Option<usize>) {
        self.parts.push(Part { text, form, alternative });
    }

    /// Everything that is shown below a subject, and what the forms of it do not both say.
    pub(super) fn below(mut self, subject: &str) -> (String, Option<Finding>) {
        let finding = self.forms_differ(subject);
        // Alternatives stand where the first of them does.
        let mut first = HashMap::new();
        let mut order: Vec<(usize, Form, usize)> = Vec::with_capacity(self.parts.len());
        for (at, part) in self.parts.iter().enumerate() {
            let block = part.alternative.map_or(at, |alternative| *first.entry(alternative).or_insert(at));
            let form = if part.alternative.is_some() { part.form } else { Form::Plain };
            order.push((block, form, at));
        }
        order.sort_unstable();
        let mut text = subject.trim().to_owned();
        for (_, _, at) in order {
            let Some(part) = self.parts.get_mut(at).map(|part| std::mem::take(&mut part.text)) else {
                continue;
            };
            if part.trim().is_empty() {
                continue;
            }
            if text.is_empty() {
                text = part;
            } else {
                text.push_str("\n\n");
                text.push_str(&part);
            }
        }
        (text, finding)
    }

    /// Whether some alternatives do not say the same words, below a subject that a page often has for its title.
    fn forms_differ(&self, subject: &str) -> Option<Finding> {
        // In order, so that the same mail is always told of in the same words.
        let mut forms: BTreeMap<usize, [Words<'_>; 2]> = BTreeMap::new();
        for part in &self.parts {
            if let Some(alternative) = part.alternative {
                let [plain, rich] = forms.entry(alternative).or_default();
                match part.form {
                    Form::Plain => plain.add(&part.text),
                    Form::Rich => rich.add(&part.text),
                }
            }
        }
        forms
            .into_values()
            .filter(|[plain, rich]| !plain.words.is_empty() && !rich.words.is_empty())
            .filter_map(|[mut plain, mut rich]| {
                plain.hear(subject);
                rich.hear(subject);
                differ(&plain, &rich)
            })
            .min_by_key(|finding| Reverse(finding.severity))
    }
}

/// The distinct words of a form, links left out: a plain form spells out what the other hides behind words.
#[derive(Default)]
struct Words<'t> {
    seen: HashSet<u64, BuildHasherDefault<Hashed>>,
    /// In order, with what each is known by.
    words: Vec<(&'t str, u64)>,
    bytes: usize,
    /// The word that is looked at, in small letters.
    small: String,
}

/// What words are known by is a hash with keys that no sender knows.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The hash of what is a hash already: itself.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The word that a token consists of, as most do: letters and digits of ASCII, and at most a sign behind them that is no part
/// of it (Unicode TR 29; `_` would be one) nor makes a link of it.
fn one_word(token: &str) -> Option<&str> {
    let (word, sign) = token.split_at_checked(plain::how_many(token.as_bytes(), plain::is_alphanumeric))?;
    let alone = match sign {
        "" => true,
        "_" | "@" => false,
        "." => !word.ends_with("www"),
        sign => sign.len() == 1,
    };
    (alone && !word.is_empty()).then_some(word)
}

fn differ(plain: &Words<'_>, rich: &Words<'_>) -> Option<Finding> {
    let fewer = plain.words.len().min(rich.words.len());
    let (in_plain, in_rich) = (plain.without(rich), rich.without(plain));
    let (only, form) = if in_plain.len() > in_rich.len() { (in_plain, "plain") } else { (in_rich, "HTML") };
    if fewer == 0 || only.len() < SAME_BUT_FOR {
        return None;
    }
    let shared = plain.words.len() - plain.without(rich).len();
    let apart = fewer >= OWN_TEXT && shared * 5 < fewer;
    Some(Finding {
        kind: "forms-differ".into(),
        place: "body".into(),
        severity: if apart { Severity::Medium } else { Severity::Low },
        reason: if apart {
            "The mail comes in two forms that are different texts: what a person sees depends on her program."
        } else {
            "The mail comes in two forms that do not say all the same words."
        }
        .into(),
        evidence: show::evidence(&format!("only in the {form} form: {}", only.join(" "))),
    })
}

// === impl Words ===

impl<'t> Words<'t> {
    fn add(&mut self, text: &'t str) {
        for token in text.split_whitespace() {
            self.bytes += token.len();
            if self.bytes > COMPARED {
                return;
            }
            if let Some(word) = one_word(token) {
                self.add_word(word);
                continue;
            }
            let token = token.find("://").map_or(token, |scheme| {
                let before = token.get(..scheme).unwrap_or_default();
                before.trim_end_matches(|c: char| c.is_ascii_alphabetic())
            });
            if token.contains('@') || token.contains("www.") {
                continue;
            }
            token.unicode_words().for_each(|word| self.add_word(word));
        }
    }

    fn add_word(&mut self, word: &'t str) {
        self.small.clear();
        if word.is_ascii() {
            self.small.push_str(word);
            self.small.make_ascii_lowercase();
        } else {
            self.small.extend(word.chars().flat_map(char::to_lowercase));
        }
        let mut hash = KEYS.build_hasher();
        hash.write(self.small.as_bytes());
        let known_by = hash.finish();
        if self.seen.insert(known_by) {
            self.words.push((word, known_by));
        }
    }

    /// Takes the words of a text as said, and does not ask for them in the other form.
    fn hear(&mut self, text: &str) {
        let mut heard = Words::default();
        heard.add(text);
        self.words.retain(|(_, known_by)| !heard.seen.contains(known_by));
        self.seen.extend(heard.seen);
    }

    fn without(&self, other: &Words<'_>) -> Vec<&'t str> {
        self.words
            .iter()
            .filter(|(_, known_by)| !other.seen.contains(known_by))
            .map(|(word, _)| *word)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(plain: &str, rich: &str) -> Option<Severity> {
        forms_below("", plain, rich)
    }

    fn forms_below(subject: &str, plain: &str, rich: &str) -> Option<Severity> {
        let mut shown = Shown::default();
        shown.push(plain.into(), Form::Plain, Some(1));
        shown.push(rich.into(), Form::Rich, Some(1));
        shown.below(subject).1.map(|finding| finding.severity)
    }

    #[test]
    fn forms_that_do_not_say_the_same_are_a_finding() {
        let letter = "We meet on Tuesday at ten in the small room by the stairs, bring the plan.";
        for (plain, rich, severity) in [
            (letter, letter, None),
            (letter, "WE MEET on Tuesday at ten\nin the small room by the stairs, bring the plan", None),
            ("Our offer: https://shop.example/offer?id=7 or www.shop.example", "Our offer: or", None),
            ("", letter, None),
            (letter, "", None),
            ("今日は会議です。", "今日は\n会議です。", None),
            (letter, &format!("{letter} Wire the money to the new account."), Some(Severity::Low)),
            (&format!("{letter} Wire the money to the new account."), letter, Some(Severity::Low)),
            ("Your program shows no HTML mail.", letter, Some(Severity::Low)),
        ] {
            assert_eq!(forms(plain, rich), severity, "{plain} | {rich}");
        }
        let titled = format!("A plan for the coming weeks\n{letter}");
        assert_eq!(forms_below("A plan for the coming weeks", letter, &titled), None);
        assert_eq!(forms(letter, &titled), Some(Severity::Low));
        let text = |from: u32| (from..from + 100).map(|n| format!("word{n} ")).collect::<String>();
        assert_eq!(forms(&text(0), &text(50)), Some(Severity::Low));
        assert_eq!(forms(&text(0), &text(90)), Some(Severity::Medium));
    }

    #[test]
    fn one_word_is_told_as_the_standard_has_it() {
        for sign in (0..0x80_u8).map(char::from) {
            for token in ["word", "7", "a1b"].map(|word| format!("{word}{sign}")) {
                if let Some(word) = one_word(&token) {
                    assert!(token.unicode_words().eq([word]), "{token:?}");
                }
            }
        }
        assert_eq!(one_word("word,"), Some("word"));
        for token in ["word_", "it's", "word@", "www.", "", "é"] {
            assert_eq!(one_word(token), None, "{token}");
        }
    }

    #[test]
    fn of_alternatives_that_are_alike_suspicious_the_first_is_told_of() {
        let mut shown = Shown::default();
        for alternative in 1..=20 {
            shown.push("the same and no more".into(), Form::Plain, Some(alternative));
            shown.push(format!("the same and no more but for {alternative}"), Form::Rich, Some(alternative));
        }
        let evidence = shown.below("").1.unwrap().evidence;
        assert!(evidence.ends_with("but for 1"), "{evidence}");
    }

    #[test]
    fn alternatives_stand_where_the_first_of_them_does_and_the_plain_form_before_the_other() {
        let mut shown = Shown::default();
        for (text, form, alternative) in [
            ("a", Form::Rich, None),
            ("c", Form::Rich, Some(1)),
            ("e", Form::Plain, None),
            ("b", Form::Plain, Some(1)),
            (" ", Form::Plain, None),
            ("d", Form::Rich, Some(1)),
        ] {
            shown.push(text.into(), form, alternative);
        }
        assert_eq!(shown.below("s").0, "s\n\na\n\nb\n\nc\n\nd\n\ne");
    }
}
