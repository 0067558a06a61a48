//! A table of tools as `trine gen` packs it: no address in it, its list compressed.
//!
//! What a call needs (check word, head, rules, defaults) is found at once and lies as it is. The
//! list is only needed to be sent, and is expanded while a page of it is written.
//!
//! ```text
//! table   = head  place:u16*  block*  rule*  start:u16*  literal:u8*  pair*  symbol*
//! head    = sum:u32 format:u8 factor:u8 size:u16 hash:u64 list:u32 tools:u16
//!           rules:u16 starts:u16 literals:u16 pairs_from:u8
//! block   = check:u32 params:u8 output:u8 hints:u8 marks:u8  rule:u8*  entry*
//! marks   = consent | fail_safe << 2 | content << 4
//! rule    = mark:u8 [nodes] [node label] min max [step]
//! mark    = tag | required 8 | step 16 | condition 32
//! ```
//!
//! Integers of a fixed width are little-endian, all others varints; places count from the start of
//! the table. `sum` is FNV-1a, 32 bits, of all that follows it, `size` the bytes of all, `hash`
//! that of the list ([`crate::record::table_hash`]), `list` the bytes of the list.
//!
//! There is a place for each tool's *block*, and one for the end of the last. A block has a byte
//! for each node, those of the parameters first: `factor` times it, counted from `rules`, is the
//! place of its *rule*. Equal nodes share a rule, and a rule may lie in the bytes of another one.
//! `nodes` stands in the rules of containers. Each bound is two more than its zigzag number: no
//! bound, which is the least or the greatest number of 64 bits, is 1 or 0. Behind these bytes are
//! entries of a call as [`crate::value`] has them: the defaults of the parameters, and the
//! [`Limits`] that are not zero, as numbers of the nodes [`layout::DEADLINE`] and
//! [`layout::PENDING`].
//!
//! The list is a string of symbols. Those below `pairs_from` stand for their `literal`, those from
//! there on for a *pair* of symbols, which has its second one first, and the last symbol,
//! [`layout::BYTE`], for the byte behind it. This is byte pair encoding (Gage, "A New Algorithm for
//! Data Compression", The C Users Journal 12(2), 1994). Before every [`layout::CHUNK`] bytes of the
//! list a symbol starts, and `start` is its place: so a page costs no more than itself and one
//! chunk.

use trine_bits::{Fnv32, varint::unzigzag};

use crate::args::given;
use crate::validate::{self, Node, walk_nodes};
use crate::value::{Item, ValueReader, tag};
use crate::{
    Annotations, Condition, Consent, FailSafe, Fault, FaultCode, Head, Limits, NO_NODE, Rules, Side,
};

/// The places of the parts, and the marks: what packs a table has to agree on.
pub mod layout {
    /// The number of this format.
    pub const FORMAT: u8 = 2;
    /// Bytes before the places.
    pub const HEAD: usize = 29;
    /// Most symbols that wait while one is expanded.
    pub const DEPTH: usize = 12;
    /// Bytes of the list between two starts.
    pub const CHUNK: usize = 4096;
    /// The symbol before a byte that stands for itself.
    pub const BYTE: u8 = 255;
    /// Mark of a rule: the node is required.
    pub const REQUIRED: u8 = 8;
    /// Mark of a rule: the node has a step that asks for something.
    pub const STEP: u8 = 16;
    /// Mark of a rule: the node has a condition.
    pub const CONDITION: u8 = 32;
    /// The node of the entry with the time that a call may take.
    pub const DEADLINE: u16 = 128;
    /// The node of the entry with the bytes that a pending call keeps.
    pub const PENDING: u16 = 129;
}

use layout::{BYTE, CHUNK, CONDITION, DEADLINE, HEAD, PENDING, REQUIRED, STEP};

