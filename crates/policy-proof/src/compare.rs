//! What two policies allow, beside each other.

use crate::model::{Model, Question, about};
use crate::witness::Witness;
use crate::world::telling;
use crate::{NoAnswer, Prover};
use action::ActionName;
use policy::Policy;

/// How a new policy stands to an old one, for one action.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The action.
    pub action: ActionName,
    /// What is allowed of it now.
    pub now: Result<Permissive, String>,
}

/// What a new policy allows beside an old one; each difference with a request that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permissive {
    /// The same requests.
    Same,
    /// Everything as before, and this.
    More(String),
    /// Nothing new, and not this.
    Less(String),
    /// Something new, and something no longer.
    Other {
        /// What is new.
        more: String,
        /// What is no longer.
        less: String,
    },
}

// === impl Prover ===

impl Prover {
    /// What a new policy allows beside an old one. A request that is allowed with approval only is another request than the
    /// same without.
    pub async fn compare(&mut self, old: &Policy, new: &Policy) -> Result<Vec<Compared>, NoAnswer> {
        let model = Model::of(old.rules().iter().chain(new.rules()))?;
        let mut compared = Vec::new();
        for action in ActionName::ALL {
            let more = self.only_in(&model, action, new, old).await;
            let less = self.only_in(&model, action, old, new).await;
            let now = match (more, less) {
                (Ok(None), Ok(None)) => Ok(Permissive::Same),
                (Ok(Some(more)), Ok(None)) => Ok(Permissive::More(more)),
                (Ok(None), Ok(Some(less))) => Ok(Permissive::Less(less)),
                (Ok(Some(more)), Ok(Some(less))) => Ok(Permissive::Other { more, less }),
                (Err(why), _) | (_, Err(why)) => Err(why.to_string()),
            };
            compared.push(Compared { action, now });
        }
        Ok(compared)
    }

    /// A request that one policy allows and the other does not.
    async fn only_in(
        &mut self,
        model: &Model,
        action: ActionName,
        one: &Policy,
        other: &Policy,
    ) -> Result<Option<String>, NoAnswer> {
        let ask = |and: Option<&str>| {
            let world = model.world(action, and);
            // What forbids must be in the world of what it forbids, so the world is a rule of its own that forbids the rest.
            let outside = cedar_policy::Policy::parse(
                Some(cedar_policy::PolicyId::new("outside the world")),
                format!("forbid (principal, action, resource) unless {{ {world} }};"),
            );
            let outside = outside.map_err(|error| crate::model::cannot(&error))?;
            let rules = |policy: &Policy| {
                about(policy.rules(), action).map(|rule| rule.cedar().clone()).collect::<Vec<_>>()
            };
            let allowed = model.set(action, rules(one).into_iter().chain([outside]))?;
            Ok::<_, NoAnswer>(Question::Implies(allowed, model.set(action, rules(other))?))
        };
        let question = ask(None)?;
        if self.holds(&question).await? {
            return Ok(None);
        }
        let Some(env) = self.counterexample(&question).await else {
            return Ok(Some("no solver here can show a request".to_owned()));
        };
        let witness =
            |env: &cedar_policy_symcc::Env| Witness::new(env, action, about(one.rules(), action).collect());
        let first = witness(&env)?;
        for words in telling(action, first.role()) {
            if let Some(env) = self.counterexample(&ask(Some(&words))?).await {
                return Ok(Some(witness(&env)?.sentence("may", &[])));
            }
        }
        Ok(Some(first.sentence("may", &[])))
    }
}
