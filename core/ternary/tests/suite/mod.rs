//! The parts of the suite, and what they share.

mod across;
mod attention;
mod floats;
mod heads;
mod packing;
mod products;

use trine_bits::Random;
use trine_ternary::{Isa, Kernels, Packing};

/// Kernels of each instruction set that this processor can run.
fn all_kernels() -> impl Iterator<Item = Kernels> {
    Isa::supported().map(|isa| Kernels::new(isa).unwrap())
}

/// What matrices and vectors are made of.
trait Draw {
    fn trits(&mut self, len: usize) -> Vec<i8>;
    fn activations(&mut self, len: usize) -> Vec<i8>;
}

impl Draw for Random {
    fn trits(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.below(3) as i8 - 1).collect()
    }

    fn activations(&mut self, len: usize) -> Vec<i8> {
        (0..len).map(|_| self.bits() as i8).collect()
    }
}

/// The nearest sizes that the packing can have, for a wish.
fn fit(packing: Packing, cols: usize) -> usize {
    cols.next_multiple_of(packing.cols_multiple())
}

fn packed(packing: Packing, rows: usize, cols: usize, trits: &[i8]) -> Vec<u8> {
    let mut bytes = vec![0xa5; packing.bytes(rows, cols).unwrap()];
    trine_ternary::pack(packing, rows, cols, trits, &mut bytes).unwrap();
    bytes
}

/// The product by definition, in integers that cannot overflow.
fn plain(trits: &[i8], cols: usize, q: &[i8]) -> Vec<i32> {
    if cols == 0 {
        return Vec::new();
    }
    let row = |row: &[i8]| row.iter().zip(q).map(|(t, q)| i64::from(*t) * i64::from(*q)).sum();
    trits.chunks(cols).map(row).map(|sum: i64| i32::try_from(sum).unwrap()).collect()
}
