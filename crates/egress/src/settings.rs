//! Where a connector's sites are: the providers' own addresses, or what the owner says instead.

use crate::Reach;
use std::net::IpAddr;
use url::{Host, Url};

/// What the owner says about one connector's way out. The default is the providers' own servers and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Other addresses for sites, by the site's name: `https://host[:port][/base]`.
    pub addresses: Vec<(String, String)>,
    /// Certificates (PEM) that vouch for servers beside those that browsers know.
    pub extra_roots: Option<Vec<u8>>,
    /// Whether `http://` may be spoken to a loopback address that `addresses` names.
    pub plaintext_loopback: bool,
    /// Whether a *name* in `addresses` may lead to a private address. An address that is written out may be private.
    pub private_addresses: bool,
}

/// Settings that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// It is not a URL that a request can go to.
    #[error("{site} = {address:?} {what}; write it as \"https://host:port\"")]
    Address {
        /// The site.
        site: String,
        /// What was written.
        address: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Nothing in the clear leaves the machine.
    #[error(
        "{site} = {address:?} would send the credential in the clear; write https://, or, for a server on this machine, a loopback address and danger_allow_plaintext_loopback = true"
    )]
    Plaintext {
        /// The site.
        site: String,
        /// What was written.
        address: String,
    },
    /// The connector has no such site.
    #[error("`{site}` is not a site of {connector}")]
    UnknownSite {
        /// The connector.
        connector: &'static str,
        /// What was written.
        site: String,
    },
    /// The further certificates are none.
    #[error("the extra certificates cannot be used: {0}")]
    Roots(String),
}

/// Where one site is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) tls: bool,
    /// As it stands in a URL.
    pub(crate) authority: String,
    /// Percent-encoded segments that all paths begin with, each with its slash before it.
    pub(crate) base: String,
    pub(crate) leads_anywhere: bool,
}

// === impl Settings ===

impl Settings {
    /// Holds the address of a site that somebody else opens, such as the owner's browser, to what holds of those that we do.
    ///
    /// # Errors
    /// It is no address of a server, or one that would be spoken to in the clear.
    pub fn check(&self, site: &str, address: &str) -> Result<(), BadSettings> {
        Place::of(site, address, Some(self)).map(drop)
    }
}

// === impl Place ===

impl Place {
    /// Every site of a reach.
    pub(crate) fn all(reach: &Reach, settings: &Settings) -> Result<Vec<(&'static str, Self)>, BadSettings> {
        for (name, _) in &settings.addresses {
            if !reach.sites.iter().any(|site| site.name == name) {
                let (connector, site) = (reach.connector, name.clone());
                return Err(BadSettings::UnknownSite { connector, site });
            }
        }
        let place = |site: &crate::Site| {
            let other = settings.addresses.iter().find(|(name, _)| name == site.name);
            let place = match other {
                Some((_, address)) => Self::of(site.name, address, Some(settings))?,
                None => Self::of(site.name, site.address, None)?,
            };
            Ok((site.name, place))
        };
        reach.sites.iter().map(place).collect()
    }

