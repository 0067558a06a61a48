//! Sixteen queries side by side find what each finds by itself.

use proptest::prelude::*;
use trine_bits::Random;
use trine_ternary::int8::QUANTIZED_MAX;
use trine_ternary::{
    ACROSS, Kernels, KeysAcross, POSITIONS, QueriesAcross, SharesAcross, Softmax, SoftmaxAcross,
};

use super::floats::{bits, numbers};
use super::{Draw as _, all_kernels};

/// Keys and values of some positions, and what meets them.
struct Case {
    width: usize,
    /// What there is to read of each query.
    codes: Vec<Vec<i16>>,
    steps: [f32; ACROSS],
    keys: Vec<i8>,
    values: Vec<i8>,
    scales: Vec<f32>,
    value_scales: Vec<f32>,
    most: [f32; ACROSS],
    /// What was there before, 16 vectors.
    out: Vec<f32>,
}

const SCALE: f32 = 0.09;
const TOTAL: f32 = 2.25;

impl Case {
    fn new(seed: u64, width: usize, count: usize) -> Self {
        let random = &mut Random::new(seed);
        let code = |random: &mut Random| (random.below(4095) as i32 - 2047) as i16;
        let codes = (0..ACROSS).map(|_| (0..width).map(|_| code(random)).collect()).collect();
        let positive = |random: &mut Random, len| -> Vec<f32> {
            (0..len).map(|_| random.unit() * 0.02).collect()
        };
        Self {
            width,
            codes,
            steps: positive(random, ACROSS).try_into().unwrap(),
            keys: random.activations(count * width),
            values: random.activations(count * width),
            scales: positive(random, count),
            value_scales: positive(random, count),
            most: [(); ACROSS].map(|()| random.unit() * 60.0 - 30.0),
            out: numbers(random, ACROSS * width),
        }
    }

    /// Query by query, by the plain kernels: greatest scores, sums, and what comes out.
    fn by_query(&self) -> Vec<(u32, u32, Vec<u32>)> {
        let (kernels, count) = (Kernels::scalar(), self.scales.len());
        let one = |(index, codes): (usize, &Vec<i16>)| {
            let mut scores = [0.0; POSITIONS];
            kernels.dots(codes, &self.keys, self.width, &mut scores[..count]);
            for (score, scale) in scores.iter_mut().zip(&self.scales) {
                *score *= self.steps[index] * scale;
            }
            let mut softmax = Softmax { most: self.most[index], total: TOTAL, shrink: None };
            let both = (core::slice::from_mut(&mut scores), core::slice::from_mut(&mut softmax));
            kernels.soften(SCALE, 0..count, both.0, both.1);
            let mut out = self.out[index * self.width..][..self.width].to_vec();
            softmax.shrink.into_iter().for_each(|shrink| kernels.scale(shrink, &mut out));
            scores.iter_mut().zip(&self.value_scales).for_each(|(share, scale)| *share *= scale);
            let greatest = kernels.greatest(&scores[..count]);
            let factor = if greatest > 0.0 { QUANTIZED_MAX / greatest } else { 0.0 };
            let mut shares = [0; POSITIONS];
            kernels.quantize_i16(factor, &scores[..count], &mut shares);
            let step = greatest / QUANTIZED_MAX;
            kernels.mix(&shares[..count], &self.values, self.width, step, &mut out);
            (softmax.most.to_bits(), softmax.total.to_bits(), bits(&out))
        };
        self.codes.iter().enumerate().map(one).collect()
    }

    /// Side by side, so many vectors of what comes out at a time.
    fn across(&self, kernels: Kernels, together: usize) -> Vec<(u32, u32, Vec<u32>)> {
        let (width, count) = (self.width, self.scales.len());
        let mut pairs = vec![[0; ACROSS]; width / 2];
        for (index, codes) in self.codes.iter().enumerate() {
            Kernels::pair_query(codes, index, &mut pairs);
        }
        let mut keys = vec![[-1; 64]; count];
        kernels.pair_columns(&self.keys, width, &mut keys);
        let mut values = vec![-1; count.div_ceil(2) * width];
        kernels.pair_rows(&self.values, width, &mut values);
        let queries = QueriesAcross { pairs: &pairs, steps: &self.steps, scale: SCALE };
        let (scales, value_scales) = (&*self.scales, &*self.value_scales);
        let keys = KeysAcross { pairs: &keys, scales, value_scales };
        let total = [TOTAL; ACROSS];
        let mut softmax = SoftmaxAcross { most: self.most, total, shrink: None };
        let mut shares = SharesAcross::new();
        kernels.shares_across(queries, keys, &mut softmax, &mut shares);
        let mut out = self.out.clone();
        for (shrink, out) in softmax.shrink.iter().flatten().zip(out.chunks_mut(width)) {
            kernels.scale(*shrink, out);
        }
        for first in (0..ACROSS).step_by(together) {
            let out = &mut out[first * width..];
            let len = out.len().min(together * width);
            kernels.mix_across((&shares, first), (&values, width), &mut out[..len], width);
        }
        let found = softmax.most.into_iter().zip(softmax.total).zip(out.chunks(width));
        found.map(|((most, total), out)| (most.to_bits(), total.to_bits(), bits(out))).collect()
    }
}

proptest! {
    #[test]
    fn sixteen_queries_side_by_side_find_what_each_finds(
        seed: u64,
        width in prop_oneof![Just(64_usize), Just(128), (1_usize..40).prop_map(|n| 2 * n)],
        count in 1..=POSITIONS, together in 1..=ACROSS,
    ) {
        let case = Case::new(seed, width, count);
        let wanted = case.by_query();
        for kernels in all_kernels() {
            let found = case.across(kernels, together);
            prop_assert_eq!(&found, &wanted, "{}", kernels.isa().name());
        }
    }

    /// Rows, columns and places that are not there are passed over by every kernel.
    #[test]
    fn of_sixteen_queries_what_is_not_there_is_left_out(
        seed: u64, width in prop_oneof![Just(0_usize), Just(64), 0_usize..200],
        (rows, pairs, columns) in (0_usize..300, 0_usize..400, 0_usize..70),
        (scales, value_scales, first) in (0_usize..40, 0_usize..40, 0_usize..20),
        (out, stride) in (0_usize..900, 0_usize..200),
    ) {
        let random = &mut Random::new(seed);
        let bytes = random.activations(rows);
        let queries = vec![[3; ACROSS]; columns];
        let (scales, value_scales) = (vec![0.5; scales], vec![0.25; value_scales]);
        let of = |kernels: Kernels| {
            let (mut by_column, mut by_row) = (vec![[7; 64]; pairs / 9], vec![7; pairs]);
            kernels.pair_columns(&bytes, width, &mut by_column);
            kernels.pair_rows(&bytes, width, &mut by_row);
            let queries = QueriesAcross { pairs: &queries, steps: &[1e-3; ACROSS], scale: 0.1 };
            let keys = KeysAcross {
                pairs: &by_column, scales: &scales, value_scales: &value_scales,
            };
            let (mut softmax, mut shares) = (SoftmaxAcross::NEW, SharesAcross::default());
            kernels.shares_across(queries, keys, &mut softmax, &mut shares);
            let mut mixed = vec![1.0; out];
            kernels.mix_across((&shares, first), (&by_row, width), &mut mixed, stride);
            (bits(&softmax.most), bits(&softmax.total), shares.pairs, bits(&mixed))
        };
        for kernels in all_kernels() {
            prop_assert_eq!(of(kernels), of(Kernels::scalar()), "{}", kernels.isa().name());
        }
    }
}
