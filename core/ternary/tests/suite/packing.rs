//! Bytes: every packing gives back what was put in, wherever it came from.

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::{COLS_MAX, Error, Matrix, Packing, pack, repack, unpack};

use super::{Draw as _, fit, packed};

fn unpacked(matrix: &Matrix<'_>) -> Vec<i8> {
    let mut trits = vec![9; matrix.rows() * matrix.cols()];
    unpack(matrix, &mut trits).unwrap();
    trits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_packed_unpacks(seed: u64, rows in 0..70_usize, cols in 0..700_usize) {
        for &packing in Packing::ALL {
            let cols = fit(packing, cols);
            let trits = Random::new(seed).trits(rows * cols);
            let bytes = packed(packing, rows, cols, &trits);
            let matrix = Matrix::new(packing, rows, cols, &bytes).unwrap();
            prop_assert_eq!(unpacked(&matrix), trits, "{:?}", packing);
        }
    }

    #[test]
    fn repacking_is_packing(seed: u64, rows in 0..70_usize, blocks in 0..7_usize) {
        let cols = blocks * 256;
        let trits = Random::new(seed).trits(rows * cols);
        for &from in Packing::ALL {
            let bytes = packed(from, rows, cols, &trits);
            let matrix = Matrix::new(from, rows, cols, &bytes).unwrap();
            for &to in Packing::ALL {
                let mut out = vec![0xa5; to.bytes(rows, cols).unwrap()];
                repack(&matrix, 0..rows, to, &mut out).unwrap();
                prop_assert_eq!(&out, &packed(to, rows, cols, &trits), "{:?} to {:?}", from, to);
            }
        }
    }

    #[test]
    fn our_own_layouts_take_any_number_of_columns(seed: u64, rows in 0..70_usize, cols: u8) {
        let cols = 1280 * usize::from(cols % 3) + usize::from(cols);
        let trits = Random::new(seed).trits(rows * cols);
        let [bits, base3] = [Packing::Panel2Bit, Packing::PanelBase3];
        for (from, to) in [(bits, base3), (base3, bits)] {
            let bytes = packed(from, rows, cols, &trits);
            let matrix = Matrix::new(from, rows, cols, &bytes).unwrap();
            let mut out = vec![0xa5; to.bytes(rows, cols).unwrap()];
            repack(&matrix, 0..rows, to, &mut out).unwrap();
            prop_assert_eq!(out, packed(to, rows, cols, &trits));
        }
    }
}

#[test]
fn a_matrix_is_repacked_in_parts() {
    let (rows, cols) = (75, 256);
    let trits = Random::new(1).trits(rows * cols);
    let bytes = packed(Packing::I2S, rows, cols, &trits);
    let matrix = Matrix::new(Packing::I2S, rows, cols, &bytes).unwrap();
    let mut whole = Vec::new();
    for rows in [0..32, 32..64, 64..75] {
        let mut part = vec![0; Packing::PanelBase3.bytes(rows.len(), cols).unwrap()];
        repack(&matrix, rows, Packing::PanelBase3, &mut part).unwrap();
        whole.extend(part);
    }
    assert_eq!(whole, packed(Packing::PanelBase3, rows, cols, &trits));
    let start = Error::Start { start: 33, multiple: 32 };
    assert_eq!(repack(&matrix, 33..64, Packing::PanelBase3, &mut []), Err(start));
    let range = Error::Range { end: 76, rows: 75 };
    assert_eq!(repack(&matrix, 64..76, Packing::PanelBase3, &mut []), Err(range));
}

/// The bytes of a matrix of one row with a single weight that is not 0.
fn one_weight(packing: Packing, cols: usize, col: usize, trit: i8) -> Vec<u8> {
    let mut trits = vec![-1; cols];
    trits[col] = trit;
    packed(packing, 1, cols, &trits)
}

#[test]
fn file_formats_hold_a_weight_where_their_definitions_say() {
    // I2_S: 128 columns in 32 bytes, the first 32 in bits 7:6 (ggml.md of microsoft/BitNet).
    let bytes = one_weight(Packing::I2S, 256, 128 + 64 + 5, 1);
    assert_eq!((bytes[32 + 5], bytes.iter().filter(|byte| **byte != 0).count()), (0b1000, 1));
    // The same on ARM: 64 columns in 16 bytes.
    assert_eq!(one_weight(Packing::I2SArm, 128, 64 + 16 + 3, 1)[16 + 3], 0b10_0000);
    // TQ2_0: 128 columns in 32 bytes, the first 32 in bits 1:0.
    assert_eq!(one_weight(Packing::Tq2_0, 512, 256 + 128 + 96 + 7, 0)[66 + 32 + 7], 0b100_0000);
    // TQ1_0: digit 1 of byte 2 is column 34: 2·27 of 243, as a fraction of 256, rounded up.
    assert_eq!(one_weight(Packing::Tq1_0, 256, 34, 1)[2], 57);
    // Its last four bytes have four digits, 4 columns apart.
    assert_eq!(one_weight(Packing::Tq1_0, 256, 240 + 4 + 1, 1)[49], 57);
    // Scales are 1.
    assert_eq!(one_weight(Packing::Tq1_0, 256, 0, 0)[52..], [0x00, 0x3c]);
}

#[test]
fn sizes_are_those_of_the_formats() {
    let bytes = |packing: Packing| packing.bytes(640, 2560).unwrap();
    assert_eq!(bytes(Packing::I2S), 640 * 2560 / 4);
    assert_eq!(bytes(Packing::Tq2_0), 640 * 10 * 66);
    assert_eq!(bytes(Packing::Tq1_0), 640 * 10 * 54);
    assert_eq!(bytes(Packing::Panel2Bit), 640 * 2560 / 4);
    assert_eq!(bytes(Packing::PanelBase3) * 5, 640 * 2560);
    assert_eq!(Packing::Panel2Bit.bytes(33, 17), Some(2 * 2 * 128));
    assert_eq!(Packing::PanelBase3.bytes(1, COLS_MAX + 1), None);
}

#[test]
fn wrong_lengths_are_errors() {
    let mut out = [0; 128];
    let error = |needed, given| Err(Error::Length { needed, given });
    assert_eq!(pack(Packing::Panel2Bit, 1, 16, &[0; 15], &mut out), error(16, 15));
    assert_eq!(pack(Packing::Panel2Bit, 1, 17, &[0; 17], &mut out), error(256, 128));
    let matrix = Matrix::new(Packing::Panel2Bit, 1, 16, &out).unwrap();
    assert_eq!(unpack(&matrix, &mut [0; 17]), error(16, 17));
}
