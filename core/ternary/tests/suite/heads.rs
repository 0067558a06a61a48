//! The rows of a head: the same bits from every kernel, and the right ones.

use std::ops::Range;

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::{Error, Kernels, RowFormat, RowInput, Rows, quantize_blocks, scalar};

use super::{Draw as _, all_kernels};

/// Rows of random bytes whose scales are ordinary numbers.
fn random_rows(format: RowFormat, rows: usize, cols: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..format.bytes(rows, cols).unwrap()).map(|_| random.bits() as u8).collect();
    let half = |n: u64| (0x3000 + n % 0x800) as u16;
    let size = format.bytes(1, format.block()).unwrap();
    for block in bytes.chunks_exact_mut(size) {
        let number = half(random.bits());
        match format {
            RowFormat::F32 => {
                let number = (random.bits() % 2001) as f32 / 1000.0 - 1.0;
                block.copy_from_slice(&number.to_le_bytes());
            }
            RowFormat::Q6K => block[208..].copy_from_slice(&number.to_le_bytes()),
            _ => block[..2].copy_from_slice(&number.to_le_bytes()),
        }
    }
    bytes
}

/// Every kernel gives the bits of the plain one, for all rows and for some.
fn check(format: RowFormat, rows: usize, cols: usize, seed: u64) {
    let mut random = Random::new(seed);
    let mut moved = vec![0; 3];
    moved.extend(random_rows(format, rows, cols, &mut random));
    let weights = Rows::new(format, rows, cols, &moved[3..]).unwrap();
    let x: Vec<f32> = (0..cols).map(|_| f32::from(random.bits() as i16) / 1000.0).collect();
    let q = random.activations(cols);
    let scales: Vec<f32> =
        (0..cols / format.block()).map(|_| (random.bits() % 1000) as f32 / 777.0).collect();
    let input = if format.is_integer() {
        RowInput::Blocks { q: &q, scales: &scales }
    } else {
        RowInput::Floats(&x)
    };
    let plain = |row| {
        if format.is_integer() {
            scalar::dot_blocks(&weights, row, &q, &scales)
        } else {
            scalar::dot_floats(&weights, row, &x)
        }
    };
    for range in [0..rows, rows / 3..rows] {
        let expected: Vec<u32> = range.clone().map(|row| plain(row).to_bits()).collect();
        for kernels in all_kernels() {
            let mut out = vec![0.5; range.len() + 1];
            let (inner, after) = out.split_at_mut(range.len());
            kernels.project(&weights, range.clone(), input, inner).unwrap();
            let found: Vec<u32> = inner.iter().map(|out| out.to_bits()).collect();
            let name = kernels.isa().name();
            assert_eq!(found, expected, "{format:?} {name} {rows}x{cols} {range:?}");
            assert_eq!(after, [0.5]);
        }
    }
}

/// Several tokens have what each has by itself, and nothing is written behind that.
fn check_each(format: RowFormat, rows: usize, cols: usize, tokens: usize) {
    let mut random = Random::new((rows * tokens) as u64);
    let bytes = random_rows(format, rows, cols, &mut random);
    let weights = Rows::new(format, rows, cols, &bytes).unwrap();
    let x: Vec<f32> = (0..tokens * cols).map(|_| f32::from(random.bits() as i16) / 999.0).collect();
    let q = random.activations(tokens * cols);
    let blocks = cols / format.block();
    let scales: Vec<f32> =
        (0..tokens * blocks).map(|_| (random.bits() % 1000) as f32 / 777.0).collect();
    let of = |from: usize, to: usize| {
        if format.is_integer() {
            let (q, scales) = (&q[from * cols..to * cols], &scales[from * blocks..to * blocks]);
            RowInput::Blocks { q, scales }
        } else {
            RowInput::Floats(&x[from * cols..to * cols])
        }
    };
    for range in [0..rows, rows / 3..rows, rows..rows] {
        let mut expected = Vec::new();
        for token in 0..tokens {
            let mut out = vec![0.0; range.len()];
            let input = of(token, token + 1);
            Kernels::scalar().project(&weights, range.clone(), input, &mut out).unwrap();
            expected.extend(out.iter().map(|out| out.to_bits()));
        }
        for kernels in all_kernels() {
            let mut out = vec![0.5; range.len() * tokens + 1];
            let (inner, after) = out.split_at_mut(range.len() * tokens);
            kernels.project_each(&weights, range.clone(), of(0, tokens), inner).unwrap();
            let found: Vec<u32> = inner.iter().map(|out| out.to_bits()).collect();
            let name = kernels.isa().name();
            assert_eq!(found, expected, "{format:?} {name} {rows}x{cols} {tokens} {range:?}");
            assert_eq!(after, [0.5]);
        }
    }
}

