//! Where and for whom HTTP is served.

use std::net::SocketAddr;

use super::{Keys, Tls};
use crate::error::{Error, Result};

/// Where and for whom HTTP is served.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The address to listen on; port 0 is any free one.
    pub address: SocketAddr,
    /// Who may use it; everyone where there is no key, which is allowed on loopback alone.
    pub keys: Keys,
    /// The certificate for TLS; without it the server speaks plain HTTP.
    pub tls: Option<Tls>,
    /// A proxy before this server has TLS.
    pub behind_proxy: bool,
    /// Names under which clients reach the server, beside loopback and addresses.
    pub hosts: Vec<String>,
    /// Web pages that may call it, such as `https://app.example`, beside those of loopback.
    pub origins: Vec<String>,
    /// Connections at a time; a further one is refused.
    pub connections_max: usize,
    /// Requests that may be with devices at a time; others wait.
    pub in_flight: usize,
}

impl HttpOptions {
    /// Connections at a time, unless it is said.
    pub const CONNECTIONS_MAX: usize = 1024;

    /// Options for an address, with nothing else said.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            keys: Keys::none(),
            tls: None,
            behind_proxy: false,
            hosts: Vec::new(),
            origins: Vec::new(),
            connections_max: Self::CONNECTIONS_MAX,
            in_flight: 256,
        }
    }

    /// Whether other machines reach the address only with a key, and no one reads along.
    pub(super) fn check(&self) -> Result<()> {
        if self.address.ip().is_loopback() {
            return Ok(());
        }
        let missing = match (self.keys.is_empty(), self.is_secure(), Tls::IS_BUILT) {
            (false, true, _) => return Ok(()),
            (true, true, _) => "add --api-keys FILE",
            (false, false, false) => "put a proxy with TLS before it and add --behind-proxy",
            (true, false, false) => {
                "add --api-keys FILE, put a proxy with TLS before it and add --behind-proxy"
            }
            (false, false, true) => {
                "add --tls-cert FILE and --tls-key FILE, or put a proxy with TLS before it and add \
                 --behind-proxy"
            }
            (true, false, true) => {
                "add --api-keys FILE, --tls-cert FILE and --tls-key FILE (or put a proxy with TLS \
                 before it and add --behind-proxy)"
            }
        };
        Err(Error::OpenAddress { address: self.address, missing })
    }

    /// Whether what clients send is encrypted on its way.
    pub(super) const fn is_secure(&self) -> bool {
        self.tls.is_some() || self.behind_proxy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_need_a_key_and_a_proxy_and_loopback_neither() {
        let options = |address: &str, key: bool, behind_proxy| {
            let mut options = HttpOptions::new(address.parse().unwrap());
            options.behind_proxy = behind_proxy;
            if key {
                options.keys = Keys::read("kitchen 0123456789abcdef").unwrap();
            }
            options.check().map_err(|error| error.to_string())
        };
        for loopback in ["127.0.0.1:80", "[::1]:80", "127.1.2.3:0"] {
            assert_eq!(options(loopback, false, false), Ok(()));
        }
        for open in ["0.0.0.0:80", "[::]:80", "192.168.0.7:8331", "[fe80::1]:8331"] {
            assert_eq!(options(open, true, true), Ok(()));
            for (key, proxy, needs) in [
                (true, false, "--behind-proxy"),
                (false, true, "--api-keys"),
                (false, false, "--api-keys FILE, "),
                (false, false, "put a proxy"),
            ] {
                let why = options(open, key, proxy).unwrap_err();
                assert!(why.contains(needs) && why.contains(open), "{why}");
            }
        }
    }
}
