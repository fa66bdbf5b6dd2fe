//! Which program is which process, and with which words it is started.

use action::Role;
use home::{Config, Home, Process};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder that holds the programs of one version.
#[derive(Clone, Debug)]
pub struct Programs(PathBuf);

/// Programs that are not where they should be.
#[derive(Debug, thiserror::Error)]
#[error("the folder `{}` has no {}; build or install all programs of one version into one folder", folder.display(), missing.join(", "))]
pub struct MissingPrograms {
    folder: PathBuf,
    missing: Vec<&'static str>,
}

/// One process to start.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

const EXECUTOR: &str = "moltbot-executor";
const CONTROL_PLANE: &str = "moltbot-control-plane";
const PLANNER: &str = "moltbot-planner";
const READER: &str = "moltbot-reader";
const DOORKEEPER: &str = "moltbot-doorkeeper";

// === impl Programs ===

impl Programs {
    /// The programs beside this one.
    pub fn beside(program: &Path) -> Result<Self, MissingPrograms> {
        let folder = program.parent().unwrap_or(Path::new("/")).to_owned();
        let missing: Vec<_> = [EXECUTOR, CONTROL_PLANE, PLANNER, READER, DOORKEEPER]
            .into_iter()
            .filter(|program| !folder.join(program).is_file())
            .collect();
        if missing.is_empty() { Ok(Self(folder)) } else { Err(MissingPrograms { folder, missing }) }
    }

    /// A zone is told its sockets and what it needs, and nothing of the home; the executor and the control plane are told
    /// the home.
    pub(crate) fn command_line(&self, process: Process, home: &Home, config: &Config) -> Option<CommandLine> {
        let parent = [OsString::from("--parent"), std::process::id().to_string().into()];
        let of_home = || vec![OsString::from("--home"), home.path().into()];
        let of_zone = |role: Role| -> Vec<OsString> {
            let mut arguments = vec![
                "--socket".into(),
                config.bridge_socket(role).into(),
                "--health".into(),
                config.health_socket(process).into(),
                "--sandbox".into(),
                config.sandbox.as_str().into(),
            ];
            // Only root can make somebody else of a zone.
            if rustix::process::geteuid().is_root()
                && let Some(user) = config.user_of(role)
            {
                arguments.extend(["--user".into(), format!("{user}:{user}").into()]);
            }
            arguments
        };
        let reader = |role, source: &str| {
            let mut arguments = of_zone(role);
            arguments.extend(["--source".into(), source.into()]);
            arguments.extend(["--items".into(), config.reader_items.to_string().into()]);
            arguments.extend(["--bytes".into(), config.reader_bytes.to_string().into()]);
            (READER, arguments)
        };
        let (program, mut arguments) = match process {
            Process::Supervisor => return None,
            Process::Executor => (EXECUTOR, of_home()),
            Process::Zone(Role::ControlPlane) => (CONTROL_PLANE, of_home()),
            Process::Zone(role @ Role::Planner) => {
                let mut arguments = of_zone(role);
                arguments.extend(["--rules".into(), home.rules_file().into()]);
                (PLANNER, arguments)
            }
            Process::Zone(role @ Role::ReaderEmail) => reader(role, "email"),
            Process::Zone(role @ Role::ReaderTelegram) => reader(role, "telegram"),
            Process::Zone(role @ Role::ReaderSlack) => reader(role, "slack"),
            Process::Zone(role @ Role::ReaderSms) => reader(role, "sms"),
            Process::Zone(role @ Role::Doorkeeper) => {
                let mut arguments = of_zone(role);
                arguments.extend(["--listen".into(), config.webhooks.as_ref()?.listen.to_string().into()]);
                (DOORKEEPER, arguments)
            }
        };
        arguments.extend(parent);
        Some(CommandLine { program: self.0.join(program), arguments })
    }
}
