//! What was found in one item, for a person at a terminal: what to make of it, and what is seen against what is there.
//!
//! Whatever the item says stands behind a bar, line by line, with every character that a terminal would not show spelt out, so
//! that it can imitate no line of ours and move no cursor.

use crate::sanitize::untrusted_input;
use action::reveal;
use clean_content::{
    Attachment, Authentication, CleanContent, ContentType, Doubt, Finding, Link, Metadata, Party, Severity,
    Untrusted,
};
use jiff::Timestamp;
use sanitizer::Beside;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Characters of one text beside the body that are shown, and texts.
const SHOWN: usize = 2_000;
const TEXTS: usize = 40;

/// One item from standard input. What cannot be read is said on standard error, exit 1.
pub(crate) fn command(content_type: ContentType) -> anyhow::Result<ExitCode> {
    let raw = untrusted_input()?;
    let clean = sanitizer::sanitize(Untrusted::new(raw.clone()), content_type, Timestamp::now());
    match clean.and_then(|clean| Ok((clean, sanitizer::beside(Untrusted::new(raw), content_type)?))) {
        Ok((clean, beside)) => {
            say!("{}", explain(&clean, &beside).trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Err(unreadable) => {
            eprintln!("moltctl: {unreadable}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The whole story, as plain text.
fn explain(clean: &CleanContent, untrusted_beside: &[Beside]) -> String {
    let mut told = Told(String::new());
    told.verdict(clean);
    told.findings(clean.findings());
    told.metadata(clean.metadata());
    told.section("What a person sees, and all that is handed on:");
    told.quote("", clean.body());
    told.beside(untrusted_beside);
    told.0
}

/// Text for a terminal. Words of the item come in by [`Told::quote`] and [`quoted`] only.
struct Told(String);

// === impl Told ===

impl Told {
    fn line(&mut self, words: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{words}");
    }

    fn section(&mut self, title: &str) {
        self.line(format_args!("\n{title}"));
    }

    /// Words of the item, each line behind a bar.
    fn quote(&mut self, indent: &str, untrusted: &str) {
        for line in reveal(untrusted).split('\n') {
            self.line(format_args!("{indent}  | {}", line.replace('\t', " ")));
        }
    }

    fn verdict(&mut self, clean: &CleanContent) {
        let verdict = if clean.injection_warning() {
            "WARNING: this looks as if it were meant to steer an assistant"
        } else if clean.findings().is_empty() {
            "Nothing suspicious was found"
        } else {
            "No warning; something odd was found"
        };
        self.line(format_args!("{verdict} (score {:.3} of 1).", clean.score()));
        let cut = if clean.truncated() { "; the rest was cut off" } else { "" };
        self.line(format_args!(
            "Read as {}: {} bytes came in, {} characters are handed on{cut}.",
            clean.content_type(),
            clean.original_length(),
            clean.sanitized_length()
        ));
    }

    fn findings(&mut self, findings: &[Finding]) {
        if !findings.is_empty() {
            self.section("Findings, the gravest first:");
        }
        for Finding { kind, place, severity, reason, evidence } in findings {
            let severity = match severity {
                Severity::High => "HIGH",
                Severity::Medium => "MEDIUM",
                Severity::Low => "low",
            };
            self.line(format_args!(
                "  {severity} ({}) in {}: {}",
                quoted(kind),
                quoted(place),
                quoted(reason)
            ));
            if !evidence.is_empty() {
                self.quote("    ", evidence);
            }
        }
    }

    fn metadata(&mut self, metadata: &Metadata) {
        let Metadata {
            sender,
            reply_to,
            recipients: _,
            subject,
            message_id: _,
            date,
            chat,
            attachments,
            doubts,
            authentication,
            links,
        } = metadata;
        self.section("What it says of itself:");
        let parties = [("from", sender), ("answers go to", reply_to)];
        for (what, Party { name, address }) in
            parties.iter().filter_map(|(what, p)| Some((what, p.as_ref()?)))
        {
            let name = name.as_ref().map(|name| format!("\"{}\" ", quoted(name))).unwrap_or_default();
            self.line(format_args!("  {what}: {name}<{}>", quoted(address)));
        }
        for (what, text) in [("subject", subject), ("date", date), ("chat", chat)] {
            if let Some(text) = text {
                self.line(format_args!("  {what}: {}", quoted(text)));
            }
        }
        for doubt in doubts {
            self.line(format_args!("  DOUBT: {}", words(*doubt)));
        }
        for Authentication { server, method, result, about } in authentication {
            let about = about.as_ref().map(|about| format!(" for {}", quoted(about))).unwrap_or_default();
            let (server, method, result) = (quoted(server), quoted(method), quoted(result));
            self.line(format_args!("  {server} is said to say: {method}={result}{about}"));
        }
        for Attachment { name, media_type, size, sha256, text } in attachments {
            let name = name
                .as_deref()
                .map_or_else(|| "without a name".to_owned(), |name| format!("\"{}\"", quoted(name)));
            self.line(format_args!(
                "  attachment {name}: {}, {size} bytes, SHA-256 {}",
                quoted(media_type),
                quoted(sha256)
            ));
            if let Some(text) = text {
                self.quote("    ", text);
            }
        }
        let elsewhere = |link: &&Link| link.leads_elsewhere;
        for Link { shown, target, leads_elsewhere: _ } in links.iter().filter(elsewhere) {
            self.line(format_args!("  LINK: shows \"{}\" and leads to {}", quoted(shown), quoted(target)));
        }
        let others = links.len() - links.iter().filter(elsewhere).count();
        if others > 0 {
            self.line(format_args!("  {others} other links"));
        }
    }

    fn beside(&mut self, untrusted_beside: &[Beside]) {
        for (title, hidden) in [
            ("What is there and a person does not see:", true),
            ("What else is shown, or says the same:", false),
        ] {
            let mut of_kind = untrusted_beside.iter().filter(|beside| beside.hidden == hidden).peekable();
            if of_kind.peek().is_some() {
                self.section(title);
            }
            for (nth, Beside { untrusted_place, sight, hidden: _, untrusted_text }) in of_kind.enumerate() {
                if nth == TEXTS {
                    self.line(format_args!("  and more such texts"));
                    break;
                }
                self.line(format_args!("  {}, {sight}:", quoted(untrusted_place)));
                let head: String = untrusted_text.trim().chars().take(SHOWN).collect();
                self.quote("    ", &head);
                if head.len() < untrusted_text.trim().len() {
                    self.line(format_args!("      (and so on, {} bytes)", untrusted_text.len()));
                }
            }
        }
    }
}

/// Words of the item within a line of ours.
fn quoted(untrusted: &str) -> String {
    reveal(&untrusted.replace(['\n', '\t'], " "))
}

const fn words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::NameIsAnotherAddress => "the sender's name is an address, and not the sender's",
        Doubt::NameNamesAnotherDomain => {
            "the sender's name names a company or domain that the address is not of"
        }
        Doubt::LookAlikeDomain => "the sender's domain is written with letters that look like others",
        Doubt::MixedScriptDomain => "the sender's domain mixes scripts",
        Doubt::RepliesGoElsewhere => "an answer would go to another domain than the sender's",
    }
}
