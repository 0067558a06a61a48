//! The base model: words and weights in one piece of flash.
//!
//! ```text
//! base = "TRINEB01"  length:u32  hash:u64  packing:u8 sentence:u8 tool:u8 both:u8
//!        version:u32 (of the shapes)  acting:f32 reading:f32  rows  weights
//! ```
//!
//! `hash` is that of all bytes behind it (FNV-1a, 64 bits), as the base was made: one that is
//! packed for another processor keeps it, and is known by it. `packing` is the place in
//! [`PACKINGS`]; the next three say how many blocks there are. `acting` and `reading` are the least
//! confidence of a call of a tool that does something, and of one that only reads. Rows are those
//! of [`crate::rows`]. Weights are in the order of the network's fields; a matrix is its scale and
//! its packed bytes, all else is floats. Behind the rows and behind each matrix there are zeros up
//! to a multiple of four bytes. Numbers are little-endian.

use core::fmt;

use trine_bits::Fnv64;
use trine_ternary::{Matrix, Packing};

pub use crate::net::Piece;
use crate::net::{Loader, Net};
use crate::read::{Reader, Writer};
use crate::rows::Rows;

/// What a base begins with.
pub const MAGIC: &[u8; 8] = b"TRINEB01";
/// Bytes before the rows.
pub const HEAD: usize = 36;
/// The shapes of the weights: one more for each change.
pub const SHAPES: u32 = 3;
/// Packings of matrices, by their numbers: for hosts, and for microcontrollers.
pub const PACKINGS: [Packing; 4] =
    [Packing::Table5Trit, Packing::Table4Trit, Packing::SmladPairs, Packing::Panel2Bit];

/// Why bytes are no base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseError {
    /// They do not begin like one.
    Magic,
    /// It is of other shapes than these.
    Version(u32),
    /// It is cut, or something stands behind it.
    Length {
        /// Bytes that it says it has.
        needed: usize,
        /// Bytes there are.
        given: usize,
    },
    /// A byte of it has changed.
    Hash,
    /// Its parts are not what they should be.
    Parts,
}

impl fmt::Display for BaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a base model: it does not begin with TRINEB01"),
            Self::Version(version) => write!(
                f,
                "the base model has shapes {version}, this program reads {SHAPES}: take the base \
                 that came with the program"
            ),
            Self::Length { needed, given } => {
                write!(f, "the base model has {given} bytes of {needed}: copy it again")
            }
            Self::Hash => {
                f.write_str("the base model has changed since it was made: copy it again")
            }
            Self::Parts => f.write_str("the base model's parts do not fit together: make it again"),
        }
    }
}

impl core::error::Error for BaseError {}

/// The least confidence of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Of a tool that does something.
    pub acting: f32,
    /// Of a tool that only reads.
    pub reading: f32,
}

/// A base model.
#[derive(Clone, Copy, Debug)]
pub struct Base<'m> {
    bytes: &'m [u8],
    hash: u64,
    packing: Packing,
    thresholds: Thresholds,
    pub(crate) rows: Rows<'m>,
    pub(crate) net: Net<'m>,
}

impl<'m> Base<'m> {
    /// Reads a base as it was made, and whether it is whole.
    ///
    /// # Errors
    /// When it is none, has changed, or was packed anew.
    pub fn parse(bytes: &'m [u8]) -> Result<Self, BaseError> {
        let base = Self::parse_trusted(bytes)?;
        let body = bytes.get(HEAD_HASHED..).unwrap_or_default();
        if Fnv64::new().bytes(body).hash() == base.hash { Ok(base) } else { Err(BaseError::Hash) }
    }

