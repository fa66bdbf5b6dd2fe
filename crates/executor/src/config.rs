//! What the executor reads before it binds anything. Every problem is named at once.

use crate::credentials::FromVault;
use crate::outbound::{MailRoute, Outbound};
use crate::policy_in_force::PolicyText;
use crate::record::RecordPlace;
use crate::services::{Holder, Services};
use crate::standing::Standings;
use crate::webhooks::Webhooks;
use action::Digest;
use audit_log::{HeadKey, HeadKeyProblem, Signer};
use capability::ApprovalVerifier;
use home::{Config, Home, MailDelivery, Problem, Problems};
use std::sync::Arc;

/// Everything that comes from files.
#[derive(Debug)]
pub struct Settings {
    /// The home.
    pub home: Home,
    /// Its configuration.
    pub config: Config,
    /// The policy file as it is. Whether it comes into force depends on what was applied last, which the record knows.
    pub policy: PolicyText,
    /// The public half of the control plane's key.
    pub approvals: ApprovalVerifier,
    /// The connectors.
    pub outbound: Outbound,
    /// Where their credentials come from.
    pub vault: Arc<FromVault>,
    /// Whose webhooks are taken in.
    pub webhooks: Webhooks,
    /// Makes tags of recipients that say nothing to whoever has the record alone.
    pub tag_key: [u8; 32],
}

// === impl Settings ===

impl Settings {
    /// Reads them, and where the record is.
    pub fn load(home: Home) -> Result<(Self, RecordPlace), Problems> {
        let config = Config::load(&home);
        let policy = Home::read(&home.policy_file()).map(PolicyText::new);
        let approvals = load_approval_key(&home);
        let keys = load_record_key(&home);
        let mut problems = Vec::new();
        let mut keep = |found: Problems| problems.extend(found.into_vec());
        let config = config.map_err(&mut keep).ok();
        let policy = policy.map_err(|problem| keep(problem.into())).ok();
        let approvals = approvals.map_err(|problem| keep(problem.into())).ok();
        let keys = keys.map_err(|problem| keep(problem.into())).ok();
        let vault = Arc::new(FromVault::of(&home));
        let holder = vault.holder();
        let outbound = config.as_ref().map(|config| load_outbound(&home, config, &holder));
        let outbound = outbound.transpose().map_err(&mut keep).ok().flatten();
        match (config, policy, approvals, outbound, keys) {
            (Some(config), Some(policy), Some(approvals), Some(outbound), Some((signer, tag_key))) => {
                let record = RecordPlace { log: home.audit_log(), content: home.content(), signer };
                let webhooks = Webhooks::of(&config, &holder.credentials, &outbound.standings);
                Ok((Self { home, config, policy, approvals, outbound, vault, webhooks, tag_key }, record))
            }
            _ => Err(Problems::none_or(problems)
                .err()
                .unwrap_or_else(|| Problem::new(home.config_file(), "", "cannot be understood").into())),
        }
    }
}

/// The key that signs heads, and the one for tags, which is made from it. What others could read is no key: whoever has it
/// can make up a past.
fn load_record_key(home: &Home) -> Result<(Signer, [u8; 32]), Problem> {
    let file = home.record_key_file();
    let text = Home::read_private(&file)?;
    let problem = |problem: HeadKeyProblem| Problem::new(&file, "", problem.to_string());
    let key = HeadKey::from_text(&text).map_err(problem)?;
    let origin = home::RECORD_ORIGIN.parse().map_err(problem)?;
    let tags = Digest::of([b"tags of recipients".as_slice(), text.trim().as_bytes()].concat().as_slice());
    Ok((Signer { origin, key }, tags.to_bytes()))
}

fn load_approval_key(home: &Home) -> Result<ApprovalVerifier, Problem> {
    let file = home.approval_public_key_file();
    Home::read(&file)?.parse().map_err(|problem| Problem::new(&file, "", format!("{problem}")))
}

fn load_outbound(home: &Home, config: &Config, holder: &Holder) -> Result<Outbound, Problems> {
    let services = Services::set_up(home, &config.connectors, holder)?;
    let standings = Standings::default();
    services.names().into_iter().for_each(|connector| standings.set_up(connector));
    let mail = match &config.connectors.mail_delivery {
        MailDelivery::Maildir(folder) => MailRoute::Maildir(folder.clone()),
        MailDelivery::Smtp(_) => MailRoute::Smtp,
        MailDelivery::Gmail => MailRoute::Gmail,
    };
    Ok(Outbound {
        mail_from: config.connectors.mail_from.clone(),
        host: format!("{}.moltbot.invalid", config.host),
        mail,
        services,
        standings,
    })
}
