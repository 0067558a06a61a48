//! Tools out of JSON: MCP tool objects, or just names and parameters.

use std::fmt;

use serde_json::{Map, Value as Json};
use trine_descriptor::{
    Annotations, Condition, DecimalRange, Field, IntRange, Kind, Scalar, Tool, ToolInfo,
    ValueWriter,
};

use crate::error::ToolsError;

mod docstring;
mod schema;
mod told_bounds;

use schema::INT_MAX;

type Result<T> = std::result::Result<T, ToolsError>;

/// Most bytes that the arguments of a call take.
const ARGUMENTS_MAX: usize = 4096;

/// A tool with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolText {
    /// Its name.
    pub name: String,
    /// Its name for people; empty where it has none.
    pub title: String,
    /// What it does.
    pub description: String,
    /// What its hints say.
    pub annotations: Annotations,
    /// Its parameters.
    pub params: Vec<ParamText>,
}

/// A parameter with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamText {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Its type and bounds.
    pub rule: Rule,
    /// Whether it must be there.
    pub required: bool,
    /// The parameter and its label under which it must.
    pub condition: Option<(String, String)>,
}

/// What values a parameter has.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// True or false.
    Bool,
    /// An integer.
    Int(i64, i64),
    /// A number in steps; all scaled by the number of places.
    Decimal(DecimalRange),
    /// A text of so many characters.
    Text(u16, u16),
    /// One of these.
    Choice(Vec<String>),
    /// A list of such values, with the fewest and the most that it may have.
    List(Box<Rule>, u8, u8),
    /// What is not filled in. A tool that needs it is chosen, and not called.
    Other,
}

/// A parameter that has no form here: an object, a list of such, one of several types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The tool.
    pub tool: String,
    /// The parameter.
    pub param: String,
    /// What it takes, as its schema says.
    pub takes: String,
    /// Whether the tool needs it, and so is never called.
    pub with_tool: bool,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, param, takes, with_tool } = self;
        if *with_tool {
            write!(f, "calls of {tool}, whose {param} takes {takes}")
        } else {
            write!(f, "{tool} without {param}, which takes {takes}")
        }
    }
}

/// The tools of a JSON text: an array of tools, or an object whose `tools` is one. Any list that
/// an MCP server has is read; what has no form here is left out ([`parse_all`] names it).
///
/// # Errors
/// With the tool and the parameter that is wrong.
///
/// ```
/// use trine_models::tools::{Rule, parse};
///
/// let tools = parse(
///     r#"[{ "name": "fan_set", "description": "Set the fan.", "inputSchema": { "type": "object",
///         "properties": { "percent": { "type": "integer", "minimum": 0, "maximum": 100 } },
///         "required": ["percent"] } }]"#,
/// )?;
/// assert_eq!(tools[0].params[0].rule, Rule::Int(0, 100));
/// # Ok::<(), trine_models::ToolsError>(())
/// ```
pub fn parse(text: &str) -> Result<Vec<ToolText>> {
    Ok(parse_all(text)?.0)
}

/// The tools of a JSON text, and the parameters that were left out.
///
/// # Errors
/// As [`parse`].
///
/// ```
/// let (tools, left_out) = trine_models::tools::parse_all(
///     r#"[{ "name": "mail", "inputSchema": { "type": "object", "properties": {
///         "to": { "type": "string" }, "tags": { "type": "object" } }, "required": ["to"] } }]"#,
/// )?;
/// assert_eq!((tools[0].params.len(), &*left_out[0].takes), (1, "object"));
/// # Ok::<(), trine_models::ToolsError>(())
/// ```
pub fn parse_all(text: &str) -> Result<(Vec<ToolText>, Vec<LeftOut>)> {
    let json: Json = serde_json::from_str(text).map_err(ToolsError::Json)?;
    // What an MCP server answers has the list in its result.
    let list = json.get("result").unwrap_or(&json);
    let list = list.get("tools").unwrap_or(list).as_array();
    let list = list.ok_or(ToolsError::NotAList)?;
    if list.is_empty() {
        return Err(ToolsError::Empty);
    }
    let mut left_out = Vec::new();
    let tools = list.iter().map(|json| tool(json, &mut left_out)).collect::<Result<Vec<_>>>()?;
    for (at, tool) in tools.iter().enumerate() {
        if tools[..at].iter().any(|other| other.name == tool.name) {
            return Err(ToolsError::Duplicate { name: tool.name.clone() });
        }
    }
    Ok((tools, left_out))
}

