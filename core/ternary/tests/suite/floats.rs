//! Floating point: the defined order, and the same bits from every kernel.

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::float::ByRow;
use trine_ternary::{
    Kernels, Pieces, f16_from_f32, f32_from_f16, int8, math, quantize, quantize_blocks,
};

use super::{Draw as _, all_kernels};

/// The defined order, in other words than the crate's: element j goes to sum j % 16, and the upper
/// half of the sums is added to the lower half until one is left.
pub(super) fn in_order(terms: impl Iterator<Item = f32>) -> f32 {
    let mut sums = vec![0.0_f32; 16];
    for (j, term) in terms.enumerate() {
        sums[j % 16] += term;
    }
    while sums.len() > 1 {
        let upper = sums.split_off(sums.len() / 2);
        for (sum, upper) in sums.iter_mut().zip(upper) {
            *sum += upper;
        }
    }
    sums[0]
}

pub(super) fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Numbers of all sizes, among them zeros of both signs.
pub(super) fn numbers(random: &mut Random, len: usize) -> Vec<f32> {
    let number = |n: u64| match n % 16 {
        0 => 0.0,
        1 => -0.0,
        k => (n as i32 as f32) * f32::powi(2.0, k as i32 * 3 - 60),
    };
    (0..len).map(|_| number(random.bits())).collect()
}

fn check(seed: u64, len: usize) {
    let mut random = Random::new(seed);
    let (a, b) = (numbers(&mut random, len), numbers(&mut random, len));
    let halves: Vec<u16> = a.iter().map(|a| f16_from_f32(*a)).collect();
    let sums: Vec<i32> = (0..len).map(|_| random.bits() as i32).collect();
    let pairs = || a.iter().zip(&b);
    for kernels in all_kernels() {
        let dot = in_order(pairs().map(|(a, b)| a * b));
        assert_eq!(kernels.dot(&a, &b).to_bits(), dot.to_bits());
        assert_eq!(kernels.sum(&a).to_bits(), in_order(a.iter().copied()).to_bits());
        let squares = in_order(a.iter().map(|a| a * a));
        assert_eq!(kernels.sum_of_squares(&a).to_bits(), squares.to_bits());
        let dot = in_order(b.iter().zip(&halves).map(|(b, h)| b * f32_from_f16(*h)));
        assert_eq!(kernels.dot_f16(&b, &halves).to_bits(), dot.to_bits());

        let each = |f: &dyn Fn(&mut [f32]), expected: Vec<f32>| {
            let mut y = b.clone();
            f(&mut y);
            assert_eq!(bits(&y), bits(&expected), "{}", kernels.isa().name());
        };
        each(&|y| kernels.axpy(0.7, &a, y), pairs().map(|(a, b)| b + 0.7 * a).collect());
        each(&|y| kernels.add(&a, y), pairs().map(|(a, b)| b + a).collect());
        each(&|y| kernels.multiply(&a, y), pairs().map(|(a, b)| b * a).collect());
        each(&|y| kernels.scale(0.7, y), b.iter().map(|b| b * 0.7).collect());
        let scaled = pairs().map(|(a, b)| (a * 0.7) * b).collect();
        each(&|y| kernels.scale_by(0.7, &b, &a, y), scaled);
        let relu = |x: f32| if x > 0.0 { x * x } else { 0.0 };
        each(&|y| kernels.relu_squared(&a, y), pairs().map(|(a, b)| b * relu(*a)).collect());
        let scaled = sums.iter().map(|sum| *sum as f32 * 0.7).collect();
        each(&|y| kernels.rescale(0.7, &sums, y), scaled);
        let added = halves.iter().zip(&b).map(|(h, b)| b + 0.7 * f32_from_f16(*h)).collect();
        each(&|y| kernels.axpy_f16(0.7, &halves, y), added);
        let mut widened = vec![0.0; len];
        kernels.from_f16(&halves, &mut widened);
        let expected: Vec<f32> = halves.iter().map(|half| f32_from_f16(*half)).collect();
        assert_eq!(bits(&widened), bits(&expected));
        let mut narrowed = vec![0; len];
        kernels.to_f16(&a, &mut narrowed);
        assert_eq!(narrowed, halves);
    }
}

/// A norm's numbers are rounded as if they were written down, whether they lie side by side or in
/// pieces of `width`; what is no number becomes 0.
fn check_normed(seed: u64, len: usize) {
    let mut random = Random::new(seed);
    let (mut x, mut weight) = (numbers(&mut random, len), numbers(&mut random, len));
    match (seed % 4, x.last_mut(), weight.last_mut()) {
        (1, Some(last), _) => *last = f32::NAN,
        (2, _, Some(last)) => *last = f32::INFINITY,
        _ => {}
    }
    let bytes: Vec<u8> = weight.iter().flat_map(|weight| weight.to_le_bytes()).collect();
    let mean = in_order(x.iter().map(|x| x * x)) / len as f32;
    let factor = 1.0 / math::sqrt(mean + 1e-5);
    let normed: Vec<f32> = x.iter().zip(&weight).map(|(x, w)| (x * factor) * w).collect();
    let mut expected = vec![0; len];
    let rounded = quantize(&normed, &mut expected).unwrap();
    let (width, step) = (16 << (seed % 3), 70);
    let mut apart = vec![7.0; len.div_ceil(width) * step];
    for (to, from) in apart.chunks_mut(step).zip(x.chunks(width)) {
        to[..from.len()].copy_from_slice(from);
    }
    apart.truncate(len / width * step + len % width);
    for kernels in all_kernels() {
        for x in [Pieces::whole(&x), Pieces::apart(&apart, width, step).unwrap()] {
            assert_eq!((x.len(), x.is_empty()), (len, len == 0));
            let mut q = vec![0; len];
            assert_eq!(kernels.quantize_normed(&bytes, 1e-5, x, &mut q), Ok(rounded.scale));
            assert_eq!(q, expected, "{}", kernels.isa().name());
            let refused = |bytes: &[u8], q: &mut [i8]| {
                assert!(kernels.quantize_normed(bytes, 1e-5, x, q).is_err());
            };
            q.push(0);
            refused(&bytes, &mut q);
            if let Some((_, shorter)) = bytes.split_last() {
                refused(shorter, &mut expected.clone());
            }
        }
    }
}

