//! Products: the integers of plain loops, from every kernel.

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::float::{ByRow, InBlocks};
use trine_ternary::{COLS_MAX, Error, Kernels, Matrix, PANEL_ROWS, Packing};

use super::{Draw as _, all_kernels, fit, packed, plain};

/// A value that no product of the suite gives.
const UNTOUCHED: i32 = i32::MIN;

/// Every kernel on one matrix, for the rows of `range`, against plain loops. Bytes and activations
/// are moved to odd addresses, and the output has neighbours.
fn check(packing: Packing, (rows, cols): (usize, usize), trits: &[i8], q: &[i8], offset: usize) {
    let mut bytes = vec![0xff; offset];
    bytes.extend(packed(packing, rows, cols, trits));
    let matrix = Matrix::new(packing, rows, cols, &bytes[offset..]).unwrap();
    let mut moved = vec![0x7f; offset];
    moved.extend(q);
    moved.extend([0x7f; 64]);
    let expected = plain(trits, cols, q);
    for kernels in all_kernels() {
        let middle = rows / 3..rows - rows / 5;
        for range in [0..rows, middle] {
            let mut out = vec![UNTOUCHED; range.len() + 16];
            let inner = &mut out[8..][..range.len()];
            kernels.gemv(&matrix, range.clone(), &moved[offset..][..cols], inner).unwrap();
            let name = format!("{packing:?} {} {rows}x{cols} {range:?}", kernels.isa().name());
            assert_eq!(inner, &expected[range.clone()], "{name}");
            assert!(out[..8].iter().chain(&out[8 + range.len()..]).all(|o| *o == UNTOUCHED));
        }
    }
}

#[test]
fn every_tail_of_columns() {
    let mut random = Random::new(2);
    for &packing in Packing::ALL {
        for wish in (1..=330).chain([511, 512, 639, 640, 641, 1280, 2560]) {
            let cols = fit(packing, wish);
            if wish > 1 && fit(packing, wish - 1) == cols {
                continue;
            }
            let (trits, q) = (random.trits(3 * cols), random.activations(cols));
            check(packing, (3, cols), &trits, &q, wish % 7);
        }
    }
}

#[test]
fn every_tail_of_rows() {
    let mut random = Random::new(3);
    for &packing in Packing::ALL {
        let cols = fit(packing, 300);
        for rows in 1..=70 {
            let (trits, q) = (random.trits(rows * cols), random.activations(cols));
            check(packing, (rows, cols), &trits, &q, 0);
        }
    }
}

#[test]
fn every_alignment() {
    let mut random = Random::new(4);
    for &packing in Packing::ALL {
        let cols = fit(packing, 300);
        let (trits, q) = (random.trits(33 * cols), random.activations(cols));
        for offset in 0..64 {
            check(packing, (33, cols), &trits, &q, offset);
        }
    }
}

#[test]
fn the_most_extreme_sums_of_the_widest_rows() {
    for &packing in Packing::ALL {
        for (trit, q) in [(1, -128), (-1, -128), (1, 127), (-1, 127), (0, -128)] {
            let (trits, q) = (vec![trit; COLS_MAX], vec![q; COLS_MAX]);
            check(packing, (1, COLS_MAX), &trits, &q, 0);
        }
    }
}

#[test]
fn bytes_that_no_packer_makes_give_what_their_digits_say() {
    let mut random = Random::new(5);
    for &packing in Packing::ALL {
        let cols = fit(packing, 640);
        let bytes: Vec<u8> =
            (0..packing.bytes(33, cols).unwrap()).map(|_| random.bits() as u8).collect();
        let all_ones = vec![0xff; bytes.len()];
        if packing == Packing::Table4Trit {
            let at = bytes.iter().position(|byte| byte % 2 != 0 || *byte >= 168).unwrap();
            assert_eq!(Matrix::new(packing, 33, cols, &bytes).err(), Some(Error::Code { at }));
            continue;
        }
        // Threes times the least activation are the most that lanes of 16 bits have to hold.
        let (q, least) = (random.activations(cols), vec![-128; cols]);
        for (bytes, q) in [(&bytes, &q), (&all_ones, &q), (&all_ones, &least)] {
            let matrix = Matrix::new(packing, 33, cols, bytes).unwrap();
            let mut trits = vec![0; 33 * cols];
            trine_ternary::unpack(&matrix, &mut trits).unwrap();
            let expected = plain(&trits, cols, q);
            for kernels in all_kernels() {
                let mut out = vec![0; 33];
                kernels.gemv(&matrix, 0..33, q, &mut out).unwrap();
                assert_eq!(out, expected, "{packing:?} {}", kernels.isa().name());
                for tokens in [2, 17] {
                    let mut each = vec![0; 33 * tokens];
                    kernels.gemm(&matrix, 0..33, tokens, &q.repeat(tokens), &mut each).unwrap();
                    let mut rows = each.chunks(tokens).zip(&expected);
                    assert!(rows.all(|(row, one)| row.iter().all(|sum| sum == one)));
                }
            }
        }
    }
}

