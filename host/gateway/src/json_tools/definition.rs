//! A tool as a JSON file defines it.

use std::time::Duration;

use serde_json::{Map, Value};
use trine_mcp::json::JsonReader;

use crate::error::{Error, Result};
use crate::json_schema::{JsonSchema, Schemas, parsed, shortened};

/// Most calls of a rate limit.
const CALLS_MAX: u64 = 10_000;
/// Most seconds of a rate limit: a year.
const SECONDS_MAX: u64 = 366 * 24 * 3600;
/// Most bytes of a category or a permission.
const WORD_MAX: usize = 256;

/// A tool as a JSON object defines it: `id`, `name`, `description` and `input_schema` are
/// required; `category`, `output_schema`, `requires_confirmation`, `rate_limit` and `permissions`
/// are optional, and other members are kept.
#[derive(Debug)]
pub struct Definition {
    /// What clients call it by.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Its category; `general` where the definition has none.
    pub category: String,
    /// The schemas of its arguments and of its result.
    pub schemas: Schemas,
    /// A person at the client has to agree to each call.
    pub requires_confirmation: bool,
    /// How many calls there may be.
    pub rate_limit: Option<RateLimit>,
    /// What it needs to be allowed to do.
    pub permissions: Vec<String>,
    /// The members that are not listed here.
    pub more: Map<String, Value>,
}

/// A maximum of calls in each span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The calls; 1 or more.
    pub max_calls: usize,
    /// The span.
    pub per: Duration,
}

/// Reads the definition of a tool.
///
/// ```
/// let definition = trine_gateway::json_tools::load_definition(
///     r#"{"id": "echo", "name": "Echo", "description": "Answer with the same text.",
///         "input_schema": {"type": "object", "properties": {"text": {"type": "string"}},
///             "required": ["text"]}}"#,
/// )?;
/// assert_eq!((&*definition.id, &*definition.category), ("echo", "general"));
/// # Ok::<(), trine_gateway::Error>(())
/// ```
///
/// # Errors
/// When a required member is missing, when one is not what it has to be, and when a schema is not
/// taken ([`JsonSchema::new`]): with the member, and the place in it.
pub fn load_definition(text: &str) -> Result<Definition> {
    let Value::Object(mut members) = parsed(text).map_err(|error| at("the definition", error))?
    else {
        return Err(wrong("the definition", "it must be a JSON object"));
    };
    let written = Written::read(text)?;
    let id = word(&mut members, "id")?;
    let name = text_of(&mut members, "name")?;
    let description = text_of(&mut members, "description")?;
    let schema = |name: &'static str| {
        let text = written.member(name);
        text.map(|text| JsonSchema::new(text).map_err(|error| at(name, error))).transpose()
    };
    let input = schema("input_schema")?.ok_or_else(|| wrong("input_schema", MISSING))?;
    let output = schema("output_schema")?;
    members.remove("input_schema");
    members.remove("output_schema");
    let category = match members.contains_key("category") {
        true => word(&mut members, "category")?,
        false => "general".to_owned(),
    };
    let requires_confirmation = match members.remove("requires_confirmation") {
        None => false,
        Some(Value::Bool(is_required)) => is_required,
        Some(_) => return Err(wrong("requires_confirmation", "it must be true or false")),
    };
    let rate_limit = members.remove("rate_limit").map(|limit| rate(&limit)).transpose()?;
    let permissions = match members.remove("permissions") {
        None => Vec::new(),
        Some(list) => words(&list).ok_or_else(|| wrong("permissions", LIST))?,
    };
    let schemas = Schemas { input, output };
    Ok(Definition {
        id,
        name,
        description,
        category,
        schemas,
        requires_confirmation,
        rate_limit,
        permissions,
        more: members,
    })
}

const MISSING: &str = "it is required";
const LIST: &str = "it must be a list of texts of 1 to 256 bytes";

