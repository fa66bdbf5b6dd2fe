//! Proving what is claimed of a policy.

use super::{load, meant};
use action::reveal;
use anyhow::bail;
use home::{Home, Problems};
use policy::{CLAIMS, Claims, Policy};
use policy_proof::{Compared, INSTALL, Permissive, Proof, Prover, Solvers, Verdict, in_room};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How long a solver may take for one question, unless the owner says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The policy [default: the home's].
    file: Option<PathBuf>,
    /// What is claimed of it [default: what is shipped with this program].
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// How long a solver may take for one question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn command(home: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (_text, policy) = load(&meant(home, arguments.file.as_ref())?)?;
    let claims = match &arguments.claims {
        Some(file) => claims_of(file)?,
        None => shipped()?,
    };
    let proofs = proofs(&policy, &claims, Duration::from_secs(arguments.timeout))?;
    if arguments.json {
        say!("{}", json!({ "claims": proofs.iter().map(as_json).collect::<Vec<_>>() }));
    } else {
        for proof in &proofs {
            for line in lines(proof) {
                say!("{line}");
            }
        }
    }
    let is = |verdict: fn(&Verdict) -> bool| proofs.iter().any(|proof| verdict(&proof.verdict));
    Ok(if is(|verdict| matches!(verdict, Verdict::Fails(_))) {
        ExitCode::FAILURE
    } else if is(|verdict| matches!(verdict, Verdict::Unknown(_))) {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

/// That every shipped claim is true of a policy; what is not, else.
pub(super) fn insist(policy: &Policy) -> anyhow::Result<()> {
    let proofs = proofs(policy, &shipped()?, PATIENCE)?;
    let open: Vec<_> =
        proofs.iter().filter(|proof| proof.verdict != Verdict::Proved).flat_map(lines).collect();
    if !open.is_empty() {
        bail!(
            "what is claimed of every policy is not proved of this one (put it in force all the same with --unproved):\n{}",
            open.join("\n")
        );
    }
    Ok(())
}

fn shipped() -> Result<Claims, Problems> {
    Claims::load(CLAIMS).map_err(|found| {
        Problems::of_file(Path::new("claims.cedar"), found.into_iter().map(|p| (p.place(), p.what)))
    })
}

fn claims_of(file: &Path) -> Result<Claims, Problems> {
    Claims::load(&Home::read(file)?)
        .map_err(|found| Problems::of_file(file, found.into_iter().map(|p| (p.place(), p.what))))
}

fn proofs(policy: &Policy, claims: &Claims, patience: Duration) -> anyhow::Result<Vec<Proof>> {
    in_room(async || {
        let Solvers { good, refused } = Solvers::find(patience).await;
        for (solver, why) in refused {
            eprintln!("moltctl: {solver} is not used: {}", reveal(&why));
        }
        if good.is_empty() {
            bail!("nothing can be proved without a solver; {INSTALL}");
        }
        Ok(Prover::new(good, patience).prove(policy, claims).await)
    })?
}

/// What a new policy allows of each action beside an old one, as far as solvers can tell; nothing where it is the same.
pub(super) fn compared(old: &Policy, new: &Policy) -> Vec<String> {
    let compared = in_room(async || {
        let solvers = Solvers::find(PATIENCE).await;
        if solvers.good.is_empty() {
            return Err(format!("what more or less it allows is not known; {INSTALL}"));
        }
        Prover::new(solvers.good, PATIENCE).compare(old, new).await.map_err(|why| why.to_string())
    });
    let compared = match compared {
        Ok(Ok(compared)) => compared,
        Ok(Err(why)) => return vec![why],
        Err(error) => return vec![error.to_string()],
    };
    let told = |one: Compared| {
        let action = one.action;
        match one.now {
            Ok(Permissive::Same) => Vec::new(),
            Ok(Permissive::More(more)) => vec![format!("{action}: more is allowed: {more}")],
            Ok(Permissive::Less(less)) => vec![format!("{action}: less is allowed; no longer: {less}")],
            Ok(Permissive::Other { more, less }) => {
                vec![format!("{action}: newly allowed: {more}"), format!("{action}: no longer: {less}")]
            }
            Err(why) => vec![format!("{action}: {why}")],
        }
    };
    compared.into_iter().flat_map(told).collect()
}

fn lines(proof: &Proof) -> Vec<String> {
    let by: Vec<_> =
        proof.spent.iter().map(|(solver, spent)| format!("{solver} {:.2} s", spent.as_secs_f64())).collect();
    let name = reveal(&proof.name);
    match &proof.verdict {
        Verdict::Proved => vec![format!("PROVED   {name} ({})", by.join(", "))],
        Verdict::Fails(why) => vec![format!("FAILS    {name}"), format!("         {why}")],
        Verdict::Unknown(why) => vec![format!("UNKNOWN  {name}"), format!("         {why}")],
    }
}

fn as_json(proof: &Proof) -> serde_json::Value {
    let (verdict, why) = match &proof.verdict {
        Verdict::Proved => ("proved", None),
        Verdict::Fails(why) => ("fails", Some(why)),
        Verdict::Unknown(why) => ("unknown", Some(why)),
    };
    let seconds: serde_json::Map<_, _> =
        proof.spent.iter().map(|(solver, spent)| (solver.clone(), json!(spent.as_secs_f64()))).collect();
    json!({ "claim": proof.name, "verdict": verdict, "why": why, "seconds": seconds })
}
