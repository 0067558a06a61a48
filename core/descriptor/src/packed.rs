//! A table of tools as `trine gen` packs it: no address in it, its texts compressed.
//!
//! What a call needs (check word, head, rules, defaults) is found at once and lies as it is. Texts
//! are only needed to send the list, and are expanded while a page of it is written.
//!
//! ```text
//! table      = sum:u32 format:u8 first:u8 entries:u8 wide:u8 size:u16 tools:u16 rows:u16
//!              shapes:u16 hash:u64  pair*  row*  number*  shapes  texts*
//! row        = check:u32 record:u16 texts:u16 nodes:u16 hints:u8 marks:u8 params:u8 output:u8
//! marks      = consent | fail_safe << 2 | content << 4 | limits << 7
//! shape      = mark:u8 bound* [default] [node label]
//! mark       = required 1 | default 2 | condition 4 | tag << 3 | described 64 | unit 128
//! texts      = [deadline_ms pending_bytes] symbol*
//! ```
//!
//! Integers of a fixed width are little-endian, all others varints; offsets count from the start of
//! the table. `sum` is FNV-1a, 32 bits, of all that follows it, `size` the bytes of all, `hash`
//! that of the list ([`crate::record::table_hash`]), `record` the bytes of the tool's record in the list.
//! From `nodes` on, a byte for each node (two when `wide` is 1), those of the parameters first, is
//! where its *shape* starts, counted from `shapes`. Equal nodes share one. A shape is what
//! [`crate::record`] says of the node behind its unit, but for texts: bounds, the step and the places of a
//! decimal, the nodes of a container, and in place of the labels of a choice the number of the
//! last, each a varint of two more than the value. So the least and the greatest 64-bit number, for
//! bounds that are open, are 1 and 0.
//!
//! The texts of a tool in the order of its record (those of a node that are empty are left out, but
//! for the name), each behind the one before and ended by zero, are a string of symbols. Of the 256
//! symbols those from `first` on, `entries` of them and on from zero after 255, stand for a *pair*
//! of symbols; a pair whose first symbol is the entry itself stands for the byte that is its
//! second. All other symbols are the bytes that they are. This is byte pair encoding (Gage,
//! "A New Algorithm for Data Compression", The C Users Journal 12(2), 1994) with the pairs of all
//! texts in one dictionary.

use crate::record::FNV_OFFSET;
use crate::validate::walk;
use crate::value::{Item, ValueReader, tag};
use crate::{Annotations, Condition, Consent, FailSafe, Fault, Head, Limits, Rule, Rules, Side};

/// The places of the parts, and the marks: what packs a table has to agree on.
pub mod layout {
    /// The number of this format.
    pub const FORMAT: u8 = 1;
    /// Bytes before the pairs.
    pub const HEAD: usize = 24;
    /// Bytes of a row.
    pub const ROW: usize = 14;
    /// Most symbols that wait while one is expanded.
    pub const DEPTH: usize = 12;
    /// Mark of a shape: the node has a default.
    pub const DEFAULT: u8 = 2;
    /// Mark of a shape: the node has a condition.
    pub const CONDITION: u8 = 4;
    /// Mark of a shape: the node has a description.
    pub const DESCRIBED: u8 = 64;
    /// Mark of a shape: the node has a unit.
    pub const UNIT: u8 = 128;
    /// Mark of a row: limits stand before the texts.
    pub const LIMITS: u8 = 128;

    /// How many bounds the shape of a node with this tag has.
    #[must_use]
    pub const fn bounds(tag: u8) -> u32 {
        // Four bits for each tag: none for truth values, two for whole numbers, and so on.
        0x3112_4200 >> (4 * (tag & 7)) & 15
    }
}

use layout::{CONDITION, DEFAULT, DESCRIBED, HEAD, LIMITS, ROW, UNIT, bounds};

