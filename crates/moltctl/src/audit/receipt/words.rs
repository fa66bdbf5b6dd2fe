//! A receipt as its owner reads it.

use super::{Parameters, Receipt};
use crate::approvals::{INDENT, folded};
use action::reveal;
use capability::Answer;
use ledger::{Event, Known, Outcome, Told, Verdict};

// === impl Receipt ===

impl Receipt {
    pub(super) fn in_words(&self) -> String {
        let asked = &self.asked;
        let mut text = match &self.parameters {
            Parameters::There { title, .. } => format!("{}\n", folded(title, "    ")),
            Parameters::Erased { .. } | Parameters::Lost { .. } => format!("{}\n", line(&asked.action)),
        };
        let mut put = |name: &str, value: &str| {
            text.push_str(&format!("  {name:<12} {}\n", folded(value.trim_end(), INDENT)));
        };
        put("request", &format!("{} ({})", line(self.story.request()), asked.state_word()));
        put(
            "asked by",
            &format!("{}, action {}, risk {}", line(&asked.zone), line(&asked.action), asked.risk.as_str()),
        );
        match &self.parameters {
            Parameters::There { title: _, fields } => {
                fields.iter().for_each(|(name, value)| put(name, value));
            }
            Parameters::Erased { by_entry } => {
                put("parameters", &format!("erased, by entry {by_entry}"));
            }
            Parameters::Lost { why } => put("parameters", &format!("LOST: {why}")),
        }
        if let Some(because_of) = &self.because_of {
            put("because of", because_of);
        }
        for origin in &asked.origins {
            put("from outside", &line(&format!("`{}` occurs in {}", origin.parameter, origin.item)));
        }
        put("digest", &asked.digest.to_hex());

        text.push_str("\nWhat happened\n");
        for told in self.story.entries() {
            let said = folded(&self.said(told), INDENT);
            text.push_str(&format!("  entry {:<6} {:.3}\n{INDENT}{said}\n", told.seq, told.at));
        }
        text.push_str("\nProof\n");
        for (told, hash) in self.story.entries().iter().zip(&self.hashes) {
            text.push_str(&format!("  entry {:<6} {hash}\n", told.seq));
        }
        text.push_str(&format!("  {}\n", self.chain));
        if self.gaps.is_empty() {
            text.push_str("  Story: COMPLETE\n");
        } else {
            text.push_str(&format!("  Story: {} GAPS\n", self.gaps.len()));
            for gap in &self.gaps {
                text.push_str(&format!("    {}\n", folded(&gap.to_string(), "      ")));
            }
        }
        text
    }

    fn said(&self, told: &Told) -> String {
        match &told.event {
            Event::CapabilityRequested { zone, key, .. } => {
                line(&format!("{zone} asked for it, by the name {key}"))
            }
            Event::CapabilityRepeated { request: _, state } => {
                line(&format!("asked for again; it was {state}"))
            }
            Event::DecisionMade { request: _, policy, knowledge, decision } => {
                let policy: String = policy.to_hex().chars().take(12).collect();
                format!("{} under policy {policy}…; {}", judged(decision), known(knowledge))
            }
            Event::ApprovalRecorded { answer, who, how, when, .. } => {
                let word = match answer {
                    Answer::Approved => "approved",
                    Answer::Denied => "denied",
                };
                let signature = if self.is_signed(told) {
                    "the owner's signature holds for this request and these bytes"
                } else {
                    "THE OWNER DID NOT SIGN THIS"
                };
                format!("{word} by {} with {} at {when:.0};\n{signature}", line(who), line(how))
            }
            Event::ApprovalIgnored { request: _, why } => {
                line(&format!("an answer that changed nothing: {why}"))
            }
            Event::ApprovalExpired { request: _ } => {
                "nobody answered, or acted on the answer, in time".to_owned()
            }
            Event::ApprovalCancelled { request: _ } => "taken back by the zone that asked".to_owned(),
            Event::ApprovalSuperseded { request: _, why } => {
                line(&format!("the question became void: {why}"))
            }
            Event::ApprovalAskedAgain { request: _, who } => line(&format!("{who} wanted to be asked again")),
            Event::PermitIssued { request: _, jti, expires_at } => {
                line(&format!("permit {jti}, until {expires_at:.0}"))
            }
            Event::ExecutionRefused { code, why, .. } => {
                line(&format!("an execution was refused ({code}): {why}"))
            }
            Event::ExecutionIntended { request: _, jti } => line(&format!("executed under permit {jti}")),
            Event::ExecutionFinished { request: _, outcome } => match outcome {
                Outcome::Performed { receipt } => line(&format!("performed: {receipt}")),
                Outcome::Failed { why } => line(&format!("failed: {why}")),
                Outcome::Unknown { why } => line(&format!("nobody knows whether it was done: {why}")),
            },
            Event::ContentErased { content, who, about: _ } => {
                line(&format!("{who} erased {} of its content", count(content.len(), "part")))
            }
            Event::ExecutorStarted { .. }
            | Event::LogRecovered { .. }
            | Event::RecordFull { .. }
            | Event::SegmentStarted { .. }
            | Event::ClockStepped { .. }
            | Event::SecretsUsed { .. }
            | Event::PolicyApplied { .. }
            | Event::PolicyFileChanged { .. }
            | Event::PolicyFileRestored { .. }
            | Event::PolicyRefused { .. }
            | Event::ItemReceived { .. }
            | Event::ItemRefused { .. }
            | Event::ItemCleaned { .. }
            | Event::ItemQuarantined { .. }
            | Event::ItemReturned { .. }
            | Event::SourceAdvanced { .. }
            | Event::ItemDelivered { .. }
            | Event::ItemSettled { .. }
            | Event::CapabilityRefused { .. }
            | Event::ZoneStarted { .. }
            | Event::ZoneEnded { .. }
            | Event::ZoneGivenUp { .. }
            | Event::ZoneBreached { .. }
            | Event::Frozen { .. }
            | Event::Unfrozen { .. }
            | Event::Killed { .. }
            | Event::Rearmed { .. }
            | Event::CallRefused { .. } => "is about something else".to_owned(),
        }
    }
}

fn judged(decision: &Verdict) -> String {
    let by = |rules: &[String]| {
        if rules.is_empty() { String::new() } else { line(&format!(" by {}", rules.join(", "))) }
    };
    match decision {
        Verdict::Allow { rules, risk: _ } => format!("allowed{}", by(rules)),
        Verdict::Ask { rules, risk: _, expires_at } => {
            format!("the owner is asked until {expires_at:.0}{}", by(rules))
        }
        Verdict::Deny { why } => line(&format!("denied ({why})")),
    }
}

fn known(knowledge: &Known) -> String {
    let Known {
        injection_warning,
        approval: _,
        unknown_recipients,
        untrusted_parameters,
        done_last_hour,
        done_last_day,
        at: _,
    } = knowledge;
    let mut facts = vec![format!("done {done_last_hour}x in the hour before, {done_last_day}x in the day")];
    if *injection_warning {
        facts.push("content with an injection warning was out".to_owned());
    }
    if !unknown_recipients.is_empty() {
        facts.push(count(unknown_recipients.len(), "recipient") + " never written to with the owner's yes");
    }
    if !untrusted_parameters.is_empty() {
        let names: Vec<_> = untrusted_parameters.iter().map(String::as_str).collect();
        facts.push(line(&format!("{} met in content from outside", names.join(", "))));
    }
    facts.join("; ")
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What an entry says, fit for a terminal: a record that was made up may say anything.
fn line(untrusted_text: &str) -> String {
    reveal(untrusted_text).replace(['\n', '\t'], " ")
}
