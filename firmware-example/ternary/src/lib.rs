//! Products of stated shapes, the same on any processor: on a chip by its own kernels, on the host
//! by the scalar ones. Weights and activations come from a small generator, so that nothing is
//! loaded, and what is printed is a checksum of the sums. [`floats`] has the same for floats,
//! [`tails`] products of every size around what kernels take at once.
//!
//! [`before`] and [`after`] are called around each product; `cargo xtask bench mcu` counts the
//! instructions from the one to the other.
//!
//! [`generation`] has a small model write some tokens, [`sentences`] has one make calls of
//! sentences, again the same on any processor; and so does [`any_tools`] for tools that its model
//! has never seen.
#![no_std]
#![forbid(unsafe_code)]

pub mod any_tools;
pub mod floats;
pub mod generation;
pub mod sentences;
pub mod tails;

use core::fmt;
use core::hint::black_box;

use trine_ternary::mcu::Part;
use trine_ternary::{Error, Matrix, Packing};

/// Bytes of the largest matrices of a product.
const WEIGHTS: usize = 512 * 640 / 4;
/// Columns of the widest.
const COLS: usize = 640;
/// Rows of the largest product.
const ROWS: usize = 768;
/// Words of scratch: 16 tables.
const SCRATCH: usize = 16 * 128;

