//! Addresses of services.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use hyper::Uri;

use crate::tls::Trust;

/// Where a service listens.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Unix(PathBuf),
    Tcp { host: String, port: u16, tls: Option<Trust> },
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
        }
    }
}

const FORM: &str = "use http://HOST:PORT, https://HOST:PORT, tcp://HOST:PORT or unix:///PATH";

/// The target of an address, and what every path begins with.
pub(crate) fn parse(address: &str) -> Result<(Target, String), &'static str> {
    if let Some(path) = address.strip_prefix("unix://") {
        let is_path = path.starts_with('/') && !path.contains('\0');
        return if is_path { Ok((Target::Unix(path.into()), String::new())) } else { Err(FORM) };
    }
    let uri: Uri = address.parse().map_err(|_| FORM)?;
    let authority = uri.authority().ok_or(FORM)?;
    if authority.as_str().contains('@') {
        return Err("it must not have a user name or password");
    }
    if uri.query().is_some() {
        return Err("it must not have a query");
    }
    let (tls, usual) = match uri.scheme_str() {
        Some("http") => (None, 80),
        Some("tcp") => (None, 2375),
        Some("https") => (Some(Trust::default()), 443),
        _ => return Err(FORM),
    };
    // A port that is no number is no port for hyper.
    let ends = authority.host().len() == authority.as_str().len();
    let port = authority.port_u16().or(ends.then_some(usual)).ok_or(FORM)?;
    let host = authority.host().trim_matches(['[', ']']);
    if host.is_empty() {
        return Err(FORM);
    }
    let prefix = uri.path().trim_end_matches('/').to_owned();
    Ok((Target::Tcp { host: host.to_owned(), port, tls }, prefix))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_of_each_form_are_read() {
        let read = |text| parse(text).map(|(target, prefix)| (target.to_string(), prefix));
        let told = |place: &str, prefix: &str| Ok((place.to_owned(), prefix.to_owned()));
        assert_eq!(read("unix:///var/run/docker.sock"), told("/var/run/docker.sock", ""));
        assert_eq!(read("http://a.example"), told("a.example:80", ""));
        assert_eq!(read("tcp://127.0.0.1"), told("127.0.0.1:2375", ""));
        assert_eq!(read("https://a.example:8443/p/q/"), told("a.example:8443", "/p/q"));
        assert_eq!(read("http://[::1]:9090/"), told("::1:9090", ""));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let wrong = [
            "",
            "a.example",
            "a.example:80",
            "ftp://a.example",
            "unix://run/docker.sock",
            "http://user:secret@a.example",
            "http://a.example/?q=1",
            "http://a.example:x",
            "http://a.example:70000",
            "http://",
            "http://:80",
            "http://a b",
            "http://a.example\r\nx: y",
        ];
        for text in wrong {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
