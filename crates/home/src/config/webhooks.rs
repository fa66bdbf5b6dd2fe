//! Where services call us.

use super::connectors::Connectors;
use crate::section::Section;
use std::net::{Ipv4Addr, SocketAddr};
use url::Url;

/// Where the doorkeeper listens when nothing else is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8473);

/// Where services call us. Which of them are listened to follows from the connectors that are set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// An address of this machine itself; what makes it public, a tunnel or a proxy, stands in front.
    pub listen: SocketAddr,
    /// What stands before `/telegram`, `/slack` and `/twilio` in the addresses that the services were given.
    pub public_url: Option<Url>,
}

// === impl Webhooks ===

impl Webhooks {
    /// Reads `[webhooks]`. `None` where it is missing: then nobody listens.
    pub(super) fn read(root: &Section<'_, '_>, connectors: Option<&Connectors>) -> Option<Self> {
        let section = root.optional_section("webhooks")?;
        let listen = section.string("listen", &LISTEN.to_string());
        let here = listen
            .parse::<SocketAddr>()
            .ok()
            .filter(|address| address.ip().is_loopback() && address.port() != 0);
        if here.is_none() {
            let what = format!(
                "must be an address of this machine itself with a port, for example \"{LISTEN}\", found {listen:?}; what \
                 makes it public, a tunnel or a proxy that speaks TLS, stands in front"
            );
            section.problem("listen", what);
        }
        let plaintext_loopback = section.boolean("danger_allow_plaintext_loopback", false);
        let written = section.string("public_url", "");
        let public_url = match public_url(&written, plaintext_loopback) {
            Ok(public_url) => public_url,
            Err(why) => {
                section.problem("public_url", format!("{why}, found {written:?}"));
                None
            }
        };
        if written.is_empty() && connectors.is_some_and(|connectors| connectors.twilio.is_some()) {
            section.problem(
                "public_url",
                "is missing; Twilio signs the address that it calls, so write the one that you gave it without /twilio, for \
                 example public_url = \"https://hooks.example.org\"",
            );
        }
        section.finish();
        Some(Self { listen: here.unwrap_or(LISTEN), public_url })
    }

    /// The address that a service was given, where that is known.
    pub fn public_address(&self, path: &str) -> Option<Url> {
        let mut address = self.public_url.clone()?;
        let whole = format!("{}{path}", address.path().trim_end_matches('/'));
        address.set_path(&whole);
        Some(address)
    }
}

fn public_url(written: &str, plaintext_loopback: bool) -> Result<Option<Url>, &'static str> {
    if written.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(written)
        .map_err(|_| "is not an address; write for example \"https://hooks.example.org\"")?;
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let has_only_a_place = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    match url.scheme() {
        _ if !has_only_a_place => Err("must be a scheme, a host and at most a path"),
        "https" => Ok(Some(url)),
        "http" if here && plaintext_loopback => Ok(Some(url)),
        _ => Err("must begin with https://, because whoever reads a delivery on its way can send it again"),
    }
}
