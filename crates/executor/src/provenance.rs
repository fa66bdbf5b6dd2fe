//! Which parameter values occur in content from outside. Zone 1 delivered every piece of it, so it can tell without
//! trusting the planner.
//!
//! Both sides are brought to one form (NFKC, lower case, words parted by single blanks), so that a value is found inside
//! longer text too, however it was written. What was disguised on purpose ("ann at example dot org") is not found: that a
//! value was *not* met proves nothing.

use action::{Action, MakeCall, ReadItems, SendEmail, SendSlack, SendSms, SendTelegram};
use clean_content::CleanContent;
use ledger::Origin;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use unicode_normalization::UnicodeNormalization as _;

/// How many delivered items are looked through, the newest first.
const ITEMS: usize = 256;

/// A longer text counts as met when this many of its words in a row were.
const WORDS_IN_A_ROW: usize = 4;

/// A text with fewer letters and digits than this says nothing about where it comes from.
const SHORTEST: usize = 4;

/// The content that was handed to zones, as far as it is looked through.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    items: VecDeque<Seen>,
}

/// One delivered item in the form in which values are looked for.
#[derive(Debug)]
struct Seen {
    item: String,
    /// ` word word word `
    words: String,
    /// ` 441632960961 `: numbers however they are parted.
    numbers: String,
    /// Every run of [`WORDS_IN_A_ROW`] words.
    runs: HashSet<u64>,
}

