//! C descriptors as a [`ToolTable`]. The library of language models reads them by this file too.

use core::ffi::c_char;

use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, Head, IntRange, Kind, Limits,
    Literal, Side, ToolInfo, ToolTable,
};

use crate::descriptor::{
    TRINE_KIND_ARRAY, TRINE_KIND_BOOL, TRINE_KIND_CHOICE, TRINE_KIND_DECIMAL, TRINE_KIND_INT,
    TRINE_KIND_OBJECT, TRINE_KIND_STRING, TRINE_NODE_PRESET, TRINE_NODE_REQUIRED, TRINE_NODE_WHEN,
    TRINE_NODE_WIDE, TRINE_TOOL_CONTENT, trine_node, trine_tool, trine_tool_more, trine_wide,
};

/// Tools described in C, whose addresses and sizes the C program vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CNodes<'c> {
    pub(crate) tools: &'c [trine_tool],
}

/// The kind of a node without its places.
pub(crate) const KIND: u8 = 15;

impl<'c> CNodes<'c> {
    /// # Safety
    /// All that the tools point to is constant and lives as long as `'c`: the texts are as long as
    /// their sizes say and end with a zero byte, the arrays of nodes and of wide bounds have as
    /// many entries as their counts say.
    pub(crate) const unsafe fn new(tools: &'c [trine_tool]) -> Self {
        Self { tools }
    }

    pub(crate) fn tool(&self, tool: u16) -> Option<&'c trine_tool> {
        self.tools.get(usize::from(tool))
    }

    pub(crate) fn entries(&self, tool: u16, side: Side) -> &'c [trine_node] {
        let Some(tool) = self.tool(tool) else { return &[] };
        let (nodes, count) = match side {
            Side::Params => (tool.params, tool.params_count),
            Side::Output => (tool.results, tool.results_count),
        };
        if nodes.is_null() {
            return &[];
        }
        // SAFETY: the promise of `new`.
        unsafe { core::slice::from_raw_parts(nodes, usize::from(count)) }
    }

    pub(crate) fn entry(&self, tool: u16, side: Side, node: u16) -> Option<&'c trine_node> {
        self.entries(tool, side).get(usize::from(node))
    }

    /// The description of a node.
    #[inline(always)]
    pub(crate) fn described(&self, tool: u16, side: Side, number: u16) -> Option<&'c str> {
        let node = self.entry(tool, side, number)?;
        let start = extra_start(node) + extra(node).len() + 1;
        // SAFETY: the promise of `new`.
        Some(utf8(unsafe { tail(node.texts, start) }))
    }

    fn wide(&self, tool: u16, node: &trine_node) -> Option<&'c trine_wide> {
        let more = more(self.tool(tool)?)?;
        let index = usize::try_from(node.min).ok()?;
        if more.wide.is_null() || index >= usize::from(more.wide_count) {
            return None;
        }
        // SAFETY: the promise of `new`; the index is below the count.
        let entry = unsafe { more.wide.add(index) };
        // SAFETY: as above.
        Some(unsafe { &*entry })
    }

    /// The bounds of a number and its step. A wide node without its entry allows nothing.
    pub(crate) fn range(&self, tool: u16, node: &trine_node) -> (i64, i64, i64) {
        if node.flags & TRINE_NODE_WIDE == 0 {
            let step = if node.kind & KIND == TRINE_KIND_DECIMAL { node.extent.into() } else { 0 };
            return (open_below(node.min), open_above(node.max), step);
        }
        self.wide(tool, node).map_or((1, 0, 0), |wide| (wide.min, wide.max, wide.step))
    }

    pub(crate) fn preset(&self, tool: u16, node: &trine_node) -> i64 {
        if node.flags & TRINE_NODE_WIDE == 0 {
            return node.preset.into();
        }
        self.wide(tool, node).map_or(0, |wide| wide.preset)
    }
}

/// What few tools have, if this one has it.
pub(crate) fn more(tool: &trine_tool) -> Option<&trine_tool_more> {
    // SAFETY: the promise of `CNodes::new`.
    unsafe { tool.more.as_ref() }
}

