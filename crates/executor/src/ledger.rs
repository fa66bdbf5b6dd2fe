//! What Zone 1 remembers: a fold over the record, and nothing else.
//!
//! Pure: [`Ledger::apply`] takes an event that has its place in the log and cannot fail.

use crate::event::{Event, Outcome, Verdict};
use action::{ActionName, Digest, ZoneId};
use capability::Answer;
use jiff::{SignedDuration, Timestamp};
use policy::{RateLimit, Risk};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The state of everything that is not finished, and of what finished lately.
#[derive(Debug, Default)]
pub struct Ledger {
    items: BTreeMap<String, Item>,
    /// Every item ever taken in: a file that is met again was already taken in.
    known_items: HashSet<String>,
    requests: BTreeMap<String, Asked>,
    by_key: HashMap<(String, String), String>,
    /// Items that wait for a reader or for the planner, oldest first.
    open_items: BTreeMap<u64, String>,
    /// Requests that wait for something, oldest first.
    open_requests: BTreeMap<u64, String>,
    order: u64,
}

/// An item on its way through the readers and the planner.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The source it came in by.
    pub source: String,
    /// Bytes of the raw item.
    pub size: u64,
    /// How far it is.
    pub state: ItemState,
    received_as: u64,
    at: Timestamp,
}

/// How far an item is.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemState {
    /// Raw, in the spool.
    Received,
    /// Clean; the planner has not settled it.
    Cleaned(Cleaned),
    /// The planner is done with it.
    Settled(Cleaned),
    /// It could not be read.
    Quarantined,
}

/// Where an item's clean content is, and whether it carries a warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Cleaned {
    /// Its digest in the content store.
    pub content: Digest,
    /// Whether it carries an injection warning.
    pub injection_warning: bool,
    /// Whether some zone has been handed it.
    pub delivered: bool,
}

/// A request and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Who asked.
    pub zone: String,
    /// For which action.
    pub action: String,
    /// The digest of the request.
    pub digest: Digest,
    /// Where its parameters are in the content store.
    pub parameters: Digest,
    /// The item it is about.
    pub item: Option<String>,
    /// When it was asked.
    pub at: Timestamp,
    /// The risk that policy sees.
    pub risk: Risk,
    /// When the owner's time to answer ends, or ended.
    pub expires_at: Option<Timestamp>,
    /// How far it is.
    pub state: State,
    asked_as: u64,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Recorded; policy has not judged it yet.
    Asked,
    /// Policy allows it without a question.
    Allowed,
    /// Policy does not allow it.
    Refused(String),
    /// The owner has been asked.
    Pending {
        /// The end of the owner's time.
        expires_at: Timestamp,
    },
    /// The owner said yes.
    Approved {
        /// When it was recorded.
        at: Timestamp,
    },
    /// The owner said no.
    Denied,
    /// The owner did not answer in time.
    Expired,
    /// Its permit was spent; the outcome is not known yet.
    Performing {
        /// When.
        since: Timestamp,
    },
    /// It was done, or not, or nobody knows.
    Finished {
        /// When its permit was spent.
        since: Timestamp,
        /// What became of it.
        outcome: Outcome,
    },
}

// === impl Ledger ===

