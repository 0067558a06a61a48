//! Descriptors in linear memory: `trine_tool` and `trine_node`, as a 32-bit chip lays them out.
//! What each member means is in `ffi/api`; the records are those of the same tools in C.

use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, IntRange, Kind, Limits,
    Literal, NODES_MAX, Tool, ToolInfo,
};

use crate::error::{Error, Result};
use crate::memory::{Linear, Record};

/// Bytes of `trine_tool`, `trine_tool_more`, `trine_node` and `trine_wide`.
const TOOL: u32 = 36;
const MORE: u32 = 36;
const NODE: u32 = 24;
const WIDE: u32 = 32;
/// Most bytes of a description.
const TEXT_MAX: usize = 16 * 1024;
/// Most nodes, and most bytes of descriptions, labels and defaults, of all tools together: they may
/// all point to the same ones.
const NODES_ALL: usize = 32 * 1024;
const TEXTS_ALL: usize = 1 << 20;

const BOOL: u8 = 1;
const INT: u8 = 2;
const DECIMAL: u8 = 3;
const STRING: u8 = 4;
const CHOICE: u8 = 5;
const OBJECT: u8 = 6;
const ARRAY: u8 = 7;

const REQUIRED: u8 = 1;
const PRESET: u8 = 2;
const WHEN: u8 = 4;
const IS_WIDE: u8 = 8;
/// The tool flag for content.
const CONTENT: u8 = 1;

/// A tool in linear memory.
#[derive(Debug)]
pub(crate) struct Described<'m> {
    pub(crate) info: ToolInfo<'m>,
    pub(crate) params: Vec<Field<'m>>,
    pub(crate) output: Vec<Field<'m>>,
    pub(crate) entry: Entry,
}

/// The functions of a tool, as indices of the table of functions, and what they get.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) call: u32,
    pub(crate) on_read: u32,
    pub(crate) on_link_lost: u32,
    pub(crate) on_reset: u32,
    pub(crate) user_data: u32,
    /// Longest time of a call in milliseconds; 0 where it does not say.
    pub(crate) deadline_ms: u32,
}

impl Described<'_> {
    pub(crate) fn tool(&self) -> Tool<'_> {
        Tool::new(self.info, &self.params, &self.output)
    }
}

/// How much more may be read.
struct Room {
    nodes: usize,
    texts: usize,
}

/// Reads all tools.
pub(crate) fn read(memory: Linear<'_>, at: u32, count: u32) -> Result<Vec<Described<'_>>> {
    let mut room = Room { nodes: NODES_ALL, texts: TEXTS_ALL };
    memory.record(at, TOOL.saturating_mul(count), "the list of tools")?;
    (0..count)
        .map(|number| {
            let record = memory.record(at + TOOL * number, TOOL, "a tool")?;
            tool(memory, &record, &mut room).map_err(|error| match error {
                Error::Table(why) => Error::Table(format!("tool {number}: {why}")),
                other => other,
            })
        })
        .collect()
}

fn tool<'m>(memory: Linear<'m>, tool: &Record<'m>, room: &mut Room) -> Result<Described<'m>> {
    let texts = Texts { memory, at: tool.word(0) };
    let [name, title, version] = [24, 25, 26].map(|at| u32::from(tool.byte(at)));
    let more = tool.word(20);
    let more = match more {
        0 => None,
        at => Some(memory.record(at, MORE, "its `more`")?),
    };
    let wide = Wide { memory, more };
    let limits = more.map_or(Limits::default(), |more| Limits {
        deadline_ms: more.word(4),
        pending_bytes: more.half(8),
    });
    let description = texts.last(name + title + version + 3, room)?;
    let info = ToolInfo {
        name: texts.piece(0, name)?,
        title: texts.piece(name + 1, title)?,
        description,
        version: texts.piece(name + title + 2, version)?,
        annotations: Annotations(tool.byte(27)),
        consent: Consent::from_u8(tool.byte(28)),
        fail_safe: fail_safe(more.as_ref()),
        limits,
        content: tool.byte(29) & CONTENT != 0,
    };
    let mut side = |at, count: u8| nodes(memory, (tool.word(at), count), &wide, room);
    let (params, output) = (side(4, tool.byte(30))?, side(8, tool.byte(31))?);
    let function = |at| more.as_ref().map_or(0, |more| more.word(at));
    let entry = Entry {
        call: tool.word(12),
        on_read: function(32),
        on_link_lost: function(16),
        on_reset: function(20),
        user_data: tool.word(16),
        deadline_ms: limits.deadline_ms,
    };
    Ok(Described { info, params, output, entry })
}

fn fail_safe(more: Option<&Record<'_>>) -> FailSafe {
    let has = |at, bit| more.filter(|more| more.word(at) != 0).map_or(0, |_| bit);
    FailSafe(has(16, FailSafe::LINK_LOST) | has(20, FailSafe::RESET))
}

/// Texts that lie one behind the other, a zero byte after each.
struct Texts<'m> {
    memory: Linear<'m>,
    at: u32,
}

impl<'m> Texts<'m> {
    fn piece(&self, start: u32, size: u32) -> Result<&'m str> {
        if self.at == 0 {
            return Ok("");
        }
        self.memory.text(self.at.saturating_add(start), size, "a text")
    }

    /// The description, which is the last one.
    fn last(&self, start: u32, room: &mut Room) -> Result<&'m str> {
        if self.at == 0 {
            return Ok("");
        }
        let most = TEXT_MAX.min(room.texts);
        let text = self.memory.until_zero(self.at.saturating_add(start), most, "a description")?;
        room.texts -= text.len();
        Ok(text)
    }
}