pub(super) fn wrong(member: &str, why: impl Into<String>) -> Error {
    Error::Definition { member: member.to_owned(), why: why.into() }
}

fn at(member: &str, error: Error) -> Error {
    match error {
        Error::JsonSchema { path, why } => wrong(&format!("{member}{path}"), why),
        other => other,
    }
}

/// A text that is not empty.
fn text_of(members: &mut Map<String, Value>, name: &str) -> Result<String> {
    match members.remove(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
        Some(_) => Err(wrong(name, "it must be a text that is not empty")),
        None => Err(wrong(name, MISSING)),
    }
}

fn word(members: &mut Map<String, Value>, name: &str) -> Result<String> {
    let text = text_of(members, name)?;
    if text.len() > WORD_MAX {
        return Err(wrong(name, format!("it has more than {WORD_MAX} bytes")));
    }
    Ok(text)
}

pub(super) fn words(list: &Value) -> Option<Vec<String>> {
    let fits = |text: &&str| !text.is_empty() && text.len() <= WORD_MAX;
    let word = |item: &Value| item.as_str().filter(fits).map(str::to_owned);
    list.as_array()?.iter().map(word).collect()
}

fn rate(limit: &Value) -> Result<RateLimit> {
    let number = |name: &str, max: u64| {
        let found = limit.get(name).and_then(Value::as_u64);
        found.filter(|number| (1..=max).contains(number)).ok_or_else(|| {
            wrong(&format!("rate_limit/{name}"), format!("it must be an integer from 1 to {max}"))
        })
    };
    for (name, _) in limit.as_object().into_iter().flatten() {
        if name != "max_calls" && name != "per_seconds" {
            let why = "it has max_calls and per_seconds, and no other member";
            return Err(wrong(&format!("rate_limit/{}", shortened(name, 80)), why));
        }
    }
    let (max_calls, seconds) =
        (number("max_calls", CALLS_MAX)?, number("per_seconds", SECONDS_MAX)?);
    let max_calls = usize::try_from(max_calls).unwrap_or(usize::MAX);
    Ok(RateLimit { max_calls, per: Duration::from_secs(seconds) })
}

/// The members of an object as they were written.
struct Written<'t>(Vec<(String, &'t str)>);

impl<'t> Written<'t> {
    fn read(text: &'t str) -> Result<Self> {
        let mut found: Vec<(String, &str)> = Vec::new();
        let mut reader = JsonReader::new(text.as_bytes());
        let mut is_first = true;
        let unreadable = |_| wrong("the definition", "it could not be read");
        reader.begin_object().map_err(unreadable)?;
        while let Some(name) = reader.next_member(&mut is_first).map_err(unreadable)? {
            let mut bytes = vec![0; text.len()];
            let len = name.decode_into(&mut bytes).unwrap_or_default();
            bytes.truncate(len);
            let name = String::from_utf8_lossy(&bytes).into_owned();
            let value = reader.skip_value().map_err(unreadable)?;
            if found.iter().any(|(other, _)| *other == name) {
                return Err(wrong(&shortened(&name, 80), "it is there twice"));
            }
            found.push((name, std::str::from_utf8(value).unwrap_or_default()));
        }
        Ok(Self(found))
    }

    fn member(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, text)| *text)
    }
}

#[cfg(test)]
#[expect(clippy::large_stack_arrays, reason = "tables of cases")]
mod tests {
    use serde_json::json;

    use super::*;

    fn full() -> Value {
        json!({"id": "send_email", "name": "Send e-mail", "description": "Send an e-mail.",
            "category": "communication", "input_schema": {"type": "object"},
            "output_schema": {"type": "object"}, "requires_confirmation": true,
            "rate_limit": {"max_calls": 10, "per_seconds": 3600}, "permissions": ["email.send"],
            "vendor": {"kept": [1]}})
    }

