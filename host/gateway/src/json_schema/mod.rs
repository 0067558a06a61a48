//! JSON Schemas as they were written: checked and compiled once, shown byte for byte.
//!
//! A schema is of draft 7 or 2020-12 and says `"type": "object"` at its top. What this program
//! would not check is refused when it is loaded (`rules`): unknown keywords and formats, a `$ref`
//! to another document or in a circle, and a schema that unrolls to more than a fixed size.
//! Patterns are compiled for the linear engine, so that no value makes one slow.

mod compact;
mod rules;
mod words;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};
use trine_descriptor::Side;
use trine_mcp::json::JsonReader;

pub(crate) use compact::compact;
pub(crate) use words::shortened;

use crate::error::{Error, Result};
use words::sentence;

/// Most bytes of a schema, and of a definition of a tool.
pub const TEXT_MAX: usize = 256 * 1024;
/// Most bytes of one compiled pattern.
const PATTERN_MAX: usize = 1024 * 1024;

/// A JSON Schema with its compiled validator.
#[derive(Debug)]
pub struct JsonSchema {
    text: Box<str>,
    validator: Validator,
    /// The defaults of its top-level properties.
    defaults: Vec<(Box<str>, Value)>,
}

/// The schemas of a tool.
#[derive(Debug)]
pub struct Schemas {
    /// That of its arguments.
    pub input: JsonSchema,
    /// That of its result, if it has one.
    pub output: Option<JsonSchema>,
}

impl JsonSchema {
    /// Checks and compiles a schema. White space between its tokens is left out of
    /// [`Self::text`], as a message is one line; no token is changed.
    ///
    /// # Errors
    /// [`Error::JsonSchema`] with the JSON Pointer of what is wrong.
    pub fn new(text: &str) -> Result<Self> {
        #[cfg(test)]
        tests::COMPILED.with(|count| count.set(count.get() + 1));
        let value = parsed(text)?;
        let draft = rules::check(&value)?;
        let pattern = PatternOptions::regex().size_limit(PATTERN_MAX).dfa_size_limit(PATTERN_MAX);
        let options = jsonschema::options()
            .with_draft(draft)
            .offline()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .with_pattern_options(pattern);
        let build = |schema: &Value| {
            options.build(schema).map_err(|error| {
                let why = shortened(&error.masked().to_string(), 200);
                refused(error.instance_path().as_str(), why)
            })
        };
        let validator = build(&value)?;
        let defaults = defaults(&value);
        if !defaults.is_empty() {
            let given = defaults.iter().map(|(name, default)| (name.to_string(), default.clone()));
            let given = Value::Object(given.collect());
            if let Some(error) = build(&properties_only(&value))?.iter_errors(&given).next() {
                let path = format!("/properties{}/default", error.instance_path().as_str());
                return Err(refused(&path, sentence(&error, "it")));
            }
        }
        Ok(Self { text: compact(text).into(), validator, defaults })
    }

    /// The schema, in one line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks a value. `whole` is what a sentence calls it.
    fn check(&self, value: &Value, whole: &str) -> std::result::Result<(), String> {
        match self.validator.iter_errors(value).next() {
            Some(error) => Err(sentence(&error, whole)),
            None => Ok(()),
        }
    }

    /// The arguments of a call, valid and with the defaults of what was left out. Of a member that
    /// is there twice, the last one counts, here and in what is answered.
    ///
    /// # Errors
    /// A sentence that names the parameter and the bound.
    pub fn arguments(&self, text: &[u8]) -> std::result::Result<String, String> {
        let text = if text.is_empty() { b"{}" } else { text };
        let mut value = serde_json::from_slice::<Value>(text)
            .map_err(|error| format!("the arguments could not be read: {error}"))?;
        self.check(&value, "the arguments")?;
        let mut is_changed = false;
        if let Value::Object(members) = &mut value {
            for (name, default) in &self.defaults {
                if !members.contains_key(&**name) {
                    members.insert(name.to_string(), default.clone());
                    is_changed = true;
                }
            }
        }
        if is_changed {
            let explained = |why| format!("with the defaults of its schema, {why}");
            self.check(&value, "the arguments").map_err(explained)?;
        }
        Ok(value.to_string())
    }
}

impl Schemas {
    /// The schema of one side, as clients are shown it.
    #[must_use]
    pub fn text(&self, side: Side) -> Option<&str> {
        match side {
            Side::Params => Some(self.input.text()),
            Side::Output => self.output.as_ref().map(JsonSchema::text),
        }
    }

    /// The result of a call in one line, where it is a JSON object that the schema allows.
    ///
    /// # Errors
    /// A sentence that names the member and the bound.
    pub fn result(&self, text: &str) -> std::result::Result<String, String> {
        let value = serde_json::from_str::<Value>(text)
            .map_err(|error| format!("its result is not JSON: {error}"))?;
        if !value.is_object() {
            return Err("its result is not a JSON object".to_owned());
        }
        if let Some(output) = &self.output {
            let wrong = |why| format!("its result is not what its output schema allows: {why}");
            output.check(&value, "it").map_err(wrong)?;
        }
        Ok(compact(text))
    }
}

/// The value of a text that is no larger and no deeper than a schema may be.
pub(crate) fn parsed(text: &str) -> Result<Value> {
    if text.len() > TEXT_MAX {
        return Err(refused("", format!("there are more than {TEXT_MAX} bytes")));
    }
    // This error has the line and the column.
    let value = serde_json::from_str(text)
        .map_err(|error| refused("", format!("invalid JSON: {error}")))?;
    // This reader stops at 64 levels.
    let mut reader = JsonReader::new(text.as_bytes());
    let read = reader.skip_value().and_then(|_| reader.end());
    read.map_err(|error| refused("", format!("invalid JSON: {error}")))?;
    Ok(value)
}

pub(crate) fn refused(path: &str, why: impl Into<String>) -> Error {
    Error::JsonSchema { path: shortened(path, 200), why: why.into() }
}

/// The defaults of the top-level properties.
fn defaults(schema: &Value) -> Vec<(Box<str>, Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let with_default = |(name, property): (&String, &Value)| {
        Some((name.as_str().into(), property.get("default")?.clone()))
    };
    properties.into_iter().flatten().filter_map(with_default).collect()
}

/// The same schema with nothing but its properties, and what they may refer to.
fn properties_only(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return Value::Bool(true) };
    let kept = ["$schema", "$defs", "definitions", "properties"];
    let of = |name: &&str| Some(((*name).to_owned(), members.get(*name)?.clone()));
    Value::Object(kept.iter().filter_map(of).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
