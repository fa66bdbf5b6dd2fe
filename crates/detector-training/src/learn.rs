//! Learning: the passage of an item that speaks most for an attack is what the item teaches.
//!
//! Nobody says which sentence of a mail is the attack. Each item teaches by the passage that the model, as it is, takes
//! for the worst: in an attack that passage should count more, in a harmless text less (multiple-instance learning).

use std::{collections::HashMap, ops::Range};

use sanitizer::training::{self, BUCKETS, WINDOWS};

use crate::{
    data::{Item, Origin, Text},
    random::Random,
};

/// What decides how it is learned. The defaults are what the shipped weights were made with.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Times that every item is looked at.
    #[arg(long, default_value_t = 16)]
    pub rounds: usize,
    /// The first step's size.
    #[arg(long, default_value_t = 0.03)]
    pub step: f32,
    /// What dampens the steps of features that are seldom met (AdaGrad's epsilon).
    #[arg(long, default_value_t = 50.0)]
    pub damping: f32,
    /// How much of a weight is lost with each step (L2).
    #[arg(long, default_value_t = 0.01)]
    pub decay: f32,
    /// The largest weight.
    #[arg(long, default_value_t = 0.3)]
    pub largest: f32,
    /// Of 1,000 features, those that are left out of each step, so that none is relied on alone.
    #[arg(long, default_value_t = 300)]
    pub left_out: u32,
    /// Sources that must have a feature before it counts.
    #[arg(long, default_value_t = 8)]
    pub sources: usize,
    /// Items that must have a feature before it counts.
    #[arg(long, default_value_t = 10)]
    pub items: usize,
    /// What our own attacks weigh beside the corpus's.
    #[arg(long, default_value_t = 2.5)]
    pub own_attacks: f32,
    /// What our own harmless texts weigh beside the corpus's.
    #[arg(long, default_value_t = 1.8)]
    pub own_harmless: f32,
    /// What one of our own texts that was written by itself weighs beside one that a template made.
    #[arg(long, default_value_t = 3.0)]
    pub whole: f32,
    /// How far collections of attacks of different size weigh the same: 0 not at all, 1 wholly.
    #[arg(long, default_value_t = 1.0)]
    pub evenness: f32,
    /// What documents weigh beside the corpus's harmless texts.
    #[arg(long, default_value_t = 0.6)]
    pub documentation: f32,
    /// What a text that looks like an attack weighs beside an ordinary one.
    #[arg(long, default_value_t = 3.0)]
    pub hard: f32,
    /// What a request put to an assistant weighs beside an ordinary text.
    #[arg(long, default_value_t = 0.4)]
    pub prompts: f32,
    /// Models of different order that are averaged.
    #[arg(long, default_value_t = 6)]
    pub seeds: u64,
}

/// A linear model over windows of words.
#[derive(Debug, Clone)]
pub struct Model {
    /// One for each bucket of features.
    pub weights: Vec<f32>,
    /// What each size of window starts from.
    pub biases: [f32; WINDOWS.len()],
}

/// The passage with the most evidence.
struct Best {
    evidence: f32,
    text: usize,
    size: usize,
    words: Range<usize>,
}

/// Learns from these items.
#[must_use]
pub fn learn(items: &[&Item], settings: &Settings) -> Model {
    let kept = kept(items, settings);
    let masses = masses(items, settings);
    let models: Vec<Model> =
        (0..settings.seeds.max(1)).map(|seed| one(items, &masses, &kept, settings, seed)).collect();
    average(&models)
}

fn one(items: &[&Item], masses: &[f32], kept: &[bool], settings: &Settings, seed: u64) -> Model {
    let mut random = Random::new(seed, "order");
    let mut learner = Learner::new(kept, settings, seed);
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut later = Vec::new();
    for round in 0..settings.rounds {
        random.shuffle(&mut order);
        let done = as_f32(round) / as_f32(settings.rounds);
        learner.step = settings.step * (1.0 - 0.8 * done);
        for &at in &order {
            let (Some(item), Some(&mass)) = (items.get(at), masses.get(at)) else { continue };
            let best = if round == 0 { anywhere(item, &mut random) } else { learner.model.best(item) };
            let Some(best) = best.filter(|_| mass > 0.0) else { continue };
            learner.teach(item, &best, mass);
        }
        if round >= settings.rounds / 2 {
            later.push(learner.model.clone());
        }
    }
    average(&later)
}

