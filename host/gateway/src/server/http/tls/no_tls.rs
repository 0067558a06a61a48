//! The place of TLS in a build without it.

use std::io;
use std::path::Path;

use tokio::net::TcpStream;

use crate::error::{Error, Result};

/// A certificate and its private key, which this build cannot use: there is no value.
#[derive(Clone, Debug)]
pub enum Tls {}

impl Tls {
    /// Whether this build has TLS: the feature `tls` of the crate.
    pub const IS_BUILT: bool = false;

    /// Refuses: this build has no TLS.
    ///
    /// # Errors
    /// Always.
    pub fn open(_certificate: &Path, _key: &Path) -> Result<Self> {
        Err(Error::NoTls)
    }

    pub(in super::super) async fn accept(&self, _stream: TcpStream) -> io::Result<TcpStream> {
        match *self {}
    }

    pub(in super::super) fn look_again(&self) {
        match *self {}
    }
}
