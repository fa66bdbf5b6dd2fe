//! From a name to a connection: resolve, check every address, dial a checked one, and speak TLS with whoever the name says.

use crate::address::is_public;
use crate::settings::BadSettings;
use crate::{Cause, NotSent, Settings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long one address may take to answer; the next is tried after it.
const ONE_ADDRESS: Duration = Duration::from_secs(5);

/// How long TLS may take to come about.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Of a name with more addresses the rest is not tried.
const MOST_ADDRESSES: usize = 6;

type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
type Resolve = fn(String) -> Resolving;

/// Opens connections for one connector.
#[derive(Clone)]
pub struct Dialer {
    tls: TlsConnector,
    leads_anywhere: bool,
    resolve: Resolve,
}

// === impl Dialer ===

impl Dialer {
    /// For servers that the owner names in the settings. Private addresses are dialled only where the settings say so, or
    /// where [`Dialer::connect`] is given an address and not a name.
    ///
    /// # Errors
    /// [`BadSettings::Roots`] when the further certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, BadSettings> {
        Self::speaking(settings, &[])
    }

    /// The same for a protocol that TLS tells the server of (ALPN, RFC 7301).
    pub(crate) fn speaking(settings: &Settings, protocols: &[&[u8]]) -> Result<Self, BadSettings> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = &settings.extra_roots {
            let bad = |error: String| BadSettings::Roots(error);
            let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
            let certificates = certificates.map_err(|error| bad(error.to_string()))?;
            if certificates.is_empty() {
                return Err(bad("there is no certificate in the file".to_owned()));
            }
            for certificate in certificates {
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
        }
        // TLS 1.2 and 1.3 are all that rustls knows; the versions are named so that this stays so.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| BadSettings::Roots(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let leads_anywhere = settings.private_addresses;
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), leads_anywhere, resolve: of_the_system })
    }

    /// A connection to one of the addresses of `host`, each of which was checked.
    ///
    /// # Errors
    /// [`NotSent::NoAddress`], [`NotSent::ForbiddenAddress`], [`NotSent::NoConnection`].
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, NotSent> {
        self.connect_to(host, port, self.leads_anywhere || is_written_out(host)).await
    }

    pub(crate) async fn connect_to(
        &self,
        host: &str,
        port: u16,
        leads_anywhere: bool,
    ) -> Result<TcpStream, NotSent> {
        let no_address = |why: String| NotSent::NoAddress { host: host.to_owned(), why };
        let resolving = (self.resolve)(host.to_owned());
        let resolved = tokio::time::timeout(HANDSHAKE, resolving).await;
        let addresses = resolved
            .map_err(|_elapsed| no_address("no answer in time".to_owned()))?
            .map_err(|error| no_address(error.to_string()))?;
        let first = *addresses.first().ok_or_else(|| no_address("it has no address".to_owned()))?;
        let checked: Vec<_> = addresses.into_iter().filter(|ip| leads_anywhere || is_public(*ip)).collect();
        if checked.is_empty() {
            return Err(NotSent::ForbiddenAddress { host: host.to_owned(), address: first });
        }
        let mut cause = Cause::Timeout;
        for address in checked.into_iter().take(MOST_ADDRESSES) {
            // The address that was checked, and not the name once more: it could lead elsewhere by now.
            let dialled = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(ONE_ADDRESS, dialled).await {
                Ok(Ok(stream)) => {
                    // Requests are small and waited for.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => cause = Cause::Connection(error.to_string()),
                Err(_elapsed) => cause = Cause::Timeout,
            }
        }
        Err(NotSent::NoConnection { host: host.to_owned(), cause })
    }

    /// TLS 1.3 or 1.2 over a connection, with whoever has a valid certificate for `host`.
    ///
    /// # Errors
    /// [`NotSent::NoConnection`]; its cause says whether it was the certificate.
    pub async fn tls(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, NotSent> {
        let no_connection = |cause| NotSent::NoConnection { host: host.to_owned(), cause };
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|_invalid| no_connection(Cause::Connection("not a name of a server".to_owned())))?;
        match tokio::time::timeout(HANDSHAKE, self.tls.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(no_connection(tls_cause(&error))),
            Err(_elapsed) => Err(no_connection(Cause::Timeout)),
        }
    }

    #[cfg(test)]
    pub(crate) fn resolving_by(self, resolve: Resolve) -> Self {
        Self { resolve, ..self }
    }
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialer").field("leads_anywhere", &self.leads_anywhere).finish_non_exhaustive()
    }
}

/// Whoever writes an address and not a name, or names this machine, means exactly that.
fn is_written_out(host: &str) -> bool {
    host == "localhost" || without_brackets(host).parse::<IpAddr>().is_ok()
}

fn of_the_system(host: String) -> Resolving {
    Box::pin(async move {
        let addresses = tokio::net::lookup_host((without_brackets(&host), 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    })
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// What a failed handshake was about. The words are our own library's.
fn tls_cause(error: &io::Error) -> Cause {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(why)) => Cause::Certificate(why.to_string()),
        Some(other) => Cause::Connection(other.to_string()),
        None => Cause::Connection(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialer, NotSent, Settings};
    use std::net::{IpAddr, Ipv4Addr};

    #[tokio::test]
    async fn a_name_that_leads_into_this_machine_is_not_dialled() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let dialer = Dialer::new(&Settings::default())
            .unwrap()
            .resolving_by(|_| Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) }));
        let refused = dialer.connect("api.example.org", port).await.unwrap_err();
        assert!(matches!(refused, NotSent::ForbiddenAddress { .. }), "{refused}");
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody knocked");

        let may = Settings { private_addresses: true, ..Settings::default() };
        let dialer = Dialer::new(&may)
            .unwrap()
            .resolving_by(|_| Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) }));
        assert!(dialer.connect("api.example.org", port).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_told_so() {
        let dialer = Dialer::new(&Settings::default()).unwrap();
        let nowhere = dialer.connect("nowhere.invalid", 443).await.unwrap_err();
        assert!(matches!(nowhere, NotSent::NoAddress { .. }), "{nowhere}");
    }
}
