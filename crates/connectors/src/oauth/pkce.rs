//! Proof that whoever brings the code is whoever asked for it (RFC 7636), and a mark that the answer is to our question.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, error::Unspecified};
use vault::Secret;
use zeroize::Zeroizing;

/// 32 bytes of the system's randomness as 43 characters: a code verifier as section 4.1 recommends it, or a `state` that
/// nobody guesses.
pub(super) fn random(name: &str) -> Result<Secret, Unspecified> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *bytes)?;
    Ok(Secret::new(name, BASE64_URL_SAFE_NO_PAD.encode(*bytes).into_bytes()))
}

/// The challenge of a verifier: BASE64URL(SHA256(ASCII(verifier))), section 4.2.
pub(super) fn challenge(verifier: &Secret) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.expose()))
}

#[cfg(test)]
mod tests {
    use super::{challenge, random};
    use std::collections::HashSet;
    use vault::Secret;

    #[test]
    fn the_challenge_is_that_of_the_rfcs_appendix() {
        let verifier = Secret::new("verifier", b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_vec());
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_of_the_rfcs_length_and_alphabet_and_never_twice_the_same() {
        let drawn: Vec<Secret> = (0..64).map(|_| random("verifier").unwrap()).collect();
        for verifier in &drawn {
            assert!((43..=128).contains(&verifier.expose().len()));
            let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
            assert!(verifier.expose().iter().all(unreserved));
        }
        let distinct: HashSet<&[u8]> = drawn.iter().map(Secret::expose).collect();
        assert_eq!(distinct.len(), drawn.len());
    }
}
