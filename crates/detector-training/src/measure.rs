//! How well a model does on sources that it was not trained on, and where its threshold stands.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    data::{Item, Origin},
    learn::{self, Model, Settings},
};

/// Parts that the harmless items are cut into; each is measured by a model that was not trained on it.
const PARTS: usize = 5;

/// The evidence of each item by a model that knows neither the item nor, for an attack, any item of its collection.
#[must_use]
pub fn left_out(items: &[Item], settings: &Settings) -> Vec<(usize, f32)> {
    let collections: BTreeSet<&str> =
        items.iter().filter(|item| item.attack && is_measured(item)).map(collection).collect();
    let mut sums: BTreeMap<usize, (f32, u16)> = BTreeMap::new();
    for (turn, left_out) in collections.iter().enumerate() {
        let part = turn % PARTS;
        let is_unseen = |item: &Item| {
            is_measured(item)
                && if item.attack { collection(item) == *left_out } else { part_of(item) == part }
        };
        let seen: Vec<&Item> = items.iter().filter(|item| !is_unseen(item)).collect();
        let model = learn::learn(&seen, settings);
        for (at, item) in items.iter().enumerate().filter(|(_, item)| is_unseen(item)) {
            let (sum, times) = sums.entry(at).or_default();
            *sum += model.score(item);
            *times += 1;
        }
    }
    sums.into_iter().map(|(at, (sum, times))| (at, sum / f32::from(times))).collect()
}

/// The same with a model that was trained on no attack but our own.
#[must_use]
pub fn own_attacks_only(items: &[Item], settings: &Settings) -> Vec<(usize, f32)> {
    let mut scores = Vec::new();
    for part in 0..PARTS {
        let is_seen = |item: &Item| !is_measured(item) || !item.attack && part_of(item) != part;
        let seen: Vec<&Item> = items.iter().filter(|item| is_seen(item)).collect();
        let model = learn::learn(&seen, settings);
        let unseen = items.iter().enumerate().filter(|(_, item)| is_measured(item) && part_of(item) == part);
        scores.extend(unseen.map(|(at, item)| (at, model.score(item))));
    }
    scores
}

/// The evidence above which only this share of ordinary inbound messages is.
#[must_use]
pub fn threshold(items: &[Item], scores: &[(usize, f32)], known: &HashSet<String>, share: f32) -> f32 {
    let inbound =
        |at: usize| items.get(at).filter(|item| item.is_inbound() && !known.contains(&item.id)).is_some();
    let mut harmless: Vec<f32> =
        scores.iter().filter(|(at, _)| inbound(*at)).map(|(_, score)| *score).collect();
    harmless.sort_by(|a, b| b.total_cmp(a));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a few thousand items"
    )]
    let allowed = (harmless.len() as f32 * share) as usize;
    harmless.get(allowed).copied().unwrap_or_default()
}

/// What is warned of: by where it comes from, kind and, for attacks, source.
type Rows<'i> = BTreeMap<(Origin, &'i str, &'i str), (u32, u32)>;

/// Fewer items of a source say nothing about it.
const ENOUGH: u32 = 15;

fn rows<'i>(items: &'i [Item], scores: &[(usize, f32)], known: &HashSet<String>, threshold: f32) -> Rows<'i> {
    let mut rows = Rows::new();
    for (at, score) in scores {
        let Some(item) = items.get(*at) else { continue };
        let source = if item.attack { item.source.as_str() } else { "" };
        let (warned, all) = rows.entry((item.origin, &item.tier, source)).or_default();
        *warned += u32::from(*score >= threshold || known.contains(&item.id));
        *all += 1;
    }
    rows
}

/// The mean over sources of the attacks that the detector is for.
fn recall(rows: &Rows<'_>, origin: Origin) -> f64 {
    let shares: Vec<f64> = rows
        .iter()
        .filter(|((of, tier, _), (_, all))| *of == origin && in_words(tier).is_some() && *all >= ENOUGH)
        .filter(|((_, tier, _), _)| !tier.starts_with("ben_"))
        .map(|(_, counts)| share(*counts))
        .collect();
    shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).unwrap_or_default().max(1))
}

fn share((warned, all): (u32, u32)) -> f64 {
    f64::from(warned) / f64::from(all.max(1))
}

/// A table of what is warned of: by collection and kind. `known` are items that other layers warn of.
#[must_use]
pub fn table(items: &[Item], scores: &[(usize, f32)], known: &HashSet<String>, threshold: f32) -> String {
    let rows = rows(items, scores, known, threshold);
    let (corpus, spliced) = (recall(&rows, Origin::Corpus), recall(&rows, Origin::Spliced));
    let mut lines =
        format!("threshold {threshold:.2}: recall, mean over sources {corpus:.3}; spliced {spliced:.3}\n");
    for ((origin, tier, source), counts) in &rows {
        let (warned, all) = counts;
        lines.push_str(&format!("  {origin:?} {tier} {source}: {warned} of {all}, {:.3}\n", share(*counts)));
    }
    lines
}