fn tool(json: &Json, left_out: &mut Vec<LeftOut>) -> Result<ToolText> {
    let name = json["name"].as_str().ok_or(ToolsError::Unnamed)?;
    let schema = schema(json).map_err(|error| error.at(name))?;
    let properties = properties(schema).map_err(|error| error.at(name))?;
    let required = |param: &str| {
        schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == param))
    };
    let condition = condition(schema);
    let is_param = |name: &str| properties.is_some_and(|all| all.contains_key(name));
    let told = docstring::read(json["description"].as_str().unwrap_or_default(), is_param);
    let told_of = |param: &str| {
        let own = told.params.iter().find(|(name, _)| name == param);
        own.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let mut params = Vec::new();
    for (param, json) in properties.into_iter().flatten() {
        let read = schema::read(json).map_err(|error| error.at(format!("{name}.{param}")))?;
        let rule = match read {
            schema::Read::Rule(rule) => rule,
            schema::Read::Other(takes) => {
                let (tool, param, with_tool) = (name.into(), param.clone(), required(param));
                left_out.push(LeftOut { tool, param, takes, with_tool });
                if !with_tool {
                    continue;
                }
                Rule::Other
            }
        };
        let description = match schema::description(json) {
            "" => told_of(param),
            own => own.into(),
        };
        let rule = bounded(rule, &description);
        let hangs = condition.as_ref().filter(|condition| condition.2.contains(param));
        params.push(ParamText {
            name: param.clone(),
            description,
            rule,
            required: required(param),
            condition: hangs.map(|(other, label, _)| (other.clone(), label.clone())),
        });
    }
    let title = json["title"].as_str().unwrap_or_default().to_owned();
    let annotations = annotations(&json["annotations"]);
    let description = told.description;
    Ok(ToolText { name: name.into(), title, description, annotations, params })
}

/// A number without bounds takes those that its description tells.
fn bounded(rule: Rule, description: &str) -> Rule {
    let told = told_bounds::told_bounds(description);
    let most = || told_bounds::told_most(description).map(|most| (f64::NEG_INFINITY, most));
    let Some((min, max)) = told.or_else(most) else { return rule };
    let whole = |bound: f64| (bound as i64).clamp(-INT_MAX, INT_MAX);
    let (first, last) = (whole(min.ceil()), whole(max.floor()));
    match rule {
        Rule::Int(least, most) if (least, most) == (-INT_MAX, INT_MAX) && first <= last => {
            Rule::Int(first, last)
        }
        Rule::Decimal(range) if (range.min, range.max) == (-INT_MAX, INT_MAX) => {
            let scale = 10_f64.powi(range.places.into());
            let scaled = |bound: f64| ((bound * scale).round() as i64).clamp(-INT_MAX, INT_MAX);
            Rule::Decimal(DecimalRange { min: scaled(min), max: scaled(max), ..range })
        }
        rule => rule,
    }
}

/// The hints that say so; what is not said is what MCP takes for granted.
fn annotations(hints: &Json) -> Annotations {
    let hints = [
        ("readOnlyHint", Annotations::READ_ONLY, false),
        ("destructiveHint", Annotations::DESTRUCTIVE, true),
        ("idempotentHint", Annotations::IDEMPOTENT, false),
        ("openWorldHint", Annotations::OPEN_WORLD, true),
    ]
    .map(|(name, bit, usual)| if hints[name].as_bool().unwrap_or(usual) { bit } else { 0 });
    Annotations(hints.iter().fold(0, |bits, bit| bits | bit))
}

/// Where the parameters stand: in the `inputSchema`, or in the tool itself where it has none.
fn schema(tool: &Json) -> Result<&Json> {
    let Some(schema) = tool.get("inputSchema") else { return Ok(tool) };
    if !schema.is_object() {
        return Err(ToolsError::NotAnObject { key: "inputSchema" });
    }
    match schema.get("type").filter(|kind| *kind != "object") {
        Some(kind) => Err(ToolsError::SchemaType { found: kind.to_string() }),
        None => Ok(schema),
    }
}

