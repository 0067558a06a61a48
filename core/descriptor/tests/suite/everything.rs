//! A table in which every kind, flag and bound occurs.

use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, IntRange, Kind, Limits,
    Literal, Tool, ToolInfo,
};

const INFO: ToolInfo<'_> = ToolInfo {
    title: "All \"kinds\"",
    version: "1.2.3",
    annotations: Annotations(Annotations::DESTRUCTIVE | Annotations::OPEN_WORLD),
    consent: Consent::Operator,
    fail_safe: FailSafe(FailSafe::LINK_LOST | FailSafe::RESET),
    limits: Limits { deadline_ms: 70_000, pending_bytes: 300 },
    ..ToolInfo::new("plan_set", "Every kind of parameter.")
};

const PARAMS: &[Field<'_>] = &[
    Field::new("flag", Kind::Bool).describe("A flag.").default_to(Literal::Bool(true)),
    Field::new("count", Kind::Int(IntRange { min: -1, max: 10 })).describe("A count.").unit("%"),
    Field::new("ratio", Kind::Decimal(DecimalRange { min: 5, max: 350, step: 5, places: 1 }))
        .describe("A ratio.")
        .default_to(Literal::Number(205)),
    Field::new("note", Kind::Text { min: 1, max: 24 })
        .describe("A \"note\"\nof two lines.")
        .default_to(Literal::Text("tea \u{e9}\\")),
    Field::new("mode", Kind::Choice("heat|cool|off")).describe("A mode."),
    Field::new("target", Kind::Decimal(DecimalRange { min: -1025, max: 9999, step: 1, places: 2 }))
        .describe("A target.")
        .required_when(Condition { node: 4, label: 0 }),
    Field::new("reason", Kind::Text { min: 0, max: 1 })
        .describe("A reason.")
        .required_when(Condition { node: 4, label: 2 }),
    Field::new("colour", Kind::Choice("red|green"))
        .describe("A colour.")
        .default_to(Literal::Label(1)),
    Field::new("at", Kind::Object { nodes: 2 }).describe("A time.").optional(),
    Field::new("hour", Kind::Int(IntRange { min: 0, max: 23 })).describe("An hour."),
    Field::new("minute", Kind::Int(IntRange { min: 0, max: 59 }))
        .describe("A minute.")
        .default_to(Literal::Number(0)),
    Field::new("days", Kind::Array { nodes: 1, min: 1, max: 3 }).describe("Days.").optional(),
    Field::new("", Kind::Int(IntRange { min: 1, max: 7 })),
    Field::new("steps", Kind::Array { nodes: 5, min: 0, max: 2 }).describe("Steps.").optional(),
    Field::new("", Kind::Object { nodes: 4 }),
    Field::new("valve", Kind::Choice("north|south")).describe("A valve."),
    Field::new("litres", Kind::Decimal(DecimalRange { min: 0, max: 1000, step: 25, places: 2 }))
        .describe("Litres.")
        .optional(),
    Field::new("tags", Kind::Array { nodes: 1, min: 2, max: 2 }).describe("Tags.").optional(),
    Field::new("", Kind::Text { min: 2, max: 4 }),
    Field::new("nothing", Kind::Object { nodes: 0 }).describe("Nothing.").optional(),
];

const OUTPUT: &[Field<'_>] = &[
    Field::new("any", Kind::Int(IntRange::OPEN)),
    Field::new("least", Kind::Int(IntRange { min: 0, max: i64::MAX })),
    Field::new("most", Kind::Int(IntRange { min: i64::MIN, max: 5 })),
    Field::new(
        "number",
        Kind::Decimal(DecimalRange { min: i64::MIN, max: i64::MAX, step: 0, places: 3 }),
    )
    .describe("A number."),
    Field::new("text", Kind::Text { min: 0, max: u16::MAX }),
    Field::new("long", Kind::Text { min: 2, max: u16::MAX }).optional(),
    Field::new("list", Kind::Array { nodes: 1, min: 0, max: u8::MAX }),
    Field::new("", Kind::Bool),
    Field::new("inner", Kind::Object { nodes: 2 }).optional(),
    Field::new("deep", Kind::Object { nodes: 1 }),
    Field::new("flag", Kind::Bool),
];

/// Three tools: every kind; nothing at all; one condition.
pub(crate) static TABLE: [Tool<'static>; 3] = [
    Tool::new(INFO, PARAMS, OUTPUT),
    Tool::new(
        ToolInfo {
            annotations: Annotations(Annotations::READ_ONLY | Annotations::IDEMPOTENT),
            content: true,
            ..ToolInfo::new("plan_get", "No parameters.")
        },
        &[],
        &[],
    ),
    Tool::new(
        ToolInfo::new("heat", "One condition."),
        &[
            Field::new("mode", Kind::Choice("on|off")).describe("A mode.").optional(),
            Field::new("celsius", Kind::Int(IntRange { min: 5, max: 35 }))
                .describe("A target.")
                .required_when(Condition { node: 0, label: 0 }),
        ],
        &[Field::new("on", Kind::Bool)],
    ),
];
