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
//! that of the list ([`crate::record::table_hash`]), `record` the bytes of the tool's record there.
//! From `nodes` on, a byte for each node (two when `wide` is 1), those of the parameters first, is
//! where its *shape* starts, counted from `shapes`. Equal nodes share one. A shape is what
//! [`crate::record`] says of the node behind its unit, but for texts: bounds, step and places of a
//! decimal, the nodes of a container, and in place of the labels of a choice the number of the
//! last, each a varint of two more than the value. So the least and the greatest 64-bit number, for
//! bounds that are open, are 1 and 0.
//!
//! The texts of a tool in the order of its record (those of a node that are empty are left out, but
//! for the name), each ended by zero, are strings of symbols one behind the other. Of the 256
//! symbols those from `first` on, `entries` of them and on from zero after 255, stand for a *pair*
//! of symbols; a pair whose first symbol is the entry itself stands for the byte that is its
//! second. All other symbols are the bytes that they are. This is byte pair encoding (Gage,
//! "A New Algorithm for Data Compression", The C Users Journal 12(2), 1994) with the pairs of all
//! texts in one dictionary.

use crate::record::FNV_OFFSET;
use crate::validate::walk;
use crate::value::{Item, tag};
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

use layout::{CONDITION, DEFAULT, HEAD, LIMITS, ROW, bounds};

// One loop asks for both.
const _: () = assert!(layout::DESCRIBED >> 5 == 2 && layout::UNIT >> 5 == 4);

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
        self.short(4) & 0xff == layout::FORMAT.into() && self.short(8) == self.bytes.len()
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
        let mut shape = self.shape(first, node);
        if shape.mark & DEFAULT == 0 {
            return None;
        }
        for _ in 0..bounds(shape.tag) {
            shape.rest.number();
        }
        let (raw, text) = shape.default();
        let number = match shape.tag {
            tag::INT | tag::DECIMAL => signed(raw),
            tag::TEXT => 0,
            _ => raw.cast_signed(),
        };
        Some(Item { node, tag: shape.tag, number, text })
    }

    /// How many parameters a tool has.
    #[must_use]
    pub fn params(&self, tool: u16) -> u8 {
        self.side(tool, Side::Params).1
    }

    /// What starts at a place.
    fn from(&self, place: usize) -> Bytes<'a> {
        Bytes(self.bytes.get(place..).unwrap_or_default())
    }

    /// The two bytes at a place as a number; 0 past the end.
    // Out of line, as the others that are: each is asked for in many places.
    #[inline(never)]
    fn short(&self, place: usize) -> usize {
        let bytes = self.bytes.get(place..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |&bytes| u16::from_le_bytes(bytes).into())
    }

    /// The place of a tool's row.
    fn row(&self, tool: u16) -> usize {
        self.short(12) + usize::from(tool) * ROW
    }

    /// The place of the entry of a side's first node, and how many nodes there are.
    #[inline(never)]
    fn side(&self, tool: u16, side: Side) -> (usize, u8) {
        if tool >= self.tools() {
            return (0, 0);
        }
        let row = self.row(tool);
        let (first, counts) = (self.short(row + 8), self.short(row + 12));
        let params = counts & 0xff;
        match side {
            Side::Params => (first, params as u8),
            Side::Output => (first + (params << self.wide()), (counts >> 8) as u8),
        }
    }

    /// 1 where the entry of a node has two bytes.
    fn wide(&self) -> usize {
        self.short(6) >> 8 & 1
    }

    /// The shape of node number `node` of those at `first`.
    #[inline(never)]
    fn shape(&self, first: usize, node: u16) -> Shape<'a> {
        let wide = self.wide();
        let mut place = self.short(first + (usize::from(node) << wide));
        if wide == 0 {
            place &= 0xff;
        }
        let mut rest = self.from(self.short(14) + place);
        let mark = rest.byte();
        Shape { mark, tag: mark >> 3 & 7, rest }
    }

    /// Hints and marks of a tool, its limits, and its texts.
    #[inline(never)]
    fn marks(&self, tool: u16) -> ([u8; 2], [u32; 2], Bytes<'a>) {
        let row = self.row(tool);
        let mut rest = self.from(self.short(row + 6));
        let [hints, marks] = (self.short(row + 10) as u16).to_le_bytes();
        let mut limits = [0; 2];
        if marks & LIMITS != 0 {
            limits = [rest.number() as u32, rest.number() as u32];
        }
        ([hints, marks], limits, rest)
    }
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

