//! The tools that the targets play with: every kind of parameter and every way to answer.

use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, Field, IntRange, Kind, Limits, Literal, Pack,
    Tool, ToolInfo,
};

/// Number of the tool that answers as its call number says; see [`crate::device`].
pub const PLAIN: u16 = 0;
/// Number of the one that answers later.
pub const LATER: u16 = 1;
/// Number of the one that asks for a person.
pub const ASKING: u16 = 2;
/// Number of the one that answers content.
pub const CONTENT: u16 = 3;

const COUNT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 1 << 40 });
const NUMBERED: &[Field<'static>] = &[Field::new("number", COUNT).describe("Number.")];
const ANY: &[Field<'static>] = &[
    Field::new("mode", Kind::Choice("a|b|c")).describe("Mode."),
    Field::new("on", Kind::Bool).describe("On.").default_to(Literal::Bool(true)),
    Field::new("ratio", Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 }))
        .describe("Ratio.")
        .required_when(Condition { node: 0, label: 1 }),
    Field::new("text", Kind::Text { min: 1, max: 9 }).describe("Text.").optional(),
    Field::new("large", Kind::Int(IntRange { min: i64::MIN + 1, max: i64::MAX - 1 }))
        .describe("Large.")
        .optional(),
];
const NESTED: &[Field<'static>] = &[
    Field::new("list", Kind::Array { nodes: 3, min: 0, max: 4 }),
    Field::new("", Kind::Object { nodes: 2 }),
    Field::new("name", Kind::Text { min: 0, max: u16::MAX }),
    Field::new("level", Kind::Int(IntRange::OPEN)).optional(),
    Field::new("done", Kind::Bool).optional(),
];

const fn info(name: &'static str) -> ToolInfo<'static> {
    ToolInfo::new(name, "A tool of the fuzzers.")
}

const fn list() -> [Tool<'static>; 5] {
    [
        Tool::new(
            ToolInfo { annotations: Annotations(Annotations::IDEMPOTENT), ..info("plain") },
            NUMBERED,
            NUMBERED,
        ),
        Tool::new(
            ToolInfo { limits: Limits { deadline_ms: 900, pending_bytes: 8 }, ..info("later") },
            NUMBERED,
            NUMBERED,
        ),
        Tool::new(ToolInfo { consent: Consent::Elicit, ..info("asking") }, NUMBERED, NUMBERED),
        Tool::new(ToolInfo { content: true, ..info("content") }, NUMBERED, &[]),
        Tool::new(info("any"), ANY, NESTED),
    ]
}

/// Number of the tool of [`NESTING`] that takes what [`TOOLS`] only answer.
pub const NESTED_TOOL: u16 = 5;
/// The tools, and one more that takes a list of objects.
pub static NESTING: [Tool<'static>; 6] = {
    let [plain, later, asking, content, any] = list();
    [plain, later, asking, content, any, Tool::new(info("nested"), NESTED, NESTED)]
};
/// As a table.
pub static TOOLS: [Tool<'static>; 5] = list();
/// As bytes.
pub static PACK: Pack<5, { Pack::len(&list()) }> = Pack::new(&list());
