//! Parameters and results of every kind, drawn: as the tests know them, as a tool declares them,
//! and values for them that are right or nearly so.

use trine_descriptor::{Condition, DecimalRange, Field, IntRange, Kind, Literal};

use crate::source::Source;

/// What a value must be. Bounds are numbers of 64 bits, the greatest of which leave a side open.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Bool,
    Int { min: i64, max: i64 },
    Decimal { min: i64, max: i64, step: i64, places: u8 },
    Text { min: i64, max: i64 },
    Choice { labels: u16 },
    Object(Vec<Member>),
    List { item: Box<Self>, min: i64, max: i64 },
}

/// When a value must be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Need {
    Always,
    Never,
    /// Never, since this counts in its place.
    Default(Literal<'static>),
    /// When the choice at a node has a label.
    When(u16, u16),
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) shape: Shape,
    pub(crate) need: Need,
}

impl Shape {
    /// How many nodes it takes, with its own.
    pub(crate) fn nodes(&self) -> u16 {
        1 + match self {
            Self::Object(members) => count(members),
            Self::List { item, .. } => item.nodes(),
            _ => 0,
        }
    }

    fn kind(&self) -> Kind<'static> {
        let inside = (self.nodes() - 1) as u8;
        match *self {
            Self::Bool => Kind::Bool,
            Self::Int { min, max } => Kind::Int(IntRange { min, max }),
            Self::Decimal { min, max, step, places } => {
                Kind::Decimal(DecimalRange { min, max, step, places })
            }
            Self::Text { min, max } => {
                Kind::Text { min: min as u16, max: max.min(u16::MAX.into()) as u16 }
            }
            Self::Choice { labels } => {
                let labels: Vec<String> = (0..labels).map(|at| format!("l{at}")).collect();
                Kind::Choice(labels.join("|").leak())
            }
            Self::Object(_) => Kind::Object { nodes: inside },
            Self::List { min, max, .. } => {
                Kind::Array { nodes: inside, min: min as u8, max: max.min(u8::MAX.into()) as u8 }
            }
        }
    }
}

/// How many nodes members take.
pub(crate) fn count(members: &[Member]) -> u16 {
    members.iter().map(|member| member.shape.nodes()).sum()
}

/// The members as a tool declares them.
pub(crate) fn fields(members: &[Member]) -> &'static [Field<'static>] {
    let mut all = Vec::new();
    add(members, &mut all);
    all.leak()
}

fn add(members: &[Member], all: &mut Vec<Field<'static>>) {
    for (at, member) in members.iter().enumerate() {
        let name: &'static str = format!("m{at}").leak();
        let mut field = Field::new(name, member.shape.kind()).describe("Drawn.");
        match member.need {
            Need::Always => {}
            Need::Never => field = field.optional(),
            Need::Default(literal) => field = field.default_to(literal),
            Need::When(node, label) => field = field.required_when(Condition { node, label }),
        }
        all.push(field);
        inside(&member.shape, all);
    }
}

fn inside(shape: &Shape, all: &mut Vec<Field<'static>>) {
    match shape {
        Shape::Object(members) => add(members, all),
        Shape::List { item, .. } => {
            all.push(Field::new("", item.kind()));
            inside(item, all);
        }
        _ => {}
    }
}

/// Which side of a tool something is on. Only results may be open to a side.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Params,
    Output,
}

/// The parameters or the result of a tool: up to six, nested up to three deep.
pub(crate) fn members(source: &mut Source<'_>, side: Side) -> Vec<Member> {
    let mut all = some_members(source, side, 6, 1);
    while count(&all) > 120 {
        all.pop();
    }
    if side == Side::Params {
        conditions(source, &mut all);
    }
    all
}

fn some_members(source: &mut Source<'_>, side: Side, most: u32, depth: u32) -> Vec<Member> {
    let member = |source: &mut Source<'_>| {
        let shape = shape(source, side, depth);
        let need = match source.below(4) {
            0 | 1 => Need::Always,
            2 if side == Side::Params => literal(&shape).map_or(Need::Never, Need::Default),
            _ => Need::Never,
        };
        Member { shape, need }
    };
    (0..source.below(most + 1)).map(|_| member(source)).collect()
}

fn shape(source: &mut Source<'_>, side: Side, depth: u32) -> Shape {
    let is_open = side == Side::Output && source.once_in(4);
    match source.below(if depth < 4 { 9 } else { 6 }) {
        0 => Shape::Bool,
        1 | 2 => {
            let (min, max) = range(source, is_open);
            Shape::Int { min, max }
        }
        3 => {
            let (min, max) = range(source, is_open);
            let step = if is_open { 0 } else { source.one(&[1, 5, 25, 7, 1 << 40]) };
            Shape::Decimal { min, max, step, places: source.one(&[1, 0, 3, 9]) }
        }
        4 => {
            let min = i64::from(source.below(4));
            let max = min + i64::from(source.below(9));
            Shape::Text { min, max: if is_open { i64::MAX } else { max } }
        }
        5 => Shape::Choice { labels: 1 + source.below(5) as u16 },
        6 | 7 => Shape::Object(some_members(source, side, 3, depth + 1)),
        _ => {
            let min = i64::from(source.below(3));
            let max = min + i64::from(source.below(3));
            let item = Box::new(shape(source, side, depth + 1));
            Shape::List { item, min, max: if is_open { i64::MAX } else { max } }
        }
    }
}

