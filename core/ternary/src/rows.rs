//! The rows of an output head or an embedding, which are not ternary: half and single
//! precision, and two formats of ggml.

use crate::error::{Error, exact};
use crate::float::{self, Lanes, SMALL};
use crate::half::f32_from_f16;

/// How the rows lie in bytes. All numbers are little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowFormat {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// ggml's `Q8_0`: blocks of 32 weights: a half-precision scale d, then 32 int8.
    Q8_0,
    /// ggml's `Q6_K`: blocks of 256 weights: 128 bytes of low four bits, 64 bytes of high two bits,
    /// 16 int8 scales of 16 weights each, and a half-precision scale d. A weight is
    /// `d · scale · (q − 32)`.
    Q6K,
}

impl RowFormat {
    /// All of them.
    pub const ALL: &[Self] = &[Self::F32, Self::F16, Self::Q8_0, Self::Q6K];

    /// Weights of a block, of which the columns must be a multiple; 1 where there are no blocks.
    #[must_use]
    pub const fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 => 1,
            Self::Q8_0 => 32,
            Self::Q6K => 256,
        }
    }

    /// Whether products take int8 activations ([`RowInput::Blocks`] of [`block`](Self::block)).
    #[must_use]
    pub const fn is_integer(self) -> bool {
        self.block() > 1
    }

    /// Bytes of a block.
    pub(crate) const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::Q8_0 => 34,
            Self::Q6K => 210,
        }
    }

    /// Bytes of that many rows; `None` when the columns do not end with a block, or it overflows.
    #[must_use]
    pub const fn bytes(self, rows: usize, cols: usize) -> Option<usize> {
        if !cols.is_multiple_of(self.block()) {
            return None;
        }
        match (cols / self.block()).checked_mul(self.block_bytes()) {
            Some(row) => row.checked_mul(rows),
            None => None,
        }
    }
}

/// Rows over bytes that have been checked against their dimensions.
///
/// ```
/// use trine_ternary::{RowFormat, Rows};
///
/// let bytes: Vec<u8> = [0.5_f32, -1.0, 2.0, 0.0].into_iter().flat_map(f32::to_le_bytes).collect();
/// let rows = Rows::new(RowFormat::F32, 2, 2, &bytes)?;
/// let mut row = [0.0; 2];
/// rows.read(1, &mut row)?;
/// assert_eq!(row, [2.0, 0.0]);
/// # Ok::<(), trine_ternary::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    format: RowFormat,
    rows: usize,
    cols: usize,
    bytes: &'a [u8],
}

/// The activations of a product with [`Rows`].
#[derive(Debug, Clone, Copy)]
pub enum RowInput<'a> {
    /// For rows in single or half precision.
    Floats(&'a [f32]),
    /// For rows of integers, as [`quantize_blocks`](crate::quantize_blocks) makes them with the
    /// format's own block.
    Blocks {
        /// One for each column.
        q: &'a [i8],
        /// One for each block.
        scales: &'a [f32],
    },
}

#[cfg(not(target_os = "none"))]
impl<'a> RowInput<'a> {
    /// How many activations there are.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Floats(x) => x.len(),
            Self::Blocks { q, .. } => q.len(),
        }
    }

    /// Those of one of several tokens.
    pub(crate) fn token(&self, token: usize, cols: usize) -> Self {
        match *self {
            Self::Floats(x) => Self::Floats(one(x, token, cols)),
            Self::Blocks { q, scales } => {
                let blocks = scales.len() * cols / q.len().max(1);
                Self::Blocks { q: one(q, token, cols), scales: one(scales, token, blocks) }
            }
        }
    }
}

/// The elements of one of several tokens.
#[cfg(not(target_os = "none"))]
pub(crate) fn one<T>(all: &[T], token: usize, each: usize) -> &[T] {
    all.get(token * each..).and_then(|rest| rest.get(..each)).unwrap_or_default()
}

impl<'a> Rows<'a> {
    /// Rows over bytes that are exactly as long as the dimensions say.
    ///
    /// # Errors
    /// When the columns do not end with a block, or the length is another.
    pub fn new(
        format: RowFormat,
        rows: usize,
        cols: usize,
        bytes: &'a [u8],
    ) -> Result<Self, Error> {
        let multiple = format.block();
        if !cols.is_multiple_of(multiple) {
            return Err(Error::Columns { cols, multiple });
        }
        exact(format.bytes(rows, cols).ok_or(Error::Overflow)?, bytes.len())?;
        Ok(Self { format, rows, cols, bytes })
    }

