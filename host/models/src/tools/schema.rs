//! The type and bounds of a parameter in JSON Schema.

use serde_json::Value as Json;
use trine_descriptor::DecimalRange;

use super::{Result, Rule};
use crate::error::ToolsError;

/// What a schema permits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Read {
    /// One of the forms that parameters have here.
    Rule(Rule),
    /// Something else, which it names.
    Other(String),
}

/// The greatest integer that JSON's numbers hold exactly; the bound where a schema has none.
pub(super) const INT_MAX: i64 = (1 << 53) - 1;
/// Digits after the point where a schema has no step.
const PLACES: i32 = 6;

/// A parameter's type and bounds.
pub(super) fn read(json: &Json) -> Result<Read> {
    let Some(json) = one_of(json) else { return Ok(other("one of several types")) };
    if let Some(labels) = json.get("enum") {
        return choice(labels);
    }
    let Some(kind) = kind(json) else { return Ok(other("any type")) };
    Ok(Read::Rule(match kind {
        "boolean" => Rule::Bool,
        "integer" => integer(json)?,
        "number" => number(json)?,
        "string" => {
            let size = |key: &str, default| {
                json[key].as_u64().map_or(default, |size| u16::try_from(size).unwrap_or(u16::MAX))
            };
            Rule::Text(size("minLength", 0), size("maxLength", u16::MAX))
        }
        "array" => return list(json),
        "object" | "null" => return Ok(other(kind)),
        unknown => return Err(ToolsError::Type { found: unknown.to_owned() }),
    }))
}

/// A list of values that have a form themselves.
fn list(json: &Json) -> Result<Read> {
    let Some(items) = json.get("items") else { return Ok(other("a list of anything")) };
    let size = |key: &str, default| {
        json[key].as_u64().map_or(default, |size| u8::try_from(size).unwrap_or(u8::MAX))
    };
    Ok(match read(items)? {
        Read::Rule(Rule::Bool | Rule::List(..)) => other("a list of what no sentence fills in"),
        Read::Rule(of) => {
            Read::Rule(Rule::List(Box::new(of), size("minItems", 0), size("maxItems", u8::MAX)))
        }
        Read::Other(of) => other(&format!("a list of {of}")),
    })
}

/// What a parameter means, in words.
pub(super) fn description(json: &Json) -> &str {
    let inner = one_of(json).and_then(|one| one["description"].as_str());
    json["description"].as_str().or(inner).unwrap_or_default()
}

fn other(takes: &str) -> Read {
    Read::Other(takes.to_owned())
}

/// The schema without the alternative `null`, which is leaving the parameter out; `None` where
/// there are several others.
fn one_of(json: &Json) -> Option<&Json> {
    let Some(all) = ["anyOf", "oneOf"].iter().find_map(|key| json[*key].as_array()) else {
        return Some(json);
    };
    let mut others = all.iter().filter(|one| one["type"] != "null");
    others.next().filter(|_| others.next().is_none())
}

/// The name of its type, likewise without `null`.
fn kind(json: &Json) -> Option<&str> {
    match &json["type"] {
        Json::Array(kinds) => {
            let mut others = kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null");
            others.next().filter(|_| others.next().is_none())
        }
        kind => kind.as_str(),
    }
}

/// The least and the greatest value of a schema, if it says so.
fn bounds(json: &Json) -> Result<(Option<f64>, Option<f64>)> {
    let bound = |key: &str| json[key].as_f64();
    let (min, max) = (bound("minimum"), bound("maximum"));
    match min.zip(max) {
        Some((min, max)) if min > max => Err(ToolsError::Bounds { min, max }),
        _ => Ok((min, max)),
    }
}

fn integer(json: &Json) -> Result<Rule> {
    let (min, max) = bounds(json)?;
    let edge = |key: &str, off: f64| json[key].as_f64().map(|edge| edge + off);
    // 2.5 is no integer, and the next one inside is the bound.
    let min = min.map(f64::ceil).or_else(|| edge("exclusiveMinimum", 1.0).map(f64::floor));
    let max = max.map(f64::floor).or_else(|| edge("exclusiveMaximum", -1.0).map(f64::ceil));
    let whole = |bound: Option<f64>, none| bound.map_or(none, |bound| bound as i64);
    let (min, max) = (whole(min, -INT_MAX), whole(max, INT_MAX));
    Ok(match json["multipleOf"].as_f64() {
        Some(step) if step != 1.0 => {
            let exact = step > 0.0 && step.fract() == 0.0 && step < INT_MAX as f64;
            let step = if exact { step as i64 } else { return Err(ToolsError::Step { step }) };
            Rule::Decimal(DecimalRange { min, max, step, places: 0 })
        }
        _ => Rule::Int(min, max),
    })
}

fn number(json: &Json) -> Result<Rule> {
    let (min, max) = bounds(json)?;
    let step = json["multipleOf"].as_f64();
    let places = match step {
        Some(step) => {
            let places = (0..9).find(|k| is_whole(step * 10_f64.powi(*k)));
            places.filter(|_| step > 0.0).ok_or(ToolsError::Step { step })?
        }
        None => PLACES,
    };
    let scale = 10_f64.powi(places);
    let scaled = |value: f64| (value * scale).round() as i64;
    let edge = |key: &str, off: i64| json[key].as_f64().map(|edge| scaled(edge) + off);
    let min = min.map(scaled).or_else(|| edge("exclusiveMinimum", 1));
    let max = max.map(scaled).or_else(|| edge("exclusiveMaximum", -1));
    Ok(Rule::Decimal(DecimalRange {
        min: min.unwrap_or(-INT_MAX).max(-INT_MAX),
        max: max.unwrap_or(INT_MAX).min(INT_MAX),
        step: step.map_or(0, scaled),
        places: places as u8,
    }))
}