impl Ledger {
    /// Takes in one event.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        self.order += 1;
        match event {
            Event::ItemReceived { item, source, size, sha256: _ } => {
                self.known_items.insert(item.clone());
                self.open_items.insert(self.order, item.clone());
                let received = Item {
                    source: source.clone(),
                    size: *size,
                    state: ItemState::Received,
                    received_as: self.order,
                    at,
                };
                self.items.insert(item.clone(), received);
            }
            Event::ItemCleaned { item, clean, injection_warning, findings: _ } => {
                let cleaned =
                    Cleaned { content: *clean, injection_warning: *injection_warning, delivered: false };
                self.move_item(item, |_| ItemState::Cleaned(cleaned));
            }
            Event::ItemQuarantined { item, why: _ } => self.move_item(item, |_| ItemState::Quarantined),
            Event::ItemDelivered { item, zone: _ } => self.move_item(item, |state| match state {
                ItemState::Cleaned(cleaned) => ItemState::Cleaned(Cleaned { delivered: true, ..cleaned }),
                ItemState::Received | ItemState::Settled(_) | ItemState::Quarantined => state,
            }),
            Event::ItemSettled { item, summary: _ } => self.move_item(item, |state| match state {
                ItemState::Cleaned(cleaned) => ItemState::Settled(cleaned),
                ItemState::Received | ItemState::Settled(_) | ItemState::Quarantined => state,
            }),
            Event::CapabilityRequested { request, zone, action, digest, parameters, key, item } => {
                self.by_key.insert((zone.clone(), key.clone()), request.clone());
                let asked = Asked {
                    zone: zone.clone(),
                    action: action.clone(),
                    digest: *digest,
                    parameters: *parameters,
                    item: item.clone(),
                    at,
                    risk: Risk::Medium,
                    expires_at: None,
                    state: State::Asked,
                    asked_as: self.order,
                };
                self.requests.insert(request.clone(), asked);
            }
            Event::DecisionMade { request, policy: _, decision } => {
                let state = match decision {
                    Verdict::Allow { .. } => State::Allowed,
                    Verdict::Ask { expires_at, .. } => State::Pending { expires_at: *expires_at },
                    Verdict::Deny { why } => State::Refused(why.clone()),
                };
                if let (Some(asked), Verdict::Allow { risk, .. } | Verdict::Ask { risk, .. }) =
                    (self.requests.get_mut(request), decision)
                {
                    asked.risk = *risk;
                }
                if let (Some(asked), Verdict::Ask { expires_at, .. }) =
                    (self.requests.get_mut(request), decision)
                {
                    asked.expires_at = Some(*expires_at);
                }
                self.move_request(request, state);
            }
            Event::ApprovalRecorded { request, answer, digest: _, who: _, how: _, when: _ } => {
                let state = match answer {
                    Answer::Approved => State::Approved { at },
                    Answer::Denied => State::Denied,
                };
                self.move_request(request, state);
            }
            Event::ApprovalExpired { request } => self.move_request(request, State::Expired),
            Event::ExecutionIntended { request, jti: _ } => {
                self.move_request(request, State::Performing { since: at });
            }
            Event::ExecutionFinished { request, outcome } => {
                let since = self.requests.get(request).and_then(Asked::spent_at).unwrap_or(at);
                self.move_request(request, State::Finished { since, outcome: outcome.clone() });
            }
            Event::ExecutorStarted { .. }
            | Event::LogRecovered { .. }
            | Event::ItemRefused { .. }
            | Event::CapabilityRepeated { .. }
            | Event::CapabilityRefused { .. }
            | Event::CallRefused { .. }
            | Event::ApprovalIgnored { .. }
            | Event::PermitIssued { .. }
            | Event::ExecutionRefused { .. } => {}
        }
    }

    /// Forgets what finished more than a day ago: no limit looks further back.
    pub fn prune(&mut self, now: Timestamp) {
        let recent =
            |at: Timestamp| now.duration_since(at) <= RateLimit::LONGEST + SignedDuration::from_mins(1);
        self.items.retain(|_, item| {
            !matches!(item.state, ItemState::Settled(_) | ItemState::Quarantined) || recent(item.at)
        });
        let items = &self.items;
        let open_item = |asked: &Asked| {
            asked
                .item
                .as_ref()
                .and_then(|item| items.get(item))
                .is_some_and(|item| matches!(item.state, ItemState::Cleaned(_)))
        };
        self.requests.retain(|_, asked| asked.is_waited_for() || recent(asked.at) || open_item(asked));
        let requests = &self.requests;
        self.by_key.retain(|_, request| requests.contains_key(request));
    }

    /// Whether this item was ever taken in.
    pub fn knows_item(&self, item: &str) -> bool {
        self.known_items.contains(item)
    }

    /// An item, by id.
    pub fn item(&self, item: &str) -> Option<&Item> {
        self.items.get(item)
    }

    /// The items that wait for a reader or for the planner, in the order in which they were taken in.
    pub fn open_items(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.open_items.values().filter_map(|id| Some((id.as_str(), self.items.get(id)?)))
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
        let id = self.by_key.get(&(zone.to_string(), key.to_owned()))?;
        Some((id, self.requests.get(id)?))
    }

    /// The requests that wait for something, in the order in which they were asked.
    pub fn open_requests(&self) -> impl Iterator<Item = (&str, &Asked)> {
        self.open_requests.values().filter_map(|id| Some((id.as_str(), self.requests.get(id)?)))
    }

    /// Whether some effect is between its intent and its outcome.
    pub fn anything_under_way(&self) -> bool {
        self.open_requests().any(|(_, asked)| matches!(asked.state, State::Performing { .. }))
    }

    /// When a zone did this action, for the rate limits. An action counts from the moment its permit was spent, whatever
    /// became of it.
    pub fn spent(&self, zone: &ZoneId, action: ActionName) -> Vec<Timestamp> {
        self.of(zone, action).filter_map(Asked::spent_at).collect()
    }

    /// The same, and when what may still be done was asked for: nobody is asked about more than could be done.
    pub fn spent_or_open(&self, zone: &ZoneId, action: ActionName) -> Vec<Timestamp> {
        let open = self.of(zone, action).filter(|asked| asked.is_open()).map(|asked| asked.at);
        self.spent(zone, action).into_iter().chain(open).collect()
    }

    fn of(&self, zone: &ZoneId, action: ActionName) -> impl Iterator<Item = &Asked> {
        let zone = zone.to_string();
        self.requests.values().filter(move |asked| asked.zone == zone && asked.action == action.as_str())
    }

    fn move_item(&mut self, item: &str, to: impl FnOnce(ItemState) -> ItemState) {
        let Some(item) = self.items.get_mut(item) else { return };
        item.state = to(item.state.clone());
        if matches!(item.state, ItemState::Settled(_) | ItemState::Quarantined) {
            self.open_items.remove(&item.received_as);
        }
    }

    fn move_request(&mut self, request: &str, state: State) {
        let Some(asked) = self.requests.get_mut(request) else { return };
        asked.state = state;
        if asked.is_waited_for() {
            self.open_requests.insert(asked.asked_as, request.to_owned());
        } else {
            self.open_requests.remove(&asked.asked_as);
        }
    }
}