    fn of(site: &str, address: &str, owners: Option<&Settings>) -> Result<Self, BadSettings> {
        let (site, written) = (site.to_owned(), address.to_owned());
        let wrong = |what| BadSettings::Address { site: site.clone(), address: written.clone(), what };
        let url = Url::parse(address).map_err(|_not_a_url| wrong("is not a URL"))?;
        let host = url.host().ok_or_else(|| wrong("names no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user or password, which belong into the vault"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("holds a query or fragment"));
        }
        let literal = match &host {
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
            Host::Domain(_) => None,
        };
        let this_machine = literal.is_some_and(|ip| ip.is_loopback()) || host == Host::Domain("localhost");
        let plaintext = this_machine && owners.is_some_and(|settings| settings.plaintext_loopback);
        match url.scheme() {
            "https" => {}
            "http" if plaintext => {}
            "http" => return Err(BadSettings::Plaintext { site, address: written }),
            _ => return Err(wrong("is neither https nor http")),
        }
        let named = literal.is_some() || this_machine;
        Ok(Self {
            tls: url.scheme() == "https",
            authority: url.authority().to_owned(),
            base: url.path().trim_end_matches('/').to_owned(),
            leads_anywhere: owners.is_some_and(|settings| named || settings.private_addresses),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BadSettings, Place, Settings};
    use crate::{Reach, Site};

    const REACH: Reach = Reach {
        connector: "example",
        sites: &[Site { name: "endpoint", address: "https://api.example.org/v1", paths: &[] }],
    };

    fn place(address: &str, settings: Settings) -> Result<Place, BadSettings> {
        let addresses = vec![("endpoint".to_owned(), address.to_owned())];
        Place::all(&REACH, &Settings { addresses, ..settings }).map(|mut all| all.remove(0).1)
    }

    #[test]
    fn without_settings_it_is_the_providers_own_server_and_never_a_private_address() {
        let [(name, place)] = <[_; 1]>::try_from(Place::all(&REACH, &Settings::default()).unwrap()).unwrap();
        let expected = Place {
            tls: true,
            authority: "api.example.org".into(),
            base: "/v1".into(),
            leads_anywhere: false,
        };
        assert_eq!((name, place), ("endpoint", expected));
    }

    #[test]
    fn plaintext_needs_a_loopback_address_and_the_owners_word() {
        let may = Settings { plaintext_loopback: true, ..Settings::default() };
        for address in ["http://127.0.0.1:8081", "http://localhost:8081", "http://[::1]:8081"] {
            assert!(!place(address, may.clone()).unwrap().tls);
            assert!(matches!(place(address, Settings::default()), Err(BadSettings::Plaintext { .. })));
        }
        for address in ["http://example.org", "http://10.0.0.1", "http://127.0.0.1.example.org"] {
            assert!(matches!(place(address, may.clone()), Err(BadSettings::Plaintext { .. })), "{address}");
        }
    }

    #[test]
    fn a_site_that_somebody_else_opens_is_held_to_the_same() {
        let (may, none) = (Settings { plaintext_loopback: true, ..Settings::default() }, Settings::default());
        let check = |settings: &Settings, address| settings.check("consent_endpoint", address);
        assert_eq!(check(&none, "https://login.example.org"), Ok(()));
        assert_eq!(check(&may, "http://127.0.0.1:8081"), Ok(()));
        let here = check(&none, "http://127.0.0.1:8081").unwrap_err().to_string();
        assert!(
            here.contains("consent_endpoint") && here.contains("danger_allow_plaintext_loopback"),
            "{here}"
        );
        assert!(matches!(check(&may, "http://login.example.org"), Err(BadSettings::Plaintext { .. })));
        assert!(matches!(check(&may, "javascript:alert(1)"), Err(BadSettings::Address { .. })));
    }

    #[test]
    fn a_name_leads_to_private_addresses_only_with_the_owners_word() {
        let name = "https://bot.example.org";
        assert!(!place(name, Settings::default()).unwrap().leads_anywhere);
        let may = Settings { private_addresses: true, ..Settings::default() };
        assert!(place(name, may).unwrap().leads_anywhere);
        assert!(place("https://192.168.1.5:8443", Settings::default()).unwrap().leads_anywhere);
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for address in [
            "api.example.org",
            "ftp://x",
            "https://",
            "https://u:p@x",
            "https://x?y",
            "https://x#y",
            "file:///etc",
        ] {
            assert!(
                matches!(place(address, Settings::default()), Err(BadSettings::Address { .. })),
                "{address}"
            );
        }
        let unknown =
            Settings { addresses: vec![("endpiont".into(), "https://x".into())], ..Settings::default() };
        assert!(matches!(Place::all(&REACH, &unknown), Err(BadSettings::UnknownSite { .. })));
    }
}
