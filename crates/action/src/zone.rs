//! Who is speaking: a role on a host.

use std::fmt;

/// What a zone is for. The set is closed: a new kind of zone is a change of architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Zone 2.
    Planner,
    /// Zone 3, mail.
    ReaderEmail,
    /// Zone 3, Telegram.
    ReaderTelegram,
    /// Zone 3, Slack.
    ReaderSlack,
    /// Zone 3, text messages. Only where they are a source.
    ReaderSms,
    /// The owner's side.
    ControlPlane,
    /// Zone 3, where services call us: it hands on what strangers send. Only where webhooks are set up.
    Doorkeeper,
}

/// A zone, qualified by the host it runs on: `local/planner`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneId {
    host: String,
    role: Role,
}

/// A name that is no zone's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a zone; zones are written host/role, for example `local/planner`")]
pub struct UnknownRole(String);

// === impl Role ===

impl Role {
    /// Every role, in the order in which they are raised: the doorkeeper last, when somebody reads what it lets in.
    pub const ALL: [Self; 7] = [
        Self::ControlPlane,
        Self::ReaderEmail,
        Self::ReaderTelegram,
        Self::ReaderSlack,
        Self::ReaderSms,
        Self::Planner,
        Self::Doorkeeper,
    ];

    /// The role's name: of its process, of its run folder and in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planner => "planner",
            Self::ReaderEmail => "reader-email",
            Self::ReaderTelegram => "reader-telegram",
            Self::ReaderSlack => "reader-slack",
            Self::ReaderSms => "reader-sms",
            Self::ControlPlane => "control-plane",
            Self::Doorkeeper => "doorkeeper",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl ZoneId ===

impl ZoneId {
    /// The zone of that role on that host.
    pub fn new(host: impl Into<String>, role: Role) -> Self {
        Self { host: host.into(), role }
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the zone is for.
    pub const fn role(&self) -> Role {
        self.role
    }
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.role)
    }
}

impl std::str::FromStr for ZoneId {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownRole(text.to_owned());
        let (host, role) = text.split_once('/').ok_or_else(unknown)?;
        if host.is_empty() {
            return Err(unknown());
        }
        Ok(Self::new(host, Role::named(role).ok_or_else(unknown)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_reads_back_as_it_is_written() {
        for role in Role::ALL {
            let zone = ZoneId::new("local", role);
            assert_eq!(zone.to_string().parse::<ZoneId>().unwrap(), zone);
        }
    }

    #[test]
    fn a_zone_without_host_or_role_is_unknown() {
        for text in ["planner", "/planner", "local/", "local/executor", "local/planner/x"] {
            assert!(text.parse::<ZoneId>().is_err(), "{text}");
        }
    }
}
