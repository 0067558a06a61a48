//! YAML as JSON, by the core schema (YAML 1.2.2, section 10.3): one document, in which keys are
//! scalars and differ. A number that JSON has no word for stays text. What aliases copy counts as
//! often as it is copied, so that a short text cannot unfold without end.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

/// Most lists and mappings within each other.
const DEPTH_MAX: usize = 32;
/// Most bytes of all that is made: the text of each value, and one for each.
const SIZE_MAX: usize = 64 * 1024;

type Made<T> = Result<T, String>;
type Tagged<'a> = Option<Cow<'a, Tag>>;

/// Reads a text of one document.
pub(super) fn to_json(text: &str) -> Made<Value> {
    let (parser, anchors) = (Parser::new_from_str(text), HashMap::new());
    let mut reader = Reader { parser, anchors, size: 0 };
    let value = loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd => return Ok(Value::Null),
            event => break reader.node(event, 0)?,
        }
    };
    loop {
        match reader.next()? {
            Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(value),
            _ => return Err("there are several documents".into()),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    /// What has an anchor, and its size.
    anchors: HashMap<usize, (Value, usize)>,
    size: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Made<Event<'a>> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(Event::StreamEnd),
        }
    }

    /// Counts what is made.
    fn count(&mut self, bytes: usize) -> Made<()> {
        self.size = self.size.saturating_add(bytes);
        let fits = self.size <= SIZE_MAX;
        fits.then_some(()).ok_or(format!("it unfolds to more than {SIZE_MAX} bytes"))
    }

    /// Makes the node that begins with an event.
    fn node(&mut self, event: Event<'a>, depth: usize) -> Made<Value> {
        if depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} lists and mappings are within each other"));
        }
        let before = self.size;
        let (anchor, value) = match event {
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (value, size) = known.ok_or("an alias stands within what it names")?;
                self.count(size)?;
                return Ok(value);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(text.len() + 1)?;
                (anchor, scalar(&text, style, &tag)?)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.count(1)?;
                is_tagged(&tag, "seq")?;
                (anchor, self.list(depth)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.count(1)?;
                is_tagged(&tag, "map")?;
                (anchor, self.mapping(depth)?)
            }
            _ => return Err("a value is missing".into()),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), self.size - before));
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Made<Value> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(list.into()),
                event => list.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Made<Value> {
        let mut members = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(members.into()),
                Event::Scalar(text, _, anchor, _) => {
                    self.count(text.len() + 1)?;
                    if anchor != 0 {
                        let copy = (Value::from(text.as_ref()), text.len() + 1);
                        self.anchors.insert(anchor, copy);
                    }
                    text
                }
                event @ Event::Alias(_) => match self.node(event, depth)? {
                    Value::String(text) => text.into(),
                    _ => return Err("a key is not a text".into()),
                },
                _ => return Err("a key is a list or a mapping".into()),
            };
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            if members.contains_key(key.as_ref()) {
                return Err(format!("the key {key:?} is there twice"));
            }
            members.insert(key.into_owned(), value);
        }
    }
}

