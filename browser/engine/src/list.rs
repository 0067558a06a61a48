//! The tools that a device has sent, read where they lie.

use trine_descriptor::record::{self, Decoder};
use trine_descriptor::{Field, Side, ToolInfo, ToolTable, check};

/// Most bytes of a list.
pub const LIST_MAX: usize = 16 << 10;
/// Most tools of a list.
pub const TOOLS_MAX: usize = 32;

/// Why a list is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListError {
    /// It is longer than [`LIST_MAX`].
    Long,
    /// It has more tools than [`TOOLS_MAX`].
    Tools,
    /// A record cannot be read.
    Malformed,
    /// A tool breaks a rule of descriptors.
    Rule,
    /// Its hash is not the one that the device has said.
    Hash,
}

impl ListError {
    /// What a person is told.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Long => {
                "the device's list of tools is longer than the 16 KiB that this page takes"
            }
            Self::Tools => "the device has more tools than the 32 that this page takes",
            Self::Malformed => "the device's list of tools cannot be read",
            Self::Rule => "one of the device's tools breaks a rule of descriptors",
            Self::Hash => "the device's list of tools is not the one that it announced",
        }
    }
}

/// A list, piece by piece or whole.
#[derive(Debug)]
pub struct List {
    bytes: [u8; LIST_MAX],
    len: usize,
    /// Where each record begins, and its bytes.
    places: [(u16, u16); TOOLS_MAX],
    count: u16,
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

impl List {
    /// Without tools.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; LIST_MAX], len: 0, places: [(0, 0); TOOLS_MAX], count: 0 }
    }

    /// Forgets the tools, to be filled anew.
    pub const fn clear(&mut self) {
        (self.len, self.count) = (0, 0);
    }

    /// Bytes so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ListError::Long`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), ListError> {
        let place = self.bytes.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len()));
        place.ok_or(ListError::Long)?.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// Reads the records, once all bytes are there.
    ///
    /// # Errors
    /// [`ListError`]; there are no tools then.
    pub fn close(&mut self, hash: u64) -> Result<(), ListError> {
        let read = self.read().and_then(|count| {
            self.count = count;
            if record::table_hash(&*self) != hash {
                return Err(ListError::Hash);
            }
            let is_sound = (0..count).all(|tool| check::tool(&*self, tool).is_ok());
            if is_sound { Ok(()) } else { Err(ListError::Rule) }
        });
        read.inspect_err(|_| self.clear())
    }

    fn read(&mut self) -> Result<u16, ListError> {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        let mut list = Decoder::new(bytes);
        let (mut places, mut count, mut at) = (self.places.iter_mut(), 0, 0_usize);
        while !list.is_at_end() {
            let record = list.record().ok_or(ListError::Malformed)?;
            is_whole(record).ok_or(ListError::Malformed)?;
            // A record stands behind its length.
            let size = varint_bytes(record.len());
            let place = places.next().ok_or(ListError::Tools)?;
            // Both are below `LIST_MAX`.
            *place = ((at + size) as u16, record.len() as u16);
            at += size + record.len();
            count += 1;
        }
        Ok(count)
    }

    /// The bytes of a tool.
    fn record(&self, tool: u16) -> Option<&[u8]> {
        let places = self.places.get(..usize::from(self.count))?;
        let (start, len) = *places.get(usize::from(tool))?;
        self.bytes.get(usize::from(start)..)?.get(..len.into())
    }

    /// The record of a tool, behind the count of one side's nodes, and that count.
    fn side(&self, tool: u16, side: Side) -> Option<(Decoder<'_>, u16)> {
        let mut record = Decoder::new(self.record(tool)?);
        record.info()?;
        let mut count = record.count()?;
        if side == Side::Output {
            for _ in 0..count {
                record.node()?;
            }
            count = record.count()?;
        }
        Some((record, count))
    }
}

/// Whether a record can be read to its end.
fn is_whole(record: &[u8]) -> Option<()> {
    let mut record = Decoder::new(record);
    record.info()?;
    for _ in 0..2 {
        for _ in 0..record.count()? {
            record.node()?;
        }
    }
    record.extras().map(|_| ())
}

/// Bytes of a number as a varint.
const fn varint_bytes(number: usize) -> usize {
    match number {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

impl ToolTable for List {
    fn count(&self) -> u16 {
        self.count
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        Decoder::new(self.record(tool)?).info()
    }

    fn hash(&self, tool: u16) -> u64 {
        self.record(tool).map_or(0, record::hash_bytes)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        self.side(tool, side).map_or(0, |(_, count)| count)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        let (mut record, count) = self.side(tool, side)?;
        if node >= count {
            return None;
        }
        for _ in 0..node {
            record.node()?;
        }
        record.node()
    }

    fn extras(&self, tool: u16) -> &[u8] {
        let rest = self.side(tool, Side::Output).and_then(|(mut record, count)| {
            for _ in 0..count {
                record.node()?;
            }
            record.extras()
        });
        rest.unwrap_or_default()
    }
}