    /// How a row lies in bytes.
    #[must_use]
    pub const fn format(&self) -> RowFormat {
        self.format
    }

    /// Outputs.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Inputs.
    #[must_use]
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// The bytes of all rows.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of one row, which must exist.
    pub(crate) fn row(&self, row: usize) -> &'a [u8] {
        let len = self.cols / self.format.block() * self.format.block_bytes();
        self.bytes.get(row * len..).and_then(|rest| rest.get(..len)).unwrap_or_default()
    }

    /// Writes the weights of one row as floats, which is how an embedding is read. Products are in
    /// the order that ggml's `dequantize_row_q6_K` has: `(d · scale) · (q − 32)`.
    /// [`Kernels::read`](crate::Kernels::read) is faster where there are instructions for it.
    ///
    /// # Errors
    /// When there is no such row, or `out` is not as long as a row.
    pub fn read(&self, row: usize, out: &mut [f32]) -> Result<(), Error> {
        self.readable(row, out)?;
        read_body(self, row, out, float::widen);
        Ok(())
    }

    /// What [`read_body`] asks for.
    pub(crate) fn readable(&self, row: usize, out: &[f32]) -> Result<(), Error> {
        if row >= self.rows {
            return Err(Error::Range { end: row.saturating_add(1), rows: self.rows });
        }
        exact(self.cols, out.len())
    }
}

/// A row as floats; `widen` makes floats of half-precision numbers.
#[inline(always)]
pub(crate) fn read_body(
    rows: &Rows<'_>,
    row: usize,
    out: &mut [f32],
    widen: impl Fn(&[u16; 16]) -> Lanes,
) {
    let bytes = rows.row(row);
    match rows.format {
        RowFormat::F32 => {
            for (out, bytes) in out.iter_mut().zip(bytes.as_chunks().0) {
                *out = f32::from_le_bytes(*bytes);
            }
        }
        RowFormat::F16 => read_f16(bytes.as_chunks().0, out, widen),
        RowFormat::Q8_0 => {
            for (block, out) in bytes.as_chunks::<34>().0.iter().zip(out.chunks_mut(32)) {
                let d = f16_at(block);
                for (out, weight) in out.iter_mut().zip(block.iter().skip(2)) {
                    *out = d * f32::from(weight.cast_signed());
                }
            }
        }
        RowFormat::Q6K => {
            for (block, out) in bytes.as_chunks::<210>().0.iter().zip(out.chunks_mut(256)) {
                read_q6_k(&Q6K::of(block), out);
            }
        }
    }
}

/// Numbers in half precision, 16 at a time where there are registers for so many.
#[inline(always)]
fn read_f16(numbers: &[[u8; 2]], out: &mut [f32], widen: impl Fn(&[u16; 16]) -> Lanes) {
    let (whole, tail) = if SMALL { (&[][..], numbers) } else { numbers.as_chunks::<16>() };
    let (first, last) = out.split_at_mut_checked(16 * whole.len()).unwrap_or_default();
    for (out, bytes) in first.as_chunks_mut().0.iter_mut().zip(whole) {
        *out = widen(&bytes.map(u16::from_le_bytes));
    }
    for (out, bytes) in last.iter_mut().zip(tail) {
        *out = f32_from_f16(u16::from_le_bytes(*bytes));
    }
}

/// The weights of one block as floats.
#[inline(always)]
fn read_q6_k(block: &Q6K<'_>, out: &mut [f32]) {
    for (part, (scale, out)) in block.scales.iter().zip(out.chunks_mut(16)).enumerate() {
        let scale = block.d * f32::from(scale.cast_signed());
        for (out, weight) in out.iter_mut().zip(block.sixteen(part)) {
            *out = scale * f32::from(weight.cast_signed());
        }
    }
}

/// The number that starts here.
pub(crate) fn f32_at(bytes: &[u8]) -> f32 {
    bytes.first_chunk().map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
}

/// The number that starts here.
pub(crate) fn f16_at(bytes: &[u8]) -> f32 {
    bytes.first_chunk().map_or(0.0, |bytes| f32_from_f16(u16::from_le_bytes(*bytes)))
}

/// One block of `Q6_K`, taken apart.
pub(crate) struct Q6K<'a> {
    low: &'a [u8],
    high: &'a [u8],
    /// 16 int8.
    pub(crate) scales: &'a [u8],
    /// The scale of the block.
    pub(crate) d: f32,
}

