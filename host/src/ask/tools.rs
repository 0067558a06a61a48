//! Tools out of JSON, for sentences: names, parameters, their bounds.

use self_cell::self_cell;
use serde_json::{Map, Number, Value};
use trine_ask::Call;
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Scalar, Side, ToolInfo, ToolTable,
};

use crate::{Error, Result};

/// Most digits after the point.
const PLACES_MAX: u8 = 9;

/// A tool with its texts.
#[derive(Debug)]
struct Texts {
    name: String,
    description: String,
    params: Vec<Param>,
}

/// A parameter with its texts.
#[derive(Debug)]
struct Param {
    name: String,
    description: String,
    /// Labels of a choice, with bars between them.
    labels: Option<String>,
    kind: Kind<'static>,
    required: bool,
    required_if: Option<Condition>,
}

type Fields<'a> = Vec<Vec<Field<'a>>>;

self_cell!(
    struct Cell {
        owner: Vec<Texts>,
        #[covariant]
        dependent: Fields,
    }
    impl {Debug}
);

/// A list of tools: what decoding needs of it, and no results.
#[derive(Debug)]
pub struct ToolList(Cell);

impl ToolList {
    /// Reads an array of MCP tool objects, or an object whose `tools` is one. A tool may also have
    /// `parameters` in place of `inputSchema`, as lists of examples have it.
    ///
    /// # Errors
    /// A sentence that names the tool and the parameter.
    pub fn parse(text: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(text)
            .map_err(|error| Error::new(format!("the list of tools is no JSON: {error}")))?;
        let list = json.get("result").unwrap_or(&json);
        let list = list.get("tools").unwrap_or(list).as_array().filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| Error::new("there is no list of tools in it"))?;
        let texts = list.iter().map(tool).collect::<Result<Vec<_>>>()?;
        for (at, tool) in texts.iter().enumerate() {
            if texts.iter().take(at).any(|other| other.name == tool.name) {
                return Err(Error::new(format!("two tools are named {}", tool.name)));
            }
        }
        Ok(Self(Cell::new(texts, |texts| texts.iter().map(nodes).collect())))
    }
}

impl ToolTable for ToolList {
    fn count(&self) -> u16 {
        u16::try_from(self.0.borrow_owner().len()).unwrap_or(u16::MAX)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        let texts = self.0.borrow_owner().get(usize::from(tool))?;
        Some(ToolInfo::new(&texts.name, &texts.description))
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        let nodes = self.nodes(tool, side).map_or(0, <[_]>::len);
        u16::try_from(nodes).unwrap_or(u16::MAX)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.nodes(tool, side)?.get(usize::from(node)).copied()
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        match side {
            Side::Params => self.0.borrow_dependent().get(usize::from(tool)).map(Vec::as_slice),
            Side::Output => Some(&[]),
        }
    }
}

fn nodes(tool: &Texts) -> Vec<Field<'_>> {
    let mut fields = Vec::with_capacity(tool.params.len());
    for param in &tool.params {
        let kind = match &param.labels {
            Some(labels) => Kind::Choice(labels),
            None => param.kind,
        };
        let (required, required_if) = (param.required, param.required_if);
        let field = Field::new(&param.name, kind).describe(&param.description);
        fields.push(Field { required, required_if, ..field });
    }
    fields
}

fn tool(json: &Value) -> Result<Texts> {
    let name = json["name"].as_str().ok_or_else(|| Error::new("a tool has no name"))?;
    let schema = json.get("inputSchema").filter(|schema| schema.is_object()).unwrap_or(json);
    let properties = schema.get("properties").or_else(|| schema.get("parameters"));
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let mut params = Vec::new();
    for (param, json) in properties.and_then(Value::as_object).into_iter().flatten() {
        let (kind, labels) =
            kind(json).map_err(|error| Error::new(format!("{name}.{param}: {error}")))?;
        params.push(Param {
            name: param.clone(),
            description: json["description"].as_str().unwrap_or_default().to_owned(),
            labels,
            kind,
            required: required.iter().any(|other| other == param),
            required_if: None,
        });
    }
    conditions(schema, &mut params);
    let description = json["description"].as_str().unwrap_or_default().to_owned();
    Ok(Texts { name: name.to_owned(), description, params })
}

