//! Parameters and results: a JSON Schema in its flat form.

use serde_json::{Map, Value};

use super::error::{HeaderError, Result};

/// One node, in pre-order; its members or its item follow it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its name; empty for the item of a list.
    pub(super) name: String,
    pub(super) description: String,
    /// The unit of a number; may be empty.
    pub(super) unit: String,
    pub(super) kind: Kind,
    pub(super) need: Need,
    /// How many of the following nodes belong to it.
    pub(super) below: usize,
    /// How many nodes it lies in.
    pub(super) depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Bool,
    Int {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// Bounds and step are scaled.
    Decimal {
        places: u8,
        min: Option<i64>,
        max: Option<i64>,
        step: i64,
    },
    Text {
        min: u64,
        max: Option<u64>,
    },
    Choice(Vec<String>),
    Object,
    Array {
        min: u64,
        max: u64,
    },
}

/// Whether a node must be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Need {
    Required,
    Optional,
    /// It counts as this when it is missing: a number, or a text.
    Default(Preset),
    /// When the choice of that number holds the label of that number.
    When(usize, usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Preset {
    Number(i64),
    Text(String),
}

/// Most digits after the point.
const PLACES_MAX: u8 = 9;
/// Most items of a list.
const ITEMS_MAX: u64 = 254;

/// Reads the schema of an object. `places` is there for results, which may leave bounds open: the
/// digits of a number that does not say how many it has.
pub(super) fn read(schema: &Value, places: Option<u8>) -> Result<Vec<Node>> {
    if !schema.is_object() && !schema.is_null() {
        return Err(HeaderError::NotAnObject { what: "the schema" });
    }
    if let Some(kind) = schema.get("type").filter(|kind| *kind != "object") {
        return Err(HeaderError::SchemaType { found: kind.to_string() });
    }
    let mut nodes = Vec::new();
    members(schema, places, 0, &mut nodes)?;
    conditions(schema, &mut nodes)?;
    Ok(nodes)
}

fn members(schema: &Value, places: Option<u8>, depth: usize, nodes: &mut Vec<Node>) -> Result<()> {
    let empty = Map::new();
    let properties = match &schema["properties"] {
        Value::Null => &empty,
        Value::Object(properties) => properties,
        _ => return Err(HeaderError::NotAnObject { what: "\"properties\"" }),
    };
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, schema) in properties {
        let required = required.iter().any(|other| other == name);
        node(name, schema, required, places, depth, nodes).map_err(|error| error.at(name))?;
    }
    Ok(())
}

fn node(
    name: &str,
    schema: &Value,
    required: bool,
    places: Option<u8>,
    depth: usize,
    nodes: &mut Vec<Node>,
) -> Result<()> {
    let kind = kind(schema, places)?;
    let need = match schema.get("default") {
        Some(default) => Need::Default(preset(&kind, default)?),
        None if required => Need::Required,
        None => Need::Optional,
    };
    let at = nodes.len();
    nodes.push(Node {
        name: name.to_owned(),
        description: schema["description"].as_str().unwrap_or_default().to_owned(),
        unit: String::new(),
        need,
        below: 0,
        depth,
        kind: kind.clone(),
    });
    match kind {
        Kind::Object => members(schema, places, depth + 1, nodes)?,
        Kind::Array { .. } => node("", &schema["items"], true, places, depth + 1, nodes)
            .map_err(|error| error.at("items"))?,
        _ => {}
    }
    let below = nodes.len() - at - 1;
    if let Some(node) = nodes.get_mut(at) {
        node.below = below;
    }
    Ok(())
}

fn kind(schema: &Value, places: Option<u8>) -> Result<Kind> {
    let result = places.is_some();
    if let Some(labels) = schema.get("enum") {
        let labels = labels.as_array().into_iter().flatten().map(|label| {
            let label = label.as_str().filter(|label| !label.contains('|') && !label.is_empty());
            label.map(str::to_owned).ok_or(HeaderError::Label)
        });
        return Ok(Kind::Choice(labels.collect::<Result<_>>()?));
    }
    let count = |name: &str| schema[name].as_u64();
    match schema["type"].as_str() {
        Some("boolean") => Ok(Kind::Bool),
        Some("integer") => {
            let bound = |name: &str| schema[name].as_i64();
            let (min, max) = (bound("minimum"), bound("maximum"));
            if !result && (min.is_none() || max.is_none()) {
                return Err(missing("an integer", "\"minimum\" and \"maximum\""));
            }
            Ok(Kind::Int { min, max })
        }
        Some("number") => decimal(schema, places),
        Some("string") => match count("maxLength") {
            None if !result => Err(missing("a string", "\"maxLength\"")),
            max => Ok(Kind::Text { min: count("minLength").unwrap_or(0), max }),
        },
        Some("object") => Ok(Kind::Object),
        Some("array") if !result => Err(HeaderError::ListParam),
        Some("array") => match count("maxItems") {
            Some(max) if max <= ITEMS_MAX => {
                Ok(Kind::Array { min: count("minItems").unwrap_or(0), max })
            }
            _ => Err(HeaderError::Items { most: ITEMS_MAX }),
        },
        Some(other) => Err(HeaderError::Type { found: other.to_owned() }),
        None => Err(HeaderError::NoType),
    }
}