/// The parameters that a schema names, if any.
fn properties(schema: &Json) -> Result<Option<&Map<String, Json>>> {
    let Some((key, all)) =
        ["properties", "parameters"].into_iter().find_map(|key| Some((key, schema.get(key)?)))
    else {
        return Ok(None);
    };
    all.as_object().map(Some).ok_or(ToolsError::NotAnObject { key })
}

/// `if` a choice has a value, `then` others are required.
fn condition(schema: &Json) -> Option<(String, String, Vec<String>)> {
    let (name, rule) = schema["if"]["properties"].as_object()?.iter().next()?;
    let then = schema["then"]["required"].as_array()?;
    let then = then.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    Some((name.clone(), rule["const"].as_str()?.to_owned(), then))
}

/// The nodes of all tools. Labels of a choice lie in `labels`, which [`joined`] makes.
#[must_use]
pub fn fields<'t>(tools: &'t [ToolText], labels: &'t [Vec<String>]) -> Vec<Vec<Field<'t>>> {
    tools.iter().zip(labels).map(|(tool, labels)| nodes(tool, labels)).collect()
}

/// The labels of each parameter in one text, as descriptors have them.
#[must_use]
pub fn joined(tools: &[ToolText]) -> Vec<Vec<String>> {
    fn of(rule: &Rule) -> String {
        match rule {
            Rule::Choice(labels) => labels.join("|"),
            Rule::List(item, ..) => of(item),
            _ => String::new(),
        }
    }
    tools.iter().map(|tool| tool.params.iter().map(|param| of(&param.rule)).collect()).collect()
}

/// Descriptors over nodes of [`fields`].
#[must_use]
pub fn table<'t>(tools: &'t [ToolText], fields: &'t [Vec<Field<'t>>]) -> Vec<Tool<'t>> {
    let tool = |(tool, fields): (&'t ToolText, &'t Vec<Field<'t>>)| {
        let info = ToolInfo::new(&tool.name, &tool.description);
        let info = ToolInfo { title: &tool.title, annotations: tool.annotations, ..info };
        Tool::new(info, fields, &[])
    };
    tools.iter().zip(fields).map(tool).collect()
}

fn nodes<'t>(tool: &'t ToolText, labels: &'t [String]) -> Vec<Field<'t>> {
    let of = |(param, labels): (&'t ParamText, &'t String)| {
        let field = Field::new(&param.name, kind(&param.rule, labels)).describe(&param.description);
        let field = match condition_of(tool, param) {
            Some(condition) => field.required_when(condition),
            None if param.required => field,
            None => field.optional(),
        };
        let item = match &param.rule {
            Rule::List(of, ..) => Some(Field::new("", kind(of, labels))),
            _ => None,
        };
        std::iter::once(field).chain(item)
    };
    tool.params.iter().zip(labels).flat_map(of).collect()
}

fn kind<'t>(rule: &Rule, labels: &'t str) -> Kind<'t> {
    match rule {
        Rule::Bool => Kind::Bool,
        Rule::Int(min, max) => Kind::Int(IntRange { min: *min, max: *max }),
        Rule::Decimal(range) => Kind::Decimal(*range),
        Rule::Text(min, max) => Kind::Text { min: *min, max: *max },
        Rule::Choice(_) => Kind::Choice(labels),
        Rule::List(_, min, max) => Kind::Array { nodes: 1, min: *min, max: *max },
        Rule::Other => Kind::Object { nodes: 0 },
    }
}

fn condition_of(tool: &ToolText, param: &ParamText) -> Option<Condition> {
    let (name, label) = param.condition.as_ref()?;
    let place = tool.params.iter().position(|other| other.name == *name)?;
    let before = tool.params.iter().take(place);
    let node: usize =
        before.map(|param| 1 + usize::from(matches!(param.rule, Rule::List(..)))).sum();
    let Rule::Choice(labels) = &tool.params[place].rule else { return None };
    let label = labels.iter().position(|other| other == label)?;
    Some(Condition { node: u16::try_from(node).ok()?, label: u16::try_from(label).ok()? })
}

