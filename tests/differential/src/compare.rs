//! What differs between two lists of normal answers.

use serde_json::Value;

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `answers`, `kind`, or a path such as `result._meta`.
    pub place: String,
    /// What Trine has there; `absent` where it has nothing.
    pub ours: String,
    /// What rmcp has there.
    pub rmcp: String,
}

/// Compares the answers of both servers to one request.
pub fn differences(ours: &[Value], rmcp: &[Value]) -> Vec<Difference> {
    let mut found = Vec::new();
    if ours.len() == rmcp.len() {
        for (left, right) in ours.iter().zip(rmcp) {
            answer(left, right, &mut found);
        }
    } else {
        found.push(Difference { place: "answers".into(), ours: kinds(ours), rmcp: kinds(rmcp) });
    }
    found
}

fn answer(ours: &Value, rmcp: &Value, found: &mut Vec<Difference>) {
    if kind(ours) == kind(rmcp) {
        values("", Some(ours), Some(rmcp), found);
        return;
    }
    found.push(Difference { place: "kind".into(), ours: kind(ours), rmcp: kind(rmcp) });
    values("id", ours.get("id"), rmcp.get("id"), found);
}

/// `error CODE`, `refusal`, `result`, or what else an answer is.
fn kind(answer: &Value) -> String {
    if let Some(code) = answer.get("error") {
        return format!("error {code}");
    }
    for name in ["refusal", "result", "text", "closed"] {
        if answer.get(name).is_some() {
            return name.into();
        }
    }
    "message".into()
}

fn kinds(answers: &[Value]) -> String {
    if answers.is_empty() {
        return "none".into();
    }
    answers.iter().map(kind).collect::<Vec<_>>().join(", ")
}

fn values(place: &str, ours: Option<&Value>, rmcp: Option<&Value>, found: &mut Vec<Difference>) {
    match (ours, rmcp) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let inside = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                values(&inside, left.get(key), right.get(key), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) if left.len() == right.len() => {
            for (left, right) in left.iter().zip(right) {
                values(&format!("{place}[]"), Some(left), Some(right), found);
            }
        }
        (left, right) if alike(left, right) => {}
        (left, right) => found.push(Difference {
            place: place.into(),
            ours: left.map_or_else(|| "absent".into(), Value::to_string),
            rmcp: right.map_or_else(|| "absent".into(), Value::to_string),
        }),
    }
}

/// Equality of JSON values: 20 is 20.0, however it is written.
fn alike(ours: Option<&Value>, rmcp: Option<&Value>) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    ours == rmcp || number(ours).is_some_and(|left| number(rmcp) == Some(left))
}
