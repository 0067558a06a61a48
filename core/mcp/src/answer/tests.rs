//! The quick writer beside the general one: whatever the first takes, the second writes alike.

use std::string::String;
use std::vec;
use std::vec::Vec;

use trine_bits::{Random, rounds};
use trine_descriptor::value::tag;
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ToolTable, ValueWriter,
    validate,
};

use super::write;
use crate::json::JsonWriter;
use crate::result::{self, End};
use crate::{Id, McpEngine, Outcome, ServerInfo, Single, Version};

const SMALL: Kind<'static> = Kind::Int(IntRange { min: -3, max: 100 });
const WIDE: Kind<'static> = Kind::Int(IntRange::OPEN);
const DECIMAL: Kind<'static> =
    Kind::Decimal(DecimalRange { min: -50, max: 350, step: 5, places: 1 });

static TOOLS: [Tool<'static>; 4] = [
    Tool::new(ToolInfo::new("nothing", "Nothing."), &[], &[]),
    Tool::new(
        ToolInfo::new("flat", "Answers one of each."),
        &[],
        &[
            Field::new("sum", WIDE),
            Field::new("a_name_longer_than_two_words", Kind::Bool).optional(),
            Field::new("t", DECIMAL).optional(),
            Field::new("text", Kind::Text { min: 0, max: 99 }).optional(),
            Field::new("choice", Kind::Choice("heat|off|")).optional(),
        ],
    ),
    Tool::new(
        ToolInfo::new("deep", "Answers an object."),
        &[],
        &[
            Field::new("o", Kind::Object { nodes: 1 }),
            Field::new("y", SMALL),
            Field::new("list", Kind::Array { nodes: 1, min: 0, max: 3 }).optional(),
            Field::new("", SMALL),
        ],
    ),
    Tool::new(
        ToolInfo::new("odd", "Has names that need escapes."),
        &[],
        &[Field::new("q\"", SMALL), Field::new("tab\t", SMALL).optional()],
    ),
];

const LARGE: Kind<'static> = Kind::Int(IntRange { min: -55, max: 1_000_000 });
const WHEN: Condition = Condition { node: 0, label: 0 };
const TEXT: Kind<'static> = Kind::Text { min: 1, max: 3 };
/// Tools whose results have every rule that there is.
static RULES: [Tool<'static>; 5] = [
    rules(&[
        Field::new("on", Kind::Bool),
        Field::new("which", Kind::Choice("a|b|c")).optional(),
        Field::new("small", SMALL).optional(),
        Field::new("t", DECIMAL).optional(),
        Field::new("large", LARGE).optional(),
    ]),
    rules(&[
        Field::new("inner", Kind::Object { nodes: 1 }).optional(),
        Field::new("member", SMALL),
        Field::new("items", Kind::Array { nodes: 1, min: 1, max: 3 }),
        Field::new("", SMALL),
    ]),
    rules(&[
        Field::new("which", Kind::Choice("a|b")),
        Field::new("on", Kind::Bool).required_when(WHEN),
        Field::new("text", TEXT).optional(),
    ]),
    rules(&[
        Field::new("list", Kind::Array { nodes: 3, min: 0, max: 2 }).optional(),
        Field::new("", Kind::Object { nodes: 2 }),
        Field::new("small", SMALL),
        Field::new("text", TEXT).optional(),
        Field::new("on", Kind::Bool).optional(),
    ]),
    rules(&[
        Field::new("lists", Kind::Array { nodes: 2, min: 0, max: 2 }).optional(),
        Field::new("", Kind::Array { nodes: 1, min: 1, max: 2 }),
        Field::new("", SMALL),
        Field::new("small", SMALL).optional(),
    ]),
];

/// The one that has a member which hangs on another.
const HANGS: usize = 2;

const fn rules(output: &'static [Field<'static>]) -> Tool<'static> {
    Tool::new(ToolInfo::new("rules", "Has rules."), &[], output)
}

/// The tools as a table whose nodes lie nowhere in memory.
struct Unseen;

impl ToolTable for Unseen {
    fn count(&self) -> u16 {
        TOOLS.count()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        TOOLS.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        TOOLS.node_count(tool, side)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        TOOLS.node(tool, side, node)
    }
}

/// Room that is enough for every answer.
const ROOM: usize = 1024;

fn of<T: Copy>(random: &mut Random, list: &[T]) -> T {
    list[random.below(list.len())]
}