/// `gemm` is `gemv` for each token.
fn check_tokens(packing: Packing, rows: usize, cols: usize, tokens: usize, seed: u64) {
    let mut random = Random::new(seed);
    let (trits, q) = (random.trits(rows * cols), random.activations(cols * tokens));
    let bytes = packed(packing, rows, cols, &trits);
    let matrix = Matrix::new(packing, rows, cols, &bytes).unwrap();
    let range = rows / 4..rows;
    for kernels in all_kernels() {
        let mut out = vec![UNTOUCHED; range.len() * tokens + 1];
        let (inner, after) = out.split_at_mut(range.len() * tokens);
        kernels.gemm(&matrix, range.clone(), tokens, &q, inner).unwrap();
        assert_eq!(after, [UNTOUCHED]);
        for t in 0..tokens {
            let expected = plain(&trits, cols, &q[t * cols..][..cols]);
            let found = inner.iter().skip(t).step_by(tokens);
            let name = format!("{packing:?} {} {rows}x{cols}x{tokens}", kernels.isa().name());
            assert!(found.eq(&expected[range.clone()]), "{name} token {t}");
        }
    }
}

/// Blocks of rows have the sums of [`Kernels::gemm`], and become the same numbers.
fn check_blocks(packing: Packing, cols: usize, tokens: usize, seed: u64) {
    const ROWS: usize = 3 * PANEL_ROWS;
    let mut random = Random::new(seed);
    let (trits, q) = (random.trits(ROWS * cols), random.activations(cols * tokens));
    let bytes = packed(packing, ROWS, cols, &trits);
    let matrix = Matrix::new(packing, ROWS, cols, &bytes).unwrap();
    let range = PANEL_ROWS..ROWS;
    let mut by_row = vec![0; range.len() * tokens];
    Kernels::scalar().gemm(&matrix, range.clone(), tokens, &q, &mut by_row).unwrap();
    let factors: Vec<f32> = (0..tokens).map(|t| 0.1 + t as f32).collect();
    for kernels in all_kernels() {
        let name = format!("{packing:?} {} {cols}x{tokens}", kernels.isa().name());
        let mut out = vec![UNTOUCHED; range.len() * tokens + 1];
        let (blocks, after) = out.split_at_mut(range.len() * tokens);
        kernels.gemm_blocks(&matrix, range.clone(), tokens, &q, blocks).unwrap();
        assert_eq!(after, [UNTOUCHED], "{name}");
        let at = |r: usize, t: usize| (r / PANEL_ROWS * tokens + t) * PANEL_ROWS + r % PANEL_ROWS;
        let sums = (0..range.len()).flat_map(|r| (0..tokens).map(move |t| (r, t)));
        assert!(sums.map(|(r, t)| blocks[at(r, t)]).eq(by_row.iter().copied()), "{name}");
        // All tokens, and the last ones of fewer rows.
        for (first, rows) in [(0, range.len()), (tokens / 2, PANEL_ROWS + 5)] {
            let factors = &factors[first..];
            let (mut found, mut expected) = (vec![7.0; tokens * 70], vec![7.0; tokens * 70]);
            let products = &blocks[first * PANEL_ROWS..];
            let x = InBlocks { products, step: tokens * PANEL_ROWS, rows };
            kernels.rescale_blocks(factors, x, &mut found, 70);
            let x = ByRow { products: &by_row[first.min(by_row.len())..], step: tokens, rows };
            kernels.rescale_turned(factors, x, &mut expected, 70);
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn blocks_of_rows_have_the_same_sums() {
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        for tokens in (1..=17).chain([24, 31, 32, 33, 100, 128, 140, 145, 161, 290]) {
            check_blocks(packing, 70, tokens, 12);
        }
        for cols in [0, 1, 20, 64, 641, 1281, 2560] {
            check_blocks(packing, cols, 23, 13);
        }
    }
}

#[test]
fn blocks_are_of_whole_panels() {
    let bytes = packed(Packing::Panel2Bit, 64, 16, &vec![0; 1024]);
    let matrix = Matrix::new(Packing::Panel2Bit, 64, 16, &bytes).unwrap();
    let kernels = Kernels::best();
    let mut out = [0; 64];
    let start = |start| Err(Error::Start { start, multiple: PANEL_ROWS });
    let q = [0; 32];
    assert_eq!(kernels.gemm_blocks(&matrix, 1..33, 2, &q, &mut out), start(1));
    assert_eq!(kernels.gemm_blocks(&matrix, 0..33, 2, &q, &mut out), start(33));
    assert_eq!(
        kernels.gemm_blocks(&matrix, 0..32, 2, &q, &mut out[1..]),
        Err(Error::Length { needed: 64, given: 63 })
    );
    let range = Err(Error::Range { end: 96, rows: 64 });
    assert_eq!(kernels.gemm_blocks(&matrix, 64..96, 2, &q, &mut out), range);
    let bytes = packed(Packing::I2S, 64, 128, &vec![0; 8192]);
    let matrix = Matrix::new(Packing::I2S, 64, 128, &bytes).unwrap();
    assert_eq!(kernels.gemm_blocks(&matrix, 0..32, 2, &[0; 256], &mut out), Err(Error::Input));
}

#[test]
fn many_tokens_are_one_after_the_other() {
    for &packing in Packing::ALL {
        for tokens in (0..=14).chain([24, 25, 100, 140]) {
            check_tokens(packing, 40, fit(packing, 70), tokens, 6);
        }
        for cols in [1, 15, 16, 20, 21, 1000, 2560, 2600] {
            check_tokens(packing, 35, fit(packing, cols), 13, 7);
        }
    }
}

#[test]
fn tokens_and_columns_that_leave_tiles_of_sixteen_and_64_part_empty() {
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        for tokens in (15..=49).chain([63, 64, 65, 127, 128, 129, 143, 144, 145, 161]) {
            check_tokens(packing, 40, 70, tokens, 8);
        }
        for cols in [1, 3, 4, 63, 64, 65, 127, 128, 129, 639, 640, 641, 704, 1281, 2560] {
            for tokens in [16, 23, 32] {
                check_tokens(packing, 35, cols, tokens, 9);
            }
        }
    }
}

#[test]
fn the_most_extreme_sums_of_many_tokens() {
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        for (trit, q) in [(1, -128), (-1, -128), (1, 127), (-1, 127)] {
            let bytes = packed(packing, 1, COLS_MAX, &vec![trit; COLS_MAX]);
            let matrix = Matrix::new(packing, 1, COLS_MAX, &bytes).unwrap();
            for kernels in all_kernels().filter(|kernels| *kernels != Kernels::scalar()) {
                let mut out = [0; 17];
                kernels.gemm(&matrix, 0..1, 17, &vec![q; 17 * COLS_MAX], &mut out).unwrap();
                let expected = i32::from(trit) * i32::from(q) * COLS_MAX as i32;
                assert_eq!(out, [expected; 17], "{packing:?} {}", kernels.isa().name());
            }
        }
    }
}

