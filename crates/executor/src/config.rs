//! What the executor reads before it binds anything. Every problem is named at once.

use crate::outbound::{MailRoute, Outbound};
use capability::ApprovalVerifier;
use connectors::smtp::{self, Smtp, SmtpConfig};
use home::{Config, Home, MailDelivery, Problem, Problems, Security, SmtpSettings};
use policy::Policy;
use std::time::Duration;

/// Everything that comes from files.
#[derive(Debug)]
pub struct Settings {
    /// The home.
    pub home: Home,
    /// Its configuration.
    pub config: Config,
    /// What the agent may do.
    pub policy: Policy,
    /// The public half of the control plane's key.
    pub approvals: ApprovalVerifier,
    /// The connectors.
    pub outbound: Outbound,
}

// === impl Settings ===

impl Settings {
    /// Reads them.
    pub fn load(home: Home) -> Result<Self, Problems> {
        let config = Config::load(&home);
        let policy = load_policy(&home);
        let approvals = load_approval_key(&home);
        let mut problems = Vec::new();
        let mut keep = |found: Problems| problems.extend(found.into_vec());
        let config = config.map_err(&mut keep).ok();
        let policy = policy.map_err(&mut keep).ok();
        let approvals = approvals.map_err(|problem| keep(problem.into())).ok();
        let outbound = config.as_ref().map(|config| load_outbound(&home, config));
        let outbound = outbound.transpose().map_err(|problem| keep(problem.into())).ok().flatten();
        match (config, policy, approvals, outbound) {
            (Some(config), Some(policy), Some(approvals), Some(outbound)) => {
                Ok(Self { home, config, policy, approvals, outbound })
            }
            _ => Err(Problems::none_or(problems)
                .err()
                .unwrap_or_else(|| Problem::new(home.config_file(), "", "cannot be understood").into())),
        }
    }
}

fn load_policy(home: &Home) -> Result<Policy, Problems> {
    let file = home.policy_file();
    Policy::load(&Home::read(&file)?).map_err(|found| {
        Problems::of_file(&file, found.into_iter().map(|problem| (problem.place(), problem.what)))
    })
}

fn load_approval_key(home: &Home) -> Result<ApprovalVerifier, Problem> {
    let file = home.approval_public_key_file();
    Home::read(&file)?.parse().map_err(|problem| Problem::new(&file, "", format!("{problem}")))
}

fn load_outbound(home: &Home, config: &Config) -> Result<Outbound, Problem> {
    let mail = match &config.mail_delivery {
        MailDelivery::Maildir(folder) => MailRoute::Maildir(folder.clone()),
        MailDelivery::Smtp(settings) => MailRoute::Smtp(Box::new(load_smtp(home, settings)?)),
    };
    Ok(Outbound {
        mail_from: config.mail_from.clone(),
        host: format!("{}.moltbot.invalid", config.host),
        mail,
    })
}

fn load_smtp(home: &Home, settings: &SmtpSettings) -> Result<Smtp, Problem> {
    let SmtpSettings { host, port, security } = settings;
    let config = SmtpConfig {
        host: host.clone(),
        port: *port,
        security: match security {
            Security::Tls => smtp::Security::Tls,
            Security::StartTls => smtp::Security::StartTls,
            Security::None => smtp::Security::None,
        },
        hello_name: "localhost".to_owned(),
        timeout: Duration::from_secs(60),
    };
    Smtp::new(config)
        .map_err(|error| Problem::new(home.config_file(), "connectors.mail.smtp", error.to_string()))
}
