//! What every request has to pass: the name that it was sent to, the page that sent it, its key.
//!
//! A page of a browser may have resolved a name of its own to this machine (DNS rebinding): its
//! requests carry that name as `Host`, and the page as `Origin`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::reply::Refused;
use super::{HttpOptions, reply};

/// Who sends a request: the name of a key, or no one in particular.
pub(super) type Principal = Option<Arc<str>>;

/// Lets a request pass, or answers it.
pub(super) fn pass(options: &HttpOptions, headers: &HeaderMap) -> Result<Principal, Refused> {
    host(options, headers)?;
    origin(options, headers)?;
    key(options, headers)
}

fn host(options: &HttpOptions, headers: &HeaderMap) -> Result<(), Refused> {
    let mut named = headers.get_all(HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else {
        let response = reply::refusal(StatusCode::BAD_REQUEST, "one Host header is needed");
        return Err(response.into());
    };
    let host = host.to_str().unwrap_or_default();
    let name = without_port(host);
    let is_address = bare(name).parse::<IpAddr>().is_ok_and(|address| {
        // On loopback nothing but loopback was asked for.
        address.is_loopback() || !options.address.ip().is_loopback()
    });
    if is_address || is_localhost(name) || options.hosts.iter().any(|known| is_named(known, host)) {
        return Ok(());
    }
    let text = "this Host is not served: --allow-host NAME adds one";
    Err(reply::refusal(StatusCode::FORBIDDEN, text).into())
}

fn origin(options: &HttpOptions, headers: &HeaderMap) -> Result<(), Refused> {
    let is_known = |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        let host = origin.split_once("://").map(|(_, rest)| without_port(rest));
        host.is_some_and(is_loopback)
            || options.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    };
    if headers.get_all(ORIGIN).iter().all(is_known) {
        return Ok(());
    }
    let text = "this Origin may not call: --allow-origin URL adds one";
    Err(reply::refusal(StatusCode::FORBIDDEN, text).into())
}

fn key(options: &HttpOptions, headers: &HeaderMap) -> Result<Principal, Refused> {
    if options.keys.is_empty() {
        return Ok(None);
    }
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
    });
    let key = bearer.or_else(|| headers.get("x-api-key").map(HeaderValue::as_bytes));
    let (text, challenge) = match key.map(|key| options.keys.find(key)) {
        Some(Some(name)) => return Ok(Some(name)),
        Some(None) => ("Invalid API key", "Bearer error=\"invalid_token\""),
        None => ("an API key is needed: Authorization: Bearer KEY", "Bearer"),
    };
    let mut response = reply::refusal(StatusCode::UNAUTHORIZED, text);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Err(response.into())
}

fn is_loopback(host: &str) -> bool {
    is_localhost(host) || bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_localhost(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
}

/// Whether a configured name, with a port or without, is the one of a header.
fn is_named(known: &str, host: &str) -> bool {
    known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(without_port(host))
}

/// The name or address before a port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && !bare(name).is_empty() => {
            // An IPv6 address has to stand in brackets before a port.
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::http::Keys;

    fn status(address: &str, headers: &[(&'static str, &str)]) -> u16 {
        let mut options = HttpOptions::new(address.parse().unwrap());
        options.hosts = vec!["board.example".into(), "other.example:8080".into()];
        options.origins = vec!["https://app.example".into()];
        status_of(&options, headers)
    }

    fn status_of(options: &HttpOptions, headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        pass(options, &map).map_or_else(|response| response.status().as_u16(), |_| 200)
    }

    #[test]
    fn only_known_names_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:8331",
            "127.0.0.1:8331",
            "127.0.0.1",
            "[::1]:8331",
            "[::1]",
            "board.example",
            "Board.Example:99",
            "other.example:8080",
        ] {
            assert_eq!(status("127.0.0.1:8331", &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8331",
            "localhost.evil.example",
            "127.0.0.1.nip.example",
            "192.168.0.7:8331",
            "other.example",
            "other.example:8081",
            "",
            ":8331",
            "::1:8331x",
        ] {
            assert_eq!(status("127.0.0.1:8331", &[("host", host)]), 403, "{host}");
        }
        assert_eq!(status("127.0.0.1:1", &[]), 400);
        assert_eq!(status("127.0.0.1:1", &[("host", "localhost"), ("host", "localhost")]), 400);
        assert_eq!(status("0.0.0.0:1", &[("host", "192.168.0.7:8331")]), 200);
        assert_eq!(status("0.0.0.0:1", &[("host", "evil.example")]), 403);
    }

    #[test]
    fn only_pages_of_loopback_and_those_allowed_may_call() {
        let status =
            |origin| status("127.0.0.1:8331", &[("host", "localhost:8331"), ("origin", origin)]);
        for origin in [
            "http://localhost",
            "http://localhost:3000",
            "https://127.0.0.1:6274",
            "http://[::1]:80",
            "https://app.example",
            "HTTPS://App.Example",
        ] {
            assert_eq!(status(origin), 200, "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "https://app.example.evil",
            "http://app.example",
            "https://localhost.evil",
            "localhost",
            "",
            "file://",
        ] {
            assert_eq!(status(origin), 403, "{origin}");
        }
    }

    #[test]
    fn a_key_has_to_be_right_where_there_are_keys() {
        let mut options = HttpOptions::new("127.0.0.1:1".parse().unwrap());
        options.keys = Keys::read("a 0123456789abcdef").unwrap();
        let status = |name, value| status_of(&options, &[("host", "localhost"), (name, value)]);
        assert_eq!(status("authorization", "Bearer 0123456789abcdef"), 200);
        assert_eq!(status("authorization", "bearer 0123456789abcdef"), 200);
        assert_eq!(status("x-api-key", "0123456789abcdef"), 200);
        for (name, value) in [
            ("authorization", "Bearer 0123456789abcdeF"),
            ("authorization", "Bearer"),
            ("authorization", "Basic 0123456789abcdef"),
            ("authorization", "0123456789abcdef"),
            ("x-api-key", ""),
            ("accept", "*/*"),
        ] {
            assert_eq!(status(name, value), 401, "{name}: {value}");
        }
    }
}