#[test]
fn rows_without_columns_give_zeros() {
    for packing in [Packing::Panel2Bit, Packing::PanelBase3] {
        let matrix = Matrix::new(packing, 35, 0, &[]).unwrap();
        for (kernels, tokens) in all_kernels().flat_map(|k| [(k, 1), (k, 2), (k, 150)]) {
            let mut out = vec![UNTOUCHED; 34 * tokens];
            kernels.gemm(&matrix, 1..35, tokens, &[], &mut out).unwrap();
            assert!(out.iter().all(|sum| *sum == 0), "{packing:?} {}", kernels.isa().name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shape(seed: u64, rows in 1..100_usize, cols in 1..900_usize, tokens in 1..30_usize) {
        for &packing in Packing::ALL {
            check_tokens(packing, rows, fit(packing, cols), tokens, seed);
        }
    }
}

#[test]
fn wrong_lengths_are_errors() {
    let bytes = packed(Packing::Panel2Bit, 4, 16, &[0; 64]);
    let matrix = Matrix::new(Packing::Panel2Bit, 4, 16, &bytes).unwrap();
    let kernels = Kernels::best();
    let mut out = [0; 4];
    let length = |needed, given| Err(Error::Length { needed, given });
    assert_eq!(kernels.gemv(&matrix, 0..4, &[0; 15], &mut out), length(16, 15));
    assert_eq!(kernels.gemv(&matrix, 0..3, &[0; 16], &mut out), length(3, 4));
    let range = Err(Error::Range { end: 5, rows: 4 });
    assert_eq!(kernels.gemv(&matrix, 1..5, &[0; 16], &mut out), range);
    let empty = Matrix::new(Packing::Panel2Bit, 0, 0, &[]).unwrap();
    assert_eq!(kernels.gemm(&empty, 0..0, 3, &[], &mut []), Ok(()));
}
