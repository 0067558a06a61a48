//! The headers in which a stateless request repeats parts of its body (2026-07-28, *Request
//! Metadata*): a proxy may decide by them, so they must be true.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64;
use trine_descriptor::extras::{Extras, Of};
use trine_descriptor::{NAME_MAX, Side, ToolTable as _};
use trine_mcp::json::{JsonReader, JsonText, Kind, member};
use trine_mcp::{Catalog as _, Head, VERSIONS};

use crate::hub::Snapshot;
use crate::sanitize::extras;

pub(super) const PROTOCOL: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
/// Whole numbers below this are told apart by 64-bit floating point.
const SAFE: f64 = 9_007_199_254_740_992.0;

/// What a header has to be in front of that says the value of a parameter.
const PARAM: &str = "mcp-param-";

/// Says which header is missing or is not what the body says. Only requests that name their
/// revision repeat themselves.
pub(super) fn check(head: &Head<'_>, headers: &HeaderMap, message: &[u8]) -> Result<(), String> {
    let (Some(version), Some(_), Some(method)) = (head.version, head.id, head.method) else {
        return Ok(());
    };
    repeats(headers, PROTOCOL, version, false)?;
    repeats(headers, METHOD, method, false)?;
    let named = if method.is(b"tools/call") || method.is(b"prompts/get") {
        head.name
    } else if method.is(b"resources/read") {
        let uri = member(message, b"params").and_then(|params| member(params, b"uri"));
        uri.and_then(|uri| JsonReader::new(uri).string().ok())
    } else if method.is(b"tasks/get") || method.is(b"tasks/update") || method.is(b"tasks/cancel") {
        let task = member(message, b"params").and_then(|params| member(params, b"taskId"));
        task.and_then(|task| JsonReader::new(task).string().ok())
    } else {
        None
    };
    named.map_or(Ok(()), |name| repeats(headers, NAME, name, true))
}

/// Says which header of a parameter (`x-mcp-header`) is missing or is not what the body says.
pub(super) fn check_params(
    head: &Head<'_>,
    headers: &HeaderMap,
    message: &[u8],
    snapshot: &Snapshot,
) -> Result<(), String> {
    let (Some(_), Some(_), Some(method), Some(name)) =
        (head.version, head.id, head.method, head.name)
    else {
        return Ok(());
    };
    let mut room = [0; NAME_MAX];
    let named = name.decode_into(&mut room).and_then(|len| room.get(..len));
    let tool = named.filter(|_| method.is(b"tools/call")).and_then(|name| snapshot.find(name));
    let Some(entry) = tool.and_then(|tool| snapshot.entry(tool)) else { return Ok(()) };
    let params = entry.table.nodes(entry.row, Side::Params).unwrap_or_default();
    let arguments = member(message, b"params").and_then(|params| member(params, b"arguments"));
    for extra in Extras::new(entry.table.extras(entry.row)) {
        let Of::Node(Side::Params, node) = extra.of else { continue };
        let Some(name) = member(extra.members.as_bytes(), extras::HEADER.as_bytes()) else {
            continue;
        };
        let Some(path) = extras::path(params, node) else { continue };
        let value = path
            .iter()
            .try_fold(arguments.unwrap_or(b"{}"), |object, name| member(object, name.as_bytes()));
        // Its characters are those of a token.
        let name = String::from_utf8_lossy(name).trim_matches('"').to_ascii_lowercase();
        param(headers, &format!("{PARAM}{name}"), value.filter(|value| *value != b"null"))?;
    }
    Ok(())
}

/// Compares the header of a parameter with its value, which may not be there.
fn param(headers: &HeaderMap, name: &str, value: Option<&[u8]>) -> Result<(), String> {
    let mut all = headers.get_all(name).iter();
    let (header, more) = (all.next(), all.next());
    let (Some(value), Some(header), None) = (value, header, more) else {
        return match (value, header) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(format!("Header mismatch: {name} is not in the body")),
            _ => Err(format!("Header mismatch: one {name} header is needed")),
        };
    };
    let mut reader = JsonReader::new(value);
    let is_same = match reader.kind() {
        Ok(Kind::String) => {
            reader.string().is_ok_and(|text| is_repeated(header.as_bytes(), text, true))
        }
        Ok(Kind::Number) => {
            let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<f64>().ok();
            // Numbers of this size are told apart by their digits.
            header.as_bytes() == value
                || number(header.as_bytes())
                    .zip(number(value))
                    .is_some_and(|(one, two)| one == two && one.abs() < SAFE)
        }
        _ => header.as_bytes() == value,
    };
    is_same
        .then_some(())
        .ok_or_else(|| format!("Header mismatch: {name} is not what the body says"))
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
    is_repeated(value.as_bytes(), body, may_be_encoded)
        .then_some(())
        .ok_or_else(|| format!("Header mismatch: {name} is not what the body says"))
}

/// Whether a header has the text, which may be in Base64.
fn is_repeated(value: &[u8], body: JsonText<'_>, may_be_encoded: bool) -> bool {
    let encoded = value.strip_prefix(b"=?base64?").and_then(|rest| rest.strip_suffix(b"?="));
    match encoded.filter(|_| may_be_encoded) {
        Some(encoded) => BASE64.decode(encoded).is_ok_and(|decoded| body.is(&decoded)),
        None => body.is(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(body: &str, headers: &[(&'static str, &str)]) -> Result<(), String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        check(&Head::read(body.as_bytes()).unwrap(), &map, body.as_bytes())
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
    fn the_address_of_a_resource_is_its_name() {
        let message = call("fan_set")
            .replace(r"tools\/call", "resources/read")
            .replace(r#""name":"fan_set""#, r#""uri":"a:\/\/b""#);
        let with = |name| [(PROTOCOL, "2026-07-28"), (METHOD, "resources/read"), (NAME, name)];
        assert_eq!(checked(&message, &with("a://b")), Ok(()));
        assert!(checked(&message, &with("a://c")).is_err());
        assert!(checked(&message, &with("a://b")[..2]).unwrap_err().contains(NAME));
    }

    #[test]
    fn the_header_of_a_parameter_is_what_the_body_says() {
        const NAME: &str = "mcp-param-region";
        let same = |headers: &[&str], value: Option<&str>| {
            let mut map = HeaderMap::new();
            for value in headers {
                map.append(NAME, value.parse().unwrap());
            }
            param(&map, NAME, value.map(str::as_bytes)).is_ok()
        };
        assert!(same(&[], None) && !same(&["a"], None) && !same(&[], Some(r#""a""#)));
        assert!(same(&["a"], Some(r#""\u0061""#)) && !same(&["b"], Some(r#""a""#)));
        assert!(!same(&["a", "a"], Some(r#""a""#)));
        assert!(same(&["=?base64?SGVsbG8=?="], Some(r#""Hello""#)));
        for wrong in ["=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "SGVsbG8="] {
            assert!(!same(&[wrong], Some(r#""Hello""#)), "{wrong}");
        }
        assert!(same(&["=?base64?SGVsbG8="], Some(r#""=?base64?SGVsbG8=""#)), "no end: literal");
        assert!(
            same(&["42.0"], Some("42")) && same(&["-7"], Some("-7")) && !same(&["4"], Some("5"))
        );
        assert!(!same(&["9007199254740993"], Some("9007199254740992")));
        assert!(same(&["true"], Some("true")) && !same(&["True"], Some("true")));
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