    fn refusal(member: &str, value: Option<Value>) -> String {
        let mut definition = full();
        let members = definition.as_object_mut().unwrap();
        match value {
            Some(value) => _ = members.insert(member.to_owned(), value),
            None => _ = members.remove(member),
        }
        load_definition(&definition.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn all_members_are_read_and_unknown_ones_are_kept() {
        let read = load_definition(&full().to_string()).unwrap();
        assert_eq!((&*read.id, &*read.name), ("send_email", "Send e-mail"));
        assert_eq!(read.category, "communication");
        assert!(read.requires_confirmation && read.schemas.output.is_some());
        let hour = RateLimit { max_calls: 10, per: Duration::from_secs(3600) };
        assert_eq!(read.rate_limit, Some(hour));
        assert_eq!(read.permissions, ["email.send"]);
        assert_eq!(Value::Object(read.more), json!({"vendor": {"kept": [1]}}));
    }

    #[test]
    fn four_members_are_required_and_the_others_are_not() {
        let mut least = full();
        for member in ["id", "name", "description", "input_schema"] {
            assert_eq!(refusal(member, None), format!("{member}: it is required"));
        }
        for member in
            ["category", "output_schema", "requires_confirmation", "rate_limit", "permissions"]
        {
            least.as_object_mut().unwrap().remove(member);
        }
        let least = load_definition(&least.to_string()).unwrap();
        assert_eq!((&*least.category, least.requires_confirmation), ("general", false));
        assert!(least.schemas.output.is_none() && least.rate_limit.is_none());
        assert!(least.permissions.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (member, value, why) in [
            ("id", json!(1), "id: it must be a text that is not empty"),
            ("description", json!(" "), "description: it must be a text"),
            ("category", json!(null), "category: it must be a text"),
            ("requires_confirmation", json!("yes"), "requires_confirmation: it must be true"),
            ("permissions", json!("x"), "permissions: it must be a list"),
            ("permissions", json!([""]), "permissions: it must be a list"),
            ("rate_limit", json!(3), "rate_limit/max_calls: it must be an integer"),
            ("rate_limit", json!({"max_calls": 0, "per_seconds": 1}), "rate_limit/max_calls: it"),
            ("rate_limit", json!({"max_calls": 1, "per_seconds": 0.5}), "rate_limit/per_seconds:"),
            (
                "rate_limit",
                json!({"max_calls": 1, "per_seconds": 1, "burst": 2}),
                "rate_limit/burst: it has max_calls and per_seconds",
            ),
            ("input_schema", json!({"type": "array"}), "input_schema/type: a schema of a tool"),
            (
                "output_schema",
                json!({"type": "object", "properties": {"a": {"type": "txt"}}}),
                "output_schema/properties/a/type: ",
            ),
        ] {
            let said = refusal(member, Some(value));
            assert!(said.starts_with(why), "{said}");
        }
        for (text, why) in [
            ("", "the definition: invalid JSON: EOF while parsing a value at line 1 column 0"),
            ("[]", "the definition: it must be a JSON object"),
            ("{\"a\":\n1,}", "the definition: invalid JSON: trailing comma at line 2 column 3"),
            ("{\"id\":\"a\",\"\\u0069d\":\"b\"}", "id: it is there twice"),
        ] {
            let said = load_definition(text).unwrap_err().to_string();
            assert!(said.starts_with(why), "{text}: {said}");
        }
    }

    #[test]
    fn a_schema_is_kept_as_it_was_written_but_for_white_space() {
        let schema = "{ \"type\" : \"object\",\n \"properties\": {\"b\": {\"maximum\": 1.50e1},\r\n\
                      \"a\": {\"title\": \"\\u0041 b\"}}}";
        let text = format!(
            "{{\"id\":\"x\",\"name\":\"X\",\"description\":\"Y.\",\"input_schema\":{schema}}}"
        );
        let read = load_definition(&text).unwrap();
        assert_eq!(
            read.schemas.input.text(),
            r#"{"type":"object","properties":{"b":{"maximum":1.50e1},"a":{"title":"\u0041 b"}}}"#
        );
    }
}
