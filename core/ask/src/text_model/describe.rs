//! Tools as a general model reads them, in words.

use core::fmt;

use trine_descriptor::{Field, Kind, Side, ToolTable};

use super::lines::Number;

/// Writes the first `tools` tools of a table with their parameters, and how an answer looks: what
/// stands before a sentence in the prompt of a [`PromptedTextModel`](super::PromptedTextModel).
///
/// # Errors
/// When `out` takes no more.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
/// let mut text = String::new();
/// trine_ask::describe_tools(&TOOLS, 1, &mut text)?;
/// assert!(text.contains("fan_set") && text.contains("percent"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
pub fn describe_tools(table: &dyn ToolTable, tools: u16, out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str("A sentence asks for one of these tools, or for none of them.\n\n")?;
    for tool in 0..tools {
        let Some(info) = table.info(tool) else { continue };
        writeln!(out, "{}: {}", info.name, info.description)?;
        let mut node = 0;
        while let Some(field) = table.node(tool, Side::Params, node) {
            node = node.saturating_add(1).saturating_add(field.kind.nodes() as u16);
            if !field.kind.is_container() {
                parameter(&field, out)?;
            }
        }
    }
    out.write_str(
        "\nThe call is the tool's name, a line for each argument that the sentence says, and \
         \"end\"; it is \"none\" where nothing is asked for, something needed is not said, or more \
         than one thing is asked for.\n",
    )
}

fn parameter(field: &Field<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "- {}: ", field.name)?;
    match field.kind {
        Kind::Bool => out.write_str("true or false")?,
        Kind::Int(range) => write!(out, "{} to {}", range.min, range.max)?,
        Kind::Decimal(range) => {
            let number = |value| Number(value, range.places);
            write!(out, "{} to {}", number(range.min), number(range.max))?;
        }
        Kind::Text { .. } => out.write_str("words of the sentence")?,
        Kind::Choice(_) => {
            for (at, label) in field.kind.labels().enumerate() {
                write!(out, "{}{label}", if at > 0 { ", " } else { "" })?;
            }
        }
        _ => {}
    }
    if !field.unit.is_empty() {
        write!(out, " {}", field.unit)?;
    }
    if !field.required {
        out.write_str(", optional")?;
    }
    if !field.description.is_empty() {
        write!(out, "; {}", field.description)?;
    }
    out.write_char('\n')
}
