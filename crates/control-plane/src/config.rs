//! What the control plane reads before it binds anything.

use capability::ApprovalKey;
use home::{Config, Home, Problem, Problems};
use std::os::unix::fs::MetadataExt as _;

/// Everything that comes from files.
#[derive(Debug)]
pub struct Settings {
    /// The home's configuration.
    pub config: Config,
    /// The key that signs the owner's answers.
    pub key: ApprovalKey,
}

// === impl Settings ===

impl Settings {
    /// Reads them; every problem is named at once.
    pub fn load(home: &Home) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let config = Config::load(home).map_err(|found| problems.extend(found.into_vec()));
        let key = load_key(home).map_err(|problem| problems.push(problem));
        match (config, key) {
            (Ok(config), Ok(key)) => Ok(Self { config, key }),
            _ => Err(Problems::none_or(problems)
                .err()
                .unwrap_or_else(|| Problem::new(home.config_file(), "", "cannot be understood").into())),
        }
    }
}

/// A key that others could read is no key: whoever has it can say yes for the owner.
fn load_key(home: &Home) -> Result<ApprovalKey, Problem> {
    let file = home.approval_key_file();
    let problem = |what: String| Problem::new(&file, "", what);
    let metadata = std::fs::symlink_metadata(&file)
        .map_err(|error| problem(format!("cannot be read ({error}); restore it with `moltctl init`")))?;
    if !metadata.is_file() {
        return Err(problem("is not a regular file".to_owned()));
    }
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(problem(format!(
            "can be used by others (mode {mode:o}); mend it with `chmod 600 {}`",
            file.display()
        )));
    }
    let text = std::fs::read_to_string(&file).map_err(|error| problem(error.to_string()))?;
    ApprovalKey::from_text(&text).map_err(|error| problem(error.to_string()))
}