// === impl Asked ===

impl Asked {
    /// Whether it may still be done, without its permit having been spent.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Allowed | State::Pending { .. } | State::Approved { .. })
    }

    /// When its permit was spent, if it was.
    const fn spent_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Performing { since } | State::Finished { since, outcome: _ } => Some(*since),
            State::Asked
            | State::Allowed
            | State::Refused(_)
            | State::Pending { .. }
            | State::Approved { .. }
            | State::Denied
            | State::Expired => None,
        }
    }

    const fn is_waited_for(&self) -> bool {
        matches!(self.state, State::Pending { .. } | State::Approved { .. } | State::Performing { .. })
    }

    /// The state in a word, for the owner.
    pub const fn state_word(&self) -> &'static str {
        match &self.state {
            State::Asked | State::Refused(_) => "refused",
            State::Allowed => "allowed",
            State::Pending { .. } => "pending",
            State::Approved { .. } => "approved",
            State::Denied => "denied",
            State::Expired => "expired",
            State::Performing { .. } => "performing",
            State::Finished { outcome: Outcome::Performed { .. }, .. } => "performed",
            State::Finished { outcome: Outcome::Failed { .. }, .. } => "failed",
            State::Finished { outcome: Outcome::Unknown { .. }, .. } => "unknown",
        }
    }
}
