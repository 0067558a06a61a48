//! A hundred thousand random vectors of activations, each multiplied by a random matrix of one of
//! the packings of desktops, with every instruction set that this processor has: the sums are those
//! of plain integers.

use trine_bits::Random;
use trine_ternary::{Isa, Kernels, Matrix, Packing, pack};

const ROWS: usize = 5;
/// The least that all of the packings take.
const COLS: usize = 256;
const VECTORS: usize = 100_000;
/// A matrix for so many vectors, or packing it would take the time.
const VECTORS_A_MATRIX: usize = 1000;
const PACKINGS: [Packing; 5] =
    [Packing::I2S, Packing::Tq2_0, Packing::Tq1_0, Packing::Panel2Bit, Packing::PanelBase3];

#[test]
fn a_hundred_thousand_random_vectors_have_the_sums_of_plain_integers() {
    let mut random = Random::new(11);
    let mut checked = 0;
    for turn in 0..VECTORS / VECTORS_A_MATRIX {
        let packing = PACKINGS[turn % PACKINGS.len()];
        let trits: Vec<i8> = (0..ROWS * COLS).map(|_| random.below(3) as i8 - 1).collect();
        let mut bytes = vec![0; packing.bytes(ROWS, COLS).unwrap()];
        pack(packing, ROWS, COLS, &trits, &mut bytes).unwrap();
        let matrix = Matrix::new(packing, ROWS, COLS, &bytes).unwrap();
        for index in 0..VECTORS_A_MATRIX {
            let mut q = [0; COLS];
            for three in q.chunks_mut(3) {
                let bytes = random.bits().to_le_bytes();
                three.iter_mut().zip(bytes).for_each(|(q, byte)| *q = byte.cast_signed());
            }
            let product = |row: &[i8]| -> i32 {
                row.iter().zip(&q).map(|(trit, q)| i32::from(*trit) * i32::from(*q)).sum()
            };
            let plain: Vec<i32> = trits.chunks(COLS).map(product).collect();
            // Plain loops are slow, and are what the others are held against elsewhere too.
            let is_due = |isa: &Isa| *isa != Isa::Scalar || index % 10 == 0;
            for isa in Isa::supported().filter(is_due) {
                let mut sums = vec![0; ROWS];
                Kernels::new(isa).unwrap().gemv(&matrix, 0..ROWS, &q, &mut sums).unwrap();
                assert_eq!(sums, plain, "{packing:?}, {}", isa.name());
            }
            checked += 1;
        }
    }
    assert_eq!(checked, VECTORS);
}
