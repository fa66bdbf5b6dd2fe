//! What Zone 1 remembers: a fold over the record, and nothing else.
//!
//! [`Ledger::apply`] takes an event that has its place in the log, and cannot fail.

use crate::event::{Event, Outcome, Verdict};
use crate::item::{Cleaned, Item, ItemState};
use crate::request::{Asked, State};
use action::{ActionName, Digest, ZoneId};
use capability::Answer;
use jiff::{SignedDuration, Timestamp};
use policy::{RateLimit, Risk};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

/// How many items are known after they are done with: a file that is met again was already taken in.
const KNOWN_ITEMS: usize = 100_000;

/// How many of what was not taken in is known: a provider tells of the same again within hours.
const KNOWN_REFUSED: usize = 10_000;

/// The state of everything that is not finished, and of what finished lately.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    items: BTreeMap<String, Item>,
    /// The last items that were taken in, oldest first.
    known_items: VecDeque<String>,
    /// Source and name of the last that were not taken in, oldest first.
    #[serde(default)]
    known_refused: VecDeque<(String, String)>,
    requests: BTreeMap<String, Asked>,
    /// Tags of recipients that were written to with the owner's yes.
    known_recipients: BTreeSet<Digest>,
    /// The policy in force, once there is one.
    policy: Option<Digest>,
    /// The owner's words on the policy, each of which counts once. Few: one for every change there ever was.
    words_on_policy: BTreeSet<Digest>,
    /// Whether the owner froze everything and has not let it go on.
    #[serde(default)]
    frozen: bool,
    /// How far each source was read.
    #[serde(default)]
    cursors: BTreeMap<String, String>,
    /// The newest version of each file of secrets that was used.
    #[serde(default)]
    secrets_used: BTreeMap<String, u64>,
    order: u64,
    /// Follows from the rest; built anew when a state was carried over.
    #[serde(skip)]
    index: Index,
}

/// Where to look, so that nothing has to be looked through.
#[derive(Debug, Default)]
struct Index {
    known_items: HashSet<String>,
    by_key: HashMap<(String, String), String>,
    /// Items that wait for a reader or for the planner, oldest first.
    open_items: BTreeMap<u64, String>,
    /// Requests that wait for something, oldest first.
    open_requests: BTreeMap<u64, String>,
    lanes: HashMap<Lane, Uses>,
}

/// What a rate limit counts: one action of one zone.
type Lane = (String, String);

/// When a lane was used, for its limits.
#[derive(Debug, Default)]
struct Uses {
    /// When permits were spent, and for which request, oldest first.
    spent: BTreeSet<(Timestamp, String)>,
    /// What may still be done, and when it was asked for.
    open: BTreeMap<String, Timestamp>,
}

// === impl Ledger ===

