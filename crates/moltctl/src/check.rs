//! Reading a home before anything is started: every problem in every file, in one message.

use home::{Config, Home, Problem, Problems};
use planner::rules::Rules;
use policy::Policy;
use std::path::Path;

/// The configuration of a home in which nothing is wrong.
pub(crate) fn check(home: &Home) -> Result<Config, Problems> {
    let mut problems = Vec::new();
    let config = Config::load(home).map_err(|found| problems.extend(found.into_vec())).ok();
    let mut keep = |checked: Result<(), Problems>| {
        problems.extend(checked.err().map(Problems::into_vec).unwrap_or_default())
    };
    keep(check_policy(&home.policy_file()));
    keep(check_rules(&home.rules_file()));
    keep(check_keys(home));
    if let Some(config) = &config {
        keep(check_folders(home, config));
    }
    Problems::none_or(problems)?;
    config.ok_or_else(|| Problem::new(home.config_file(), "", "cannot be used").into())
}

fn check_policy(file: &Path) -> Result<(), Problems> {
    let loaded = Policy::load(&Home::read(file)?);
    loaded.map(drop).map_err(|found| Problems::of_file(file, found.into_iter().map(|p| (p.place(), p.what))))
}

fn check_rules(file: &Path) -> Result<(), Problems> {
    let loaded = Rules::load(&Home::read(file)?);
    loaded.map(drop).map_err(|found| Problems::of_file(file, found.into_iter().map(|p| (p.place, p.what))))
}

fn check_keys(home: &Home) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for file in [home.age_key_file(), home.approval_key_file(), home.approval_public_key_file()] {
        if let Err(error) = std::fs::metadata(&file) {
            problems.push(Problem::new(
                file,
                "",
                format!("cannot be used ({error}); restore it with `moltctl init`"),
            ));
        }
    }
    if let Err(problem) = crate::secrets::load_age_key(home, &home.age_key_file())
        && problems.is_empty()
    {
        problems.push(Problem::new(home.age_key_file(), "", problem.to_string()));
    }
    Problems::none_or(problems)
}

/// Folders below the home are made; others must be there, because a new one would be a mistyped one.
fn check_folders(home: &Home, config: &Config) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for (key, maildir) in maildirs(config) {
        for folder in ["tmp", "new", "cur"].map(|part| maildir.join(part)) {
            if folder.is_dir() {
                continue;
            }
            let made = if maildir.starts_with(home.path()) {
                make_private(&folder)
            } else {
                Err(std::io::ErrorKind::NotFound.into())
            };
            if let Err(error) = made {
                let what = format!(
                    "`{}` is not a Maildir: `{}`: {error}; make it, or name another",
                    maildir.display(),
                    folder.display()
                );
                problems.push(Problem::new(home.config_file(), key.clone(), what));
                break;
            }
        }
    }
    Problems::none_or(problems)
}

fn maildirs(config: &Config) -> Vec<(String, std::path::PathBuf)> {
    let sources = config
        .sources
        .iter()
        .filter_map(|source| Some((format!("sources.{}.maildir", source.name), source.maildir.clone()?)));
    let outbox =
        config.connectors.outbox().map(|folder| ("connectors.mail.maildir".to_owned(), folder.clone()));
    sources.chain(outbox).collect()
}

/// A folder, and those above it, for nobody else.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
