//! What the owner says about a connector's way out: the same keys for each.

use crate::Home;
use crate::section::Section;
use std::path::PathBuf;

/// Other servers than the provider's own, and how they are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayOut {
    /// Other addresses, by the key that names them: `endpoint`, `token_endpoint`.
    pub addresses: Vec<(String, String)>,
    /// A file of certificates (PEM) that vouch for servers beside those that browsers know.
    pub extra_ca: Option<PathBuf>,
    /// Whether `http://` may be spoken to this machine itself.
    pub plaintext_loopback: bool,
    /// Whether a name may lead to an address that is not of the public Internet.
    pub private_addresses: bool,
}

/// A server that speaks a protocol of its own, such as a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whether to sign in with `mail.username` and `mail.password` of the vault.
    pub sign_in: bool,
    /// How it is reached and trusted.
    pub way_out: WayOut,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS, required.
    StartTls,
    /// Nothing; only to this machine itself.
    None,
}

// === impl WayOut ===

impl WayOut {
    /// Reads the keys that every connector has; `sites` are the keys that name servers, each with the provider's own.
    pub(super) fn read(section: &Section<'_, '_>, home: &Home, sites: &[(&'static str, &str)]) -> Self {
        let mut addresses = Vec::new();
        for (site, own) in sites {
            let address = section.string(site, own);
            if address != *own {
                addresses.push(((*site).to_owned(), address));
            }
        }
        let extra_ca = section.string("extra_ca", "");
        let extra_ca = (!extra_ca.is_empty()).then(|| home.resolve(&extra_ca));
        if let Some(file) = extra_ca.as_ref().filter(|file| !file.is_file()) {
            section.problem("extra_ca", format!("`{}` is not a file; name a PEM file", file.display()));
        }
        Self {
            addresses,
            extra_ca,
            plaintext_loopback: section.boolean("danger_allow_plaintext_loopback", false),
            private_addresses: section.boolean("danger_allow_private_addresses", false),
        }
    }

    /// What is not as the provider has it, in words for whoever looks at the status. Empty when all is.
    pub fn deviations(&self) -> Vec<String> {
        let addresses = self.addresses.iter().map(|(site, address)| format!("{site} is {address}"));
        let extra_ca =
            self.extra_ca.iter().map(|file| format!("certificates of {} are trusted too", file.display()));
        let plaintext =
            self.plaintext_loopback.then(|| "this machine may be spoken to without TLS".to_owned());
        let private = self.private_addresses.then(|| "names may lead to private addresses".to_owned());
        addresses.chain(extra_ca).chain(plaintext).chain(private).collect()
    }
}

// === impl Server ===

impl Server {
    pub(super) fn read(
        section: &Section<'_, '_>,
        home: &Home,
        (port, security): (u16, Security),
        always_signs_in: bool,
    ) -> Self {
        let host = section.required_string("host", "mail.example.org");
        let port =
            u16::try_from(section.number("port", i64::from(port), 1..=65535, "TCP port")).unwrap_or(port);
        let choices = [("starttls", Security::StartTls), ("tls", Security::Tls), ("none", Security::None)];
        let security = section.choice("security", &choices, security);
        let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if security == Security::None && !here {
            section.problem(
                "security",
                format!("\"none\" would send mail in the clear to `{host}`; write \"starttls\" or \"tls\""),
            );
        }
        let sign_in = always_signs_in || section.boolean("sign_in", false);
        let way_out = WayOut::read(section, home, &[]);
        if sign_in && security == Security::None && !way_out.plaintext_loopback {
            section.problem(
                "security",
                "would send the password in the clear; write security = \"tls\", or, for a server on this machine, \
                 danger_allow_plaintext_loopback = true",
            );
        }
        Self { host, port, security, sign_in, way_out }
    }
}
