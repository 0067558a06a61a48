//! A table of tools in its smallest form, which `trine_descriptor::packed` specifies and reads.

use std::collections::BTreeMap;

use trine_bits::varint::{self, zigzag};
use trine_descriptor::packed::{self, layout};
use trine_descriptor::value::tag;
use trine_descriptor::{Head, Literal, Packed, Rule, Rules, Side, ToolTable, ValueWriter, check};

use super::error::{HeaderError, Result};
use super::pairs;

/// Packs a table of tools: what a device with little flash needs of it, in few bytes. `trine gen`
/// writes it into its header; a program in Rust gives it to `trine_descriptor::Packed`.
///
/// # Errors
/// When the table breaks a rule of a descriptor, or takes more than 65,535 bytes.
pub fn pack<T: ToolTable + ?Sized>(table: &T) -> Result<Vec<u8>> {
    check::table(table)?;
    let tools: Vec<Parts> = (0..table.count()).map(|tool| parts(table, tool)).collect();
    let list = list(table);
    let chunks: Vec<&[u8]> = list.chunks(layout::CHUNK).collect();
    let bytes = written(table, &tools, &pairs::encode(&chunks)).ok_or(HeaderError::TooLong)?;
    let packed = Packed::new(&bytes);
    if packed.check() && self::list(&packed) == list {
        return Ok(bytes);
    }
    Err(HeaderError::Packed)
}

fn list<T: Rules + ?Sized>(table: &T) -> Vec<u8> {
    let mut bytes = vec![0; table.page(0, &mut [])];
    table.page(0, &mut bytes);
    bytes
}

/// What is packed of one tool, beside its place in the list.
struct Parts {
    /// Check word, counts, hints and marks.
    block: Vec<u8>,
    rules: Vec<Vec<u8>>,
    entries: Vec<u8>,
}

fn parts<T: ToolTable + ?Sized>(table: &T, tool: u16) -> Parts {
    let Head { annotations, consent, fail_safe, content, limits } =
        table.head(tool).unwrap_or_default();
    let [params, output] =
        [Side::Params, Side::Output].map(|side| table.node_count(tool, side) as u8);
    let marks = consent as u8 | fail_safe.0 << 2 | u8::from(content) << 4;
    let mut block = Rules::check(table, tool).to_le_bytes().to_vec();
    block.extend([params, output, annotations.0, marks]);
    let mut room = vec![0; usize::from(u16::MAX)];
    let mut entries = ValueWriter::new(&mut room);
    let mut rules = Vec::new();
    for side in [Side::Params, Side::Output] {
        for node in 0..table.node_count(tool, side) {
            let Some(field) = table.node(tool, side, node) else { continue };
            let rule = Rule::of(&field);
            if let (Some(default), Side::Params) = (field.default, side) {
                write_default(&mut entries, (node, rule.tag), default);
            }
            rules.push(bytes_of(&rule));
        }
    }
    for (node, limit) in [
        (layout::DEADLINE, limits.deadline_ms.into()),
        (layout::PENDING, limits.pending_bytes.into()),
    ] {
        if limit != 0 {
            entries.int(node, limit);
        }
    }
    let entries = entries.bytes().to_vec();
    Parts { block, rules, entries }
}

fn write_default(out: &mut ValueWriter<'_>, (node, tag): (u16, u8), default: Literal<'_>) {
    match default {
        Literal::Bool(value) => out.bool(node, value),
        Literal::Number(value) if tag == tag::DECIMAL => out.decimal(node, value),
        Literal::Number(value) => out.int(node, value),
        Literal::Text(text) => out.text(node, text),
        Literal::Label(label) => out.label(node, label),
    }
}

/// A rule as it is written.
fn bytes_of(rule: &Rule) -> Vec<u8> {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    let has_step = rule.step > 1;
    let mark = rule.tag
        | flag(rule.required, layout::REQUIRED)
        | flag(rule.required_if.is_some(), layout::CONDITION)
        | flag(has_step, layout::STEP);
    let mut numbers = vec![mark.into()];
    if rule.tag >= tag::OBJECT {
        numbers.push(rule.nodes.into());
    }
    if let Some(condition) = rule.required_if {
        numbers.extend([u64::from(condition.node), condition.label.into()]);
    }
    numbers.extend([rule.min, rule.max].map(|bound| zigzag(bound).wrapping_add(2)));
    if has_step {
        numbers.push(rule.step);
    }
    let mut bytes = Vec::new();
    numbers.into_iter().for_each(|number| varint::encode(number, |byte| bytes.push(byte)));
    bytes
}

