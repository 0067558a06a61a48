//! C descriptors as a [`ToolTable`] and as [`Rules`].

use core::ffi::c_char;
use core::sync::atomic::AtomicU32;
#[cfg(not(feature = "policy"))]
use core::sync::atomic::Ordering;

use trine_descriptor::record::Encoder;
use trine_descriptor::value::tag;
use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Fault, Field, Head, IntRange, Item,
    Kind, Limits, Literal, Rule, Rules, Side, ToolInfo, ToolTable, record, walk,
};

use crate::descriptor::{
    TRINE_KIND_ARRAY, TRINE_KIND_BOOL, TRINE_KIND_CHOICE, TRINE_KIND_DECIMAL, TRINE_KIND_INT,
    TRINE_KIND_OBJECT, TRINE_KIND_STRING, TRINE_NODE_PRESET, TRINE_NODE_REQUIRED, TRINE_NODE_WHEN,
    TRINE_NODE_WIDE, TRINE_TOOL_CONTENT, trine_node, trine_tool, trine_tool_more, trine_wide,
};
#[cfg(feature = "resources")]
use crate::lists::Offer;
#[cfg(target_pointer_width = "64")]
use crate::quick;

/// Tools described in C, whose addresses and sizes the C program vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'c> {
    tools: &'c [trine_tool],
    /// Where extras of the tools are.
    #[cfg(feature = "resources")]
    offer: &'c Offer,
}

/// No extras.
#[cfg(feature = "resources")]
static NO_OFFER: Offer = Offer::new();

/// The kind of a node without its places.
const KIND: u8 = 15;

impl<'c> Table<'c> {
    /// # Safety
    /// All that the tools point to is constant and lives as long as `'c`: the texts are as long as
    /// their sizes say and end with a zero byte, the arrays of nodes and of wide bounds have as
    /// many entries as their counts say.
    pub(crate) const unsafe fn new(tools: &'c [trine_tool]) -> Self {
        Self {
            tools,
            #[cfg(feature = "resources")]
            offer: &NO_OFFER,
        }
    }

    /// The same with the extras of what is offered.
    #[cfg(feature = "resources")]
    pub(crate) const fn with_offer(self, offer: &'c Offer) -> Self {
        Self { offer, ..self }
    }

    pub(crate) const fn tools(&self) -> &'c [trine_tool] {
        self.tools
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

    fn entry(&self, tool: u16, side: Side, node: u16) -> Option<&'c trine_node> {
        self.entries(tool, side).get(usize::from(node))
    }

    /// The bytes of a tool's name, which names are looked up by.
    #[cfg(feature = "mcp")]
    pub(crate) fn name(&self, tool: u16) -> Option<&'c [u8]> {
        let tool = self.tool(tool)?;
        // SAFETY: the promise of `new`.
        Some(unsafe { piece(tool.texts, 0, tool.name_size.into()) })
    }

    /// The number of the node of that name on one side, at top level.
    pub(crate) fn named(&self, tool: u16, side: Side, name: &[u8]) -> Option<u16> {
        let nodes = self.entries(tool, side);
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            // SAFETY: the promise of `new`.
            if unsafe { piece(node.texts, 0, node.name_size.into()) } == name {
                return Some(at as u16);
            }
            at += 1 + usize::from(inner(node));
        }
        None
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
    fn range(&self, tool: u16, node: &trine_node) -> (i64, i64, i64) {
        if node.flags & TRINE_NODE_WIDE == 0 {
            let step = if node.kind & KIND == TRINE_KIND_DECIMAL { node.extent.into() } else { 0 };
            return (open_below(node.min), open_above(node.max), step);
        }
        self.wide(tool, node).map_or((1, 0, 0), |wide| (wide.min, wide.max, wide.step))
    }

    fn preset(&self, tool: u16, node: &trine_node) -> i64 {
        if node.flags & TRINE_NODE_WIDE == 0 {
            return node.preset.into();
        }
        self.wide(tool, node).map_or(0, |wide| wide.preset)
    }
}

/// What few tools have, if this one has it.
pub(crate) fn more(tool: &trine_tool) -> Option<&trine_tool_more> {
    // SAFETY: the promise of `Table::new`.
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

/// Writes [`piece`]. Out of line, as the next: a record has many texts.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn put(texts: *const c_char, start: usize, size: usize, out: &mut Encoder<'_>) {
    // SAFETY: passed on.
    out.bytes(unsafe { piece(texts, start, size) });
}

