//! The permit: one request, one use, five minutes.

use crate::jws;
use action::{ActionName, Digest, Request, ZoneId};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SecureRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

const TYP: &str = "moltbot-permit+jwt";
const ISSUER: &str = "moltbot-executor";

/// The key that mints permits. It lives in the executor's memory and nowhere else, and is new with every start.
pub struct PermitKey(Ed25519KeyPair);

/// What a permit is minted for.
pub struct PermitTerms<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// The request itself: zone, action and parameters.
    pub request: &'a Request,
    /// The permit's own id, never used before.
    pub jti: &'a str,
    /// When it is minted.
    pub issued_at: Timestamp,
    /// How long it lives.
    pub lifetime: SignedDuration,
}

/// A verified permit.
///
/// Having one tells you that this executor minted it since its start, for which zone, action and digest, and that it had
/// not expired when it was verified. It does not tell you that it is unspent: the record knows that.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    jti: String,
    request_id: String,
    digest: Digest,
    expires_at: Timestamp,
}

/// Why a permit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermit {
    /// Not a permit that this executor minted since its start.
    #[error("this is not a permit of this executor since its last start")]
    NotGenuine,
    /// Minted for another zone than the one that presents it.
    #[error("this permit belongs to another zone")]
    Foreign,
    /// Its time is over.
    #[error("this permit expired at {expired_at}")]
    Expired {
        /// The end of its life.
        expired_at: Timestamp,
    },
    /// The action or the parameters are not those it was minted for.
    #[error("the action or its parameters are not those that were permitted")]
    ParametersChanged,
}

/// RFC 7519 claims, and ours: the action, the request and its digest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    jti: String,
    iat: i64,
    exp: i64,
    request: String,
    digest: Digest,
}

// === impl PermitKey ===

impl PermitKey {
    /// A new key.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, ring::error::Unspecified> {
        let document = Ed25519KeyPair::generate_pkcs8(random)?;
        Ok(Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_rejected| ring::error::Unspecified)?))
    }

    /// Mints a permit.
    pub fn mint(&self, terms: &PermitTerms<'_>) -> Result<(String, Timestamp), ring::error::Unspecified> {
        let PermitTerms { request_id, request, jti, issued_at, lifetime } = terms;
        // Whole seconds (RFC 7519, NumericDate), rounded down: never longer than it may live.
        let exp = issued_at.checked_add(*lifetime).map_err(|_overflow| ring::error::Unspecified)?.as_second();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: request.zone().to_string(),
            sub: request.action().name().as_str().to_owned(),
            jti: (*jti).to_owned(),
            iat: issued_at.as_second(),
            exp,
            request: (*request_id).to_owned(),
            digest: request.digest(),
        };
        let token = jws::sign(&self.0, TYP, &claims).map_err(|_invalid| ring::error::Unspecified)?;
        Ok((token, Timestamp::from_second(exp).unwrap_or(Timestamp::MIN)))
    }

    /// Verifies what a zone presents against what it wants done, and consumes the token.
    pub fn verify(
        &self,
        untrusted_token: String,
        presented_by: &ZoneId,
        wanted: &Request,
        now: Timestamp,
    ) -> Result<Permit, InvalidPermit> {
        let claims: Claims = jws::verify(self.0.public_key().as_ref(), TYP, &untrusted_token)
            .map_err(|_invalid| InvalidPermit::NotGenuine)?;
        let Claims { iss, aud, sub, jti, iat: _, exp, request, digest } = claims;
        if iss != ISSUER {
            return Err(InvalidPermit::NotGenuine);
        }
        if aud != presented_by.to_string() {
            return Err(InvalidPermit::Foreign);
        }
        let expires_at = Timestamp::from_second(exp).map_err(|_out_of_range| InvalidPermit::NotGenuine)?;
        if now >= expires_at {
            return Err(InvalidPermit::Expired { expired_at: expires_at });
        }
        let action: Result<ActionName, _> = sub.parse();
        if action != Ok(wanted.action().name()) || digest != wanted.digest() {
            return Err(InvalidPermit::ParametersChanged);
        }
        Ok(Permit { jti, request_id: request, digest, expires_at })
    }
}

impl std::fmt::Debug for PermitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PermitKey")
    }
}

// === impl Permit ===

