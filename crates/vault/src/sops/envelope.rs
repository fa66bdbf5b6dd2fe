//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`.
//!
//! AES-256-GCM with a random nonce of 32 bytes; the 16 bytes of the tag stand apart; the path of the value is authenticated
//! with it (getsops/sops, `aes/cipher.go`). ring's AES-GCM has a nonce of 12 bytes only, hence the other crate.

use super::tree::{Kind, Scalar, Text};
use aes::Aes256;
use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aead::generic_array::{ArrayLength, GenericArray};
use aes_gcm::{AeadInPlace, AesGcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SecureRandom as _;
use zeroize::{Zeroize as _, Zeroizing};

const OPENING: &str = "ENC[AES256_GCM,data:";
const NONCE: usize = 32;
const TAG: usize = 16;

/// The key that the values of one file are encrypted with. It cannot be printed.
pub(crate) struct DataKey(Zeroizing<[u8; 32]>);

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no randomness for a key")]
pub struct NoRandomness;

/// Why an encrypted value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It does not look like one.
    #[error("is not encrypted, though it should be")]
    NotEncrypted,
    /// The key, the path or the bytes are others than when it was made.
    #[error("does not decrypt: it was changed, moved or renamed by something that is not sops")]
    NotAuthentic,
    /// It has a type that nothing is known about.
    #[error("is of a type that is not known here")]
    UnknownType,
}

// === impl DataKey ===

impl DataKey {
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; 32]);
        ring::rand::SystemRandom::new().fill(&mut *key).map_err(|_unspecified| NoRandomness)?;
        Ok(Self(key))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Encrypts a value for one place in the file. Empty text stays as it is, as sops leaves it.
    pub(crate) fn seal(&self, kind: &str, text: &str, path: &str) -> Result<String, NoRandomness> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let mut nonce = [0; NONCE];
        ring::rand::SystemRandom::new().fill(&mut nonce).map_err(|_unspecified| NoRandomness)?;
        let mut data = Zeroizing::new(text.as_bytes().to_vec());
        let cipher = AesGcm::<Aes256, U32>::new(GenericArray::from_slice(&*self.0));
        let tag = cipher
            .encrypt_in_place_detached(GenericArray::from_slice(&nonce), path.as_bytes(), &mut data)
            .map_err(|_longer_than_gcm_can| NoRandomness)?;
        let (data, nonce, tag) = (BASE64.encode(&*data), BASE64.encode(nonce), BASE64.encode(tag));
        Ok(format!("{OPENING}{data},iv:{nonce},tag:{tag},type:{kind}]"))
    }

    /// Opens a value that was encrypted for this place in the file.
    pub(crate) fn open(&self, untrusted: &str, path: &str) -> Result<(Opened, Text), Unopened> {
        let sealed = Sealed::parse(untrusted).ok_or(Unopened::NotEncrypted)?;
        let mut data = Zeroizing::new(sealed.data);
        let opened = match sealed.nonce.len() {
            32 => self.open_with::<U32>(&sealed.nonce, path, &mut data, &sealed.tag),
            16 => self.open_with::<U16>(&sealed.nonce, path, &mut data, &sealed.tag),
            12 => self.open_with::<U12>(&sealed.nonce, path, &mut data, &sealed.tag),
            _ => None,
        };
        opened.ok_or(Unopened::NotAuthentic)?;
        let text = match String::from_utf8(std::mem::take(&mut *data)) {
            Ok(text) => Zeroizing::new(text),
            Err(error) => {
                error.into_bytes().zeroize();
                return Err(Unopened::UnknownType);
            }
        };
        Ok((sealed.kind.ok_or(Unopened::UnknownType)?, text))
    }

    fn open_with<N: ArrayLength<u8>>(
        &self,
        nonce: &[u8],
        path: &str,
        data: &mut [u8],
        tag: &[u8],
    ) -> Option<()> {
        let cipher = AesGcm::<Aes256, N>::new(GenericArray::from_slice(&*self.0));
        let (nonce, tag) = (GenericArray::from_slice(nonce), GenericArray::from_slice(tag));
        cipher.decrypt_in_place_detached(nonce, path.as_bytes(), data, tag).ok()
    }
}

