//! The JSON reader beside `serde_json`: the same texts pass, with the same values.

use proptest::prelude::*;
use serde_json::Value;
use trine_mcp::json::{JsonError, JsonReader, JsonText, JsonWriter, Kind, Scaled};

/// Reads a value by every method of the pull reader.
fn build(reader: &mut JsonReader<'_>) -> Result<Value, JsonError> {
    Ok(match reader.kind()? {
        Kind::Null => reader.null().map(|()| Value::Null)?,
        Kind::Bool => Value::Bool(reader.bool()?),
        Kind::Number => {
            let number = reader.number()?;
            let text = std::str::from_utf8(number.raw()).unwrap();
            Value::Number(serde_json::from_str(text).unwrap())
        }
        Kind::String => Value::String(decode(&reader.string()?)),
        Kind::Array => {
            reader.begin_array()?;
            let (mut values, mut first) = (Vec::new(), true);
            while reader.next_element(&mut first)? {
                values.push(build(reader)?);
            }
            Value::Array(values)
        }
        Kind::Object => {
            reader.begin_object()?;
            let (mut values, mut first) = (serde_json::Map::new(), true);
            while let Some(name) = reader.next_member(&mut first)? {
                let name = decode(&name);
                values.insert(name, build(reader)?);
            }
            Value::Object(values)
        }
    })
}

/// Decodes a string, and checks the other views of it on the way.
fn decode(text: &JsonText<'_>) -> String {
    let mut bytes = vec![0; text.decoded_len()];
    assert_eq!(text.decode_into(&mut bytes), Some(bytes.len()));
    if let Some(short) = bytes.len().checked_sub(1) {
        assert_eq!(text.decode_into(&mut vec![0; short]), None);
    }
    let string = String::from_utf8(bytes).expect("decoded strings are UTF-8");
    assert_eq!(text.code_points(), string.chars().count());
    assert!(text.is(string.as_bytes()));
    assert!(!text.is(format!("{string}x").as_bytes()));
    string
}

fn check(bytes: &[u8]) {
    let expected: Option<Value> = serde_json::from_slice(bytes).ok();
    let mut reader = JsonReader::new(bytes);
    let value = build(&mut reader).and_then(|value| reader.end().map(|()| value)).ok();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!(value, expected, "{shown}");
    let mut reader = JsonReader::new(bytes);
    let skipped = reader.skip_value().and_then(|span| reader.end().map(|()| span));
    assert_eq!(skipped.is_ok(), expected.is_some(), "{shown}");
    if let Ok(span) = skipped {
        assert_eq!(span, bytes.trim_ascii(), "{shown}");
    }
}

const LISTED: &[&[u8]] = &[
    b"",
    b" ",
    b"null",
    b"nul",
    b"nulll",
    b"true",
    b"True",
    b"tru",
    b"false",
    b"falsy",
    b"\0",
    b"[]",
    b"[ ]",
    b"[,]",
    b"[1,]",
    b"[1 2]",
    b"[1,,2]",
    b"[1",
    b"[",
    b"]",
    b"[]]",
    b"[}",
    b"{]",
    b"{}",
    b"{ }",
    b"{,}",
    b"{\"a\"}",
    b"{\"a\":}",
    b"{\"a\":1,}",
    b"{\"a\":1 \"b\":2}",
    b"{a:1}",
    b"{\"a\":1,\"a\":2}",
    b"{1:1}",
    b"{\"a\"::1}",
    b"{\"a\":1",
    b"{\"a\"",
    b"{'a':1}",
    b"{\"\":0}",
    b"0",
    b"-0",
    b"01",
    b"-01",
    b"-",
    b"+1",
    b"1.",
    b".1",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1E-7",
    b"1e5",
    b"0x10",
    b"1_0",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e999",
    b"-1e-999",
    b"1 2",
    b"1,",
    b"123456789012345678901234567890",
    b"0.1234567890123456789012345678901234567890",
    b"1.5e+300",
    b"\"",
    b"\"\"",
    b"\"a",
    b"\"\\\"",
    b"\"\\\\\"",
    b"\"\\/\"",
    b"\"\\b\\f\\n\\r\\t\"",
    b"\"\\a\"",
    b"\"\\u0070\"",
    b"\"\\u00\"",
    b"\"\\u00g0\"",
    b"\"\\U0070\"",
    b"\"\\u0000\"",
    b"\"\\uFFFF\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\ud83d\"",
    b"\"\\ude00\"",
    b"\"\\ud83d\\u0041\"",
    b"\"\\ud83dx\"",
    b"\"\\ud83d\\ud83d\"",
    b"\"\\u+123\"",
    b"\"\\u 123\"",
    b"\"\x1f\"",
    b"\"\x7f\"",
    b"\"\t\"",
    b"\"\n\"",
    b"\"\0\"",
    b"\"\xc3\xa9\"",
    b"\"\xc3\"",
    b"\"\xc0\xaf\"",
    b"\"\xc1\x81\"",
    b"\"\xe0\x80\xaf\"",
    b"\"\xe0\xa0\x80\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xed\x9f\xbf\"",
    b"\"\x80\"",
    b"\"\xf0\x80\x80\xaf\"",
    b"\"\xf0\x9f\x98\x80\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xff\"",
    b"\"\xf5\x80\x80\x80\"",
    b"\"\xe2\x82\"",
    b"\xef\xbb\xbf1",
    b"\xc3\xa9",
    b"//x\n1",
    b"/**/1",
    b" \t\r\n1 \t\r\n",
    b"\x0c1",
    b"\xa01",
    b"[1]\0",
    b"[\"a\",\n 4\n,1,{\"b\":[null,{}]}]",
    b"{\"a\":{\"b\":{\"c\":[]}}}",
    b"[[[[[[[[]]]]]]]]",
    b"[[[[[[[[]]]]]]]",
    b"12345678\"",
    b"\"abcdefgh",
];