    /// Reads a base without looking at each of its bytes: on a chip, those of its own flash; or one
    /// that was packed anew.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_trusted(bytes: &'m [u8]) -> Result<Self, BaseError> {
        let mut reader = Reader::new(bytes);
        if reader.array() != Some(*MAGIC) {
            return Err(BaseError::Magic);
        }
        let needed = reader.word().map_or(HEAD, |length| length as usize);
        if needed != bytes.len() || needed < HEAD {
            return Err(BaseError::Length { needed: needed.max(HEAD), given: bytes.len() });
        }
        Self::parts(bytes, &mut reader).unwrap_or(Err(BaseError::Parts))
    }

    fn parts(bytes: &'m [u8], reader: &mut Reader<'m>) -> Option<Result<Self, BaseError>> {
        let hash = u64::from_le_bytes(reader.array()?);
        let [packing, sentence, tool, both] = reader.array()?;
        let version = reader.word()?;
        if version != SHAPES {
            return Some(Err(BaseError::Version(version)));
        }
        let thresholds = Thresholds { acting: reader.float()?, reading: reader.float()? };
        let packing = *PACKINGS.get(usize::from(packing))?;
        let (rows, length) = Rows::parse(bytes.get(HEAD..)?)?;
        if rows.columns() != crate::net::COLUMNS {
            return None;
        }
        reader.take(length)?;
        reader.align(4)?;
        let blocks = [sentence, tool, both].map(usize::from);
        let net = Loader { reader, packing, each: None }.net(blocks)?;
        let base = Self { bytes, hash, packing, thresholds, rows, net };
        (reader.at() == bytes.len()).then_some(Ok(base))
    }

    /// Packs the matrices for another processor: the base is the same, and computes the same, in
    /// other bytes. `memory` has room for one matrix; [`MATRIX_MAX`] is enough for all. Answers how
    /// many bytes it has, or needs where `out` has no room.
    ///
    /// # Errors
    /// When there is no such packing, or too little memory.
    pub fn repack(
        &self,
        packing: Packing,
        out: &mut [u8],
        memory: &mut [u8],
    ) -> Result<usize, trine_ternary::Error> {
        let mut reader = Reader::new(self.bytes);
        let rows = HEAD + self.rows_bytes();
        let head = reader.take(rows).unwrap_or_default();
        _ = reader.align(4);
        let code = PACKINGS.iter().position(|other| *other == packing);
        let code = code.ok_or(trine_ternary::Error::Overflow)?;
        let mut writer = BaseWriter { out: Writer::new(out), packing };
        writer.out.bytes(head);
        writer.out.put(MAGIC.len() + 12, &[code as u8]);
        writer.align();
        let mut failed = None;
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Floats(bytes) => writer.out.bytes(bytes),
            Piece::Matrix(matrix, scale) => {
                if let Err(error) = writer.matrix(&matrix, scale, memory) {
                    failed = Some(error);
                }
            }
        };
        _ = Loader { reader: &mut reader, packing: self.packing, each: Some(&mut each) }
            .net(self.blocks().map(usize::from));
        match failed {
            Some(error) => Err(error),
            None => Ok(writer.ended(Some(self.hash))),
        }
    }

    /// Shows all weights to `each`, in order.
    pub fn weights(&self, each: &mut dyn FnMut(Piece<'m>)) {
        let mut reader = Reader::new(self.bytes);
        _ = reader.take(HEAD + self.rows_bytes());
        _ = reader.align(4);
        _ = Loader { reader: &mut reader, packing: self.packing, each: Some(each) }
            .net(self.blocks().map(usize::from));
    }

    /// How many blocks of a sentence, of a tool and of both there are.
    #[must_use]
    pub fn blocks(&self) -> [u8; 3] {
        [21, 22, 23].map(|at| self.bytes.get(at).copied().unwrap_or(0))
    }

    /// The rows, as [`crate::rows`] has them.
    #[must_use]
    pub fn rows(&self) -> &'m [u8] {
        self.bytes.get(HEAD..HEAD + self.rows_bytes()).unwrap_or_default()
    }

    /// The least confidence of a call.
    #[must_use]
    pub const fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'m [u8] {
        self.bytes
    }

    /// What tells it from other bases.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// How its matrices are packed.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.packing
    }

    /// How many pieces of words it has rows for.
    #[must_use]
    pub const fn pieces(&self) -> usize {
        self.rows.pieces()
    }

    /// The rows of its words.
    #[must_use]
    pub const fn word_rows(&self) -> Rows<'m> {
        self.rows
    }

    /// How much of its flash the rows and the pieces take.
    #[must_use]
    pub fn rows_bytes(&self) -> usize {
        Rows::parse(self.bytes.get(HEAD..).unwrap_or_default()).map_or(0, |(_, length)| length)
    }
}

