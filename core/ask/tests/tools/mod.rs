//! Tools out of JSON, and tables of pieces, for tests and for the example.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "for tests and an example")]

use serde_json::Value as Json;
use trine_ask::{PIECE_MAX, Program, TABLE_VERSION, compile, program_bytes};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Scalar, Tool, ToolInfo, ValueWriter,
};

/// The tools of a JSON file: an array, or an object with `tools`.
pub fn tools(text: &str) -> Result<Vec<Tool<'static>>, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = json.get("tools").unwrap_or(&json).as_array().ok_or("there is no list of tools")?;
    list.iter().map(tool).collect()
}

fn leak(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

fn tool(json: &Json) -> Result<Tool<'static>, String> {
    let text = |key: &str| leak(json[key].as_str().unwrap_or_default());
    let schema = if json["inputSchema"].is_object() { &json["inputSchema"] } else { json };
    let properties = schema.get("properties").or_else(|| schema.get("parameters"));
    let names: Vec<&String> =
        properties.and_then(Json::as_object).into_iter().flatten().map(|p| p.0).collect();
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name))
    };
    let mut params = Vec::new();
    for name in &names {
        let kind = kind(&properties.ok_or("no properties")?[name.as_str()])
            .map_err(|error| format!("{}.{name}: {error}", text("name")))?;
        let description = properties.ok_or("no properties")?[name.as_str()]["description"].as_str();
        let field = Field::new(leak(name), kind).describe(leak(description.unwrap_or_default()));
        params.push(if required(name) { field } else { field.optional() });
    }
    if let Some((other, value, then)) = condition(schema) {
        let node = params.iter().position(|field| field.name == other).ok_or("condition")?;
        let label = params[node].kind.label_index(&value).ok_or("condition")?;
        for field in params.iter_mut().filter(|field| then.contains(&field.name.to_owned())) {
            let condition = Condition { node: node as u16, label: label as u16 };
            *field = field.required_when(condition);
        }
    }
    Ok(Tool::new(ToolInfo::new(text("name"), text("description")), params.leak(), &[]))
}

/// `if` a choice has a value, `then` others are required.
fn condition(schema: &Json) -> Option<(String, String, Vec<String>)> {
    let (name, rule) = schema["if"]["properties"].as_object()?.iter().next()?;
    let then = schema["then"]["required"].as_array()?;
    let then = then.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    Some((name.clone(), rule["const"].as_str()?.to_owned(), then))
}

fn kind(json: &Json) -> Result<Kind<'static>, String> {
    let whole = |key: &str| json[key].as_i64();
    Ok(match json["type"].as_str() {
        Some("boolean") => Kind::Bool,
        Some("integer") => Kind::Int(IntRange {
            min: whole("minimum").ok_or("minimum")?,
            max: whole("maximum").ok_or("maximum")?,
        }),
        Some("number") => {
            let step = json["multipleOf"].as_f64().ok_or("multipleOf")?;
            let places = (0..9).find(|k| (step * 10_f64.powi(*k)).fract() == 0.0).ok_or("step")?;
            let scaled = |value: f64| (value * 10_f64.powi(places)).round() as i64;
            Kind::Decimal(DecimalRange {
                min: scaled(json["minimum"].as_f64().ok_or("minimum")?),
                max: scaled(json["maximum"].as_f64().ok_or("maximum")?),
                step: scaled(step),
                places: places as u8,
            })
        }
        Some("string") => match json["enum"].as_array() {
            Some(labels) => {
                let labels: Vec<&str> = labels.iter().filter_map(Json::as_str).collect();
                Kind::Choice(leak(&labels.join("|")))
            }
            None => Kind::Text {
                min: whole("minLength").unwrap_or(0) as u16,
                max: whole("maxLength").map_or(u16::MAX, |max| max as u16),
            },
        },
        _ => return Err("this type is none that a parameter can have here".to_owned()),
    })
}

/// The bytes of a program.
pub fn program(tools: &[Tool<'static>]) -> Program<'static> {
    let count = tools.len() as u16;
    let memory = vec![0; program_bytes(tools, count).unwrap()];
    compile(tools, count, memory.leak()).unwrap()
}

/// Arguments as bytes, by the descriptor.
pub fn arguments(tool: &Tool<'_>, json: &Json) -> Result<Vec<u8>, String> {
    let given = json.as_object().ok_or("the arguments are no object")?;
    let mut memory = vec![0; 4096];
    let mut out = ValueWriter::new(&mut memory);
    for (node, field) in tool.params.iter().enumerate() {
        let Some(value) = given.get(field.name) else { continue };
        let wrong = || format!("{}: {value}", field.name);
        let scalar = match field.kind {
            Kind::Bool => Scalar::Bool(value.as_bool().ok_or_else(wrong)?),
            Kind::Int(_) => Scalar::Int(value.as_i64().ok_or_else(wrong)?),
            Kind::Decimal(range) => {
                let scale = 10_f64.powi(range.places.into());
                Scalar::Decimal((value.as_f64().ok_or_else(wrong)? * scale).round() as i64)
            }
            Kind::Choice(_) => {
                let label = value.as_str().and_then(|label| field.kind.label_index(label));
                Scalar::Label(label.ok_or_else(wrong)? as u16)
            }
            _ => Scalar::Text(value.as_str().ok_or_else(wrong)?),
        };
        out.scalar(node as u16, scalar);
    }
    if given.keys().any(|name| !tool.params.iter().any(|field| field.name == name)) {
        return Err("an argument is no parameter".to_owned());
    }
    Ok(out.bytes().to_vec())
}

/// The table of a model for a program, out of pieces: those that begin an item begin with `▁`.
pub fn table<'a>(program: &Program<'_>, pieces: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let pieces: Vec<&str> = pieces.into_iter().collect();
    let mut out = Vec::new();
    out.extend(TABLE_VERSION.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(program.tools().to_le_bytes());
    out.extend(program.symbols().to_le_bytes());
    out.extend(program.hash().to_le_bytes());
    out.extend(1_f32.to_le_bytes());
    out.extend(0_f32.to_le_bytes());
    out.extend((pieces.len() as u16).to_le_bytes());
    out.extend([0, 0]);
    for piece in pieces {
        let (mark, text) = piece.strip_prefix('▁').map_or((0, piece), |text| (0x80, text));
        assert!((1..=PIECE_MAX).contains(&text.len()), "{piece:?} is too long or empty");
        out.push(mark | text.len() as u8);
        out.extend(text.bytes());
    }
    out
}

/// Every letter and mark alone.
pub fn letters() -> Vec<String> {
    let letters = ('a'..='z').chain('0'..='9').chain(['\'']);
    let marks = "!?\"':/()%&+#*=@<>[]{}|~^$\\`°";
    let begin = letters.clone().chain(marks.chars()).map(|c| format!("▁{c}"));
    begin.chain(letters.map(String::from)).collect()
}

/// The tools of the board.
pub fn board() -> Vec<Tool<'static>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let path = format!("{root}/firmware-example/board/tools.json");
    tools(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The token of a symbol or of a piece that is one letter.
pub fn token(tools: &[Tool<'static>], program: &Program<'_>, name: &str) -> u16 {
    let mut names = Vec::new();
    trine_ask::symbols(tools, program, |prefix, name| {
        let end = if prefix.starts_with('<') { ">" } else { "" };
        names.push(format!("{prefix}{name}{end}"));
    });
    names.extend(letters());
    names.iter().position(|other| other == name).unwrap() as u16
}