/// A table that `trine gen` packed.
///
/// Reading never panics, whatever the bytes are; [`Self::check`] says whether they are those that
/// were packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed<'a> {
    bytes: &'a [u8],
}

impl<'a> Packed<'a> {
    /// The table in these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether this is a table, of this format and as long as it was: two comparisons, which find
    /// what is no table and what was cut off.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let format = self.bytes.get(4).copied().unwrap_or_default();
        format == layout::FORMAT && self.short(8) == self.bytes.len()
    }

    /// Whether all bytes are as they were packed: five instructions for each.
    #[must_use]
    pub fn check(&self) -> bool {
        let Some((sum, rest)) = self.bytes.split_first_chunk() else { return false };
        self.is_whole() && u32::from_le_bytes(*sum) == self::sum(rest)
    }

    /// What a parameter counts as when it is absent, if it has a default.
    #[must_use]
    pub fn default(&self, tool: u16, node: u16) -> Option<Item<'a>> {
        let (first, count) = self.side(tool, Side::Params);
        if node >= count.into() {
            return None;
        }
        let mut shape = self.shape(first, node)?;
        let (raw, text) = shape.default()?;
        let signs = matches!(shape.tag, tag::INT | tag::DECIMAL);
        let number = if signs { signed(raw) } else { raw.cast_signed() };
        Some(Item { node, tag: shape.tag, number, text })
    }

    /// How many parameters a tool has.
    #[must_use]
    pub fn params(&self, tool: u16) -> u8 {
        self.row(tool).map_or(0, |row| row[12])
    }

    /// The two bytes at a place as a number; 0 past the end.
    fn short(&self, at: usize) -> usize {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |&bytes| u16::from_le_bytes(bytes).into())
    }

    fn row(&self, tool: u16) -> Option<&'a [u8; ROW]> {
        if tool >= self.tools() {
            return None;
        }
        self.bytes.get(self.short(12) + usize::from(tool) * ROW..)?.first_chunk()
    }

    /// The place of a side's first node, counted in nodes from the start of the table, and how
    /// many there are.
    fn side(&self, tool: u16, side: Side) -> (usize, u8) {
        let Some(row) = self.row(tool) else { return (0, 0) };
        let first = usize::from(u16::from_le_bytes([row[8], row[9]]));
        match side {
            Side::Params => (first, row[12]),
            Side::Output => (first + usize::from(row[12]) * self.stride(), row[13]),
        }
    }

    /// Bytes of a node's entry.
    fn stride(&self) -> usize {
        1 + usize::from(self.bytes.get(7).copied().unwrap_or_default())
    }

    /// The shape of node number `node` of those at `first`.
    #[inline(never)]
    fn shape(&self, first: usize, node: u16) -> Option<Shape<'a>> {
        let stride = self.stride();
        let mut place = self.short(first + usize::from(node) * stride);
        if stride == 1 {
            place &= 0xff;
        }
        let mut rest = ValueReader::new(self.bytes.get(self.short(14) + place..)?);
        let mark = rest.byte().ok()?;
        let mut shape = Shape { mark, tag: mark >> 3 & 7, bounds: [0; 4], rest };
        for bound in shape.bounds.iter_mut().take(bounds(shape.tag) as usize) {
            *bound = shape.rest.number().ok()?.wrapping_sub(2);
        }
        Some(shape)
    }

    /// Writes the record of a tool.
    fn record(&self, tool: u16, out: &mut Window<'_>) {
        let Some(row) = self.row(tool) else { return };
        let Some((head, rest)) = self.head_of(row) else { return };
        let mut texts = Texts { table: self, rest, waiting: [0; layout::DEPTH], count: 0 };
        for _ in 0..4 {
            texts.put(out);
        }
        let marks = [head.consent as u8, head.fail_safe.0, head.content.into()];
        out.byte(head.annotations.0);
        marks.into_iter().for_each(|mark| out.byte(mark));
        out.number(head.limits.deadline_ms.into());
        out.number(head.limits.pending_bytes.into());
        for side in [Side::Params, Side::Output] {
            let (first, count) = self.side(tool, side);
            out.number(count.into());
            for node in 0..count {
                if let Some(shape) = self.shape(first, node.into()) {
                    shape.put(&mut texts, out);
                }
            }
        }
    }

    /// The head of a tool, and what follows its limits.
    fn head_of(&self, row: &[u8; ROW]) -> Option<(Head, &'a [u8])> {
        let (hints, marks) = (row[10], row[11]);
        let mut rest = ValueReader::new(self.bytes.get(short(row, 6)..)?);
        let mut limits = Limits::default();
        if marks & LIMITS != 0 {
            limits.deadline_ms = rest.number().ok()? as u32;
            limits.pending_bytes = rest.short().ok()?;
        }
        let head = Head {
            annotations: Annotations(hints),
            consent: Consent::from_u8(marks & 3),
            fail_safe: FailSafe(marks >> 2 & 3),
            content: marks & 16 != 0,
            limits,
        };
        Some((head, rest.take(rest.remaining()).ok()?))
    }
}