const _: () = assert!(crate::NODES_MAX <= DEADLINE as usize);

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
    pub fn is_complete(&self) -> bool {
        let Some(&[_, _, _, _, format, _, a, b, ..]) = self.head() else { return false };
        format == layout::FORMAT && short(&[a, b]) == self.bytes.len()
    }

    /// Whether all bytes are as they were packed: five instructions for each.
    #[must_use]
    pub fn check(&self) -> bool {
        let Some((sum, rest)) = self.bytes.split_first_chunk() else { return false };
        self.is_complete() && u32::from_le_bytes(*sum) == self::sum(rest)
    }

    /// What a parameter counts as when it is absent, if it has a default.
    #[must_use]
    pub fn default(&self, tool: u16, node: u16) -> Option<Item<'a>> {
        // Behind the defaults there are entries of other nodes.
        if node >= DEADLINE {
            return None;
        }
        let &[_, _, _, _, params, output, _, _, ref rest @ ..] = self.block(tool)? else {
            return None;
        };
        given(entries(params, output, rest), node)
    }

    /// How many parameters a tool has.
    #[must_use]
    pub fn params(&self, tool: u16) -> u8 {
        if let Some(&[_, _, _, _, params, ..]) = self.block(tool) { params } else { 0 }
    }

    /// What stands before the places.
    fn head(&self) -> Option<&'a [u8; HEAD]> {
        self.bytes.first_chunk()
    }

    /// The two bytes at a place as a number.
    fn short(&self, place: usize) -> Option<usize> {
        self.bytes.get(place..)?.first_chunk().map(short)
    }

    /// Bytes of the list.
    fn list(&self) -> usize {
        self.head()
            .map_or(0, |head| u32::from_le_bytes([head[16], head[17], head[18], head[19]]) as usize)
    }

    /// Writes what of the list is from `offset` on, as much as there is and has room.
    fn expand(&self, offset: usize, out: &mut [u8]) -> Option<()> {
        let head = self.head()?;
        if offset >= self.list() {
            return None;
        }
        let byte = |place: usize| self.bytes.get(place).copied();
        let (starts, literals) = (short(&[head[24], head[25]]), short(&[head[26], head[27]]));
        let from = head[28];
        // Where the pair of symbol 0 would be.
        let pairs = literals.wrapping_sub(from.into());
        let mut next = self.short(starts + offset / CHUNK * 2)?;
        // Symbols that come before the rest, the next one last.
        let (mut waiting, mut count) = ([0; layout::DEPTH], 0_usize);
        // What of the chunk lies before the part is written nowhere.
        let mut at = 0_usize.wrapping_sub(offset % CHUNK);
        while at != out.len() {
            let mut symbol;
            if let Some(&first) = waiting.get(count.wrapping_sub(1)) {
                count -= 1;
                symbol = first;
            } else {
                symbol = byte(next)?;
                next += 1;
            }
            if symbol == BYTE {
                symbol = byte(next)?;
                next += 1;
            } else if symbol < from {
                symbol = byte(literals + usize::from(symbol))?;
            } else {
                let pair = pairs.wrapping_add(2 * usize::from(symbol));
                let pair = self.bytes.get(pair..)?.first_chunk::<2>()?;
                *waiting.get_mut(count..)?.first_chunk_mut()? = *pair;
                count += 2;
                continue;
            }
            if let Some(place) = out.get_mut(at) {
                *place = symbol;
            }
            at = at.wrapping_add(1);
        }
        Some(())
    }

    /// The block of a tool.
    #[inline(never)]
    fn block(&self, tool: u16) -> Option<&'a [u8]> {
        if tool >= self.tools() {
            return None;
        }
        let places = self.bytes.get(HEAD + 2 * usize::from(tool)..)?;
        let &[a, b, c, d] = places.first_chunk()?;
        self.bytes.get(short(&[a, b])..short(&[c, d]))
    }

    /// The rules of one side of a tool.
    fn nodes(&self, tool: u16, side: Side) -> Option<Nodes<'a>> {
        let head = self.head()?;
        let &[_, _, _, _, params, output, _, _, ref rest @ ..] = self.block(tool)? else {
            return None;
        };
        let (params, output) = (usize::from(params), usize::from(output));
        let (mut first, mut count) = (0, params);
        if side == Side::Output {
            (first, count) = (count, output);
        }
        Some(Nodes {
            rules: self.bytes.get(short(&[head[22], head[23]])..)?,
            factor: head[5],
            places: rest.get(first..first + count)?,
        })
    }
}