/// Bytes that the hash is not of.
const HEAD_HASHED: usize = 20;

/// What a base is made of, one after the other.
#[derive(Debug)]
pub struct BaseWriter<'b> {
    out: Writer<'b>,
    packing: Packing,
}

impl<'b> BaseWriter<'b> {
    /// Begins one with so many blocks of a sentence, of a tool and of both, and with rows as
    /// [`crate::rows`] has them. `None` where there is no such packing.
    #[must_use]
    pub fn new(
        out: &'b mut [u8],
        packing: Packing,
        blocks: [u8; 3],
        thresholds: Thresholds,
        rows: &[u8],
    ) -> Option<Self> {
        let code = PACKINGS.iter().position(|other| *other == packing)?;
        let mut out = Writer::new(out);
        out.bytes(MAGIC);
        out.bytes(&[0; 12]);
        out.bytes(&[code as u8]);
        out.bytes(&blocks);
        out.bytes(&SHAPES.to_le_bytes());
        out.bytes(&thresholds.acting.to_le_bytes());
        out.bytes(&thresholds.reading.to_le_bytes());
        out.bytes(rows);
        let mut writer = Self { out, packing };
        writer.align();
        Some(writer)
    }

    fn align(&mut self) {
        while !self.out.at().is_multiple_of(4) {
            self.out.bytes(&[0]);
        }
    }

    /// Adds a ternary matrix: `trits` row by row, and its scale. `memory` has room for its bytes.
    ///
    /// # Errors
    /// When there is no such matrix, or `memory` is too short.
    pub fn product(
        &mut self,
        (rows, cols): (usize, usize),
        trits: &[i8],
        scale: f32,
        memory: &mut [u8],
    ) -> Result<(), trine_ternary::Error> {
        let needed = self.packing.bytes(rows, cols).ok_or(trine_ternary::Error::Overflow)?;
        let given = memory.len();
        let short = trine_ternary::Error::Length { needed, given };
        let bytes = memory.get_mut(..needed).ok_or(short)?;
        trine_ternary::pack(self.packing, rows, cols, trits, bytes)?;
        Matrix::new(self.packing, rows, cols, bytes)?;
        self.out.bytes(&scale.to_le_bytes());
        self.out.bytes(bytes);
        self.align();
        Ok(())
    }

    /// Adds floats.
    pub fn floats(&mut self, floats: &[f32]) {
        floats.iter().for_each(|x| self.out.bytes(&x.to_le_bytes()));
    }

    /// Adds a matrix that is packed in another way.
    fn matrix(
        &mut self,
        matrix: &Matrix<'_>,
        scale: f32,
        memory: &mut [u8],
    ) -> Result<(), trine_ternary::Error> {
        let needed = self.packing.bytes(matrix.rows(), matrix.cols());
        let needed = needed.ok_or(trine_ternary::Error::Overflow)?;
        let short = trine_ternary::Error::Length { needed, given: memory.len() };
        let bytes = memory.get_mut(..needed).ok_or(short)?;
        trine_ternary::repack(matrix, 0..matrix.rows(), self.packing, bytes)?;
        self.out.bytes(&scale.to_le_bytes());
        self.out.bytes(bytes);
        self.align();
        Ok(())
    }

    /// Ends it: how many bytes it has, or needs where there was no room.
    pub fn finish(self) -> usize {
        self.ended(None)
    }

    fn ended(mut self, hash: Option<u64>) -> usize {
        let length = self.out.at();
        // Bases are below 4 GiB.
        self.out.put(MAGIC.len(), &(length as u32).to_le_bytes());
        let own = Fnv64::new().bytes(self.out.written(HEAD_HASHED)).hash();
        self.out.put(MAGIC.len() + 4, &hash.unwrap_or(own).to_le_bytes());
        length
    }
}

/// Most bytes of a matrix, however it is packed: a byte a weight.
pub const MATRIX_MAX: usize = crate::shape::DIM * (5 * crate::shape::DIM + 64);