/// In the first round nothing is known yet, so any passage will do.
fn anywhere(item: &Item, random: &mut Random) -> Option<Best> {
    let text = if item.attack { 0 } else { random.below(item.texts.len()) };
    let words = item.texts.get(text)?.words();
    let size = random.below(WINDOWS.len());
    let length = WINDOWS.get(size).copied()?.min(words);
    let start = random.below(words - length + 1);
    (words > 0).then_some(Best { evidence: 0.0, text, size, words: start..start + length })
}

fn average(models: &[Model]) -> Model {
    let mut mean = Model::new();
    let share = 1.0 / as_f32(models.len().max(1));
    for model in models {
        for (sum, weight) in mean.weights.iter_mut().zip(&model.weights) {
            *sum += weight * share;
        }
        for (sum, bias) in mean.biases.iter_mut().zip(&model.biases) {
            *sum += bias * share;
        }
    }
    mean
}

/// Features that several sources have: what one source alone has says who wrote, not what.
fn kept(items: &[&Item], settings: &Settings) -> Vec<bool> {
    #[derive(Clone, Default)]
    struct Met {
        items: usize,
        last_item: usize,
        sources: usize,
        last_source: usize,
    }
    let mut met = vec![Met::default(); BUCKETS as usize];
    let mut by_source: Vec<&&Item> = items.iter().collect();
    by_source.sort_by(|a, b| a.source.cmp(&b.source));
    let mut source = 0;
    let mut named = None;
    for (number, item) in by_source.iter().enumerate() {
        if named != Some(&item.source) {
            source += 1;
            named = Some(&item.source);
        }
        for bucket in item.texts.iter().flat_map(|text| text.features(0..text.words())) {
            let Some(met) = met.get_mut(*bucket as usize) else { continue };
            if met.last_item != number + 1 {
                (met.last_item, met.items) = (number + 1, met.items + 1);
            }
            if met.last_source != source {
                (met.last_source, met.sources) = (source, met.sources + 1);
            }
        }
    }
    met.iter().map(|met| met.items >= settings.items && met.sources >= settings.sources).collect()
}

/// What each item weighs, so that attacks and harmless texts weigh the same in all.
fn masses(items: &[&Item], settings: &Settings) -> Vec<f32> {
    let of_kind = |item: &Item| match item.tier.as_str() {
        "A_task" | "evasion" => 0.0,
        "C_ctf" => 0.4,
        "ben_prompt" => settings.prompts,
        "ben_discusses" | "ben_spam" => 0.5,
        "ben_hardneg" => settings.hard,
        _ => 1.0,
    };
    // a language weighs as much as the harmless texts in it, on both sides: no language is a sign of attack
    let mut written: HashMap<(&str, bool), f32> = HashMap::new();
    for item in items.iter().filter(|item| item.origin == Origin::Own) {
        *written.entry((&item.language, item.attack)).or_default() += 1.0;
    }
    let of_language = |item: &Item| {
        let harmless = written.get(&(item.language.as_str(), false)).copied().unwrap_or(1.0);
        let same = written.get(&(item.language.as_str(), item.attack)).copied().unwrap_or(1.0);
        let whole = if item.whole { settings.whole } else { 1.0 };
        if item.origin == Origin::Own { whole * harmless / same } else { 1.0 }
    };
    let mut collected: HashMap<&str, f32> = HashMap::new();
    for item in items.iter().filter(|item| item.attack && item.origin != Origin::Own) {
        *collected.entry(&item.source).or_default() += of_kind(item);
    }
    let of_source = |item: &Item| {
        let size = collected.get(item.source.as_str()).filter(|size| item.attack && **size > 1.0);
        size.map_or(1.0, |size| size.powf(-settings.evenness))
    };
    let mut masses: Vec<f32> =
        items.iter().map(|item| of_kind(item) * of_language(item) * of_source(item)).collect();
    let mut sums: HashMap<(bool, bool, bool), f32> = HashMap::new();
    let group = |item: &Item| (item.attack, item.origin == Origin::Own, item.origin == Origin::Documents);
    for (item, mass) in items.iter().zip(&masses) {
        *sums.entry(group(item)).or_default() += mass;
    }
    let mut sides: HashMap<bool, f32> = HashMap::new();
    for (item, mass) in items.iter().zip(&mut masses) {
        let corpus = sums.get(&(item.attack, false, false)).copied().unwrap_or(1.0);
        let own = sums.get(&group(item)).copied().unwrap_or(1.0);
        *mass *= match (item.origin, item.attack) {
            (Origin::Own, true) => settings.own_attacks * corpus / own,
            (Origin::Own, false) => settings.own_harmless * corpus / own,
            (Origin::Documents, _) => settings.documentation * corpus / own,
            (Origin::Corpus | Origin::Spliced | Origin::Mails, _) => 1.0,
        };
        *sides.entry(item.attack).or_default() += *mass;
    }
    let all = as_f32(items.len());
    for (item, mass) in items.iter().zip(&mut masses) {
        let side = sides.get(&item.attack).copied().unwrap_or(1.0);
        *mass = (*mass * 0.5 * all / side).min(4.0);
    }
    masses
}