#[test]
fn several_tokens_have_what_each_has_by_itself() {
    for &format in RowFormat::ALL {
        let cols = 3 * format.block().max(23);
        for tokens in [0, 1, 2, 8, 15, 16, 17, 33] {
            check_each(format, 37, cols, tokens);
        }
        for rows in 1..=9 {
            check_each(format, rows, 2 * format.block(), 3);
        }
    }
}

#[test]
fn several_tokens_and_rows_of_many_blocks_have_what_each_has_by_itself() {
    for (blocks, tokens) in [(9, 16), (17, 8), (17, 9), (25, 5), (65, 2), (129, 1), (130, 1)] {
        check_each(RowFormat::Q6K, 5, blocks * RowFormat::Q6K.block(), tokens);
    }
}

#[test]
fn the_greatest_weights_scales_and_activations_of_several_tokens_are_exact() {
    let format = RowFormat::Q6K;
    let (cols, tokens) = (2 * format.block(), 3);
    for (bits, scale) in [(0, 0x80), (0, 0x7f), (0xff, 0x80), (0xff, 0x7f)] {
        // Six bits of each weight, sixteen scales, and 1 in half precision.
        let block = [&[bits; 192][..], &[scale; 16], &[0x00, 0x3c]].concat();
        let bytes = block.repeat(2 * cols / format.block());
        let weights = Rows::new(format, 2, cols, &bytes).unwrap();
        for q in [-128, 127] {
            let (q, scales) = (vec![q; tokens * cols], vec![1.0; tokens * 2]);
            let input = RowInput::Blocks { q: &q, scales: &scales };
            let wanted = scalar::dot_blocks(&weights, 0, &q[..cols], &scales[..2]);
            for kernels in all_kernels() {
                let mut out = vec![0.0; 2 * tokens];
                kernels.project_each(&weights, 0..2, input, &mut out).unwrap();
                let name = kernels.isa().name();
                assert_eq!(out, vec![wanted; 2 * tokens], "{name} {bits} {scale} {}", q[0]);
            }
        }
    }
}

#[test]
fn several_tokens_that_are_not_whole_or_lack_room_are_refused() {
    let (q6, floats) = (vec![0; 2 * 210], vec![0; 2 * 16 * 4]);
    let q6 = Rows::new(RowFormat::Q6K, 2, 256, &q6).unwrap();
    let floats = Rows::new(RowFormat::F32, 2, 16, &floats).unwrap();
    let q = vec![0; 512];
    let blocks = |tokens: usize, scales: usize| RowInput::Blocks {
        q: &q[..tokens],
        scales: &[1.0; 4][..scales],
    };
    let refused = |weights: &Rows<'_>, rows: Range<usize>, input, room: usize| {
        let of = |kernels: Kernels| {
            kernels.project_each(weights, rows.clone(), input, &mut vec![0.0; room]).is_err()
        };
        let first = of(Kernels::scalar());
        assert!(all_kernels().all(|kernels| of(kernels) == first));
        first
    };
    assert!(!refused(&q6, 0..2, blocks(512, 2), 4));
    assert!(refused(&q6, 0..3, blocks(512, 2), 6));
    assert!(refused(&q6, 0..2, blocks(300, 1), 2));
    assert!(refused(&q6, 0..2, blocks(512, 3), 4));
    assert!(refused(&q6, 0..2, blocks(512, 2), 5));
    let x = vec![0.0; 512];
    assert!(refused(&q6, 0..2, RowInput::Floats(&x), 4));
    assert!(refused(&floats, 0..2, blocks(512, 2), 64));
    assert!(refused(&floats, 0..2, RowInput::Floats(&[0.0; 17]), 2));
    assert!(!refused(&floats, 1..2, RowInput::Floats(&[0.0; 32]), 2));
}

