//! The sample mails.

use anyhow::Context as _;
use std::io::Write as _;
use std::path::Path;

/// A sample mail.
pub(crate) struct Sample {
    /// What it shows.
    pub(crate) what: &'static str,
    name: &'static str,
    bytes: &'static [u8],
}

/// Every sample.
pub(crate) const ALL: [&Sample; 5] = [
    &Sample { what: "plain text", name: "plain", bytes: include_bytes!("../../samples/plain.eml") },
    &Sample { what: "HTML", name: "html", bytes: include_bytes!("../../samples/html.eml") },
    &Sample {
        what: "several parts with an attachment",
        name: "attachment",
        bytes: include_bytes!("../../samples/attachment.eml"),
    },
    &Sample {
        what: "Japanese, in ISO-2022-JP",
        name: "non-latin",
        bytes: include_bytes!("../../samples/non_latin.eml"),
    },
    &Sample {
        what: "HTML with instructions to the agent that a person does not see",
        name: "hidden-injection",
        bytes: include_bytes!("../../samples/hidden_injection.eml"),
    },
];

/// Delivers a mail as any mail tool does: into tmp/, then into new/.
pub(crate) fn deliver(sample: &Sample, maildir: &Path) -> anyhow::Result<()> {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let unique = format!("{}.P{}.{}", since_epoch.as_micros(), std::process::id(), sample.name);
    let (unfinished, delivered) = (maildir.join("tmp").join(&unique), maildir.join("new").join(&unique));
    let written = std::fs::File::create_new(&unfinished).and_then(|mut file| {
        file.write_all(sample.bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &delivered)
    });
    written.with_context(|| format!("cannot deliver to `{}`", maildir.display()))
}
