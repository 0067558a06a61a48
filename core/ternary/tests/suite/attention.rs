//! Attention's products: what is taken together gives the bits of one after the other.

use std::ops::Range;

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::{
    Codes, Kernels, KvRows, POSITIONS, Scores, Softmax, Vectors, f16_from_f32, f32_from_f16, math,
};

use super::floats::{bits, in_order, numbers};
use super::{Draw as _, all_kernels};

/// Sizes of one case: queries, what lies between them, their width, and rows.
#[derive(Clone, Copy, Debug)]
struct Size {
    queries: usize,
    gap: usize,
    width: usize,
    count: usize,
}

impl Size {
    fn stride(&self) -> usize {
        self.width + self.gap
    }
}

fn sizes(least: usize) -> impl Strategy<Value = Size> {
    let width = prop_oneof![Just(16), Just(32), Just(64), Just(80), Just(128), least..200];
    (0_usize..10, 0_usize..40, width, 0..=POSITIONS).prop_map(|(queries, gap, width, count)| Size {
        queries,
        gap,
        width,
        count,
    })
}

fn all_bits(scores: &[Scores]) -> Vec<Vec<u32>> {
    scores.iter().map(|scores| bits(scores)).collect()
}

/// Products and sums of rows of floats, by definition.
fn check_floats(seed: u64, size: Size) {
    let mut random = Random::new(seed);
    let Size { queries, width, count, .. } = size;
    let stride = size.stride();
    let query = numbers(&mut random, queries * stride);
    let floats = numbers(&mut random, count * width);
    let halves: Vec<u16> = floats.iter().map(|x| f16_from_f32(*x)).collect();
    let widened: Vec<f32> = halves.iter().map(|x| f32_from_f16(*x)).collect();
    let shares: Vec<Scores> =
        (0..queries).map(|_| numbers(&mut random, POSITIONS).try_into().unwrap()).collect();
    let before = numbers(&mut random, queries * stride);
    for (rows, plain) in [(KvRows::F32(&floats), &floats), (KvRows::F16(&halves), &widened)] {
        let row = |at: usize| &plain[at * width..(at + 1) * width];
        let mut wanted = vec![[0.5; POSITIONS]; queries];
        let mut mixed = before.clone();
        for at in 0..queries {
            let own = &query[at * stride..][..width];
            for position in 0..count {
                let terms = own.iter().zip(row(position)).map(|(a, b)| a * b);
                wanted[at][position] = in_order(terms);
                let share = shares[at][position];
                for (out, x) in mixed[at * stride..][..width].iter_mut().zip(row(position)) {
                    *out += share * x;
                }
            }
        }
        for kernels in all_kernels() {
            let vectors = Vectors { numbers: &query, stride, count: queries };
            let mut scores = vec![[0.5; POSITIONS]; queries];
            kernels.scores(vectors, rows, (width, count), &mut scores);
            assert_eq!(all_bits(&scores), all_bits(&wanted), "{size:?} {}", kernels.isa().name());
            let mut out = before.clone();
            kernels.add_rows(&shares, rows, (width, count), &mut out, stride);
            assert_eq!(bits(&out), bits(&mixed), "{size:?} {}", kernels.isa().name());
        }
    }
}

/// The same of rows of codes, in integers.
fn check_codes(seed: u64, size: Size) {
    let mut random = Random::new(seed);
    let Size { queries, width, count, .. } = size;
    let stride = size.stride();
    let code = |random: &mut Random| (random.below(4095) as i32 - 2047) as i16;
    let query: Vec<i16> = (0..queries * stride).map(|_| code(&mut random)).collect();
    let rows = random.activations(count * width);
    let mut shares = vec![[0_i16; POSITIONS]; queries];
    for shares in &mut shares {
        shares[..count].fill_with(|| code(&mut random));
    }
    let steps = numbers(&mut random, queries);
    let before = numbers(&mut random, queries * stride);
    let row = |at: usize| &rows[at * width..(at + 1) * width];
    let product = |a: &i16, b: &i8| i64::from(*a) * i64::from(*b);
    let mut wanted = vec![[0.25; POSITIONS]; queries];
    let mut mixed = before.clone();
    for at in 0..queries {
        let own = &query[at * stride..][..width];
        for (position, wanted) in wanted[at].iter_mut().enumerate().take(count) {
            let sum: i64 = own.iter().zip(row(position)).map(|(a, b)| product(a, b)).sum();
            *wanted += i32::try_from(sum).unwrap() as f32;
        }
        for (column, out) in mixed[at * stride..][..width].iter_mut().enumerate() {
            let of = |position: usize| product(&shares[at][position], &row(position)[column]);
            let sum: i64 = (0..count).map(of).sum();
            *out += i32::try_from(sum).unwrap() as f32 * steps[at];
        }
    }
    for kernels in all_kernels() {
        let codes = Codes { codes: &query, stride, width };
        let mut scores = vec![[0.25; POSITIONS]; queries];
        kernels.dots_each(codes, (&rows, width), count, &mut scores);
        assert_eq!(all_bits(&scores), all_bits(&wanted), "{size:?} {}", kernels.isa().name());
        let mut out = before.clone();
        kernels.mix_each((&shares, &steps), (&rows, width), &mut out, stride);
        assert_eq!(bits(&out), bits(&mixed), "{size:?} {}", kernels.isa().name());
    }
}