fn is_whole(value: f64) -> bool {
    value.fract() == 0.0
}

/// Texts to choose from, or numbers where they are all multiples of a step between two bounds.
fn choice(labels: &Json) -> Result<Read> {
    let labels = labels.as_array().filter(|all| !all.is_empty()).ok_or(ToolsError::Labels)?;
    let labels = labels.iter().filter(|label| !label.is_null());
    let texts: Option<Vec<String>> =
        labels.clone().map(|label| Some(label.as_str()?.to_owned())).collect();
    if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
        check_labels(&texts)?;
        return Ok(Read::Rule(Rule::Choice(texts)));
    }
    let numbers: Option<Vec<i64>> = labels.map(Json::as_i64).collect();
    let steps = numbers.and_then(|numbers| evenly_spaced(&numbers));
    Ok(steps.map_or_else(|| other("an enum of other than texts"), Read::Rule))
}

/// Numbers as multiples of a step, if they are all of them between the least and the greatest.
fn evenly_spaced(numbers: &[i64]) -> Option<Rule> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let step = match sorted.get(1) {
        Some(second) => second.checked_sub(min).filter(|step| *step > 0)?,
        None => 1,
    };
    let is_even = sorted.windows(2).all(|two| two[1].checked_sub(two[0]) == Some(step));
    if !is_even || min % step != 0 {
        return None;
    }
    let range = DecimalRange { min, max, step, places: 0 };
    Some(if step == 1 { Rule::Int(min, max) } else { Rule::Decimal(range) })
}

/// Labels are written with bars between them, and each stands for itself.
fn check_labels(labels: &[String]) -> Result<()> {
    for (at, label) in labels.iter().enumerate() {
        if label.is_empty() || label.contains('|') {
            return Err(ToolsError::Label { label: label.clone() });
        }
        if labels[..at].contains(label) {
            return Err(ToolsError::DuplicateLabel { label: label.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_form_that_servers_write_is_read() {
        let texts = |min, max| Rule::List(Box::new(Rule::Text(0, u16::MAX)), min, max);
        let decimal = |min, max, step, places| {
            Read::Rule(Rule::Decimal(DecimalRange { min, max, step, places }))
        };
        let cases = vec![
            (json!({"type": "integer"}), Read::Rule(Rule::Int(-INT_MAX, INT_MAX))),
            (json!({"type": "integer", "minimum": 1}), Read::Rule(Rule::Int(1, INT_MAX))),
            (
                json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}),
                Read::Rule(Rule::Int(1, 9)),
            ),
            (json!({"type": "integer", "minimum": 0.5}), Read::Rule(Rule::Int(1, INT_MAX))),
            (
                json!({"type": "integer", "minimum": 0, "maximum": 90, "multipleOf": 30}),
                decimal(0, 90, 30, 0),
            ),
            (json!({"type": "number", "minimum": 0, "maximum": 1}), decimal(0, 1_000_000, 0, 6)),
            (json!({"type": "number"}), decimal(-INT_MAX, INT_MAX, 0, 6)),
            (
                json!({"type": "number", "minimum": -2, "maximum": 2, "multipleOf": 0.25}),
                decimal(-200, 200, 25, 2),
            ),
            (json!({"type": ["string", "null"]}), Read::Rule(Rule::Text(0, u16::MAX))),
            (
                json!({"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}),
                Read::Rule(Rule::Text(0, 9)),
            ),
            (json!({"enum": ["a", "b"]}), Read::Rule(Rule::Choice(vec!["a".into(), "b".into()]))),
            (json!({"enum": [0, 1]}), Read::Rule(Rule::Int(0, 1))),
            (json!({"type": "integer", "enum": [80, 40, 60]}), decimal(40, 80, 20, 0)),
            (json!({"enum": [40, 70, 80]}), other("an enum of other than texts")),
            (json!({"enum": [5, 15, 25]}), other("an enum of other than texts")),
            (json!({"type": "array", "items": {"type": "string"}}), Read::Rule(texts(0, u8::MAX))),
            (
                json!({"type": "array", "items": {"type": "string"}, "minItems": 2,
                    "maxItems": 900}),
                Read::Rule(texts(2, u8::MAX)),
            ),
            (json!({"type": "array"}), other("a list of anything")),
            (json!({"type": "array", "items": {"type": "object"}}), other("a list of object")),
            (json!({"type": "object"}), other("object")),
            (json!({}), other("any type")),
            (json!({"type": ["string", "integer"]}), other("any type")),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
                other("one of several types"),
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(read(&schema).unwrap(), expected, "{schema}");
        }
        let nullable = json!({"anyOf": [{"type": "null"}, {"type": "string", "description": "x"}]});
        assert_eq!(description(&nullable), "x");
    }

    #[test]
    fn a_schema_that_permits_nothing_is_an_error() {
        for schema in [
            json!({"type": "strin"}),
            json!({"enum": []}),
            json!({"type": "number", "multipleOf": 0}),
            json!({"type": "integer", "multipleOf": 1.5}),
            json!({"type": "integer", "minimum": 3, "maximum": 1}),
        ] {
            assert!(read(&schema).is_err(), "{schema}");
        }
    }
}
