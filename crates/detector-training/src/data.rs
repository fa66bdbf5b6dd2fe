//! What is learned from, and what is measured on.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sanitizer::{ContentType, Untrusted, training};
use serde::Deserialize;

use crate::{random::Random, samples};

/// Where an item comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The labelled corpus.
    Corpus,
    /// The corpus's attacks of one sentence within an ordinary message.
    Spliced,
    /// Templates of our own.
    Own,
    /// Documentation of software, which nobody labelled: harmless.
    Documents,
    /// Whole mails beside the corpus, which nobody labelled: harmless.
    Mails,
}

/// One message, as the detector examines it.
#[derive(Debug)]
pub struct Item {
    /// Which one, in the corpus.
    pub id: String,
    /// Who collected it.
    pub source: String,
    /// Its kind, in the words of the corpus.
    pub tier: String,
    /// What the model should say.
    pub attack: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// Its language, where that is known: ISO 639-1.
    pub language: String,
    /// It was written by itself, and not made of a template with slots.
    pub whole: bool,
    /// How long it is, in bytes.
    pub bytes: usize,
    /// Each text of it, as features.
    pub texts: Vec<Text>,
}

/// A text as rows of features, one row for each word.
#[derive(Debug, Default)]
pub struct Text {
    features: Vec<u32>,
    starts: Vec<usize>,
}

/// A line of the corpus.
#[derive(Deserialize)]
pub(crate) struct Line {
    id: String,
    source: String,
    label: String,
    tier: String,
    content_type: String,
    pub(crate) text: String,
}

/// Every item of one file of the corpus.
///
/// # Errors
/// When the file cannot be read or a line is not of the corpus's form.
pub fn corpus(file: &Path, origin: Origin) -> anyhow::Result<Vec<Item>> {
    let lines =
        BufReader::new(File::open(file).with_context(|| format!("cannot open {}", file.display()))?).lines();
    let item = |line: std::io::Result<String>| -> anyhow::Result<Item> {
        let Line { id, source, label, tier, content_type, text } = serde_json::from_str(&line?)?;
        let content_type: ContentType = content_type.parse()?;
        let (texts, bytes) = texts(text.into_bytes(), content_type);
        // `splice:source` is of that source
        let source = source.split_once(':').map_or(source.as_str(), |(_, source)| source).to_owned();
        Ok(Item {
            id,
            source,
            tier,
            attack: label == "attack",
            origin,
            language: String::new(),
            whole: true,
            bytes,
            texts,
        })
    };
    lines.map(item).collect::<anyhow::Result<_>>().with_context(|| format!("in {}", file.display()))
}

/// Every text of a message as features, and how long they are, in bytes.
pub(crate) fn texts(message: Vec<u8>, content_type: ContentType) -> (Vec<Text>, usize) {
    let (texts, bytes) = training::texts(Untrusted::new(message), content_type);
    (texts.iter().map(|text| Text::of(text)).collect(), bytes)
}

/// Attacks and harmless texts from our own templates. Some of each stand in a longer harmless text of the same language,
/// because that is how they come.
///
/// # Errors
/// When a template is not one.
pub fn own(folder: &Path, per_attack: usize, per_harmless: usize) -> anyhow::Result<Vec<Item>> {
    let attacks = samples::generate(&folder.join("attacks"), 1, per_attack)?;
    let harmless = samples::generate(&folder.join("harmless"), 2, per_harmless)?;
    let mut carriers: HashMap<&str, Vec<&str>> = HashMap::new();
    for sample in harmless.iter().filter(|sample| sample.text.len() > CARRIER) {
        carriers.entry(&sample.language).or_default().push(&sample.text);
    }
    let mut random = Random::new(3, "carriers");
    let mut items = Vec::new();
    for (attack, all) in [(true, &attacks), (false, &harmless)] {
        for (n, sample) in all.iter().enumerate() {
            let among = carriers.get(sample.language.as_str()).filter(|_| random.per_mille(AMONG_OTHERS));
            let carrier = among.and_then(|carriers| random.pick(carriers));
            let text = carrier
                .map_or(sample.text.clone(), |carrier| samples::splice(carrier, &sample.text, n as u64));
            items.push(Item {
                id: format!("own-{attack}-{n}"),
                source: format!("own {attack} {}", sample.family),
                tier: if attack { "own_attack".to_owned() } else { "own_harmless".to_owned() },
                attack,
                origin: Origin::Own,
                language: sample.language.clone(),
                whole: sample.whole,
                bytes: text.len(),
                texts: vec![Text::of(&training::fold(&text))],
            });
        }
    }
    Ok(items)
}

