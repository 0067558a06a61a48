//! A descriptor as bytes: what a device sends in answer to a list request, and what is hashed.
//!
//! Integers are LEB128 varints, zigzag where signed; texts have their length first. One record is
//!
//! ```text
//! record  = name title description version  annotations:u8 consent:u8 fail_safe:u8 content:u8
//!           deadline_ms pending_bytes  count param*  count output*  [extras]
//! node    = name description unit  flags:u8 kind:u8 bounds  [default]  [condition]
//! flags   = 1 required, 2 default follows, 4 condition follows
//! bounds  = by kind: 1 bool: none; 2 integer: min max; 3 decimal: min max step places:u8;
//!           4 text: min max; 5 choice: labels; 6 object: nodes; 7 array: nodes min max
//! default = 1 bool:u8, 2 number, 3 text, 4 label
//! ```
//!
//! In a list each record stands behind its length, so that a reader skips what it does not know.
//! The hash is FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv), over one record.

use trine_bits::{Fnv64, varint};

use crate::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, IntRange, Kind, Limits,
    Literal, Side, ToolInfo, ToolTable, value::ValueReader,
};

/// Writes records into a window of the whole: bytes before `skip` and past the end of the buffer
/// are counted and hashed but not kept. So any page of a list comes out of flash with no buffer
/// for the rest, and hashing alone needs no buffer at all.
#[derive(Debug)]
pub struct Encoder<'b> {
    out: &'b mut [u8],
    skip: usize,
    at: usize,
    hash: Fnv64,
    /// Whether the hash is wanted; a window is encoded much faster without it.
    hashes: bool,
}

impl<'b> Encoder<'b> {
    /// An encoder whose buffer holds the bytes from `skip` on.
    #[must_use]
    pub const fn new(out: &'b mut [u8], skip: usize) -> Self {
        Self { out, skip, at: 0, hash: Fnv64::new(), hashes: true }
    }

    /// The same without a hash, so that what lies outside of the buffer costs next to nothing.
    #[must_use]
    pub const fn window(out: &'b mut [u8], skip: usize) -> Self {
        Self { out, skip, at: 0, hash: Fnv64::new(), hashes: false }
    }