impl Permit {
    /// The permit's own id.
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// The request it was minted for.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The digest it is bound to.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The end of its life.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use action::Role;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    fn key() -> PermitKey {
        PermitKey::generate(&ring::rand::SystemRandom::new()).unwrap()
    }

    fn zone(role: Role) -> ZoneId {
        ZoneId::new("local", role)
    }

    fn request(zone: ZoneId, body: &str) -> Request {
        let parameters = format!(r#"{{"to":"ann@example.org","subject":"s","body":"{body}"}}"#);
        Request::check(zone, "send_email", parameters).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn mint(key: &PermitKey, request: &Request) -> String {
        let lifetime = SignedDuration::from_secs(300);
        let terms = PermitTerms { request_id: "r1", request, jti: "j1", issued_at: at(1000), lifetime };
        key.mint(&terms).unwrap().0
    }

    /// Presents a permit minted at second 1000 for a mail with body `hello`.
    fn check(
        change: impl Fn(String) -> String,
        by: Role,
        body: &str,
        now: i64,
    ) -> Result<Permit, InvalidPermit> {
        let key = key();
        let token = mint(&key, &request(zone(Role::Planner), "hello"));
        key.verify(change(token), &zone(by), &request(zone(by), body), at(now))
    }

    #[test]
    fn a_permit_is_for_its_zone_action_and_parameters_until_it_expires() {
        let permit = check(|t| t, Role::Planner, "hello", 1299).unwrap();
        assert_eq!((permit.jti(), permit.request_id(), permit.expires_at()), ("j1", "r1", at(1300)));
    }

    #[test]
    fn an_expired_permit_is_refused_at_its_very_second() {
        let expired = Err(InvalidPermit::Expired { expired_at: at(1300) });
        assert_eq!(check(|t| t, Role::Planner, "hello", 1300), expired);
        assert_eq!(check(|t| t, Role::Planner, "hello", 9999), expired);
    }

    #[test]
    fn another_zone_cannot_use_it() {
        assert_eq!(check(|t| t, Role::ReaderEmail, "hello", 1001), Err(InvalidPermit::Foreign));
    }

    #[test]
    fn other_parameters_are_refused() {
        assert_eq!(check(|t| t, Role::Planner, "hello!", 1001), Err(InvalidPermit::ParametersChanged));
    }

    #[test]
    fn a_permit_of_an_earlier_start_is_not_genuine() {
        let wanted = request(zone(Role::Planner), "hello");
        let old = mint(&key(), &wanted);
        let refused = key().verify(old, &zone(Role::Planner), &wanted, at(1001));
        assert_eq!(refused, Err(InvalidPermit::NotGenuine));
    }

    #[test]
    fn nothing_of_a_token_can_be_changed() {
        let parts = |token: &str| token.split('.').map(ToOwned::to_owned).collect::<Vec<_>>();
        let no_algorithm = |token: String| {
            let header = BASE64.encode(r#"{"alg":"none","typ":"moltbot-permit+jwt"}"#);
            format!("{header}.{}.", parts(&token)[1])
        };
        let hmac = |token: String| {
            let header = BASE64.encode(r#"{"alg":"HS256","typ":"moltbot-permit+jwt"}"#);
            format!("{header}.{}.{}", parts(&token)[1], parts(&token)[2])
        };
        let longer_life = |token: String| {
            let claims = String::from_utf8(BASE64.decode(&parts(&token)[1]).unwrap()).unwrap();
            let claims = BASE64.encode(claims.replace("1300", "9300"));
            format!("{}.{claims}.{}", parts(&token)[0], parts(&token)[2])
        };
        let changes: [&dyn Fn(String) -> String; 7] = [
            &no_algorithm,
            &hmac,
            &longer_life,
            &|_| String::new(),
            &|t| t + "=",
            &|t| format!("{t}.x"),
            &|_| "x".repeat(10_000),
        ];
        for change in changes {
            assert_eq!(check(change, Role::Planner, "hello", 1001), Err(InvalidPermit::NotGenuine));
        }
        let whole = mint(&key(), &request(zone(Role::Planner), "hello"));
        for position in 0..whole.len() {
            let flip = |token: String| {
                let mut bytes = token.into_bytes();
                bytes[position] ^= 1;
                String::from_utf8(bytes).unwrap()
            };
            let refused = check(flip, Role::Planner, "hello", 1001);
            assert_eq!(refused, Err(InvalidPermit::NotGenuine), "byte {position}");
        }
    }
}
