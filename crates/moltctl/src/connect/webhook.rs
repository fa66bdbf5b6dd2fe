//! Having Telegram call us: it is given an address of ours and a secret that it shows with every call.

use super::guide::Service;
use crate::connectors::ask;
use crate::secrets::keep_text;
use anyhow::Context as _;
use home::{Config, Feed, Home};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Exit 0 when Telegram took it.
pub(super) fn set(path: &Path, home: &Home, service: Service) -> anyhow::Result<ExitCode> {
    only_telegram(service)?;
    let config = Config::load(home)?;
    anyhow::ensure!(
        config.connectors.telegram.is_some(),
        "Telegram is not set up; do that first: moltctl connect telegram"
    );
    let address = config.webhooks.as_ref().and_then(|webhooks| webhooks.public_address("/telegram"));
    let address = address.with_context(|| {
        format!(
            "there is no address to give; write [webhooks] with public_url into {}",
            home.config_file().display()
        )
    })?;
    anyhow::ensure!(
        !config.sources.iter().any(|source| source.feed == Some(Feed::Telegram)),
        "sources.telegram asks Telegram by long poll, which it refuses while it calls us; write connector = \"none\" there first"
    );
    keep_text(path, "api-keys", "telegram_webhook_secret", fresh_secret()?)?;
    say!("kept    api-keys.telegram_webhook_secret");
    ask(path, &["webhook".to_owned()])?.context("Telegram was not told")?;
    say!("Telegram calls {address} from now on. Back to asking: moltctl connect telegram --no-webhook");
    Ok(ExitCode::SUCCESS)
}

/// Telegram keeps what waits for the next look.
pub(super) fn take_away(path: &Path, service: Service) -> anyhow::Result<ExitCode> {
    only_telegram(service)?;
    ask(path, &["no-webhook".to_owned()])?.context("Telegram was not told")?;
    say!(
        "Telegram does not call any more; write connector = \"telegram\" into [sources.telegram] to have it asked."
    );
    Ok(ExitCode::SUCCESS)
}

fn only_telegram(service: Service) -> anyhow::Result<()> {
    anyhow::ensure!(
        service == Service::Telegram,
        "only Telegram is told by its bot; Slack's address (public_url and /slack) is written at https://api.slack.com/apps, Event \
         Subscriptions, Twilio's (public_url and /twilio) at your number; their secrets are api-keys.slack_signing_secret and \
         twilio.auth_token"
    );
    Ok(())
}

/// 256 bits, in the letters that Telegram takes (<https://core.telegram.org/bots/api#setwebhook>).
fn fresh_secret() -> anyhow::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(bytes.as_mut())
        .map_err(|_unspecified| anyhow::anyhow!("the system gave no randomness"))?;
    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in bytes.iter() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}
