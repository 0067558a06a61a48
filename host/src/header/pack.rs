//! A table of tools in its smallest form, which `trine_descriptor::packed` specifies and reads.

use std::collections::BTreeMap;

use trine_descriptor::packed::{self, layout};
use trine_descriptor::value::tag;
use trine_descriptor::{
    Field, Kind, Literal, Packed, Rule, Rules, Side, ToolInfo, ToolTable, check,
};
use trine_descriptor::{record, record::Encoder};

use super::pairs;
use crate::error::{Error, Result};

/// Packs a table of tools: what a device with little flash needs of it, in few bytes. `trine gen`
/// writes it into its header; a program in Rust gives it to `trine_descriptor::Packed`.
///
/// # Errors
/// When the table breaks a rule of a descriptor, has a text with a zero byte in it, or takes more
/// than 65,535 bytes.
pub fn pack<T: ToolTable + ?Sized>(table: &T) -> Result<Vec<u8>> {
    check::table(table).map_err(|error| Error::new(error.to_string()))?;
    let tools: Vec<Parts> = (0..table.count()).map(|tool| parts(table, tool)).collect();
    if tools.iter().any(|tool| tool.has_zero) {
        return Err(Error::new("a text has a zero byte in it, which ends a text in the table"));
    }
    let texts: Vec<&[u8]> = tools.iter().flat_map(|tool| &tool.texts).map(Vec::as_slice).collect();
    let bytes = written(table, &tools, &pairs::encode(&texts))
        .ok_or_else(|| Error::new("the table takes more than 65,535 bytes: split it"))?;
    let packed = Packed::new(&bytes);
    if packed.check() && list(&packed) == list(table) {
        return Ok(bytes);
    }
    Err(Error::new("the packed table is not what was packed: a fault of this program"))
}

fn list<T: Rules + ?Sized>(table: &T) -> Vec<u8> {
    let mut bytes = vec![0; table.page(0, &mut [])];
    table.page(0, &mut bytes);
    bytes
}

/// What is packed of one tool.
struct Parts {
    /// Each with the zero byte at its end.
    texts: Vec<Vec<u8>>,
    /// Limits before the texts.
    limits: Vec<u8>,
    shapes: Vec<Vec<u8>>,
    params: u8,
    hints: u8,
    marks: u8,
    has_zero: bool,
}

fn parts<T: ToolTable + ?Sized>(table: &T, tool: u16) -> Parts {
    let info = table.info(tool).unwrap_or(ToolInfo::new("", ""));
    let limited = info.limits != trine_descriptor::Limits::default();
    let marks = info.consent as u8 | info.fail_safe.0 << 2 | u8::from(info.content) << 4;
    let limits = [u64::from(info.limits.deadline_ms), info.limits.pending_bytes.into()];
    let mut parts = Parts {
        texts: Vec::new(),
        limits: if limited { varints(&limits) } else { Vec::new() },
        shapes: Vec::new(),
        params: table.node_count(tool, Side::Params) as u8,
        hints: info.annotations.0,
        marks: marks | if limited { layout::LIMITS } else { 0 },
        has_zero: false,
    };
    for text in [info.name, info.title, info.description, info.version] {
        parts.text(text);
    }
    for side in [Side::Params, Side::Output] {
        for node in 0..table.node_count(tool, side) {
            if let Some(field) = table.node(tool, side, node) {
                parts.node(&field);
            }
        }
    }
    parts
}

