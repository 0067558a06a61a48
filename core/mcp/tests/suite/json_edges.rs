//! JSON at its edges, beside a full parser: thousands of texts made by rule, each accepted exactly
//! when RFC 8259 says so, with the same value.
//!
//! The oracle is `serde_json` with `arbitrary_precision`. It differs from the standard, or from
//! what is asked of a server here, in the places that [`Verdict`] names; each is counted apart.

use serde_json::Value;
use trine_mcp::json::reader::DEPTH_MAX;
use trine_mcp::json::{JsonError, JsonReader, JsonText, Kind, Scaled};

/// How the two parsers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// They agree, in the value too.
    Same,
    /// RFC 8259 section 9: "An implementation may set limits on the maximum depth of nesting."
    /// Ours is [`DEPTH_MAX`], that of `serde_json` is 127.
    Deep,
}

/// Reads a value by every method of the pull reader; of a name that comes twice the last counts.
fn build(reader: &mut JsonReader<'_>, depth: u32) -> Result<Value, JsonError> {
    let kind = reader.kind()?;
    if depth > DEPTH_MAX && matches!(kind, Kind::Array | Kind::Object) {
        return Err(JsonError::Depth);
    }
    Ok(match kind {
        Kind::Null => reader.null().map(|()| Value::Null)?,
        Kind::Bool => Value::Bool(reader.bool()?),
        Kind::Number => {
            let number = reader.number()?;
            Value::Number(serde_json::from_slice(number.raw()).unwrap())
        }
        Kind::String => Value::String(decode(&reader.string()?)),
        Kind::Array => {
            reader.begin_array()?;
            let (mut values, mut first) = (Vec::new(), true);
            while reader.next_element(&mut first)? {
                values.push(build(reader, depth + 1)?);
            }
            Value::Array(values)
        }
        Kind::Object => {
            reader.begin_object()?;
            let (mut values, mut first) = (serde_json::Map::new(), true);
            while let Some(name) = reader.next_member(&mut first)? {
                let name = decode(&name);
                values.insert(name, build(reader, depth + 1)?);
            }
            Value::Object(values)
        }
    })
}

fn decode(text: &JsonText<'_>) -> String {
    let mut bytes = vec![0; text.decoded_len()];
    assert_eq!(text.decode_into(&mut bytes), Some(bytes.len()));
    String::from_utf8(bytes).expect("decoded strings are UTF-8")
}

/// Both parsers on one text: they agree on whether it is JSON and on what it is, or differ in one
/// of the ways that are allowed.
fn compare(bytes: &[u8]) -> Verdict {
    let expected: Option<Value> = serde_json::from_slice(bytes).ok();
    let mut reader = JsonReader::new(bytes);
    let built = build(&mut reader, 1).and_then(|value| reader.end().map(|()| value));
    let mut reader = JsonReader::new(bytes);
    let skipped = reader.skip_value().and_then(|span| reader.end().map(|()| span));
    let shown = String::from_utf8_lossy(bytes);
    // The two ways through the reader are of one mind.
    assert_eq!(skipped.is_ok(), built.is_ok(), "{shown}");
    if let Ok(span) = skipped {
        assert_eq!(span, bytes.trim_ascii(), "{shown}");
    }
    if skipped == Err(JsonError::Depth) && expected.is_some() {
        return Verdict::Deep;
    }
    assert_eq!(built.ok(), expected, "{shown}");
    Verdict::Same
}

/// The texts, and how many of each verdict there were.
#[derive(Default)]
struct Tally {
    same: usize,
    deep: usize,
    legal: usize,
}

impl Tally {
    fn take(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        match compare(text) {
            Verdict::Same => self.same += 1,
            Verdict::Deep => self.deep += 1,
        }
        self.legal += usize::from(serde_json::from_slice::<Value>(text).is_ok());
    }

    fn all(&self) -> usize {
        self.same + self.deep
    }
}

/// A message in which every kind of token stands.
const MESSAGE: &str = "{\"jsonrpc\":\"2.0\" ,\"id\":-7.5e+1,\"a\":[true,false,null,[],{}],\
    \"s\":\"\\u00e9\\n\u{1d11e}\",\"o\":{\"k\":\"v\"}}";

#[test]
fn thousands_of_edges_are_judged_the_same() {
    let mut tally = Tally::default();
    truncated_and_followed(&mut tally);
    bytes_at_every_position(&mut tally);
    escapes(&mut tally);
    utf8(&mut tally);
    numbers(&mut tally);
    spaces(&mut tally);
    structure(&mut tally);
    depth(&mut tally);
    long_strings(&mut tally);
    let Tally { same, deep, legal } = tally;
    println!("{} texts: {same} alike, {legal} of them legal; {deep} too deep for us", tally.all());
    assert!(tally.all() >= 20_000 && legal >= 1_500, "{same} {deep} {legal}");
    assert_eq!(deep, 2 * (127 - DEPTH_MAX as usize), "only nesting is judged otherwise");
}

