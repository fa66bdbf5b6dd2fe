//! `detector-training`: figures on sources that were left out, or the weights that are shipped.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use detector_training::{
    data::{self, Item, Origin},
    learn::{self, Settings},
    mails, measure,
};

/// Trains the injection detector's model, and measures it on sources that it was not trained on.
#[derive(Parser)]
#[command(version)]
struct Config {
    #[command(subcommand)]
    command: Command,
    /// The folder of the labelled corpus: `dev.jsonl`, `dev_splice.jsonl`, and the mails beside them, `mail`.
    #[arg(long, global = true, default_value = "corpus")]
    corpus: PathBuf,
    /// The folder of our own templates.
    #[arg(long, global = true, default_value = "crates/detector-training/samples")]
    samples: PathBuf,
    /// A folder of software's documentation, such as `~/.cargo/registry/src`.
    #[arg(long, global = true)]
    documents: Option<PathBuf>,
    /// Texts of our own that nothing is trained on, as lines of the corpus's form.
    #[arg(long, global = true, default_value = "crates/detector-training/unseen.jsonl")]
    unseen: PathBuf,
    /// What `moltctl sanitize --jsonl` says with the other layers alone: those items count as warned of.
    #[arg(long, global = true)]
    known: Vec<PathBuf>,
    /// The share of ordinary inbound messages that the model may warn of.
    #[arg(long, global = true, default_value_t = 0.0075)]
    share: f32,
    /// A file whose part between two marks becomes the table of figures.
    #[arg(long, global = true)]
    readme: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Each collection of attacks left out in turn; nothing is written.
    LeaveOut,
    /// Trained on no attack but our own; nothing is written.
    OwnOnly,
    /// Trains on everything; the threshold is what leaving out says.
    Weights {
        /// The file to write.
        #[arg(long, default_value = "crates/sanitizer/src/detect/model/weights.bin")]
        out: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let Config { command, corpus, samples, documents, unseen, known, share, readme, settings } =
        Config::parse();
    let known = warned_of(&known)?;
    let (dev, splice) = (corpus.join("dev.jsonl"), corpus.join("dev_splice.jsonl"));
    let mut items = data::corpus(&dev, Origin::Corpus)?;
    items.extend(data::corpus(&splice, Origin::Spliced)?);
    items.extend(mails::mails(&corpus.join("mail"), &[dev, splice])?);
    items.extend(data::own(&samples, 2, 3)?);
    if let Some(folder) = documents {
        items.extend(data::documents(&folder)?);
    }
    let unseen = data::corpus(&unseen, Origin::Corpus)?;
    eprintln!("{} items", items.len());

    let scores = match command {
        Command::OwnOnly => measure::own_attacks_only(&items, &settings),
        Command::LeaveOut | Command::Weights { .. } => measure::left_out(&items, &settings),
    };
    let threshold = measure::threshold(&items, &scores, &known, share);
    let model = learn::learn(&learned_from(&items, &command), &settings);
    let of_unseen: Vec<_> = unseen.iter().map(|item| model.score(item)).enumerate().collect();
    print!("{}", measure::table(&items, &scores, &known, threshold));
    print!("{}", measure::unseen(&unseen, &of_unseen, &known, threshold));
    if let Some(file) = readme {
        let figures = measure::markdown(&items, &scores, &known, threshold)
            + &measure::unseen(&unseen, &of_unseen, &known, threshold);
        write_figures(&file, &figures)?;
    }
    if let Command::Weights { out } = command {
        let slope = measure::slope(&items, &scores, threshold);
        fs::write(&out, measure::file(&model, threshold, slope))
            .with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(())
}

/// What the model learns from that judges texts of nobody's collection.
fn learned_from<'i>(items: &'i [Item], command: &Command) -> Vec<&'i Item> {
    let own_only = matches!(command, Command::OwnOnly);
    let is_learned = |item: &&Item| !(own_only && item.attack && item.origin != Origin::Own);
    items.iter().filter(is_learned).collect()
}

/// What stands around the figures in a file.
const FIGURES: [&str; 2] = ["<!-- figures -->\n", "<!-- end of figures -->\n"];

fn write_figures(file: &Path, figures: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let [begin, end] = FIGURES;
    let parts = text.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = parts.with_context(|| format!("{} has no place for figures", file.display()))?;
    fs::write(file, format!("{before}{begin}\n{figures}\n{end}{after}"))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The ids that other layers warn of, from lines of JSON.
fn warned_of(files: &[PathBuf]) -> anyhow::Result<HashSet<String>> {
    let mut known = HashSet::new();
    for file in files {
        let lines = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for line in lines.lines() {
            let line: serde_json::Value = serde_json::from_str(line)?;
            if line.get("flagged").and_then(serde_json::Value::as_bool) == Some(true) {
                known.extend(line.get("id").and_then(serde_json::Value::as_str).map(str::to_owned));
            }
        }
    }
    Ok(known)
}
