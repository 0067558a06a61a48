//! What a tool says of itself, and small ways to the parts of a table.

use trine_descriptor::check::{self, Checked, TableErrorKind};
use trine_descriptor::record::{Decoder, Encoder};
use trine_descriptor::{
    Annotations, Args, Consent, Field, IntRange, Kind, Rules, Scalar, Side, Tool, ToolInfo,
    ToolTable, ValueWriter,
};

const SMALL: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
static NODES: [Field<'static>; 2] = [
    Field::new("on", Kind::Bool).describe("Whether it is on."),
    Field::new("level", SMALL).describe("A level."),
];
static RESULT: [Field<'static>; 1] = [Field::new("level", SMALL)];
static TOOLS: [Tool<'static>; 1] =
    [Tool::new(ToolInfo::new("light_set", "Sets the light."), &NODES, &RESULT)];

#[test]
fn a_tool_has_the_hints_that_are_all_set() {
    for set in 0..32 {
        for asked in 0..32 {
            let has = Annotations(set).has(asked);
            assert_eq!(has, (0..5).all(|bit| asked >> bit & 1 <= set >> bit & 1), "{set} {asked}");
        }
        let (read_only, idempotent) = (set & 1 == 1, set & 4 == 4);
        assert_eq!(Annotations(set).repeatable(), read_only || idempotent, "{set}");
    }
}

#[test]
fn a_level_of_consent_has_a_number_and_a_name() {
    let levels = [Consent::None, Consent::Elicit, Consent::Operator, Consent::Device];
    let names = ["none", "elicit", "operator", "device"];
    for ((number, level), name) in (0..).zip(levels).zip(names) {
        assert_eq!((Consent::from_u8(number), level.name()), (level, name));
    }
    for number in 4..=u8::MAX {
        assert_eq!(
            Consent::from_u8(number),
            Consent::Device,
            "one of the future asks for the most"
        );
    }
}

#[test]
fn an_integer_is_what_calls_need_of_a_field() {
    let integer = NODES[1].integer().unwrap();
    assert_eq!((integer.name, integer.optional), (&b"level"[..], false));
    assert_eq!(integer.range, IntRange { min: 0, max: 100 });
    assert!(NODES[1].optional().integer().unwrap().optional);
    let condition = trine_descriptor::Condition { node: 0, label: 0 };
    assert!(!NODES[1].required_when(condition).integer().unwrap().optional);
    assert!(NODES[0].integer().is_none());
}

#[test]
fn nodes_that_lie_side_by_side_are_given_as_they_lie() {
    let all: &[Tool<'_>] = &TOOLS;
    assert_eq!(ToolTable::nodes(&TOOLS, 0, Side::Params), Some(&NODES[..]));
    assert_eq!(ToolTable::nodes(all, 0, Side::Output), Some(&RESULT[..]));
    assert_eq!(ToolTable::nodes(all, 1, Side::Output), None);
    assert_eq!(all.bare_node(0, Side::Params, 1).map(|field| field.name), Some("level"));
    assert!(all.bare_node(0, Side::Params, 2).is_none());
}

#[cfg(all(target_pointer_width = "64", not(trine_small)))]
#[test]
fn a_result_of_plain_integers_is_accepted_before_it_is_judged() {
    let mut bytes = [0; 8];
    for (level, is_right) in [(0, true), (100, true), (101, false)] {
        let mut out = ValueWriter::new(&mut bytes);
        out.int(0, level);
        assert_eq!(TOOLS.accepts(0, Side::Output, out.bytes()), is_right, "{level}");
        assert_eq!(TOOLS.judge(0, Side::Output, out.bytes()).is_ok(), is_right, "{level}");
    }
    // It says nothing of what has other kinds, or of a table whose nodes do not lie side by side.
    let mut out = ValueWriter::new(&mut bytes);
    out.bool(0, true);
    out.int(1, 5);
    let (right, asked) = (out.bytes(), Asked(&NODES));
    assert!(
        TOOLS.judge(0, Side::Params, right).is_ok() && asked.judge(0, Side::Params, right).is_ok()
    );
    assert!(!TOOLS.accepts(0, Side::Params, right) && !asked.accepts(0, Side::Params, right));
}

#[test]
fn an_argument_is_found_with_its_value() {
    let mut bytes = [0; 8];
    let mut out = ValueWriter::new(&mut bytes);
    out.bool(0, true);
    out.int(1, 42);
    let args = Args::new(&TOOLS, 0, out.bytes());
    assert_eq!((args.get(0), args.get(1)), (Some(Scalar::Bool(true)), Some(Scalar::Int(42))));
    assert_eq!(args.get(2), None);
    assert_eq!(format!("{args:?}"), "Args { tool: 0, bytes: [0, 1, 1, 1, 2, 84] }");
    let checked = Checked::tools(&TOOLS).unwrap();
    assert_eq!(format!("{checked:?}"), "Checked { tools: 1 }");
}

/// A table that is asked for each node.
struct Asked(&'static [Field<'static>]);

impl ToolTable for Asked {
    fn count(&self) -> u16 {
        1
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        (tool == 0).then_some(TOOLS[0].info)
    }

    fn node_count(&self, _: u16, side: Side) -> u16 {
        if side == Side::Params { self.0.len() as u16 } else { 0 }
    }

    fn node(&self, _: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.0.get(usize::from(node)).copied().filter(|_| side == Side::Params)
    }
}

#[test]
fn a_table_that_is_asked_for_each_node_is_checked_too() {
    static WRONG: [Field<'static>; 2] = [
        Field::new("on", Kind::Bool).describe("Whether it is on."),
        Field::new("on", Kind::Bool).describe("The same name again."),
    ];
    assert_eq!(check::tool(&Asked(&NODES), 0), Ok(()));
    let error = check::tool(&Asked(&WRONG), 0).unwrap_err();
    let same = check::tool(&[Tool::new(TOOLS[0].info, &WRONG, &[])][..], 0).unwrap_err();
    assert_eq!(error, same);
    assert_ne!(error.kind, TableErrorKind::Shape);
}

#[test]
fn a_record_has_at_most_as_many_nodes_as_a_descriptor() {
    for (count, is_read) in [(127, true), (128, true), (129, false)] {
        let mut bytes = [0; 4];
        let mut out = Encoder::new(&mut bytes, 0);
        assert!(out.is_empty());
        out.number(count);
        assert!(!out.is_empty());
        let len = out.len();
        let read = Decoder::new(&bytes[..len]).count();
        assert_eq!(read, is_read.then_some(count as u16), "{count}");
    }
}
