//! One text within another, as an order stands in an ordinary mail.

use crate::random::Random;

/// What ends a sentence, in the scripts of the templates.
const STOPS: [char; 7] = ['.', '!', '?', '…', '。', '।', '؟'];

/// The carrier with the order before it, after it or between two of its sentences.
///
/// A line break is a place as well. The same carrier, order and seed make the same text.
pub fn splice(carrier: &str, order: &str, seed: u64) -> String {
    let mut random = Random::new(seed, &format!("{carrier}\n{order}"));
    let Some((before, after)) = random.pick(&places(carrier)).and_then(|at| carrier.split_at_checked(*at))
    else {
        return order.to_owned();
    };
    if before.is_empty() && after.is_empty() {
        return order.to_owned();
    }
    if before.is_empty() {
        return format!("{order}{}{after}", if random.half() { "\n\n" } else { " " });
    }
    // what parts the carrier here, a space or a break, parts the order from it too
    let gap = if before.ends_with('\n') || after.is_empty() && random.half() { "\n" } else { " " };
    format!("{}{gap}{order}{gap}{after}", before.trim_end()).trim_end().to_owned()
}

/// Where a sentence or a line begins, and the end.
fn places(text: &str) -> Vec<usize> {
    let mut places = vec![0];
    let mut ended = false;
    let mut gap = false;
    for (at, character) in text.char_indices() {
        if character == '\n' {
            (ended, gap) = (true, true);
        } else if character.is_whitespace() {
            gap = ended;
        } else {
            if ended && gap {
                places.push(at);
            }
            // a Chinese or Japanese sentence ends without a space
            (ended, gap) = (STOPS.contains(&character), character == '。');
        }
    }
    places.push(text.len());
    places
}
