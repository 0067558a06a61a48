//! The short ways and the walk judge alike.

extern crate std;
use super::*;
use crate::validate::walk;
use crate::{
    Condition, DecimalRange, IntRange, Pack, Rule, Rules, Side, Tool, ToolInfo, ValueReader,
    ValueWriter,
};
use std::vec;
use std::vec::Vec;
use trine_bits::{Random, rounds};

const SMALL: Kind<'static> = Kind::Int(IntRange { min: -3, max: 100 });
const STEPS: Kind<'static> = Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 });
const FREE: Kind<'static> =
    Kind::Decimal(DecimalRange { min: 1, max: i64::MAX, step: 0, places: 1 });
const WHEN: Condition = Condition { node: 0, label: 0 };
static LISTS: [&[Field<'static>]; 8] = [
    &[
        Field::new("on", Kind::Bool),
        Field::new("which", Kind::Choice("a|b|c")).optional(),
        Field::new("small", SMALL).optional(),
        Field::new("free", FREE).optional(),
    ],
    &[Field::new("steps", STEPS), Field::new("wide", Kind::Int(IntRange::OPEN)).optional()],
    &[
        Field::new("inner", Kind::Object { nodes: 1 }).optional(),
        Field::new("member", Kind::Bool).optional(),
        Field::new("items", Kind::Array { nodes: 1, min: 0, max: 3 }),
        Field::new("", SMALL),
    ],
    &[
        Field::new("which", Kind::Choice("a|b")),
        Field::new("on", Kind::Bool).required_when(WHEN),
        Field::new("text", Kind::Text { min: 0, max: 4 }).optional(),
    ],
    &[
        Field::new("list", Kind::Array { nodes: 3, min: 0, max: 2 }).optional(),
        Field::new("", Kind::Object { nodes: 2 }),
        Field::new("small", SMALL),
        Field::new("text", Kind::Text { min: 1, max: 3 }).optional(),
        Field::new("on", Kind::Bool).optional(),
    ],
    &[
        Field::new("outer", Kind::Object { nodes: 3 }),
        Field::new("inner", Kind::Object { nodes: 1 }).optional(),
        Field::new("small", SMALL).optional(),
        Field::new("list", Kind::Array { nodes: 1, min: 1, max: 3 }).optional(),
        Field::new("", Kind::Text { min: 0, max: 4 }),
    ],
    &[Field::new("small", SMALL), Field::new("open", Kind::Int(IntRange::OPEN))],
    &[
        Field::new("items", Kind::Array { nodes: 2, min: 1, max: 3 }),
        Field::new("", Kind::Object { nodes: 1 }),
        Field::new("small", SMALL).optional(),
        Field::new("on", Kind::Bool),
        Field::new("long", Kind::Text { min: 127, max: 200 }).optional(),
        Field::new("free", FREE).optional(),
    ],
];

/// Bytes that are nearly always some entries, and often those of a list.
fn some_bytes(next: &mut impl FnMut() -> usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut node = 0;
    for _ in 0..next() % 5 {
        node += (next() % 3).saturating_sub(1) as u8;
        bytes.extend([node, [1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7][next() % 12]]);
        match next() % 8 {
            0 => bytes.extend([next() as u8 | 0x80, next() as u8 % 5]),
            1 => bytes.extend([next() as u8 | 0x80, 0x80, 1]),
            2 => {}
            _ => bytes.push(next() as u8 % 16),
        }
        node += 1;
    }
    bytes
}

#[test]
fn the_short_ways_say_nothing_that_the_long_ones_do_not() {
    let mut random = Random::new(1);
    let mut next = move || random.bits() as usize;
    let (mut short, mut long) = (0, 0);
    for _ in 0..rounds(100_000) {
        let bytes = some_bytes(&mut next);
        for nodes in LISTS {
            let rule = |node| nodes.get(usize::from(node)).map(Rule::of);
            let walked = walk(nodes.len() as u16, rule, &bytes);
            let accepted = accepts(|at| nodes.get(usize::from(at)), &bytes);
            let integer = |node| nodes.get(usize::from(node))?.integer();
            if accepted || accepts_integers(nodes.len(), integer, &bytes) {
                assert_eq!(walked, Ok(()), "{bytes:?}");
                short += 1;
            }
            long += usize::from(walked.is_ok());
        }
        for (node, mark) in (0..8).flat_map(|node| (1..6).map(move |mark| (node, mark))) {
            if let Some(number) = given(&bytes, node, mark) {
                let mut reader = ValueReader::new(&bytes);
                let mut items = core::iter::from_fn(|| reader.item().ok());
                let found = items.find(|item| item.node == node);
                let found = found.map(|item| (item.tag, item.number));
                assert_eq!(found, Some((mark, number)), "{bytes:?}");
            }
        }
    }
    assert!(short > rounds(400) && long > short, "{short} of {long}");
}

/// Writes the nodes from `next` to `end`, nearly always as they should be. Answers whether each is
/// as short as the short ways take it.
fn write_nodes(
    nodes: &[Field<'_>],
    (mut next, end): (usize, usize),
    random: &mut Random,
    out: &mut ValueWriter<'_>,
) -> bool {
    let mut are_short = true;
    while next < end {
        let (field, node) = (&nodes[next], next as u16);
        let behind = next + 1 + field.kind.nodes();
        let may_miss = !field.required && field.required_if.is_none();
        if may_miss && random.below(3) == 0 || random.below(40) == 0 {
            next = behind;
            continue;
        }
        let near = |random: &mut Random, min: i64, max: i64| {
            // The last numbers of one byte and of two lie among these, and one of three.
            let edges = [min, max, 0, 63, -64, 64, 8_191, -8_192, 8_192];
            let number = edges[random.below(edges.len())].clamp(min, max);
            if random.below(20) == 0 { number.saturating_add(1) } else { number }
        };
        let is_small = |number: i64| (-8_192..8_192).contains(&number);
        match field.kind {
            Kind::Bool => out.bool(node, random.below(2) == 0),
            Kind::Int(range) => {
                let number = near(random, range.min, range.max);
                out.int(node, number);
                are_short &= is_small(number);
            }
            Kind::Decimal(range) => {
                let number = near(random, range.min, range.max);
                let number = number - number.checked_rem(range.step).unwrap_or_default();
                out.decimal(node, number);
                are_short &= is_small(number);
            }
            Kind::Choice(labels) => out.label(node, random.below(labels.len() / 2 + 2) as u16),
            Kind::Text { min, max } => {
                let len = usize::from([min, max][random.below(2)]);
                let text = &"a text of ASCII, ".repeat(20)[..len];
                if random.below(8) == 0 {
                    out.text(node, "\u{e9}");
                    are_short = false;
                } else {
                    out.text(node, text);
                    are_short &= len < 0x80;
                }
            }
            Kind::Object { .. } => {
                out.object(node);
                are_short &= write_nodes(nodes, (next + 1, behind), random, out);
            }
            Kind::Array { min, max, .. } => {
                let items = [min, max, max + u8::from(random.below(20) == 0)][random.below(3)];
                out.array(node, items.into());
                for _ in 0..items {
                    are_short &= write_nodes(nodes, (next + 1, behind), random, out);
                }
            }
        }
        next = behind;
    }
    are_short
}

#[test]
fn what_is_short_and_right_is_accepted_at_once() {
    let mut random = Random::new(3);
    let mut right = [0; LISTS.len()];
    for _ in 0..rounds(100_000).max(8_000) {
        let list = random.below(LISTS.len());
        let nodes = LISTS[list];
        let mut room = vec![0; 1_024];
        let mut out = ValueWriter::new(&mut room);
        let are_short = write_nodes(nodes, (0, nodes.len()), &mut random, &mut out);
        let bytes = out.bytes();
        let rule = |node| nodes.get(usize::from(node)).map(Rule::of);
        let walked = walk(nodes.len() as u16, rule, bytes);
        let accepted = accepts(|at| nodes.get(usize::from(at)), bytes);
        assert!(!accepted || walked.is_ok(), "{list}: {bytes:?}");
        if walked.is_err() || !are_short {
            continue;
        }
        right[list] += 1;
        // What hangs on another member is left to the walk.
        let hangs = nodes.iter().any(|field| field.required_if.is_some());
        assert!(accepted || hangs, "{list}: {bytes:?}");
        let integer = |node| nodes.get(usize::from(node))?.integer();
        let are_integers = nodes.iter().all(|field| matches!(field.kind, Kind::Int(_)));
        assert_eq!(accepts_integers(nodes.len(), integer, bytes), are_integers, "{bytes:?}");
        let mut reader = ValueReader::new(bytes);
        let mut is_plain = true;
        while let (true, Ok(item)) = (is_plain, reader.item()) {
            is_plain = matches!(item.tag, tag::BOOL | tag::INT | tag::DECIMAL | tag::LABEL);
            if is_plain {
                let found = given(bytes, item.node, item.tag);
                assert_eq!(found, Some(item.number), "{item:?} of {bytes:?}");
            }
        }
    }
    assert!(right.iter().all(|count| *count > 40), "{right:?}");
}

#[test]
fn nodes_with_numbers_of_two_bytes_are_left_to_the_walk() {
    let node = |_| Some(Integer { name: b"n", range: IntRange::OPEN, optional: false });
    for (count, is_short) in [(127, true), (128, true), (129, false)] {
        let mut room = vec![0; 1_024];
        let mut out = ValueWriter::new(&mut room);
        (0..count).for_each(|at| out.int(at, 5));
        assert_eq!(accepts_integers(count.into(), node, out.bytes()), is_short, "{count}");
        assert_eq!(given(out.bytes(), 127, tag::INT), (count > 127).then_some(5));
        assert_eq!(given(out.bytes(), 128, tag::INT), None);
        assert!(!accepts_integers(count.into(), node, &out.bytes()[..out.len() - 1]));
    }
}

#[test]
fn a_plain_argument_is_found_without_a_reader() {
    let nodes = [Field::new("on", Kind::Bool), Field::new("small", SMALL)];
    let tools = [Tool::new(ToolInfo::new("set", "Sets."), &nodes, &[])];
    let args = Args::new(&tools, 0, &[0, tag::BOOL, 1, 1, tag::INT, 84]);
    assert_eq!((args.plain(0, tag::BOOL), args.plain(1, tag::INT)), (Some(1), Some(42)));
    assert_eq!((args.plain(0, tag::INT), args.plain(2, tag::INT)), (None, None));
    let wrong = Args::new(&tools, 0, &[0, tag::BOOL, 2, 1, tag::LABEL, 0x80]);
    assert_eq!((wrong.plain(0, tag::BOOL), wrong.plain(1, tag::LABEL)), (None, None));
    // Labels and Booleans are passed over.
    let args = [0, tag::LABEL, 127, 1, tag::BOOL, 1, 2, tag::INT, 0x80, 1, 3, tag::DECIMAL, 3];
    assert_eq!(given(&args, 3, tag::DECIMAL), Some(-2));
    assert_eq!(given(&args, 0, tag::LABEL), Some(127));
    assert_eq!(given(&[0, tag::LABEL, 128, 1, 1, tag::INT, 2], 1, tag::INT), None);
}

#[test]
fn a_pack_accepts_short_values_at_once() {
    let mut random = Random::new(4);
    // A result has no conditions, and objects no deeper than this.
    let whole = |list| if matches!(list, 3 | 5) { 6 } else { list };
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let tools: [_; LISTS.len()] = core::array::from_fn(|at| {
        Tool::new(ToolInfo::new(names[at], "Does something."), &[], LISTS[whole(at)])
    });
    let pack = Pack::<8, 4_096>::new(&tools);
    let (mut at_once, mut right) = (0, 0);
    for _ in 0..rounds(100_000).max(8_000) {
        let list = random.below(LISTS.len());
        let nodes = LISTS[whole(list)];
        let mut room = vec![0; 1_024];
        let mut out = ValueWriter::new(&mut room);
        let are_short = write_nodes(nodes, (0, nodes.len()), &mut random, &mut out);
        let walked = pack.judge(list as u16, Side::Output, out.bytes());
        let rule = |node| nodes.get(usize::from(node)).map(Rule::of);
        assert_eq!(walked, walk(nodes.len() as u16, rule, out.bytes()), "{list}");
        // Lists that are flat, without texts, steps and conditions.
        let is_flat = |field: &Field<'_>| {
            !field.kind.is_container() && !matches!(field.kind, Kind::Text { .. })
        };
        let are_small = list != 1 && nodes.iter().all(is_flat);
        let accepted = pack.accepts_at_once(list as u16, Side::Output, out.bytes());
        assert!(!accepted || walked.is_ok(), "{list}: {:?}", out.bytes());
        assert!(accepted || !are_small || !are_short || walked.is_err(), "{:?}", out.bytes());
        (at_once, right) = (at_once + usize::from(accepted), right + usize::from(walked.is_ok()));
    }
    assert!(at_once > 500 && right > at_once, "{at_once} of {right}");
}