/// `size` bytes from `start` on.
///
/// # Safety
/// The texts have as many bytes, unless they are NULL.
pub(crate) unsafe fn piece<'c>(texts: *const c_char, start: usize, size: usize) -> &'c [u8] {
    if texts.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    let first = unsafe { texts.add(start) };
    // SAFETY: as above.
    unsafe { core::slice::from_raw_parts(first.cast(), size) }
}

/// The text from `start` on, up to its zero byte.
///
/// # Safety
/// The texts have as many bytes and a zero byte behind them, unless they are NULL.
pub(crate) unsafe fn tail<'c>(texts: *const c_char, start: usize) -> &'c [u8] {
    if texts.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    let first = unsafe { texts.add(start) };
    let mut size = 0;
    loop {
        // SAFETY: all bytes up to the zero byte belong to the text.
        let byte = unsafe { first.add(size) };
        // SAFETY: as above.
        if unsafe { byte.read() } == 0 {
            break;
        }
        size += 1;
    }
    // SAFETY: as above.
    unsafe { core::slice::from_raw_parts(first.cast(), size) }
}

/// A text of a descriptor; one that is not UTF-8 is empty, which the check of the table finds.
/// Names and units are short and nearly always ASCII, which is found in no time.
pub(crate) fn utf8(bytes: &[u8]) -> &str {
    if bytes.iter().fold(0, |all, &byte| all | byte) < 0x80 {
        // SAFETY: ASCII is UTF-8.
        return unsafe { core::str::from_utf8_unchecked(bytes) };
    }
    core::str::from_utf8(bytes).unwrap_or_default()
}

/// How many of the following nodes belong to a node.
pub(crate) const fn inner(node: &trine_node) -> u8 {
    match node.kind & KIND {
        TRINE_KIND_OBJECT | TRINE_KIND_ARRAY => node.extent as u8,
        _ => 0,
    }
}

const fn open_below(min: i32) -> i64 {
    if min == i32::MIN { i64::MIN } else { min as i64 }
}

const fn open_above(max: i32) -> i64 {
    if max == i32::MAX { i64::MAX } else { max as i64 }
}

/// Where the labels, or the default of a text, start.
pub(crate) fn extra_start(node: &trine_node) -> usize {
    usize::from(node.name_size) + usize::from(node.unit_size) + 2
}

/// The labels of a choice, or the default of a text.
pub(crate) fn extra(node: &trine_node) -> &[u8] {
    match node.kind & KIND {
        TRINE_KIND_CHOICE | TRINE_KIND_STRING => {
            // SAFETY: the promise of `CNodes::new`.
            unsafe { piece(node.texts, extra_start(node), node.extent.into()) }
        }
        _ => &[],
    }
}

pub(crate) const fn condition(node: &trine_node) -> Option<Condition> {
    if node.flags & TRINE_NODE_WHEN == 0 {
        return None;
    }
    Some(Condition { node: node.when_node as u16, label: node.when_label as u16 })
}

fn fail_safe(tool: &trine_tool) -> FailSafe {
    let Some(more) = more(tool) else { return FailSafe(0) };
    let lost = if more.on_link_lost.is_some() { FailSafe::LINK_LOST } else { 0 };
    let reset = if more.on_reset.is_some() { FailSafe::RESET } else { 0 };
    FailSafe(lost | reset)
}

pub(crate) fn head(tool: &trine_tool) -> Head {
    let limits = more(tool).map_or(Limits::default(), |more| Limits {
        deadline_ms: more.deadline_ms,
        pending_bytes: more.pending_bytes,
    });
    Head {
        annotations: Annotations(tool.hints),
        consent: Consent::from_u8(tool.consent),
        fail_safe: fail_safe(tool),
        content: tool.flags & TRINE_TOOL_CONTENT != 0,
        limits,
    }
}

