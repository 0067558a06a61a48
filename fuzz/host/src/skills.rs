//! The heads of skills, which are YAML.
//!
//! What a text is read as has a bounded size, whatever its aliases copy; and since JSON is YAML,
//! written as JSON it is read as the same again. What is not printable is escaped in it: as it is,
//! the parser refuses it, in quotes too.

use serde_json::Value;

use crate::yaml::to_json;

/// Bytes below which what was read is certain to be read again: no limit is near.
const SHORT: usize = 1_000;
/// More than what is read may take: each counted byte as the longest escape, and brackets.
const JSON_MAX: usize = 64 * 1024 * 8;

/// Reads a text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let value = match to_json(text) {
        Ok(value) => value,
        Err(error) => return assert!(error.len() > 8, "{error}"),
    };
    let json = escaped(&value.to_string());
    assert!(json.len() <= JSON_MAX, "{} bytes of {}", json.len(), data.len());
    // As JSON it may be another float: `serde_json` reads those quickly and not to the last digit.
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
    match to_json(&json) {
        Ok(again) => assert_eq!(again, value, "{json}"),
        Err(error) => assert!(json.len() >= SHORT, "{error}: {json}"),
    }
}

/// JSON with escapes for what YAML calls not printable (YAML 1.2.2, section 5.1).
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                out += &format!("\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}