/// A harmless text of more than this many bytes has sentences for another to stand between.
const CARRIER: usize = 150;

/// How many samples stand in another text, of 1,000.
const AMONG_OTHERS: u32 = 300;

/// The longest piece of a document that is one item, in characters.
const PIECE: usize = 3000;

/// Documents that are read at most of one package: none says alone how software is spoken of.
const OF_A_PACKAGE: usize = 60;

/// Documents that are read at most of one folder.
const DOCUMENTS: usize = 4000;

/// Folders below a package that are looked into.
const DEPTH: usize = 12;

/// Software's own documentation: pages, `*.md`, `*.rst`, `*.txt`, and what is called `README` or `CHANGELOG`. A package is
/// a folder two below the one that is named.
///
/// # Errors
/// When the folder cannot be read.
pub fn documents(folder: &Path) -> anyhow::Result<Vec<Item>> {
    let mut files = Vec::new();
    find(folder, DEPTH, &mut files)?;
    files.sort();
    let mut random = Random::new(4, "documents");
    random.shuffle(&mut files);
    let mut of_package: HashMap<PathBuf, usize> = HashMap::new();
    let mut items = Vec::new();
    for file in files {
        let package: PathBuf = file.strip_prefix(folder).unwrap_or(&file).iter().take(2).collect();
        let count = of_package.entry(package).or_default();
        if *count == OF_A_PACKAGE || items.len() == DOCUMENTS {
            continue;
        }
        let Some(text) = words_of(&file) else { continue };
        *count += 1;
        let start = random.below(text.chars().count().saturating_sub(PIECE));
        let piece: String = text.chars().skip(start).take(PIECE).collect();
        items.push(Item {
            id: file.display().to_string(),
            source: "documentation".to_owned(),
            tier: "documents".to_owned(),
            attack: false,
            origin: Origin::Documents,
            language: String::new(),
            whole: true,
            bytes: piece.len(),
            texts: vec![Text::of(&piece)],
        });
    }
    Ok(items)
}

/// What a person would read in a document, folded. Files in no encoding that we know have nothing to say.
fn words_of(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let folded = if file.extension().is_some_and(|extension| extension == "html") {
        let (texts, _) = training::texts(Untrusted::new(text.into_bytes()), ContentType::Html);
        texts.into_iter().next()?
    } else {
        training::fold(&text)
    };
    (folded.len() > LEAST).then_some(folded)
}

/// Less is a heading, in bytes.
const LEAST: usize = 200;

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        // a link leads to what is found elsewhere
        if entry.file_type()?.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                find(&path, depth - 1, found)?;
            }
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ends = [".md", ".rst", ".txt", ".html"].iter().any(|end| name.ends_with(end));
        if ends || name.starts_with("README") || name.starts_with("CHANGELOG") {
            found.push(path);
        }
    }
    Ok(())
}

// === impl Item ===

impl Item {
    /// Ordinary incoming mail, pages, chat and documents.
    #[must_use]
    pub fn is_inbound(&self) -> bool {
        matches!(self.tier.as_str(), "ben_mail" | "ben_html" | "ben_chat" | "ben_doc")
    }

    /// Harmless text that looks like an attack: documentation of security software, text about injection.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        matches!(self.tier.as_str(), "ben_hardneg" | "ben_discusses")
    }

    /// An attack of the kinds that the detector is for.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        matches!(self.tier.as_str(), "A_indirect" | "B_direct")
    }
}

// === impl Text ===

impl Text {
    /// Reads a folded text.
    #[must_use]
    pub fn of(folded: &str) -> Self {
        let mut text = Self { features: Vec::new(), starts: vec![0] };
        for row in training::features(folded) {
            text.features.extend(row);
            text.starts.push(text.features.len());
        }
        text
    }

    /// Its length, in words.
    #[must_use]
    pub fn words(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The features of some of its words.
    #[must_use]
    pub fn features(&self, words: std::ops::Range<usize>) -> &[u32] {
        let at = |word: usize| self.starts.get(word).copied().unwrap_or(self.features.len());
        self.features.get(at(words.start)..at(words.end)).unwrap_or_default()
    }
}
