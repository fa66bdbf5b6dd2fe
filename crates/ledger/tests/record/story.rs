//! One request's story.

use crate::events::*;
use jiff::SignedDuration;
use ledger::{Event, Story};

#[test]
fn a_story_has_what_is_said_of_its_request_and_nothing_else() {
    let erased = Event::ContentErased {
        about: "s".to_owned(),
        content: vec![digest("parameters")],
        who: "uid 501".to_owned(),
    };
    let events = begun([
        asked("s"),
        asked("r"),
        judged("s", deny()),
        judged("r", ask()),
        yes("r"),
        permit("r", "p"),
        started(),
        intent("r", "p"),
        done("r"),
        erased,
    ]);
    let mut story = Story::of("r");
    for (seq, event) in (1..).zip(&events) {
        let at = at(1000).checked_add(SignedDuration::from_secs(seq)).unwrap();
        story.hear(u64::try_from(seq).unwrap(), at, event);
    }
    let seqs: Vec<_> = story.entries().iter().map(|told| told.seq).collect();
    assert_eq!(seqs, [4, 6, 7, 8, 10, 11, 12]);
    assert_eq!(story.asked().unwrap().state_word(), "performed");
    assert_eq!(story.erased().map(|told| told.seq), Some(12));
    assert!(Story::of("nowhere").asked().is_none());
}