fn decimal(schema: &Value, result: Option<u8>) -> Result<Kind> {
    let step = schema.get("multipleOf");
    let figures = [step, schema.get("minimum"), schema.get("maximum")];
    if result.is_none() && figures.iter().any(Option::is_none) {
        let keys = "\"minimum\", \"maximum\" and \"multipleOf\", such as 0.1,";
        return Err(missing("a number", keys));
    }
    let texts = figures.map(|figure| figure.map(ToString::to_string));
    let digits = |text: &String| {
        text.split_once('.').map_or(0, |(_, end)| if end == "0" { 0 } else { end.len() })
    };
    let least = if step.is_some() { 0 } else { usize::from(result.unwrap_or(0)) };
    let places = texts.iter().flatten().map(digits).max().unwrap_or(0).max(least);
    let places = u8::try_from(places).ok().filter(|places| *places <= PLACES_MAX);
    let places = places.ok_or(HeaderError::Places { most: PLACES_MAX })?;
    let [step, min, max] = texts.map(|text| text.map(|text| scaled(&text, places)));
    Ok(Kind::Decimal {
        places,
        min: min.transpose()?,
        max: max.transpose()?,
        step: step.transpose()?.unwrap_or(0),
    })
}

/// A figure times 10 to the power of `places`.
fn scaled(text: &str, places: u8) -> Result<i64> {
    let wrong = || HeaderError::Number { text: text.to_owned(), places };
    let (whole, end) = text.split_once('.').unwrap_or((text, ""));
    let end = if end == "0" { "" } else { end };
    if end.len() > usize::from(places) {
        return Err(wrong());
    }
    let figure = format!("{whole}{end:0<width$}", width = usize::from(places));
    figure.parse().map_err(|_| wrong())
}

fn preset(kind: &Kind, default: &Value) -> Result<Preset> {
    let number = match kind {
        Kind::Bool => default.as_bool().map(i64::from),
        Kind::Int { .. } => default.as_i64(),
        Kind::Decimal { places, .. } => Some(scaled(&default.to_string(), *places)?),
        Kind::Choice(labels) => {
            let at = labels.iter().position(|label| default == label);
            at.and_then(|at| i64::try_from(at).ok())
        }
        Kind::Text { .. } => {
            let text = default.as_str().ok_or_else(|| wrong_default(default))?;
            return Ok(Preset::Text(text.to_owned()));
        }
        Kind::Object | Kind::Array { .. } => None,
    };
    number.map(Preset::Number).ok_or_else(|| wrong_default(default))
}

fn wrong_default(default: &Value) -> HeaderError {
    HeaderError::Default { value: default.to_string() }
}

const fn missing(what: &'static str, keys: &'static str) -> HeaderError {
    HeaderError::Missing { what, keys }
}

/// `if` and `then` with `const`: what a label of a choice makes required.
fn conditions(schema: &Value, nodes: &mut [Node]) -> Result<()> {
    let all = schema["allOf"].as_array().map_or(&[][..], Vec::as_slice);
    for part in std::iter::once(schema).chain(all) {
        let Some(when) = part.get("if") else { continue };
        let wrong = || HeaderError::Condition;
        let (name, label) = when["properties"]
            .as_object()
            .and_then(|it| it.iter().next())
            .and_then(|(name, it)| Some((name, it["const"].as_str()?)))
            .ok_or_else(wrong)?;
        let choice = nodes.iter().position(|node| node.depth == 0 && node.name == *name);
        let label = choice.and_then(|at| match &nodes.get(at)?.kind {
            Kind::Choice(labels) => labels.iter().position(|other| other == label),
            _ => None,
        });
        let (choice, label) = choice.zip(label).ok_or_else(wrong)?;
        for name in part["then"]["required"].as_array().into_iter().flatten() {
            let node = nodes.iter_mut().find(|node| node.depth == 0 && *name == node.name);
            let node = node.ok_or_else(|| HeaderError::NotAMember { name: name.to_string() })?;
            node.need = Need::When(choice, label);
        }
    }
    Ok(())
}