/// The entries behind the rules of a block: defaults, then limits.
fn entries(params: u8, output: u8, rest: &[u8]) -> &[u8] {
    rest.get(usize::from(params) + usize::from(output)..).unwrap_or_default()
}

/// The limits among the entries of a tool.
fn limits(entries: &[u8]) -> Limits {
    let mut limits = Limits::default();
    // Few tools have one: its node begins with this byte.
    if !entries.iter().any(|byte| byte & !1 == DEADLINE as u8) {
        return limits;
    }
    let mut entries = ValueReader::new(entries);
    while !entries.is_at_end()
        && let Some(item) = entries.next_item()
    {
        match item.node {
            DEADLINE => limits.deadline_ms = item.number as u32,
            PENDING => limits.pending_bytes = item.number as u16,
            _ => {}
        }
    }
    limits
}

/// Two bytes as a number.
fn short(&bytes: &[u8; 2]) -> usize {
    u16::from_le_bytes(bytes).into()
}

/// The rules of one side of a tool.
struct Nodes<'a> {
    rules: &'a [u8],
    factor: u8,
    /// A byte for each.
    places: &'a [u8],
}

impl Nodes<'_> {
    /// `true` only where the walk of these nodes accepts `bytes` too: Booleans, labels and
    /// numbers from 0 on, of one byte or two, each within its bounds, without steps and conditions.
    /// `false` says nothing. Nearly every call is settled here, in a quarter of the instructions.
    #[inline(never)]
    fn accept(&self, mut bytes: &[u8]) -> bool {
        for (node, &place) in (0_u32..).zip(self.places) {
            let place = usize::from(place) * usize::from(self.factor);
            let Some([mark, min, max, high]) = self.rules.get(place..place + 4) else {
                return false;
            };
            let mark = *mark;
            if let [number, tag, low, rest @ ..] = bytes
                && u32::from(*number) == node
            {
                bytes = rest;
                let tag = *tag;
                // More marks would ask for more than bounds.
                if mark & !REQUIRED != tag {
                    return false;
                }
                let mut number = u32::from(*low);
                if number >= 0x80 {
                    // Zero would be a byte more than needed.
                    let [high @ 1..0x80, rest @ ..] = bytes else { return false };
                    bytes = rest;
                    number += (u32::from(*high) << 7) - 0x80;
                }
                match tag {
                    tag::INT | tag::DECIMAL => {}
                    tag::BOOL | tag::LABEL => number <<= 1,
                    _ => return false,
                }
                // All three are zigzag numbers, the bounds and two, of which those from 0 on are
                // even. A least number that is odd is below them, or none. The greatest is none
                // where it is 0. A least of more bytes is rare, a greatest of more is not below
                // what its first two say.
                number += 2;
                let min = u32::from(*min);
                if min >= 0x80 || min & 1 == 0 && number < min {
                    return false;
                }
                let mut max = u32::from(*max);
                if max >= 0x80 {
                    max += (u32::from(*high) << 7) - 0x80;
                }
                if (number | max) & 1 != 0 || number - 1 > max.wrapping_sub(1) {
                    return false;
                }
            } else if mark & (REQUIRED | CONDITION) != 0 || mark & 7 >= tag::OBJECT {
                return false;
            }
        }
        bytes.is_empty()
    }
}

impl<'a> validate::Nodes for &Nodes<'a> {
    type Node = Shape<'a>;

