//! Changing a whole file in the owner's editor.

use super::place::Place;
use super::plain::PlainFile;
use crate::answers::runtime;
use anyhow::Context as _;
use std::path::Path;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn command(place: &Place, file: &str) -> anyhow::Result<ExitCode> {
    let file = place.folder.file(file)?;
    let before = place.folder.read(&file).ok().map(|found| found.bytes);
    let mut opened = place.open_or_create(&file)?;
    let text = opened.plaintext()?;
    let plain = PlainFile::make(file.name(), &text)?;
    if !plain.is_in_memory {
        eprintln!(
            "moltctl: there is no folder in memory here; while you edit, the plain text lies in `{}`",
            plain.path().display()
        );
    }
    loop {
        edit(plain.path())?;
        let edited = plain.read()?;
        if edited == text {
            say!("Nothing was changed.");
            return Ok(ExitCode::SUCCESS);
        }
        match opened.replace(&edited) {
            Ok(()) => break,
            Err(error) => {
                say!("{file}: {error}");
                anyhow::ensure!(
                    crate::say::is_agreed("Edit it again? Otherwise nothing is changed.")?,
                    "nothing was changed"
                );
            }
        }
    }
    let changing = place.folder.change()?;
    let now = place.folder.read(&file).ok().map(|found| found.bytes);
    anyhow::ensure!(
        now == before,
        "`{file}` was changed by something else meanwhile; nothing was changed, edit it again"
    );
    place.save(&changing, &file, &mut opened)?;
    say!("{file} is changed and signed.");
    Ok(ExitCode::SUCCESS)
}

/// Runs the editor to its end. A signal to stop ends the editor and not this program, which has plain text to remove.
fn edit(path: &Path) -> anyhow::Result<()> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()));
    let editor = named.unwrap_or_else(|| "vi".to_owned());
    let status = runtime()?.block_on(async {
        // The terminal sends an interrupt to the editor too, which knows better what it means.
        let _interrupt = signal(SignalKind::interrupt())?;
        let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        let mut child = tokio::process::Command::new("sh")
            .args(["-c", &format!("exec {editor} \"$1\""), "sh"])
            .arg(path)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{editor}`"))?;
        tokio::select! {
            status = child.wait() => Ok::<_, anyhow::Error>(status?),
            _ = terminate.recv() => anyhow::bail!("told to stop; nothing was changed"),
            _ = hang_up.recv() => anyhow::bail!("the terminal is gone; nothing was changed"),
        }
    })?;
    anyhow::ensure!(status.success(), "`{editor}` ended with {status}; nothing was changed");
    Ok(())
}
