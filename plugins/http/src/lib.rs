//! HTTP requests of the plug-ins that ship with Trine: over TCP, TLS or a Unix socket, bounded in
//! bytes and time, and given up when the call is cancelled.
//!
//! A plug-in's function returns its answer, so a request blocks. It runs on the thread of the
//! call, which asks twenty times a second whether the call is still wanted.
#![forbid(unsafe_code)]

mod error;
mod exchange;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod tls;
mod url;

use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

pub use error::{Error, Result};
pub use text::{clean, cut, escaped, fitting, member, tail};
use url::Target;

/// Most bytes of an answer, and how long one may take.
const BYTES_MAX: usize = 8 << 20;
const TIME_MAX: Duration = Duration::from_secs(10);
/// Most code points of a service's own words in an error.
const WORDS_MAX: usize = 300;

/// A service that answers HTTP requests.
#[derive(Debug, Clone)]
pub struct Service {
    name: &'static str,
    setting: &'static str,
    target: Target,
    prefix: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    bytes_max: usize,
    time_max: Duration,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status, such as 404.
    pub status: u16,
    headers: hyper::HeaderMap,
    /// Its body, whole.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Service {
    /// The service at an address: `http://HOST:PORT/PREFIX`, `https://…`, `tcp://HOST:PORT` or
    /// `unix:///PATH`. Its name and the variable that sets the address are for errors.
    ///
    /// # Errors
    /// When the address has another form.
    pub fn new(name: &'static str, setting: &'static str, address: &str) -> Result<Self> {
        let (target, prefix) = url::parse(address).map_err(|why| Error::Address {
            setting,
            address: clean(address, 200),
            why,
        })?;
        let (bytes_max, time_max) = (BYTES_MAX, TIME_MAX);
        Ok(Self { name, setting, target, prefix, headers: Vec::new(), bytes_max, time_max })
    }

    /// Sends a secret with each request: `Authorization: Bearer TOKEN`.
    ///
    /// # Errors
    /// When the token has characters that no header may have.
    pub fn bearer(mut self, token: &str) -> Result<Self> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| Error::Token { name: self.name })?;
        value.set_sensitive(true);
        self.headers.push((hyper::header::AUTHORIZATION, value));
        Ok(self)
    }

    /// Trusts these authorities for `https`, in PEM, instead of the system's.
    ///
    /// # Errors
    /// When the text has no certificate, and in a build without the feature `tls`.
    pub fn authorities(mut self, pem: &[u8]) -> Result<Self> {
        let trust = tls::Trust::of(pem).map_err(|why| self.tls(why))?;
        if let Target::Tcp { tls: Some(tls), .. } = &mut self.target {
            *tls = trust;
        }
        Ok(self)
    }

    fn tls(&self, why: String) -> Error {
        Error::Tls { name: self.name, why }
    }

    /// Takes no more bytes of an answer than this, and no more time than that.
    #[must_use]
    pub const fn limits(mut self, bytes_max: usize, time_max: Duration) -> Self {
        self.bytes_max = bytes_max;
        self.time_max = time_max;
        self
    }

    /// Asks for a path with its query, such as `/version`; what a person wrote into it has to be
    /// [`escaped`].
    ///
    /// # Errors
    /// When there is no answer, or one that is too long or late; an answer of any status is none.
    pub fn get(&self, path: &str, is_cancelled: &dyn Fn() -> bool) -> Result<Reply> {
        exchange::run(self, path, is_cancelled)
    }

    /// Asks for a JSON value.
    ///
    /// # Errors
    /// As [`Self::get`], when the status is not 200, and when the answer is not JSON.
    pub fn json(&self, path: &str, is_cancelled: &dyn Fn() -> bool) -> Result<Value> {
        let reply = self.good(self.get(path, is_cancelled)?)?;
        let not_json = |error: serde_json::Error| Error::NotJson {
            name: self.name,
            place: self.place(),
            error: error.to_string(),
            setting: self.setting,
        };
        serde_json::from_slice(&reply.body).map_err(not_json)
    }

    /// An answer of status 200, or the error that another one is, with the service's own words.
    ///
    /// # Errors
    /// When the status is not 200.
    pub fn good(&self, reply: Reply) -> Result<Reply> {
        if reply.status == 200 {
            return Ok(reply);
        }
        if (300..400).contains(&reply.status) {
            let to = clean(reply.header("location").unwrap_or_default(), 200);
            return Err(Error::Moved { name: self.name, to, setting: self.setting });
        }
        let value = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
        let own = [member(&value, "/message"), member(&value, "/error")];
        let words = own.into_iter().find(|words| !words.is_empty());
        let text = String::from_utf8_lossy(&reply.body);
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let words = clean(words.unwrap_or(first), WORDS_MAX);
        Err(Error::Status { name: self.name, status: reply.status, words })
    }

    /// Where it is, for errors.
    pub(crate) fn place(&self) -> String {
        self.target.to_string()
    }
}