fn varints(numbers: &[u64]) -> Vec<u8> {
    let mut room = [0; 64];
    let mut out = Encoder::window(&mut room, 0);
    numbers.iter().for_each(|&number| out.number(number));
    let len = out.len();
    room[..len].to_vec()
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

impl Parts {
    fn text(&mut self, text: &str) {
        self.has_zero |= text.contains('\0');
        self.texts.push([text.as_bytes(), &[0]].concat());
    }

    fn node(&mut self, field: &Field<'_>) {
        let rule = Rule::of(field);
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let mark = flag(field.required, 1)
            | flag(field.default.is_some(), layout::DEFAULT)
            | flag(field.required_if.is_some(), layout::CONDITION)
            | rule.tag << 3
            | flag(!field.description.is_empty(), layout::DESCRIBED)
            | flag(!field.unit.is_empty(), layout::UNIT);
        self.text(field.name);
        for text in [field.description, field.unit] {
            if !text.is_empty() {
                self.text(text);
            }
        }
        let bounds = match field.kind {
            Kind::Bool => vec![],
            Kind::Int(range) => vec![zigzag(range.min), zigzag(range.max)],
            Kind::Decimal(range) => {
                let [min, max, step] = [range.min, range.max, range.step].map(zigzag);
                vec![min, max, step, range.places.into()]
            }
            Kind::Text { min, max } => vec![min.into(), max.into()],
            Kind::Choice(labels) => {
                self.text(labels);
                vec![rule.max.cast_unsigned()]
            }
            Kind::Object { nodes } => vec![nodes.into()],
            Kind::Array { nodes, min, max } => {
                // The greatest number of the rule, whose lower byte is that of the record.
                let max = if max == u8::MAX { i64::MAX.cast_unsigned() } else { max.into() };
                vec![nodes.into(), min.into(), max]
            }
            _ => vec![],
        };
        let bounds: Vec<u64> = bounds.into_iter().map(|bound| bound.wrapping_add(2)).collect();
        let mut shape = vec![mark];
        shape.extend(varints(&bounds));
        match field.default {
            None => {}
            Some(Literal::Bool(value)) => shape.push(value.into()),
            Some(Literal::Number(value)) => shape.extend(varints(&[zigzag(value)])),
            Some(Literal::Label(label)) => shape.extend(varints(&[label.into()])),
            Some(Literal::Text(text)) => {
                shape.extend(varints(&[text.len() as u64]));
                shape.extend(text.as_bytes());
            }
        }
        if let Some(condition) = field.required_if {
            shape.extend(varints(&[condition.node.into(), condition.label.into()]));
        }
        self.shapes.push(shape);
    }
}

const _: () = assert!(layout::bounds(tag::DECIMAL) == 4 && layout::bounds(tag::BOOL) == 0);

/// The shapes of all nodes side by side, and where each starts. One that lies in another is found
/// there.
fn pool(tools: &[Parts]) -> (Vec<u8>, BTreeMap<&[u8], usize>) {
    let mut all: Vec<&[u8]> =
        tools.iter().flat_map(|tool| &tool.shapes).map(Vec::as_slice).collect();
    all.sort_by_key(|shape| (std::cmp::Reverse(shape.len()), *shape));
    all.dedup();
    let (mut bytes, mut places) = (Vec::new(), BTreeMap::new());
    for shape in all {
        let found = bytes.windows(shape.len()).position(|window| window == shape);
        let place = found.unwrap_or_else(|| {
            // Its first bytes may be the last ones there.
            let shared = (1..shape.len()).rev().find(|&len| bytes.ends_with(&shape[..len]));
            let shared = shared.unwrap_or(0);
            bytes.extend(&shape[shared..]);
            bytes.len() - shape.len()
        });
        places.insert(shape, place);
    }
    (bytes, places)
}

/// All parts in their places; none where an offset is too large.
fn written<T: ToolTable + ?Sized>(
    table: &T,
    tools: &[Parts],
    texts: &pairs::Encoded,
) -> Option<Vec<u8>> {
    let short = |number: usize| u16::try_from(number).ok().map(u16::to_le_bytes);
    let (shapes, places) = pool(tools);
    let wide = shapes.len() > 256;
    let count: usize = tools.iter().map(|tool| tool.shapes.len()).sum();
    let rows = layout::HEAD + 2 * texts.pairs.len();
    let nodes = rows + layout::ROW * tools.len();
    let shapes_at = nodes + count * (1 + usize::from(wide));
    let mut at = (nodes, shapes_at + shapes.len());
    let (mut all_rows, mut all_nodes, mut all_texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut strings = texts.strings.iter();
    for (number, tool) in (0..).zip(tools) {
        let mut size = Encoder::window(&mut [], 0);
        record_of(table, number, &mut size);
        all_rows.extend(Rules::check(table, number).to_le_bytes());
        for offset in [size.len(), at.1, at.0] {
            all_rows.extend(short(offset)?);
        }
        let output = (tool.shapes.len() - usize::from(tool.params)) as u8;
        all_rows.extend([tool.hints, tool.marks, tool.params, output]);
        for shape in &tool.shapes {
            let place = short(*places.get(shape.as_slice())?)?;
            all_nodes.extend(&place[..1 + usize::from(wide)]);
        }
        all_texts.extend(&tool.limits);
        all_texts.extend(strings.by_ref().take(tool.texts.len()).flatten());
        at.0 = nodes + all_nodes.len();
        at.1 = shapes_at + shapes.len() + all_texts.len();
    }
    let mut bytes = vec![0; 4];
    bytes.extend([layout::FORMAT, texts.first, texts.pairs.len() as u8, wide.into()]);
    for offset in [at.1, tools.len(), rows, shapes_at] {
        bytes.extend(short(offset)?);
    }
    bytes.extend(record::table_hash(table).to_le_bytes());
    bytes.extend(texts.pairs.iter().flatten());
    bytes.extend(all_rows.into_iter().chain(all_nodes).chain(shapes).chain(all_texts));
    let sum = packed::sum(&bytes[4..]).to_le_bytes();
    bytes[..4].copy_from_slice(&sum);
    Some(bytes)
}

fn record_of<T: ToolTable + ?Sized>(table: &T, tool: u16, out: &mut Encoder<'_>) {
    let Some(info) = table.info(tool) else { return };
    out.info(&info);
    for side in [Side::Params, Side::Output] {
        let count = table.node_count(tool, side);
        out.number(count.into());
        (0..count)
            .filter_map(|node| table.node(tool, side, node))
            .for_each(|field| out.node(&field));
    }
}