    /// FNV-1a of all bytes so far.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash.hash()
    }

    /// How many bytes were written, kept or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// One record, without its length.
    pub const fn tool(&mut self, info: &ToolInfo<'_>, params: &[Field<'_>], output: &[Field<'_>]) {
        self.info(info);
        self.nodes(params);
        self.nodes(output);
    }

    /// What a record ends with, where it has extras: their records behind their length.
    pub const fn extras(&mut self, extras: &[u8]) {
        if !extras.is_empty() {
            self.bytes(extras);
        }
    }

    pub(crate) const fn nodes(&mut self, nodes: &[Field<'_>]) {
        self.number(nodes.len() as u64);
        let mut i = 0;
        while i < nodes.len() {
            self.node(&nodes[i]);
            i += 1;
        }
    }

    /// The head of a record.
    pub const fn info(&mut self, info: &ToolInfo<'_>) {
        self.texts(info);
        self.marks(info);
    }

    pub(crate) const fn texts(&mut self, info: &ToolInfo<'_>) {
        self.text(info.name);
        self.text(info.title);
        self.text(info.description);
        self.text(info.version);
    }

    pub(crate) const fn marks(&mut self, info: &ToolInfo<'_>) {
        self.byte(info.annotations.0);
        self.byte(info.consent as u8);
        self.byte(info.fail_safe.0);
        self.byte(info.content as u8);
        self.number(info.limits.deadline_ms as u64);
        self.number(info.limits.pending_bytes as u64);
    }

    /// One node.
    pub const fn node(&mut self, field: &Field<'_>) {
        self.text(field.name);
        self.text(field.description);
        self.text(field.unit);
        let default = if field.default.is_some() { 2 } else { 0 };
        let condition = if field.required_if.is_some() { 4 } else { 0 };
        self.byte(field.required as u8 | default | condition);
        self.kind(&field.kind);
        if let Some(literal) = field.default {
            match literal {
                Literal::Bool(value) => {
                    self.byte(1);
                    self.byte(value as u8);
                }
                Literal::Number(value) => {
                    self.byte(2);
                    self.signed(value);
                }
                Literal::Text(value) => {
                    self.byte(3);
                    self.text(value);
                }
                Literal::Label(value) => {
                    self.byte(4);
                    self.number(value as u64);
                }
            }
        }
        if let Some(condition) = field.required_if {
            self.number(condition.node as u64);
            self.number(condition.label as u64);
        }
    }

    const fn kind(&mut self, kind: &Kind<'_>) {
        match *kind {
            Kind::Bool => self.byte(1),
            Kind::Int(range) => {
                self.byte(2);
                self.signed(range.min);
                self.signed(range.max);
            }
            Kind::Decimal(range) => {
                self.byte(3);
                self.signed(range.min);
                self.signed(range.max);
                self.signed(range.step);
                self.byte(range.places);
            }
            Kind::Text { min, max } => {
                self.byte(4);
                self.number(min as u64);
                self.number(max as u64);
            }
            Kind::Choice(labels) => {
                self.byte(5);
                self.text(labels);
            }
            Kind::Object { nodes } => {
                self.byte(6);
                self.byte(nodes);
            }
            Kind::Array { nodes, min, max } => {
                self.byte(7);
                self.byte(nodes);
                self.byte(min);
                self.byte(max);
            }
        }
    }

    pub(crate) const fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A text, whose bytes are UTF-8, behind its length.
    // This and the next two are out of line, or each of their many callers would hold a copy.
    #[inline(never)]
    pub const fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.slice(bytes);
    }

    pub(crate) const fn slice(&mut self, bytes: &[u8]) {
        if self.misses(bytes.len()) {
            self.at += bytes.len();
            return;
        }
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    /// Whether the next so many bytes would be neither kept nor hashed.
    const fn misses(&self, len: usize) -> bool {
        let past = self.skip.saturating_add(self.out.len());
        !self.hashes && (self.at + len <= self.skip || self.at >= past)
    }

    /// A signed varint.
    pub const fn signed(&mut self, value: i64) {
        self.number(varint::zigzag(value));
    }

    /// An unsigned varint.
    #[inline(never)]
    pub const fn number(&mut self, mut value: u64) {
        // As `varint::encode`, which takes a closure, and so cannot run while compiling.
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// One byte.
    #[inline(never)]
    pub const fn byte(&mut self, byte: u8) {
        if self.hashes {
            self.hash = self.hash.byte(byte);
        }
        if self.at >= self.skip && self.at - self.skip < self.out.len() {
            self.out[self.at - self.skip] = byte;
        }
        self.at += 1;
    }
}

fn encode<T: ToolTable + ?Sized>(table: &T, tool: u16, out: &mut Encoder<'_>) {
    let Some(info) = table.info(tool) else { return };
    out.info(&info);
    for side in [Side::Params, Side::Output] {
        let count = table.node_count(tool, side);
        out.number(u64::from(count));
        for node in 0..count {
            if let Some(field) = table.node(tool, side, node) {
                out.node(&field);
            }
        }
    }
    out.extras(table.extras(tool));
}

/// The hash of one tool's record; what [`crate::Tool::new`] computes at compile time.
pub fn hash<T: ToolTable + ?Sized>(table: &T, tool: u16) -> u64 {
    let mut out = Encoder::new(&mut [], 0);
    encode(table, tool, &mut out);
    out.hash()
}

/// The hash of a record as it was received. A host compares with this one, not with the hash of
/// what it decoded: a newer device's record may say more than this version understands.
#[must_use]
pub const fn hash_bytes(record: &[u8]) -> u64 {
    Fnv64::new().bytes(record).hash()
}

/// The hash of a whole table: FNV-1a over the hashes of its tools, each little-endian.
pub fn table_hash<T: ToolTable + ?Sized>(table: &T) -> u64 {
    hash_of_hashes((0..table.count()).map(|tool| table.hash(tool)))
}

/// [`table_hash`] of tools whose hashes are these, in the order of their numbers.
pub fn hash_of_hashes(hashes: impl Iterator<Item = u64>) -> u64 {
    hashes.fold(Fnv64::new(), |all, hash| all.bytes(&hash.to_le_bytes())).hash()
}

/// Writes the part of the table's list that starts at byte `offset` into `out` and answers the
/// length of the whole list. Each record stands behind its length.
pub fn page<T: ToolTable + ?Sized>(table: &T, offset: usize, out: &mut [u8]) -> usize {
    page_of(table.count(), |tool, out| encode(table, tool, out), offset, out)
}

/// The same for `tools` records that `encode` writes.
pub fn page_of(
    tools: u16,
    encode: impl Fn(u16, &mut Encoder<'_>),
    offset: usize,
    out: &mut [u8],
) -> usize {
    let mut list = Encoder::window(out, offset);
    for tool in 0..tools {
        let mut size = Encoder::window(&mut [], 0);
        encode(tool, &mut size);
        list.number(size.len() as u64);
        if list.misses(size.len()) {
            list.at += size.len();
        } else {
            encode(tool, &mut list);
        }
    }
    list.len()
}

/// Reads a list or one record. Every method answers `None` where the bytes are no record.
///
/// ```
/// # use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};
/// # const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// # const NODES: &[Field<'static>] = &[Field::new("percent", PERCENT).describe("Percent.")];
/// # const INFO: ToolInfo<'static> = ToolInfo::new("fan_set", "Set the fan.");
/// # static TOOLS: [Tool<'static>; 1] = [Tool::new(INFO, NODES, &[])];
///
/// use trine_descriptor::record::{self, Decoder};
///
/// let mut list = [0; 128];
/// let len = record::page(&TOOLS, 0, &mut list);
/// let record = Decoder::new(&list[..len]).record().ok_or("the list is cut")?;
/// assert_eq!(record::hash_bytes(record), TOOLS[0].hash());
/// let mut decoder = Decoder::new(record);
/// assert_eq!(decoder.info().map(|info| info.name), Some("fan_set"));
/// assert_eq!(decoder.count(), Some(1));
/// assert_eq!(decoder.node().map(|field| field.kind), Some(PERCENT));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    bytes: ValueReader<'a>,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: ValueReader::new(bytes) }
    }

    /// The next record of a list, and the decoder moves past it.
    pub fn record(&mut self) -> Option<&'a [u8]> {
        let len = self.bytes.number().ok()?;
        self.bytes.take(usize::try_from(len).ok()?).ok()
    }

    /// Whether all bytes were read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.bytes.is_at_end()
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.bytes.text().ok()
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<u64> {
        self.bytes.number().ok()
    }

    /// The head of a record.
    pub fn info(&mut self) -> Option<ToolInfo<'a>> {
        let b = &mut self.bytes;
        Some(ToolInfo {
            name: b.text().ok()?,
            title: b.text().ok()?,
            description: b.text().ok()?,
            version: b.text().ok()?,
            annotations: Annotations(b.byte().ok()?),
            consent: Consent::from_u8(b.byte().ok()?),
            fail_safe: FailSafe(b.byte().ok()?),
            content: b.byte().ok()? != 0,
            limits: Limits {
                deadline_ms: u32::try_from(b.number().ok()?).ok()?,
                pending_bytes: u16::try_from(b.number().ok()?).ok()?,
            },
        })
    }

    /// The count of nodes that follow.
    pub fn count(&mut self) -> Option<u16> {
        let count = self.bytes.number().ok()?;
        if count > crate::NODES_MAX as u64 {
            return None;
        }
        u16::try_from(count).ok()
    }

    /// The extras at the end of a record; none where it ends before them.
    pub fn extras(&mut self) -> Option<&'a [u8]> {
        if self.is_at_end() { Some(&[]) } else { self.bytes.bytes().ok() }
    }

    /// One node.
    pub fn node(&mut self) -> Option<Field<'a>> {
        let b = &mut self.bytes;
        let (name, description, unit) = (b.text().ok()?, b.text().ok()?, b.text().ok()?);
        let flags = b.byte().ok()?;
        let kind = self.kind()?;
        let b = &mut self.bytes;
        let default = if flags & 2 == 0 {
            None
        } else {
            Some(match b.byte().ok()? {
                1 => Literal::Bool(b.byte().ok()? != 0),
                2 => Literal::Number(b.signed().ok()?),
                3 => Literal::Text(b.text().ok()?),
                4 => Literal::Label(u16::try_from(b.number().ok()?).ok()?),
                _ => return None,
            })
        };
        let required_if = if flags & 4 == 0 {
            None
        } else {
            Some(Condition {
                node: u16::try_from(b.number().ok()?).ok()?,
                label: u16::try_from(b.number().ok()?).ok()?,
            })
        };
        let required = flags & 1 != 0;
        Some(Field { name, description, unit, kind, required, required_if, default })
    }

    fn kind(&mut self) -> Option<Kind<'a>> {
        let b = &mut self.bytes;
        Some(match b.byte().ok()? {
            1 => Kind::Bool,
            2 => Kind::Int(IntRange { min: b.signed().ok()?, max: b.signed().ok()? }),
            3 => Kind::Decimal(DecimalRange {
                min: b.signed().ok()?,
                max: b.signed().ok()?,
                step: b.signed().ok()?,
                places: b.byte().ok()?,
            }),
            4 => Kind::Text {
                min: u16::try_from(b.number().ok()?).ok()?,
                max: u16::try_from(b.number().ok()?).ok()?,
            },
            5 => Kind::Choice(b.text().ok()?),
            6 => Kind::Object { nodes: b.byte().ok()? },
            7 => Kind::Array { nodes: b.byte().ok()?, min: b.byte().ok()?, max: b.byte().ok()? },
            _ => return None,
        })
    }
}
