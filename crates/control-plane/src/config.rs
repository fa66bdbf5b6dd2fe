//! What the control plane reads before it binds anything.

use audit_log::{HeadKey, HeadKeyProblem, HeadVerifier, Signer};
use capability::ApprovalKey;
use home::{Config, Home, Problem, Problems, WITNESS_ORIGIN};

/// Everything that comes from files.
#[derive(Debug)]
pub struct Settings {
    /// The home's configuration.
    pub config: Config,
    /// The key that signs the owner's answers.
    pub key: ApprovalKey,
    /// Signs the heads of what the witness wrote down.
    pub witness: Signer,
    /// Verifies the heads of the executor's record.
    pub record: HeadVerifier,
}

// === impl Settings ===

impl Settings {
    /// Reads them; every problem is named at once.
    pub fn load(home: &Home) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let config = Config::load(home).map_err(|found| problems.extend(found.into_vec()));
        let key = load_key(home).map_err(|problem| problems.push(problem));
        let witness = load_witness_key(home).map_err(|problem| problems.push(problem));
        let record = load_record_key(home).map_err(|problem| problems.push(problem));
        match (config, key, witness, record) {
            (Ok(config), Ok(key), Ok(witness), Ok(record)) => Ok(Self { config, key, witness, record }),
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

fn load_witness_key(home: &Home) -> Result<Signer, Problem> {
    let file = home.witness_key_file();
    let problem = |problem: HeadKeyProblem| Problem::new(&file, "", problem.to_string());
    let key = HeadKey::from_text(&Home::read_private(&file)?).map_err(problem)?;
    Ok(Signer { origin: WITNESS_ORIGIN.parse().map_err(problem)?, key })
}

fn load_record_key(home: &Home) -> Result<HeadVerifier, Problem> {
    let file = home.record_public_key_file();
    let problem = |problem: HeadKeyProblem| Problem::new(&file, "", problem.to_string());
    Home::read(&file)?.trim().parse().map_err(problem)
}
