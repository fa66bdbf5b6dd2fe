//! What the control plane reads before it binds anything.

use capability::ApprovalKey;
use home::{Config, Home, Problem, Problems};

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
    ApprovalKey::from_text(&Home::read_private(&file)?)
        .map_err(|error| Problem::new(&file, "", error.to_string()))
}
