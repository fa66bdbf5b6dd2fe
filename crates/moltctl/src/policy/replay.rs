//! What another policy would have decided, over everything that was ever decided.

mod words;

use super::load;
use crate::audit::{Record, told_of};
use action::{Request, reveal};
use home::Home;
use jiff::Timestamp;
use ledger::{Asked, Event, Ledger, Verdict};
use policy::{Decision, Policy, Terms};
use std::path::Path;
use std::process::ExitCode;

/// After so many entries the fold forgets what no limit looks back to.
const FORGET_EVERY: u64 = 4096;

/// A fold over the record that judges again whatever was judged.
struct Replay<'a, Recall> {
    candidate: &'a Policy,
    /// The request that was judged; `None` when its parameters are no longer kept.
    recall: Recall,
    ledger: Ledger,
    heard: u64,
    found: Found,
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    was: Counts,
    would_be: Counts,
    not_replayable: u64,
    /// Wishes that a limit kept from becoming requests: of them nothing more is known.
    never_judged: u64,
    changed: Vec<Changed>,
}

/// How often each was the answer.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize)]
struct Counts {
    allow: u64,
    ask: u64,
    refuse: u64,
}

/// A request that would have had another answer.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    seq: u64,
    at: Timestamp,
    request: String,
    title: String,
    was: Answer,
    would_be: Answer,
}

/// An answer, and by which rules or why.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    kind: Kind,
    by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Allow,
    Ask,
    Refuse,
}

pub(super) fn command(home: &Home, file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let (_text, candidate) = load(file)?;
    let record = Record::of(home);
    let mut replay = Replay::new(&candidate, |asked: &Asked| recall(&record, asked));
    let verdict = record.tell(|entry| {
        if let Ok(event) = told_of(&entry) {
            replay.hear(entry.seq, entry.timestamp, &event);
        }
    })?;
    if let audit_log::Verdict::Broken { at } = verdict {
        eprintln!("moltctl: the record does not hold together; what is in it from entry {at} on is left out");
    }
    if as_json {
        say!("{}", replay.found.to_json(&candidate));
    } else {
        say!("{}", replay.found.in_words(&file.display().to_string()).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// The request that was judged, from its parameters beside the record.
fn recall(record: &Record, asked: &Asked) -> Option<Request> {
    let parameters = String::from_utf8(record.content(asked.parameters).ok()??).ok()?;
    let request = Request::check(asked.zone.parse().ok()?, &asked.action, parameters).ok()?;
    (request.digest() == asked.digest).then_some(request)
}

// === impl Replay ===

impl<'a, Recall: FnMut(&Asked) -> Option<Request>> Replay<'a, Recall> {
    fn new(candidate: &'a Policy, recall: Recall) -> Self {
        Self { candidate, recall, ledger: Ledger::default(), heard: 0, found: Found::default() }
    }

    fn hear(&mut self, seq: u64, at: Timestamp, event: &Event) {
        if let Event::DecisionMade { request, policy: _, knowledge, decision } = event {
            self.judge(seq, at, request, knowledge, decision);
        } else if let Event::CapabilityRefused { code, .. } = event
            && code == "rate_limited"
        {
            self.found.never_judged += 1;
        }
        self.ledger.apply(at, event);
        self.heard += 1;
        if self.heard.is_multiple_of(FORGET_EVERY) {
            self.ledger.prune(at);
        }
    }

    fn judge(&mut self, seq: u64, at: Timestamp, id: &str, known: &ledger::Known, decision: &Verdict) {
        let recalled = self.ledger.request(id).and_then(&mut self.recall);
        let Some(request) = recalled else {
            self.found.not_replayable += 1;
            return;
        };
        let knowledge = known.about(&request.action().recipients());
        let decided = self.candidate.judge(&request, &knowledge);
        let limited = |terms: &Terms| {
            let before = self.ledger.spent_or_open(request.zone(), request.action().name());
            let limit = terms.limit.filter(|limit| limit.next_free(before, knowledge.at).is_some())?;
            Some(Answer { kind: Kind::Refuse, by: format!("the limit {limit} was reached") })
        };
        let by = |kind: Kind, terms: &Terms| {
            limited(terms).unwrap_or_else(|| Answer { kind, by: terms.rules.join(", ") })
        };
        let would_be = match &decided {
            Decision::Allow(terms) => by(Kind::Allow, terms),
            Decision::Ask(terms) => by(Kind::Ask, terms),
            Decision::Deny(reason) => Answer { kind: Kind::Refuse, by: reason.to_string() },
        };
        let was = Answer::of(decision);
        self.found.was.count(was.kind);
        self.found.would_be.count(would_be.kind);
        if was.kind != would_be.kind {
            let title = reveal(&request.action().title());
            self.found.changed.push(Changed { seq, at, request: id.to_owned(), title, was, would_be });
        }
    }
}

// === impl Counts ===

impl Counts {
    const fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Allow => self.allow += 1,
            Kind::Ask => self.ask += 1,
            Kind::Refuse => self.refuse += 1,
        }
    }
}

// === impl Answer ===

impl Answer {
    fn of(verdict: &Verdict) -> Self {
        let (kind, by) = match verdict {
            Verdict::Allow { rules, risk: _ } => (Kind::Allow, rules.join(", ")),
            Verdict::Ask { rules, risk: _, expires_at: _ } => (Kind::Ask, rules.join(", ")),
            Verdict::Deny { why } => (Kind::Refuse, why.clone()),
        };
        Self { kind, by }
    }
}
