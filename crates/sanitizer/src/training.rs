//! What the training of the model needs: the texts that are examined, and the features in them.

use crate::{ContentType, Untrusted, charset, chat, detect, html, mail, view::View};
use detect::model::{features, tokens, weights};

/// Every text of a message that the detector examines, folded, and how many bytes they have unfolded.
#[must_use]
pub fn texts(untrusted: Untrusted<Vec<u8>>, content_type: ContentType) -> (Vec<String>, usize) {
    let raw = untrusted.into_inner_to_check();
    let view = match content_type {
        ContentType::Email => mail::view(&raw),
        ContentType::Html => html::view(&charset::decode_page(&raw)),
        ContentType::Telegram => chat::telegram(&raw).unwrap_or_default(),
        ContentType::Slack => chat::slack(&raw).unwrap_or_default(),
        ContentType::Sms => chat::sms(&raw).unwrap_or_default(),
        ContentType::Text => View::of_text(charset::decode(&raw, None)),
    };
    let mut texts = vec![fold(&view.visible)];
    texts.extend(view.passages.iter().map(|passage| fold(&passage.text)));
    (texts, detect::size(&view))
}

/// Folds one text.
#[must_use]
pub fn fold(text: &str) -> String {
    detect::folded(text)
}

/// The features of each word of a folded text.
#[must_use]
pub fn features(folded: &str) -> Vec<Vec<u32>> {
    let tokens = tokens::tokens(folded);
    let mut rows = vec![Vec::new(); tokens.len()];
    features::each(&tokens, &mut |at, bucket| {
        if let Some(row) = rows.get_mut(at) {
            row.push(bucket);
        }
    });
    rows
}

/// Evidence that a harmless message of so many bytes comes to by chance.
#[must_use]
pub fn by_chance(bytes: usize) -> f32 {
    weights::by_chance(bytes)
}

/// Buckets of the features.
pub const BUCKETS: u32 = features::BUCKETS;

/// The sizes of the windows, in words.
pub const WINDOWS: [usize; weights::WINDOWS] = weights::SIZES;

/// The file of weights that this crate carries.
#[must_use]
pub fn weights_file(weights: &[f32], biases: [f32; weights::WINDOWS], threshold: f32, slope: f32) -> Vec<u8> {
    weights::to_file(weights, biases, threshold, slope)
}
