//! The owner's consent in her browser. The program of Zone 1 asks and listens; this shows the page and keeps what comes of it.

use crate::connectors::PROGRAM;
use crate::secrets::keep_text;
use anyhow::Context as _;
use home::Home;
use serde::Deserialize;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// The answer is a few hundred bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Deserialize)]
struct Page {
    page: String,
}

#[derive(Deserialize)]
struct Granted {
    refresh_token: Zeroizing<String>,
    missing_scopes: Vec<String>,
}

pub(super) fn ask(path: &Path, home: &Home) -> anyhow::Result<()> {
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    let mut child = Command::new(&program)
        .arg("--home")
        .arg(home.path())
        .arg("consent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let output = child.stdout.take().context("its output is ours")?;
    let mut output = BufReader::new(output.take(LONGEST));
    let granted = conversation(&mut output);
    let ended = child.wait()?;
    let granted = granted.and_then(|granted| {
        anyhow::ensure!(
            ended.success(),
            "there is no consent; what was kept stays, so start again with: moltctl connect gmail"
        );
        Ok(granted)
    })?;
    for scope in &granted.missing_scopes {
        say!("NOT granted: {scope}. What needs it will be refused; start again and leave its box ticked.");
    }
    keep_text(path, "oauth", "refresh_token", granted.refresh_token)?;
    say!("kept    oauth.refresh_token");
    Ok(())
}

fn conversation(output: &mut impl std::io::BufRead) -> anyhow::Result<Granted> {
    let mut line = String::new();
    output.read_line(&mut line)?;
    let Page { page } = serde_json::from_str(&line).context("there is no consent")?;
    say!(
        "\nOpen this page in a browser on this machine, and say yes there (it waits for 5 minutes):\n\n{page}\n"
    );
    show(&page);
    let mut answer = Zeroizing::new(String::with_capacity(4096));
    output.read_line(&mut answer)?;
    serde_json::from_str(&answer).context("there is no consent")
}

/// Where there is a browser it is opened; where not, the address stands above.
fn show(page: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let _no_browser = Command::new(opener)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
