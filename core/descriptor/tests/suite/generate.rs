//! Random tools and random JSON values near them.

use serde_json::{Map, Number, Value as Json, json};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Literal, Side, Tool, ToolInfo,
};

use crate::source::Source;

/// Deepest nesting that is generated; more is legal, yet makes every value a wrong one.
const DEPTH: usize = 4;
const WORDS: [&str; 6] = ["heat", "off", "a", "grow light", "é", "\"q\"\\"];

/// A tool whose parameters or result are random, and legal on that side.
pub(crate) fn tool(source: &mut Source<'_>, side: Side) -> Tool<'static> {
    let mut nodes = Vec::new();
    members(source, side, 1, &mut nodes);
    if side == Side::Params {
        conditions(source, &mut nodes);
    }
    let nodes: &'static [Field<'static>] = nodes.leak();
    let info = ToolInfo::new("tool", "A tool.");
    match side {
        Side::Params => Tool::new(info, nodes, &[]),
        Side::Output => Tool::new(info, &[], nodes),
    }
}

fn members(source: &mut Source<'_>, side: Side, depth: usize, nodes: &mut Vec<Field<'static>>) {
    for number in 0..source.below(5) {
        if nodes.len() > 40 {
            return;
        }
        let name = format!("{}{number}", source.one(&WORDS)).leak();
        node(source, side, depth, name, nodes);
    }
}

fn node(
    source: &mut Source<'_>,
    side: Side,
    depth: usize,
    name: &'static str,
    nodes: &mut Vec<Field<'static>>,
) {
    let at = nodes.len();
    let open = side == Side::Output;
    let kinds = if depth < DEPTH { 7 } else { 5 };
    nodes.push(Field::new(name, Kind::Bool).describe("A node."));
    let kind = match source.below(kinds) {
        0 => Kind::Bool,
        1 => {
            let (min, max) = range(source, open, 1 << 52);
            Kind::Int(IntRange { min, max })
        }
        2 => decimal(source, open),
        3 => {
            let min = source.below(4) as u16;
            let open = open && source.once_in(3);
            let max = if open { u16::MAX } else { min + source.below(6) as u16 };
            Kind::Text { min, max }
        }
        4 => Kind::Choice(labels(source)),
        5 => {
            members(source, side, depth + 1, nodes);
            Kind::Object { nodes: inside(nodes, at) }
        }
        _ => {
            node(source, side, depth + 1, "", nodes);
            let min = source.below(3) as u8;
            let open = open && source.once_in(3);
            let max = if open { u8::MAX } else { min + source.below(3) as u8 };
            Kind::Array { nodes: inside(nodes, at), min, max }
        }
    };
    nodes[at].kind = kind;
    if name.is_empty() {
        return;
    }
    nodes[at].required = source.below(2) == 0;
    if side == Side::Params && !nodes[at].required && source.once_in(4) {
        nodes[at].default = default(kind);
    }
}