/// Entries that are mostly those of the table, in their order.
fn entries(random: &mut Random, out: &mut [u8]) -> usize {
    let mut writer = ValueWriter::new(out);
    let numbers = [0, 5, 9, 10, 17, 99, 100, 4095, 4096, -1, -64, -65, -8192, -8193, i64::MIN];
    let texts = ["", "plain", "a \"b\"", "back\\slash", "two\nlines", "longer than two words", "é"];
    for node in 0..5 {
        let fits = random.below(12) > 0;
        match node {
            _ if random.below(3) == 0 => {}
            0 if fits => writer.int(0, of(random, &numbers)),
            1 if fits => writer.bool(1, random.below(2) == 0),
            2 if fits => writer.decimal(2, of(random, &numbers)),
            3 if fits => writer.text(3, of(random, &texts)),
            4 if fits => writer.label(4, random.below(4) as u16),
            _ => match random.below(4) {
                0 => writer.object(0),
                1 => writer.array(2, 1),
                _ => writer.int(random.below(7) as u16, 3),
            },
        }
    }
    let len = writer.len();
    if len > 0 && random.below(10) == 0 {
        out[random.below(len)] = random.bits() as u8;
    }
    len
}

// A microcontroller writes every answer the general way.
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
#[test]
fn the_quick_writer_writes_as_the_general_one_does() {
    let mut random = Random::new(2);
    let (mut taken, mut left) = (0, 0);
    for _ in 0..rounds(60_000) {
        let title = of(&mut random, &["", "Greenhouse", "A title that is longer than words"]);
        let name = of(&mut random, &["greenhouse", "g", "a\"b", "a name longer than words"]);
        let server = ServerInfo { name, title, version: "0.1.0", instructions: "" };
        let ids = [&b"7"[..], b"1234567", b"\"a longer id, a string\"", b"\"\\u0041\""];
        let id = Id::from_raw(of(&mut random, &ids)).unwrap();
        let versions = [Version::V2026_07_28, Version::V2025_06_18, Version::V2025_03_26];
        let version = of(&mut random, &versions);
        let tool = of(&mut random, &[0, 1, 1, 1, 1, 2, 3]);
        let mut bytes = [0; 96];
        let len = entries(&mut random, &mut bytes);
        let len = if tool == 0 && random.below(4) > 0 { 0 } else { len };
        let room = ROOM - random.below(2) * random.below(ROOM);
        let (catalog, unseen) = (Single::new(server, &TOOLS), Single::new(server, &Unseen));
        let [mut quick, mut third, mut slow] = [vec![0; ROOM], vec![0; ROOM], vec![0; ROOM]];
        let written = write(id, version, (&catalog, tool), &bytes[..len], &mut quick[..room]);
        let again = write(id, version, (&unseen, tool), &bytes[..len], &mut third[..room]);
        assert_eq!(written, again);
        let Some(written) = written else {
            left += 1;
            continue;
        };
        taken += 1;
        let mut out = JsonWriter::new(&mut slow[..room]);
        let outcome = Outcome::Value(&bytes[..len]);
        result::write(id, version, (&catalog, tool), End::Outcome(outcome), &mut out);
        let expected = out.finish().unwrap();
        let [quick, third] = [&quick, &third].map(|it| String::from_utf8_lossy(&it[..written]));
        assert_eq!(quick, String::from_utf8_lossy(&slow[..expected]));
        assert_eq!(quick, third);
    }
    assert!(taken > rounds(5_000) && left > rounds(5_000), "{taken} taken, {left} left");
}