fn range(source: &mut Source<'_>, is_open: bool) -> (i64, i64) {
    let most = source.one(&[20, 100, 1 << 15, 1 << 33, i64::MAX - 1]);
    let min = source.between(-most, most);
    let max = source.between(min, most);
    match source.below(3) {
        0 if is_open => (i64::MIN, max),
        1 if is_open => (min, i64::MAX),
        _ if is_open => (i64::MIN, i64::MAX),
        _ => (min, max),
    }
}

/// What may count in place of a missing value.
fn literal(shape: &Shape) -> Option<Literal<'static>> {
    Some(match *shape {
        Shape::Bool => Literal::Bool(true),
        Shape::Int { max, .. } => Literal::Number(max),
        Shape::Decimal { min, max, step, .. } => {
            let number = max - max.rem_euclid(step);
            return (min <= number).then_some(Literal::Number(number));
        }
        Shape::Text { min, .. } => Literal::Text("é".repeat(min as usize).leak()),
        Shape::Choice { labels } => Literal::Label(labels - 1),
        Shape::Object(_) | Shape::List { .. } => return None,
    })
}

/// Makes some optional parameters depend on a choice.
fn conditions(source: &mut Source<'_>, members: &mut [Member]) {
    let mut node = 0;
    let mut choices = Vec::new();
    for member in &*members {
        if let Shape::Choice { labels } = member.shape {
            choices.push((node, labels));
        }
        node += member.shape.nodes();
    }
    for member in members.iter_mut().filter(|member| member.need == Need::Never) {
        if !choices.is_empty() && source.below(3) > 0 {
            let (node, labels) = source.one(&choices);
            member.need = Need::When(node, source.below(labels.into()) as u16);
        }
    }
}

/// Values for members, encoded: mostly right ones, and now and then bytes that are nothing.
pub(crate) fn values(source: &mut Source<'_>, members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_members(source, members, 0, &mut bytes);
    let len = bytes.len() as u32;
    match source.below(24) {
        23 if len > 0 => bytes.truncate(source.below(len) as usize),
        22 if len > 0 => {
            let at = source.below(len) as usize;
            bytes[at] ^= 1 << source.below(8);
        }
        21 => bytes.extend_from_slice(&bytes.clone()),
        20 => {
            let first = source.below(3) as u16;
            put_members(source, members, first, &mut bytes);
        }
        19 => bytes.extend([count(members) as u8, 1, 0]),
        _ => {}
    }
    bytes
}

fn put_members(source: &mut Source<'_>, members: &[Member], first: u16, bytes: &mut Vec<u8>) {
    let mut node = first;
    for member in members {
        let is_left_out = match member.need {
            Need::Always => source.once_in(60),
            _ => source.below(3) == 0,
        };
        if !is_left_out {
            put(source, &member.shape, node, bytes);
        }
        node += member.shape.nodes();
    }
}

fn put(source: &mut Source<'_>, shape: &Shape, node: u16, bytes: &mut Vec<u8>) {
    let other = Shape::Int { min: 0, max: 1 };
    let shape = if source.once_in(80) { &other } else { shape };
    number(node.into(), bytes);
    match *shape {
        Shape::Bool => bytes.extend([1, source.below(2) as u8]),
        Shape::Int { min, max } => {
            bytes.push(2);
            signed(near(source, min, max), bytes);
        }
        Shape::Decimal { min, max, step, .. } => {
            bytes.push(3);
            let drawn = near(source, min, max);
            let is_off = step < 2 || source.once_in(8);
            signed(if is_off { drawn } else { drawn - drawn % step }, bytes);
        }
        Shape::Text { min, max } => {
            let points = near(source, min, max.min(min + 9)).max(0) as usize;
            let text = source.one(&["a", "é", "漢", "😀", "\0"]).repeat(points);
            bytes.push(4);
            number(text.len() as u64, bytes);
            bytes.extend(text.bytes());
        }
        Shape::Choice { labels } => {
            bytes.push(5);
            number(near(source, 0, i64::from(labels) - 1).max(0) as u64, bytes);
        }
        Shape::Object(ref members) => {
            bytes.push(6);
            put_members(source, members, node + 1, bytes);
        }
        Shape::List { ref item, min, max } => {
            let items = near(source, min, max.min(min + 3)).max(0);
            bytes.push(7);
            number(items as u64, bytes);
            for _ in 0..items {
                put(source, item, node + 1, bytes);
            }
        }
    }
}

/// A number between two bounds, at one of them, or just outside.
fn near(source: &mut Source<'_>, min: i64, max: i64) -> i64 {
    match source.below(40) {
        0..10 => min,
        10..20 => max,
        20 => min.saturating_sub(1),
        21 => max.saturating_add(1),
        _ => source.between(min, max),
    }
}

/// An unsigned number in groups of seven bits, the lowest first.
pub(crate) fn number(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 127 {
        bytes.push((number % 128 + 128) as u8);
        number /= 128;
    }
    bytes.push(number as u8);
}

/// A number whose sign is its lowest bit.
pub(crate) fn signed(value: i64, bytes: &mut Vec<u8>) {
    let twice = 2 * i128::from(value);
    let raw = if value < 0 { -1 - twice } else { twice };
    number(u64::try_from(raw).expect("64 bits are enough"), bytes);
}
