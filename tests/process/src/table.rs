//! The two tools.

use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};

/// Number of the tool that adds.
pub(crate) const ADD: u16 = 1;

const INT: Kind<'static> = Kind::Int(IntRange { min: -1_000_000, max: 1_000_000 });
const TEXT: &[Field<'static>] =
    &[Field::new("text", Kind::Text { min: 0, max: 64 }).describe("A text.")];

pub(crate) static TOOLS: [Tool<'static>; 2] = [
    Tool::new(ToolInfo::new("echo", "Returns the text."), TEXT, TEXT),
    Tool::new(
        ToolInfo::new("add", "Adds two numbers."),
        &[Field::new("a", INT).describe("One."), Field::new("b", INT).describe("The other.")],
        &[Field::new("sum", INT)],
    ),
];