const fn short(row: &[u8; ROW], at: usize) -> usize {
    u16::from_le_bytes([row[at], row[at + 1]]) as usize
}

/// FNV-1a, 32 bits.
#[must_use]
pub const fn sum(bytes: &[u8]) -> u32 {
    let (mut sum, mut at) = (0x811c_9dc5_u32, 0);
    while at < bytes.len() {
        sum = (sum ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    sum
}

/// A node without its texts.
struct Shape<'a> {
    mark: u8,
    tag: u8,
    bounds: [u64; 4],
    /// What stands behind the bounds.
    rest: ValueReader<'a>,
}

const fn signed(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed()
}

impl<'a> Shape<'a> {
    /// The default: its number as it is encoded, or its text.
    fn default(&mut self) -> Option<(u64, &'a [u8])> {
        if self.mark & DEFAULT == 0 {
            return None;
        }
        match self.tag {
            tag::TEXT => Some((0, self.rest.bytes().ok()?)),
            _ => Some((self.rest.number().ok()?, &[])),
        }
    }

    fn rule(mut self) -> Option<Rule> {
        let [first, second, third, _] = self.bounds;
        let mut rule = Rule {
            tag: self.tag,
            required: self.mark & 1 != 0,
            nodes: 0,
            min: 0,
            max: 1,
            step: 0,
            required_if: None,
        };
        match self.tag {
            tag::INT | tag::DECIMAL => {
                (rule.min, rule.max, rule.step) = (signed(first), signed(second), third >> 1);
            }
            tag::TEXT => (rule.min, rule.max) = (first.cast_signed(), second.cast_signed()),
            tag::LABEL => rule.max = first.cast_signed(),
            tag::OBJECT => (rule.nodes, rule.max) = (first as u8, 0),
            tag::ARRAY => {
                rule.nodes = first as u8;
                rule.min = second.cast_signed();
                // The greatest number stands for no bound.
                rule.max = if third == u8::MAX.into() { i64::MAX } else { third.cast_signed() };
            }
            _ => {}
        }
        if self.mark & CONDITION != 0 {
            self.default();
            let (node, label) = (self.rest.short().ok()?, self.rest.short().ok()?);
            rule.required_if = Some(Condition { node, label });
        }
        Some(rule)
    }

    /// Writes the node as it is in a record.
    fn put(mut self, texts: &mut Texts<'_>, out: &mut Window<'_>) {
        texts.put(out);
        for text in [DESCRIBED, UNIT] {
            if self.mark & text == 0 {
                out.byte(0);
            } else {
                texts.put(out);
            }
        }
        out.byte(self.mark & 7);
        out.byte(self.tag);
        for &bound in self.bounds.iter().take(bounds(self.tag) as usize) {
            match self.tag {
                tag::LABEL => texts.put(out),
                tag::ARRAY => out.byte(bound as u8),
                _ => out.number(bound),
            }
        }
        if let Some((number, text)) = self.default() {
            // Truth values 1, numbers of both kinds 2, texts 3, labels 4.
            out.byte(self.tag - u8::from(self.tag > tag::INT));
            if self.tag == tag::TEXT {
                out.number(text.len() as u64);
                text.iter().for_each(|&byte| out.byte(byte));
            } else {
                out.number(number);
            }
        }
        if self.mark & CONDITION != 0 {
            for _ in 0..2 {
                out.number(self.rest.number().unwrap_or_default());
            }
        }
    }
}

/// The texts of a tool, as far as they have not been read.
#[derive(Clone, Copy)]
struct Texts<'t> {
    table: &'t Packed<'t>,
    rest: &'t [u8],
    /// Symbols that come before the rest, the next one last.
    waiting: [u8; layout::DEPTH],
    count: usize,
}

