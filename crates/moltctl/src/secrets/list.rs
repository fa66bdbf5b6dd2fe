//! Every file and key, without a value.

use super::place::Place;
use super::values::described;
use action::reveal;
use std::process::ExitCode;
use vault::sops::SopsFile;

pub(super) fn command(place: &Place) -> anyhow::Result<ExitCode> {
    let (verifier, identity) = (place.verifier()?, place.identity()?);
    let files = place.folder.files()?;
    if files.is_empty() {
        say!("There are no secrets; make the files with `moltctl secrets init`.");
    }
    for file in files {
        let found = match place.folder.read(&file) {
            Ok(found) => found,
            Err(error) => {
                say!("{file}: {error}");
                continue;
            }
        };
        let state = match found.signed(&file, &verifier) {
            Some(signed) => format!("signed {}", signed.at.strftime("%Y-%m-%d %H:%M UTC")),
            None => format!("NOT SIGNED as it is, not used: moltctl secrets trust {file}"),
        };
        say!("{file} ({state})");
        match SopsFile::open(&found.bytes, file.format(), &identity) {
            Ok(opened) => opened
                .values()
                .into_iter()
                .for_each(|(name, value)| say!("  {}: {}", reveal(&name), described(value))),
            Err(error) => say!("  {error}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
