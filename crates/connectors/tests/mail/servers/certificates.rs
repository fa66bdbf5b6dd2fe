//! Certificates of every kind, made for one test.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

/// Whose certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    OfAStranger,
    Expired,
    OfAnotherHost,
}

impl Certificate {
    /// Writes `cert.pem` and `key.pem`, and returns the authority that clients trust.
    pub(super) fn write(self, folder: &Path) -> String {
        let (trusted, stranger) = (Authority::new(), Authority::new());
        let issuer = if self == Certificate::OfAStranger { &stranger } else { &trusted };
        let name = if self == Certificate::OfAnotherHost { "mail.example.com" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let last_year = if self == Certificate::Expired { 2021 } else { 2090 };
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(last_year, 1, 1));
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &issuer.issuer).unwrap();
        std::fs::write(folder.join("cert.pem"), signed.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        trusted.pem
    }
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }
}