#[test]
fn listed_texts_agree() {
    LISTED.iter().for_each(|text| check(text));
}

#[test]
fn hostile_texts_end_at_once() {
    for text in [vec![b'['; 5000], b"{\"a\":".repeat(5000), vec![0; 5000], vec![b'"'; 3 << 20]] {
        assert!(JsonReader::new(&text).skip_value().is_err() || text[0] == b'"');
        assert!(
            JsonReader::new(&text).skip_value().and_then(|_| JsonReader::new(&text).end()).is_err()
        );
    }
    let nested = |depth| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert!(JsonReader::new(&nested(64)).skip_value().is_ok());
    assert_eq!(JsonReader::new(&nested(65)).skip_value(), Err(JsonError::Depth));
}

fn json() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,8})?([eE][+-]?[0-9]{1,3})?";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(|text| serde_json::from_str(&text).unwrap()),
        any::<String>().prop_map(Value::String),
        "[ -~]{0,20}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One change to a text: cut it, drop a byte, repeat a byte, or set one.
fn damage(text: &mut Vec<u8>, at: usize, how: u8, byte: u8) {
    let at = at % text.len();
    match how % 4 {
        0 => text.truncate(at),
        1 => drop(text.remove(at)),
        2 => text.insert(at, text[at]),
        _ => text[at] = byte,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn generated_texts_agree(value in json(), pretty: bool) {
        let text = if pretty {
            serde_json::to_vec_pretty(&value).unwrap()
        } else {
            serde_json::to_vec(&value).unwrap()
        };
        check(&text);
    }

    #[test]
    fn damaged_texts_agree(
        value in json(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..4),
    ) {
        let mut text = serde_json::to_vec(&value).unwrap();
        for (at, how, byte) in changes {
            if !text.is_empty() {
                damage(&mut text, at, how, byte);
            }
        }
        check(&text);
    }

    #[test]
    fn escaped_spellings_agree(text: String, mask: u64) {
        let spelled = text.encode_utf16().enumerate().fold(String::from("\""), |out, (at, unit)| {
            match char::from_u32(u32::from(unit)) {
                Some(char)
                    if mask >> (at % 64) & 1 == 0 && char >= ' ' && !"\"\\".contains(char) =>
                {
                    format!("{out}{char}")
                }
                _ => format!("{out}\\u{unit:04x}"),
            }
        }) + "\"";
        let mut reader = JsonReader::new(spelled.as_bytes());
        assert_eq!(decode(&reader.string().unwrap()), text);
        check(spelled.as_bytes());
    }

    #[test]
    fn written_strings_read_back(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut out = [0; 1024];
        let mut writer = JsonWriter::new(&mut out);
        writer.string_lossy(&bytes);
        let len = writer.finish().unwrap();
        let expected = String::from_utf8_lossy(&bytes);
        assert_eq!(serde_json::from_slice::<String>(&out[..len]).unwrap(), expected);
    }

    #[test]
    fn decimals_survive_writing_and_reading(value: i64, places in 0..19u8) {
        let mut out = [0; 64];
        let mut writer = JsonWriter::new(&mut out);
        writer.decimal(value, places);
        let len = writer.finish().unwrap();
        let number = JsonReader::new(&out[..len]).number().unwrap();
        assert_eq!(number.scaled(places), Scaled::Exact(value));
        assert!(serde_json::from_slice::<Value>(&out[..len]).is_ok());
    }

    #[test]
    fn scaling_agrees_with_wide_integers(
        digits in "(0|[1-9][0-9]{0,21})", fraction in "[0-9]{0,6}", exponent in -25..8i32,
        negative: bool, places in 0..4u32,
    ) {
        let point = if fraction.is_empty() { "" } else { "." };
        let sign = if negative { "-" } else { "" };
        let text = format!("{sign}{digits}{point}{fraction}e{exponent}");
        // The value in units of 10^-40, which is exact for every case above.
        let whole: i128 = format!("{digits}{fraction}").parse().unwrap();
        let shift = exponent - fraction.len() as i32 + places as i32;
        let expected = wide_scaled(if negative { -whole } else { whole }, shift);
        let number = JsonReader::new(text.as_bytes()).number().unwrap();
        assert_eq!(number.scaled(places as u8), expected, "{text}");
    }
}

/// `whole` × 10^`shift` as the reader should give it.
fn wide_scaled(whole: i128, shift: i32) -> Scaled {
    let (value, exact) = if shift >= 0 {
        (whole.saturating_mul(10i128.pow(shift as u32)), true)
    } else {
        let unit = 10i128.pow(shift.unsigned_abs());
        (whole / unit, whole % unit == 0)
    };
    let edge = |limit: i64| value == i128::from(limit) && !exact;
    if value > i128::from(i64::MAX) || edge(i64::MAX) {
        Scaled::TooLarge
    } else if value < i128::from(i64::MIN) || edge(i64::MIN) {
        Scaled::TooSmall
    } else if exact {
        Scaled::Exact(value as i64)
    } else {
        Scaled::Inexact
    }
}
