//! One text of a template.

use super::parse::Part;
use super::slots::{Case, Slots};
use crate::random::Random;

/// Takes one option for each slot.
pub(super) fn expand(parts: &[Part], slots: &Slots<'_>, random: &mut Random) -> String {
    let mut text = String::new();
    let mut left_out = false;
    for part in parts {
        match part {
            Part::Text(plain) if left_out => join(&mut text, plain),
            Part::Text(plain) => text.push_str(plain),
            Part::Slot { optional, .. } if *optional && random.half() => {
                left_out = true;
                continue;
            }
            Part::Slot { name, .. } => {
                let Some((_, slot, case)) = slots.find(name) else { continue };
                let Some(option) = random.pick(&slot.options) else { continue };
                cased(&mut text, &expand(option, slots, random), case);
            }
        }
        left_out = false;
    }
    text.trim().to_owned()
}

/// Where nothing was taken, the two spaces about it are one, and none stands at a line's start or before a stop.
fn join(text: &mut String, next: &str) {
    let stop = next.starts_with([',', '.', ';', ':', '!', '?', ')', '\n']);
    if stop && text.ends_with(' ') {
        text.pop();
    }
    let alone = text.is_empty() || text.ends_with([' ', '\n', '(', '"']);
    text.push_str(if alone { next.strip_prefix(' ').unwrap_or(next) } else { next });
}

fn cased(text: &mut String, option: &str, case: Case) {
    match case {
        Case::AsWritten => text.push_str(option),
        Case::AllCapitals => text.push_str(&option.to_uppercase()),
        Case::FirstCapital => {
            let mut characters = option.chars();
            text.extend(characters.next().into_iter().flat_map(char::to_uppercase));
            text.push_str(characters.as_str());
        }
    }
}
