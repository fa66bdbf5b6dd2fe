//! What Zone 1 knew when it judged, as it stands in the record: with nothing personal in it, because the record cannot be
//! erased.

use jiff::Timestamp;
use policy::{Approval, Knowledge};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// [`Knowledge`] without the names of people: of the recipients only the positions stand here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The content that the agent works on carries an injection warning.
    pub injection_warning: bool,
    /// Whether the owner's yes was at hand.
    pub approval: Approval,
    /// Which of the request's recipients, counted from 0, were never written to with the owner's yes.
    pub unknown_recipients: BTreeSet<usize>,
    /// Parameters whose values occur in content from outside.
    pub untrusted_parameters: BTreeSet<String>,
    /// How often the zone did this action in the hour before.
    pub done_last_hour: u64,
    /// The same, in the day before.
    pub done_last_day: u64,
    /// The moment.
    pub at: Timestamp,
}

// === impl Known ===

impl Known {
    /// What stands in the record of this knowledge about a request to these recipients.
    pub fn of(knowledge: &Knowledge, recipients: &[String]) -> Self {
        let Knowledge {
            injection_warning,
            approval,
            unknown_recipients,
            untrusted_parameters,
            done_last_hour,
            done_last_day,
            at,
        } = knowledge.clone();
        let positions = recipients.iter().enumerate().filter(|(_, name)| unknown_recipients.contains(*name));
        Self {
            injection_warning,
            approval,
            unknown_recipients: positions.map(|(position, _)| position).collect(),
            untrusted_parameters,
            done_last_hour,
            done_last_day,
            at,
        }
    }

    /// The knowledge again, for whoever has the request's recipients.
    pub fn about(&self, recipients: &[String]) -> Knowledge {
        let Self {
            injection_warning,
            approval,
            unknown_recipients,
            untrusted_parameters,
            done_last_hour,
            done_last_day,
            at,
        } = self.clone();
        let names = unknown_recipients.into_iter().filter_map(|position| recipients.get(position).cloned());
        Knowledge {
            injection_warning,
            approval,
            unknown_recipients: names.collect(),
            untrusted_parameters,
            done_last_hour,
            done_last_day,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_names_nobody_and_gives_the_same_knowledge_again() {
        let recipients = ["ann@example.org", "eve@example.org"].map(str::to_owned);
        let knowledge = Knowledge {
            injection_warning: true,
            approval: Approval::None,
            unknown_recipients: BTreeSet::from(["eve@example.org".to_owned()]),
            untrusted_parameters: BTreeSet::from(["to".to_owned()]),
            done_last_hour: 1,
            done_last_day: 2,
            at: Timestamp::UNIX_EPOCH,
        };
        let known = Known::of(&knowledge, &recipients);
        assert!(!serde_json::to_string(&known).unwrap().contains("example.org"));
        assert_eq!(known.about(&recipients), knowledge);
    }
}
