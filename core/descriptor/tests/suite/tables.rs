//! The rules that a table must keep, each broken once.

use trine_descriptor::check::{self, Checked, TableErrorKind};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Literal, NODES_MAX, Side, Tool, ToolInfo,
};

const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });

fn info() -> ToolInfo<'static> {
    ToolInfo::new("fan_set", "Set the fan.")
}

fn broken(table: &[Tool<'_>]) -> Option<(TableErrorKind, Option<(Side, u16)>)> {
    let fault = check::table(table).err();
    if let [tool] = table {
        // The compiler's way to the same rules.
        assert_eq!(Checked::tools(&[*tool]).err(), fault);
    }
    fault.map(|fault| (fault.kind, fault.node))
}

fn params(nodes: &[Field<'_>]) -> Option<(TableErrorKind, Option<(Side, u16)>)> {
    broken(&[Tool::new(info(), nodes, &[])])
}

fn output(nodes: &[Field<'_>]) -> Option<(TableErrorKind, Option<(Side, u16)>)> {
    broken(&[Tool::new(info(), &[], nodes)])
}

fn at(kind: TableErrorKind, node: u16) -> Option<(TableErrorKind, Option<(Side, u16)>)> {
    Some((kind, Some((Side::Params, node))))
}

/// A parameter with a description.
fn field(kind: Kind<'_>) -> Field<'_> {
    Field::new("x", kind).describe("A parameter.")
}

#[test]
fn names_of_tools() {
    let named = |name| broken(&[Tool::new(ToolInfo::new(name, "Text."), &[], &[])]);
    let long = "a".repeat(65);
    for name in ["", "fan.set", "fan set", "lüfter", &long] {
        assert_eq!(named(name), Some((TableErrorKind::Name, None)), "{name}");
    }
    for name in ["fan_set", "Fan-2", &long[..64]] {
        assert_eq!(named(name), None, "{name}");
    }
    let tool = Tool::new(info(), &[], &[]);
    let fault = check::table(&[tool, tool]).unwrap_err();
    assert_eq!((fault.kind, fault.tool), (TableErrorKind::DuplicateName, 1));
    assert_eq!(Checked::tools(&[tool, tool]).unwrap_err(), fault);
    assert_eq!(fault.to_string(), "tool 1: another tool has the same name: rename one");
}

#[test]
fn descriptions() {
    let tool = Tool::new(ToolInfo::new("fan_set", ""), &[], &[]);
    assert_eq!(broken(&[tool]), Some((TableErrorKind::Description, None)));
    assert_eq!(params(&[Field::new("x", PERCENT)]), at(TableErrorKind::Description, 0));
    assert_eq!(output(&[Field::new("x", PERCENT)]), None);
}

#[test]
fn names_of_nodes() {
    let nameless = Field::new("", PERCENT).describe("Text.");
    assert_eq!(params(&[nameless]), at(TableErrorKind::NodeName, 0));
    let list = field(Kind::Array { nodes: 1, min: 0, max: 2 });
    assert_eq!(params(&[list, field(PERCENT)]), at(TableErrorKind::NodeName, 1));
    assert_eq!(params(&[list, Field::new("", PERCENT)]), None);
    assert_eq!(params(&[field(PERCENT), field(Kind::Bool)]), at(TableErrorKind::DuplicateNode, 1));
    let inner = Field { name: "x", ..field(PERCENT) };
    assert_eq!(params(&[field(Kind::Object { nodes: 1 }), inner]), None);
}

#[test]
fn shapes() {
    let shape = TableErrorKind::Shape;
    assert_eq!(params(&[field(Kind::Object { nodes: 1 })]), at(shape, 0));
    assert_eq!(params(&[field(Kind::Array { nodes: 0, min: 0, max: 1 })]), at(shape, 0));
    let item = Field::new("", Kind::Bool);
    assert_eq!(
        params(&[field(Kind::Array { nodes: 2, min: 0, max: 1 }), item, item]),
        at(shape, 2)
    );
    // The inner object claims a node that lies past the end of the outer one.
    let inner = Field { name: "y", ..field(Kind::Object { nodes: 1 }) };
    let nodes = [field(Kind::Object { nodes: 1 }), inner, Field { name: "z", ..field(PERCENT) }];
    assert_eq!(params(&nodes), at(shape, 1));
    let names: Vec<String> = (0..=NODES_MAX).map(|n| n.to_string()).collect();
    let many: Vec<Field<'_>> = names.iter().map(|n| Field::new(n, PERCENT).describe("x")).collect();
    assert_eq!(params(&many), Some((shape, None)));
    assert_eq!(params(&many[..NODES_MAX]), None);
}

#[test]
fn depth() {
    // Objects in objects; the last is empty, which nests as deep as a full one.
    let nested = |depth: u8| -> Vec<Field<'static>> {
        (0..depth).rev().map(|nodes| field(Kind::Object { nodes })).collect()
    };
    assert_eq!(params(&nested(5)), None);
    assert_eq!(params(&nested(6)), at(TableErrorKind::Shape, 5));
}

#[test]
fn ranges() {
    let range = TableErrorKind::Range;
    let int = |min, max| params(&[field(Kind::Int(IntRange { min, max }))]);
    assert_eq!(int(2, 1), at(range, 0));
    assert_eq!(int(1, 1), None);
    let decimal = |min, max, step, places| {
        params(&[field(Kind::Decimal(DecimalRange { min, max, step, places }))])
    };
    assert_eq!(decimal(2, 1, 1, 1), at(range, 0));
    assert_eq!(decimal(1, 2, -1, 1), at(range, 0));
    assert_eq!(decimal(1, 2, 1, 10), at(range, 0));
    assert_eq!(decimal(1, 2, 1, 9), None);
    assert_eq!(params(&[field(Kind::Text { min: 2, max: 1 })]), at(range, 0));
    let list = field(Kind::Array { nodes: 1, min: 2, max: 1 });
    assert_eq!(params(&[list, Field::new("", PERCENT)]), at(range, 0));
}

#[test]
fn open_bounds() {
    let open = TableErrorKind::OpenBound;
    let range = |min, max, step| DecimalRange { min, max, step, places: 0 };
    for kind in [
        Kind::Int(IntRange { min: i64::MIN, max: 0 }),
        Kind::Int(IntRange { min: 0, max: i64::MAX }),
        Kind::Decimal(range(i64::MIN, 0, 1)),
        Kind::Decimal(range(0, i64::MAX, 1)),
        Kind::Decimal(range(0, 1, 0)),
        Kind::Text { min: 0, max: u16::MAX },
    ] {
        assert_eq!(params(&[field(kind)]), at(open, 0), "{kind:?}");
        assert_eq!(output(&[field(kind)]), None, "{kind:?}");
    }
    let list = [field(Kind::Array { nodes: 1, min: 0, max: u8::MAX }), Field::new("", PERCENT)];
    assert_eq!(params(&list), at(open, 0));
    assert_eq!(output(&list), None);
}

#[test]
fn labels() {
    let twice = ["a|b|a", "a|a", "ab|c|ab", "c|ab|ab", "low|medium|high|medium", "é|e|é"];
    for labels in ["", "a|", "|a", "a||b"].into_iter().chain(twice) {
        let error = at(TableErrorKind::Labels, 0);
        assert_eq!(params(&[field(Kind::Choice(labels))]), error, "{labels}");
    }
    // The same length, or the beginning or the end of another.
    for labels in ["a", "a|b", "a|ab", "ab|a", "ab|b", "b|ab", "ab|ac|bc", "abc|abd|abcd", "é|e"] {
        assert_eq!(params(&[field(Kind::Choice(labels))]), None, "{labels}");
    }
}

#[test]
fn defaults() {
    fn with(kind: Kind<'_>, default: Literal<'_>) -> Option<(TableErrorKind, Option<(Side, u16)>)> {
        params(&[field(kind).default_to(default)])
    }
    let decimal = Kind::Decimal(DecimalRange { min: 0, max: 10, step: 5, places: 1 });
    let text = Kind::Text { min: 1, max: 2 };
    for (kind, good, bad) in [
        (Kind::Bool, Literal::Bool(true), Literal::Number(1)),
        (PERCENT, Literal::Number(100), Literal::Number(101)),
        (decimal, Literal::Number(5), Literal::Number(6)),
        (text, Literal::Text("éé"), Literal::Text("")),
        (Kind::Choice("a|b"), Literal::Label(1), Literal::Label(2)),
    ] {
        assert_eq!(with(kind, good), None, "{kind:?}");
        assert_eq!(with(kind, bad), at(TableErrorKind::Default, 0), "{kind:?}");
    }
    for (good, bad) in [("ab", "abc"), ("é", "éaé"), ("é", "")] {
        assert_eq!(with(text, Literal::Text(good)), None, "{good}");
        assert_eq!(with(text, Literal::Text(bad)), at(TableErrorKind::Default, 0), "{bad}");
    }
    let required = Field { required: true, ..field(PERCENT).default_to(Literal::Number(1)) };
    assert_eq!(params(&[required]), at(TableErrorKind::Default, 0));
    let result = output(&[field(PERCENT).default_to(Literal::Number(1))]);
    assert_eq!(result, Some((TableErrorKind::Default, Some((Side::Output, 0)))));
}

#[test]
fn conditions() {
    let broken = at(TableErrorKind::Condition, 1);
    let mode = Field { name: "mode", ..field(Kind::Choice("heat|off")) };
    let when = |condition| params(&[mode, field(PERCENT).required_when(condition)]);
    assert_eq!(when(Condition { node: 0, label: 1 }), None);
    assert_eq!(when(Condition { node: 0, label: 2 }), broken);
    assert_eq!(when(Condition { node: 1, label: 0 }), broken);
    assert_eq!(when(Condition { node: 2, label: 0 }), broken);
    let first = Condition { node: 0, label: 0 };
    let required = Field { required: true, ..field(PERCENT).required_when(first) };
    assert_eq!(params(&[mode, required]), broken);
    // A choice inside an object has no place in the exported condition; nor has what depends.
    let inner = [field(Kind::Object { nodes: 1 }), mode];
    let depends = Field { name: "y", ..field(PERCENT) };
    let at_1 = Condition { node: 1, label: 0 };
    let nodes = [inner[0], inner[1], depends.required_when(at_1)];
    assert_eq!(params(&nodes), at(TableErrorKind::Condition, 2));
    let nodes = [mode, inner[0], depends.required_when(first)];
    assert_eq!(params(&nodes), at(TableErrorKind::Condition, 2));
    let list = field(Kind::Array { nodes: 1, min: 0, max: 1 });
    let item = Field::new("", PERCENT).required_when(first);
    assert_eq!(params(&[mode, list, item]), at(TableErrorKind::Condition, 2));
}

#[test]
fn the_error_tells_where_and_what() {
    let fault = check::table(&[Tool::new(info(), &[Field::new("x", PERCENT)], &[])]).unwrap_err();
    assert_eq!(fault.to_string(), "tool 0, parameter node 0: it needs a description");
}
