//! What is claimed of a policy, to be proved: a file of rules that describe requests, under a name and a sign.

use crate::load::{self, Annotations};
use crate::{Problem, Rule};

/// The claims of one file, every one of them valid under the schema.
#[derive(Clone, Debug)]
pub struct Claims(Vec<Claim>);

/// Something that a policy does to every request that a rule describes.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What the owner calls it: a sentence.
    pub name: String,
    /// What it says of the requests.
    pub kind: Kind,
    /// The rule that describes them.
    pub describes: Rule,
}

/// What a claim says of the requests that it describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None of them is allowed.
    Never,
    /// Every one of them is allowed.
    Always,
}

// === impl Claims ===

impl Claims {
    /// Reads a file of claims; every problem in it is returned.
    pub fn load(text: &str) -> Result<Self, Vec<Problem>> {
        let (rules, _warnings) = load::rules(text, Annotations::OfClaims)?;
        let claims: Vec<_> = rules.into_iter().map(Claim::of).collect();
        let problems: Vec<_> = claims.iter().filter_map(|claim| claim.as_ref().err().cloned()).collect();
        if problems.is_empty() { Ok(Self(claims.into_iter().flatten().collect())) } else { Err(problems) }
    }

    /// The claims, in the order in which they stand.
    pub fn iter(&self) -> std::slice::Iter<'_, Claim> {
        self.0.iter()
    }
}

// === impl Claim ===

impl Claim {
    fn of(rule: Rule) -> Result<Self, Problem> {
        let line = Some(rule.line());
        let problem = |what: &str| Problem { line, what: what.to_owned() };
        if rule.forbids() {
            return Err(problem(
                "a claim describes requests with `permit`; what it says of them is @never or @always",
            ));
        }
        let said = |key| rule.cedar().annotation(key).map(ToOwned::to_owned);
        let (name, kind) = match (said("never"), said("always")) {
            (Some(name), None) => (name, Kind::Never),
            (None, Some(name)) => (name, Kind::Always),
            (None, None) | (Some(_), Some(_)) => {
                return Err(problem("a claim has a name, in either @never(\"…\") or @always(\"…\")"));
            }
        };
        if name.trim().is_empty() {
            return Err(problem("a claim has a name: @never(\"no reader may call anything\")"));
        }
        Ok(Self { name, kind, describes: rule })
    }
}
