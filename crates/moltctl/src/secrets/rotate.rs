//! New data keys, for the same recipients or for others.

use super::made::rules_for_sops;
use super::place::Place;
use anyhow::Context as _;
use std::process::ExitCode;
use vault::SecretsFile;
use vault::sops::{SopsFile, check_recipient};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The files [default: all].
    files: Vec<String>,
    /// Somebody else who will be able to read them.
    #[arg(long, value_name = "age1…")]
    add_recipient: Vec<String>,
    /// Somebody who will not any more.
    #[arg(long, value_name = "age1…")]
    remove_recipient: Vec<String>,
}

pub(super) fn command(place: &Place, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    for recipient in &arguments.add_recipient {
        check_recipient(recipient)?;
    }
    let ours = place.identity()?.recipient();
    let is_for_all = arguments.files.is_empty();
    let files: Vec<SecretsFile> = match is_for_all {
        true => place.folder.files()?,
        false => arguments.files.iter().map(|file| place.folder.file(file)).collect::<Result<_, _>>()?,
    };
    let changing = place.folder.change()?;
    // All are opened before one is changed: what is wrong is said while everything is as it was.
    let mut opened: Vec<(SecretsFile, SopsFile, Vec<String>)> = Vec::new();
    for file in files {
        let found = place.open_signed(&file)?;
        let recipients = after(&found.recipients(), arguments);
        anyhow::ensure!(
            recipients.contains(&ours),
            "`{file}` would not be encrypted to {ours} any more, the key that this home uses; take another key into use first"
        );
        opened.push((file, found, recipients));
    }
    let mut everybody: Vec<String> = Vec::new();
    for (file, found, recipients) in &mut opened {
        found.rotate(recipients).with_context(|| format!("`{file}`"))?;
        place.save(&changing, file, found)?;
        say!("{file}: new data key, for {}", recipients.join(", "));
        let new: Vec<_> = recipients.iter().filter(|one| !everybody.contains(one)).cloned().collect();
        everybody.extend(new);
    }
    if is_for_all && !everybody.is_empty() {
        vault::replace(
            &place.folder.path().join(".sops.yaml"),
            rules_for_sops(&everybody).as_bytes(),
            0o600,
        )?;
    }
    say!(
        "Whoever could read the old files knows what stood in them{}: change the credentials at the providers as well.",
        if arguments.remove_recipient.is_empty() { ", if they leaked" } else { "" }
    );
    Ok(ExitCode::SUCCESS)
}

fn after(before: &[String], arguments: &Arguments) -> Vec<String> {
    let mut recipients: Vec<String> = Vec::new();
    for recipient in before.iter().chain(&arguments.add_recipient) {
        if !arguments.remove_recipient.contains(recipient) && !recipients.contains(recipient) {
            recipients.push(recipient.clone());
        }
    }
    recipients
}
