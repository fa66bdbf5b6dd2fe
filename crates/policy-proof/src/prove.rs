//! Claims, proved or refuted.

use crate::model::{Model, Question, about};
use crate::witness::{Decided, Witness};
use crate::world::telling;
use crate::{NoAnswer, Prover};
use action::ActionName;
use policy::{Claim, Claims, Kind, Policy, Rule};
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of a claim.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The claim's name.
    pub name: String,
    /// Whether it is true.
    pub verdict: Verdict,
    /// How long each solver was at it.
    pub spent: Vec<(String, Duration)>,
}

/// Whether a claim is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Of every request, as every solver says.
    Proved,
    /// Not of this one: a sentence.
    Fails(String),
    /// Nobody knows, and why.
    Unknown(String),
}

/// The claim that every policy is held to, whatever its owner claims.
const NO_RULE_ERRS: &str = "no rule errs";

/// What is asked about a claim, and what would be said of a request for which it is not true.
struct Case<'p> {
    policy: &'p Policy,
    model: Model,
}

/// Whether there is a request for which something is not so.
enum Refuted<'r> {
    No,
    /// This one.
    By(Witness<'r>),
    /// There is one, and no solver can show it.
    Unseen,
}

// === impl Prover ===

impl Prover {
    /// Proves these claims of a policy, and that none of its rules errs.
    pub async fn prove(&mut self, policy: &Policy, claims: &Claims) -> Vec<Proof> {
        let named = policy.rules().iter().chain(claims.iter().map(|claim| &claim.describes));
        let case = match Model::of(named) {
            Ok(model) => Case { policy, model },
            Err(why) => {
                let verdict = Verdict::Unknown(why.to_string());
                let proof = |claim: &Claim| Proof {
                    name: claim.name.clone(),
                    verdict: verdict.clone(),
                    spent: vec![],
                };
                return claims.iter().map(proof).collect();
            }
        };
        self.take_spent();
        let errs = case.errs(self).await;
        let no_rule_errs = Proof {
            name: NO_RULE_ERRS.to_owned(),
            verdict: errs
                .values()
                .find(|verdict| **verdict != Verdict::Proved)
                .cloned()
                .unwrap_or(Verdict::Proved),
            spent: self.take_spent(),
        };
        let mut proofs = Vec::new();
        for claim in claims.iter() {
            let verdict = match case.claim(self, claim, &errs).await {
                Ok(verdict) => verdict,
                Err(why) => Verdict::Unknown(why.to_string()),
            };
            proofs.push(Proof { name: claim.name.clone(), verdict, spent: self.take_spent() });
        }
        proofs.push(no_rule_errs);
        proofs
    }
}

fn unseen(action: ActionName) -> Verdict {
    Verdict::Fails(format!(
        "not of every {action}; none of the solvers here can show for which (a newer z3, or cvc5, could)"
    ))
}

// === impl Case ===

impl Case<'_> {
    /// Whether some rule errs, for each action.
    async fn errs(&self, prover: &mut Prover) -> BTreeMap<ActionName, Verdict> {
        let mut found = BTreeMap::new();
        for action in ActionName::ALL {
            let verdict = match self.errs_at(prover, action).await {
                Ok(verdict) => verdict,
                Err(why) => Verdict::Unknown(why.to_string()),
            };
            found.insert(action, verdict);
        }
        found
    }

    async fn errs_at(&self, prover: &mut Prover, action: ActionName) -> Result<Verdict, NoAnswer> {
        for rule in about(self.policy.rules(), action) {
            let ask = |world: &str| {
                Ok(Question::NeverErrs(self.model.rule(action, &self.model.within(rule, world)?)?))
            };
            let witness = match self.refuted(prover, action, &ask).await? {
                Refuted::No => continue,
                Refuted::Unseen => return Ok(unseen(action)),
                Refuted::By(witness) => witness,
            };
            return match witness.decided() {
                Decided::Erred(_) => Ok(Verdict::Fails(witness.sentence("asks for", &[rule]))),
                other @ (Decided::Permitted(_) | Decided::Forbidden(_) | Decided::Refused) => {
                    Err(NoAnswer::NotACounterexample(format!("{other:?}")))
                }
            };
        }
        Ok(Verdict::Proved)
    }

    async fn claim(
        &self,
        prover: &mut Prover,
        claim: &Claim,
        errs: &BTreeMap<ActionName, Verdict>,
    ) -> Result<Verdict, NoAnswer> {
        let mut describes_something = false;
        for action in ActionName::ALL {
            if about(std::slice::from_ref(&claim.describes), action).next().is_none() {
                continue;
            }
            let described =
                |world: &str| self.model.set(action, [self.model.within(&claim.describes, world)?]);
            let everything = Question::AlwaysDenies(described(&self.model.world(action, None))?);
            if prover.holds(&everything).await? {
                continue;
            }
            describes_something = true;
            let rules = || about(self.policy.rules(), action).map(|rule| rule.cedar().clone());
            let ask = |world: &str| {
                let (described, rules) = (described(world)?, self.model.set(action, rules())?);
                Ok(match claim.kind {
                    Kind::Never => Question::Disjoint(described, rules),
                    Kind::Always => Question::Implies(described, rules),
                })
            };
            let refuted = self.refuted(prover, action, &ask).await?;
            if let Refuted::Unseen = refuted {
                return Ok(unseen(action));
            }
            if let Refuted::By(witness) = refuted {
                return match (claim.kind, witness.decided()) {
                    (Kind::Never, Decided::Permitted(_)) => {
                        Ok(Verdict::Fails(witness.sentence("may", &[&claim.describes])))
                    }
                    (Kind::Always, Decided::Refused | Decided::Forbidden(_)) => {
                        Ok(Verdict::Fails(witness.sentence("may not", &[&claim.describes])))
                    }
                    (_, other) => Err(NoAnswer::NotACounterexample(format!("{other:?}"))),
                };
            }
            // Cedar leaves out a rule that errs; Zone 1 refuses.
            match (claim.kind, errs.get(&action)) {
                (Kind::Never, _) | (Kind::Always, Some(Verdict::Proved)) => {}
                (Kind::Always, _) => {
                    return Ok(Verdict::Unknown(format!(
                        "a rule about {action} may err, and what errs is refused (see `{NO_RULE_ERRS}`)"
                    )));
                }
            }
        }
        Ok(if describes_something {
            Verdict::Proved
        } else {
            Verdict::Fails("it describes no request that there can be: mend the claim".to_owned())
        })
    }

    /// Whether something is not so for a request; then the one that reads best. `ask` puts the question in a world.
    async fn refuted(
        &self,
        prover: &mut Prover,
        action: ActionName,
        ask: &dyn Fn(&str) -> Result<Question, NoAnswer>,
    ) -> Result<Refuted<'_>, NoAnswer> {
        let question = ask(&self.model.world(action, None))?;
        if prover.holds(&question).await? {
            return Ok(Refuted::No);
        }
        let Some(env) = prover.counterexample(&question).await else { return Ok(Refuted::Unseen) };
        let rules: Vec<&Rule> = about(self.policy.rules(), action).collect();
        let first = Witness::new(&env, action, rules.clone())?;
        for words in telling(action, first.role()) {
            let question = ask(&self.model.world(action, Some(&words)))?;
            if let Some(env) = prover.counterexample(&question).await {
                return Witness::new(&env, action, rules).map(Refuted::By);
            }
        }
        Ok(Refuted::By(first))
    }
}
