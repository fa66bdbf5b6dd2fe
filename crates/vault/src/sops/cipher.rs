//! A whole tree, encrypted and decrypted value by value, and the MAC over it (getsops/sops, `sops.go`).
//!
//! The MAC is SHA-512 over the plain form of every value, one after the other, encrypted or not, comments and nulls left out.
//! It has no key and sees neither keys nor borders between values: whoever may write the file can make a valid one. That is why
//! files are signed as well ([`crate::signature`]).

use super::envelope::{
    DataKey, NoRandomness, Opened, Unopened, canonical, is_sealed, is_sealed_comment, word_of,
};
use super::selection::Selection;
use super::tree::{Comment, Item, Kind, Node, Scalar};
use sha2::{Digest as _, Sha512};
use std::collections::HashMap;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// SHA-256 of `sops`: what the digest begins with where only encrypted values count.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// What of a file belongs to its encryption besides the key.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) selection: Selection,
    pub(crate) mac_only_encrypted: bool,
}

/// A value that did not decrypt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {why}")]
pub struct BadValue {
    /// The keys on the way to it, joined by points.
    pub path: String,
    /// Why.
    pub why: Unopened,
}

/// Encrypted values by what they are the encryption of, so that a value that does not change keeps its bytes, as with sops.
#[derive(Default)]
pub(crate) struct Kept(HashMap<[u8; 64], String>);

/// The digest of everything, as it is compared and encrypted: 128 hexadecimal digits.
pub(crate) struct Mac(Zeroizing<String>);

/// Decrypts a tree in place.
pub(crate) fn decrypt(tree: &mut [Item], key: &DataKey, rules: &Rules) -> Result<Decrypted, BadValue> {
    let mut walk = Walk::new(key, rules);
    walk.decrypt(tree, &mut Vec::new())?;
    Ok(Decrypted {
        mac: Mac::of(walk.digest),
        kept: walk.kept,
        comments_not_opened: walk.comments_not_opened,
    })
}

/// What decrypting a tree gave besides the tree.
pub(crate) struct Decrypted {
    pub(crate) mac: Mac,
    pub(crate) kept: Kept,
    /// Encrypted comments that did not open; they are kept as they stand.
    pub(crate) comments_not_opened: usize,
}

/// An encrypted copy of a tree, and the MAC over the plain one.
pub(crate) fn encrypt(
    tree: &[Item],
    key: &DataKey,
    rules: &Rules,
    kept: Kept,
) -> Result<(Vec<Item>, Mac, Kept), NoRandomness> {
    let mut walk = Walk { kept, ..Walk::new(key, rules) };
    let sealed = walk.encrypt(tree, &mut Vec::new())?;
    Ok((sealed, Mac::of(walk.digest), walk.kept))
}

struct Walk<'a> {
    key: &'a DataKey,
    rules: &'a Rules,
    digest: Sha512,
    kept: Kept,
    comments_not_opened: usize,
}

// === impl Walk ===

impl<'a> Walk<'a> {
    fn new(key: &'a DataKey, rules: &'a Rules) -> Self {
        let mut digest = Sha512::new();
        if rules.mac_only_encrypted {
            digest.update(ONLY_ENCRYPTED);
        }
        Self { key, rules, digest, kept: Kept::default(), comments_not_opened: 0 }
    }

    fn decrypt(&mut self, items: &mut [Item], path: &mut Vec<String>) -> Result<(), BadValue> {
        for item in items {
            // sops writes a comment in a list as a member of it.
            if let Item::Entry { key, node: Node::Leaf(leaf) } = item
                && key.is_empty()
                && is_sealed_comment(&leaf.text)
            {
                *item = Item::Comment(Comment { text: std::mem::take(&mut leaf.text), is_inline: false });
            }
            match item {
                Item::Comment(comment) => self.decrypt_comment(comment, path),
                Item::Entry { key, node } => {
                    within(path, key, |path| match node {
                        Node::Map(items) | Node::List(items) => self.decrypt(items, path),
                        Node::Leaf(scalar) => self.decrypt_leaf(scalar, path),
                    })?;
                }
            }
        }
        Ok(())
    }

