//! A person's consent that we act for their account, and the tokens that come of it: OAuth 2.0 (RFC 6749) for a program on
//! the person's own machine (RFC 8252), with proof of possession of the code (RFC 7636).
//!
//! [`Consent`] is the walk of `moltctl connect`: a page for the browser, the answer on a loopback address, the exchange of its
//! code for a refresh token. [`AccessTokens`] is what lasts: it makes access tokens from the refresh token in the vault, and
//! keeps them in memory only.

mod access;
mod consent;
mod pkce;
mod redirect;
mod request;
mod token;

pub use access::{AccessToken, AccessTokens, Keeper};
pub use consent::{Answer, Consent, GOOGLE_PAGE, NoConsent};
pub use token::{CLIENT_ID, CLIENT_SECRET, Granted, REFRESH_TOKEN, TOKEN_PATH, exchange};

/// The site of a reach at which tokens are asked for.
pub const TOKEN_SITE: &str = "token_endpoint";