/// Writes [`tail`].
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn put_tail(texts: *const c_char, start: usize, out: &mut Encoder<'_>) {
    // SAFETY: passed on.
    out.bytes(unsafe { tail(texts, start) });
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
const fn inner(node: &trine_node) -> u8 {
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
fn extra_start(node: &trine_node) -> usize {
    usize::from(node.name_size) + usize::from(node.unit_size) + 2
}

/// The labels of a choice, or the default of a text.
fn extra(node: &trine_node) -> &[u8] {
    match node.kind & KIND {
        TRINE_KIND_CHOICE | TRINE_KIND_STRING => {
            // SAFETY: the promise of `Table::new`.
            unsafe { piece(node.texts, extra_start(node), node.extent.into()) }
        }
        _ => &[],
    }
}

const fn condition(node: &trine_node) -> Option<Condition> {
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

fn head(tool: &trine_tool) -> Head {
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

impl ToolTable for Table<'_> {
    fn count(&self) -> u16 {
        self.tools.len() as u16
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        let tool = self.tool(tool)?;
        let head = head(tool);
        let title = usize::from(tool.name_size) + 1;
        let version = title + usize::from(tool.title_size) + 1;
        let description = version + usize::from(tool.version_size) + 1;
        // SAFETY: the promise of `Table::new`.
        let text = |start, size: u8| utf8(unsafe { piece(tool.texts, start, size.into()) });
        Some(ToolInfo {
            name: text(0, tool.name_size),
            title: text(title, tool.title_size),
            // SAFETY: the promise of `Table::new`.
            description: utf8(unsafe { tail(tool.texts, description) }),
            version: text(version, tool.version_size),
            annotations: head.annotations,
            consent: head.consent,
            fail_safe: head.fail_safe,
            limits: head.limits,
            content: head.content,
        })
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.entries(tool, side).len() as u16
    }

    fn hash(&self, tool: u16) -> u64 {
        self.own_hash(tool)
    }

    fn node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        let node = self.entry(tool, side, number)?;
        let start = extra_start(node) + extra(node).len() + 1;
        // SAFETY: the promise of `Table::new`.
        let description = utf8(unsafe { tail(node.texts, start) });
        Some(Field { description, ..self.bare_node(tool, side, number)? })
    }

    fn bare_node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
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
        // SAFETY: the promise of `Table::new`.
        let unit = utf8(unsafe { piece(node.texts, start, node.unit_size.into()) });
        Some(Field { unit, default, ..field })
    }
}

impl<'c> Table<'c> {
    /// What calls need of a node: no description, unit or default.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
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
        // SAFETY: the promise of `Table::new`.
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
fn clamp(count: i32) -> u16 {
    u16::try_from(count.max(0)).unwrap_or(u16::MAX)
}

/// The same tools as a device judges calls by: no text is read, and no field is put together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CRules<'c> {
    pub(crate) table: Table<'c>,
    /// Where the lower half of each tool's hash is kept, 0 until it is known; the device itself
    /// keeps them from profile `policy` on.
    #[cfg(not(feature = "policy"))]
    checks: &'c [AtomicU32],
}

impl<'c> CRules<'c> {
    pub(crate) const fn new(table: Table<'c>, checks: &'c [AtomicU32]) -> Self {
        #[cfg(feature = "policy")]
        {
            _ = checks;
            Self { table }
        }
        #[cfg(not(feature = "policy"))]
        Self { table, checks }
    }

    fn rule(&self, tool: u16, node: &trine_node) -> Rule {
        let mut rule = Rule {
            tag: node.kind & KIND,
            required: node.flags & TRINE_NODE_REQUIRED != 0,
            nodes: inner(node),
            min: 0,
            max: 1,
            step: 0,
            required_if: condition(node),
        };
        match rule.tag {
            tag::INT | tag::DECIMAL | tag::TEXT | tag::ARRAY => {
                let (min, max, step) = self.table.range(tool, node);
                (rule.min, rule.max, rule.step) = (min, max, step.unsigned_abs());
            }
            tag::LABEL => {
                let bars = extra(node).iter().fold(0, |bars, &byte| bars + i32::from(byte == b'|'));
                rule.max = bars.into();
            }
            _ => {}
        }
        rule
    }
}

/// Writes name, title and description of a tool; answers where its version starts.
#[inline(always)]
fn encode_texts(tool: &trine_tool, out: &mut Encoder<'_>) -> usize {
    let title = usize::from(tool.name_size) + 1;
    let version = title + usize::from(tool.title_size) + 1;
    let description = version + usize::from(tool.version_size) + 1;
    // SAFETY: the promise of `Table::new`.
    let mut text = |start, size: u8| unsafe { put(tool.texts, start, size.into(), out) };
    text(0, tool.name_size);
    text(title, tool.title_size);
    // SAFETY: the promise of `Table::new`.
    unsafe { put_tail(tool.texts, description, out) };
    version
}

/// Records written from the C structs as they are: the same bytes as [`record::page`] writes,
/// without a field being put together, which a small device would have to link.
impl Table<'_> {
    fn encode(&self, number: u16, out: &mut Encoder<'_>) {
        let Some(tool) = self.tool(number) else { return };
        let version = encode_texts(tool, out);
        // SAFETY: the promise of `new`.
        unsafe { put(tool.texts, version, tool.version_size.into(), out) };
        let head = head(tool);
        out.byte(head.annotations.0);
        out.byte(head.consent as u8);
        out.byte(head.fail_safe.0);
        out.byte(head.content.into());
        out.number(head.limits.deadline_ms.into());
        out.number(head.limits.pending_bytes.into());
        for side in [Side::Params, Side::Output] {
            let nodes = self.entries(number, side);
            out.number(nodes.len() as u64);
            for node in nodes {
                self.encode_node(number, node, out);
            }
        }
        #[cfg(feature = "resources")]
        self.offer.encode(number, out);
    }

    /// The record of a prompt, which is a tool without a result.
    #[cfg(feature = "resources")]
    pub(crate) fn encode_prompt(&self, number: u16, out: &mut Encoder<'_>) {
        let Some(prompt) = self.tool(number) else { return };
        encode_texts(prompt, out);
        let nodes = self.entries(number, Side::Params);
        out.number(nodes.len() as u64);
        for node in nodes {
            self.encode_node(number, node, out);
        }
    }

    pub(crate) fn encode_node(&self, tool: u16, node: &trine_node, out: &mut Encoder<'_>) {
        let name = usize::from(node.name_size);
        let description = extra_start(node) + extra(node).len() + 1;
        // SAFETY: the promise of `new`.
        unsafe { put(node.texts, 0, name, out) };
        // SAFETY: as above.
        unsafe { put_tail(node.texts, description, out) };
        // SAFETY: as above.
        unsafe { put(node.texts, name + 1, node.unit_size.into(), out) };
        // Required 1, default 2, condition 4: here and there alike.
        out.byte(node.flags & (TRINE_NODE_REQUIRED | TRINE_NODE_PRESET | TRINE_NODE_WHEN));
        let kind = node.kind & KIND;
        out.byte(kind);
        match kind {
            TRINE_KIND_INT | TRINE_KIND_DECIMAL => {
                let (min, max, step) = self.range(tool, node);
                out.signed(min);
                out.signed(max);
                if kind == TRINE_KIND_DECIMAL {
                    out.signed(step);
                    out.byte(node.kind >> 4);
                }
            }
            TRINE_KIND_STRING => {
                out.number(clamp(node.min).into());
                out.number(clamp(node.max).into());
            }
            TRINE_KIND_CHOICE => out.bytes(extra(node)),
            TRINE_KIND_OBJECT => out.byte(inner(node)),
            TRINE_KIND_ARRAY => {
                out.byte(inner(node));
                out.byte(clamp(node.min) as u8);
                out.byte(clamp(node.max).min(u8::MAX.into()) as u8);
            }
            _ => {}
        }
        if node.flags & TRINE_NODE_PRESET != 0 {
            self.encode_preset(tool, node, out);
        }
        if node.flags & TRINE_NODE_WHEN != 0 {
            out.number(node.when_node.into());
            out.number(node.when_label.into());
        }
    }

    fn encode_preset(&self, tool: u16, node: &trine_node, out: &mut Encoder<'_>) {
        let preset = self.preset(tool, node);
        match node.kind & KIND {
            TRINE_KIND_BOOL => {
                out.byte(1);
                out.byte(u8::from(preset != 0));
            }
            TRINE_KIND_STRING => {
                out.byte(3);
                out.bytes(extra(node));
            }
            TRINE_KIND_CHOICE => {
                out.byte(4);
                out.number(u64::from(preset as u16));
            }
            _ => {
                out.byte(2);
                out.signed(preset);
            }
        }
    }

    fn own_hash(&self, tool: u16) -> u64 {
        let mut out = Encoder::new(&mut [], 0);
        self.encode(tool, &mut out);
        out.hash()
    }
}

