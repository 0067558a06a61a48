//! Weights where they lie in a base: ternary matrices and floats.

use core::ops::Range;

use trine_ternary::mcu::{self, Part};
use trine_ternary::{Kernels, Matrix, Packing};

use super::{DIM, Vector};
use crate::read::Reader;

/// Most columns of a matrix.
pub(crate) const COLS_MAX: usize = 5 * DIM + 3;
/// Most rows of a matrix.
pub(crate) const ROWS_MAX: usize = 3 * DIM;
/// Words for the tables of products on microcontrollers.
const TABLE_WORDS: usize = mcu::scratch_words(Packing::Table5Trit, COLS_MAX);
/// The same for four weights a byte.
const TABLE4_WORDS: usize = mcu::scratch_words(Packing::Table4Trit, COLS_MAX);

/// What products need.
#[derive(Debug)]
pub(crate) struct Scratch {
    pub(crate) kernels: Kernels,
    codes: [i8; COLS_MAX],
    sums: [i32; ROWS_MAX],
    tables: [u32; TABLE_WORDS],
}

const _: () = assert!(TABLE4_WORDS <= TABLE_WORDS, "tables of four fit too");
const _: () = assert!(DIM * 2 * 128 < 1 << 15, "sums of `DIM` columns have 16 bits");

impl Scratch {
    #[expect(clippy::large_stack_arrays, reason = "it is a constant")]
    pub(crate) const NEW: Self = Self {
        kernels: Kernels::scalar(),
        codes: [0; COLS_MAX],
        sums: [0; ROWS_MAX],
        tables: [0; TABLE_WORDS],
    };
}

/// A ternary matrix with its scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'m> {
    matrix: Matrix<'m>,
    scale: f32,
}

/// Whether products add to what is there, or replace it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    Set,
    Add,
}

impl Product<'_> {
    /// `out = rows · x`, or `out += rows · x`, of as many rows from `first` on as `out` is long. A
    /// row `x` is rounded to 8 bits first. What does not fit does nothing: shapes are fixed.
    pub(crate) fn rows(
        &self,
        first: usize,
        x: &[f32],
        out: &mut [f32],
        into: Into,
        scratch: &mut Scratch,
    ) {
        let Some((sums, factor)) = self.product(first..first + out.len(), x, scratch) else {
            return;
        };
        for (out, sum) in out.iter_mut().zip(sums) {
            let value = *sum as f32 * factor;
            *out = if into == Into::Add { *out + value } else { value };
        }
    }

    /// The product as sums of codes, of few columns, and what each is to be multiplied by.
    pub(crate) fn sums(
        &self,
        first: usize,
        x: &Vector,
        out: &mut [i16],
        scratch: &mut Scratch,
    ) -> f32 {
        let Some((sums, factor)) = self.product(first..first + out.len(), x, scratch) else {
            return 0.0;
        };
        // `DIM` products of a code and at most 2, which is less than 2 to the power of 15.
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum as i16);
        factor
    }

    fn product<'s>(
        &self,
        rows: Range<usize>,
        x: &[f32],
        scratch: &'s mut Scratch,
    ) -> Option<(&'s [i32], f32)> {
        let codes = scratch.codes.get_mut(..x.len())?;
        let quantized = scratch.kernels.quantize(x, codes).ok()?;
        let sums = scratch.sums.get_mut(..rows.len())?;
        if mcu::scratch_words_least(self.matrix.packing(), x.len()) > 0 {
            let part = Part { matrix: self.matrix, first: rows.start, out: &mut *sums };
            mcu::gemv_each(&mut [part], codes, &mut scratch.tables).ok()?;
        } else {
            scratch.kernels.gemv(&self.matrix, rows, codes, sums).ok()?;
        }
        Some((sums, self.scale / quantized.scale))
    }

    /// The same of all rows.
    pub(crate) fn all(&self, x: &[f32], out: &mut [f32], into: Into, scratch: &mut Scratch) {
        self.rows(0, x, out, into, scratch);
    }
}

/// Floats of a base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floats<'m>(&'m [u8]);

impl<'m> Floats<'m> {
    /// They, in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = f32> + use<'m> {
        self.0.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// The first.
    pub(crate) fn first(self) -> f32 {
        self.iter().next().unwrap_or(0.0)
    }

    /// Part number `at` of parts that long.
    pub(crate) fn part(self, at: usize, length: usize) -> Self {
        Self(self.0.get(4 * at * length..4 * (at + 1) * length).unwrap_or_default())
    }

    /// Number `at`.
    pub(crate) fn get(self, at: usize) -> f32 {
        self.part(at, 1).first()
    }

    /// `out += rows · x`.
    pub(crate) fn times(self, x: &[f32], out: &mut [f32]) {
        for (at, out) in out.iter_mut().enumerate() {
            *out += self.part(at, x.len()).dot(x);
        }
    }

    /// The sum of the columns whose flag is set, added to `out`.
    pub(crate) fn columns(self, flags: &[bool], out: &mut [f32]) {
        for (at, out) in out.iter_mut().enumerate() {
            let row = self.part(at, flags.len()).iter();
            let set = row.zip(flags).filter(|(_, is)| **is).map(|(x, _)| x);
            *out += set.sum::<f32>();
        }
    }

    pub(crate) fn dot(self, x: &[f32]) -> f32 {
        self.iter().zip(x).map(|(a, b)| a * b).sum()
    }

    pub(crate) fn copy_to(self, out: &mut [f32]) {
        out.iter_mut().zip(self.iter()).for_each(|(out, x)| *out = x);
    }

    pub(crate) fn add_to(self, out: &mut [f32]) {
        out.iter_mut().zip(self.iter()).for_each(|(out, x)| *out += x);
    }
}

/// Weights as they are taken.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'m> {
    /// A ternary matrix, and its scale.
    Matrix(Matrix<'m>, f32),
    /// Floats, little-endian.
    Floats(&'m [u8]),
}

/// Takes weights in order, and shows them to `each`.
pub(crate) struct Loader<'r, 'm> {
    pub(crate) reader: &'r mut Reader<'m>,
    pub(crate) packing: Packing,
    pub(crate) each: Option<&'r mut dyn FnMut(Piece<'m>)>,
}

impl<'m> Loader<'_, 'm> {
    pub(crate) fn product(&mut self, rows: usize, cols: usize) -> Option<Product<'m>> {
        let scale = self.reader.float()?;
        let bytes = self.reader.take(self.packing.bytes(rows, cols)?)?;
        self.reader.align(4)?;
        let matrix = Matrix::new(self.packing, rows, cols, bytes).ok()?;
        if let Some(each) = &mut self.each {
            each(Piece::Matrix(matrix, scale));
        }
        Some(Product { matrix, scale })
    }

    pub(crate) fn floats(&mut self, count: usize) -> Option<Floats<'m>> {
        let bytes = self.reader.take(4 * count)?;
        if let Some(each) = &mut self.each {
            each(Piece::Floats(bytes));
        }
        Some(Floats(bytes))
    }
}