/// Bounds that 32 bits do not hold.
struct Wide<'m> {
    memory: Linear<'m>,
    more: Option<Record<'m>>,
}

struct Bounds {
    min: i64,
    max: i64,
    step: i64,
    preset: i64,
}

impl Wide<'_> {
    /// The bounds of a node. A wide one without its entry allows nothing.
    fn bounds(&self, node: &Record<'_>) -> Result<Bounds> {
        let [preset, min, max] = [12, 16, 20].map(|at| node.word(at).cast_signed());
        if node.byte(9) & IS_WIDE == 0 {
            let is_decimal = node.byte(8) & 15 == DECIMAL;
            return Ok(Bounds {
                min: if min == i32::MIN { i64::MIN } else { min.into() },
                max: if max == i32::MAX { i64::MAX } else { max.into() },
                step: if is_decimal { node.half(6).into() } else { 0 },
                preset: preset.into(),
            });
        }
        let nothing = Bounds { min: 1, max: 0, step: 0, preset: 0 };
        let (Some(more), Ok(index)) = (self.more, u32::try_from(min)) else { return Ok(nothing) };
        if index >= u32::from(more.half(10)) || more.word(12) == 0 {
            return Ok(nothing);
        }
        let at = more.word(12).saturating_add(WIDE.saturating_mul(index));
        let wide = self.memory.record(at, WIDE, "wide bounds")?;
        let [min, max, step, preset] = [0, 8, 16, 24].map(|at| wide.long(at));
        Ok(Bounds { min, max, step, preset })
    }
}

fn nodes<'m>(
    memory: Linear<'m>,
    (at, count): (u32, u8),
    wide: &Wide<'_>,
    room: &mut Room,
) -> Result<Vec<Field<'m>>> {
    if at == 0 || count == 0 {
        return Ok(Vec::new());
    }
    let left = room.nodes.checked_sub(count.into()).filter(|_| usize::from(count) <= NODES_MAX);
    room.nodes = left.ok_or_else(|| {
        Error::Table(format!("too many nodes: {NODES_MAX} a side, {NODES_ALL} in all tools"))
    })?;
    memory.record(at, NODE * u32::from(count), "a list of nodes")?;
    (0..u32::from(count))
        .map(|number| {
            field(memory, &memory.record(at + NODE * number, NODE, "a node")?, wide, room)
        })
        .collect()
}

fn field<'m>(
    memory: Linear<'m>,
    node: &Record<'m>,
    wide: &Wide<'_>,
    room: &mut Room,
) -> Result<Field<'m>> {
    let texts = Texts { memory, at: node.word(0) };
    let [name, unit] = [4, 5].map(|at| u32::from(node.byte(at)));
    let (kind, flags, extent) = (node.byte(8), node.byte(9), node.half(6));
    let is_text = matches!(kind & 15, STRING | CHOICE);
    let extra = if is_text { u32::from(extent) } else { 0 };
    let labels = texts.piece(name + unit + 2, extra)?;
    room.texts = room.texts.checked_sub(labels.len()).ok_or_else(|| {
        Error::Table(format!("too long texts: {TEXTS_ALL} bytes in all tools are allowed"))
    })?;
    let bounds = wide.bounds(node)?;
    let [min, max] = [16, 20].map(|at| clamp(node.word(at).cast_signed()));
    let inner = u8::try_from(extent & 0xff).unwrap_or_default();
    let short = |count: u16| u8::try_from(count).unwrap_or(u8::MAX);
    let shape = match kind & 15 {
        BOOL => Kind::Bool,
        INT => Kind::Int(IntRange { min: bounds.min, max: bounds.max }),
        DECIMAL => {
            let Bounds { min, max, step, .. } = bounds;
            Kind::Decimal(DecimalRange { min, max, step, places: kind >> 4 })
        }
        STRING => Kind::Text { min, max },
        CHOICE => Kind::Choice(labels),
        OBJECT => Kind::Object { nodes: inner },
        ARRAY => Kind::Array { nodes: inner, min: short(min), max: short(max) },
        other => return Err(Error::Table(format!("a node is of kind {other}: 1 to 7 are known"))),
    };
    let label = |number: i64| Literal::Label(u16::try_from(number).unwrap_or(u16::MAX));
    let default = (flags & PRESET != 0).then_some(match shape {
        Kind::Bool => Literal::Bool(bounds.preset != 0),
        Kind::Choice(_) => label(bounds.preset),
        Kind::Text { .. } => Literal::Text(labels),
        _ => Literal::Number(bounds.preset),
    });
    let condition = Condition { node: node.byte(10).into(), label: node.byte(11).into() };
    Ok(Field {
        name: texts.piece(0, name)?,
        description: texts.last(name + unit + extra + 3, room)?,
        unit: texts.piece(name + 1, unit)?,
        kind: shape,
        required: flags & REQUIRED != 0,
        required_if: (flags & WHEN != 0).then_some(condition),
        default,
    })
}

/// A count of code points or items, the open ones as far up as it goes.
fn clamp(count: i32) -> u16 {
    u16::try_from(count.max(0)).unwrap_or(u16::MAX)
}
