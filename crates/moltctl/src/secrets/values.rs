//! One secret, and one file, at a time.

use super::place::Place;
use super::{prompt, schema};
use action::reveal;
use anyhow::Context as _;
use std::process::ExitCode;
use vault::SecretsFile;
use vault::sops::{Scalar, SopsFile, Text};

pub(super) fn set(place: &Place, file: &str, key: &str) -> anyhow::Result<ExitCode> {
    let file = place.folder.file(file)?;
    // Before anything is typed in vain.
    drop(place.open_or_create(&file)?);
    let value = prompt::value(&format!("Value of {}.{}", file.stem(), reveal(key)))?;
    let is_new = keep(place, &file, key, value)?;
    say!("{}.{} is {}.", file.stem(), reveal(key), if is_new { "set" } else { "changed" });
    if !schema::knows(file.stem(), key) {
        say!(
            "Note: no connector asks for a key of that name; `moltctl secrets check` names those that are known."
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps a value; whether its key is new.
pub(super) fn keep(place: &Place, file: &SecretsFile, key: &str, value: Text) -> anyhow::Result<bool> {
    let changing = place.folder.change()?;
    let mut opened = place.open_or_create(file)?;
    let is_new = opened.set(key, Scalar::text(value))?;
    place.save(&changing, file, &mut opened)?;
    Ok(is_new)
}

pub(super) fn get(place: &Place, file: &str, key: &str, is_revealed: bool) -> anyhow::Result<ExitCode> {
    let file = place.folder.file(file)?;
    let found = place.folder.read(&file)?;
    if found.signed(&file, &place.verifier()?).is_none() {
        eprintln!(
            "moltctl: warning: `{file}` is not signed as it is, so anybody who can write it may have made it; the executor does not use it"
        );
    }
    let opened = SopsFile::open(&found.bytes, file.format(), &place.identity()?)
        .with_context(|| format!("`{file}`"))?;
    let value = opened.value(key).with_context(|| {
        format!(
            "`{file}` has no value `{}`; set it with: moltctl secrets set {} {}",
            reveal(key),
            file.stem(),
            reveal(key)
        )
    })?;
    if !is_revealed {
        say!("{}.{}: {}", file.stem(), reveal(key), described(value));
        anyhow::bail!("the value itself is printed with --reveal only");
    }
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    out.write_all(value.as_str().as_bytes())?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn trust(place: &Place, file: &str) -> anyhow::Result<ExitCode> {
    let file = place.folder.file(file)?;
    let changing = place.folder.change()?;
    let found = place.folder.read(&file)?;
    let identity = place.identity()?;
    let opened =
        SopsFile::open(&found.bytes, file.format(), &identity).with_context(|| format!("`{file}`"))?;
    let names: Vec<_> = opened.values().into_iter().map(|(name, _)| reveal(&name)).collect();
    say!("{file} decrypts and is whole. It holds: {}", names.join(", "));
    for recipient in opened.recipients() {
        let whose = if recipient == identity.recipient() {
            "this home's key"
        } else {
            "SOMEBODY ELSE, who can read it too"
        };
        say!("  encrypted to {recipient}: {whose}");
    }
    let signed = changing.write(&file, &found.bytes, &place.signing_key()?, jiff::Timestamp::now())?;
    say!("Signed as version {}; it is used from now on.", signed.version);
    Ok(ExitCode::SUCCESS)
}

/// What may be said of a value.
pub(super) fn described(value: &Scalar) -> String {
    match value.as_str().chars().count() {
        0 => "no value yet".to_owned(),
        count => format!("a value of {count} letters"),
    }
}