/// The message cut at every byte, and with something behind it.
fn truncated_and_followed(tally: &mut Tally) {
    for end in 0..=MESSAGE.len() {
        tally.take(&MESSAGE.as_bytes()[..end]);
        tally.take(&MESSAGE.as_bytes()[end..]);
    }
    for tail in [" ", "\n", "\r\n", "\t", "\0", ",", "}", "]", "\"", "x", "{}", "1", "\u{feff}"] {
        tally.take(format!("{MESSAGE}{tail}"));
        tally.take(format!("{tail}{MESSAGE}"));
        tally.take(format!("[{MESSAGE}{tail}]"));
    }
    // A byte order mark is no white space (section 8.1).
    tally.take(format!("\u{feff}{MESSAGE}"));
    tally.take(b"\xff\xfe{\0}\0");
    tally.take(b"\0{\0}");
    // A batch is an array, and arrays are values.
    tally.take(format!("[{MESSAGE},{MESSAGE}]"));
    tally.take(format!("[{MESSAGE}{MESSAGE}]"));
}

/// Every position of the message with another byte, with one more and with one less.
fn bytes_at_every_position(tally: &mut Tally) {
    const BYTES: &[u8] = b"\0\x08\t\n\x0c\r\x1f \"#'+,-./019:;=AEZ[\\]^_aefntu{|}~\x7f\x80\xa0\xbf\
        \xc0\xc2\xe0\xed\xef\xf0\xf4\xf5\xfe\xff";
    for at in 0..MESSAGE.len() {
        for &byte in BYTES {
            let mut text = MESSAGE.as_bytes().to_vec();
            text[at] = byte;
            tally.take(&text);
            text[at] = MESSAGE.as_bytes()[at];
            text.insert(at, byte);
            tally.take(&text);
        }
        let mut text = MESSAGE.as_bytes().to_vec();
        text.remove(at);
        tally.take(&text);
    }
}

/// Every escape, every kind of hexadecimal digit, and surrogates in every combination.
fn escapes(tally: &mut Tally) {
    for byte in 0..=255u8 {
        tally.take([b"\"\\", &[byte][..], b"\""].concat());
        tally.take([b"\"\\u00", &[byte][..], b"1\""].concat());
        tally.take([b"\"\\", &[byte][..]].concat());
    }
    let units = [
        "", "0000", "0041", "d7ff", "d800", "D83D", "dbff", "dc00", "DE00", "dfff", "e000", "ffff",
        "fffe", "12", "123", "00g0", "+123", " 123", "-001", "0x41",
    ];
    for first in units {
        tally.take(format!("\"\\u{first}\""));
        tally.take(format!("{{\"\\u{first}\":1}}"));
        for second in units {
            tally.take(format!("\"\\u{first}\\u{second}\""));
            tally.take(format!("\"a\\u{first}x\\u{second}b\""));
        }
    }
}

/// Well-formed and malformed UTF-8 behind every number of plain bytes, so that each position in a
/// word is met.
fn utf8(tally: &mut Tally) {
    let sequences: &[&[u8]] = &[
        b"\xc2\x80",
        b"\xdf\xbf",
        b"\xe0\xa0\x80",
        b"\xed\x9f\xbf",
        b"\xee\x80\x80",
        b"\xef\xbf\xbf",
        b"\xf0\x90\x80\x80",
        b"\xf4\x8f\xbf\xbf",
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc2",
        b"\xc2\x41",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xe0\xa0",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xef\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x90\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xc3\x28",
        b"\xe2\x28\xa1",
        b"\xf0\x28\x8c\xbc",
    ];
    for sequence in sequences {
        for before in 0..20 {
            for after in [0, 1, 7, 8, 9] {
                let (before, after) = (vec![b'a'; before], vec![b'z'; after]);
                let text = [&before[..], sequence, &after].concat();
                tally.take([b"\"", &text[..], b"\""].concat());
            }
        }
        tally.take([b"{\"", *sequence, b"\":0}"].concat());
        tally.take([b"[", *sequence, b"]"].concat());
        tally.take([b"1", *sequence].concat());
    }
}

