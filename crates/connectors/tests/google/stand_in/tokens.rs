//! Google's consent page and token endpoint: codes, grants and tokens that are really kept.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::json;

use super::http::{Request, Response};

pub(crate) const CLIENT_ID: &str = "1234-abc.apps.googleusercontent.com";
pub(crate) const CLIENT_SECRET: &str = "GOCSPX-planted-client-secret";

/// What was given to whom.
#[derive(Default)]
pub(crate) struct Tokens {
    codes: HashMap<String, Code>,
    grants: HashMap<String, Grant>,
    /// Each with the grant that it came of.
    access: HashMap<String, Access>,
    made: usize,
    /// How many tokens the endpoint was asked for.
    pub(crate) asked: usize,
    /// The person at the page unticks these.
    pub(crate) unticked: Vec<&'static str>,
    /// A refresh gives another refresh token and ends the old one.
    pub(crate) rotates: bool,
    /// What a token reply says.
    pub(crate) expires_in: u64,
}

struct Code {
    challenge: String,
    redirect_uri: String,
    scopes: Vec<String>,
}

struct Grant {
    scopes: Vec<String>,
    revoked: bool,
}

struct Access {
    grant: String,
    expired: bool,
}

// === impl Tokens ===

impl Tokens {
    pub(crate) fn lasting(expires_in: u64) -> Tokens {
        Tokens { expires_in, ..Tokens::default() }
    }

    /// A grant that was given some day.
    pub(crate) fn grant(&mut self, scopes: &[&str]) -> String {
        let token = self.name("1//0planted-refresh");
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.grants.insert(token.clone(), Grant { scopes, revoked: false });
        token
    }

    pub(crate) fn revoke_all(&mut self) {
        self.grants.values_mut().for_each(|grant| grant.revoked = true);
        self.expire_all();
    }

    pub(crate) fn expire_all(&mut self) {
        self.access.values_mut().for_each(|access| access.expired = true);
    }

    /// The scopes of whoever brings this token; nothing where it is none, or not any more.
    pub(crate) fn scopes(&self, authorization: Option<&str>) -> Option<&[String]> {
        let access = self.access.get(authorization?.strip_prefix("Bearer ")?)?;
        let grant = self.grants.get(&access.grant)?;
        (!access.expired && !grant.revoked).then_some(&grant.scopes)
    }

    /// The page, and a person who says yes at once. Sends the browser back.
    pub(crate) fn page(&mut self, request: &Request) -> Response {
        let said =
            |name| request.parameter(name).unwrap_or_else(|| panic!("the page lacks `{name}`")).to_owned();
        assert_eq!(said("client_id"), CLIENT_ID);
        assert_eq!(said("response_type"), "code");
        assert_eq!(said("code_challenge_method"), "S256");
        assert_eq!(said("access_type"), "offline");
        let redirect_uri = said("redirect_uri");
        assert!(redirect_uri.starts_with("http://127.0.0.1:"), "{redirect_uri}");
        let scope = said("scope");
        let scopes =
            scope.split(' ').filter(|scope| !self.unticked.contains(scope)).map(str::to_owned).collect();
        let code = self.name("4/0planted-code");
        let back = form_urlencoded::Serializer::new(format!("{redirect_uri}?"))
            .extend_pairs([("state", said("state")), ("code", code.clone()), ("scope", scope)])
            .finish();
        self.codes.insert(code, Code { challenge: said("code_challenge"), redirect_uri, scopes });
        let headers = vec![("Location", back)];
        Response { status: 302, headers, ..Response::json(302, &json!({})) }
    }

    /// The token endpoint.
    pub(crate) fn endpoint(&mut self, request: &Request) -> Response {
        self.asked += 1;
        assert_eq!(request.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
        let form: HashMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let said = |name: &str| form.get(name).map_or("", String::as_str);
        if said("client_id") != CLIENT_ID || said("client_secret") != CLIENT_SECRET {
            return refused(401, "invalid_client", "The OAuth client was not found.");
        }
        match said("grant_type") {
            "authorization_code" => self.exchange(said("code"), said("code_verifier"), said("redirect_uri")),
            "refresh_token" => self.refresh(said("refresh_token")),
            _ => refused(400, "unsupported_grant_type", "Invalid grant_type"),
        }
    }

    fn exchange(&mut self, code: &str, verifier: &str, redirect_uri: &str) -> Response {
        // Good once, whatever comes of it.
        let Some(code) = self.codes.remove(code) else { return refused(400, "invalid_grant", "Bad Request") };
        let hash = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        if !(43..=128).contains(&verifier.len()) || hash != code.challenge {
            return refused(400, "invalid_grant", "Invalid code verifier.");
        }
        if redirect_uri != code.redirect_uri {
            return refused(400, "redirect_uri_mismatch", "Bad Request");
        }
        let refresh_token = self.name("1//0planted-refresh");
        self.grants.insert(refresh_token.clone(), Grant { scopes: code.scopes, revoked: false });
        self.token(&refresh_token, true)
    }

    fn refresh(&mut self, refresh_token: &str) -> Response {
        match self.grants.get_mut(refresh_token) {
            Some(grant) if !grant.revoked => {}
            _ => {
                return refused(
                    400,
                    "invalid_grant",
                    &format!("Token {refresh_token} has been expired or revoked."),
                );
            }
        }
        if !self.rotates {
            return self.token(refresh_token, false);
        }
        let old = self.grants.remove(refresh_token).unwrap();
        let new = self.name("1//0planted-refresh");
        self.grants.insert(new.clone(), old);
        self.token(&new, true)
    }

    fn token(&mut self, grant: &str, with_refresh_token: bool) -> Response {
        let token = self.name("ya29.planted-access");
        self.access.insert(token.clone(), Access { grant: grant.to_owned(), expired: false });
        let scope = self.grants[grant].scopes.join(" ");
        let mut reply = json!({ "access_token": token, "expires_in": self.expires_in, "scope": scope, "token_type": "Bearer" });
        if with_refresh_token {
            reply["refresh_token"] = grant.into();
        }
        Response::json(200, &reply)
    }

    fn name(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{}", self.made)
    }
}

fn refused(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({ "error": error, "error_description": description }))
}