/// The kinds that figures are published of.
fn in_words(tier: &str) -> Option<&'static str> {
    Some(match tier {
        "A_indirect" => "indirect",
        "B_direct" => "direct",
        "ben_chat" => "chat",
        "ben_discusses" => "text about injection",
        "ben_doc" => "documents",
        "ben_hardneg" => "documentation that looks like an attack",
        "ben_html" => "pages",
        "ben_mail" => "ordinary mail",
        "ben_prompt" => "requests put to assistants",
        "ben_spam" => "spam",
        _ => return None,
    })
}

/// The same as a table in Markdown, of what is published.
#[must_use]
pub fn markdown(items: &[Item], scores: &[(usize, f32)], known: &HashSet<String>, threshold: f32) -> String {
    let rows = rows(items, scores, known, threshold);
    let mut lines = "| what | warned of | share |\n|---|---|---|\n".to_owned();
    for ((origin, tier, source), counts) in &rows {
        let (Some(kind), (warned, all)) = (in_words(tier), *counts) else { continue };
        if *origin != Origin::Corpus && *origin != Origin::Spliced || !source.is_empty() && all < ENOUGH {
            continue;
        }
        let what = match (origin, source.is_empty()) {
            (_, true) => kind.to_owned(),
            (Origin::Spliced, false) => format!("{source}, spliced into ordinary messages"),
            (Origin::Corpus | Origin::Own | Origin::Documents | Origin::Mails, false) => {
                format!("{source}, {kind}")
            }
        };
        lines.push_str(&format!("| {what} | {warned} of {all} | {:.1} % |\n", 100.0 * share(*counts)));
    }
    let inbound = rows
        .iter()
        .filter(|((_, tier, _), _)| matches!(*tier, "ben_mail" | "ben_html" | "ben_chat" | "ben_doc"))
        .fold((0, 0), |sum, (_, counts)| (sum.0 + counts.0, sum.1 + counts.1));
    lines.push_str(&format!(
        "| **attacks, mean over sources** | | **{:.1} %** |\n| **the same, one sentence in an ordinary message** | | **{:.1} %** |\n\
         | **ordinary inbound messages** | {} of {} | **{:.2} %** |\n",
        100.0 * recall(&rows, Origin::Corpus),
        100.0 * recall(&rows, Origin::Spliced),
        inbound.0,
        inbound.1,
        100.0 * share(inbound),
    ));
    lines
}

/// What is warned of among texts of our own that nothing was trained on, as rows of the same table.
#[must_use]
pub fn unseen(items: &[Item], scores: &[(usize, f32)], known: &HashSet<String>, threshold: f32) -> String {
    let mut kinds: BTreeMap<(bool, &str), (u32, u32)> = BTreeMap::new();
    for (at, score) in scores {
        let Some(item) = items.get(*at) else { continue };
        let (warned, all) = kinds.entry((!item.attack, &item.tier)).or_default();
        *warned += u32::from(*score >= threshold || known.contains(&item.id));
        *all += 1;
    }
    let row = |((harmless, kind), (warned, all)): (&(bool, &str), &(u32, u32))| {
        let side = if *harmless { "harmless" } else { "attack" };
        format!("| our own, {side}: {kind} | {warned} of {all} | {:.1} % |\n", 100.0 * share((*warned, *all)))
    };
    kinds.iter().map(row).collect()
}

/// How fast certainty grows with evidence: the slope of a logistic curve through the threshold that fits best.
#[must_use]
pub fn slope(items: &[Item], scores: &[(usize, f32)], threshold: f32) -> f32 {
    let loss = |slope: f32| -> f32 {
        let mut sums = [(0.0_f32, 0.0_f32); 2];
        for (at, score) in scores {
            let Some(item) = items.get(*at).filter(|item| item.is_wanted() || item.is_inbound()) else {
                continue;
            };
            let towards = if item.attack { 1.0 } else { -1.0 };
            let margin = slope * (score - threshold) * towards;
            let (sum, count) = if item.attack { &mut sums[0] } else { &mut sums[1] };
            *sum += (1.0 + (-margin).exp()).ln();
            *count += 1.0;
        }
        sums.iter().map(|(sum, count)| sum / count.max(1.0)).sum()
    };
    let candidates = (1_u8..=60).map(|tenth| 0.1 * f32::from(tenth));
    candidates.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

/// The file that the sanitizer carries.
#[must_use]
pub fn file(model: &Model, threshold: f32, slope: f32) -> Vec<u8> {
    sanitizer::training::weights_file(&model.weights, model.biases, threshold, slope)
}

/// Items of the labelled corpus that figures are made of.
fn is_measured(item: &Item) -> bool {
    matches!(item.origin, Origin::Corpus | Origin::Spliced)
        && !matches!(item.tier.as_str(), "A_task" | "evasion")
}

/// Sources whose names begin alike were collected by the same hand, and are left out together.
fn collection(item: &Item) -> &str {
    item.source.split('-').next().unwrap_or_default()
}

/// The part that an item is in, by its name.
fn part_of(item: &Item) -> usize {
    // FNV-1a
    let hash = item
        .id
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 7) as usize % PARTS
}
