//! Rules that cannot matter, by proof.

use crate::answered::answered;
use crate::model::{Model, Question, about, actions_of};
use crate::{NoAnswer, Prover};
use policy::{Policy, Problem, Rule};

/// What was found, and what could not be looked at.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Rules that cannot matter, in the order of lines.
    pub found: Vec<Problem>,
    /// What was not checked, and why.
    pub unchecked: Vec<String>,
}

/// Rules are compared in pairs; beyond so many pairs they are not.
const PAIRS: usize = 600;

// === impl Prover ===

impl Prover {
    /// Rules that never hold, permit nothing because of others, add nothing to others, or never ask.
    pub async fn findings(&mut self, policy: &Policy) -> Findings {
        let mut findings = Findings::default();
        let model = match Model::of(policy.rules().iter()) {
            Ok(model) => model,
            Err(why) => {
                findings.unchecked.push(why.to_string());
                return findings;
            }
        };
        let mut pairs = 0;
        let mut too_many = false;
        for rule in policy.rules() {
            // What its scope alone tells has been said without a proof.
            if actions_of(rule).next().is_none() {
                continue;
            }
            match self.about(&model, policy, rule, &mut pairs).await {
                Ok(Some(what)) => findings.found.push(rule.problem(&what)),
                Ok(None) => {}
                Err(NoAnswer::CannotAsk(why)) if why == TOO_MANY => too_many = true,
                Err(why) => findings.unchecked.push(format!("rule `{}`: {why}", rule.name())),
            }
        }
        if too_many {
            findings
                .unchecked
                .push(format!("more than {PAIRS} pairs of rules were not compared with each other"));
        }
        findings
    }

    async fn about(
        &mut self,
        model: &Model,
        policy: &Policy,
        rule: &Rule,
        pairs: &mut usize,
    ) -> Result<Option<String>, NoAnswer> {
        if self.never_holds(model, rule).await? {
            return Ok(Some(
                "can never hold: its conditions are true of no request that there can be".to_owned(),
            ));
        }
        if rule.forbids() {
            return Ok(None);
        }
        if self.forbidden(model, rule, policy.rules().iter().filter(|other| other.forbids())).await? {
            for other in policy.rules().iter().filter(|other| other.forbids()) {
                if self.forbidden(model, rule, std::iter::once(other)).await? {
                    let what = format!(
                        "never permits anything: rule `{}` on line {} forbids whatever it permits",
                        other.name(),
                        other.line()
                    );
                    return Ok(Some(what));
                }
            }
            return Ok(Some("never permits anything: the rules that forbid leave nothing of it".to_owned()));
        }
        if let Some(by) = self.never_asks(model, policy, rule).await? {
            return Ok(Some(by));
        }
        let same_terms = |other: &&Rule| {
            !other.forbids()
                && other.name() != rule.name()
                && (other.limit(), other.risk()) == (rule.limit(), rule.risk())
                && actions_of(rule).all(|action| about(std::slice::from_ref(*other), action).next().is_some())
        };
        for other in policy.rules().iter().filter(same_terms) {
            *pairs += 1;
            if *pairs > PAIRS {
                return Err(NoAnswer::CannotAsk(TOO_MANY.to_owned()));
            }
            // Of two that permit the same, the later one is found.
            let mutual = other.line() > rule.line();
            if self.covers(model, rule, other).await? && !(mutual && self.covers(model, other, rule).await?) {
                let what = format!(
                    "adds nothing: rule `{}` on line {} permits whatever it permits, under the same terms",
                    other.name(),
                    other.line()
                );
                return Ok(Some(what));
            }
        }
        Ok(None)
    }

    async fn never_holds(&mut self, model: &Model, rule: &Rule) -> Result<bool, NoAnswer> {
        for action in actions_of(rule) {
            let within = model.within(rule, &model.world(action, None))?;
            if !self.holds(&Question::NeverHolds(model.rule(action, &within)?)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether these forbid whatever the rule permits.
    async fn forbidden<'r>(
        &mut self,
        model: &Model,
        rule: &Rule,
        forbidding: impl Iterator<Item = &'r Rule>,
    ) -> Result<bool, NoAnswer> {
        let forbidding: Vec<_> = forbidding.map(|other| other.cedar().clone()).collect();
        if forbidding.is_empty() {
            return Ok(false);
        }
        for action in actions_of(rule) {
            let within = model.within(rule, &model.world(action, None))?;
            let set = model.set(action, forbidding.iter().cloned().chain([within]))?;
            if !self.holds(&Question::AlwaysDenies(set)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether another rule permits whatever this one permits.
    async fn covers(&mut self, model: &Model, rule: &Rule, other: &Rule) -> Result<bool, NoAnswer> {
        for action in actions_of(rule) {
            let within = model.set(action, [model.within(rule, &model.world(action, None))?])?;
            let question = Question::Implies(within, model.set(action, [other.cedar().clone()])?);
            if !self.holds(&question).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A rule that wants a yes, although whatever it wants one for is allowed without.
    async fn never_asks(
        &mut self,
        model: &Model,
        policy: &Policy,
        rule: &Rule,
    ) -> Result<Option<String>, NoAnswer> {
        let speaks = |rule: &Rule| rule.facts().map(|facts| facts.contains("approved"));
        // Of a rule that speaks of the context as a whole, the answer cannot be taken out.
        if speaks(rule) != Some(true) || policy.rules().iter().any(|rule| speaks(rule).is_none()) {
            return Ok(None);
        }
        for action in actions_of(rule) {
            let asking = answered(&model.within(rule, &model.world(action, None))?, true)?;
            let unasked = about(policy.rules(), action).map(|rule| answered(rule.cedar(), false));
            let unasked = model.set(action, unasked.collect::<Result<Vec<_>, _>>()?)?;
            if !self.holds(&Question::Implies(model.set(action, [asking])?, unasked)).await? {
                return Ok(None);
            }
        }
        Ok(Some("never asks: whatever it wants approval for is allowed without".to_owned()))
    }
}

const TOO_MANY: &str = "too many pairs";
