//! `moltbot.toml`, from text to typed values.

mod connectors;
mod sources;
mod way_out;
mod webhooks;

pub use connectors::{Connectors, Imap, MailDelivery};
pub use sources::{Feed, Source};
pub use way_out::{Security, Server, WayOut};
pub use webhooks::Webhooks;

use crate::section::{Reading, Section};
use crate::{Home, Problem, Problems, Process};
use action::Role;
use std::path::PathBuf;
use std::time::Duration;

/// The file that a new home starts with; it states every key with its default.
pub const TEMPLATE: &str = include_str!("../moltbot.toml");

/// What the file of a machine's own home says instead: each line of [`TEMPLATE`], and what it becomes.
const OF_THE_MACHINE: [(&str, &str); 3] = [
    ("#dir = \"run\"\n", "dir = \"/run/moltbot\"\n"),
    ("#raised_by = \"moltctl\"\n", "raised_by = \"systemd\"\n"),
    ("#sandbox = \"best-effort\"\n", "sandbox = \"require\"\n"),
];

/// The longest path that a socket can be bound to, in bytes (`sun_path` without its terminating zero).
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// A configuration that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This machine's name in zone names.
    pub host: String,
    /// Where the sockets are.
    pub run_dir: PathBuf,
    /// Who raises the processes.
    pub raised_by: RaisedBy,
    /// Where content comes in.
    pub sources: Vec<Source>,
    /// The services that are reached.
    pub connectors: Connectors,
    /// Where services call us, if they do.
    pub webhooks: Option<Webhooks>,
    /// How long a request waits for the owner.
    pub approval_expiry: Duration,
    /// How long a permit lives.
    pub permit_lifetime: Duration,
    /// What a zone does when a wall cannot be put up.
    pub sandbox: SandboxRequirement,
    /// How long a process may give no sign of life before it is replaced.
    pub unresponsive_after: Duration,
    /// How often every attack is tried again inside every zone.
    pub probe_every: Duration,
    /// After so many items a reader is replaced by a fresh one.
    pub reader_items: u64,
    /// The same after so many raw bytes.
    pub reader_bytes: u64,
    /// The first of the user ids that zones run under, where the supervisor is root.
    pub first_user: u32,
}

/// Who raises the processes of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RaisedBy {
    /// `moltctl up`, all under one user.
    Moltctl,
    /// systemd, each under a user of its own.
    Systemd,
}

/// What a zone does when a wall cannot be put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxRequirement {
    /// It does not start.
    Require,
    /// It starts, and says so.
    BestEffort,
}

// === impl RaisedBy ===

impl RaisedBy {
    /// The word as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moltctl => "moltctl",
            Self::Systemd => "systemd",
        }
    }
}

// === impl SandboxRequirement ===

impl SandboxRequirement {
    /// The word as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::BestEffort => "best-effort",
        }
    }
}

// === impl Config ===

