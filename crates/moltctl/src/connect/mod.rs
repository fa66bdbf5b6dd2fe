//! Walking the owner through the set-up of a service, from its provider's own pages to a live check.

mod consent;
mod guide;
mod settings;
mod webhook;

use crate::check::check;
use crate::secrets::{input_line, keep_text, prompt_once};
use crate::{connectors, up::how_to_raise};
use anyhow::Context as _;
use guide::{Guide, Service};
use home::{Home, Latch};
use settings::Settings;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// gmail, telegram, slack, twilio or mail.
    service: Service,
    /// Only set it up; do not try it at the provider.
    #[arg(long)]
    without_check: bool,
    /// Telegram, once it is set up: have it call us, as [webhooks] says, instead of asking it.
    #[arg(long, conflicts_with = "no_webhook")]
    webhook: bool,
    /// Have it call us no more.
    #[arg(long)]
    no_webhook: bool,
}

/// Exit 0 when it works, 1 when it is set up and does not.
pub(crate) fn command(path: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Err(why) = vault::protect_process() {
        eprintln!("moltctl: this process's memory is not kept from others of your user: {why}");
    }
    let home = Home::open(path)?;
    check(&home)?;
    if arguments.webhook {
        return webhook::set(path, &home, arguments.service);
    }
    if arguments.no_webhook {
        return webhook::take_away(path, arguments.service);
    }
    let guide = Guide::of(arguments.service);
    say!("{}\n", guide.before);

    let mut settings = Settings::read(&home.config_file())?;
    settings.section(guide.section)?;
    for question in guide.questions {
        let answer = ask(question.words, question.default)?;
        anyhow::ensure!(!answer.is_empty(), "nothing was answered; nothing was changed");
        settings.set(question.section, question.key, &answer)?;
    }
    for offer in guide.offers {
        if ask_whether(offer.words)? {
            settings.section(offer.section)?;
            settings.set(offer.section, offer.key, offer.value)?;
            for question in offer.questions {
                let answer = ask(question.words, question.default)?;
                settings.set(question.section, question.key, &answer)?;
            }
        }
    }
    // All of them before any is kept: who gives up half-way has changed nothing.
    let mut secrets = Vec::new();
    for wanted in guide.secrets {
        let value = prompt_once(wanted.words)?;
        anyhow::ensure!(
            (wanted.looks_right)(&value),
            "that does not look like {}; nothing was changed",
            wanted.looks_like
        );
        secrets.push((wanted, value));
    }
    for (wanted, value) in secrets {
        keep_text(path, wanted.file, wanted.key, value)?;
        say!("kept    {}.{}", wanted.file, wanted.key);
    }
    settings.save(&home)?;
    say!("written {}", home.config_file().display());
    if arguments.service == Service::Gmail {
        consent::ask(path, &home)?;
    }

    if arguments.without_check {
        say!("Not tried. Try it with: moltctl connectors test {}", guide.connector);
        return Ok(ExitCode::SUCCESS);
    }
    let code = connectors::test(path, &guide.tried, false)?;
    match Latch::of(&home).read() {
        home::Latched::Not => say!(
            "\nA system that is up goes on with its old settings: moltctl down, then {}",
            how_to_raise(&home)
        ),
        home::Latched::Frozen(_) | home::Latched::Killed(_) => {
            say!("\nThe latch is set: nothing is reached until you lift it.");
        }
    }
    Ok(code)
}

/// A line; an empty one means the default.
fn ask(words: &str, default: &str) -> anyhow::Result<String> {
    let mut stdout = std::io::stdout().lock();
    if default.is_empty() {
        write!(stdout, "{words}: ")?;
    } else {
        write!(stdout, "{words} [{default}]: ")?;
    }
    stdout.flush()?;
    let line = line()?;
    if !std::io::stdin().is_terminal() {
        writeln!(stdout)?;
    }
    Ok(if line.is_empty() { default.to_owned() } else { line })
}

/// Yes unless the answer begins with n.
fn ask_whether(words: &str) -> anyhow::Result<bool> {
    Ok(!ask(&format!("{words} (y/n)"), "y")?.to_lowercase().starts_with('n'))
}

fn line() -> anyhow::Result<String> {
    let line = input_line().context("the answer cannot be read")?;
    Ok(line.trim().to_owned())
}
