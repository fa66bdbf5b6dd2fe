//! Finding a value by the name a person gives it: `slack_token`, `database.password`, `hosts.0`.

use super::tree::{Item, Node, Scalar, entries};

/// Why a value was not put where it was meant to go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// The name is not one.
    #[error("`{0}` is not a name of a key: use letters, digits, `_` and `-`, with points between keys")]
    NotAName(String),
    /// The key belongs to the format.
    #[error("`sops` is where the file keeps its own data; choose another key")]
    Reserved,
    /// There is a map or a list where the value would stand.
    #[error("`{0}` holds other keys; name one of these, or change the file with `moltctl secrets edit`")]
    HoldsKeys(String),
    /// There is a value where a map would have to be.
    #[error(
        "`{0}` is a value and holds no keys; name another key, or change the file with `moltctl secrets edit`"
    )]
    HoldsAValue(String),
}

/// The node of that name. A key with points in it is found before a way along several keys.
pub(crate) fn find<'a>(node: &'a [Item], name: &str) -> Option<&'a Node> {
    entries(node).find(|(key, _)| *key == name && !key.is_empty()).map(|(_, node)| node).or_else(|| {
        let deeper = |(nth, (key, node)): (usize, (&str, &'a Node))| {
            let rest = strip_key(name, key, nth)?;
            match (node, rest) {
                (node, "") => Some(node),
                (Node::Map(items) | Node::List(items), rest) => find(items, rest.strip_prefix('.')?),
                (Node::Leaf(_), _) => None,
            }
        };
        entries(node).enumerate().find_map(deeper)
    })
}

/// What remains of a name behind a key, or behind a place in a list, where keys are empty.
fn strip_key<'n>(name: &'n str, key: &str, nth: usize) -> Option<&'n str> {
    let rest =
        if key.is_empty() { name.strip_prefix(nth.to_string().as_str())? } else { name.strip_prefix(key)? };
    (rest.is_empty() || rest.starts_with('.')).then_some(rest)
}

/// Every value with its name, in the order of the file.
pub(crate) fn leaves(tree: &[Item]) -> Vec<(String, &Scalar)> {
    fn walk<'a>(items: &'a [Item], before: &str, found: &mut Vec<(String, &'a Scalar)>) {
        for (nth, (key, node)) in entries(items).enumerate() {
            let name = if key.is_empty() { format!("{before}{nth}") } else { format!("{before}{key}") };
            match node {
                Node::Leaf(scalar) => found.push((name, scalar)),
                Node::Map(items) | Node::List(items) => walk(items, &format!("{name}."), found),
            }
        }
    }
    let mut found = Vec::new();
    walk(tree, "", &mut found);
    found
}

/// The keys on the way to a name: those that are there, and then one for each part.
pub(crate) fn path(tree: &[Item], name: &str) -> Vec<String> {
    for (nth, (key, node)) in entries(tree).enumerate() {
        match (strip_key(name, key, nth), node) {
            (Some(""), _) => return vec![key.to_owned()],
            (Some(rest), Node::Map(items) | Node::List(items)) => {
                let rest = path(items, rest.strip_prefix('.').unwrap_or(rest));
                return std::iter::once(key.to_owned()).chain(rest).collect();
            }
            (Some(_), Node::Leaf(_)) | (None, _) => {}
        }
    }
    name.split('.').map(str::to_owned).collect()
}

/// Puts a value under a name, and says whether the name is new.
pub(crate) fn set(tree: &mut Vec<Item>, name: &str, value: Scalar) -> Result<bool, BadName> {
    put(tree, name, name, value)
}

fn put(items: &mut Vec<Item>, name: &str, whole: &str, value: Scalar) -> Result<bool, BadName> {
    let mut nth = 0;
    for item in items.iter_mut() {
        let Item::Entry { key, node } = item else { continue };
        let here = nth;
        nth += 1;
        let Some(rest) = strip_key(name, key, here) else { continue };
        return match (node, rest) {
            (Node::Leaf(scalar), "") => {
                *scalar = value;
                Ok(false)
            }
            (Node::Map(_) | Node::List(_), "") => Err(BadName::HoldsKeys(whole.to_owned())),
            (Node::Map(items) | Node::List(items), rest) => {
                put(items, rest.strip_prefix('.').unwrap_or(rest), whole, value)
            }
            (node @ Node::Leaf(_), rest) => {
                let is_null = matches!(node, Node::Leaf(scalar) if scalar.kind == super::Kind::Null);
                if !is_null {
                    return Err(BadName::HoldsAValue(key.clone()));
                }
                let mut inner = Vec::new();
                let is_new = put(&mut inner, rest.strip_prefix('.').unwrap_or(rest), whole, value)?;
                *node = Node::Map(inner);
                Ok(is_new)
            }
        };
    }
    let is_list = entries(items).any(|(key, _)| key.is_empty());
    if is_list {
        return Err(BadName::NotAName(whole.to_owned()));
    }
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    if !name.split('.').all(is_key) {
        return Err(BadName::NotAName(whole.to_owned()));
    }
    let node = parts.rev().fold(Node::Leaf(value), |node, key| Node::Map(vec![Item::pair(key, node)]));
    items.push(Item::pair(first, node));
    Ok(true)
}

/// A new key is one that needs no quotes anywhere.
fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 128
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !key.starts_with('-')
}
