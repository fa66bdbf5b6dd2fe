//! What happened, told from the record alone.

use audit_log::{ContentReader, Entry, LogFiles, entries};
use clean_content::{CleanContent, Untrusted};
use home::Home;
use serde_json::Value;
use std::collections::BTreeMap;

/// What became of every mail, in the order in which they came in.
#[derive(Debug, Default)]
pub(crate) struct Story {
    order: Vec<String>,
    mails: BTreeMap<String, Mail>,
    request_of: BTreeMap<String, String>,
}

/// What became of one mail.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    content: Option<action::Digest>,
    read: &'static str,
    warned: Vec<String>,
    asked: Option<String>,
    waiting: bool,
    answer: Option<String>,
    outcome: Option<String>,
    settled: bool,
}

// === impl Story ===

impl Story {
    /// Reads the record; a record that is not there yet tells nothing.
    pub(crate) fn read(home: &Home) -> anyhow::Result<Self> {
        let (mut story, log) = (Self::default(), home.audit_log());
        if !log.exists() {
            return Ok(story);
        }
        for entry in entries(&LogFiles::of(&log))? {
            // A broken chain is for `verify` to report.
            let Ok(entry) = entry? else { break };
            story.tell(&entry);
        }
        Ok(story)
    }

    /// The mails.
    pub(crate) const fn mails(&self) -> &BTreeMap<String, Mail> {
        &self.mails
    }

    /// Whether nothing more will happen without the owner.
    pub(crate) fn all_planned_or_waiting(&self) -> bool {
        self.mails.values().all(|mail| mail.settled || mail.waiting)
    }

    /// Whether nothing more will happen at all.
    pub(crate) fn all_settled(&self) -> bool {
        self.mails.values().all(|mail| mail.settled)
    }

    /// One line a mail. The mail's own words come last: they are as wide as they like.
    pub(crate) fn table(&self, home: &Home) -> String {
        let mut table = format!(
            "{:<12} {:<36} {:<11} {:<9} {:<10} {}\n",
            "READ", "WARNED OF", "ASKED FOR", "ANSWER", "OUTCOME", "MAIL IN"
        );
        for (item, mail) in self.order.iter().filter_map(|item| Some((item, self.mails.get(item)?))) {
            let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let warned = if mail.warned.is_empty() { "-".to_owned() } else { mail.warned.join(", ") };
            table.push_str(&format!(
                "{:<12} {warned:<36} {:<11} {:<9} {:<10} {}\n",
                mail.read,
                or_dash(&mail.asked),
                or_dash(&mail.answer),
                or_dash(&mail.outcome),
                mail.words(home).unwrap_or_else(|| item.clone()),
            ));
        }
        table
    }

    fn tell(&mut self, entry: &Entry) {
        let word = |key: &str| entry.details.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let decision = |key: &str| {
            entry.details.get(key).and_then(|value| value.get("is")?.as_str()).unwrap_or_default()
        };
        if entry.event_type == "item_received" {
            self.order.push(word("item"));
            self.mails.insert(word("item"), Mail { read: "waiting", ..Mail::default() });
        }
        if entry.event_type == "capability_requested" {
            self.request_of.insert(word("request"), word("item"));
        }
        let item = self.request_of.get(&word("request")).cloned().unwrap_or_else(|| word("item"));
        let Some(mail) = self.mails.get_mut(&item) else { return };
        match entry.event_type.as_str() {
            "item_cleaned" => {
                mail.read = "clean";
                mail.content = word("clean").parse().ok();
                if entry.details.get("injection_warning") == Some(&Value::Bool(true)) {
                    let findings = entry.details.get("findings").and_then(Value::as_array);
                    mail.warned = findings
                        .into_iter()
                        .flatten()
                        .filter_map(|kind| Some(kind.as_str()?.to_owned()))
                        .collect();
                    mail.warned.sort_unstable();
                    mail.warned.dedup();
                }
            }
            "item_quarantined" => (mail.read, mail.settled) = ("quarantined", true),
            "capability_requested" => mail.asked = Some(word("action")),
            "decision_made" => mail.waiting = decision("decision") == "ask",
            "approval_recorded" => (mail.waiting, mail.answer) = (false, Some(word("answer"))),
            "approval_expired" => (mail.waiting, mail.answer) = (false, Some("expired".to_owned())),
            "execution_finished" if decision("outcome") == "performed" => {
                mail.outcome = Some("sent".to_owned())
            }
            "execution_finished" => mail.outcome = Some(decision("outcome").to_owned()),
            "item_settled" => {
                mail.settled = true;
                if mail.outcome.is_none() {
                    mail.outcome = Some(word("summary"));
                }
            }
            _ => {}
        }
    }
}

// === impl Mail ===

impl Mail {
    /// Sender and subject, from the clean content beside the record.
    fn words(&self, home: &Home) -> Option<String> {
        let bytes = ContentReader::new(&home.content()).get(self.content?).ok()??;
        let content = CleanContent::parse(Untrusted::new(String::from_utf8(bytes).ok()?)).ok()?;
        let metadata = content.metadata();
        let sender = metadata.sender.as_ref().map_or("", |sender| sender.address.as_str());
        Some(format!("{sender}: {}", metadata.subject.as_deref().unwrap_or_default()))
    }
}