impl Texts<'_> {
    /// The next byte; zero at the end of a text.
    #[inline(never)]
    fn next(&mut self) -> u8 {
        let bytes = self.table.bytes;
        let [first, entries] = [5, 6].map(|at| bytes.get(at).copied().unwrap_or_default());
        let mut symbol = 0;
        if let Some(last) = self.count.checked_sub(1) {
            self.count = last;
            symbol = self.waiting.get(last).copied().unwrap_or_default();
        } else if let [next, ref rest @ ..] = *self.rest {
            (symbol, self.rest) = (next, rest);
        }
        loop {
            let entry = symbol.wrapping_sub(first);
            if entry >= entries {
                return symbol;
            }
            let pair = bytes.get(HEAD + 2 * usize::from(entry)..);
            let Some(&[left, right]) = pair.and_then(<[u8]>::first_chunk) else { return 0 };
            if left == symbol {
                return right;
            }
            let Some(place) = self.waiting.get_mut(self.count) else { return 0 };
            *place = right;
            self.count += 1;
            symbol = left;
        }
    }

    /// Writes the next text behind its length.
    #[inline(never)]
    fn put(&mut self, out: &mut Window<'_>) {
        let (mut ahead, mut len) = (*self, 0);
        while ahead.next() != 0 {
            len += 1;
        }
        out.number(len);
        loop {
            match self.next() {
                0 => break,
                byte => out.byte(byte),
            }
        }
    }
}

/// A part of the list: what lies outside of it is counted and lost.
struct Window<'b> {
    out: &'b mut [u8],
    skip: usize,
    at: usize,
}

impl Window<'_> {
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.out.get_mut(self.at.wrapping_sub(self.skip)) {
            *place = byte;
        }
        self.at += 1;
    }

    #[inline(never)]
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }
}

impl Rules for Packed<'_> {
    fn tools(&self) -> u16 {
        self.short(10) as u16
    }

    fn head(&self, tool: u16) -> Option<Head> {
        self.head_of(self.row(tool)?).map(|(head, _)| head)
    }

    fn check(&self, tool: u16) -> u32 {
        self.row(tool)
            .and_then(|row| row.first_chunk())
            .map_or(0, |&check| u32::from_le_bytes(check))
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        let (first, count) = self.side(tool, side);
        walk(count.into(), |node| self.shape(first, node)?.rule(), bytes)
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.default(tool, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        let end = offset.saturating_add(out.len());
        let mut list = Window { out, skip: offset, at: 0 };
        for tool in 0..self.tools() {
            let len = self.row(tool).map_or(0, |row| short(row, 4));
            list.number(len as u64);
            // What lies before or behind the part is not expanded.
            if list.at + len <= offset || list.at >= end {
                list.at += len;
            } else {
                self.record(tool, &mut list);
            }
        }
        list.at
    }

    fn list_hash(&self) -> u64 {
        let hash = self.bytes.get(16..).and_then(<[u8]>::first_chunk);
        hash.map_or(FNV_OFFSET, |&hash| u64::from_le_bytes(hash))
    }
}
