//! `moltbot-connectors`: config → lock down → try.
//!
//! The owner's look at Zone 1's way out, beside the executor and with its powers, so that the connectors can be tried before
//! anything is up and without their credentials leaving Zone 1's program. `moltctl` starts it; it serves nobody and ends.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use connectors::gmail;
use connectors::oauth::{self, Consent};
use executor::credentials::FromVault;
use executor::reached::{Reached, TriedWall};
use executor::services::{Holder, Services};
use home::{Config, Home};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use zeroize::Zeroizing;

/// Tries the connectors and the walls around them, and prints JSON.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The home folder.
    #[arg(long, env = "MOLTBOT_HOME")]
    home: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ask each provider who we are.
    Test {
        /// Only these.
        names: Vec<String>,
    },
    /// Ask for consent to read and send the mail of a Google account: prints the page to open, then what was granted.
    Consent,
    /// Have Telegram call us, as [webhooks] says.
    Webhook,
    /// Have it call us no more.
    NoWebhook,
    /// Say what each connector may reach, and try to get past every wall.
    Egress,
}

fn main() -> ExitCode {
    sandbox::close_inherited();
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("moltctl: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let home = Home::open(&arguments.home)?;
    let config = Config::load(&home)?;
    let holder = std::sync::Arc::new(FromVault::of(&home)).holder();
    let services = Services::set_up(&home, &config.connectors, &holder)?;

    // The walls of the executor: what it may do with the credentials, this may do.
    let own_walls = sandbox::enter(
        sandbox::Powers::EXECUTOR,
        &sandbox::Surroundings::default(),
        sandbox::Requirement::BestEffort,
    )?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &arguments.command {
        Command::Test { names } => {
            let unknown = names.iter().find(|name| !services.names().contains(&name.as_str()));
            if let Some(unknown) = unknown {
                anyhow::bail!(
                    "`{unknown}` is not set up; set up are: {}. Set it up with: moltctl connect {unknown}",
                    or_none(&services.names())
                );
            }
            let tried = runtime.block_on(services.try_out(names));
            print(&tried)?;
            Ok(ExitCode::from(u8::from(!tried.iter().all(|tried| tried.result.works()))))
        }
        Command::Consent => {
            let client = Services::client_of_gmail(&home, &config.connectors, &holder)?;
            let granted = runtime.block_on(consent(&config, &holder, &client))?;
            print(&granted)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Webhook | Command::NoWebhook => {
            let telegram = services.telegram.as_ref().context("Telegram is not set up")?;
            let told = if matches!(arguments.command, Command::Webhook) {
                let address =
                    config.webhooks.as_ref().and_then(|webhooks| webhooks.public_address("/telegram"));
                let address = address.context("there is no [webhooks] with public_url")?;
                runtime.block_on(telegram.set_webhook(address.as_str()))
            } else {
                runtime.block_on(telegram.delete_webhook())
            };
            told?;
            print(&serde_json::json!({ "told": true }))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Egress => {
            let reached = Reached::of(&config.connectors);
            let walls = runtime.block_on(egress::probe())?;
            let tried: Vec<_> = walls.iter().map(TriedWall::from).collect();
            print(&serde_json::json!({ "connectors": reached, "walls": tried, "own_walls": own_walls }))?;
            Ok(ExitCode::from(u8::from(tried.iter().any(|wall| wall.result == "got-through"))))
        }
    }
}

/// How long the owner may take in her browser.
const CONSENT: Duration = Duration::from_secs(300);

/// What the owner's command keeps: it can sign for the vault, and this program cannot.
#[derive(serde::Serialize)]
struct Consented {
    refresh_token: Zeroizing<String>,
    missing_scopes: Vec<&'static str>,
}

async fn consent(config: &Config, holder: &Holder, client: &egress::Client) -> anyhow::Result<Consented> {
    let client_id = holder.credentials.secret(oauth::CLIENT_ID)?;
    let client_id = std::str::from_utf8(client_id.expose()).context("oauth.client_id is not text")?;
    let consent = Consent::ask(gmail::SCOPES).await?;
    print(&serde_json::json!({ "page": consent.page(&page_of(config), client_id) }))?;
    let answer = consent.answer(CONSENT).await?;
    let granted = oauth::exchange(client, answer).await?;
    let token = granted.refresh_token.context(
        "Google gave no refresh token; take this program's access away at https://myaccount.google.com/permissions and start again",
    )?;
    let refresh_token =
        String::from_utf8(token.expose().to_vec()).context("the refresh token is not text")?;
    Ok(Consented { refresh_token: Zeroizing::new(refresh_token), missing_scopes: granted.missing_scopes })
}

/// The page at which Google asks, or at another server where the owner names one.
fn page_of(config: &Config) -> String {
    let addresses = config.connectors.gmail.iter().flat_map(|way_out| &way_out.addresses);
    let other = addresses.clone().find(|(site, _)| site == "consent_endpoint");
    match (other, oauth::GOOGLE_PAGE.strip_prefix("https://accounts.google.com")) {
        (Some((_, address)), Some(path)) => format!("{}{path}", address.trim_end_matches('/')),
        _ => oauth::GOOGLE_PAGE.to_owned(),
    }
}

/// `moltctl` reads it and says it in words.
fn print(what: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(what)?)?;
    Ok(())
}

fn or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
