//! The files of a certificate and of its private key.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error as TlsError, InconsistentKeys, RootCertStore};

use crate::error::{Error, Result};
use crate::sys;

/// Where a certificate and its key are.
#[derive(Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What changes when a file does: its time, size and number. None where it is not there.
type Stamp = Option<(SystemTime, u64, u64)>;

/// What changes when one of the two files does.
pub(super) type Stamps = [Stamp; 2];

impl Files {
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: key.to_owned() }
    }

    /// The name for a log.
    pub(super) fn certificate(&self) -> std::path::Display<'_> {
        self.certificate.display()
    }

    pub(super) fn stamps(&self) -> Stamps {
        let of = |meta: Metadata| Some((meta.modified().ok()?, meta.len(), sys::number_of(&meta)));
        [&self.certificate, &self.key].map(|path| fs::metadata(path).ok().and_then(of))
    }

    /// Reads both, and warns of what a client or another user of the machine makes of them.
    pub(super) fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey> {
        let chain = self.chain()?;
        let key = provider.key_provider.load_private_key(self.key()?);
        let unusable = "it is no RSA, ECDSA or Ed25519 key that TLS can use";
        let key = key.map_err(|_| self.bad_key(unusable))?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(TlsError::InconsistentKeys(_)) => {
                let (certificate, key) = (self.certificate.clone(), self.key.clone());
                return Err(Error::OtherKey { certificate, key });
            }
            Err(_) => return Err(self.bad_certificate("the first one is no X.509 of version 3")),
        }
        if let Some(why) = pair.cert.first().and_then(|leaf| out_of_date(leaf, provider)) {
            tracing::warn!("{}: clients refuse the certificate: {why}", self.certificate());
        }
        if fs::metadata(&self.key).is_ok_and(|meta| sys::is_exposed_to_all(&meta)) {
            tracing::warn!("{}", Error::KeyExposed { path: self.key.clone() });
        }
        Ok(pair)
    }

    /// The certificates, that of the server first.
    fn chain(&self) -> Result<Vec<CertificateDer<'static>>> {
        let text = read(&self.certificate)?;
        let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match all {
            Ok(none) if none.is_empty() => {
                Err(self.bad_certificate("the file has no -----BEGIN CERTIFICATE-----"))
            }
            Ok(all) => Ok(all),
            Err(_) => Err(self.bad_certificate("its PEM is damaged")),
        }
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>> {
        PrivateKeyDer::from_pem_slice(&read(&self.key)?).map_err(|error| {
            self.bad_key(match error {
                pem::Error::NoItemsFound => {
                    "the file has no PEM of PKCS#8, PKCS#1 or SEC1 without a passphrase"
                }
                _ => "its PEM is damaged",
            })
        })
    }

    fn bad_certificate(&self, why: &'static str) -> Error {
        Error::Pem { path: self.certificate.clone(), what: "certificate", why }
    }

    fn bad_key(&self, why: &'static str) -> Error {
        Error::Pem { path: self.key.clone(), what: "private key", why }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

/// Why the time is not within that of a certificate. A check for a client looks at that first, so
/// it need not know who has signed it.
fn out_of_date(leaf: &CertificateDer<'_>, provider: &CryptoProvider) -> Option<String> {
    let leaf = ParsedCertificate::try_from(leaf).ok()?;
    let (no_roots, now) = (RootCertStore::empty(), UnixTime::now());
    let all = provider.signature_verification_algorithms.all;
    let checked = verify_server_cert_signed_by_trust_anchor(&leaf, &no_roots, &[], now, all);
    let date = |time: UnixTime| {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
        time.map(|time| humantime::format_rfc3339_seconds(time).to_string()).unwrap_or_default()
    };
    match checked.err()? {
        TlsError::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(format!("it expired at {}", date(not_after)))
        }
        TlsError::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        }) => Some(format!("it is not valid before {}", date(not_before))),
        _ => None,
    }
}
