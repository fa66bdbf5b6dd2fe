//! The `sops` section of a file.

use super::cipher::Rules;
use super::selection::{BadRule, Selection};
use super::tree::{Item, Kind, Node, Scalar, Text, entries, get, get_mut};
use super::wrap::Wrapped;

/// Where the section stands.
pub(crate) const SECTION: &str = "sops";
/// The version whose format is followed: what a new file says it was made by.
const VERSION: &str = "3.13.2";
/// Sections of other ways to hold a data key.
const OTHER_KEYS: [&str; 6] = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault", "pgp"];
/// The most recipients that are tried: each costs an elliptic curve multiplication.
const MOST_RECIPIENTS: usize = 64;

/// Why a `sops` section cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSection {
    /// There is none.
    #[error(
        "it has no `sops` section, so it is not encrypted; encrypt it with `sops encrypt -i`, or set its keys with `moltctl secrets set`"
    )]
    Missing,
    /// Something is missing in it, or is of another kind than it must be.
    #[error("`sops.{0}` is missing or is not what it must be; the file was damaged: restore it from a copy")]
    Damaged(&'static str),
    /// Shamir's secret sharing.
    #[error(
        "its data key is divided among key groups, which is not supported; make it anew with one group of age recipients (`sops rotate` without `key_groups`)"
    )]
    KeyGroups,
    /// No age recipient at all.
    #[error("its data key is held by {} only, which is not supported; add an age recipient: sops rotate -i --add-age RECIPIENT FILE", .0.join(", "))]
    OtherKeysOnly(Vec<&'static str>),
    /// So many recipients.
    #[error("it has {0} age recipients; at most {MOST_RECIPIENTS} are tried")]
    TooManyRecipients(usize),
    /// Its rule.
    #[error(transparent)]
    Rule(#[from] BadRule),
}

/// The section as it was read, with what we understand of it.
pub(crate) struct Section {
    items: Vec<Item>,
    pub(crate) wrapped: Vec<Wrapped>,
    pub(crate) rules: Rules,
    /// Ways to the data key that are not ours.
    pub(crate) other_keys: Vec<&'static str>,
}

// === impl Section ===

impl Section {
    pub(crate) fn new() -> Result<Self, BadSection> {
        let text = |text: &str| Node::Leaf(Scalar::new(Kind::Str, text));
        let items = vec![
            Item::pair("age", Node::List(Vec::new())),
            Item::pair("lastmodified", text("")),
            Item::pair("mac", text("")),
            Item::pair("unencrypted_suffix", text("_unencrypted")),
            Item::pair("version", text(VERSION)),
        ];
        Self::understand(items, Vec::new())
    }

    /// Takes the section out of a file's tree.
    pub(crate) fn take(tree: &mut Vec<Item>) -> Result<Self, BadSection> {
        let at = tree.iter().position(|item| matches!(item, Item::Entry { key, .. } if key == SECTION));
        let Some(Item::Entry { node: Node::Map(items), .. }) = at.map(|at| tree.remove(at)) else {
            return Err(BadSection::Missing);
        };
        if get(&items, "key_groups").is_some_and(|node| !is_empty(node))
            || get(&items, "shamir_threshold").is_some_and(
                |node| !matches!(node, Node::Leaf(leaf) if leaf.text.is_empty() || leaf.text.as_str() == "0"),
            )
        {
            return Err(BadSection::KeyGroups);
        }
        let wrapped = match get(&items, "age") {
            Some(Node::List(recipients)) => entries(recipients)
                .map(|(_, one)| recipient(one))
                .collect::<Option<Vec<_>>>()
                .ok_or(BadSection::Damaged("age"))?,
            Some(Node::Leaf(leaf)) if leaf.kind() == Kind::Null => Vec::new(),
            None => Vec::new(),
            Some(Node::Map(_) | Node::Leaf(_)) => return Err(BadSection::Damaged("age")),
        };
        if wrapped.len() > MOST_RECIPIENTS {
            return Err(BadSection::TooManyRecipients(wrapped.len()));
        }
        let section = Self::understand(items, wrapped)?;
        if section.wrapped.is_empty() {
            return Err(match &section.other_keys[..] {
                [] => BadSection::Damaged("age"),
                others => BadSection::OtherKeysOnly(others.to_vec()),
            });
        }
        Ok(section)
    }

    fn understand(items: Vec<Item>, wrapped: Vec<Wrapped>) -> Result<Self, BadSection> {
        let selection = Selection::read(|rule| text_of(&items, rule))?;
        let mac_only_encrypted = match get(&items, "mac_only_encrypted") {
            None => false,
            Some(Node::Leaf(leaf)) => matches!(leaf.text.as_str(), "True" | "true"),
            Some(Node::Map(_) | Node::List(_)) => return Err(BadSection::Damaged("mac_only_encrypted")),
        };
        let is_used = |key: &&&str| get(&items, key).is_some_and(|node| !is_empty(node));
        let other_keys = OTHER_KEYS.iter().filter(is_used).copied().collect();
        Ok(Self { items, wrapped, rules: Rules { selection, mac_only_encrypted }, other_keys })
    }

    /// The encrypted MAC.
    pub(crate) fn mac(&self) -> Result<String, BadSection> {
        text_of(&self.items, "mac").filter(|mac| !mac.is_empty()).ok_or(BadSection::Damaged("mac"))
    }

    /// When the file was written, as Go formats what it parsed: that is what the MAC is bound to.
    pub(crate) fn last_modified(&self) -> Result<String, BadSection> {
        let text = text_of(&self.items, "lastmodified")
            .filter(|text| is_moment(text))
            .ok_or(BadSection::Damaged("lastmodified"))?;
        Ok(match text.strip_suffix("+00:00").or_else(|| text.strip_suffix("-00:00")) {
            Some(moment) => format!("{moment}Z"),
            None => text,
        })
    }

    pub(crate) fn wrap_anew(&mut self, wrapped: Vec<Wrapped>) {
        let one = |one: &Wrapped| {
            Item::element(Node::Map(vec![
                Item::pair("enc", Node::Leaf(Scalar::new(Kind::Str, one.armored.as_str()))),
                Item::pair("recipient", Node::Leaf(Scalar::new(Kind::Str, one.recipient.as_str()))),
            ]))
        };
        let list = Node::List(wrapped.iter().map(one).collect());
        self.put("age", list);
        self.wrapped = wrapped;
    }

    /// The section of the file as it is now.
    pub(crate) fn with(&mut self, last_modified: &str, mac: &str) -> Item {
        self.put("lastmodified", Node::Leaf(Scalar::new(Kind::Str, last_modified)));
        self.put("mac", Node::Leaf(Scalar::new(Kind::Str, mac)));
        Item::pair(SECTION, Node::Map(self.items.clone()))
    }

    fn put(&mut self, key: &str, node: Node) {
        match get_mut(&mut self.items, key) {
            Some(place) => *place = node,
            None => self.items.push(Item::pair(key, node)),
        }
    }
}

fn recipient(node: &Node) -> Option<Wrapped> {
    match node {
        Node::Map(items) => {
            Some(Wrapped { recipient: text_of(items, "recipient")?, armored: text_of(items, "enc")? })
        }
        Node::List(_) | Node::Leaf(_) => None,
    }
}

fn text_of(items: &[Item], key: &str) -> Option<String> {
    match get(items, key)? {
        Node::Leaf(Scalar { kind: Kind::Str | Kind::Time, text }) => Some(text_owned(text)),
        Node::Leaf(_) | Node::Map(_) | Node::List(_) => None,
    }
}

/// Nothing in this section is secret.
fn text_owned(text: &Text) -> String {
    text.as_str().to_owned()
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Map(items) | Node::List(items) => entries(items).next().is_none(),
        Node::Leaf(scalar) => scalar.text.is_empty(),
    }
}

/// `2001-02-03T04:05:06` and a zone: without a fraction, which Go would not write again.
fn is_moment(text: &str) -> bool {
    let zone = text.get("2001-02-03T04:05:06".len()..).unwrap_or_default();
    text.parse::<jiff::Timestamp>().is_ok()
        && text.as_bytes().get(10) == Some(&b'T')
        && (zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-'])))
}