/// Shares of scores, by definition.
fn check_shares(seed: u64, positions: Range<usize>, before: &[Softmax]) {
    let mut random = Random::new(seed);
    let scores: Vec<Scores> =
        before.iter().map(|_| [(); POSITIONS].map(|()| random.unit() * 40.0 - 20.0)).collect();
    let (mut wanted, mut after) = (scores.clone(), before.to_vec());
    for (scores, softmax) in wanted.iter_mut().zip(&mut after) {
        let scores = &mut scores[positions.clone()];
        scores.iter_mut().for_each(|score| *score *= 0.7);
        let most = scores.iter().copied().fold(softmax.most, f32::max);
        scores.iter_mut().for_each(|score| *score = math::exp(*score - most));
        let shrink = (most > softmax.most).then(|| math::exp(softmax.most - most));
        let before = softmax.total * shrink.unwrap_or(1.0);
        let total = scores.iter().fold(before, |sum, score| sum + score);
        *softmax = Softmax { most, total, shrink };
    }
    let state = |all: &[Softmax]| {
        let one = |one: &Softmax| (bits(&[one.most, one.total]), one.shrink.map(f32::to_bits));
        all.iter().map(one).collect::<Vec<_>>()
    };
    for kernels in all_kernels() {
        let (mut found, mut softmaxes) = (scores.clone(), before.to_vec());
        kernels.soften(0.7, positions.clone(), &mut found, &mut softmaxes);
        assert_eq!(all_bits(&found), all_bits(&wanted), "{}", kernels.isa().name());
        assert_eq!(state(&softmaxes), state(&after), "{}", kernels.isa().name());
    }
}

#[test]
fn rows_without_a_width_give_no_score() {
    let (floats, bytes) = ([2.0; 3], [2; 3]);
    for kernels in all_kernels() {
        let mut scores = [[1.0; POSITIONS]];
        let vectors = Vectors { numbers: &floats, stride: 0, count: 1 };
        kernels.scores(vectors, KvRows::F32(&floats), (0, 3), &mut scores);
        let codes = Codes { codes: &[5; 3], stride: 0, width: 0 };
        kernels.dots_each(codes, (&bytes, 0), 3, &mut scores);
        assert_eq!(scores, [[1.0; POSITIONS]], "{}", kernels.isa().name());
    }
}

proptest! {
    #[test]
    fn several_queries_have_the_products_and_sums_of_each(seed: u64, size in sizes(1)) {
        check_floats(seed, size);
        check_codes(seed, size);
    }

    #[test]
    fn shares_are_powers_and_added_one_by_one(
        seed: u64, (first, end) in (0..=POSITIONS, 0..=POSITIONS),
        most in prop::collection::vec(-30.0_f32..30.0, 0..9),
    ) {
        let softmax = |most| Softmax { most, total: 3.5, shrink: None };
        let before: Vec<Softmax> = most.into_iter().map(softmax).collect();
        let positions = first.min(end)..first.max(end);
        check_shares(seed, positions.clone(), &before);
        check_shares(seed, 0..positions.len().max(1), &[Softmax::NEW; 3]);
    }

    /// Rows, queries and places that are not there are passed over by every kernel.
    #[test]
    fn what_is_not_there_is_left_out(
        seed: u64, size in sizes(0),
        rows in 0_usize..300, codes in 0_usize..300, out in 0_usize..300,
    ) {
        let mut random = Random::new(seed);
        let query = numbers(&mut random, codes);
        let floats = numbers(&mut random, rows);
        let bytes = random.activations(rows);
        let short: Vec<i16> = (0..codes).map(|_| random.bits() as i16 / 16).collect();
        let shares = vec![[0.5; POSITIONS]; size.queries];
        let mut whole = [3; POSITIONS];
        whole[rows.checked_div(size.width).unwrap_or(0).min(POSITIONS)..].fill(0);
        let whole = vec![whole; size.queries];
        let of = |kernels: Kernels| {
            let vectors = Vectors { numbers: &query, stride: size.gap, count: size.queries };
            let mut scores = vec![[1.0; POSITIONS]; size.queries];
            kernels.scores(vectors, KvRows::F32(&floats), (size.width, 99), &mut scores);
            let stride = size.gap;
            let mut sums = vec![1.0; out];
            kernels.add_rows(&shares, KvRows::F32(&floats), (size.width, 99), &mut sums, stride);
            let codes = Codes { codes: &short, stride, width: size.width };
            let mut dots = vec![[1.0; POSITIONS]; size.queries];
            kernels.dots_each(codes, (&bytes, size.width), size.count, &mut dots);
            let steps = vec![0.5; size.queries];
            let mut mixed = vec![1.0; out];
            kernels.mix_each((&whole, &steps), (&bytes, size.width), &mut mixed, stride);
            (all_bits(&scores), bits(&sums), all_bits(&dots), bits(&mixed))
        };
        for kernels in all_kernels() {
            prop_assert_eq!(of(kernels), of(Kernels::scalar()), "{}", kernels.isa().name());
        }
    }
}
