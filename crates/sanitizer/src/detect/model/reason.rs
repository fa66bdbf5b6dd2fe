//! Why a passage was warned of, in words for the owner.

use super::{features, lexicon::CLASSES, tokens::Token, weights::Weights};

/// What is named at most.
const NAMED: usize = 4;

/// A sentence that names what the passage speaks of, the weightiest first.
pub(super) fn of(words: &[Token<'_>], weights: &Weights) -> String {
    let present = words.iter().fold(0, |classes, word| classes | word.classes);
    let mut named: Vec<(i32, &str)> = CLASSES
        .iter()
        .zip(0_u32..)
        .filter(|(_, bit)| present & (1 << bit) != 0)
        .filter_map(|(class, bit)| Some((weights.steps(features::of_class(bit)), in_words(class)?)))
        .filter(|(weight, _)| *weight > 0)
        .collect();
    named.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    named.dedup_by_key(|(_, name)| *name);
    let named: Vec<&str> = named.into_iter().take(NAMED).map(|(_, name)| name).collect();
    if named.is_empty() {
        return "This passage reads like orders to an assistant.".to_owned();
    }
    format!("This passage reads like orders to an assistant: it speaks of {}.", named.join(", "))
}

/// The classes of the lexicon that mean something to the owner.
fn in_words(class: &str) -> Option<&'static str> {
    Some(match class {
        "ignore" | "stop" => "setting something aside",
        "earlier" => "what was said before",
        "orders" => "instructions and rules",
        "model" => "an assistant or a model",
        "say" => "what to answer",
        "reveal" => "giving something away",
        "secret" => "secrets",
        "system" => "the system or its developer",
        "role" => "playing a role",
        "mode" => "another mode of working",
        "send" => "sending something",
        "fetch" => "looking something up",
        "delete" => "deleting something",
        "pay" => "money",
        "change" => "changing or running something",
        "data" => "your data",
        "conceal" => "keeping something hidden",
        "user" => "you, as the user",
        "ethics" => "limits that do not count",
        "fiction" => "a story or a game",
        "context" => "the conversation itself",
        "urgent" => "urgency",
        "confirm" => "consent",
        "test" => "a test",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_reason_is_a_class_of_the_lexicon() {
        let named = CLASSES.iter().filter(|class| in_words(class).is_some()).count();
        assert_eq!(named, 25);
    }
}
