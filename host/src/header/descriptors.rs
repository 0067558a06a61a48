//! Descriptors in C: the positional macros of trine.h.

use std::fmt::Write as _;

use super::c::{Names, literal, wrapped};
use super::model::Tool;
use super::nodes::{Kind, Need, Node, Preset};

/// The nodes of both sides, and the macro of the tool.
pub(super) fn tool(out: &mut String, names: &Names<'_>, tool: &Tool) {
    let mut wide = Vec::new();
    let (params, results) = (
        list(out, names, tool, "params", &tool.params, &mut wide),
        list(out, names, tool, "results", &tool.results, &mut wide),
    );
    if !wide.is_empty() {
        let name = names.plain(&[&tool.name, "wide"]);
        _ = writeln!(out, "/** For `wide` and `wide_count` of the tool's trine_tool_more. */");
        let entries = wide.join(",\n    ");
        _ = writeln!(out, "static const trine_wide {name}[] = {{\n    {entries}\n}};\n");
    }
    let name = names.constant(&["tool", &tool.name]);
    let flags = if tool.content { "TRINE_TOOL_CONTENT" } else { "0u" };
    let text = format!(
        "TRINE_TOOL_MORE({}, {}, {}, {}, {}, TRINE_CONSENT_{}, {flags}, {params}, {results}, \
         call, user_data, more)",
        literal(&tool.name),
        literal(&tool.title),
        literal(&tool.version),
        literal(&tool.description),
        tool.hints,
        tool.consent
    );
    _ = writeln!(out, "#define {name}_ENTRY(call, user_data, more) \\");
    let lines: Vec<String> = wrapped(&text, 4).lines().map(str::to_owned).collect();
    _ = writeln!(out, "{}\n", lines.join(" \\\n"));
}

/// An array of nodes; answers its name, or `NULL` when there are none.
fn list(
    out: &mut String,
    names: &Names<'_>,
    tool: &Tool,
    side: &str,
    nodes: &[Node],
    wide: &mut Vec<String>,
) -> String {
    if nodes.is_empty() {
        return "NULL".to_owned();
    }
    let name = names.plain(&[&tool.name, side]);
    _ = writeln!(out, "static const trine_node {name}[] = {{");
    for (at, node) in nodes.iter().enumerate() {
        let comma = if at + 1 == nodes.len() { "" } else { "," };
        let indent = 4 + 2 * node.depth;
        _ = writeln!(out, "{}{comma}", wrapped(&macro_of(node, wide), indent));
    }
    out.push_str("};\n\n");
    name
}

fn macro_of(node: &Node, wide: &mut Vec<String>) -> String {
    let need = need(node);
    let (name, about) = (literal(&node.name), literal(&node.description));
    let unit = literal(&node.unit);
    match &node.kind {
        Kind::Bool => format!("TRINE_BOOL({need}, {name}, {about})"),
        Kind::Int { min, max } => match (narrow(*min, true), narrow(*max, false), small(node)) {
            (Some(min), Some(max), true) => {
                format!("TRINE_INT({need}, {name}, {unit}, {about}, {min}, {max})")
            }
            _ => {
                let index = widened(wide, *min, *max, 0, node);
                format!("TRINE_INT_WIDE({}, {name}, {unit}, {about}, {index})", flags(node))
            }
        },
        Kind::Decimal { places, min, max, step } => {
            let narrow = (narrow(*min, true), narrow(*max, false), small(node) && *step <= 0xffff);
            match narrow {
                (Some(min), Some(max), true) => format!(
                    "TRINE_DECIMAL({need}, {name}, {unit}, {about}, {places}, {min}, {max}, {step})"
                ),
                _ => {
                    let index = widened(wide, *min, *max, *step, node);
                    let flags = flags(node);
                    format!(
                        "TRINE_DECIMAL_WIDE({flags}, {name}, {unit}, {about}, {places}, {index})"
                    )
                }
            }
        }
        Kind::Text { min, max } => {
            let max = max.map_or("TRINE_OPEN_MAX".to_owned(), |max| max.to_string());
            match &node.need {
                Need::Default(Preset::Text(text)) => format!(
                    "TRINE_STRING_DEFAULT({name}, {about}, {min}, {max}, {})",
                    literal(text)
                ),
                _ => format!("TRINE_STRING({need}, {name}, {about}, {min}, {max})"),
            }
        }
        Kind::Choice(labels) => {
            format!("TRINE_CHOICE({need}, {name}, {about}, {})", literal(&labels.join("|")))
        }
        Kind::Object => format!("TRINE_OBJECT({need}, {name}, {about}, {})", node.below),
        Kind::Array { min, max } => {
            format!("TRINE_ARRAY({need}, {name}, {about}, {}, {min}, {max})", node.below)
        }
    }
}

fn need(node: &Node) -> String {
    match &node.need {
        Need::Required => "TRINE_REQUIRED".to_owned(),
        Need::Optional | Need::Default(Preset::Text(_)) => "TRINE_OPTIONAL".to_owned(),
        Need::Default(Preset::Number(value)) => format!("TRINE_DEFAULT({value})"),
        Need::When(choice, label) => format!("TRINE_WHEN({choice}u, {label}u)"),
    }
}

/// The flags of a node whose bounds are wide, and which so has no place for a condition.
fn flags(node: &Node) -> &'static str {
    match node.need {
        Need::Required => "TRINE_NODE_REQUIRED",
        Need::Default(_) => "TRINE_NODE_PRESET",
        Need::Optional | Need::When(..) => "0u",
    }
}

/// A bound in 32 bits; an open one has a name. The outermost numbers mean open.
fn narrow(bound: Option<i64>, low: bool) -> Option<String> {
    match bound {
        None if low => Some("TRINE_OPEN_MIN".to_owned()),
        None => Some("TRINE_OPEN_MAX".to_owned()),
        Some(bound) => {
            (bound > i64::from(i32::MIN) && bound < i64::from(i32::MAX)).then(|| bound.to_string())
        }
    }
}

/// Whether a default fits 32 bits.
fn small(node: &Node) -> bool {
    match node.need {
        Need::Default(Preset::Number(value)) => i32::try_from(value).is_ok(),
        _ => true,
    }
}

fn widened(
    wide: &mut Vec<String>,
    min: Option<i64>,
    max: Option<i64>,
    step: i64,
    node: &Node,
) -> usize {
    let bound = |bound: Option<i64>, open: &str| match bound {
        None => open.to_owned(),
        // The smallest number has no literal of its own in C.
        Some(i64::MIN) => "INT64_MIN".to_owned(),
        Some(bound) => format!("INT64_C({bound})"),
    };
    let preset = if let Need::Default(Preset::Number(value)) = node.need { value } else { 0 };
    wide.push(format!(
        "{{ {}, {}, {step}, {} }}",
        bound(min, "INT64_MIN"),
        bound(max, "INT64_MAX"),
        bound(Some(preset), "")
    ));
    wide.len() - 1
}