    fn count(&self) -> u32 {
        self.places.len() as u32
    }

    #[inline(never)]
    fn node(&self, node: u16) -> Shape<'a> {
        let place = usize::from(self.places.get(usize::from(node)).copied().unwrap_or_default());
        let place = place * usize::from(self.factor);
        let mut rest = Numbers(ValueReader::new(self.rules.get(place..).unwrap_or_default()));
        let mark = rest.number() as u32;
        let nodes = if mark & 7 >= tag::OBJECT.into() { rest.number() as u32 } else { 0 };
        let mut condition = [0; 2];
        if mark & u32::from(CONDITION) != 0 {
            condition = [rest.number() as u32, rest.number() as u32];
        }
        Shape { mark, nodes, condition, rest }
    }
}

/// FNV-1a, 32 bits.
#[must_use]
pub const fn sum(bytes: &[u8]) -> u32 {
    Fnv32::new().bytes(bytes).hash()
}

/// Varints that are read in order; zeros past the end. What packed them wrote no faulty one, so
/// none is looked for.
struct Numbers<'a>(ValueReader<'a>);

impl Numbers<'_> {
    fn number(&mut self) -> u64 {
        self.0.varint(&mut true)
    }

    #[inline(never)]
    fn bound(&mut self) -> i64 {
        unzigzag(self.number().wrapping_sub(2))
    }
}

/// The rule of a node as it lies there.
// Whole words, which are read and written in fewer bytes.
struct Shape<'a> {
    mark: u32,
    nodes: u32,
    /// Node and label, if there is one.
    condition: [u32; 2],
    /// Bounds and step.
    rest: Numbers<'a>,
}

impl Shape<'_> {
    const fn has(&self, mark: u8) -> bool {
        self.mark & mark as u32 != 0
    }
}

impl Node for Shape<'_> {
    fn tag(&self) -> u8 {
        self.mark as u8 & 7
    }
    fn is_required(&self) -> bool {
        self.has(REQUIRED)
    }
    fn nodes(&self) -> u16 {
        self.nodes as u16
    }
    fn condition(&self) -> Option<Condition> {
        let [node, label] = self.condition;
        if self.has(CONDITION) {
            Some(Condition { node: node as u16, label: label as u16 })
        } else {
            None
        }
    }
    fn min(&mut self) -> i64 {
        self.rest.bound()
    }
    fn max(&mut self) -> i64 {
        self.rest.bound()
    }
    fn step(&mut self) -> Option<u64> {
        if self.has(STEP) { Some(self.rest.number()) } else { None }
    }
}

impl Rules for Packed<'_> {
    fn tools(&self) -> u16 {
        self.head().map_or(0, |head| u16::from_le_bytes([head[20], head[21]]))
    }

    fn head(&self, tool: u16) -> Option<Head> {
        let &[_, _, _, _, params, output, hints, marks, ref rest @ ..] = self.block(tool)? else {
            return None;
        };
        Some(Head {
            annotations: Annotations(hints),
            consent: Consent::from_u8(marks & 3),
            fail_safe: FailSafe(marks >> 2 & 3),
            content: marks & 16 != 0,
            limits: limits(entries(params, output, rest)),
        })
    }

    fn check(&self, tool: u16) -> u32 {
        let check = self.block(tool).and_then(<[u8]>::first_chunk);
        check.map_or(0, |&check| u32::from_le_bytes(check))
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        match self.nodes(tool, side) {
            Some(nodes) if nodes.accept(bytes) => Ok(()),
            Some(nodes) => walk_nodes(&nodes, bytes),
            None => Err(Fault::new(FaultCode::Malformed, NO_NODE)),
        }
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.default(tool, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        self.expand(offset, out);
        self.list()
    }

    fn list_hash(&self) -> u64 {
        let Some(&[_, _, _, _, _, _, _, _, a, b, c, d, e, f, g, h, ..]) = self.head() else {
            return 0;
        };
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests;
