//! Making the files that the connectors look into.

use super::place::{AgeKey, Place};
use super::schema::SCHEMA;
use super::{key_file_of_sops, quoted};
use std::process::ExitCode;
use vault::sops::SopsFile;

pub(super) fn command(place: &Place) -> anyhow::Result<ExitCode> {
    let changing = place.folder.change()?;
    let mut made = 0;
    for wanted in &SCHEMA {
        let file = place.folder.file(wanted.file)?;
        if place.folder.path_of(&file).symlink_metadata().is_ok() {
            continue;
        }
        let mut opened: SopsFile = place.open_or_create(&file)?;
        let lines = wanted.keys.iter().map(|(key, what)| format!("# {what}\n{key}: \"\"\n"));
        opened.replace(&format!("# {}\n{}", wanted.what, lines.collect::<String>()))?;
        place.save(&changing, &file, &mut opened)?;
        say!("made  {}", place.folder.path_of(&file).display());
        made += 1;
    }
    if made == 0 {
        say!("Every file is there; nothing was changed.");
    }
    let AgeKey { path, why } = place.age_key()?;
    say!(
        "\nThe age key is {} ({why}). Keep a copy of it where only you get at it: without it nobody opens these files.",
        path.display()
    );
    say!("For sops itself:  export SOPS_AGE_KEY_FILE={}", quoted(&path));
    if let Some(theirs) = key_file_of_sops().filter(|theirs| !theirs.exists() && *theirs != path) {
        let folder = theirs.parent().map(quoted).unwrap_or_default();
        say!("  or once and for all:  mkdir -p {folder} && ln -s {} {}", quoted(&path), quoted(&theirs));
    }
    say!("After a change with sops:  moltctl secrets trust FILE");
    say!("Next:  moltctl secrets set api-keys telegram_bot_token");
    Ok(ExitCode::SUCCESS)
}

/// What tells sops, in this folder, whom new files are encrypted to.
pub(crate) fn rules_for_sops(recipients: &[String]) -> String {
    format!(
        "# For sops, when it makes a file here. Files that are there carry their recipients themselves: moltctl secrets rotate\n\
         creation_rules:\n    - path_regex: \\.(yaml|yml|json)$\n      age: {}\n",
        recipients.join(",")
    )
}