fn kind(json: &Value) -> Result<(Kind<'static>, Option<String>)> {
    let missing = |key: &str| Error::new(format!("{key} is missing"));
    let whole = |key: &str| json[key].as_i64().ok_or_else(|| missing(key));
    let size = |key: &str, default: u16| {
        json[key].as_u64().map_or(default, |size| u16::try_from(size).unwrap_or(u16::MAX))
    };
    let plain = |kind| Ok((kind, None));
    match json["type"].as_str() {
        Some("boolean") => plain(Kind::Bool),
        Some("integer") => {
            plain(Kind::Int(IntRange { min: whole("minimum")?, max: whole("maximum")? }))
        }
        Some("number") => plain(Kind::Decimal(decimal(json)?)),
        Some("string") => match json["enum"].as_array() {
            Some(labels) => {
                let labels: Option<Vec<&str>> = labels.iter().map(Value::as_str).collect();
                let labels = labels.filter(|labels| !labels.is_empty());
                let labels = labels.ok_or_else(|| Error::new("its enum is no list of texts"))?;
                Ok((Kind::Choice(""), Some(labels.join("|"))))
            }
            None => {
                plain(Kind::Text { min: size("minLength", 0), max: size("maxLength", u16::MAX) })
            }
        },
        Some(other) => Err(Error::new(format!("a parameter cannot be of type {other}"))),
        None => Err(missing("type")),
    }
}

fn decimal(json: &Value) -> Result<DecimalRange> {
    let figure =
        |key: &str| json[key].as_f64().ok_or_else(|| Error::new(format!("{key} is missing")));
    let step = figure("multipleOf")?;
    let places = (0..=PLACES_MAX).find(|places| (step * power(*places)).fract() == 0.0);
    let places = places.filter(|_| step > 0.0);
    let places = places.ok_or_else(|| Error::new("multipleOf has too many digits"))?;
    let scaled = |value: f64| (value * power(places)).round() as i64;
    let (min, max) = (scaled(figure("minimum")?), scaled(figure("maximum")?));
    Ok(DecimalRange { min, max, step: scaled(step), places })
}

fn power(places: u8) -> f64 {
    10_f64.powi(places.into())
}

/// `if` a choice has a value, `then` others are required.
fn conditions(schema: &Value, params: &mut [Param]) {
    let rule = schema["if"]["properties"].as_object().and_then(|all| all.iter().next());
    let Some((name, rule)) = rule else { return };
    let Some(node) = params.iter().position(|param| param.name == *name) else { return };
    let labels = params.get(node).and_then(|param| param.labels.as_deref()).unwrap_or_default();
    let label = labels.split('|').position(|label| rule["const"] == label);
    let Some(label) = label.and_then(|label| u16::try_from(label).ok()) else { return };
    let Ok(node) = u16::try_from(node) else { return };
    let then = schema["then"]["required"].as_array().map_or(&[][..], Vec::as_slice);
    for param in params.iter_mut().filter(|param| then.iter().any(|name| *name == param.name)) {
        param.required = false;
        param.required_if = Some(Condition { node, label });
    }
}

/// The arguments of a call as JSON.
#[must_use]
pub fn arguments_json(table: &dyn ToolTable, call: &Call<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    for (node, value) in call.arguments() {
        let Some(field) = table.node(call.tool(), Side::Params, node) else { continue };
        let value = match value {
            Scalar::Bool(value) => value.into(),
            Scalar::Int(value) => value.into(),
            Scalar::Decimal(value) => scaled(&field, value),
            Scalar::Text(text) => text.into(),
            Scalar::Label(label) => field.kind.label(label.into()).into(),
            Scalar::Object | Scalar::Array(_) => Value::Null,
        };
        out.insert(field.name.to_owned(), value);
    }
    out
}

/// A scaled number; a whole one without a point.
fn scaled(field: &Field<'_>, value: i64) -> Value {
    let Kind::Decimal(range) = field.kind else { return value.into() };
    let unit = 10_i64.pow(range.places.into());
    if value % unit == 0 {
        return (value / unit).into();
    }
    Number::from_f64(value as f64 / unit as f64).map_or(Value::Null, Value::Number)
}
