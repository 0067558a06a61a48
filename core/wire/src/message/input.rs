//! What a tool asks for in [`Outcome::NeedInput`](super::Outcome::NeedInput), and what comes back
//! in a [`Call`](super::Call): a count, and that many records, each behind its length.

use crate::codec::{WireReader, WireWriter, size, size_of_bytes};

/// The kinds of a [`Request`].
pub mod asks {
    /// A form that a person fills in. The values of its answer are entries by its nodes.
    pub const FORM: u8 = 0;
    /// A message that the client's language model answers. The values are one entry, node 0: what
    /// it wrote, a text.
    pub const SAMPLING: u8 = 1;
    /// The folders and files that the client works on. The values are an array of texts, node 0,
    /// whose items are node 1: their addresses.
    pub const ROOTS: u8 = 2;
}

/// One question to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The answer bears the same name.
    pub name: &'a str,
    /// One of [`asks`]. A host that does not know it answers that it was put away.
    pub kind: u8,
    /// The question; of no use to [`asks::ROOTS`].
    pub message: &'a str,
    /// The fields of a form: a count and node records, as descriptors have them.
    pub nodes: &'a [u8],
    /// The longest answer of a language model, in tokens; 0 leaves it to the host.
    pub tokens: u32,
    /// What the schema of a form says beyond its nodes: records of `docs/wire.md`, section 6.
    pub extras: &'a [u8],
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Name of the request.
    pub name: &'a str,
    /// 0 accepted, 1 declined, 2 put away without an answer.
    pub action: u8,
    /// The fields as entries by the request's nodes; empty unless accepted.
    pub values: &'a [u8],
}

/// A record of a list: [`Request`] or [`Answer`].
pub trait Record<'a>: Sized {
    /// Bytes of the record without its length.
    fn size(&self) -> usize;
    /// Writes the members.
    fn write_to(&self, out: &mut WireWriter<'_>);
    /// Reads the members.
    fn read_from(from: &mut WireReader<'a>) -> Option<Self>;
}

impl<'a> Record<'a> for Request<'a> {
    fn size(&self) -> usize {
        let [name, message] = [self.name, self.message].map(|text| size_of_bytes(text.len()));
        let tail = match (self.tokens, self.extras.len()) {
            (0, 0) => 0,
            (tokens, 0) => size(tokens as usize),
            (tokens, extras) => size(tokens as usize) + size_of_bytes(extras),
        };
        name + 1 + message + size_of_bytes(self.nodes.len()) + tail
    }

    fn write_to(&self, out: &mut WireWriter<'_>) {
        out.text(self.name).byte(self.kind).text(self.message).bytes(self.nodes);
        // What is left out here must not be put in before a later record.
        if self.tokens > 0 || !self.extras.is_empty() {
            out.number(self.tokens);
        }
        if !self.extras.is_empty() {
            out.bytes(self.extras);
        }
    }

    fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        Some(Self {
            name: from.text()?,
            kind: from.byte()?,
            message: from.text()?,
            nodes: from.bytes()?,
            tokens: from.later_number()?,
            extras: from.later_bytes()?,
        })
    }
}

impl<'a> Record<'a> for Answer<'a> {
    fn size(&self) -> usize {
        size_of_bytes(self.name.len()) + 1 + size_of_bytes(self.values.len())
    }

    fn write_to(&self, out: &mut WireWriter<'_>) {
        out.text(self.name).byte(self.action).bytes(self.values);
    }

    fn read_from(from: &mut WireReader<'a>) -> Option<Self> {
        Some(Self { name: from.text()?, action: from.byte()?, values: from.bytes()? })
    }
}

/// Writes the list of `records`; answers its length, `None` when it does not fit.
pub fn write<'a, R: Record<'a>>(records: &[R], out: &mut [u8]) -> Option<usize> {
    let mut out = WireWriter::new(out);
    out.number(u32::try_from(records.len()).ok()?);
    for record in records {
        out.number(u32::try_from(record.size()).ok()?);
        record.write_to(&mut out);
    }
    out.finish()
}

/// Reads a list record by record.
#[derive(Debug)]
pub struct Records<'a> {
    from: WireReader<'a>,
    left: u32,
}

impl<'a> Records<'a> {
    /// A reader of the list in `bytes`; no bytes are an empty list. `None` when they hold no count.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut from = WireReader::new(bytes);
        let left = from.later_number()?;
        Some(Self { from, left })
    }

    /// Records that are still to come, as the list has it.
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.left
    }

    /// The next record; `None` after the last one and where the bytes are no record, which
    /// [`Self::left`] tells apart.
    pub fn record<R: Record<'a>>(&mut self) -> Option<R> {
        let left = self.left.checked_sub(1)?;
        let record = R::read_from(&mut WireReader::new(self.from.bytes()?))?;
        self.left = left;
        Some(record)
    }
}