/// Arguments as the descriptor's bytes.
///
/// # Errors
/// When a value is not of its parameter's type, or there is no such parameter.
pub fn encode(tool: &Tool<'_>, json: &Json) -> Result<Vec<u8>> {
    let given = json.as_object().ok_or(ToolsError::Arguments)?;
    let mut memory = vec![0; ARGUMENTS_MAX];
    let mut out = ValueWriter::new(&mut memory);
    let mut nodes = (0_u16..).zip(tool.params);
    while let Some((node, field)) = nodes.next() {
        let item = field.kind.nodes().checked_sub(1).and_then(|more| nodes.nth(more));
        let Some(value) = given.get(field.name) else { continue };
        match (field.kind, value.as_array(), item) {
            (Kind::Array { nodes: 1, .. }, Some(items), Some((node_of_item, item))) => {
                out.array(node, u16::try_from(items.len()).unwrap_or(u16::MAX));
                for value in items {
                    let value = scalar(item, value).map_err(|_| wrong(field, value))?;
                    out.scalar(node_of_item, value);
                }
            }
            _ => out.scalar(node, scalar(field, value)?),
        }
    }
    let known =
        |name: &String| !name.is_empty() && tool.params.iter().any(|field| field.name == name);
    match given.keys().find(|name| !known(name)) {
        Some(name) => {
            Err(ToolsError::UnknownParam { tool: tool.info.name.to_owned(), param: name.clone() })
        }
        None => Ok(out.bytes().to_vec()),
    }
}

fn scalar<'j>(field: &Field<'_>, value: &'j Json) -> Result<Scalar<'j>> {
    let wrong = || wrong(field, value);
    Ok(match field.kind {
        Kind::Bool => Scalar::Bool(value.as_bool().ok_or_else(wrong)?),
        Kind::Int(_) => Scalar::Int(value.as_i64().ok_or_else(wrong)?),
        Kind::Decimal(range) => {
            let scale = 10_f64.powi(range.places.into());
            Scalar::Decimal((value.as_f64().ok_or_else(wrong)? * scale).round() as i64)
        }
        Kind::Choice(_) => {
            let label = value.as_str().and_then(|label| field.kind.label_index(label));
            let label = label.and_then(|label| u16::try_from(label).ok());
            Scalar::Label(label.ok_or_else(wrong)?)
        }
        Kind::Text { .. } => Scalar::Text(value.as_str().ok_or_else(wrong)?),
        _ => return Err(wrong()),
    })
}

fn wrong(field: &Field<'_>, value: &Json) -> ToolsError {
    ToolsError::Value { param: field.name.to_owned(), value: value.to_string() }
}

