//! A mailbox that remembers: messages, labels, threads, and its history for a while.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use mail_parser::MessageParser;
use serde_json::{Value, json};

use super::http::Request;

pub(crate) struct Message {
    pub(crate) thread: String,
    pub(crate) labels: Vec<&'static str>,
    /// In milliseconds since 1970.
    pub(crate) date: i64,
    pub(crate) raw: Vec<u8>,
    message_id: String,
    subject: String,
}

/// One account.
pub(crate) struct Mailbox {
    pub(crate) messages: BTreeMap<String, Message>,
    /// Which message was added at which point, and with which labels.
    history: Vec<(u64, String, Vec<&'static str>)>,
    history_id: u64,
    remembered_from: u64,
    made: u64,
    /// The next message's date, in milliseconds since 1970.
    pub(crate) now: i64,
    /// The most on a page, whatever is asked for.
    pub(crate) page: usize,
    /// How many went out with a thread that is not theirs: Gmail takes them, and puts them elsewhere.
    pub(crate) misplaced: usize,
    /// Messages that go out get another `Message-ID`.
    pub(crate) renames: bool,
}

/// A refusal: status and words.
pub(crate) type Refusal = (u16, &'static str);

const NOT_FOUND: Refusal = (404, "Requested entity was not found.");

// === impl Mailbox ===

impl Default for Mailbox {
    fn default() -> Self {
        let (messages, history) = (BTreeMap::new(), Vec::new());
        let now = 1_700_000_000_000;
        Mailbox {
            messages,
            history,
            history_id: 5000,
            remembered_from: 0,
            made: 0,
            now,
            page: 500,
            misplaced: 0,
            renames: false,
        }
    }
}

impl Mailbox {
    /// A message comes in.
    pub(crate) fn arrives(&mut self, raw: &[u8]) -> String {
        self.add(raw.to_vec(), vec!["INBOX", "UNREAD"], None)
    }

    pub(crate) fn is_deleted(&mut self, id: &str) {
        self.messages.remove(id).unwrap();
        self.history_id += 3;
    }

    /// All that was until now is not known as history any more.
    pub(crate) fn forgets(&mut self) {
        self.history_id += 11;
        self.history.clear();
        self.remembered_from = self.history_id;
    }

    fn add(&mut self, raw: Vec<u8>, labels: Vec<&'static str>, thread: Option<String>) -> String {
        self.made += 1;
        // Neither in the order of arrival nor of one length.
        let id = format!("{:x}", (self.made * 0x9e37_79b9) % 0xffff_fffb);
        let parsed = MessageParser::default().parse(&raw).unwrap();
        let message_id = parsed.message_id().unwrap_or_default().to_owned();
        let subject = parsed.subject().unwrap_or_default().to_owned();
        self.history_id += 7;
        self.history.push((self.history_id, id.clone(), labels.clone()));
        let thread = thread.unwrap_or_else(|| id.clone());
        self.messages
            .insert(id.clone(), Message { thread, labels, date: self.now, raw, message_id, subject });
        id
    }

    pub(crate) fn profile(&self) -> Value {
        json!({
            "emailAddress": "owner@example.org", "historyId": self.history_id.to_string(),
            "messagesTotal": self.messages.len(), "threadsTotal": 1
        })
    }

    /// Newest first; a page begins behind the last message of the one before, whatever happened meanwhile.
    pub(crate) fn list(&self, request: &Request) -> Result<Value, Refusal> {
        let mut found: Vec<(i64, &String, &Message)> =
            self.messages.iter().map(|(id, message)| (message.date, id, message)).collect();
        found.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
        let labels =
            request.query.iter().filter(|(name, _)| name == "labelIds").map(|(_, label)| label.as_str());
        let labels: Vec<&str> = labels.collect();
        found.retain(|(_, _, message)| labels.iter().all(|label| message.labels.contains(label)));
        for word in request.parameter("q").unwrap_or_default().split_whitespace() {
            found.retain(|(_, _, message)| message.answers(word));
        }
        if let Some(token) = request.parameter("pageToken") {
            let (date, id) = token.split_once('.').ok_or((400, "Invalid pageToken"))?;
            let date: i64 = date.parse().map_err(|_| (400, "Invalid pageToken"))?;
            found.retain(|&(other, other_id, _)| (other, other_id.as_str()) < (date, id));
        }
        let page = self.page_size(request);
        let listed =
            found.iter().take(page).map(|(_, id, message)| json!({ "id": id, "threadId": message.thread }));
        let mut reply = json!({ "resultSizeEstimate": found.len() });
        // Left out when empty.
        if !found.is_empty() {
            reply["messages"] = listed.collect();
        }
        if found.len() > page {
            let (date, id, _) = found[page - 1];
            reply["nextPageToken"] = format!("{date}.{id}").into();
        }
        Ok(reply)
    }

    pub(crate) fn history(&self, request: &Request) -> Result<Value, Refusal> {
        let start: u64 =
            request.parameter("startHistoryId").ok_or((400, "Missing startHistoryId"))?.parse().unwrap();
        if start < self.remembered_from || start > self.history_id {
            return Err(NOT_FOUND);
        }
        let after = match request.parameter("pageToken") {
            Some(token) => token.parse().map_err(|_| (400, "Invalid pageToken"))?,
            None => start,
        };
        let label = request.parameter("labelId");
        let added: Vec<_> = self
            .history
            .iter()
            .filter(|(record, _, labels)| {
                *record > after && label.is_none_or(|label| labels.contains(&label))
            })
            .collect();
        let page = self.page_size(request);
        let record = |(record, id, labels): &&(u64, String, Vec<&str>)| {
            let message = json!({ "id": id, "threadId": id, "labelIds": labels });
            json!({ "id": record.to_string(), "messages": [message], "messagesAdded": [{ "message": message }] })
        };
        let mut reply = json!({ "historyId": self.history_id.to_string() });
        if !added.is_empty() {
            reply["history"] = added.iter().take(page).map(record).collect();
        }
        if added.len() > page {
            reply["nextPageToken"] = added[page - 1].0.to_string().into();
        }
        Ok(reply)
    }

    pub(crate) fn get(&self, id: &str, format: Option<&str>) -> Result<Value, Refusal> {
        let message = self.messages.get(id).ok_or(NOT_FOUND)?;
        let mut reply = json!({
            "id": id, "threadId": message.thread, "labelIds": message.labels, "snippet": "a \"snippet\"",
            "internalDate": message.date.to_string(), "sizeEstimate": message.raw.len(),
        });
        match format {
            Some("raw") => reply["raw"] = BASE64_URL_SAFE.encode(&message.raw).into(),
            Some("metadata") => {
                reply["payload"] = json!({ "headers": [{ "name": "Subject", "value": message.subject }] });
            }
            _ => {}
        }
        Ok(reply)
    }

    pub(crate) fn send(&mut self, body: &Value) -> Result<Value, Refusal> {
        let raw = body["raw"].as_str().ok_or((400, "'raw' RFC822 payload message string is required"))?;
        let mut raw = BASE64_URL_SAFE.decode(raw).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(raw)).unwrap();
        let parsed = MessageParser::default().parse(&raw).unwrap();
        if parsed.to().is_none() && parsed.cc().is_none() {
            return Err((400, "Recipient address required"));
        }
        let thread = match body["threadId"].as_str() {
            None => None,
            Some(thread) => {
                let mut others = self.messages.values().filter(|message| message.thread == thread);
                let other = others.next().ok_or(NOT_FOUND)?;
                let id = other.message_id.as_str();
                let names = |header: &mail_parser::HeaderValue<'_>| {
                    header.as_text_list().is_some_and(|ids| ids.iter().any(|named| named == id))
                };
                let subject = parsed.subject().unwrap_or_default().trim_start_matches("Re: ");
                let same = subject == other.subject.trim_start_matches("Re: ");
                let theirs = same && names(parsed.in_reply_to()) && names(parsed.references());
                self.misplaced += usize::from(!theirs);
                theirs.then(|| thread.to_owned())
            }
        };
        if self.renames {
            let text = String::from_utf8(raw).unwrap();
            let lines = text.split_inclusive("\r\n").map(|line| {
                if line.starts_with("Message-ID:") {
                    "Message-ID: <CAother@mail.gmail.com>\r\n"
                } else {
                    line
                }
            });
            raw = lines.collect::<String>().into_bytes();
        }
        let id = self.add(raw, vec!["SENT"], thread);
        Ok(json!({ "id": id, "threadId": self.messages[&id].thread, "labelIds": ["SENT"] }))
    }

    /// The messages that went out.
    pub(crate) fn sent(&self) -> Vec<&Message> {
        self.messages.values().filter(|message| message.labels.contains(&"SENT")).collect()
    }

    fn page_size(&self, request: &Request) -> usize {
        let asked = request.parameter("maxResults").map_or(100, |most| most.parse::<usize>().unwrap());
        asked.min(self.page)
    }
}

// === impl Message ===

impl Message {
    fn answers(&self, word: &str) -> bool {
        match word.split_once(':') {
            Some(("after", seconds)) => self.date / 1000 > seconds.parse().unwrap(),
            Some(("rfc822msgid", id)) => self.message_id == id,
            Some(("in", "sent")) => self.labels.contains(&"SENT"),
            _ => self.raw.windows(word.len()).any(|window| window == word.as_bytes()),
        }
    }
}
