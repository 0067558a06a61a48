//! A judge of encoded values that follows the members, where the device's walks along the bytes.

use trine_descriptor::{Literal, Scalar, Tool, ToolInfo, validate};

use crate::shape::{self, Member, Need, Shape, count};
use crate::source::Source;

/// Why values are refused: rule, node and bound, or `None` where it is a matter of order in which
/// only the refusal counts.
pub(crate) type Refusal = Option<(u8, u16, i64)>;

/// Where the fault is in no node.
const NO_NODE: u16 = 65_535;
const MALFORMED: Refusal = Some((14, NO_NODE, 0));

/// An entry of the bytes.
#[derive(Clone, Copy)]
struct Entry<'b> {
    node: u16,
    tag: u8,
    number: i64,
    text: &'b [u8],
}

/// All entries, and whether bytes follow that are none.
struct Entries<'b> {
    all: Vec<Entry<'b>>,
    at: usize,
    is_torn: bool,
    /// How many nodes there are.
    nodes: u16,
    /// Nodes of items of the lists that are open.
    items: Vec<u16>,
}

/// Judges the values of some members.
pub(crate) fn judge(list: &[Member], bytes: &[u8]) -> Result<(), Refusal> {
    let (all, is_torn) = entries(bytes);
    let mut entries = Entries { all, at: 0, is_torn, nodes: count(list), items: Vec::new() };
    entries.members(list, 0)?;
    match entries.peek()? {
        None => Ok(()),
        Some(_) => Err(None),
    }
}

/// What a tool gets of each parameter: the value given, or what counts in its place.
pub(crate) fn got<'b>(list: &[Member], bytes: &'b [u8]) -> Vec<(u16, Option<Scalar<'b>>)> {
    let (all, _) = entries(bytes);
    let mut node = 0;
    let one = |member: &Member| {
        let this = node;
        node += member.shape.nodes();
        let given = all.iter().find(|entry| entry.node == this).map(|entry| match entry.tag {
            1 => Scalar::Bool(entry.number == 1),
            2 => Scalar::Int(entry.number),
            3 => Scalar::Decimal(entry.number),
            4 => Scalar::Text(core::str::from_utf8(entry.text).expect("it was accepted")),
            5 => Scalar::Label(entry.number as u16),
            6 => Scalar::Object,
            _ => Scalar::Array(entry.number as u16),
        });
        (this, given.or_else(|| absent(member)))
    };
    list.iter().map(one).collect()
}

fn absent(member: &Member) -> Option<Scalar<'static>> {
    let Need::Default(literal) = member.need else { return None };
    Some(match literal {
        Literal::Bool(value) => Scalar::Bool(value),
        Literal::Number(value) if matches!(member.shape, Shape::Int { .. }) => Scalar::Int(value),
        Literal::Number(value) => Scalar::Decimal(value),
        Literal::Text(text) => Scalar::Text(text),
        Literal::Label(label) => Scalar::Label(label),
    })
}

