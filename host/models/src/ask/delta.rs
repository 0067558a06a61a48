//! A delta: what tells a base that was tuned to some tools from the base that it was.
//!
//! ```text
//! delta = "TRINED01"  length:u32  hash:u64  base:u64  list:u64  acting:f32 reading:f32  changes
//! ```
//!
//! `hash` is that of all bytes behind it (FNV-1a, 64 bits); `base` and `list` are the hashes of the
//! base and of the list of tools. `changes` has for each piece of the base's weights, in order, how
//! many numbers of it change. Of a matrix, each change is `gap · 2 + turn`: `gap` numbers stay the
//! same before it, and the trit becomes the next one of -1, 0, 1 and -1 again, or, with a turn of
//! 1, the one after that. Of floats there is a step before the changes (`f32`, only where there
//! are changes), and each change is its gap and by how many steps the number changes (zigzag).
//! Counts, gaps and steps are variable-length integers in their shortest form. All else is
//! little-endian.

use trine_bits::{Fnv64, varint};
use trine_ternary::unpack;
use trine_unseen::Base;
use trine_unseen::base::{BaseWriter, MATRIX_MAX, Piece, Thresholds};

use crate::DeltaError;

/// What a delta begins with.
pub const DELTA_MAGIC: &[u8; 8] = b"TRINED01";
/// Bytes before the changes.
const HEAD: usize = 44;
/// Bytes that the hash is not of.
const HEAD_HASHED: usize = 20;
/// Most steps that a float changes by.
const STEPS_MAX: f32 = 127.0;

/// New numbers of a piece of the weights.
#[derive(Clone, Debug)]
pub enum NewPiece {
    /// Of a matrix: -1, 0 and 1, row by row.
    Trits(Vec<i8>),
    /// Floats.
    Floats(Vec<f32>),
}

/// A delta that was read.
#[derive(Clone, Copy, Debug)]
pub struct Delta<'d> {
    /// The hash of its base.
    pub base: u64,
    /// The hash of its list of tools.
    pub list: u64,
    /// The least confidence of calls.
    pub thresholds: Thresholds,
    changes: &'d [u8],
}

impl<'d> Delta<'d> {
    /// Whether bytes begin as a delta does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(DELTA_MAGIC)
    }

    /// Reads a delta, and whether it is whole.
    ///
    /// # Errors
    /// When the bytes are none, or have changed.
    pub fn parse(bytes: &'d [u8]) -> Result<Self, DeltaError> {
        if !Self::is_one(bytes) {
            return Err(DeltaError::Magic);
        }
        let word = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
        let long = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
        let needed = word(8).map_or(HEAD, |length| length as usize).max(HEAD);
        let cut = DeltaError::Length { needed, given: bytes.len() };
        if needed != bytes.len() {
            return Err(cut);
        }
        let (Some(hash), Some(base), Some(list)) = (long(12), long(20), long(28)) else {
            return Err(cut);
        };
        let (Some(acting), Some(reading)) = (word(36), word(40)) else { return Err(cut) };
        let body = bytes.get(HEAD_HASHED..).unwrap_or_default();
        if Fnv64::new().bytes(body).hash() != hash {
            return Err(DeltaError::Hash);
        }
        let thresholds =
            Thresholds { acting: f32::from_bits(acting), reading: f32::from_bits(reading) };
        Ok(Self { base, list, thresholds, changes: bytes.get(HEAD..).unwrap_or_default() })
    }

    /// The tuned base: `base` with the changes, in the same packing.
    ///
    /// # Errors
    /// When the delta is of another base.
    pub fn apply(&self, base: &Base<'_>) -> Result<Vec<u8>, DeltaError> {
        if self.base != base.hash() {
            return Err(DeltaError::Base { made: self.base, given: base.hash() });
        }
        let mut changes = Changes(self.changes);
        let mut out = vec![0; base.bytes().len()];
        let mut memory = vec![0; MATRIX_MAX];
        let writer =
            BaseWriter::new(&mut out, base.packing(), base.blocks(), self.thresholds, base.rows());
        let mut writer = writer.ok_or(DeltaError::Changes)?;
        let mut wrong = None;
        base.weights(&mut |piece| {
            if wrong.is_none() {
                wrong = changes.write(piece, &mut writer, &mut memory).err();
            }
        });
        let length = writer.finish();
        match wrong {
            Some(error) => Err(error),
            None if changes.0.is_empty() && length == out.len() => Ok(out),
            None => Err(DeltaError::Changes),
        }
    }

    /// How many weights change.
    #[must_use]
    pub fn count(&self, base: &Base<'_>) -> usize {
        let (mut changes, mut count) = (Changes(self.changes), 0);
        base.weights(&mut |piece| match piece {
            Piece::Matrix(matrix, _) => {
                let mut trits = vec![0; matrix.rows() * matrix.cols()];
                count += changes.trits(&mut trits).unwrap_or(0);
            }
            Piece::Floats(bytes) => {
                count += changes.floats(&mut vec![0.0; bytes.len() / 4]).unwrap_or(0);
            }
        });
        count
    }
}

