//! Looking up, as microcontrollers do it, on any processor: the integers of the scalar kernels, for
//! all tails, amounts of scratch and bytes. On chips the same is shown by `cargo xtask test --leg
//! mcu`, which runs the loops by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::mcu::{Part, gemv, gemv_each, scratch_words, scratch_words_least};
use trine_ternary::{Error, Kernels, Matrix, Packing, pack};

const OURS: [Packing; 3] = [Packing::Table4Trit, Packing::Table5Trit, Packing::SmladPairs];

fn trits(random: &mut Random, len: usize) -> Vec<i8> {
    (0..len).map(|_| random.below(3) as i8 - 1).collect()
}

fn activations(random: &mut Random, len: usize) -> Vec<i8> {
    (0..len).map(|_| random.bits() as i8).collect()
}

fn packed(packing: Packing, rows: usize, cols: usize, trits: &[i8]) -> Vec<u8> {
    let mut bytes = vec![0xa5; packing.bytes(rows, cols).unwrap()];
    pack(packing, rows, cols, trits, &mut bytes).unwrap();
    bytes
}

/// The sums of the scalar kernels, and those by scratch of some lengths, which keeps what is behind
/// the output and the scratch.
fn check(matrix: &Matrix<'_>, q: &[i8]) {
    let (rows, packing) = (matrix.rows(), matrix.packing());
    let mut expected = vec![0; rows];
    Kernels::scalar().gemv(matrix, 0..rows, q, &mut expected).unwrap();
    let (least, best) = (scratch_words_least(packing, q.len()), scratch_words(packing, q.len()));
    for words in [least, best.min(5 * least), best, best + 100] {
        let mut scratch = vec![0xdead_beef; words + 3];
        let mut out = vec![i32::MIN; rows + 9];
        let (inner, after) = out.split_at_mut(rows);
        gemv(matrix, q, inner, &mut scratch[..words]).unwrap();
        assert_eq!(inner, expected, "{packing:?} {rows}x{} {words} words", q.len());
        assert_eq!(after, [i32::MIN; 9]);
        assert_eq!(scratch[words..], [0xdead_beef; 3]);
    }
}

#[test]
fn every_tail_of_columns_and_rows() {
    let mut random = Random::new(1);
    for packing in OURS {
        for (rows, cols) in (0..=170).map(|cols| (9, cols)).chain((0..35).map(|rows| (rows, 43))) {
            let trits = trits(&mut random, rows * cols);
            let bytes = packed(packing, rows, cols, &trits);
            let matrix = Matrix::new(packing, rows, cols, &bytes).unwrap();
            check(&matrix, &activations(&mut random, cols));
        }
    }
}

#[test]
fn the_most_extreme_sums() {
    for packing in OURS {
        for (trit, q) in [(1, -128), (-1, -128), (1, 127), (-1, 127), (0, -128)] {
            let bytes = packed(packing, 9, 4000, &vec![trit; 9 * 4000]);
            check(&Matrix::new(packing, 9, 4000, &bytes).unwrap(), &vec![q; 4000]);
        }
    }
}

#[test]
fn any_bytes_that_make_a_matrix_give_what_their_digits_say() {
    let mut random = Random::new(2);
    for packing in OURS {
        for round in 0..40 {
            let len = packing.bytes(17, 333).unwrap();
            let mut bytes: Vec<u8> = (0..len).map(|_| random.bits() as u8).collect();
            if packing == Packing::Table4Trit {
                bytes.iter_mut().for_each(|byte| *byte = *byte % 84 * 2);
            } else if round == 0 {
                bytes.fill(0xff);
            }
            check(&Matrix::new(packing, 17, 333, &bytes).unwrap(), &activations(&mut random, 333));
        }
    }
}

proptest! {
    #[test]
    fn matrices_share_their_tables(
        seed: u64, wide in 1..40_usize, cols in 1..300_usize, words in 128..3000_usize,
    ) {
        let mut random = Random::new(seed);
        let [trits5, trits4] = [Packing::Table5Trit, Packing::Table4Trit];
        let packings = [trits5, Packing::Panel2Bit, trits4, trits5];
        let rows = [wide + 8, 5, wide / 2, 8];
        let packs: Vec<Vec<u8>> = packings
            .iter()
            .zip(rows)
            .map(|(&packing, rows)| packed(packing, rows, cols, &trits(&mut random, rows * cols)))
            .collect();
        let matrices: Vec<Matrix<'_>> = (0..4)
            .map(|at| Matrix::new(packings[at], rows[at], cols, &packs[at]).unwrap())
            .collect();
        let q = activations(&mut random, cols);
        let firsts = [8, 0, 0, 0];
        let mut outs: Vec<Vec<i32>> =
            rows.iter().zip(firsts).map(|(&rows, first)| vec![7; rows - first]).collect();
        let mut parts: Vec<Part<'_>> = matrices
            .iter()
            .zip(firsts)
            .zip(&mut outs)
            .map(|((&matrix, first), out)| Part { matrix, first, out })
            .collect();
        gemv_each(&mut parts, &q, &mut vec![0; words]).unwrap();
        for ((matrix, first), out) in matrices.iter().zip(firsts).zip(&outs) {
            let mut expected = vec![0; matrix.rows() - first];
            Kernels::scalar().gemv(matrix, first..matrix.rows(), &q, &mut expected).unwrap();
            prop_assert_eq!(out, &expected);
        }
    }
}

#[test]
fn wrong_lengths_are_errors() {
    let bytes = packed(Packing::Table5Trit, 8, 10, &[0; 80]);
    let matrix = Matrix::new(Packing::Table5Trit, 8, 10, &bytes).unwrap();
    let length = |needed, given| Err(Error::Length { needed, given });
    assert_eq!(gemv(&matrix, &[0; 9], &mut [0; 8], &mut [0; 128]), length(10, 9));
    assert_eq!(gemv(&matrix, &[0; 10], &mut [0; 7], &mut [0; 128]), length(8, 7));
    assert_eq!(gemv(&matrix, &[0; 10], &mut [0; 8], &mut [0; 127]), length(128, 127));
    let rows =
        |first| gemv_each(&mut [Part { matrix, first, out: &mut [0; 4] }], &[0; 10], &mut [0; 128]);
    assert_eq!(rows(8), Err(Error::Range { end: 12, rows: 8 }));
    assert_eq!(rows(4), Err(Error::Start { start: 4, multiple: 8 }));
    assert_eq!(rows(usize::MAX), Err(Error::Overflow));
}

#[test]
fn sizes_and_scratch_are_what_the_documentation_says() {
    assert_eq!(Packing::Table5Trit.bytes(512, 640), Some(512 * 640 / 5));
    assert_eq!(Packing::Table4Trit.bytes(512, 640), Some(512 * 640 / 4));
    assert_eq!(Packing::SmladPairs.bytes(512, 640), Some(512 * 640 / 4));
    assert_eq!(Packing::Table5Trit.bytes(9, 6), Some(16 * 2));
    assert_eq!(scratch_words(Packing::Table5Trit, 640) * 4, 8 << 10);
    assert_eq!(scratch_words(Packing::PanelBase3, 640), 0);
}