impl<'b> Entries<'b> {
    fn peek(&self) -> Result<Option<Entry<'b>>, Refusal> {
        match self.all.get(self.at) {
            None if self.is_torn => Err(MALFORMED),
            next => Ok(next.copied()),
        }
    }

    fn members(&mut self, list: &[Member], first: u16) -> Result<(), Refusal> {
        let mut node = first;
        for member in list {
            let end = node + member.shape.nodes();
            match self.peek()? {
                Some(next) if next.node == node => self.value(&member.shape)?,
                next => self.missing(member, node, next.map(|next| next.node), end)?,
            }
            node = end;
        }
        Ok(())
    }

    /// Whether a member may be missing, as something else comes, or the end.
    fn missing(
        &self,
        member: &Member,
        node: u16,
        next: Option<u16>,
        end: u16,
    ) -> Result<(), Refusal> {
        let goes_on = |next: u16| self.items.contains(&next) || (node..self.nodes).contains(&next);
        if !next.is_none_or(goes_on) {
            return Err(None);
        }
        match member.need {
            Need::Always => return Err(Some((2, node, 0))),
            Need::When(other, label) => {
                let given = self.all.iter().find(|entry| entry.node == other);
                if given.is_some_and(|it| it.tag == 5 && it.number == i64::from(label)) {
                    return Err(Some((11, node, other.into())));
                }
            }
            _ => {}
        }
        // A value of a member that is not there.
        if next.is_some_and(|next| (node..end).contains(&next)) { Err(None) } else { Ok(()) }
    }

    fn value(&mut self, shape: &Shape) -> Result<(), Refusal> {
        let Some(entry) = self.peek()? else { return Err(MALFORMED) };
        self.at += 1;
        let (tag, min, max, codes) = match *shape {
            Shape::Bool => (1, 0, 1, [4, 5]),
            Shape::Int { min, max } => (2, min, max, [4, 5]),
            Shape::Decimal { min, max, .. } => (3, min, max, [4, 5]),
            Shape::Text { min, max } => (4, min, max, [7, 8]),
            Shape::Choice { labels } => (5, 0, i64::from(labels) - 1, [4, 9]),
            Shape::Object(_) => (6, 0, 0, [4, 5]),
            Shape::List { min, max, .. } => (7, min, max, [12, 13]),
        };
        if entry.tag != tag {
            return Err(Some((3, entry.node, 0)));
        }
        let mut counted = entry.number;
        if tag == 4 {
            let text = core::str::from_utf8(entry.text).map_err(|_| MALFORMED)?;
            counted = text.chars().count() as i64;
        }
        if counted < min {
            return Err(Some((codes[0], entry.node, min)));
        }
        if counted > max {
            return Err(Some((codes[1], entry.node, if tag == 5 { 0 } else { max })));
        }
        match shape {
            Shape::Decimal { step, .. } if *step > 1 && counted % step != 0 => {
                Err(Some((6, entry.node, *step)))
            }
            Shape::Object(members) => self.members(members, entry.node + 1),
            Shape::List { item, .. } => self.list(item, entry.node + 1, counted),
            _ => Ok(()),
        }
    }

    fn list(&mut self, item: &Shape, node: u16, count: i64) -> Result<(), Refusal> {
        self.items.push(node);
        for _ in 0..count {
            match self.peek()? {
                Some(next) if next.node == node => self.value(item)?,
                _ => return Err(None),
            }
        }
        self.items.pop();
        Ok(())
    }
}

fn entries(mut bytes: &[u8]) -> (Vec<Entry<'_>>, bool) {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        match entry(&mut bytes) {
            Some(entry) => all.push(entry),
            None => return (all, true),
        }
    }
    (all, false)
}

fn entry<'b>(bytes: &mut &'b [u8]) -> Option<Entry<'b>> {
    let node = u16::try_from(number(bytes)?).ok()?;
    let tag = number(bytes)?;
    if !(1..8).contains(&tag) {
        return None;
    }
    let raw = if tag == 6 { 0 } else { number(bytes)? };
    let mut entry = Entry { node, tag: tag as u8, number: 0, text: &[] };
    entry.number = match tag {
        1 => i64::from(u8::try_from(raw).ok().filter(|bit| *bit < 2)?),
        2 | 3 if raw % 2 == 1 => -1 - (raw / 2) as i64,
        2 | 3 => (raw / 2) as i64,
        4 => {
            let len = usize::try_from(raw).ok()?;
            (entry.text, *bytes) = bytes.split_at_checked(len)?;
            0
        }
        _ => i64::from(u16::try_from(raw).ok()?),
    };
    Some(entry)
}

/// A number in as few groups of seven bits as it needs.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0_u128, 0);
    loop {
        let (&first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u128::from(first & 127) << shift;
        if first < 128 {
            let is_short = first != 0 || shift == 0;
            return u64::try_from(value).ok().filter(|_| is_short);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

/// The judge and the descriptor's own agree, and what is drawn is often right and often wrong: or
/// the properties would say little.
#[test]
fn drawn_values_are_judged_alike_by_two_judges() {
    let mut random = trine_bits::Random::new(1);
    let mut counts = [0; 2];
    for _ in 0..2_000 {
        let draws: Vec<u32> = (0..120).map(|_| random.bits() as u32).collect();
        let source = &mut Source::new(&draws);
        for side in [shape::Side::Params, shape::Side::Output] {
            let list = shape::members(source, side);
            let bytes = shape::values(source, &list);
            let fields = shape::fields(&list);
            let table = [Tool::new(ToolInfo::new("tool", "A tool."), fields, fields)];
            let said = validate(&table, 0, trine_descriptor::Side::Output, &bytes);
            let judged = judge(&list, &bytes);
            assert_eq!(said.is_ok(), judged.is_ok(), "{said:?} {judged:?} {list:?} {bytes:?}");
            if let (Err(fault), Err(Some(refusal))) = (said, judged) {
                assert_eq!((fault.code as u8, fault.node, fault.bound), refusal);
            }
            counts[usize::from(judged.is_ok())] += usize::from(!list.is_empty());
        }
    }
    assert!(counts.iter().all(|count| *count > 600), "{counts:?} refused and accepted");
}