impl Rules for CRules<'_> {
    fn tools(&self) -> u16 {
        self.table.count()
    }

    fn head(&self, tool: u16) -> Option<Head> {
        self.table.tool(tool).map(head)
    }

    #[cfg(feature = "policy")]
    fn check(&self, tool: u16) -> u32 {
        self.table.own_hash(tool) as u32
    }

    #[cfg(not(feature = "policy"))]
    fn check(&self, tool: u16) -> u32 {
        let place = self.checks.get(usize::from(tool));
        let known = place.map_or(0, |place| place.load(Ordering::Relaxed));
        if known != 0 {
            return known;
        }
        let hash = self.table.own_hash(tool) as u32;
        if let Some(place) = place {
            place.store(hash, Ordering::Relaxed);
        }
        hash
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        let nodes = self.table.entries(tool, side);
        let rule = |node| nodes.get(usize::from(node)).map(|node| self.rule(tool, node));
        walk(nodes.len() as u16, rule, bytes)
    }

    #[cfg(target_pointer_width = "64")]
    fn accepts(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        quick::accepts(&self.table, tool, side, bytes)
    }

    fn absent(&self, tool: u16, number: u16) -> Option<Item<'_>> {
        let node = self.table.entry(tool, Side::Params, number)?;
        if node.flags & TRINE_NODE_PRESET == 0 {
            return None;
        }
        let tag = node.kind & KIND;
        let text = if tag == tag::TEXT { extra(node) } else { &[] };
        Some(Item { node: number, tag, number: self.table.preset(tool, node), text })
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        record::page_of(self.tools(), |tool, out| self.table.encode(tool, out), offset, out)
    }

    fn list_hash(&self) -> u64 {
        record::hash_of_hashes((0..self.tools()).map(|tool| self.table.own_hash(tool)))
    }
}