impl Ledger {
    /// Takes in one event.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        self.order += 1;
        match event {
            Event::ItemReceived { item, source, size, sha256: _ } => self.receive(at, item, source, *size),
            Event::ItemCleaned { item, clean, injection_warning, findings: _ } => {
                let cleaned =
                    Cleaned { content: *clean, injection_warning: *injection_warning, delivered: false };
                self.move_item(item, |_| ItemState::Cleaned(cleaned));
            }
            Event::ItemQuarantined { item, why: _ } => self.move_item(item, |_| ItemState::Quarantined),
            Event::ItemReturned { item, why: _ } => self.move_item(item, |state| match state {
                ItemState::Cleaned(_) => ItemState::Received,
                ItemState::Received | ItemState::Settled(_) | ItemState::Quarantined => state,
            }),
            Event::ItemRefused { source, name, why: _ } => {
                self.known_refused.push_back((source.clone(), name.clone()));
                if self.known_refused.len() > KNOWN_REFUSED {
                    self.known_refused.pop_front();
                }
            }
            Event::SourceAdvanced { source, cursor } => {
                self.cursors.insert(source.clone(), cursor.clone());
            }
            Event::SecretsUsed { file, version } => {
                let newest = self.secrets_used.entry(file.clone()).or_default();
                *newest = (*newest).max(*version);
            }
            Event::ItemDelivered { item, zone: _ } => self.move_item(item, |state| match state {
                ItemState::Cleaned(cleaned) => ItemState::Cleaned(Cleaned { delivered: true, ..cleaned }),
                ItemState::Settled(cleaned) => ItemState::Settled(Cleaned { delivered: true, ..cleaned }),
                ItemState::Received | ItemState::Quarantined => state,
            }),
            Event::ItemSettled { item, summary: _ } => self.move_item(item, |state| match state {
                ItemState::Cleaned(cleaned) => ItemState::Settled(cleaned),
                ItemState::Received | ItemState::Settled(_) | ItemState::Quarantined => state,
            }),
            Event::CapabilityRequested {
                request,
                zone,
                action,
                digest,
                parameters,
                key,
                item,
                recipients,
                origins,
            } => {
                let asked = Asked {
                    zone: zone.clone(),
                    action: action.clone(),
                    key: key.clone(),
                    digest: *digest,
                    parameters: *parameters,
                    item: item.clone(),
                    recipients: recipients.clone(),
                    origins: origins.clone(),
                    at,
                    risk: Risk::Medium,
                    injection_warning: false,
                    expires_at: None,
                    receipt: None,
                    state: State::Asked,
                    answers: BTreeSet::new(),
                    asked_as: self.order,
                };
                self.index.by_key.insert((zone.clone(), key.clone()), request.clone());
                self.requests.insert(request.clone(), asked);
            }
            Event::DecisionMade { request, policy: _, knowledge, decision } => {
                let warned = knowledge.injection_warning;
                self.change_request(request, |asked| {
                    asked.injection_warning |= warned;
                    match decision {
                        Verdict::Allow { rules: _, risk } => {
                            asked.risk = *risk;
                            State::Allowed
                        }
                        Verdict::Ask { rules: _, risk, expires_at } => {
                            (asked.risk, asked.expires_at) = (*risk, Some(*expires_at));
                            State::Pending { expires_at: *expires_at }
                        }
                        Verdict::Deny { why } => State::Refused(why.clone()),
                    }
                });
            }
            Event::ApprovalRecorded { request, answer, receipt, digest: _, who: _, how: _, when: _ } => {
                self.change_request(request, |asked| {
                    asked.answers.insert(Digest::of(receipt.as_bytes()));
                    match answer {
                        Answer::Approved => {
                            asked.receipt = Some(receipt.clone());
                            State::Approved { at }
                        }
                        Answer::Denied => State::Denied,
                    }
                });
            }
            Event::ApprovalExpired { request } => self.change_request(request, |_| State::Expired),
            Event::ApprovalCancelled { request } => self.change_request(request, |_| State::Cancelled),
            Event::ApprovalSuperseded { request, why } => {
                self.change_request(request, |_| State::Superseded(why.clone()));
            }
            Event::ApprovalAskedAgain { request, who: _ } => self.reopen_item_of(request),
            Event::ExecutionIntended { request, jti: _ } => {
                self.change_request(request, |_| State::Performing { since: at });
            }
            Event::ExecutionFinished { request, outcome } => {
                self.change_request(request, |asked| {
                    let since = asked.spent_at().unwrap_or(at);
                    State::Finished { since, outcome: outcome.clone() }
                });
                self.learn_recipients(request, outcome);
            }
            Event::PolicyApplied { from: _, to, receipt } => {
                self.policy = Some(*to);
                self.words_on_policy.extend(receipt.iter().map(|receipt| Digest::of(receipt.as_bytes())));
            }
            Event::Frozen { who: _, why: _ } => self.frozen = true,
            // After a kill nothing is merely frozen.
            Event::Unfrozen { .. } | Event::Killed { .. } | Event::Rearmed { .. } => self.frozen = false,
            Event::ExecutorStarted { .. }
            | Event::SegmentStarted { .. }
            | Event::ClockStepped { .. }
            | Event::LogRecovered { .. }
            | Event::RecordFull { .. }
            | Event::PolicyFileChanged { .. }
            | Event::PolicyFileRestored { .. }
            | Event::PolicyRefused { .. }
            | Event::CapabilityRepeated { .. }
            | Event::CapabilityRefused { .. }
            | Event::CallRefused { .. }
            | Event::ApprovalIgnored { .. }
            | Event::PermitIssued { .. }
            | Event::ExecutionRefused { .. }
            | Event::ZoneStarted { .. }
            | Event::ZoneEnded { .. }
            | Event::ZoneGivenUp { .. }
            | Event::ZoneBreached { .. }
            | Event::ContentErased { .. } => {}
        }
    }

    /// Everything, as one JSON value to be carried over into a new segment.
    pub fn carried(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// What [`Self::carried`] gave.
    pub fn from_carried(carried: &str) -> serde_json::Result<Self> {
        let mut ledger: Self = serde_json::from_str(carried)?;
        ledger.index = Index::of(&ledger);
        Ok(ledger)
    }

    /// Forgets what finished more than a day ago: no limit looks further back.
    pub fn prune(&mut self, now: Timestamp) {
        let recent =
            |at: Timestamp| now.duration_since(at) <= RateLimit::LONGEST + SignedDuration::from_mins(1);
        self.items.retain(|_, item| item.is_open() || recent(item.at));
        let items = &self.items;
        let about_an_open_item = |asked: &Asked| {
            let item = asked.item.as_ref().and_then(|item| items.get(item));
            item.is_some_and(|item| matches!(item.state, ItemState::Cleaned(_)))
        };
        self.requests
            .retain(|_, asked| asked.is_waited_for() || recent(asked.at) || about_an_open_item(asked));
        self.index = Index::of(self);
    }

    /// How far a source was read: what its connector is handed to go on from there.
    pub fn cursor(&self, source: &str) -> Option<&str> {
        self.cursors.get(source).map(String::as_str)
    }

    /// The policy that was applied last.
    pub const fn policy(&self) -> Option<Digest> {
        self.policy
    }

    /// Whether the owner froze everything and has not let it go on.
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Whether this word of the owner on the policy was acted on before.
    pub fn knows_word_on_policy(&self, receipt: &str) -> bool {
        self.words_on_policy.contains(&Digest::of(receipt.as_bytes()))
    }

    /// Whether this item was taken in before.
    pub fn knows_item(&self, item: &str) -> bool {
        self.index.known_items.contains(item)
    }

    /// Whether it is recorded of this name that it was not taken in.
    pub fn knows_refused(&self, source: &str, name: &str) -> bool {
        self.known_refused.iter().any(|(of, known)| of == source && known == name)
    }

    /// The newest version of each file of secrets that was used, by the file's name without its ending.
    pub const fn secrets_used(&self) -> &BTreeMap<String, u64> {
        &self.secrets_used
    }

    /// Whether the owner agreed to something that reached this recipient, and it was done.
    pub fn knows_recipient(&self, tag: &Digest) -> bool {
        self.known_recipients.contains(tag)
    }

    /// An item, by id.
    pub fn item(&self, item: &str) -> Option<&Item> {
        self.items.get(item)
    }

    /// The items that wait for a reader or for the planner, in the order in which they were taken in.
    pub fn open_items(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.index.open_items.values().filter_map(|id| Some((id.as_str(), self.items.get(id)?)))
    }

    /// All items of the last day, in the order in which they were taken in.
    pub fn items(&self) -> Vec<(&str, &Item)> {
        let mut items: Vec<_> = self.items.iter().map(|(id, item)| (id.as_str(), item)).collect();
        items.sort_by_key(|(_, item)| item.received_as);
        items
    }

    /// Whether some content that a zone was handed, and that is not settled, carries an injection warning.
    pub fn warned_content_is_out(&self) -> bool {
        self.open_items().any(|(_, item)| {
            matches!(&item.state, ItemState::Cleaned(cleaned) if cleaned.delivered && cleaned.injection_warning)
        })
    }

    /// A request, by id.
    pub fn request(&self, request: &str) -> Option<&Asked> {
        self.requests.get(request)
    }

    /// The request that a zone calls by this key.
    pub fn request_by_key(&self, zone: &ZoneId, key: &str) -> Option<(&str, &Asked)> {
        let id = self.index.by_key.get(&(zone.to_string(), key.to_owned()))?;
        Some((id, self.requests.get(id)?))
    }

    /// The requests that wait for something, in the order in which they were asked.
    pub fn open_requests(&self) -> impl Iterator<Item = (&str, &Asked)> {
        self.index.open_requests.values().filter_map(|id| Some((id.as_str(), self.requests.get(id)?)))
    }

    /// Whether some effect is between its intent and its outcome.
    pub fn anything_under_way(&self) -> bool {
        self.open_requests().any(|(_, asked)| matches!(asked.state, State::Performing { .. }))
    }

    /// When a zone did this action, for the rate limits. An action counts from the moment its permit was spent, whatever
    /// became of it.
    pub fn spent(&self, zone: &ZoneId, action: ActionName) -> impl Iterator<Item = Timestamp> {
        self.uses(zone, action).into_iter().flat_map(|uses| uses.spent.iter().map(|(at, _)| *at))
    }

    /// The same, and when what may still be done was asked for: nobody is asked about more than could be done.
    pub fn spent_or_open(&self, zone: &ZoneId, action: ActionName) -> impl Iterator<Item = Timestamp> {
        let open = self.uses(zone, action).into_iter().flat_map(|uses| uses.open.values().copied());
        self.spent(zone, action).chain(open)
    }

    /// How often a zone did this action in the time before `now`.
    pub fn done_within(
        &self,
        zone: &ZoneId,
        action: ActionName,
        time: SignedDuration,
        now: Timestamp,
    ) -> u64 {
        self.spent(zone, action).filter(|at| now.duration_since(*at) < time).count() as u64
    }

    fn uses(&self, zone: &ZoneId, action: ActionName) -> Option<&Uses> {
        self.index.lanes.get(&(zone.to_string(), action.as_str().to_owned()))
    }

    fn receive(&mut self, at: Timestamp, item: &str, source: &str, size: u64) {
        self.index.open_items.insert(self.order, item.to_owned());
        if self.index.known_items.insert(item.to_owned()) {
            self.known_items.push_back(item.to_owned());
        }
        if self.known_items.len() > KNOWN_ITEMS
            && let Some(oldest) = self.known_items.pop_front()
        {
            self.index.known_items.remove(&oldest);
        }
        let received =
            Item { source: source.to_owned(), size, state: ItemState::Received, received_as: self.order, at };
        self.items.insert(item.to_owned(), received);
    }

    fn learn_recipients(&mut self, request: &str, outcome: &Outcome) {
        if let (Some(asked), Outcome::Performed { receipt: _ }) = (self.requests.get(request), outcome)
            && asked.receipt.is_some()
        {
            self.known_recipients.extend(&asked.recipients);
        }
    }

    /// What was settled because nobody answered is planned once more.
    fn reopen_item_of(&mut self, request: &str) {
        let Some(item) = self.requests.get(request).and_then(|asked| asked.item.clone()) else { return };
        self.move_item(&item, |state| match state {
            ItemState::Settled(cleaned) => ItemState::Cleaned(cleaned),
            ItemState::Received | ItemState::Cleaned(_) | ItemState::Quarantined => state,
        });
    }

    fn move_item(&mut self, id: &str, to: impl FnOnce(ItemState) -> ItemState) {
        let Some(item) = self.items.get_mut(id) else { return };
        item.state = to(item.state.clone());
        if item.is_open() {
            self.index.open_items.insert(item.received_as, id.to_owned());
        } else {
            self.index.open_items.remove(&item.received_as);
        }
    }

    fn change_request(&mut self, id: &str, to: impl FnOnce(&mut Asked) -> State) {
        let Some(asked) = self.requests.get_mut(id) else { return };
        asked.state = to(asked);
        self.index.note(id, asked);
    }
}