/// Changes that were not read yet.
struct Changes<'d>(&'d [u8]);

impl Changes<'_> {
    fn number(&mut self) -> Result<u64, DeltaError> {
        let (mut number, mut shift) = (0_u64, 0_u32);
        loop {
            let (byte, rest) = self.0.split_first().ok_or(DeltaError::Changes)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                // A last byte of nothing is no shortest form.
                let is_shortest = *byte != 0 || shift == 0;
                return if is_shortest { Ok(number) } else { Err(DeltaError::Changes) };
            }
            shift += 7;
            if shift > 28 {
                return Err(DeltaError::Changes);
            }
        }
    }

    /// The place of the next change.
    fn place(at: &mut usize, gap: u64, length: usize) -> Result<usize, DeltaError> {
        let place = usize::try_from(gap).ok().and_then(|gap| at.checked_add(gap));
        let place = place.filter(|place| *place < length).ok_or(DeltaError::Changes)?;
        *at = place + 1;
        Ok(place)
    }

    /// Changes the trits of a matrix; answers how many.
    fn trits(&mut self, trits: &mut [i8]) -> Result<usize, DeltaError> {
        let count = self.number()?;
        let mut at = 0;
        for _ in 0..count {
            let change = self.number()?;
            let place = Self::place(&mut at, change >> 1, trits.len())?;
            let trit = trits.get_mut(place).ok_or(DeltaError::Changes)?;
            *trit = turned(*trit, (change & 1) as i8);
        }
        Ok(count as usize)
    }

    fn floats(&mut self, floats: &mut [f32]) -> Result<usize, DeltaError> {
        let count = self.number()?;
        if count == 0 {
            return Ok(0);
        }
        let (step, rest) = self.0.split_first_chunk().ok_or(DeltaError::Changes)?;
        self.0 = rest;
        let (step, mut at) = (f32::from_le_bytes(*step), 0);
        if !step.is_finite() {
            return Err(DeltaError::Changes);
        }
        for _ in 0..count {
            let gap = self.number()?;
            let place = Self::place(&mut at, gap, floats.len())?;
            let steps = varint::unzigzag(self.number()?);
            let float = floats.get_mut(place).ok_or(DeltaError::Changes)?;
            *float += steps as f32 * step;
        }
        Ok(count as usize)
    }

    /// Adds a piece with its changes to a base.
    fn write(
        &mut self,
        piece: Piece<'_>,
        writer: &mut BaseWriter<'_>,
        memory: &mut [u8],
    ) -> Result<(), DeltaError> {
        match piece {
            Piece::Matrix(matrix, scale) => {
                let mut trits = trits_of(&Piece::Matrix(matrix, scale));
                self.trits(&mut trits)?;
                let size = (matrix.rows(), matrix.cols());
                writer.product(size, &trits, scale, memory).map_err(|_| DeltaError::Changes)
            }
            Piece::Floats(bytes) => {
                let mut floats = floats_of(bytes);
                self.floats(&mut floats)?;
                writer.floats(&floats);
                Ok(())
            }
        }
    }
}

