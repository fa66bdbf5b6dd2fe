//! Putting a policy in force: read, checked, proved, shown, agreed to, put in place, signed and recorded, in this order.

use super::place::put;
use super::{lines, load};
use crate::answers::{Operator, runtime};
use ::policy::Policy;
use action::{Digest, reveal};
use anyhow::Context as _;
use home::{Config, Home};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wire::v1::PolicyInForce;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The new policy [default: the home's policy file, edited in place].
    file: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Do not insist on a proof of the claims.
    #[arg(long)]
    unproved: bool,
}

pub(super) fn command(home: &Home, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(home)?;
    let place = home.policy_file();
    let (text, policy) = load(arguments.file.as_deref().unwrap_or(&place))?;
    runtime()?.block_on(async {
        let mut operator = Operator::of(home, &config)?;
        let in_force = operator.policy().await?;
        let (from, to) = (in_force.digest.clone(), policy.digest().to_hex());
        if from == to {
            return already(&place, &in_force);
        }
        if !arguments.unproved {
            super::prove::insist(&policy)?;
        }
        say!("Policy {from} is in force; in its place would come\n       {to}:");
        for line in lines::changed(&in_force.text, &text) {
            say!("  {line}");
        }
        if let Ok(old) = Policy::load(&in_force.text) {
            for line in super::prove::compared(&old, &policy) {
                say!("{line}");
            }
        }
        if !arguments.yes && !crate::say::is_agreed("Put it in force?")? {
            say!("Nothing was changed.");
            return Ok(ExitCode::FAILURE);
        }
        let replaced = Replaced::by(&place, &text)?;
        match operator.apply_policy(&from, &text).await {
            Ok(superseded) => in_force_now(&from, &to, &superseded),
            // The answer may be lost, and not the policy.
            Err(error) => match operator.policy().await {
                Ok(now) if now.digest == to => in_force_now(&from, &to, &[]),
                Ok(_) => return Err(error.context(replaced.put_back()?)),
                Err(_) => {
                    return Err(error.context(format!(
                        "whether policy {to} is in force nobody knows; see with `moltctl policy apply`, or \
                         `moltctl policy restore`, as soon as everything is up again"
                    )));
                }
            },
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The new policy is in force: then at most its file is not.
fn already(place: &Path, in_force: &PolicyInForce) -> anyhow::Result<ExitCode> {
    if in_force.file_differs {
        put(place, in_force.text.as_bytes())
            .with_context(|| format!("cannot write `{}`", place.display()))?;
        say!("Policy {} is in force already, and now in its file again.", in_force.digest);
    } else {
        say!("Policy {} is in force already.", in_force.digest);
    }
    Ok(ExitCode::SUCCESS)
}

fn in_force_now(from: &str, to: &str, superseded: &[String]) {
    say!("In force: policy {to}\n  before: policy {from}");
    if !superseded.is_empty() {
        let names: Vec<_> = superseded.iter().map(|request| reveal(request)).collect();
        say!("No longer a question, and judged anew when asked for again: {}", names.join(", "));
    }
}

/// What was in the policy file before.
struct Replaced {
    place: PathBuf,
    before: Option<Vec<u8>>,
    is_same: bool,
}

// === impl Replaced ===

impl Replaced {
    fn by(place: &Path, text: &str) -> anyhow::Result<Self> {
        let before = std::fs::read(place).ok();
        let is_same = before.as_deref().map(Digest::of) == Some(Digest::of(text.as_bytes()));
        if !is_same {
            put(place, text.as_bytes()).with_context(|| format!("cannot write `{}`", place.display()))?;
        }
        Ok(Self { place: place.to_owned(), before, is_same })
    }

    /// Undoes it, and says how the file is now.
    fn put_back(self) -> anyhow::Result<String> {
        let Self { place, before, is_same } = self;
        if is_same {
            return Ok(format!(
                "the policy in force was not changed; as long as `{}` is another one, everything is denied: mend it, or \
                 put back the one in force with `moltctl policy restore`",
                place.display()
            ));
        }
        let cannot = || format!("cannot write `{}`; see `moltctl policy restore`", place.display());
        match before {
            Some(before) => put(&place, &before).with_context(cannot)?,
            None => std::fs::remove_file(&place).with_context(cannot)?,
        }
        Ok("the policy was not changed, and its file is as it was".to_owned())
    }
}
