//! The headers in which a stateless request repeats parts of its body (2026-07-28, *Request
//! Metadata*): a proxy may decide by them, so they must be true.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64;
use trine_mcp::json::JsonText;
use trine_mcp::{Head, VERSIONS};

pub(super) const PROTOCOL: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// Says which header is missing or is not what the body says. Only requests that name their
/// revision repeat themselves.
pub(super) fn check(head: &Head<'_>, headers: &HeaderMap) -> Result<(), String> {
    let (Some(version), Some(_), Some(method)) = (head.version, head.id, head.method) else {
        return Ok(());
    };
    repeats(headers, PROTOCOL, version, false)?;
    repeats(headers, METHOD, method, false)?;
    match head.name {
        Some(name) if method.is(b"tools/call") || method.is(b"prompts/get") => {
            repeats(headers, NAME, name, true)
        }
        _ => Ok(()),
    }
}

/// Whether a session's request names a revision that there is, if it names one.
pub(super) fn names_known_version(headers: &HeaderMap) -> bool {
    let is_known = |value: &HeaderValue| {
        VERSIONS.iter().any(|version| version.name().as_bytes() == value.as_bytes())
    };
    headers.get_all(PROTOCOL).iter().all(is_known)
}

fn repeats(
    headers: &HeaderMap,
    name: &str,
    body: JsonText<'_>,
    may_be_encoded: bool,
) -> Result<(), String> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(format!("Header mismatch: one {name} header is needed"));
    };
    let value = value.as_bytes();
    let encoded = value.strip_prefix(b"=?base64?").and_then(|rest| rest.strip_suffix(b"?="));
    let is_same = match encoded.filter(|_| may_be_encoded) {
        Some(encoded) => BASE64.decode(encoded).is_ok_and(|decoded| body.is(&decoded)),
        None => body.is(value),
    };
    is_same
        .then_some(())
        .ok_or_else(|| format!("Header mismatch: {name} is not what the body says"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(body: &str, headers: &[(&'static str, &str)]) -> Result<(), String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        check(&Head::read(body.as_bytes()).unwrap(), &map)
    }

    fn call(name: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{{"name":"{name}","_meta":
            {{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}}}"#
        )
    }

    #[test]
    fn all_three_headers_have_to_be_there_once_and_true() {
        let right = [(PROTOCOL, "2026-07-28"), (METHOD, "tools/call"), (NAME, "fan_set")];
        assert_eq!(checked(&call("fan_set"), &right), Ok(()));
        for left_out in 0..3 {
            let mut headers = right.to_vec();
            let (name, value) = headers.remove(left_out);
            assert!(checked(&call("fan_set"), &headers).unwrap_err().contains(name));
            headers.push((name, "other"));
            assert!(checked(&call("fan_set"), &headers).unwrap_err().contains(name));
            headers.push((name, value));
            assert!(checked(&call("fan_set"), &headers).is_err(), "{name} is there twice");
        }
        let upper = [(PROTOCOL, "2026-07-28"), (METHOD, "Tools/Call"), (NAME, "fan_set")];
        assert!(checked(&call("fan_set"), &upper).is_err());
    }

    #[test]
    fn a_name_may_be_encoded_and_other_headers_not() {
        let with = |method, name| [(PROTOCOL, "2026-07-28"), (METHOD, method), (NAME, name)];
        let name = "l\\u00fcfter";
        assert_eq!(checked(&call(name), &with("tools/call", "=?base64?bMO8ZnRlcg==?=")), Ok(()));
        for wrong in ["=?base64?bMO8ZnRlcg?=", "=?base64?bHVmdGVy?=", "=?BASE64?bMO8ZnRlcg==?="] {
            assert!(checked(&call(name), &with("tools/call", wrong)).is_err());
        }
        let encoded = "=?base64?dG9vbHMvY2FsbA==?=";
        assert!(checked(&call("fan_set"), &with(encoded, "fan_set")).is_err());
    }

    #[test]
    fn older_requests_and_notifications_repeat_nothing() {
        assert_eq!(checked(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, &[]), Ok(()));
        assert_eq!(checked(&call("fan_set").replace("\"id\":1,", ""), &[]), Ok(()));
        let known = |value: &str| {
            let map = HeaderMap::from_iter([(PROTOCOL.parse().unwrap(), value.parse().unwrap())]);
            names_known_version(&map)
        };
        assert!(known("2025-06-18") && known("2025-11-25"));
        assert!(!known("2025-06-19") && !known("") && names_known_version(&HeaderMap::new()));
    }
}