/// Values of some nodes, mostly right.
fn fill(random: &mut Random, nodes: &[Field<'_>], mut node: usize, end: usize, out: &mut Vec<u8>) {
    while node < end {
        let field = &nodes[node];
        if field.required && random.below(20) > 0 || random.below(2) == 0 {
            one(random, nodes, node, out);
        }
        node += 1 + field.kind.nodes();
    }
}

/// A value of one node.
fn one(random: &mut Random, nodes: &[Field<'_>], node: usize, out: &mut Vec<u8>) {
    // At bounds and one past them, in one byte, in two and in more.
    const NUMBERS: [i64; 14] =
        [0, 5, 7, -3, -4, -50, -55, 100, 101, 350, 355, 1_000_000, 1_000_001, i64::MIN];
    let number = if random.below(3) == 0 { of(random, &NUMBERS) } else { of(random, &[0, 5]) };
    let mut room = [0; 16];
    let mut number_of = ValueWriter::new(&mut room);
    match nodes[node].kind {
        Kind::Int(_) => {
            number_of.int(node as u16, number);
            return out.extend(number_of.bytes());
        }
        Kind::Decimal(_) => {
            number_of.decimal(node as u16, number);
            return out.extend(number_of.bytes());
        }
        _ => out.push(node as u8),
    }
    match nodes[node].kind {
        Kind::Bool => out.extend([tag::BOOL, random.below(2) as u8]),
        Kind::Choice(_) => out.extend([tag::LABEL, random.below(3) as u8]),
        Kind::Object { nodes: inside } => {
            out.push(tag::OBJECT);
            fill(random, nodes, node + 1, node + 1 + usize::from(inside), out);
        }
        Kind::Array { .. } => {
            let items = random.below(4);
            out.extend([tag::ARRAY, items as u8]);
            (0..items).for_each(|_| one(random, nodes, node + 1, out));
        }
        _ => {
            let text = &b"tea!"[..random.below(5)];
            out.extend([tag::TEXT, text.len() as u8]);
            out.extend(text);
        }
    }
}

/// Values of a tool, and whether they have a change that is often wrong, as every other one has.
fn some_bytes(random: &mut Random, tool: usize) -> (Vec<u8>, bool) {
    let (mut bytes, nodes) = (vec![], RULES[tool].output);
    fill(random, nodes, 0, nodes.len(), &mut bytes);
    let is_changed = !bytes.is_empty() && random.below(2) == 0;
    if is_changed {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => drop(bytes.remove(at)),
            1 => bytes.extend_from_within(at..),
            2 => bytes.extend([random.below(5) as u8, tag::INT, 2]),
            _ => bytes[at] = if random.below(2) == 0 { random.bits() as u8 } else { 1 },
        }
    }
    (bytes, is_changed)
}

#[cfg(all(target_pointer_width = "64", not(trine_small)))]
#[test]
fn what_is_written_at_once_keeps_every_rule_and_the_rest_is_judged_first() {
    let mut random = Random::new(5);
    let server = ServerInfo { name: "greenhouse", title: "", version: "0.1.0", instructions: "" };
    let catalog = Single::new(server, &RULES);
    let engine = McpEngine::new(&catalog);
    let (id, version) = (Id::from_raw(b"7").unwrap(), Version::V2026_07_28);
    let (mut right, mut quick, mut wrong) = ([0; RULES.len()], [0; RULES.len()], 0);
    for _ in 0..rounds(100_000) {
        let tool = random.below(RULES.len());
        let (bytes, is_changed) = some_bytes(&mut random, tool);
        let judged = validate(&RULES, tool as u16, Side::Output, &bytes);
        let [mut one, mut two, mut three] = [vec![0; ROOM], vec![0; ROOM], vec![0; ROOM]];
        let written = write(id, version, (&catalog, tool as u16), &bytes, &mut one);
        assert!(written.is_none() || judged.is_ok(), "{tool}: {bytes:?}");
        // The general way is left what hangs on another member, and texts that need escapes.
        let is_left = judged.is_err() || tool == HANGS || is_changed;
        assert!(written.is_some() || is_left, "{tool}: {bytes:?}");
        right[tool] += usize::from(judged.is_ok());
        quick[tool] += usize::from(written.is_some());
        wrong += usize::from(judged.is_err());
        let outcome = judged.map_or_else(Outcome::BadResult, |()| Outcome::Value(&bytes));
        let len = engine.finish_value(id, version, tool as u16, &bytes, &mut two).unwrap();
        // The general writer by itself: the engine would take the short way here too.
        let mut out = JsonWriter::new(&mut three);
        result::write(id, version, (&catalog, tool as u16), End::Outcome(outcome), &mut out);
        let same = out.finish().unwrap();
        assert_eq!(String::from_utf8_lossy(&two[..len]), String::from_utf8_lossy(&three[..same]));
    }
    let is_tried = |(quick, right): (&usize, usize)| right > rounds(2_000) && 4 * *quick > right;
    assert!(
        quick.iter().zip(right).all(is_tried) && wrong > rounds(20_000),
        "{quick:?} {right:?} {wrong}"
    );
}