// === impl Index ===

impl Index {
    fn of(ledger: &Ledger) -> Self {
        let mut index = Self { known_items: ledger.known_items.iter().cloned().collect(), ..Self::default() };
        let open = ledger.items.iter().filter(|(_, item)| item.is_open());
        index.open_items = open.map(|(id, item)| (item.received_as, id.clone())).collect();
        let mut in_order: Vec<_> = ledger.requests.iter().collect();
        in_order.sort_by_key(|(_, asked)| asked.asked_as);
        for (id, asked) in in_order {
            index.by_key.insert((asked.zone.clone(), asked.key.clone()), id.clone());
            index.note(id, asked);
        }
        index
    }

    /// Files a request under what it is now.
    fn note(&mut self, id: &str, asked: &Asked) {
        if asked.is_waited_for() {
            self.open_requests.insert(asked.asked_as, id.to_owned());
        } else {
            self.open_requests.remove(&asked.asked_as);
        }
        let uses = self.lanes.entry((asked.zone.clone(), asked.action.clone())).or_default();
        if asked.is_open() {
            uses.open.insert(id.to_owned(), asked.at);
        } else {
            uses.open.remove(id);
        }
        if let Some(since) = asked.spent_at() {
            // The outcome does not count again what its intent counted.
            uses.spent.insert((since, id.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_secrets_is_known_and_is_carried_over() {
        let mut ledger = Ledger::default();
        for (file, version) in [("api-keys", 7), ("api-keys", 9), ("api-keys", 8), ("oauth", 1)] {
            ledger.apply(Timestamp::UNIX_EPOCH, &Event::SecretsUsed { file: file.to_owned(), version });
        }
        let ledger = Ledger::from_carried(&ledger.carried().unwrap()).unwrap();
        let used = BTreeMap::from([("api-keys".to_owned(), 9), ("oauth".to_owned(), 1)]);
        assert_eq!(ledger.secrets_used(), &used);
    }

    #[test]
    fn what_was_refused_is_known_for_long_and_is_carried_over() {
        let mut ledger = Ledger::default();
        let refused = |n: usize| Event::ItemRefused {
            source: "sms".to_owned(),
            name: format!("SM{n}"),
            why: "nobody reads it".to_owned(),
        };
        (0..=KNOWN_REFUSED).for_each(|n| ledger.apply(Timestamp::UNIX_EPOCH, &refused(n)));
        let ledger = Ledger::from_carried(&ledger.carried().unwrap()).unwrap();
        assert!(!ledger.knows_refused("sms", "SM0"), "the oldest is forgotten");
        assert!(
            ledger.knows_refused("sms", "SM1") && ledger.knows_refused("sms", &format!("SM{KNOWN_REFUSED}"))
        );
        assert!(!ledger.knows_refused("call", "SM1"), "it is another source's name");
    }
}
