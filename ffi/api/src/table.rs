//! C descriptors as a [`ToolTable`] and as [`Rules`].

use core::ffi::c_char;
use core::ops::Deref;
use core::sync::atomic::AtomicU32;
#[cfg(not(feature = "policy"))]
use core::sync::atomic::Ordering;

use trine_descriptor::record::Encoder;
use trine_descriptor::value::tag;
use trine_descriptor::{
    Fault, Field, Head, Item, Rule, Rules, Side, ToolInfo, ToolTable, record, walk,
};

use crate::descriptor::{
    TRINE_KIND_ARRAY, TRINE_KIND_BOOL, TRINE_KIND_CHOICE, TRINE_KIND_DECIMAL, TRINE_KIND_INT,
    TRINE_KIND_OBJECT, TRINE_KIND_STRING, TRINE_NODE_PRESET, TRINE_NODE_REQUIRED, TRINE_NODE_WHEN,
    trine_node, trine_tool,
};
#[cfg(feature = "resources")]
use crate::lists::Offer;
use crate::nodes::{CNodes, KIND, clamp, condition, extra, extra_start, head, inner};
pub(crate) use crate::nodes::{more, piece, tail};
#[cfg(all(target_pointer_width = "64", not(trine_small)))]
use crate::quick;

/// Tools described in C, whose addresses and sizes the C program vouches for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'c> {
    nodes: CNodes<'c>,
    /// Where extras of the tools are.
    #[cfg(feature = "resources")]
    offer: &'c Offer,
}

/// No extras.
#[cfg(feature = "resources")]
static NO_OFFER: Offer = Offer::new();

impl<'c> Table<'c> {
    /// # Safety
    /// That of [`CNodes::new`].
    pub(crate) const unsafe fn new(tools: &'c [trine_tool]) -> Self {
        Self {
            // SAFETY: passed on.
            nodes: unsafe { CNodes::new(tools) },
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
        self.nodes.tools
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

impl<'c> Deref for Table<'c> {
    type Target = CNodes<'c>;

    #[inline(always)]
    fn deref(&self) -> &CNodes<'c> {
        &self.nodes
    }
}

impl ToolTable for Table<'_> {
    fn count(&self) -> u16 {
        self.nodes.count()
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.nodes.info(tool)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.nodes.node_count(tool, side)
    }

    fn hash(&self, tool: u16) -> u64 {
        self.own_hash(tool)
    }

    fn node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.nodes.whole(tool, side, number)
    }

    fn bare_node(&self, tool: u16, side: Side, number: u16) -> Option<Field<'_>> {
        self.nodes.bare_node(tool, side, number)
    }

    fn records(&self, offset: usize, out: &mut [u8]) -> usize {
        record::page_of(self.count(), |tool, out| self.encode(tool, out), offset, out)
    }

    fn default_of(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.absent(tool, node)
    }
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
impl<'c> Table<'c> {
    pub(crate) fn encode(&self, number: u16, out: &mut Encoder<'_>) {
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

    /// What a parameter counts as when it is absent.
    #[inline(always)]
    pub(crate) fn absent(&self, tool: u16, number: u16) -> Option<Item<'c>> {
        let node = self.entry(tool, Side::Params, number)?;
        if node.flags & TRINE_NODE_PRESET == 0 {
            return None;
        }
        let tag = node.kind & KIND;
        let text = if tag == tag::TEXT { extra(node) } else { &[] };
        Some(Item { node: number, tag, number: self.preset(tool, node), text })
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

    pub(crate) fn own_hash(&self, tool: u16) -> u64 {
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

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    fn accepts(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        quick::accepts(&self.table, tool, side, bytes)
    }

    fn absent(&self, tool: u16, number: u16) -> Option<Item<'_>> {
        self.table.absent(tool, number)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        self.table.records(offset, out)
    }

    fn list_hash(&self) -> u64 {
        record::hash_of_hashes((0..self.tools()).map(|tool| self.table.own_hash(tool)))
    }
}