/// Bytes of the table that are read in order; zeros past the end. What packed them wrote no faulty
/// number, so none is looked for, as `ValueReader` does.
#[derive(Clone)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        let [byte, ref rest @ ..] = *self.0 else { return 0 };
        self.0 = rest;
        byte
    }

    #[inline(never)]
    fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            shift += 7;
            if byte < 0x80 {
                return value;
            }
        }
    }

    #[inline(never)]
    fn bound(&mut self) -> u64 {
        self.number().wrapping_sub(2)
    }
}

/// A node without its texts.
struct Shape<'a> {
    mark: u8,
    tag: u8,
    /// What stands behind the mark.
    rest: Bytes<'a>,
}

const fn signed(raw: u64) -> i64 {
    (raw >> 1).cast_signed() ^ -(raw & 1).cast_signed()
}

impl<'a> Shape<'a> {
    /// The default, which the shape has: its number as it is encoded, or its text and its length.
    fn default(&mut self) -> (u64, &'a [u8]) {
        let number = self.rest.number();
        if self.tag != tag::TEXT {
            return (number, &[]);
        }
        let all = self.rest.0;
        let (text, rest) = all.split_at_checked(number as usize).unwrap_or_default();
        self.rest.0 = rest;
        (number, text)
    }

    fn rule(mut self) -> Rule {
        let mut rule = Rule {
            tag: self.tag,
            required: self.mark & 1 != 0,
            nodes: 0,
            min: 0,
            max: 1,
            step: 0,
            required_if: None,
        };
        if self.tag >= tag::OBJECT {
            rule.nodes = self.rest.bound() as u8;
            rule.max = 0;
        }
        if !matches!(self.tag, tag::BOOL | tag::OBJECT) {
            rule.max = self.rest.bound().cast_signed();
        }
        if matches!(self.tag, tag::INT | tag::DECIMAL | tag::TEXT | tag::ARRAY) {
            (rule.min, rule.max) = (rule.max, self.rest.bound().cast_signed());
        }
        if matches!(self.tag, tag::INT | tag::DECIMAL) {
            rule.min = signed(rule.min.cast_unsigned());
            rule.max = signed(rule.max.cast_unsigned());
        }
        if self.tag == tag::DECIMAL {
            rule.step = self.rest.bound() >> 1;
            self.rest.number();
        }
        if self.mark & CONDITION != 0 {
            if self.mark & DEFAULT != 0 {
                self.default();
            }
            let (node, label) = (self.rest.number() as u16, self.rest.number() as u16);
            rule.required_if = Some(Condition { node, label });
        }
        rule
    }
}

/// Writes a part of the list: what lies outside of it is counted and lost.
struct Writer<'t, 'b> {
    table: &'t Packed<'t>,
    /// The texts of the tool that come next.
    texts: Bytes<'t>,
    out: &'b mut [u8],
    /// Bytes of the list before the part.
    skip: usize,
    /// Bytes of the list so far.
    at: usize,
}

impl Writer<'_, '_> {
    /// Writes the record of a tool.
    #[inline(never)]
    fn record(&mut self, tool: u16) {
        let ([hints, marks], limits, texts) = self.table.marks(tool);
        self.texts = texts;
        for _ in 0..4 {
            self.text();
        }
        self.byte(hints);
        self.byte(marks & 3);
        self.byte(marks >> 2 & 3);
        self.byte(marks >> 4 & 1);
        limits.into_iter().for_each(|limit| self.number(limit.into()));
        for side in [Side::Params, Side::Output] {
            let (first, count) = self.table.side(tool, side);
            self.number(count.into());
            for node in 0..count {
                self.node(self.table.shape(first, node.into()));
            }
        }
    }