/// What an encrypted value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    Value(Kind),
    Comment,
}

struct Sealed {
    data: Vec<u8>,
    nonce: Vec<u8>,
    tag: Vec<u8>,
    kind: Option<Opened>,
}

// === impl Sealed ===

impl Sealed {
    fn parse(untrusted: &str) -> Option<Self> {
        let inner = untrusted.strip_prefix(OPENING)?.strip_suffix(']')?;
        let (data, rest) = inner.split_once(",iv:")?;
        let (nonce, rest) = rest.split_once(",tag:")?;
        let (tag, kind) = rest.split_once(",type:")?;
        let tag = BASE64.decode(tag).ok().filter(|tag| tag.len() == TAG)?;
        let kind = match kind {
            "comment" => Some(Opened::Comment),
            other => kind_of(other).map(Opened::Value),
        };
        Some(Self { data: BASE64.decode(data).ok()?, nonce: BASE64.decode(nonce).ok()?, tag, kind })
    }
}

/// Whether it looks encrypted.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(OPENING)
}

/// Whether it looks like an encrypted comment.
pub(crate) fn is_sealed_comment(text: &str) -> bool {
    is_sealed(text) && text.ends_with(",type:comment]")
}

/// SOPS's word for a kind.
pub(crate) fn word_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Time => "time",
        Kind::Str => "str",
        Kind::Bytes => "bytes",
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    [Kind::Bool, Kind::Int, Kind::Float, Kind::Time, Kind::Str, Kind::Bytes]
        .into_iter()
        .find(|kind| word_of(*kind) == word)
}

/// A decrypted value in its canonical form, as sops hashes it: it parses what it decrypted and formats it anew.
pub(crate) fn canonical(kind: Kind, text: Text) -> Option<Scalar> {
    match kind {
        Kind::Null => None,
        Kind::Bool => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(Scalar::boolean(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(Scalar::boolean(false)),
            _ => None,
        },
        Kind::Int => text.parse().ok().map(|number: i64| Scalar::new(Kind::Int, number.to_string())),
        Kind::Float => text.parse().ok().map(Scalar::float),
        Kind::Time | Kind::Str | Kind::Bytes => Some(Scalar { kind, text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_in_its_place_and_nowhere_else() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal("str", "hunter2", "db:password:").unwrap();
        let (kind, text) = key.open(&sealed, "db:password:").unwrap();
        assert_eq!((kind, text.as_str()), (Opened::Value(Kind::Str), "hunter2"));
        assert_eq!(key.open(&sealed, "db:user:").unwrap_err(), Unopened::NotAuthentic);
        assert_eq!(
            DataKey::generate().unwrap().open(&sealed, "db:password:").unwrap_err(),
            Unopened::NotAuthentic
        );
    }

    #[test]
    fn the_same_value_is_never_encrypted_to_the_same_bytes() {
        let key = DataKey::generate().unwrap();
        assert_ne!(key.seal("str", "a", ":").unwrap(), key.seal("str", "a", ":").unwrap());
        assert_eq!(key.seal("str", "", ":").unwrap(), "");
    }

    #[test]
    fn what_is_no_encrypted_value_is_said_to_be_none() {
        let key = DataKey::generate().unwrap();
        let sealed = key.seal("str", "hunter2", ":").unwrap();
        for broken in [
            "",
            "ENC[",
            "ENC[AES256_GCM,data:,iv:,tag:,type:]",
            "ENC[AES256_GCM,data:!!,iv:AAAA,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]",
            &sealed.replace(",tag:", ",gat:"),
            sealed.trim_end_matches(']'),
        ] {
            assert_eq!(key.open(broken, ":").unwrap_err(), Unopened::NotEncrypted, "{broken}");
        }
        let other = sealed.replace("type:str", "type:gold");
        assert_eq!(key.open(&other, ":").unwrap_err(), Unopened::UnknownType);
    }
}