impl<'a> Q6K<'a> {
    /// Of 210 bytes.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let (low, rest) = bytes.split_at_checked(128).unwrap_or_default();
        let (high, rest) = rest.split_at_checked(64).unwrap_or_default();
        let (scales, d) = rest.split_at_checked(16).unwrap_or_default();
        Self { low, high, scales, d: f16_at(d) }
    }

    /// q − 32 of 16 weights that have one scale, four at a time; each is a byte, which is an int8.
    pub(crate) fn sixteen(&self, part: usize) -> [u8; 16] {
        let (half, quarter, at) = (part / 8, part % 8 / 2, part % 2 * 16);
        let behind = |bytes: &'a [u8], at: usize| bytes.get(at..).unwrap_or_default();
        let low = behind(self.low, 64 * half + 32 * (quarter % 2) + at).as_chunks::<4>().0;
        let high = behind(self.high, 32 * half + at).as_chunks::<4>().0;
        let mut weights = [0; 16];
        for ((four, low), high) in weights.as_chunks_mut::<4>().0.iter_mut().zip(low).zip(high) {
            let low = u32::from_le_bytes(*low) >> (4 * (quarter / 2)) & 0x0f0f_0f0f;
            let high = u32::from_le_bytes(*high) >> (2 * quarter) & 0x0303_0303;
            // 32 less in each byte, of which the upper bit keeps what would be borrowed.
            let lowered = (low | high << 4 | 0x8080_8080) - 0x2020_2020;
            *four = (lowered ^ 0x8080_8080).to_le_bytes();
        }
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::{Q6K, RowFormat, Rows};
    use crate::Error;

    /// q − 32 of weight `i`. A half of 128 weights has 64 bytes of low bits and 32 of high bits;
    /// its quarters take low bits from bytes 0.., 32.., 0.., 32.., the last two from bits 7:4,
    /// and high bits from bits 1:0, 3:2, 5:4, 7:6.
    fn weight(block: &Q6K<'_>, i: usize) -> i8 {
        let (half, quarter, at) = (i / 128, i % 128 / 32, i % 32);
        let low = block.low[64 * half + 32 * (quarter % 2) + at] >> (4 * (quarter / 2)) & 15;
        let high = block.high[32 * half + at] >> (2 * quarter) & 3;
        (low | high << 4).cast_signed() - 32
    }

    #[test]
    fn wrong_rows_say_what_is_wrong() {
        let error = |format, cols, bytes: &[u8]| Rows::new(format, 2, cols, bytes).err();
        let columns = Error::Columns { cols: 33, multiple: 32 };
        assert_eq!(error(RowFormat::Q8_0, 33, &[]), Some(columns));
        let length = Error::Length { needed: 420, given: 419 };
        assert_eq!(error(RowFormat::Q6K, 256, &[0; 419]), Some(length));
        assert_eq!(error(RowFormat::F32, usize::MAX, &[]), Some(Error::Overflow));
    }

    #[test]
    fn q8_0_reads_scale_times_integer() {
        let mut bytes = [0; 68];
        bytes[..4].copy_from_slice(&[0x00, 0x38, 4, 0xfe]);
        let rows = Rows::new(RowFormat::Q8_0, 2, 32, &bytes).unwrap();
        let mut out = [0.0; 32];
        rows.read(0, &mut out).unwrap();
        assert_eq!(out[..3], [2.0, -1.0, 0.0]);
        assert_eq!(rows.read(2, &mut out), Err(Error::Range { end: 3, rows: 2 }));
    }

    #[test]
    fn q6_k_has_the_same_weights_one_by_one_and_by_sixteens() {
        let mut bytes = [0_u8; 210];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = (i as u32).wrapping_mul(0x9e37_79b1).to_be_bytes()[0];
        }
        let block = Q6K::of(&bytes);
        for i in 0..256 {
            assert_eq!(block.sixteen(i / 16)[i % 16].cast_signed(), weight(&block, i), "{i}");
        }
    }

    #[test]
    fn q6_k_reads_low_and_high_bits() {
        let mut bytes = [0; 210];
        // Weight 100 of the second half: quarter 3, column 4.
        bytes[64 + 36] = 0x90;
        bytes[128 + 32 + 4] = 0x40;
        bytes[192 + (128 + 100) / 16] = 3;
        bytes[208..].copy_from_slice(&[0x00, 0x40]);
        let rows = Rows::new(RowFormat::Q6K, 1, 256, &bytes).unwrap();
        let mut out = std::vec![0.0; 256];
        rows.read(0, &mut out).unwrap();
        assert_eq!(out[228], 2.0 * 3.0 * (25.0 - 32.0));
        assert_eq!(out[227], 2.0 * 3.0 * -32.0);
        assert_eq!(out[0], 0.0);
    }
}