/// Refuses a type of the core schema other than what is there; other tags say nothing here.
fn is_tagged(tag: &Tagged<'_>, what: &str) -> Made<()> {
    match tag.as_ref().and_then(|tag| tag.core_suffix()) {
        Some(other) if other != what => Err(format!("a !!{other} cannot be a !!{what}")),
        _ => Ok(()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: &Tagged<'_>) -> Made<Value> {
    let plain = || resolved(text);
    let value = match tag.as_ref().and_then(|tag| tag.core_suffix()) {
        Some("str") => return Ok(text.into()),
        Some(tag) => Some(plain()).filter(|value| has_type(value, tag)),
        None if tag.is_none() && style == ScalarStyle::Plain => Some(plain()),
        None => return Ok(text.into()),
    };
    value.ok_or_else(|| format!("{text:?} is not of the type of its tag"))
}

fn has_type(value: &Value, tag: &str) -> bool {
    match tag {
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        _ => false,
    }
}

/// What a plain scalar is (section 10.3.2).
fn resolved(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let in_base = |digits: &str, base| {
        let is_plain = digits.chars().all(|digit| digit.is_digit(base));
        is_plain.then(|| u64::from_str_radix(digits, base).ok()).flatten().map(Number::from)
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return in_base(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return in_base(digits, 8);
    }
    // Rust's own words for numbers: "inf" and "nan" are none of YAML's.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    let negative = text.parse::<i64>().ok().map(Number::from);
    negative.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(yaml: &str) -> Value {
        to_json(yaml).unwrap()
    }

    /// The examples of YAML 1.2.2, section 10.3.2, and what is close to them.
    #[test]
    fn plain_scalars_are_what_the_core_schema_says() {
        let yaml = "A null: null\nNothing:\nBooleans: [ true, True, false, FALSE, yes, on ]\n\
                    Integers: [ 0, 0o7, 0x3A, -19, +3, 18446744073709551615 ]\n\
                    Floats: [ 0., -0.0, .5, +12e03, -2E+05, 1e400 ]\n\
                    Also floats: [ .inf, -.Inf, +.INF, .NAN, inf, nan ]\n\
                    Texts: [ \"7\", 'true', 1.2.3, 1-2, 0x, 0o8, 0x+1, e, \"\", 7 a ]\n";
        let json = json!({
            "A null": null, "Nothing": null,
            "Booleans": [true, true, false, false, "yes", "on"],
            "Integers": [0, 7, 58, -19, 3, 18_446_744_073_709_551_615_u64],
            "Floats": [0.0, -0.0, 0.5, 12e3, -2e5, "1e400"],
            "Also floats": [".inf", "-.Inf", "+.INF", ".NAN", "inf", "nan"],
            "Texts": ["7", "true", "1.2.3", "1-2", "0x", "0o8", "0x+1", "e", "", "7 a"],
        });
        assert_eq!(value(yaml), json);
        assert_eq!(value(""), Value::Null);
        assert_eq!(value("# a comment"), Value::Null);
    }

    #[test]
    fn tags_choose_a_type_or_are_refused() {
        assert_eq!(
            value("[!!str 7, !!int 7, !!float 7, !!null '', !own 7]"),
            json!(["7", 7, 7, null, "7"])
        );
        for bad in ["!!int x", "!!bool 1", "!!int 1.5", "!!null x", "!!map [1]", "!!seq {a: 1}"] {
            assert!(to_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn aliases_copy_what_they_name() {
        let yaml = "a: &a {x: [1, &k two]}\nb: *a\n&c c: 3\nd: [*k, *c]\n*k : 4\n";
        let json = json!({
            "a": {"x": [1, "two"]}, "b": {"x": [1, "two"]}, "c": 3, "d": ["two", "c"], "two": 4,
        });
        assert_eq!(value(yaml), json);
        assert!(to_json("a: *b").is_err());
        assert!(to_json("&a [*a]").is_err());
    }

    #[test]
    fn keys_are_texts_and_differ() {
        assert_eq!(value("{1: a, true: b, ~: c}"), json!({"1": "a", "true": "b", "~": "c"}));
        for bad in ["a: 1\na: 2", "{? [a] : 1}", "{? {a: 1} : 1}", "a: &a 7\n*a : 1"] {
            assert!(to_json(bad).is_err(), "{bad}");
        }
        assert!(to_json("a: 1\n---\nb: 2").unwrap_err().contains("several"));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(to_json(&nested(DEPTH_MAX + 1)).is_ok());
        assert!(to_json(&nested(DEPTH_MAX + 2)).unwrap_err().contains("within each other"));
        // The text, its anchor's list and the list around them.
        let copies = |count: usize| {
            let aliases = vec!["*a"; count].join(", ");
            format!("[&a {}, {aliases}]", "x".repeat(1023))
        };
        assert!(to_json(&copies(62)).is_ok());
        assert!(to_json(&copies(63)).unwrap_err().contains("unfolds"));
    }

    /// Twenty thousand texts of what means something in YAML, by a generator of fixed numbers.
    #[test]
    fn any_text_is_read_or_refused_and_what_is_made_is_bounded() {
        const PIECES: [&str; 28] = [
            "- ", "a: ", "b: ", "&x ", "*x", "*x : ", "[", "]", "{", "}", ", ", "\n", "\n  ",
            "\n ", "'", "\"", "|\n  ", ">-\n  ", "!!int ", "!!str ", "? ", ": ", "# ", "---\n",
            "...\n", "-7", "~", "\u{fc}",
        ];
        let (mut state, mut read) = (1_u64, 0);
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let pieces = draw(16);
            let text: String = (0..pieces).map(|_| PIECES[draw(PIECES.len())]).collect();
            if let Ok(value) = to_json(&text) {
                // A character may be six in JSON, and a value has marks around it.
                assert!(value.to_string().len() <= 8 * SIZE_MAX, "{text:?}");
                read += 1;
            }
        }
        assert!(read > 1000, "{read} texts were YAML");
    }
}