    fn decrypt_leaf(&mut self, scalar: &mut Scalar, path: &[String]) -> Result<(), BadValue> {
        let bad = |why| BadValue { path: path.join("."), why };
        let is_encrypted = self.is_encrypted(path);
        if is_encrypted && scalar.kind != Kind::Null && !(scalar.kind == Kind::Str && scalar.text.is_empty())
        {
            if scalar.kind != Kind::Str {
                return Err(bad(Unopened::NotEncrypted));
            }
            let place = place(path);
            let opened = match self.key.open(&scalar.text, &place).map_err(bad)? {
                (Opened::Value(kind), text) => canonical(kind, text),
                (Opened::Comment, _) => None,
            };
            let opened = opened.ok_or_else(|| bad(Unopened::UnknownType))?;
            let sealed = std::mem::replace(scalar, opened);
            self.kept.keep(&place, word_of(scalar.kind), &scalar.text, sealed.text.as_str().to_owned());
        }
        self.count(scalar, is_encrypted);
        Ok(())
    }

    /// A comment that does not open is no reason to refuse a file: sops itself takes it for one that was never encrypted, and
    /// tools disagree on which map a comment between two belongs to, so the maps around it are tried as well.
    fn decrypt_comment(&mut self, comment: &mut Comment, path: &[String]) {
        if !is_sealed(&comment.text) {
            return;
        }
        for depth in (0..=path.len()).rev() {
            let Some(path) = path.get(..depth) else { continue };
            let place = place(path);
            if let Ok((_, text)) = self.key.open(&comment.text, &place) {
                let sealed = std::mem::replace(&mut comment.text, text);
                self.kept.keep(&place, "comment", &comment.text, sealed.as_str().to_owned());
                return;
            }
        }
        self.comments_not_opened += 1;
    }

    fn encrypt(&mut self, items: &[Item], path: &mut Vec<String>) -> Result<Vec<Item>, NoRandomness> {
        items
            .iter()
            .map(|item| match item {
                Item::Comment(comment) if is_sealed(&comment.text) || !self.is_encrypted(path) => {
                    Ok(item.clone())
                }
                Item::Comment(Comment { text, is_inline }) => {
                    let text = Zeroizing::new(self.sealed("comment", text, path)?);
                    Ok(Item::Comment(Comment { text, is_inline: *is_inline }))
                }
                Item::Entry { key, node } => within(path, key, |path| {
                    let node = match node {
                        Node::Map(items) => Node::Map(self.encrypt(items, path)?),
                        Node::List(items) => Node::List(self.encrypt(items, path)?),
                        Node::Leaf(scalar) => Node::Leaf(self.encrypt_leaf(scalar, path)?),
                    };
                    Ok(Item::Entry { key: key.clone(), node })
                }),
            })
            .collect()
    }

    fn encrypt_leaf(&mut self, scalar: &Scalar, path: &[String]) -> Result<Scalar, NoRandomness> {
        let is_encrypted = self.is_encrypted(path);
        self.count(scalar, is_encrypted);
        if !is_encrypted || scalar.kind == Kind::Null {
            return Ok(scalar.clone());
        }
        Ok(Scalar::new(Kind::Str, self.sealed(word_of(scalar.kind), &scalar.text, path)?))
    }

    fn sealed(&self, word: &str, text: &str, path: &[String]) -> Result<String, NoRandomness> {
        let place = place(path);
        match self.kept.find(&place, word, text) {
            Some(sealed) => Ok(sealed.clone()),
            None => self.key.seal(word, text, &place),
        }
    }

    fn count(&mut self, scalar: &Scalar, is_encrypted: bool) {
        if is_encrypted || !self.rules.mac_only_encrypted {
            self.digest.update(scalar.text.as_bytes());
        }
    }

    fn is_encrypted(&self, path: &[String]) -> bool {
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        self.rules.selection.encrypts(&path)
    }
}

/// Goes one key deeper. Places in a list are no part of a path.
fn within<T>(path: &mut Vec<String>, key: &str, act: impl FnOnce(&mut Vec<String>) -> T) -> T {
    let depth = path.len();
    if !key.is_empty() {
        path.push(key.to_owned());
    }
    let done = act(path);
    path.truncate(depth);
    done
}

/// What a value is bound to: the keys on the way to it, each followed by a colon.
fn place(path: &[String]) -> String {
    path.join(":") + ":"
}

// === impl Kept ===

impl Kept {
    fn keep(&mut self, place: &str, word: &str, text: &str, sealed: String) {
        self.0.insert(Self::name(place, word, text), sealed);
    }

    fn find(&self, place: &str, word: &str, text: &str) -> Option<&String> {
        self.0.get(&Self::name(place, word, text))
    }

    fn name(place: &str, word: &str, text: &str) -> [u8; 64] {
        let mut digest = Sha512::new();
        for part in [place, word, text] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        digest.finalize().into()
    }
}

// === impl Mac ===

impl Mac {
    fn of(digest: Sha512) -> Self {
        let bytes: [u8; 64] = digest.finalize().into();
        let mut text = Zeroizing::new(String::with_capacity(128));
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}
