//! Compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), for one `typ` at a time.
//!
//! The header is compared as a whole: there is no algorithm to negotiate, so there is none to confuse.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

/// Longer tokens are not looked at.
const LIMIT: usize = 4096;

/// The text is not a token of that type signed by that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

fn header(typ: &str) -> String {
    BASE64.encode(format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#))
}

pub(crate) fn sign(
    key: &Ed25519KeyPair,
    typ: &str,
    claims: &impl serde::Serialize,
) -> Result<String, Invalid> {
    let claims = serde_json::to_vec(claims).map_err(|_unserialisable| Invalid)?;
    let signed = format!("{}.{}", header(typ), BASE64.encode(claims));
    let signature = BASE64.encode(key.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// Verifies first; the claims are parsed only when the signature holds.
pub(crate) fn verify<T: serde::de::DeserializeOwned>(
    public_key: &[u8],
    typ: &str,
    untrusted_token: &str,
) -> Result<T, Invalid> {
    if untrusted_token.len() > LIMIT {
        return Err(Invalid);
    }
    let (signed, signature) = untrusted_token.rsplit_once('.').ok_or(Invalid)?;
    let (found_header, claims) = signed.split_once('.').ok_or(Invalid)?;
    if found_header != header(typ) {
        return Err(Invalid);
    }
    let signature = BASE64.decode(signature).map_err(|_not_base64| Invalid)?;
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_unspecified| Invalid)?;
    let claims = BASE64.decode(claims).map_err(|_not_base64| Invalid)?;
    serde_json::from_slice(&claims).map_err(|_other_claims| Invalid)
}