/// The rules of all nodes side by side, and where each starts. One that lies in another is found
/// there.
struct Pool<'p> {
    bytes: Vec<u8>,
    places: BTreeMap<&'p [u8], usize>,
    /// What places are multiples of, to fit into a byte.
    factor: u8,
}

impl<'p> Pool<'p> {
    fn new(tools: &'p [Parts]) -> Option<Self> {
        let mut all: Vec<&[u8]> =
            tools.iter().flat_map(|tool| &tool.rules).map(Vec::as_slice).collect();
        all.sort_by_key(|rule| (std::cmp::Reverse(rule.len()), *rule));
        all.dedup();
        let factors = (0..8).map(|power| 1 << power);
        factors
            .map(|factor| Self::of(&all, factor))
            .find(|pool| pool.places.keys().all(|rule| pool.number(rule).is_some()))
    }

    fn of(rules: &[&'p [u8]], factor: u8) -> Self {
        let step = factor.into();
        let (mut bytes, mut places) = (Vec::<u8>::new(), BTreeMap::new());
        for rule in rules {
            let starts = (0..bytes.len()).step_by(step);
            // Its first bytes may be the last ones there.
            let fits = |&at: &usize| bytes[at..].iter().zip(*rule).all(|(a, b)| a == b);
            let place = starts.into_iter().find(fits).unwrap_or(bytes.len().next_multiple_of(step));
            bytes.resize(bytes.len().max(place), 0);
            let known = bytes.len() - place;
            bytes.extend(rule.iter().skip(known));
            places.insert(*rule, place);
        }
        Self { bytes, places, factor }
    }

    /// The byte of a node with this rule; none where it does not fit.
    fn number(&self, rule: &[u8]) -> Option<u8> {
        u8::try_from(self.places.get(rule)? / usize::from(self.factor)).ok()
    }
}

/// All parts in their places; none where one is too far from the start.
fn written<T: ToolTable + ?Sized>(
    table: &T,
    tools: &[Parts],
    list: &pairs::Encoded,
) -> Option<Vec<u8>> {
    let short = |number: usize| u16::try_from(number).ok().map(u16::to_le_bytes);
    let pool = Pool::new(tools)?;
    let blocks_at = layout::HEAD + 2 * (tools.len() + 1);
    let (mut places, mut blocks) = (Vec::new(), Vec::new());
    for tool in tools {
        places.extend(short(blocks_at + blocks.len())?);
        blocks.extend(&tool.block);
        for rule in &tool.rules {
            blocks.push(pool.number(rule)?);
        }
        blocks.extend(&tool.entries);
    }
    places.extend(short(blocks_at + blocks.len())?);
    let rules_at = blocks_at + blocks.len();
    let starts_at = rules_at + pool.bytes.len();
    let literals_at = starts_at + 2 * list.strings.len();
    let mut at = literals_at + list.literals.len() + 2 * list.pairs.len();
    let mut starts = Vec::new();
    for string in &list.strings {
        starts.extend(short(at)?);
        at += string.len();
    }
    let mut bytes = vec![0; 4];
    bytes.extend([layout::FORMAT, pool.factor]);
    bytes.extend(short(at)?);
    bytes.extend(table.list_hash().to_le_bytes());
    bytes.extend(u32::try_from(table.page(0, &mut [])).ok()?.to_le_bytes());
    for place in [tools.len(), rules_at, starts_at, literals_at] {
        bytes.extend(short(place)?);
    }
    bytes.push(list.literals.len() as u8);
    bytes.extend(places.into_iter().chain(blocks).chain(pool.bytes).chain(starts));
    bytes.extend(&list.literals);
    bytes.extend(list.pairs.iter().flatten().chain(list.strings.iter().flatten()));
    let sum = packed::sum(&bytes[4..]).to_le_bytes();
    bytes[..4].copy_from_slice(&sum);
    Some(bytes)
}