    /// Writes a node as it is in a record.
    #[inline(never)]
    fn node(&mut self, mut shape: Shape<'_>) {
        let mut has = 1 | shape.mark >> 5;
        // The name, the description and the unit.
        for _ in 0..3 {
            if has & 1 == 0 {
                self.byte(0);
            } else {
                self.text();
            }
            has >>= 1;
        }
        self.byte(shape.mark & 7);
        self.byte(shape.tag);
        for _ in 0..bounds(shape.tag) {
            let bound = shape.rest.bound();
            match shape.tag {
                tag::LABEL => self.text(),
                tag::ARRAY => self.byte(bound as u8),
                _ => self.number(bound),
            }
        }
        if shape.mark & DEFAULT != 0 {
            // Truth values 1, numbers of both kinds 2, texts 3, labels 4.
            self.byte(shape.tag - u8::from(shape.tag > tag::INT));
            let (number, text) = shape.default();
            self.number(number);
            text.iter().for_each(|&byte| self.byte(byte));
        }
        if shape.mark & CONDITION != 0 {
            for _ in 0..2 {
                self.number(shape.rest.number());
            }
        }
    }

    /// Writes the next text behind its length, for which it is expanded once more.
    #[inline(never)]
    fn text(&mut self) {
        let (texts, at, skip) = (self.texts.clone(), self.at, self.skip);
        // So far before the part nothing is written.
        self.skip = usize::MAX / 2;
        self.at = 0;
        self.expand();
        let len = self.at;
        (self.texts, self.at, self.skip) = (texts, at, skip);
        self.number(len as u64);
        self.expand();
    }

    /// Writes the next text.
    #[inline(never)]
    fn expand(&mut self) {
        let [first, entries] = (self.table.short(5) as u16).to_le_bytes();
        // Symbols that come before the rest, the next one last.
        let (mut waiting, mut count) = ([0; layout::DEPTH], 0_usize);
        loop {
            let mut symbol = match waiting.get(count.wrapping_sub(1)) {
                Some(&symbol) => {
                    count -= 1;
                    symbol
                }
                None if self.texts.0.is_empty() => return,
                None => self.texts.byte(),
            };
            loop {
                let entry = symbol.wrapping_sub(first);
                if entry >= entries {
                    break;
                }
                let pair = self.table.short(HEAD + 2 * usize::from(entry)) as u16;
                let [left, right] = pair.to_le_bytes();
                let is_byte = left == symbol;
                symbol = if is_byte { right } else { left };
                if is_byte {
                    break;
                }
                let Some(place) = waiting.get_mut(count) else { return };
                *place = right;
                count += 1;
            }
            if symbol == 0 {
                return;
            }
            self.byte(symbol);
        }
    }

    #[inline(never)]
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
        if tool >= self.tools() {
            return None;
        }
        let ([hints, marks], [deadline_ms, pending_bytes], _) = self.marks(tool);
        Some(Head {
            annotations: Annotations(hints),
            consent: Consent::from_u8(marks & 3),
            fail_safe: FailSafe(marks >> 2 & 3),
            content: marks & 16 != 0,
            limits: Limits { deadline_ms, pending_bytes: pending_bytes as u16 },
        })
    }

    fn check(&self, tool: u16) -> u32 {
        let row = self.row(tool);
        (self.short(row) | self.short(row + 2) << 16) as u32
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        let (first, count) = self.side(tool, side);
        walk(count.into(), |node| Some(self.shape(first, node).rule()), bytes)
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.default(tool, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        let end = offset.saturating_add(out.len());
        let mut list = Writer { table: self, texts: Bytes(&[]), out, skip: offset, at: 0 };
        for tool in 0..self.tools() {
            let len = self.short(self.row(tool) + 4);
            list.number(len as u64);
            // What lies before or behind the part is not expanded.
            if list.at + len <= offset || list.at >= end {
                list.at += len;
            } else {
                list.record(tool);
            }
        }
        list.at
    }

    fn list_hash(&self) -> u64 {
        let hash = self.bytes.get(16..).and_then(<[u8]>::first_chunk);
        hash.map_or(FNV_OFFSET, |&hash| u64::from_le_bytes(hash))
    }
}