/// Arguments as JSON, from their nodes and values as calls have them: the items of a list come
/// behind it. `field` answers what a node is.
pub fn arguments<'t, 'v>(
    field: impl Fn(u16) -> Option<Field<'t>>,
    values: impl IntoIterator<Item = (u16, Scalar<'v>)>,
) -> Map<String, Json> {
    let mut out = Map::new();
    let mut values = values.into_iter();
    while let Some((node, value)) = values.next() {
        let Some(own) = field(node) else { continue };
        let value = match value {
            Scalar::Array(count) => {
                let item = |(node, value)| field(node).map(|own| decode(&own, value));
                values.by_ref().take(count.into()).filter_map(item).collect()
            }
            value => decode(&own, value),
        };
        out.insert(own.name.to_owned(), value);
    }
    out
}

/// A value as JSON, by the node it belongs to.
#[must_use]
pub fn decode(field: &Field<'_>, value: Scalar<'_>) -> Json {
    match (value, field.kind) {
        (Scalar::Bool(value), _) => value.into(),
        (Scalar::Int(value), _) => value.into(),
        (Scalar::Decimal(value), Kind::Decimal(range)) => {
            let number = value as f64 / 10_f64.powi(range.places.into());
            if number.fract() == 0.0 { (number as i64).into() } else { number.into() }
        }
        (Scalar::Text(text), _) => text.into(),
        (Scalar::Label(label), kind) => kind.label(label.into()).into(),
        _ => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use trine_descriptor::{Side, validate};

    use super::*;

    #[test]
    fn a_python_functions_docstring_explains_and_bounds_its_parameters() {
        let text = r#"[{"name": "set_strip", "description": "Sets the strip.\n\nArgs:\n    level: \
            how bright (0-255)\n    share: from 0.5 to 1\n    part: (0.1-0.9)", "inputSchema":
            {"properties": {"level": {"type": "integer"}, "share": {"type": "number"},
            "part": {"type": "integer"}}}}]"#
            .replace("\\\n            ", "");
        let [tool] = &parse(&text).unwrap()[..] else { panic!("one tool") };
        assert_eq!(tool.description, "Sets the strip.");
        let of = |name: &str| tool.params.iter().find(|param| param.name == name).unwrap();
        assert_eq!(of("level").description, "how bright (0-255)");
        assert_eq!(of("level").rule, Rule::Int(0, 255));
        let Rule::Decimal(range) = of("share").rule else { panic!("a decimal") };
        assert_eq!((range.min, range.max, range.places), (500_000, 1_000_000, 6));
        // No integer is between these, so nothing is told.
        assert_eq!(of("part").rule, Rule::Int(-INT_MAX, INT_MAX));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let wrong = [
            ("{}", "no list of tools"),
            ("[]", "empty"),
            (r#"[{"description": "x"}]"#, "no \"name\""),
            (r#"[{"name": "a"}, {"name": "a"}]"#, "duplicate tool a"),
            (
                r#"[{"name": "a", "parameters": {"b": {"type": "int"}}}]"#,
                "a.b: unsupported parameter type int",
            ),
            (
                r#"[{"name": "a", "parameters": {"b":
                    {"type": "integer", "minimum": 3, "maximum": 1}}}]"#,
                "a.b: \"minimum\" 3 is above \"maximum\" 1",
            ),
            (
                r#"[{"name": "a", "parameters": {"b": {"type": "string", "enum": ["x", "x"]}}}]"#,
                "a.b: duplicate label 'x'",
            ),
            (r#"[{"name": "a", "inputSchema": 3}]"#, "a: \"inputSchema\" is not an object"),
            (
                r#"[{"name": "a", "inputSchema": {"type": "array"}}]"#,
                r#"a: invalid type "array" of "inputSchema""#,
            ),
            (
                r#"[{"name": "a", "inputSchema": {"properties": ["b"]}}]"#,
                "a: \"properties\" is not an object",
            ),
            (
                r#"[{"name": "a", "parameters": {"b": {"type": "string", "enum": ["x|y"]}}}]"#,
                "a.b: invalid label 'x|y'",
            ),
        ];
        for (text, part) in wrong {
            let error = crate::chain(&parse(text).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn arguments_come_back_as_they_were() {
        let text = r#"[{"name": "t", "parameters": {
            "on": {"type": "boolean"}, "n": {"type": "integer", "minimum": 0, "maximum": 9},
            "tags": {"type": "array", "items": {"type": "string"}},
            "c": {"type": "number", "minimum": 5, "maximum": 35, "multipleOf": 0.5},
            "days": {"type": "array", "items": {"type": "string", "enum": ["mon", "tue"]}},
            "e": {"type": "string", "enum": ["x", "y"]}, "s": {"type": "string"}}}]"#;
        let tools = parse(text).unwrap();
        let labels = joined(&tools);
        let fields = fields(&tools, &labels);
        let table = table(&tools, &fields);
        let json = serde_json::json!({"on": true, "n": 3, "c": 21.5, "e": "y", "s": "hi",
            "tags": ["a b", "c"], "days": ["tue"]});
        let bytes = encode(&table[0], &json).unwrap();
        let valid = validate(&table[..], 0, Side::Params, &bytes);
        assert_eq!(valid, Ok(()), "as a device takes them");
        let mut reader = trine_descriptor::ValueReader::new(&bytes);
        let entries = std::iter::from_fn(|| reader.entry().unwrap());
        let field = |node: u16| table[0].params.get(usize::from(node)).copied();
        let found = arguments(field, entries.map(|entry| (entry.node, entry.value)));
        assert_eq!(Json::Object(found), json);
        for wrong in [
            serde_json::json!({"z": 1}),
            serde_json::json!({"": 1}),
            serde_json::json!({"tags": "a"}),
            serde_json::json!({"days": ["tue", "wed"]}),
        ] {
            assert!(encode(&table[0], &wrong).is_err(), "{wrong}");
        }
    }
}