/// Numbers of every shape, at the bounds of every width, with exponents that no float holds.
fn numbers(tally: &mut Tally) {
    let wholes = [
        "",
        "0",
        "00",
        "01",
        "1",
        "9",
        "10",
        "127",
        "255",
        "65535",
        "2147483648",
        "4294967295",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999999999999999999999",
        "x",
        "0x1",
        "1_0",
    ];
    let fractions = ["", ".", ".0", ".5", ".000000000000000000000000000001", ".1.1", ".e1", ".-1"];
    let exponents = [
        "",
        "e",
        "e0",
        "E-0",
        "e+0",
        "e1",
        "e-1",
        "e+",
        "e-",
        "e1.5",
        "e400",
        "e-400",
        "e99999999999999999999",
        "E-99999999999999999999",
        "e01",
        "ee1",
        "e+-1",
    ];
    for sign in ["", "-", "+", "--", "- "] {
        for whole in wholes {
            for fraction in fractions {
                for exponent in exponents {
                    let text = format!("{sign}{whole}{fraction}{exponent}");
                    tally.take(&text);
                    if sign != "+" && exponent.len() < 3 {
                        tally.take(format!("[{text},{text}]"));
                        tally.take(format!("{{\"n\":{text}}}"));
                    }
                }
            }
        }
    }
    for word in ["NaN", "nan", "Infinity", "-Infinity", "inf", "true", "TRUE", "nul", "nulll"] {
        tally.take(word);
        tally.take(format!("[{word}]"));
    }
}

/// White space, and what is none, between every two tokens.
fn spaces(tally: &mut Tally) {
    let tokens = ["{", "\"a\"", ":", "[", "1", ",", "\"b\"", "]", ",", "\"c\"", ":", "null", "}"];
    let fillings = [
        " ", "\t", "\n", "\r", "\r\n \t", "        ", "\u{b}", "\u{c}", "\u{a0}", "\u{2028}", "\0",
        "\u{feff}", "/**/", "//\n", "#", ",", ":",
    ];
    for filling in fillings {
        for at in 0..=tokens.len() {
            tally.take([&tokens[..at].concat(), filling, &tokens[at..].concat()].concat());
        }
        tally.take(tokens.join(filling));
    }
}

/// Objects and arrays that open, close and separate in every wrong order; names that come twice;
/// ids of every type.
fn structure(tally: &mut Tally) {
    let parts = ["{", "}", "[", "]", ",", ":", "\"a\"", "1", ""];
    for first in parts {
        for second in parts {
            for third in parts {
                for fourth in parts {
                    tally.take([first, second, third, fourth].concat());
                }
            }
        }
    }
    let ids = ["1", "-0", "1.0", "1e0", "\"\"", "\"a\"", "null", "true", "[]", "{}", "1e999", ""];
    for id in ids {
        tally.take(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id}}}"));
        tally.take(format!("{{\"id\":{id},\"id\":{id}}}"));
        tally.take(format!("{{\"id\":{id},\"i\\u0064\":2,\"\\u0069d\":[{id}]}}"));
    }
}

/// Nesting around both limits, of either kind.
fn depth(tally: &mut Tally) {
    for depth in (1..=140).chain([1_000, 100_000]) {
        tally.take([vec![b'['; depth], vec![b']'; depth]].concat());
        tally.take(["{\"a\":".repeat(depth), "1".into(), "}".repeat(depth)].concat());
        tally.take(vec![b'['; depth]);
        tally.take([vec![b'['; depth], vec![b']'; depth - 1], vec![b'}']].concat());
    }
}

/// Strings of every length around a word, and far beyond any buffer, with one byte that matters at
/// the start, in the middle and at the end.
fn long_strings(tally: &mut Tally) {
    for len in (0..40).chain([63, 64, 65, 255, 256, 1023, 1024, 4096, 65_535, 65_536]) {
        for special in ["", "\\n", "\\u0041", "\u{e9}", "\u{1}", "\\", "\""] {
            for at in [0, len / 2, len] {
                let (before, after) = ("x".repeat(at), "y".repeat(len - at));
                tally.take(format!("\"{before}{special}{after}\""));
                tally.take(format!("{{\"{before}{special}{after}\":7}}"));
            }
        }
    }
}

/// Integers keep their value to the last digit, in every spelling.
#[test]
fn whole_numbers_have_one_value_in_every_spelling() {
    let mut spellings = 0;
    for value in [0, 1, 9, 10, 99, 12345678, i64::MAX / 10 * 10, i64::MAX, i64::MIN, -1, -1000] {
        let text = value.to_string();
        let point = format!("{text}.000");
        let shifted = if value == 0 { "0e-2".into() } else { format!("{text}00e-2") };
        let zeros = format!("{text}.{}", "0".repeat(400));
        for spelling in [text, point, shifted, zeros] {
            let number = JsonReader::new(spelling.as_bytes()).number().unwrap();
            assert_eq!(number.scaled(0), Scaled::Exact(value), "{spelling}");
            spellings += 1;
        }
    }
    assert_eq!(spellings, 44);
}