/// How products are computed: all parts with the same activations.
pub type Products = fn(&mut [Part<'_>], &[i8], &mut [u32]) -> Result<(), Error>;

/// One product: matrices that meet the same activations.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What it belongs to.
    pub name: &'static str,
    /// Rows of each matrix.
    pub rows: &'static [usize],
    /// Columns of all of them.
    pub cols: usize,
    /// How they are packed.
    pub packing: Packing,
}

const fn plain(rows: &'static [usize], packing: Packing) -> Case {
    Case { name: "product", rows, cols: 640, packing }
}

const fn odd(rows: &'static [usize], cols: usize, packing: Packing) -> Case {
    Case { name: "odd", rows, cols, packing }
}

const fn layer(rows: &'static [usize], cols: usize, packing: Packing) -> Case {
    Case { name: "layer", rows, cols, packing }
}

/// Rows of queries, keys and values, of gate and up, of a model 128 wide: four heads of 32, two of
/// keys and values, and a feed-forward of 384.
const QKV: &[usize] = &[128, 64, 64];
const GATE_UP: &[usize] = &[384, 384];

/// Everything that is computed, in order.
pub const CASES: &[Case] = &[
    plain(&[512], Packing::Table5Trit),
    plain(&[256], Packing::Table5Trit),
    plain(&[128], Packing::Table5Trit),
    plain(&[64], Packing::Table5Trit),
    plain(&[512], Packing::Table4Trit),
    plain(&[256], Packing::Table4Trit),
    plain(&[128], Packing::Table4Trit),
    plain(&[64], Packing::Table4Trit),
    plain(&[512], Packing::SmladPairs),
    plain(&[128], Packing::SmladPairs),
    plain(&[64], Packing::SmladPairs),
    layer(QKV, 128, Packing::Table5Trit),
    layer(&[128], 128, Packing::Table5Trit),
    layer(GATE_UP, 128, Packing::Table5Trit),
    layer(&[128], 384, Packing::Table5Trit),
    layer(QKV, 128, Packing::Table4Trit),
    layer(&[128], 128, Packing::Table4Trit),
    layer(GATE_UP, 128, Packing::Table4Trit),
    layer(&[128], 384, Packing::Table4Trit),
    layer(QKV, 128, Packing::SmladPairs),
    layer(&[128], 128, Packing::SmladPairs),
    layer(GATE_UP, 128, Packing::SmladPairs),
    layer(&[128], 384, Packing::SmladPairs),
    odd(&[37, 1], 83, Packing::Table5Trit),
    odd(&[5], 4, Packing::Table5Trit),
    odd(&[37, 9], 83, Packing::Table4Trit),
    odd(&[16], 3, Packing::Table4Trit),
    odd(&[37, 6], 83, Packing::SmladPairs),
    odd(&[3], 1, Packing::SmladPairs),
];

/// Computes everything and says a line for each: name, packing, rows, columns, checksum.
///
/// # Errors
/// When a product is refused.
pub fn run(products: Products, say: &mut dyn FnMut(fmt::Arguments<'_>)) -> Result<(), Error> {
    for case in CASES {
        let checksum = compute(case, products)?;
        let Case { name, rows, cols, packing } = case;
        let rows: usize = rows.iter().sum();
        say(format_args!("{name} {packing:?} {rows} {cols} {checksum:08x}"));
    }
    for &cols in floats::LENGTHS {
        for skip in [0, 2] {
            before();
            let checksum = floats::checksum(cols, skip);
            after();
            say(format_args!("floats from-{skip} 1 {cols} {:08x}", checksum?));
        }
    }
    tails::run(products, say)
}

/// A word is loaded at once by some kernels.
#[repr(align(8))]
struct Weights([u8; WEIGHTS]);

#[expect(clippy::large_stack_arrays, reason = "all of the RAM is the stack's, and it is large")]
fn compute(case: &Case, products: Products) -> Result<u32, Error> {
    let packing = case.packing;
    let mut random = Random(case.rows.len() as u32 + case.cols as u32);
    let mut weights = Weights([0; WEIGHTS]);
    let code = packing.code();
    weights.0.fill_with(|| code.encode(random.digits()));
    let mut q = [0; COLS];
    let q = &mut q[..case.cols];
    q.fill_with(|| random.next() as i8);
    let mut scratch = [0; SCRATCH];
    let mut out = [0; ROWS];
    let mut parts = [None, None, None];
    let (mut rest, mut rest_out) = (&weights.0[..], &mut out[..]);
    for (part, &rows) in parts.iter_mut().zip(case.rows) {
        let bytes = packing.bytes(rows, case.cols).ok_or(Error::Overflow)?;
        let (own, others) = rest.split_at(bytes);
        let (own_out, others_out) = rest_out.split_at_mut(rows);
        (rest, rest_out) = (others, others_out);
        let matrix = Matrix::new(packing, rows, case.cols, own)?;
        *part = Some(Part { matrix, first: 0, out: own_out });
    }
    // The products take a slice of parts, of which there are one to three.
    let mut checked = |parts: &mut [Part<'_>]| {
        before();
        let result = products(black_box(parts), black_box(&*q), &mut scratch);
        after();
        result.map(|()| checksum(parts))
    };
    match parts {
        [Some(a), Some(b), Some(c)] => checked(&mut [a, b, c]),
        [Some(a), Some(b), None] => checked(&mut [a, b]),
        [Some(a), ..] => checked(&mut [a]),
        [None, ..] => Ok(0),
    }
}

/// Where a [`mixed`] checksum starts.
const CHECKSUM: u32 = 0x811c_9dc5;

/// A checksum and one more word: a step of FNV-1a that takes four bytes at a time.
const fn mixed(checksum: u32, word: u32) -> u32 {
    (checksum ^ word).wrapping_mul(0x0100_0193)
}

fn checksum(parts: &[Part<'_>]) -> u32 {
    let sums = parts.iter().flat_map(|part| part.out.iter());
    sums.fold(CHECKSUM, |checksum, sum| mixed(checksum, sum.cast_unsigned()))
}

/// A product begins: what is counted begins where this returns.
#[inline(never)]
pub fn before() {
    black_box(1);
}

/// A product has ended: what is counted ends where this returns.
#[inline(never)]
pub fn after() {
    black_box(2);
}

/// Numbers that look random (Numerical Recipes' linear congruential generator). Not those of
/// `trine_bits`, which multiply 64 bits: what `floats` draws is counted with it.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 24) as u8
    }

    /// Codes of five weights.
    fn digits(&mut self) -> [u8; 5] {
        core::array::from_fn(|_| self.next() % 3)
    }
}
