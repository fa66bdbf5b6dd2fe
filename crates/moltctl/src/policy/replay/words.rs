//! What a replay found, for the owner.

use super::{Answer, Changed, Found, Kind};
use crate::status::one_line;
use policy::Policy;
use serde_json::{Value, json};

// === impl Found ===

impl Found {
    pub(super) fn in_words(&self, candidate: &str) -> String {
        let Self { was, would_be, not_replayable, never_judged, changed } = self;
        let replayed = was.allow + was.ask + was.refuse;
        let mut text = format!("{replayed} decisions judged again by {}.", one_line(candidate));
        if *not_replayable > 0 {
            text.push_str(&format!(" {not_replayable} could not be: their parameters are no longer kept."));
        }
        if *never_judged > 0 {
            text.push_str(&format!(" {never_judged} wishes never came to a decision, because of a limit."));
        }
        text.push_str(&format!(
            "\nIt would have asked {} instead of {} times, allowed {} instead of {} without a question, and refused {} \
             instead of {}.\n",
            would_be.ask, was.ask, would_be.allow, was.allow, would_be.refuse, was.refuse
        ));
        for (kind, what) in [
            (Kind::Refuse, "refused"),
            (Kind::Ask, "asked about"),
            (Kind::Allow, "allowed without a question"),
        ] {
            let those: Vec<_> = changed.iter().filter(|changed| changed.would_be.kind == kind).collect();
            if !those.is_empty() {
                text.push_str(&format!("\nIt would have {what} these {}:\n", those.len()));
                those.into_iter().for_each(|changed| text.push_str(&changed.in_words()));
            }
        }
        text
    }

    pub(super) fn to_json(&self, candidate: &Policy) -> Value {
        let Self { was, would_be, not_replayable, never_judged, changed } = self;
        json!({
            "policy": candidate.digest(),
            "replayed": was.allow + was.ask + was.refuse,
            "not_replayable": not_replayable,
            "never_judged": never_judged,
            "was": was,
            "would_be": would_be,
            "changed": changed.iter().map(Changed::to_json).collect::<Vec<_>>(),
        })
    }
}

// === impl Changed ===

impl Changed {
    fn in_words(&self) -> String {
        let Self { seq, at, request, title, was, would_be } = self;
        let beginning: String = one_line(title).chars().take(100).collect();
        format!(
            "  {at:.0}  {}  {} → {}  {beginning}\n      entry {seq}; was: {}; would be: {}\n",
            one_line(request),
            was.kind.word(),
            would_be.kind.word(),
            was.by_in_words(),
            would_be.by_in_words(),
        )
    }

    fn to_json(&self) -> Value {
        let Self { seq, at, request, title, was, would_be } = self;
        let answer = |answer: &Answer| json!({ "is": answer.kind, "by": answer.by });
        json!({
            "entry": seq, "at": at, "request": request, "title": title, "was": answer(was), "would_be": answer(would_be),
        })
    }
}

// === impl Answer ===

impl Answer {
    fn by_in_words(&self) -> String {
        one_line(&self.by)
    }
}

// === impl Kind ===

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Refuse => "refuse",
        }
    }
}