fn inside(nodes: &[Field<'_>], at: usize) -> u8 {
    u8::try_from(nodes.len() - at - 1).unwrap()
}

/// The smallest value of the kind as a default.
fn default(kind: Kind<'static>) -> Option<Literal<'static>> {
    Some(match kind {
        Kind::Bool => Literal::Bool(false),
        Kind::Int(range) => Literal::Number(range.min),
        Kind::Decimal(range) if range.min % range.step == 0 => Literal::Number(range.min),
        Kind::Text { min, .. } => Literal::Text("é".repeat(usize::from(min)).leak()),
        Kind::Choice(_) => Literal::Label(0),
        _ => return None,
    })
}

fn range(source: &mut Source<'_>, open: bool, limit: i64) -> (i64, i64) {
    let wide = source.once_in(4);
    let limit = if wide { limit } else { 20 };
    let min = source.between(-limit, limit);
    let max = source.between(min, limit);
    (
        if open && source.once_in(3) { i64::MIN } else { min },
        if open && source.once_in(3) { i64::MAX } else { max },
    )
}

fn decimal(source: &mut Source<'_>, open: bool) -> Kind<'static> {
    let places = source.one(&[1u8, 0, 2, 3, 9]);
    let (min, max) = range(source, open, 1 << 40);
    let step = source.one(&[1, 5, 25, 3, 10]);
    let step = if open && source.once_in(2) { 0 } else { step };
    Kind::Decimal(DecimalRange { min, max, step, places })
}

fn labels(source: &mut Source<'_>) -> &'static str {
    let count = 1 + source.below(WORDS.len() as u32) as usize;
    WORDS[..count].join("|").leak()
}

/// Makes some optional parameters at top level depend on a choice there.
fn conditions(source: &mut Source<'_>, nodes: &mut [Field<'static>]) {
    let mut top = Vec::new();
    let mut at = 0;
    while at < nodes.len() {
        top.push(at);
        at += 1 + nodes[at].kind.nodes();
    }
    let choices: Vec<usize> =
        top.iter().copied().filter(|&n| matches!(nodes[n].kind, Kind::Choice(_))).collect();
    if choices.is_empty() {
        return;
    }
    for node in top {
        if nodes[node].required || !source.once_in(2) {
            continue;
        }
        let other = source.one(&choices);
        let Kind::Choice(labels) = nodes[other].kind else { continue };
        let label = source.below(labels.split('|').count() as u32) as u16;
        nodes[node].required_if = Some(Condition { node: other as u16, label });
    }
}

/// A JSON value for some nodes: mostly a right one, sometimes wrong at one place or another.
pub(crate) fn value(source: &mut Source<'_>, nodes: &[Field<'_>]) -> Json {
    let mut object = Map::new();
    let mut at = 0;
    while let Some(field) = nodes.get(at) {
        let after = at + 1 + field.kind.nodes();
        let leave_out = if field.required { source.once_in(20) } else { source.once_in(3) };
        if !leave_out {
            object.insert(field.name.to_owned(), one(source, field, &nodes[at + 1..after]));
        }
        at = after;
    }
    if source.once_in(30) {
        object.insert(source.one(&["", "heat", "grow light7"]).to_owned(), json!(1));
    }
    Json::Object(object)
}

fn one(source: &mut Source<'_>, field: &Field<'_>, inside: &[Field<'_>]) -> Json {
    if source.once_in(25) {
        return alien(source);
    }
    match field.kind {
        Kind::Bool => json!(source.below(2) == 1),
        Kind::Int(range) => number(source, range.min, range.max, 1, 0),
        Kind::Decimal(range) => number(source, range.min, range.max, range.step, range.places),
        Kind::Text { min, max } => {
            let len = near(source, i64::from(min), i64::from(max).min(12)).max(0);
            let letter = source.one(&["a", "é", "😀", "\"", "\u{0}"]);
            json!(letter.repeat(usize::try_from(len).unwrap()))
        }
        Kind::Choice(labels) => {
            let labels: Vec<&str> = labels.split('|').collect();
            match source.once_in(12) {
                true => json!(source.one(&["", "heat", "HEAT", "heat|off", "zzz"])),
                false => json!(source.one(&labels)),
            }
        }
        Kind::Object { .. } => value(source, inside),
        Kind::Array { min, max, .. } => {
            let count = near(source, i64::from(min), i64::from(max).min(4)).max(0);
            (0..count).map(|_| one(source, &inside[0], &inside[1..])).collect()
        }
        _ => Json::Null,
    }
}

/// A value that most nodes refuse.
fn alien(source: &mut Source<'_>) -> Json {
    match source.below(10) {
        0 => Json::Null,
        1 => json!(true),
        2 => json!("40"),
        3 => json!(40),
        4 => json!(1e300),
        5 => json!(u64::MAX),
        6 => json!({}),
        7 => json!([]),
        8 => json!(0.1),
        _ => json!({"heat": [1]}),
    }
}

/// A number from `min` to `max` or just beside them.
fn near(source: &mut Source<'_>, min: i64, max: i64) -> i64 {
    let max = max.max(min);
    match source.below(12) {
        0 => min,
        1 => max,
        2 => min.saturating_sub(1),
        3 => max.saturating_add(1),
        _ => source.between(min, max),
    }
}

fn number(source: &mut Source<'_>, min: i64, max: i64, step: i64, places: u8) -> Json {
    // Open sides are far away; the middle of the world is more telling.
    let (low, high) = (min.max(-(1 << 53)), max.min(1 << 53));
    let mut scaled = near(source, low.min(high), high);
    if step > 1 && !source.once_in(4) {
        scaled -= scaled % step;
    }
    let plain = scaled.to_string();
    let sign = if scaled < 0 { "-" } else { "" };
    let digits = plain.trim_start_matches('-');
    let places = usize::from(places);
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let text = match source.below(8) {
        0 if places == 0 => format!("{sign}{whole}.0"),
        1 => format!("{sign}{whole}.{fraction}5"),
        2 => format!("{plain}e-{places}"),
        _ if places == 0 => plain,
        _ => format!("{sign}{whole}.{fraction}"),
    };
    Json::Number(serde_json::from_str::<Number>(&text).unwrap())
}
