//! Which entries are wanted.

use audit_log::Entry;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Print each entry as it stands in the log.
    #[arg(long)]
    pub(super) json: bool,
    /// Only entries about this request or item.
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// Only entries about this request.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Only entries of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only what this zone asked for or was handed: `planner`, or `local/planner`.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Only entries from this time on: 2026-01-31T09:00:00Z, or 30m, 2h, 3d ago.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only entries before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
}

/// A filter on its way through the entries: which zone asked for a request stands in an earlier entry than what became
/// of it.
pub(super) struct Sieve<'a> {
    filter: &'a Filter,
    of_the_zone: HashSet<String>,
}

// === impl Filter ===

impl Filter {
    /// The filter before the first entry.
    pub(super) fn begin(&self) -> Sieve<'_> {
        Sieve { filter: self, of_the_zone: HashSet::new() }
    }
}

// === impl Sieve ===

impl Sieve<'_> {
    /// Whether the next entry is wanted. Every entry must be shown to it, in order.
    pub(super) fn lets_through(&mut self, entry: &Entry) -> bool {
        let Filter { json: _, about, request, event_type, zone, since, until } = self.filter;
        let word = |key: &str| entry.details.get(key).and_then(serde_json::Value::as_str);
        let is = |key: &str, id: &String| word(key) == Some(id);
        let of_the_zone = zone.as_ref().is_none_or(|wanted| self.is_of_the_zone(entry, wanted));
        of_the_zone
            && event_type.as_ref().is_none_or(|wanted| *wanted == entry.event_type)
            && about.as_ref().is_none_or(|id| is("request", id) || is("item", id) || is("about", id))
            && request.as_ref().is_none_or(|id| is("request", id) || is("about", id))
            && since.is_none_or(|since| entry.timestamp >= since)
            && until.is_none_or(|until| entry.timestamp < until)
    }

    fn is_of_the_zone(&mut self, entry: &Entry, wanted: &str) -> bool {
        let word = |key: &str| entry.details.get(key).and_then(serde_json::Value::as_str);
        let request = word("request");
        match word("zone") {
            Some(zone) => {
                let is_it = zone == wanted || zone.split_once('/').is_some_and(|(_, role)| role == wanted);
                self.of_the_zone.extend(request.filter(|_| is_it).map(ToOwned::to_owned));
                is_it
            }
            None => request.is_some_and(|request| self.of_the_zone.contains(request)),
        }
    }
}

/// A moment, or how long ago it was.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    ago(text, Timestamp::now()).ok_or_else(|| {
        "write a moment with its zone, like 2026-01-31T09:00:00Z, or how long ago, like 90s, 30m, 2h or 3d"
            .to_owned()
    })
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match text.strip_prefix(number)? {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    let number: u32 = number.parse().ok()?;
    // What lies before all time includes everything.
    let time = SignedDuration::from_secs(i64::from(number) * seconds);
    Some(now.checked_sub(time).unwrap_or(Timestamp::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        filter: Filter,
    }

    fn entry(seq: u64, event_type: &str, details: serde_json::Value) -> Entry {
        let timestamp = Timestamp::from_second(1000 + i64::try_from(seq).unwrap()).unwrap();
        let (prev_hash, hash) = ("0".repeat(64), "1".repeat(64));
        Entry { seq, timestamp, event_type: event_type.to_owned(), details, prev_hash, hash }
    }

    fn check(arguments: &[&str], expected: &[u64]) {
        let entries = [
            entry(1, "executor_started", serde_json::json!({ "version": "0" })),
            entry(2, "item_cleaned", serde_json::json!({ "item": "i" })),
            entry(3, "item_delivered", serde_json::json!({ "item": "i", "zone": "local/planner" })),
            entry(
                4,
                "capability_requested",
                serde_json::json!({ "request": "r", "zone": "local/planner", "item": "i" }),
            ),
            entry(
                5,
                "capability_requested",
                serde_json::json!({ "request": "s", "zone": "local/reader-email" }),
            ),
            entry(6, "decision_made", serde_json::json!({ "request": "r" })),
            entry(7, "decision_made", serde_json::json!({ "request": "s" })),
            entry(8, "content_erased", serde_json::json!({ "about": "r" })),
        ];
        let all = std::iter::once("moltctl").chain(arguments.iter().copied());
        let filter = Arguments::try_parse_from(all).map(|arguments| arguments.filter);
        let filter = filter.unwrap_or_else(|error| panic!("{error}"));
        let mut sieve = filter.begin();
        let found: Vec<_> = entries.iter().filter(|entry| sieve.lets_through(entry)).map(|e| e.seq).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }

    #[test]
    fn entries_are_found_by_what_they_are_about() {
        check(&[], &[1, 2, 3, 4, 5, 6, 7, 8]);
        check(&["--request", "r"], &[4, 6, 8]);
        check(&["--request", "i"], &[]);
        check(&["--about", "i"], &[2, 3, 4]);
        check(&["--type", "decision_made"], &[6, 7]);
        check(&["--type", "decision_made", "--request", "s"], &[7]);
    }

    #[test]
    fn what_became_of_a_zones_request_is_of_the_zone() {
        check(&["--zone", "planner"], &[3, 4, 6]);
        check(&["--zone", "local/reader-email"], &[5, 7]);
        check(&["--zone", "elsewhere/planner"], &[]);
    }

    #[test]
    fn entries_are_found_by_time() {
        check(&["--since", "1970-01-01T00:16:44Z", "--until", "1970-01-01T00:16:47Z"], &[4, 5, 6]);
        check(&["--since", "1h"], &[]);
        check(&["--until", "2h"], &[1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn a_time_is_a_moment_or_how_long_ago() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (text, seconds) in [("0s", 0), ("90s", 90), ("30m", 1800), ("2h", 7200), ("3d", 259_200)] {
            assert_eq!(ago(text, now), Some(now - SignedDuration::from_secs(seconds)), "{text}");
        }
        assert_eq!(ago("4000000000d", now), Some(Timestamp::MIN));
        for text in ["", "h", "2", "-2h", "2w", "2 h", "1.5h", "2026-01-31", "99999999999h"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