impl ToolTable for CNodes<'_> {
    #[inline(always)]
    fn count(&self) -> u16 {
        self.tools.len() as u16
    }

    #[inline(always)]
    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.about(tool)
    }

    #[inline(always)]
    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.entries(tool, side).len() as u16
    }

    fn node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.whole(tool, side, number)
    }

    #[inline(always)]
    fn bare_node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.bare(tool, side, number)
    }
}

impl<'c> CNodes<'c> {
    /// What is said of a tool.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    #[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
    pub(crate) fn about(&self, tool: u16) -> Option<ToolInfo<'c>> {
        let tool = self.tool(tool)?;
        let head = head(tool);
        let title = usize::from(tool.name_size) + 1;
        let version = title + usize::from(tool.title_size) + 1;
        let description = version + usize::from(tool.version_size) + 1;
        // SAFETY: the promise of `CNodes::new`.
        let text = |start, size: u8| utf8(unsafe { piece(tool.texts, start, size.into()) });
        Some(ToolInfo {
            name: text(0, tool.name_size),
            title: text(title, tool.title_size),
            // SAFETY: the promise of `CNodes::new`.
            description: utf8(unsafe { tail(tool.texts, description) }),
            version: text(version, tool.version_size),
            annotations: head.annotations,
            consent: head.consent,
            fail_safe: head.fail_safe,
            limits: head.limits,
            content: head.content,
        })
    }

    /// A node with its description.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    #[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
    pub(crate) fn whole(&self, tool: u16, side: Side, number: u16) -> Option<Field<'c>> {
        let description = self.described(tool, side, number)?;
        Some(Field { description, ..self.bare(tool, side, number)? })
    }

    /// A node without its description.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    #[cfg_attr(not(all(target_pointer_width = "64", not(trine_small))), inline(never))]
    pub(crate) fn bare(&self, tool: u16, side: Side, number: u16) -> Option<Field<'c>> {
        let node = self.entry(tool, side, number)?;
        let field = self.part(tool, node)?;
        let preset = self.preset(tool, node);
        let default = match field.kind {
            _ if node.flags & TRINE_NODE_PRESET == 0 => None,
            Kind::Bool => Some(Literal::Bool(preset != 0)),
            Kind::Choice(_) => Some(Literal::Label(preset as u16)),
            Kind::Text { .. } => Some(Literal::Text(utf8(extra(node)))),
            _ => Some(Literal::Number(preset)),
        };
        let start = usize::from(node.name_size) + 1;
        // SAFETY: the promise of `CNodes::new`.
        let unit = utf8(unsafe { piece(node.texts, start, node.unit_size.into()) });
        Some(Field { unit, default, ..field })
    }

    /// What calls need of a node: no description, unit or default.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn part(&self, tool: u16, node: &'c trine_node) -> Option<Field<'c>> {
        let (min, max, step) = self.range(tool, node);
        let kind = match node.kind & KIND {
            TRINE_KIND_BOOL => Kind::Bool,
            TRINE_KIND_INT => Kind::Int(IntRange { min, max }),
            TRINE_KIND_DECIMAL => {
                Kind::Decimal(DecimalRange { min, max, step, places: node.kind >> 4 })
            }
            TRINE_KIND_STRING => Kind::Text { min: clamp(node.min), max: clamp(node.max) },
            TRINE_KIND_CHOICE => Kind::Choice(utf8(extra(node))),
            TRINE_KIND_OBJECT => Kind::Object { nodes: inner(node) },
            TRINE_KIND_ARRAY => Kind::Array {
                nodes: inner(node),
                min: clamp(node.min) as u8,
                max: clamp(node.max).min(u8::MAX.into()) as u8,
            },
            _ => return None,
        };
        // SAFETY: the promise of `CNodes::new`.
        let name = utf8(unsafe { piece(node.texts, 0, node.name_size.into()) });
        Some(Field {
            name,
            description: "",
            unit: "",
            kind,
            required: node.flags & TRINE_NODE_REQUIRED != 0,
            required_if: condition(node),
            default: None,
        })
    }
}

/// A count of code points or items, the open ones as far up as it goes.
pub(crate) fn clamp(count: i32) -> u16 {
    u16::try_from(count.max(0)).unwrap_or(u16::MAX)
}
