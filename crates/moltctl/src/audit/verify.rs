//! The verdicts on the record: whether the chain holds, whether anything is missing in it, and whether it is all there was.

mod head;
mod witness;

use super::read::{Record, told_of};
use anyhow::Context as _;
use audit_log::Verdict;
use head::{Expected, HeadVerdict};
use home::Home;
use ledger::{Complete, Completeness, Gap};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::ExitCode;
use witness::{Seen, WitnessVerdict};

/// What is found about a whole record.
struct Verdicts {
    chain: Verdict,
    /// About the entries that hold together; whether there were more of them nobody knows then.
    complete: Complete,
    head: HeadVerdict,
    witness: WitnessVerdict,
}

pub(super) fn command(home: &Home, as_json: bool) -> anyhow::Result<ExitCode> {
    let verdicts = Verdicts::on(&Record::of(home))?;
    if as_json {
        say!("{}", verdicts.to_json());
    } else {
        verdicts.say();
    }
    Ok(if verdicts.all_hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One file by itself: it may be a part of a log, and whose it is nobody knows.
pub(super) fn chain_of_file(file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let chain = audit_log::verify_file(file)
        .with_context(|| format!("cannot read the audit log `{}`", file.display()))?;
    if as_json {
        say!("{}", Value::from(chain_to_json(chain)));
    } else {
        say!("{chain}");
    }
    Ok(if holds(chain) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) const fn holds(chain: Verdict) -> bool {
    matches!(chain, Verdict::Valid { .. })
}

pub(super) fn chain_to_json(chain: Verdict) -> Map<String, Value> {
    let (key, number) = match chain {
        Verdict::Valid { entries } => ("entries", entries),
        Verdict::Broken { at } => ("broken_at", at),
    };
    Map::from_iter([("valid".to_owned(), holds(chain).into()), (key.to_owned(), number.into())])
}

pub(super) fn gap_to_json(gap: &Gap) -> Value {
    let Gap { seq, request, missing } = gap;
    json!({ "entry": seq, "request": request, "missing": missing.to_string() })
}

// === impl Verdicts ===

impl Verdicts {
    fn on(record: &Record) -> anyhow::Result<Self> {
        let mut completeness = Completeness::new(record.owner()?);
        // Read before the log: the log may grow meanwhile, and must not be shorter than this.
        let (mut expected, mut seen) = (Expected::read(record)?, Seen::read(record)?);
        let chain = record.tell(|entry| {
            expected.meet(&entry);
            seen.meet(&entry);
            completeness.hear(entry.seq, entry.timestamp, told_of(&entry).as_ref());
        })?;
        Ok(Self {
            chain,
            complete: completeness.finish(),
            head: expected.verdict(chain),
            witness: seen.verdict(),
        })
    }

    fn all_hold(&self) -> bool {
        holds(self.chain) && self.complete.gaps.is_empty() && self.head.holds() && self.witness.holds()
    }

    fn say(&self) {
        say!("{}", self.chain);
        match self.chain {
            Verdict::Broken { at } if self.complete.gaps.is_empty() => {
                say!("Completeness: UNKNOWN (from entry {at} on nothing can be believed)");
            }
            Verdict::Broken { .. } | Verdict::Valid { .. } => say!("{}", self.complete),
        }
        for gap in &self.complete.gaps {
            say!("  {gap}");
        }
        say!("{}", self.head);
        say!("{}", self.witness);
    }

    fn to_json(&self) -> Value {
        let Complete { figures, gaps } = &self.complete;
        let head = json!({ "holds": self.head.holds(), "verdict": self.head.to_string() });
        let witness = json!({ "holds": self.witness.holds(), "verdict": self.witness.to_string() });
        let mut json = chain_to_json(self.chain);
        json.insert("complete".to_owned(), (holds(self.chain) && gaps.is_empty()).into());
        json.insert("figures".to_owned(), json!(figures));
        json.insert("gaps".to_owned(), gaps.iter().map(gap_to_json).collect());
        json.insert("head".to_owned(), head);
        json.insert("witness".to_owned(), witness);
        json.into()
    }
}
