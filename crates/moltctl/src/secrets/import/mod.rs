//! Moving credentials out of a file and into the vault.
//!
//! The vault is written first and the file afterwards, each whole or not at all: whenever the machine stops, no credential is lost, and
//! doing it again ends the work.

mod find;
mod shapes;

use super::place::Place;
use super::schema;
use action::reveal;
use anyhow::Context as _;
use find::{Found, find};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use vault::SecretsFile;
use vault::sops::{Kind, Scalar, SopsFile, Text};
use zeroize::Zeroizing;

/// The longest file that is searched, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A .env, Markdown, JSON or text file.
    path: PathBuf,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// A credential, and where it goes.
struct Move<'a> {
    found: &'a Found,
    file: SecretsFile,
    key: String,
    /// The vault has it already.
    is_there: bool,
}

pub(super) fn command(place: &Place, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.path;
    let (text, mode) = read(path)?;
    let found = find(&text);
    if found.is_empty() {
        say!("Nothing in `{}` looks like a credential.", reveal(&path.display().to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    let changing = place.folder.change()?;
    let mut files = BTreeMap::new();
    let moves = plan(place, &found, &text, &mut files)?;
    say!("In `{}`:", reveal(&path.display().to_string()));
    for one in &moves {
        let line = text.get(..one.found.range.start).unwrap_or_default().matches('\n').count() + 1;
        let value = one.found.value(&text);
        let there = if one.is_there { ", which holds it already" } else { "" };
        say!("  line {line}: {} {} -> {}{there}", one.found.what, masked(value), one.reference());
    }
    if !arguments.yes && !crate::say::is_agreed("Move them into the vault, and leave these references?")? {
        say!("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    for (file, opened) in &mut files {
        if moves.iter().any(|one| one.file == *file && !one.is_there) {
            place.save(&changing, file, opened)?;
        }
    }
    let (now, _) = read(path)?;
    anyhow::ensure!(
        now == text,
        "`{}` was changed meanwhile; the vault has its credentials, and the file is as it is: run this again",
        path.display()
    );
    let replaced = with_references(&text, &moves);
    vault::replace(path, replaced.as_bytes(), mode)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    say!(
        "Done. The old text may still be in backups, in version control and on the disk: change the credentials at the providers soon."
    );
    Ok(ExitCode::SUCCESS)
}

fn read(path: &PathBuf) -> anyhow::Result<(Text, u32)> {
    let cannot = || format!("cannot read `{}`", path.display());
    let file = File::open(path).with_context(cannot)?;
    let metadata = std::fs::symlink_metadata(path).with_context(cannot)?;
    anyhow::ensure!(metadata.is_file(), "`{}` is not a regular file; name the file itself", path.display());
    anyhow::ensure!(metadata.len() <= LONGEST, "`{}` has more than {LONGEST} bytes", path.display());
    anyhow::ensure!(
        metadata.uid() == rustix::process::geteuid().as_raw(),
        "`{}` belongs to another user; run this as its owner, so that it stays theirs",
        path.display()
    );
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len())? + 1));
    file.take(LONGEST).read_to_end(&mut bytes).with_context(cannot)?;
    let text = std::str::from_utf8(&bytes)
        .ok()
        .with_context(|| format!("`{}` is not text (UTF-8)", path.display()))?;
    Ok((Zeroizing::new(text.to_owned()), metadata.mode() & 0o777))
}

/// Decides where each credential goes, and puts it there in memory. What has a value already keeps it: another one gets a name of its own.
fn plan<'a>(
    place: &Place,
    found: &'a [Found],
    text: &str,
    files: &mut BTreeMap<SecretsFile, SopsFile>,
) -> anyhow::Result<Vec<Move<'a>>> {
    let mut moves = Vec::new();
    for one in found {
        let file = place.folder.file(one.file)?;
        if !files.contains_key(&file) {
            files.insert(file.clone(), place.open_or_create(&file)?);
        }
        let Some(opened) = files.get_mut(&file) else { continue };
        let value = one.value(text);
        let mut nth = 1;
        let (key, is_there) = loop {
            let key = if nth == 1 { one.key.clone() } else { format!("{}_{nth}", one.key) };
            match opened.value(&key) {
                Some(there) if there.as_str() == value => break (key, true),
                Some(there) if there.kind() != Kind::Null && !there.as_str().is_empty() => nth += 1,
                Some(_) | None => break (key, false),
            }
        };
        if !is_there {
            opened.set(&key, Scalar::text(Zeroizing::new(value.to_owned())))?;
        }
        moves.push(Move { found: one, file, key, is_there });
    }
    Ok(moves)
}

fn with_references(text: &str, moves: &[Move<'_>]) -> Text {
    let mut replaced = Zeroizing::new(String::with_capacity(text.len() + 64 * moves.len()));
    let mut from = 0;
    for one in moves {
        replaced.push_str(text.get(from..one.found.range.start).unwrap_or_default());
        replaced.push_str(&one.reference());
        from = one.found.range.end;
    }
    replaced.push_str(text.get(from..).unwrap_or_default());
    replaced
}

/// Enough to recognise it, and far from enough to use it.
fn masked(value: &str) -> String {
    let shown: String =
        if value.chars().count() >= 20 { value.chars().take(4).collect() } else { String::new() };
    format!("{}… ({} letters)", reveal(&shown), value.chars().count())
}

// === impl Move ===

impl Move<'_> {
    fn reference(&self) -> String {
        format!("vault:{}.{}", self.file.stem(), self.key)
    }
}

/// Where a name from a file leads: a key that a connector asks for, else one among what was imported.
fn destination(name: &str) -> (&'static str, String) {
    let name: String = name.to_ascii_lowercase().replace('-', "_");
    if let Some((_, file, key)) = shapes::NAMES.iter().find(|(known, ..)| *known == name) {
        return (file, (*key).to_owned());
    }
    let known = schema::SCHEMA.iter().find_map(|wanted| {
        let stem = wanted.file.replace('-', "_");
        let key = name.strip_prefix(&format!("{stem}_")).unwrap_or(&name);
        let is_ours = key != name || wanted.file == "api-keys";
        (is_ours && schema::knows(wanted.file, key)).then(|| (wanted.file, key.to_owned()))
    });
    known.unwrap_or(("imported", name))
}