impl Config {
    /// Reads a home's configuration. Nothing is bound, made or changed.
    pub fn load(home: &Home) -> Result<Self, Problems> {
        let file = home.config_file();
        let text = Home::read(&file)?;
        let table = text.parse::<toml::Table>().map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}")).unwrap_or_default();
            Problem::new(&file, place, format!("is not TOML: {}", error.message()))
        })?;
        let reading = Reading::new(&file);
        let config = Self::read(&reading.root(table), home);
        Problems::none_or(reading.into_problems())?;
        // Without a problem there is a configuration.
        config.ok_or_else(|| Problem::new(&file, "", "cannot be understood").into())
    }

    /// The user, and group, id that a zone runs under where the supervisor is root; the owner's side keeps its own.
    pub fn user_of(&self, role: Role) -> Option<u32> {
        let nth = match role {
            Role::ReaderEmail => 0,
            Role::ReaderTelegram => 1,
            Role::ReaderSlack => 2,
            Role::Planner => 3,
            Role::Doorkeeper => 4,
            Role::ReaderSms => 5,
            Role::ControlPlane => return None,
        };
        Some(self.first_user.saturating_add(nth))
    }

    /// The roles that this home has, in the order in which they are raised: a doorkeeper only where services call us, a
    /// reader of text messages only where they are a source.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        let is_called = self.webhooks.is_some();
        let has_sms = self.sources.iter().any(|source| source.reader == Role::ReaderSms);
        Role::ALL.into_iter().filter(move |role| match role {
            Role::Doorkeeper => is_called,
            Role::ReaderSms => has_sms,
            Role::ControlPlane
            | Role::ReaderEmail
            | Role::ReaderTelegram
            | Role::ReaderSlack
            | Role::Planner => true,
        })
    }

    /// The folder in which the executor serves a process: the executor's own, and all of it that a zone sees.
    pub fn bridge_folder(&self, process: Process) -> PathBuf {
        self.run_dir.join(process.as_str())
    }

    /// The socket on which a zone finds the executor.
    pub fn bridge_socket(&self, role: Role) -> PathBuf {
        self.bridge_folder(Process::Zone(role)).join("zone-bridge.sock")
    }

    /// The folder in which a process serves the operator. It is that process's own, so that processes of different users
    /// never bind in the same folder.
    pub fn ops_folder(&self, process: Process) -> PathBuf {
        self.run_dir.join(format!("ops-{process}"))
    }

    /// The socket on which a process answers ops scripts.
    pub fn health_socket(&self, process: Process) -> PathBuf {
        self.ops_folder(process).join("health.sock")
    }

    /// The socket on which the supervisor finds the executor.
    pub fn supervisor_bridge_socket(&self) -> PathBuf {
        self.bridge_folder(Process::Supervisor).join("zone-bridge.sock")
    }

    /// The socket on which the operator's command finds the supervisor.
    pub fn zones_socket(&self) -> PathBuf {
        self.ops_folder(Process::Supervisor).join("zones.sock")
    }

    /// The socket on which the operator's command finds the control plane.
    pub fn operator_socket(&self) -> PathBuf {
        self.ops_folder(Process::Zone(Role::ControlPlane)).join("operator.sock")
    }

    fn read(root: &Section<'_, '_>, home: &Home) -> Option<Self> {
        let host = root.section("host");
        let name = host.string("name", "local");
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') || name.len() > 63
        {
            host.problem("name", format!("must be 1 to 63 letters, digits and hyphens, found {name:?}"));
        }
        host.finish();

        let run = root.section("run");
        let run_dir = home.resolve(&run.string("dir", "run"));
        let longest = run_dir.join("reader-telegram/zone-bridge.sock").as_os_str().len();
        if longest > SOCKET_PATH_LIMIT {
            let what = format!(
                "socket paths below `{}` are {longest} bytes long, the limit is {SOCKET_PATH_LIMIT}; \
                 name a shorter folder, for example dir = \"/run/user/{}/moltbot\"",
                run_dir.display(),
                rustix::process::getuid().as_raw()
            );
            run.problem("dir", what);
        }
        let raisers = [RaisedBy::Moltctl, RaisedBy::Systemd].map(|word| (word.as_str(), word));
        let raised_by = run.choice("raised_by", &raisers, RaisedBy::Moltctl);
        run.finish();

        let connectors = Connectors::read(&root.section("connectors"), home);
        let webhooks = Webhooks::read(root, connectors.as_ref());
        let section = root.section("sources");
        let sources = sources::read(&section, home, connectors.as_ref(), webhooks.is_some());
        section.finish();

        let approvals = root.section("approvals");
        let approval_expiry = seconds(&approvals, "expire_after_seconds");
        approvals.finish();
        let permits = root.section("permits");
        let permit_lifetime = seconds(&permits, "lifetime_seconds");
        permits.finish();

        let zones = root.section("zones");
        let requirements =
            [SandboxRequirement::Require, SandboxRequirement::BestEffort].map(|word| (word.as_str(), word));
        let sandbox = zones.choice("sandbox", &requirements, SandboxRequirement::BestEffort);
        let unresponsive_after = zones.number("unresponsive_after_seconds", 75, 5..=600, "seconds");
        let unresponsive_after = Duration::from_secs(unresponsive_after.unsigned_abs());
        let probe_every = zones.number("probe_every_seconds", 300, 1..=86_400, "seconds");
        let probe_every = Duration::from_secs(probe_every.unsigned_abs());
        let reader_items = zones.number("reader_items", 1000, 1..=1_000_000, "items").unsigned_abs();
        let reader_bytes =
            zones.number("reader_mebibytes", 256, 1..=65_536, "MiB").unsigned_abs() * 1024 * 1024;
        // Nobody hands out 60578 to 61183 (https://systemd.io/UIDS-GIDS/).
        let first_user = zones.number("first_user", 60_700, 1000..=2_000_000_000, "user id");
        let first_user = u32::try_from(first_user).unwrap_or(60_700);
        zones.finish();

        for key in root.unknown() {
            root.problem(
                &key,
                "is not a section; known are host, run, sources, connectors, webhooks, approvals, permits and zones",
            );
        }
        Some(Self {
            host: name,
            run_dir,
            raised_by,
            sources,
            connectors: connectors?,
            webhooks,
            approval_expiry,
            permit_lifetime,
            sandbox,
            unresponsive_after,
            probe_every,
            reader_items,
            reader_bytes,
            first_user,
        })
    }
}

/// The file that a home starts with whose processes systemd raises.
pub fn template_for_the_machine() -> String {
    OF_THE_MACHINE
        .into_iter()
        .fold(TEMPLATE.to_owned(), |text, (line, instead)| text.replacen(line, instead, 1))
}

fn seconds(section: &Section<'_, '_>, key: &'static str) -> Duration {
    // 300 s is the design's limit for both; a longer one would outlive what the owner remembers.
    Duration::from_secs(section.number(key, 300, 1..=300, "seconds").unsigned_abs())
}
