//! The data key, encrypted with age to each recipient.

use super::envelope::DataKey;
use crate::Identity;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use std::io::{Read as _, Write as _};
use std::str::FromStr as _;
use zeroize::Zeroizing;

/// Whom a file is encrypted to, and the data key in that form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrapped {
    pub(crate) recipient: String,
    pub(crate) armored: String,
}

/// Why a text is no recipient of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a recipient that is supported here (age X25519: `age1…`, 62 letters)")]
pub struct NotARecipient(pub String);

/// Checks that somebody can be encrypted to.
pub fn check_recipient(untrusted: &str) -> Result<(), NotARecipient> {
    parse(untrusted).map(drop)
}

fn parse(untrusted: &str) -> Result<age::x25519::Recipient, NotARecipient> {
    let shown = || untrusted.chars().filter(|letter| !letter.is_control()).take(80).collect();
    age::x25519::Recipient::from_str(untrusted).map_err(|_rejected| NotARecipient(shown()))
}

/// Encrypts the data key to one recipient.
pub(crate) fn wrap(key: &DataKey, recipient: &str) -> Result<Wrapped, NotARecipient> {
    let to = parse(recipient)?;
    let armored = armored(key, &to).ok_or_else(|| NotARecipient(recipient.to_owned()))?;
    Ok(Wrapped { recipient: recipient.to_owned(), armored })
}

/// Into memory, so nothing that can fail is left but the encryption to a recipient that does parse.
fn armored(key: &DataKey, to: &age::x25519::Recipient) -> Option<String> {
    let encryptor = age::Encryptor::with_recipients(std::iter::once(to as &dyn age::Recipient)).ok()?;
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).ok()?;
    let mut writer = encryptor.wrap_output(armor).ok()?;
    writer.write_all(key.bytes()).ok()?;
    let bytes = writer.finish().and_then(ArmoredWriter::finish).ok()?;
    String::from_utf8(bytes).ok()
}

/// The data key, if the identity is one of those that it is encrypted to.
pub(crate) fn unwrap(wrapped: &[Wrapped], identity: &Identity) -> Option<DataKey> {
    let recipient = identity.recipient();
    // The one that says it is ours comes first; what a file says of itself decides nothing.
    let ours = wrapped.iter().filter(|one| one.recipient == recipient);
    let others = wrapped.iter().filter(|one| one.recipient != recipient);
    ours.chain(others).find_map(|one| open(&one.armored, identity))
}

fn open(untrusted: &str, identity: &Identity) -> Option<DataKey> {
    let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(untrusted.as_bytes())).ok()?;
    let reader = decryptor.decrypt(std::iter::once(identity.key() as &dyn age::Identity)).ok()?;
    let mut key = Zeroizing::new(Vec::with_capacity(64));
    // One more than a key has, so that a longer one is seen to be none.
    reader.take(33).read_to_end(&mut key).ok()?;
    DataKey::from_slice(&key)
}
