//! Products of every tail of columns and rows, on any processor: checksums of all sums, of what
//! lies behind them, and of products of bytes that are not of trits.

use trine_ternary::mcu::{Part, scratch_words, scratch_words_least};
use trine_ternary::{Error, Kernels, Matrix, Packing, RowFormat, RowInput, Rows};

use crate::{CHECKSUM, Case, Products, Random, after, before, mixed};

/// What is computed, in the words of a [`Case`].
pub const CASES: [Case; 3] =
    [tails(Packing::Table5Trit), tails(Packing::Table4Trit), tails(Packing::SmladPairs)];

/// Columns of the most extreme sums.
const WIDE: usize = 4000;
/// Rows that a block of any packing begins with and does not end with.
const ROWS: usize = 9;
/// Rows of which every number is taken, and their columns.
const MANY: usize = 35;
const FEW: usize = 43;
/// Bytes of any of the matrices.
const BYTES: usize = 16 * WIDE / 4;
/// Words of scratch: 16 tables, or pairs of activations of the widest.
const SCRATCH: usize = 16 * 128;
/// Sums that are there and are not written.
const BEHIND: usize = 9;

const fn tails(packing: Packing) -> Case {
    Case { name: "tails", rows: &[ROWS], cols: 170, packing }
}

/// Halfwords and words are loaded at once by some kernels.
#[repr(align(8))]
struct Weights([u8; BYTES]);

/// The memory of one product.
struct Memory {
    weights: Weights,
    q: [i8; WIDE],
    scratch: [u32; SCRATCH],
    out: [i32; MANY + BEHIND],
}

/// A checksum of the sums of a case's packing.
///
/// # Errors
/// When a product is refused.
#[expect(clippy::large_stack_arrays, reason = "all of the RAM is the stack's, and it is large")]
pub fn checksum(case: &Case, products: Products) -> Result<u32, Error> {
    let (packing, mut random, mut hash) = (case.packing, Random(5), CHECKSUM);
    let mut memory = Memory {
        weights: Weights([0; BYTES]),
        q: [0; WIDE],
        scratch: [0; SCRATCH],
        out: [0; MANY + BEHIND],
    };
    let each_tail = (0..=case.cols).map(|cols| (ROWS, cols)).chain((0..MANY).map(|r| (r, FEW)));
    for (rows, cols) in each_tail {
        let bytes = packing.bytes(rows, cols).ok_or(Error::Overflow)?;
        // Bytes of this packing alone are not all of them codes.
        let has_any = packing != Packing::Table4Trit;
        let code = packing.code();
        let mut byte = || if has_any { random.next() } else { code.encode(random.digits()) };
        memory.weights.0[..bytes].fill_with(&mut byte);
        memory.q[..cols].fill_with(|| random.next() as i8);
        hash = memory.multiply(packing, [rows, cols], products, hash)?;
    }
    for (digit, q) in [(2, -128), (0, -128), (2, 127), (0, 127), (1, -128)] {
        memory.weights.0.fill(packing.code().encode([digit; 5]));
        memory.q.fill(q);
        hash = memory.multiply(packing, [ROWS, WIDE], products, hash)?;
    }
    Ok(hash)
}

impl Memory {
    /// From the first row on, and from the second block of rows on; with the most scratch, and with
    /// the least.
    fn multiply(
        &mut self,
        packing: Packing,
        [rows, cols]: [usize; 2],
        products: Products,
        mut hash: u32,
    ) -> Result<u32, Error> {
        let bytes = packing.bytes(rows, cols).ok_or(Error::Overflow)?;
        let q = &self.q[..cols];
        let matrix = Matrix::new(packing, rows, cols, &self.weights.0[..bytes])?;
        for first in [0, packing.rows_multiple()] {
            for words in [scratch_words(packing, cols), scratch_words_least(packing, cols)] {
                let Some(count) = rows.checked_sub(first) else { continue };
                self.out.fill(i32::MIN);
                let parts = &mut [Part { matrix, first, out: &mut self.out[..count] }];
                products(parts, q, &mut self.scratch[..words])?;
                let behind = &self.out[..count + BEHIND];
                hash = behind.iter().fold(hash, |hash, sum| mixed(hash, sum.cast_unsigned()));
            }
        }
        Ok(hash)
    }
}

/// Widths of rows of int8, around those that registers are filled with.
const WIDTHS: [usize; 15] = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 64, 70];
const WIDEST: usize = 70;
/// Columns of a block of six bits.
const BLOCK: usize = 256;

/// A checksum of what attention and a head of integers compute.
///
/// # Errors
/// When a product is refused.
pub fn int8_checksum() -> Result<u32, Error> {
    let (kernels, mut random, mut hash) = (Kernels::scalar(), Random(7), CHECKSUM);
    for width in WIDTHS {
        let mut codes = [0; WIDEST];
        codes.fill_with(|| i16::from(random.next()) * 16 - 2040);
        let mut rows = [0; ROWS * WIDEST + 1];
        rows.fill_with(|| random.next() as i8);
        // Rows begin at any address.
        for from in [0, 1] {
            let rows = &rows[from..][..ROWS * width];
            let (mut scores, mut sums) = ([0.5; ROWS], [0.25; WIDEST]);
            kernels.dots(&codes[..width], rows, width, &mut scores);
            kernels.mix(&codes[..ROWS], rows, width, 0.125, &mut sums[..width]);
            hash = scores.iter().chain(&sums).fold(hash, |hash, x| mixed(hash, x.to_bits()));
        }
    }
    for format in [RowFormat::Q8_0, RowFormat::Q6K] {
        let mut bytes = [0; 2 * BLOCK];
        bytes.fill_with(|| random.next() & 0xbf);
        let mut q = [0; BLOCK];
        q.fill_with(|| random.next() as i8);
        let size = format.bytes(1, BLOCK).ok_or(Error::Overflow)?;
        let rows = Rows::new(format, 1, BLOCK, &bytes[..size])?;
        let (scales, mut out) = ([0.75; BLOCK / 32], [0.0]);
        let scales = &scales[..BLOCK / format.block()];
        kernels.project(&rows, 0..1, RowInput::Blocks { q: &q, scales }, &mut out)?;
        hash = mixed(hash, out[0].to_bits());
    }
    Ok(hash)
}

/// Says a line for each packing, and one for the rest.
pub(crate) fn run(
    products: Products,
    say: &mut dyn FnMut(core::fmt::Arguments<'_>),
) -> Result<(), Error> {
    for case in &CASES {
        before();
        let checksum = checksum(case, products);
        after();
        let Case { name, cols, packing, .. } = case;
        say(format_args!("{name} {packing:?} {ROWS} {cols} {:08x}", checksum?));
    }
    before();
    let checksum = int8_checksum();
    after();
    say(format_args!("tails Int8 {ROWS} {WIDEST} {:08x}", checksum?));
    Ok(())
}