/// The trit that follows, or the one after that.
const fn turned(trit: i8, turn: i8) -> i8 {
    (trit + 2 + turn) % 3 - 1
}

/// The trits of a matrix, row by row; none of floats.
#[must_use]
pub fn trits_of(piece: &Piece<'_>) -> Vec<i8> {
    let Piece::Matrix(matrix, _) = piece else { return Vec::new() };
    let mut trits = vec![0; matrix.rows() * matrix.cols()];
    match unpack(matrix, &mut trits) {
        Ok(()) => trits,
        Err(_) => Vec::new(),
    }
}

/// Floats of their bytes.
#[must_use]
pub fn floats_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Writes what tells new weights from those of a base. Floats are rounded to steps of a 127th of
/// the greatest change of their piece. A piece that is of another sort than the base's stays.
#[must_use]
pub fn write_delta(
    base: &Base<'_>,
    list: u64,
    thresholds: Thresholds,
    new: &[NewPiece],
) -> Vec<u8> {
    let mut out = DELTA_MAGIC.to_vec();
    out.extend([0; 12]);
    out.extend(base.hash().to_le_bytes());
    out.extend(list.to_le_bytes());
    out.extend(thresholds.acting.to_le_bytes());
    out.extend(thresholds.reading.to_le_bytes());
    let mut new = new.iter();
    base.weights(&mut |piece| match (piece, new.next()) {
        (Piece::Matrix(..), Some(NewPiece::Trits(trits))) => {
            write_trits(&trits_of(&piece), trits, &mut out);
        }
        (Piece::Floats(bytes), Some(NewPiece::Floats(floats))) => {
            write_floats(&floats_of(bytes), floats, &mut out);
        }
        _ => out.push(0),
    });
    // Deltas are below 4 GiB.
    let length = (out.len() as u32).to_le_bytes();
    out[8..12].copy_from_slice(&length);
    let hash = Fnv64::new().bytes(&out[HEAD_HASHED..]).hash();
    out[12..HEAD_HASHED].copy_from_slice(&hash.to_le_bytes());
    out
}

fn write_trits(old: &[i8], new: &[i8], out: &mut Vec<u8>) {
    let pairs = old.iter().zip(new).enumerate();
    let changed: Vec<(usize, u64)> = pairs
        .filter(|(_, (old, new))| old != new)
        .map(|(at, (old, new))| (at, u64::from(turned(*old, 0) != *new)))
        .collect();
    varint::encode(changed.len() as u64, |byte| out.push(byte));
    let mut next = 0;
    for (at, turn) in changed {
        varint::encode(((at - next) as u64) << 1 | turn, |byte| out.push(byte));
        next = at + 1;
    }
}

fn write_floats(old: &[f32], new: &[f32], out: &mut Vec<u8>) {
    let most = old.iter().zip(new).map(|(old, new)| (new - old).abs()).fold(0.0, f32::max);
    let step = most / STEPS_MAX;
    let steps = |old: f32, new: f32| ((new - old) / step).round() as i64;
    let pairs = old.iter().zip(new).enumerate();
    let changed: Vec<(usize, i64)> = pairs
        .map(|(at, (old, new))| (at, if step > 0.0 { steps(*old, *new) } else { 0 }))
        .filter(|(_, steps)| *steps != 0)
        .collect();
    varint::encode(changed.len() as u64, |byte| out.push(byte));
    if changed.is_empty() {
        return;
    }
    out.extend(step.to_le_bytes());
    let mut next = 0;
    for (at, steps) in changed {
        varint::encode((at - next) as u64, |byte| out.push(byte));
        varint::encode(varint::zigzag(steps), |byte| out.push(byte));
        next = at + 1;
    }
}