#[test]
fn pieces_are_whole_sixteens_that_do_not_lie_in_each_other() {
    assert!(Pieces::apart(&[0.0; 64], 16, 16).is_ok());
    for (width, step) in [(0, 16), (8, 16), (24, 32), (32, 31)] {
        assert!(Pieces::apart(&[0.0; 64], width, step).is_err(), "{width} of {step}");
    }
}

/// Heads are turned pair by pair.
fn check_heads(seed: u64, len: usize) {
    let mut random = Random::new(seed);
    let (half, before) = (len / 6, numbers(&mut random, len));
    let rotation = numbers(&mut random, 2 * half);
    let mut turned = before.clone();
    for head in turned.chunks_exact_mut((2 * half).max(1)) {
        for i in 0..half {
            let (a, b, cosine, sine) = (head[i], head[i + half], rotation[i], rotation[i + half]);
            (head[i], head[i + half]) = (a * cosine - b * sine, b * cosine + a * sine);
        }
    }
    for kernels in all_kernels() {
        let mut heads = before.clone();
        kernels.rotate(&rotation, &mut heads);
        assert_eq!(bits(&heads), bits(&turned), "{}", kernels.isa().name());
    }
}

/// Products by row become numbers by token, and what lies between those stays.
fn check_turned(seed: u64, rows: usize, tokens: usize, apart: usize) {
    let mut random = Random::new(seed);
    let (step, stride) = (tokens + apart, rows + apart);
    let products: Vec<i32> = (0..rows * step).map(|_| random.bits() as i32).collect();
    let factors = numbers(&mut random, tokens);
    let before = numbers(&mut random, tokens * stride);
    let mut expected = before.clone();
    for (token, factor) in factors.iter().enumerate() {
        for row in 0..rows {
            expected[token * stride + row] = products[row * step + token] as f32 * factor;
        }
    }
    for kernels in all_kernels() {
        let mut y = before.clone();
        let x = ByRow { products: &products, step, rows };
        kernels.rescale_turned(&factors, x, &mut y, stride);
        assert_eq!(bits(&y), bits(&expected), "{}", kernels.isa().name());
    }
}

/// Rounded, multiplied and mixed alike by every kernel; what is right is `int8`'s own test.
fn check_int8(seed: u64, width: usize) {
    let mut random = Random::new(seed);
    let (query, rows) = (numbers(&mut random, width), random.activations(width * 20));
    let shares = numbers(&mut random, 20);
    let of = |kernels: Kernels| {
        let rounded = |x: &[f32]| {
            let mut quantized = vec![0; x.len()];
            kernels.quantize_i16(int8::QUANTIZED_MAX / kernels.greatest(x), x, &mut quantized);
            quantized
        };
        let (query, shares) = (rounded(&query), rounded(&shares));
        let (mut sums, mut mixed) = (vec![0.0; 20], vec![0.0; width]);
        kernels.dots(&query, &rows, width, &mut sums);
        kernels.mix(&shares, &rows, width, 0.7, &mut mixed);
        (query, shares, sums, mixed)
    };
    for kernels in all_kernels() {
        assert_eq!(of(kernels), of(Kernels::scalar()), "{}", kernels.isa().name());
    }
}

/// Quantised alike by every kernel.
fn check_quantized(seed: u64, len: usize) {
    let mut x = numbers(&mut Random::new(seed), len);
    if let [first, second, ..] = &mut x[..] {
        *first = f32::NAN;
        *second = second.abs() * 1000.0;
    }
    let (mut q, mut scales) = (vec![0; len], vec![0.0; len.div_ceil(32)]);
    let expected = quantize(&x, &mut q).unwrap();
    let mut blocks = vec![0; len];
    quantize_blocks(&x, 32, &mut blocks, &mut scales).unwrap();
    for kernels in all_kernels() {
        let mut found = vec![0; len];
        assert_eq!(kernels.quantize(&x, &mut found), Ok(expected));
        assert_eq!(found, q, "{}", kernels.isa().name());
        let mut found_scales = vec![0.0; scales.len()];
        kernels.quantize_blocks(&x, 32, &mut found, &mut found_scales).unwrap();
        assert_eq!((found, bits(&found_scales)), (blocks.clone(), bits(&scales)));
    }
}

#[test]
fn every_length_in_the_defined_order() {
    for len in (0..=70).chain([127, 128, 2560]) {
        check(7, len);
        check_quantized(8, len);
        check_int8(9, len);
        check_normed(10, len);
        check_heads(11, len);
    }
}

proptest! {
    #[test]
    fn any_numbers_in_the_defined_order(seed: u64, len in 0..300_usize) {
        check(seed, len);
        check_quantized(seed, len);
        check_int8(seed, len);
        check_normed(seed, len);
        check_heads(seed, len);
    }

    #[test]
    fn products_by_row_become_numbers_by_token(
        seed: u64,
        rows in 0..70_usize,
        tokens in 0..50_usize,
        apart in 0..20_usize,
    ) {
        check_turned(seed, rows, tokens, apart);
    }
}
