//! Every tool that only reads is called, and what it answers is held against its descriptor.

use serde_json::{Map, Value, json};
use trine_descriptor::{Annotations, Consent, ToolTable as _};

use super::super::tools::listed;
use super::{Bench, Check, Verdict};

/// Calls each read-only tool, once for each label of its first choice.
pub(super) fn all(bench: &Bench<'_>, done: &mut dyn FnMut(Check)) {
    let Some(table) = bench.device.table() else { return };
    let listed = listed(&*table);
    let mut count = 0;
    for row in 0..table.count() {
        let Some(info) = table.info(row) else { continue };
        if !info.annotations.has(Annotations::READ_ONLY) || info.consent != Consent::None {
            continue;
        }
        count += 1;
        let schema = &listed[usize::from(row)]["inputSchema"];
        let calls = arguments(schema);
        let problem = calls.iter().find_map(|arguments| {
            let report = bench.device.call_json(info.name, &arguments.to_string(), bench.patience);
            report.is_error.then_some(report.text)
        });
        let text = format!("{} answered as described", plural(calls.len()));
        let name = format!("tool {}", info.name);
        done(Check::of(&name, text, problem).with(json!({ "calls": calls.len() })));
    }
    if count == 0 {
        done(Check::new("tools", Verdict::Skip, "no tool is read-only"));
    }
}

fn plural(calls: usize) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

/// Arguments that a schema accepts: the least of everything that is required, once for each label
/// of the first choice among them.
fn arguments(schema: &Value) -> Vec<Value> {
    let least = least_object(schema);
    let choice = required(schema)
        .find_map(|(name, property)| Some((name, property.get("enum")?.as_array()?.clone())));
    let Some((name, labels)) = choice else { return vec![Value::Object(least)] };
    let with = |label: Value| {
        let mut arguments = least.clone();
        arguments.insert(name.to_owned(), label);
        Value::Object(arguments)
    };
    labels.into_iter().map(with).collect()
}

fn required(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let names = schema["required"].as_array().into_iter().flatten();
    names.filter_map(|name| Some((name.as_str()?, &schema["properties"][name.as_str()?])))
}

fn least_object(schema: &Value) -> Map<String, Value> {
    required(schema).map(|(name, property)| (name.to_owned(), least(property))).collect()
}

/// The least value that a schema accepts.
fn least(schema: &Value) -> Value {
    if let Some(label) = schema["enum"].get(0) {
        return label.clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(false),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("string") => {
            let len = schema["minLength"].as_u64().unwrap_or(0);
            json!("x".repeat(usize::try_from(len).unwrap_or(0)))
        }
        Some("array") => {
            let items = schema["minItems"].as_u64().unwrap_or(0);
            (0..items).map(|_| least(&schema["items"])).collect()
        }
        _ => Value::Object(least_object(schema)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_arguments_are_what_is_required_for_each_label() {
        let schema = json!({
            "type": "object",
            "required": ["which", "count", "deep"],
            "properties": {
                "which": {"type": "string", "enum": ["a", "b"]},
                "count": {"type": "integer", "minimum": 3},
                "free": {"type": "boolean"},
                "deep": {
                    "type": "object", "required": ["list"],
                    "properties": {
                        "list": {
                            "type": "array", "minItems": 2,
                            "items": {"type": "string", "minLength": 1},
                        },
                    },
                },
            },
        });
        let deep = json!({"list": ["x", "x"]});
        assert_eq!(
            arguments(&schema),
            [
                json!({"which": "a", "count": 3, "deep": deep}),
                json!({"which": "b", "count": 3, "deep": deep}),
            ]
        );
        assert_eq!(arguments(&json!({"type": "object"})), [json!({})]);
    }
}
