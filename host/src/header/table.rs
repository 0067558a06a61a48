//! The packed table of all tools, as an array in C.

use std::fmt::Write as _;

use trine_descriptor::record::Encoder;
use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, IntRange, Literal, ToolInfo,
};

use super::c::Names;
use super::error::{HeaderError, Result};
use super::model::Tool;
use super::nodes::{Kind, Need, Node, Preset};
use super::pack::pack;
use trine_gateway::table::Table;

/// Numbers in a line of the array.
const COLUMNS: usize = 19;

/// The array, and what a program does with it; or why there is none, for the program that asks.
pub(super) fn write(out: &mut String, names: &Names<'_>, tools: &[Tool]) {
    let (switch, name) = (names.constant(&["tools_table"]), names.plain(&["tools_table"]));
    _ = writeln!(
        out,
        "/* All of them in the smallest form, for the one file that defines {switch} before it\n   \
         includes this: the first argument of TRINE_TABLE. */\n#ifdef {switch}"
    );
    match packed(tools) {
        Ok(bytes) => {
            _ = writeln!(out, "static const uint8_t {name}[{}] = {{", bytes.len());
            for line in bytes.chunks(COLUMNS) {
                let numbers: Vec<String> = line.iter().map(ToString::to_string).collect();
                _ = writeln!(out, "    {},", numbers.join(", "));
            }
            out.truncate(out.trim_end_matches([',', '\n']).len());
            _ = writeln!(out, "\n}};");
        }
        Err(error) => {
            let error = trine_models::chain(&error).replace(|c: char| c.is_control(), " ");
            _ = writeln!(out, "#error \"{}\"", error.replace(['"', '\\', '?'], "'"));
        }
    }
    _ = writeln!(out, "#endif\n");
}

/// The tools as a packed table.
pub(super) fn packed(tools: &[Tool]) -> Result<Vec<u8>> {
    let mut list = Vec::new();
    for tool in tools {
        let record = record(tool).map_err(|error| error.at(&tool.name))?;
        list.extend(written(|out| out.number(record.len() as u64)));
        list.extend(record);
    }
    let table = Table::new(list.into()).map_err(|error| {
        use trine_gateway::table::BadTable;
        match error {
            BadTable::Rule(error) => {
                let tool = tools.get(usize::from(error.tool)).map_or("", |tool| &tool.name);
                HeaderError::from(error).at(tool)
            }
            _ => error.into(),
        }
    })?;
    pack(&table)
}

fn written(write: impl Fn(&mut Encoder<'_>)) -> Vec<u8> {
    let mut size = Encoder::window(&mut [], 0);
    write(&mut size);
    let mut bytes = vec![0; size.len()];
    write(&mut Encoder::window(&mut bytes, 0));
    bytes
}

fn record(tool: &Tool) -> Result<Vec<u8>> {
    let labels = [&tool.params, &tool.results].map(|nodes| nodes.iter().map(labels).collect());
    let [params, results]: [Vec<String>; 2] = labels;
    let fields = |nodes: &'_ [Node], labels: &'_ [String]| -> Result<Vec<Vec<u8>>> {
        let pairs = nodes.iter().zip(labels);
        pairs
            .map(|(node, labels)| {
                let field = field(node, labels).map_err(|error| error.at(&node.name))?;
                Ok(written(|out| out.node(&field)))
            })
            .collect()
    };
    let sides = [fields(&tool.params, &params)?, fields(&tool.results, &results)?];
    let info = ToolInfo {
        title: &tool.title,
        version: &tool.version,
        annotations: Annotations(tool.hints.0),
        consent: match tool.consent {
            "NONE" => Consent::None,
            "ELICIT" => Consent::Elicit,
            "OPERATOR" => Consent::Operator,
            _ => Consent::Device,
        },
        fail_safe: FailSafe(tool.fail_safe),
        limits: tool.limits,
        content: tool.content,
        ..ToolInfo::new(&tool.name, &tool.description)
    };
    let mut bytes = written(|out| out.info(&info));
    for side in sides {
        bytes.extend(written(|out| out.number(side.len() as u64)));
        bytes.extend(side.concat());
    }
    Ok(bytes)
}

fn labels(node: &Node) -> String {
    match &node.kind {
        Kind::Choice(labels) => labels.join("|"),
        _ => String::new(),
    }
}

fn field<'n>(node: &'n Node, labels: &'n str) -> Result<Field<'n>> {
    use trine_descriptor::Kind as To;
    let too_many = |what| HeaderError::TooMany { what };
    let short = |number: u64| u16::try_from(number).map_err(|_| too_many("code points"));
    let nodes = u8::try_from(node.below).map_err(|_| too_many("nodes"))?;
    let item = |number: u64| u8::try_from(number).map_err(|_| too_many("items"));
    let (open_min, open_max) = (i64::MIN, i64::MAX);
    let kind = match &node.kind {
        Kind::Bool => To::Bool,
        Kind::Int { min, max } => {
            To::Int(IntRange { min: min.unwrap_or(open_min), max: max.unwrap_or(open_max) })
        }
        Kind::Decimal { places, min, max, step } => To::Decimal(DecimalRange {
            min: min.unwrap_or(open_min),
            max: max.unwrap_or(open_max),
            step: *step,
            places: *places,
        }),
        Kind::Text { min, max } => {
            To::Text { min: short(*min)?, max: max.map_or(Ok(u16::MAX), short)? }
        }
        Kind::Choice(_) => To::Choice(labels),
        Kind::Object => To::Object { nodes },
        Kind::Array { min, max } => To::Array { nodes, min: item(*min)?, max: item(*max)? },
    };
    let (mut required_if, mut default) = (None, None);
    match &node.need {
        Need::Required | Need::Optional => {}
        Need::When(choice, label) => {
            let [node, label] = [choice, label].map(|&number| number as u16);
            required_if = Some(Condition { node, label });
        }
        Need::Default(Preset::Text(text)) => default = Some(Literal::Text(text)),
        Need::Default(Preset::Number(number)) => {
            default = Some(match node.kind {
                Kind::Bool => Literal::Bool(*number != 0),
                Kind::Choice(_) => Literal::Label(*number as u16),
                _ => Literal::Number(*number),
            });
        }
    }
    Ok(Field {
        name: &node.name,
        description: &node.description,
        unit: &node.unit,
        kind,
        required: node.need == Need::Required,
        required_if,
        default,
    })
}