/// A model that still learns.
struct Learner<'k> {
    model: Model,
    kept: &'k [bool],
    squares: Vec<f32>,
    bias_squares: [f32; WINDOWS.len()],
    step: f32,
    damping: f32,
    decay: f32,
    largest: f32,
    left_out: u32,
    random: Random,
}

// === impl Learner ===

impl<'k> Learner<'k> {
    fn new(kept: &'k [bool], settings: &Settings, seed: u64) -> Self {
        Self {
            model: Model::new(),
            kept,
            squares: vec![0.0; BUCKETS as usize],
            bias_squares: [0.0; WINDOWS.len()],
            step: settings.step,
            damping: settings.damping,
            decay: settings.decay,
            largest: settings.largest,
            left_out: settings.left_out,
            random: Random::new(seed, "left out"),
        }
    }

    /// One step of logistic regression on one passage.
    fn teach(&mut self, item: &Item, best: &Best, mass: f32) {
        let Some(text) = item.texts.get(best.text) else { return };
        let evidence = self.model.evidence(text, best.size, best.words.clone());
        let said = 1.0 / (1.0 + (-evidence).exp());
        let gradient = (said - if item.attack { 1.0 } else { 0.0 }) * mass;
        if gradient.abs() < 1e-3 {
            return;
        }
        for bucket in text.features(best.words.clone()) {
            let at = *bucket as usize;
            if !self.kept.get(at).copied().unwrap_or_default() || self.random.per_mille(self.left_out) {
                continue;
            }
            let (Some(weight), Some(squares)) = (self.model.weights.get_mut(at), self.squares.get_mut(at))
            else {
                continue;
            };
            *squares += gradient * gradient;
            *weight -= self.step * (gradient + self.decay * *weight) / (*squares + self.damping).sqrt();
            *weight = weight.clamp(-self.largest, self.largest);
        }
        if let (Some(bias), Some(squares)) =
            (self.model.biases.get_mut(best.size), self.bias_squares.get_mut(best.size))
        {
            *squares += gradient * gradient;
            *bias -= self.step * gradient / (squares.sqrt() + 0.1);
        }
    }
}

// === impl Model ===

impl Model {
    fn new() -> Self {
        Self { weights: vec![0.0; BUCKETS as usize], biases: [-1.0; WINDOWS.len()] }
    }

    /// The evidence of the worst passage of an item, beyond what comes by chance; without words there is none.
    #[must_use]
    pub fn score(&self, item: &Item) -> f32 {
        self.best(item).map_or(f32::MIN, |best| best.evidence - training::by_chance(item.bytes))
    }

    fn best(&self, item: &Item) -> Option<Best> {
        let of_texts = item.texts.iter().enumerate().filter_map(|(at, text)| self.best_of(at, text));
        of_texts.max_by(|a, b| a.evidence.total_cmp(&b.evidence))
    }

    fn best_of(&self, at: usize, text: &Text) -> Option<Best> {
        let words = text.words();
        let mut sums = vec![0.0];
        let mut total = 0.0;
        for word in 0..words {
            total += self.sum(text.features(word..word + 1));
            sums.push(total);
        }
        let of_size = |(size, length): (usize, usize)| {
            let length = length.min(words);
            let passages =
                sums.iter().zip(sums.iter().skip(length)).map(|(before, through)| through - before);
            let (start, most) = passages.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            let evidence = most + self.biases.get(size)?;
            Some(Best { evidence, text: at, size, words: start..start + length })
        };
        let of_sizes = WINDOWS.into_iter().enumerate().filter_map(of_size);
        of_sizes.filter(|_| words > 0).max_by(|a, b| a.evidence.total_cmp(&b.evidence))
    }

    fn evidence(&self, text: &Text, size: usize, words: Range<usize>) -> f32 {
        self.sum(text.features(words)) + self.biases.get(size).copied().unwrap_or_default()
    }

    fn sum(&self, features: &[u32]) -> f32 {
        features.iter().filter_map(|bucket| self.weights.get(*bucket as usize)).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of items, far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}
