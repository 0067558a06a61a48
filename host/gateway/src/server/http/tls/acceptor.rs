//! Handshakes, with a certificate that is read again when its files change.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

use super::files::{Files, Stamps};
use crate::error::{Error, Result, chain};
use crate::sync::lock;

/// How long a client may take for its handshake.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// A certificate and its private key, with which a server speaks TLS 1.2 and 1.3.
///
/// While a server runs, both files are read again when one of them changes: connections from then
/// on get the new certificate. If the new files cannot be used, that is logged, and the certificate
/// from before stays in use.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    acceptor: TlsAcceptor,
    files: Files,
    current: Arc<Current>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

/// What is known of the files.
struct Seen {
    /// As they were when they were read.
    read: Stamps,
    /// As they were at the last look, if that was otherwise: someone may be writing to them.
    changed: Option<Stamps>,
}

/// The certificate that is in use.
#[derive(Debug)]
struct Current(Mutex<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&lock(&self.0)))
    }
}

impl Tls {
    /// Whether this build has TLS: the feature `tls` of the crate.
    pub const IS_BUILT: bool = true;

    /// Reads a certificate, which others of its chain may follow, and its private key, both as PEM.
    /// A key is one of PKCS#8, PKCS#1 or SEC1. Warns of a certificate that is out of date, and of a
    /// key that all users may read.
    ///
    /// # Errors
    /// When a file cannot be read, has no certificate or key, or one that TLS cannot use, and when
    /// the key does not belong to the certificate.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let files = Files::new(certificate, key);
        let seen = Seen { read: files.stamps(), changed: None };
        let current = Arc::new(Current(Mutex::new(Arc::new(files.read(&provider)?))));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions();
        // One of its versions has a suite of the provider: otherwise there is no TLS in this build.
        let builder = builder.map_err(|_| Error::NoTls)?;
        let mut config =
            builder.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self(Arc::new(Shared { acceptor, files, current, provider, seen: Mutex::new(seen) })))
    }

    /// The connection of a client that has finished its handshake.
    pub(in super::super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let handshake = self.0.acceptor.accept(stream);
        match tokio::time::timeout(HANDSHAKE_PATIENCE, handshake).await {
            Ok(accepted) => accepted,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "no TLS handshake in time")),
        }
    }

    /// Reads the files again if they have changed and are the same as at the last look.
    pub(in super::super) fn look_again(&self) {
        let Shared { files, current, provider, seen, .. } = &*self.0;
        let now = files.stamps();
        let mut seen = lock(seen);
        if now == seen.read {
            seen.changed = None;
            return;
        }
        if seen.changed.replace(now) != Some(now) {
            return;
        }
        *seen = Seen { read: now, changed: None };
        match files.read(provider) {
            Ok(pair) => {
                *lock(&current.0) = Arc::new(pair);
                tracing::info!("{}: the new certificate is in use", files.certificate());
            }
            Err(error) => {
                let why = chain(&error);
                tracing::warn!("the certificate from before stays in use: {why}");
            }
        }
    }
}

/// Without the key.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}
