//! What is wrong with a value, in one sentence: which member, and the bound.

use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind as Wrong};
use serde_json::Value;

use crate::sanitize;

/// Most bytes of what came with a call in a sentence, and of a bound.
const QUOTE_MAX: usize = 80;

/// A text that is fit to be shown, cut at a character.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    let text = sanitize::plain(text);
    if text.len() <= max {
        return text.into_owned();
    }
    let end = (0..=max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn quoted(text: &str) -> String {
    shortened(text, QUOTE_MAX)
}

/// The sentence of an error. `whole` is what it calls the value itself.
pub(super) fn sentence(error: &ValidationError<'_>, whole: &str) -> String {
    let path = error.instance_path().as_str().trim_start_matches('/');
    let place = if path.is_empty() { whole.to_owned() } else { quoted(path) };
    match error.kind() {
        Wrong::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            format!("{} is required", quoted(&path))
        }
        Wrong::AdditionalProperties { unexpected }
        | Wrong::UnevaluatedProperties { unexpected } => {
            let name = quoted(unexpected.first().map_or("", String::as_str));
            format!("{place} must not have the member '{name}'")
        }
        Wrong::FalseSchema => format!("{place} must not be given"),
        kind => format!("{place} must {}", bound(kind)),
    }
}

/// What stands behind `must`.
fn bound(kind: &Wrong) -> String {
    let shown = |value: &Value| quoted(&value.to_string());
    match kind {
        Wrong::Type { kind } => format!("be {}", types(kind)),
        Wrong::Format { format } => format_words(format),
        Wrong::Enum { options } => match options.as_array() {
            Some(options) => {
                let options: Vec<String> = options.iter().map(Value::to_string).collect();
                format!("be one of {}", quoted(&options.join(", ")))
            }
            None => "be one of its choices".to_owned(),
        },
        Wrong::Constant { expected_value } => format!("be {}", shown(expected_value)),
        Wrong::Minimum { limit } => format!("be at least {}", shown(limit)),
        Wrong::Maximum { limit } => format!("be at most {}", shown(limit)),
        Wrong::ExclusiveMinimum { limit } => format!("be more than {}", shown(limit)),
        Wrong::ExclusiveMaximum { limit } => format!("be less than {}", shown(limit)),
        Wrong::MultipleOf { multiple_of } => format!("be a multiple of {multiple_of}"),
        Wrong::MinLength { limit } => format!("have at least {}", count(*limit, "character")),
        Wrong::MaxLength { limit } => format!("have at most {}", count(*limit, "character")),
        Wrong::MinItems { limit } => format!("have at least {}", count(*limit, "item")),
        Wrong::MaxItems { limit } => format!("have at most {}", count(*limit, "item")),
        Wrong::AdditionalItems { limit } => {
            format!("have at most {}", count(*limit as u64, "item"))
        }
        Wrong::MinProperties { limit } => format!("have at least {}", count(*limit, "member")),
        Wrong::MaxProperties { limit } => format!("have at most {}", count(*limit, "member")),
        Wrong::Pattern { pattern } => format!("match the pattern {}", quoted(pattern)),
        Wrong::UniqueItems => "have no item twice (uniqueItems)".to_owned(),
        Wrong::Contains => "have an item as its schema asks for (contains)".to_owned(),
        Wrong::AnyOf { .. } => "match one of its schemas (anyOf)".to_owned(),
        Wrong::OneOfNotValid { .. } => "match one of its schemas (oneOf)".to_owned(),
        Wrong::OneOfMultipleValid { .. } => {
            "match one of its schemas, and no second one (oneOf)".to_owned()
        }
        Wrong::Not { .. } => "not match what its schema excludes (not)".to_owned(),
        Wrong::PropertyNames { error } => {
            format!("have names of members that {} (propertyNames)", bound(error.kind()))
        }
        other => format!("keep the rule '{}' of its schema", other.keyword()),
    }
}

fn count(limit: u64, what: &str) -> String {
    format!("{limit} {what}{}", if limit == 1 { "" } else { "s" })
}

fn types(kind: &TypeKind) -> String {
    let word = |kind: &str| match kind {
        "array" | "integer" | "object" => format!("an {kind}"),
        "null" => kind.to_owned(),
        _ => format!("a {kind}"),
    };
    match kind {
        TypeKind::Single(one) => word(&one.to_string()),
        TypeKind::Multiple(any) => {
            any.iter().map(|one| word(&one.to_string())).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn format_words(format: &str) -> String {
    let words = match format {
        "email" => "an e-mail address",
        "date-time" => "a date and time such as 2026-01-31T12:00:00Z",
        "date" => "a date such as 2026-01-31",
        "time" => "a time such as 12:00:00Z",
        "duration" => "a duration such as PT90S",
        "hostname" => "a host name",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        "uri" | "iri" => "a URI with a scheme",
        "uri-reference" | "iri-reference" => "a URI reference",
        "uuid" => "a UUID",
        "regex" => "a regular expression",
        _ => return format!("have the format {}", quoted(format)),
    };
    format!("be {words} ({format})")
}
