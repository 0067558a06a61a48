//! TLS, in builds with the feature `tls`: rustls with ring, as of the gateway (decision 41).

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

#[cfg(feature = "tls")]
pub(crate) use with::Trust;
#[cfg(not(feature = "tls"))]
pub(crate) use without::Trust;

#[cfg(feature = "tls")]
mod with {
    use std::sync::Arc;

    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

    use super::{Stream, TcpStream};

    /// The system's authorities: a file of all of them, as Debian, Alpine and Arch have it, and
    /// as Fedora has it.
    const SYSTEM: [&str; 2] =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

    /// Whose signature a server's certificate has to have; the system's authorities by default.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Trust(Option<Arc<ClientConfig>>);

    impl Trust {
        pub(crate) fn of(pem: &[u8]) -> Result<Self, String> {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| error.to_string())?;
                roots.add(certificate).map_err(|error| error.to_string())?;
            }
            if roots.is_empty() {
                return Err("the file of authorities has no certificate".to_owned());
            }
            let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
            let config = config.with_safe_default_protocol_versions();
            let config = config.map_err(|error| error.to_string())?;
            let config = config.with_root_certificates(roots).with_no_client_auth();
            Ok(Self(Some(Arc::new(config))))
        }

        fn of_system() -> Result<Self, String> {
            let file = std::env::var("SSL_CERT_FILE").ok();
            let files = file.iter().map(String::as_str).chain(SYSTEM);
            let read = files.filter_map(|file| std::fs::read(file).ok()).next();
            Self::of(&read.ok_or("no file of authorities: set SSL_CERT_FILE to one")?)
        }

        pub(crate) async fn connect(
            &self,
            host: &str,
            stream: TcpStream,
        ) -> Result<Box<dyn Stream>, String> {
            let Some(config) = &self.0 else {
                return Box::pin(Self::of_system()?.connect(host, stream)).await;
            };
            let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
            let connected = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
            Ok(Box::new(connected.map_err(|error| error.to_string())?))
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without {
    use super::{Stream, TcpStream};

    const WHY: &str = "this build has none: build the plug-in with its feature `tls`";

    /// In a build without TLS.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Trust(());

    impl Trust {
        pub(crate) fn of(_: &[u8]) -> Result<Self, String> {
            Err(WHY.to_owned())
        }

        #[expect(clippy::unused_async, reason = "the build with TLS waits")]
        pub(crate) async fn connect(
            &self,
            _: &str,
            _: TcpStream,
        ) -> Result<Box<dyn Stream>, String> {
            Err(WHY.to_owned())
        }
    }
}
