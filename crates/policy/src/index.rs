//! Which rules are evaluated for a request: only those that can matter.
//!
//! Leaving a rule out changes nothing, because it is left out only where it is false and cannot err: its scope is about
//! another action, role or connector, or a literal that it needs does not occur in the request (`condition.rs`). Rules that say
//! the same under different names are evaluated once. A test compares all of this with Cedar over the whole file.

use crate::condition::{Need, Needed, needs};
use crate::{RateLimit, Risk, Rule};
use action::{ActionName, Role};
use cedar_policy::{PolicyId, PolicySet, PolicySetError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The rules of a policy, by what they are about.
#[derive(Debug)]
pub(crate) struct Index {
    slices: BTreeMap<(ActionName, Role), Arc<Slice>>,
}

/// The rules about one action by one role.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    groups: Vec<Group>,
    /// Those of which nothing is known.
    always: Option<PolicySet>,
    /// Those that can hold only where this literal occurs.
    by_literal: HashMap<Needed, PolicySet>,
    /// The facts that some rule speaks of; `None` where one speaks of them as a whole.
    facts: Option<BTreeSet<String>>,
}

/// Rules that say the same. Their place in the slice is the id under which Cedar knows them.
#[derive(Debug)]
pub(crate) struct Group {
    /// Their names, sorted.
    pub(crate) names: Arc<[String]>,
    /// The strictest limit that one of them sets.
    pub(crate) limit: Option<RateLimit>,
    /// The highest risk that one of them names.
    pub(crate) risk: Option<Risk>,
}

// === impl Index ===

impl Index {
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, Box<PolicySetError>> {
        // Many pairs of action and role have the same rules; they share a slice.
        let mut made: BTreeMap<Vec<usize>, Arc<Slice>> = BTreeMap::new();
        let mut slices = BTreeMap::new();
        for action in ActionName::ALL {
            for role in Role::ALL {
                let about = |rule: &&Rule| rule.concerns(action, role);
                let places =
                    (0..).zip(rules).filter(|(_, rule)| about(rule)).map(|(place, _)| place).collect();
                let slice = match made.get(&places) {
                    Some(slice) => Arc::clone(slice),
                    None => {
                        let slice = Arc::new(Slice::new(rules.iter().filter(about))?);
                        made.insert(places, Arc::clone(&slice));
                        slice
                    }
                };
                slices.insert((action, role), slice);
            }
        }
        Ok(Self { slices })
    }

    pub(crate) fn about(&self, action: ActionName, role: Role) -> Option<&Slice> {
        self.slices.get(&(action, role)).map(AsRef::as_ref)
    }
}

// === impl Slice ===

impl Slice {
    fn new<'r>(rules: impl Iterator<Item = &'r Rule>) -> Result<Self, Box<PolicySetError>> {
        let mut slice = Self { facts: Some(BTreeSet::new()), ..Self::default() };
        let mut said: HashMap<String, usize> = HashMap::new();
        let mut same: Vec<Vec<&Rule>> = Vec::new();
        let mut waiting: Vec<(cedar_policy::Policy, Vec<Need>)> = Vec::new();
        for rule in rules {
            let facts = slice.facts.take().zip(rule.facts());
            slice.facts = facts.map(|(mut before, these)| {
                before.extend(these);
                before
            });
            let place = *said.entry(rule.says()).or_insert(same.len());
            match same.get_mut(place) {
                Some(rules) => rules.push(rule),
                None => {
                    same.push(vec![rule]);
                    waiting
                        .push((rule.cedar().new_id(PolicyId::new(place.to_string())), needs(rule.clauses())));
                }
            }
        }
        slice.groups = same.iter().map(|rules| Group::of(rules)).collect();

        let mut wanted: HashMap<Needed, usize> = HashMap::new();
        for needed in waiting.iter().flat_map(|(_, needs)| needs.iter().flatten()) {
            *wanted.entry(needed.clone()).or_default() += 1;
        }
        // Of several needs, the one that the fewest rules share leaves out the most.
        let shared = |need: &Need| need.iter().filter_map(|needed| wanted.get(needed)).sum::<usize>();
        for (policy, needs) in waiting {
            match needs.into_iter().min_by_key(shared) {
                None => slice.always.get_or_insert_default().add(policy)?,
                Some(need) => {
                    for needed in need {
                        slice.by_literal.entry(needed).or_default().add(policy.clone())?;
                    }
                }
            }
        }
        Ok(slice)
    }

    /// The rules that can matter to a request in which these literals occur, in parts. A rule may be in several.
    pub(crate) fn relevant(&self, occurring: impl Iterator<Item = Needed>) -> Vec<&PolicySet> {
        let hits = occurring.filter_map(|literal| self.by_literal.get(&literal));
        self.always.iter().chain(hits).collect()
    }

    /// Whether there are rules that can hold only where some literal occurs.
    pub(crate) fn asks_for_literals(&self) -> bool {
        !self.by_literal.is_empty()
    }

    /// Whether some rule's answer can depend on this fact of the context.
    pub(crate) fn speaks_of(&self, fact: &str) -> bool {
        self.facts.as_ref().is_none_or(|facts| facts.contains(fact))
    }

    /// The rules that Cedar knows by these ids, each once.
    pub(crate) fn groups<'s>(&'s self, ids: impl Iterator<Item = &'s PolicyId>) -> Vec<&'s Group> {
        let text = |id: &PolicyId| AsRef::<str>::as_ref(id).parse::<usize>().ok();
        let places: BTreeSet<usize> = ids.filter_map(text).collect();
        places.into_iter().filter_map(|place| self.groups.get(place)).collect()
    }
}

// === impl Group ===

impl Group {
    fn of(rules: &[&Rule]) -> Self {
        let mut names: Vec<_> = rules.iter().map(|rule| rule.name().to_owned()).collect();
        names.sort_unstable();
        Self {
            names: names.into(),
            limit: rules.iter().filter_map(|rule| rule.limit()).reduce(RateLimit::stricter),
            risk: rules.iter().filter_map(|rule| rule.risk()).max(),
        }
    }
}
