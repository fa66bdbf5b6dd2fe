//! One request's whole story, with its proof.

mod words;

use super::read::{Record, told_of};
use super::verify::{chain_to_json, gap_to_json, holds};
use action::{Digest, Request, reveal};
use anyhow::Context as _;
use audit_log::Verdict;
use capability::ApprovalVerifier;
use clean_content::{CleanContent, Untrusted};
use home::Home;
use ledger::{Asked, Completeness, Event, Gap, Story, Told};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::ExitCode;

/// One request's story and what was found when its proof was looked at.
struct Receipt {
    story: Story,
    asked: Asked,
    parameters: Parameters,
    because_of: Option<String>,
    owner: ApprovalVerifier,
    /// The hashes of the story's entries, in order.
    hashes: Vec<String>,
    chain: Verdict,
    gaps: Vec<Gap>,
}

/// What was asked for.
enum Parameters {
    /// They are there, and they are those that were asked for.
    There { title: String, fields: Vec<(String, String)> },
    /// They were erased, and the record says so.
    Erased { by_entry: u64 },
    /// They are not there, or not those that were asked for.
    Lost { why: String },
}

pub(super) fn command(home: &Home, id: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let receipt = Receipt::of(&Record::of(home), id)?;
    if as_json {
        say!("{}", receipt.to_json()?);
    } else {
        say!("{}", receipt.in_words().trim_end());
    }
    Ok(if receipt.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// === impl Receipt ===

impl Receipt {
    fn of(record: &Record, id: &str) -> anyhow::Result<Self> {
        let owner = record.owner()?;
        let (mut story, mut completeness) = (Story::of(id), Completeness::new(owner.clone()));
        let (mut hashes, mut cleaned) = (Vec::new(), HashMap::new());
        let chain = record.tell(|entry| {
            let told = told_of(&entry);
            completeness.hear(entry.seq, entry.timestamp, told.as_ref());
            let Ok(event) = told else { return };
            if story.hear(entry.seq, entry.timestamp, &event) {
                hashes.push(entry.hash);
            }
            if let Event::ItemCleaned { item, clean, .. } = event {
                cleaned.insert(item, clean);
            }
        })?;
        let asked = story.asked().with_context(|| format!("the record knows no request `{}`", reveal(id)))?;
        let asked = asked.clone();
        let parameters = Parameters::of(record, &story, &asked);
        let because_of = asked.item.as_ref().map(|item| origin(record, item, cleaned.get(item).copied()));
        let gaps = completeness.finish().gaps_of(id).cloned().collect();
        Ok(Self { story, asked, parameters, because_of, owner, hashes, chain, gaps })
    }

    fn holds(&self) -> bool {
        holds(self.chain) && self.gaps.is_empty() && !matches!(self.parameters, Parameters::Lost { .. })
    }

    /// Whether the owner's signature stands behind an answer: for this request, these bytes, this answer.
    fn is_signed(&self, told: &Told) -> bool {
        let Event::ApprovalRecorded { answer, receipt, .. } = &told.event else { return false };
        self.owner.verify(receipt.clone()).is_ok_and(|approval| {
            let said = approval.statement();
            said.request == self.story.request() && said.digest == self.asked.digest && said.answer == *answer
        })
    }

    fn to_json(&self) -> anyhow::Result<Value> {
        let Self { story, asked, parameters, because_of, owner: _, hashes, chain, gaps } = self;
        let entries = story.entries().iter().zip(hashes).map(|(told, hash)| {
            let (event_type, details) = told.event.split()?;
            let is_answer = matches!(told.event, Event::ApprovalRecorded { .. });
            Ok(json!({
                "seq": told.seq, "timestamp": told.at, "event_type": event_type, "details": details, "hash": hash,
                "signature_holds": is_answer.then(|| self.is_signed(told)),
            }))
        });
        Ok(json!({
            "request": story.request(),
            "state": asked.state_word(),
            "zone": asked.zone,
            "action": asked.action,
            "risk": asked.risk,
            "digest": asked.digest,
            "asked_at": asked.at,
            "parameters": parameters.to_json(),
            "because_of": because_of,
            "entries": entries.collect::<anyhow::Result<Vec<_>>>()?,
            "chain": chain_to_json(*chain),
            "gaps": gaps.iter().map(gap_to_json).collect::<Vec<_>>(),
            "holds": self.holds(),
        }))
    }
}

/// Where a wish comes from: the words of the outside, shown as such.
fn origin(record: &Record, item: &str, clean: Option<Digest>) -> String {
    let content = clean.and_then(|clean| record.content(clean).ok().flatten());
    let content =
        content.and_then(|bytes| CleanContent::parse(Untrusted::new(String::from_utf8(bytes).ok()?)).ok());
    let Some(content) = content else { return reveal(&format!("{item}, which is no longer there")) };
    let metadata = content.metadata();
    let sender = metadata.sender.as_ref().map_or("an unnamed sender", |sender| sender.address.as_str());
    let about = metadata.subject.as_ref().map(|subject| format!(", \"{subject}\"")).unwrap_or_default();
    reveal(&format!("{} from {sender}{about} ({item})", content.content_type()))
}

// === impl Parameters ===

impl Parameters {
    fn of(record: &Record, story: &Story, asked: &Asked) -> Self {
        let lost = |why: &str| Self::Lost { why: why.to_owned() };
        let bytes = match record.content(asked.parameters) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                return story.erased().map_or_else(
                    || lost("they are not there, and nobody erased them"),
                    |told| Self::Erased { by_entry: told.seq },
                );
            }
            Err(error) => return lost(&format!("{error:#}")),
        };
        match recall(asked, bytes) {
            Some(request) if request.digest() == asked.digest => {
                let fields = request.action().fields().into_iter();
                Self::There {
                    title: reveal(&request.action().title()),
                    fields: fields.map(|(name, value)| (name.to_owned(), reveal(&value))).collect(),
                }
            }
            Some(_) | None => lost("they do not have the digest that was asked for"),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::There { title, fields } => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
                json!({ "title": title, "fields": fields })
            }
            Self::Erased { by_entry } => json!({ "erased_by_entry": by_entry }),
            Self::Lost { why } => json!({ "lost": why }),
        }
    }
}

/// The request as it was made, from its parameters beside the record.
fn recall(asked: &Asked, parameters: Vec<u8>) -> Option<Request> {
    Request::check(asked.zone.parse().ok()?, &asked.action, String::from_utf8(parameters).ok()?).ok()
}