#[test]
fn every_kernel_gives_the_same_bits() {
    for &format in RowFormat::ALL {
        for rows in 1..=9 {
            check(format, rows, 2 * format.block(), 1);
        }
        let block = format.block();
        let cols = if block > 1 { vec![block, 5 * block] } else { (1..=70).chain([640]).collect() };
        for cols in cols {
            check(format, 6, cols, 2);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn of_any_shape_too(seed: u64, rows in 1..20_usize, cols in 1..900_usize) {
        for &format in RowFormat::ALL {
            check(format, rows, cols.next_multiple_of(format.block()), seed);
        }
    }
}

/// Any bits at all: infinities, numbers below the least normal one, and what is no number too.
#[test]
fn every_instruction_set_reads_the_same_bits() {
    let mut random = Random::new(7);
    for format in RowFormat::ALL {
        for blocks in [1, 2, 15, 16, 17, 40] {
            let cols = blocks * format.block();
            let bytes: Vec<u8> =
                (0..format.bytes(3, cols).unwrap()).map(|_| random.bits() as u8).collect();
            let weights = Rows::new(*format, 3, cols, &bytes).unwrap();
            let (mut plain, mut read) = (vec![0.0; cols], vec![0.0; cols]);
            for (row, kernels) in (0..3).flat_map(|row| all_kernels().map(move |set| (row, set))) {
                weights.read(row, &mut plain).unwrap();
                kernels.read(&weights, row, &mut read).unwrap();
                let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&read), bits(&plain), "{format:?} {cols} {}", kernels.isa().name());
            }
            let error = Kernels::best().read(&weights, 3, &mut read);
            assert_eq!(error, Err(Error::Range { end: 4, rows: 3 }));
            let error = Kernels::best().read(&weights, 0, &mut read[1..]);
            assert_eq!(error, Err(Error::Length { needed: cols, given: cols - 1 }));
        }
    }
}

#[test]
fn integer_rows_are_near_what_their_weights_say() {
    let mut random = Random::new(3);
    for format in [RowFormat::Q8_0, RowFormat::Q6K] {
        let (rows, cols) = (5, 1024);
        let bytes = random_rows(format, rows, cols, &mut random);
        let weights = Rows::new(format, rows, cols, &bytes).unwrap();
        let x: Vec<f32> = (0..cols).map(|_| f32::from(random.bits() as i16) / 32768.0).collect();
        let (mut q, mut scales) = (vec![0; cols], vec![0.0; cols / format.block()]);
        quantize_blocks(&x, format.block(), &mut q, &mut scales).unwrap();
        let mut out = vec![0.0; rows];
        let input = RowInput::Blocks { q: &q, scales: &scales };
        Kernels::best().project(&weights, 0..rows, input, &mut out).unwrap();
        for (row, out) in out.into_iter().enumerate() {
            let mut floats = vec![0.0; cols];
            weights.read(row, &mut floats).unwrap();
            let terms = || floats.iter().zip(&x).map(|(w, x)| f64::from(*w) * f64::from(*x));
            let (exact, size): (f64, f64) = (terms().sum(), terms().map(f64::abs).sum());
            assert!((f64::from(out) - exact).abs() < 0.005 * size, "{format:?} {out} {exact}");
        }
    }
}

#[test]
fn the_most_extreme_blocks_do_not_overflow() {
    for format in [RowFormat::Q8_0, RowFormat::Q6K] {
        let (block, size) = (format.block(), format.bytes(1, format.block()).unwrap());
        for (weight, scale) in [(0x00, 0x80), (0xff, 0x80), (0x80, 0x7f), (0x7f, 0x7f)] {
            let mut bytes = vec![weight; size];
            if format == RowFormat::Q6K {
                bytes[192..208].fill(scale);
                bytes[208..].copy_from_slice(&[0x00, 0x3c]);
            } else {
                bytes[..2].copy_from_slice(&[0x00, 0x3c]);
            }
            let weights = Rows::new(format, 1, block, &bytes).unwrap();
            let mut floats = vec![0.0; block];
            weights.read(0, &mut floats).unwrap();
            for q in [-128, 127] {
                let exact: f64 = floats.iter().map(|w| f64::from(*w) * f64::from(q)).sum();
                for kernels in all_kernels() {
                    let (q, mut out) = (vec![q; block], [0.0]);
                    let input = RowInput::Blocks { q: &q, scales: &[1.0] };
                    kernels.project(&weights, 0..1, input, &mut out).unwrap();
                    let name = kernels.isa().name();
                    assert!(out == [exact as f32], "{format:?} {name} {out:?} {exact}");
                }
            }
        }
    }
}

#[test]
fn activations_of_the_other_kind_are_refused() {
    let bytes = [0; 34];
    let q8 = Rows::new(RowFormat::Q8_0, 1, 32, &bytes).unwrap();
    let f16 = Rows::new(RowFormat::F16, 1, 17, &bytes).unwrap();
    let (kernels, mut out) = (Kernels::best(), [0.0]);
    let mut project = |weights, input| kernels.project(weights, 0..1, input, &mut out);
    let blocks = RowInput::Blocks { q: &[0; 32], scales: &[1.0] };
    assert_eq!(project(&q8, RowInput::Floats(&[0.0; 32])), Err(Error::Input));
    assert_eq!(project(&f16, blocks), Err(Error::Input));
    assert_eq!(project(&q8, blocks), Ok(()));
    let short = Err(Error::Length { needed: 17, given: 16 });
    assert_eq!(project(&f16, RowInput::Floats(&[0.0; 16])), short);
}
