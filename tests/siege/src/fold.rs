//! The record, read by somebody who does not trust who wrote it: every entry must fit the ones before it.

use audit_log::Entry;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What the record says of every item and every request.
#[derive(Debug, Default)]
pub struct Fold {
    items: BTreeMap<String, Item>,
    requests: BTreeMap<String, Request>,
    refused: usize,
}

#[derive(Debug, Default)]
struct Item {
    size: u64,
    cleaned: bool,
    settled: Option<String>,
    quarantined: Option<String>,
}

#[derive(Debug, Default)]
struct Request {
    item: String,
    key: String,
    judged: bool,
    intended: bool,
    outcome: Option<String>,
}

// === impl Fold ===

impl Fold {
    /// Reads a log. An entry that contradicts an earlier one fails the test.
    pub fn read(log: &Path) -> Self {
        let mut fold = Self::default();
        for entry in audit_log::entries(&audit_log::LogFiles::of(log)).unwrap() {
            match entry.unwrap() {
                Ok(entry) => fold.take(&entry),
                // Somebody is killed in the middle of a line now and then.
                Err(_) => break,
            }
        }
        fold
    }

    fn take(&mut self, entry: &Entry) {
        let word = |key: &str| entry.details.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let seq = entry.seq;
        match entry.event_type.as_str() {
            "item_received" => {
                let size = entry.details.get("size").and_then(Value::as_u64).unwrap();
                let before = self.items.insert(word("item"), Item { size, ..Item::default() });
                assert!(before.is_none(), "entry {seq}: {} is taken in twice", word("item"));
            }
            "item_refused" => self.refused += 1,
            "item_cleaned" => {
                let item = self.item(entry);
                assert!(!item.cleaned && item.quarantined.is_none(), "entry {seq}: cleaned twice");
                item.cleaned = true;
            }
            "item_quarantined" => {
                let item = self.item(entry);
                assert!(!item.cleaned && item.quarantined.is_none(), "entry {seq}: not to be quarantined");
                item.quarantined = Some(word("why"));
            }
            "item_returned" => {
                let item = self.item(entry);
                assert!(item.cleaned && item.settled.is_none(), "entry {seq}: nothing to be read again");
                item.cleaned = false;
            }
            "item_settled" => {
                let item = self.item(entry);
                assert!(item.cleaned && item.settled.is_none(), "entry {seq}: settled twice, or too early");
                item.settled = Some(word("summary"));
            }
            "capability_requested" => {
                let twin = self.requests.values().any(|other| other.key == word("key"));
                assert!(!twin, "entry {seq}: one wish is two requests");
                let request = Request { item: word("item"), key: word("key"), ..Request::default() };
                assert!(self.requests.insert(word("request"), request).is_none(), "entry {seq}: an id twice");
            }
            "decision_made" => {
                let request = self.request(entry);
                assert!(!request.judged, "entry {seq}: judged twice");
                request.judged = true;
            }
            "execution_intended" => {
                let request = self.request(entry);
                assert!(request.judged && !request.intended, "entry {seq}: a second intent, or an early one");
                request.intended = true;
            }
            "execution_finished" => {
                let outcome = entry.details.get("outcome").and_then(|outcome| outcome.get("is")?.as_str());
                let outcome = outcome.map(str::to_owned);
                let request = self.request(entry);
                assert!(
                    request.intended && request.outcome.is_none(),
                    "entry {seq}: an outcome out of place"
                );
                request.outcome = outcome;
            }
            _ => {}
        }
    }

    fn item(&mut self, entry: &Entry) -> &mut Item {
        let id = entry.details.get("item").and_then(Value::as_str).unwrap_or_default();
        self.items.get_mut(id).unwrap_or_else(|| panic!("entry {}: no item `{id}`", entry.seq))
    }

    fn request(&mut self, entry: &Entry) -> &mut Request {
        let id = entry.details.get("request").and_then(Value::as_str).unwrap_or_default();
        self.requests.get_mut(id).unwrap_or_else(|| panic!("entry {}: no request `{id}`", entry.seq))
    }

    /// How many items have come to their end: settled, quarantined or refused.
    pub fn ended(&self) -> usize {
        let ended = |item: &&Item| item.settled.is_some() || item.quarantined.is_some();
        self.items.values().filter(ended).count() + self.refused
    }

    /// How many items were settled, how many quarantined, how many refused.
    pub fn ends(&self) -> (usize, usize, usize) {
        let settled = self.items.values().filter(|item| item.settled.is_some()).count();
        (settled, self.items.values().filter(|item| item.quarantined.is_some()).count(), self.refused)
    }

    /// The ids and sizes of the quarantined items.
    pub fn quarantined(&self) -> Vec<(&str, u64)> {
        let quarantined = self.items.iter().filter(|(_, item)| item.quarantined.is_some());
        quarantined.map(|(id, item)| (id.as_str(), item.size)).collect()
    }

    /// The summaries of the settled items of that size.
    pub fn summaries_of_size(&self, size: usize) -> Vec<&str> {
        let of_size = self.items.values().filter(|item| item.size == size as u64);
        of_size.filter_map(|item| item.settled.as_deref()).collect()
    }

    /// The requests with that outcome.
    pub fn requests_that(&self, outcome: &str) -> Vec<String> {
        let ended_so = |request: &Request| request.outcome.as_deref() == Some(outcome);
        self.requests.iter().filter(|(_, request)| ended_so(request)).map(|(id, _)| id.clone()).collect()
    }

    /// How many requests there are.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// Every request was judged, and every intent has an outcome.
    pub fn assert_nothing_under_way(&self) {
        for (id, request) in &self.requests {
            assert!(request.judged, "{id} about {} was never judged", request.item);
            assert!(request.intended == request.outcome.is_some(), "{id}: an intent without an outcome");
        }
    }
}