/// How a parameter's value is looked for.
enum Value<'a> {
    /// As a whole: an address, a chat, a channel.
    Name(&'a str),
    /// By its digits.
    Number(&'a str),
    /// In parts too.
    Text(&'a str),
}

// === impl Delivered ===

impl Delivered {
    /// Remembers an item that was handed to a zone.
    pub(crate) fn remember(&mut self, item: &str, content: &CleanContent) {
        if self.items.iter().any(|seen| seen.item == item) {
            return;
        }
        if self.items.len() == ITEMS {
            self.items.pop_front();
        }
        let text = everything_in(content);
        let words = in_words(&text);
        let runs = runs_of(&words).collect();
        self.items.push_back(Seen { item: item.to_owned(), words, numbers: in_numbers(&text), runs });
    }

    /// Which of an action's parameters were met, and in which item first.
    pub(crate) fn origins(&self, action: &Action) -> Vec<Origin> {
        let mut origins = BTreeSet::new();
        for (parameter, value) in values(action) {
            let met = self.items.iter().find(|seen| seen.contains(&value));
            origins
                .extend(met.map(|seen| Origin { parameter: parameter.to_owned(), item: seen.item.clone() }));
        }
        origins.into_iter().collect()
    }
}

// === impl Seen ===

impl Seen {
    fn contains(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Name(name) => in_words(name).len() > 2 && self.words.contains(&in_words(name)),
            Value::Number(number) => {
                let digits = in_numbers(number);
                digits.len() > SHORTEST && self.numbers.contains(&digits)
            }
            Value::Text(text) => {
                let words = in_words(text);
                let mut runs = runs_of(&words).peekable();
                if runs.peek().is_some() {
                    return runs.any(|run| self.runs.contains(&run));
                }
                words.chars().filter(|c| *c != ' ').count() >= SHORTEST && self.words.contains(&words)
            }
        }
    }
}

fn values(action: &Action) -> Vec<(&'static str, Value<'_>)> {
    match action {
        Action::SendEmail(SendEmail { to, cc, subject, body, in_reply_to }) => {
            let to = to.iter().map(|address| ("to", Value::Name(address.as_str())));
            let cc = cc.iter().map(|address| ("cc", Value::Name(address.as_str())));
            let id = in_reply_to.iter().map(|id| ("in_reply_to", Value::Name(id)));
            to.chain(cc)
                .chain(id)
                .chain([("subject", Value::Text(subject)), ("body", Value::Text(body))])
                .collect()
        }
        Action::SendTelegram(SendTelegram { chat, text }) => {
            vec![("chat", Value::Name(chat)), ("text", Value::Text(text))]
        }
        Action::SendSlack(SendSlack { channel, text }) => {
            vec![("channel", Value::Name(channel)), ("text", Value::Text(text))]
        }
        Action::MakeCall(MakeCall { to, say }) => vec![("to", Value::Number(to)), ("say", Value::Text(say))],
        Action::SendSms(SendSms { to, text }) => vec![("to", Value::Number(to)), ("text", Value::Text(text))],
        Action::ReadEmail(ReadItems { limit: _ })
        | Action::ReadTelegram(ReadItems { limit: _ })
        | Action::ReadSlack(ReadItems { limit: _ })
        | Action::ReadSms(ReadItems { limit: _ }) => Vec::new(),
    }
}

/// Everything that the outside wrote, in one text.
fn everything_in(content: &CleanContent) -> String {
    let metadata = content.metadata();
    let parties = metadata.sender.iter().chain(&metadata.reply_to).chain(&metadata.recipients);
    let of_parties = parties.flat_map(|party| party.name.iter().chain([&party.address]));
    let lines = metadata.subject.iter().chain(&metadata.message_id).chain(&metadata.chat);
    let files = metadata.attachments.iter().filter_map(|attachment| attachment.name.as_ref());
    let all = of_parties.chain(lines).chain(files).map(String::as_str).chain([content.body()]);
    all.collect::<Vec<_>>().join("\n")
}

/// ` word word `: in lower case, NFKC; what holds an address or a name together is part of the word.
fn in_words(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words = folded
        .split(|c: char| !(c.is_alphanumeric() || "@._+-".contains(c)))
        .map(|word| word.trim_matches(['.', '_', '+', '-']))
        .filter(|word| !word.is_empty());
    words.fold(" ".to_owned(), |text, word| text + word + " ")
}

/// ` 441632960961 `: runs of digits, however they are parted within.
fn in_numbers(text: &str) -> String {
    let mut numbers = " ".to_owned();
    for c in text.nfkc() {
        if c.is_ascii_digit() {
            numbers.push(c);
        } else if !" -.()/".contains(c) && !numbers.ends_with(' ') {
            numbers.push(' ');
        }
    }
    if !numbers.ends_with(' ') {
        numbers.push(' ');
    }
    numbers
}

fn runs_of(words: &str) -> impl Iterator<Item = u64> {
    let words: Vec<_> = words.split_whitespace().collect();
    let runs: Vec<_> = words
        .windows(WORDS_IN_A_ROW)
        .map(|run| {
            let mut hasher = DefaultHasher::new();
            run.hash(&mut hasher);
            hasher.finish()
        })
        .collect();
    runs.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use action::{Request, Role, ZoneId};
    use clean_content::{ContentType, Metadata, Parts, Party};
    use jiff::Timestamp;

    fn content(sender: &str, body: &str) -> CleanContent {
        CleanContent::from_parts(Parts {
            body: body.to_owned(),
            content_type: ContentType::Email,
            findings: Vec::new(),
            score: 0.0,
            injection_warning: false,
            original_length: body.len() as u64,
            truncated: false,
            sanitized_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata {
                sender: Some(Party { name: None, address: sender.to_owned() }),
                ..Metadata::default()
            },
        })
        .unwrap()
    }

    /// The parameters met when one message with this body was delivered.
    fn check(body: &str, action: &str, parameters: &str, expected: &[&str]) {
        let mut delivered = Delivered::default();
        delivered.remember("email-0", &content("bob@example.org", "Nothing that matters here at all."));
        delivered.remember("email-1", &content("ann@example.org", body));
        let planner = ZoneId::new("local", Role::Planner);
        let request = Request::check(planner, action, parameters.to_owned()).unwrap();
        let met = delivered.origins(request.action());
        assert!(met.iter().all(|origin| origin.item == "email-1"), "{met:?}");
        let names: Vec<_> = met.iter().map(|origin| origin.parameter.as_str()).collect();
        assert_eq!(names, expected, "{body} / {parameters}");
    }

    fn mail(to: &str, subject: &str, body: &str) -> String {
        serde_json::json!({ "to": to, "subject": subject, "body": body }).to_string()
    }

    #[test]
    fn an_address_is_met_however_it_was_written() {
        for body in [
            "Send it to eve@evil.example please",
            "contact: <EVE@EVIL.example>, soon",
            "mailto:eve@evil.example?subject=x",
        ] {
            check(body, "send_email", &mail("eve@evil.example", "Hi", "Hello"), &["to"]);
        }
        check("Ask notEve@evil.example", "send_email", &mail("eve@evil.example", "Hi", "Hello"), &[]);
        check("", "send_email", &mail("ann@example.org", "Hi", "Hello"), &["to"]);
    }

    #[test]
    fn a_part_of_a_longer_text_is_met() {
        let body = "As discussed: the new account number is DE00 1234, please pay today.";
        check(
            body,
            "send_email",
            &mail("x@example.net", "Hi", "I hear the new ACCOUNT number is new."),
            &["body"],
        );
        check(body, "send_email", &mail("x@example.net", "please pay", "Hello there"), &["subject"]);
        check(body, "send_email", &mail("x@example.net", "Hi", "The number of the account is known."), &[]);
    }

    #[test]
    fn a_number_is_met_however_it_is_parted() {
        for body in ["call +44 1632 960961", "(+44) 1632-960961.", "441632960961"] {
            check(body, "make_call", r#"{"to":"+441632960961","say":"x"}"#, &["to"]);
        }
        check("call +44 1632 960962", "make_call", r#"{"to":"+441632960961","say":"x"}"#, &[]);
    }

    #[test]
    fn what_is_too_short_to_tell_is_not_met() {
        check("ok, so be it", "send_email", &mail("x@example.net", "ok", "so"), &[]);
    }
}
