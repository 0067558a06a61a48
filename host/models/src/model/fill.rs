//! Random data of tensors, made as fast as it can be written.
//!
//! All of it comes from tables that 12 random bits look up: bytes with the trits of a ternary
//! matrix, and floats on a bell curve.

use half::f16;
use trine_infer::gguf::Type;

use super::random::Random;

/// Of 4096 trits, how many are 0: 42 %, as in the published model.
const ZEROS: u32 = 1720;
/// Of 4096 trits, how many are -1, and how many 1.
const SIGNS: u32 = (TABLE as u32 - ZEROS) / 2;
const TABLE: usize = 4096;
/// What the trits of a matrix multiply the variance of its input by, per column.
const TRIT_VARIANCE: f64 = 2.0 * SIGNS as f64 / TABLE as f64;
/// Stream of random numbers that the tables of floats are made from.
const TABLE_STREAM: u64 = u64::MAX;

/// The tables.
#[derive(Debug)]
pub(super) struct Tables {
    /// Codes of four trits, two bits each.
    fours: Vec<u8>,
    /// Five trits, as `TQ1_0` has them, and four.
    fives_of_tq1: Vec<u8>,
    fours_of_tq1: Vec<u8>,
    /// Numbers on a bell curve, of variance 1.
    bell: Vec<f32>,
}

impl Tables {
    pub(super) fn new() -> Self {
        let two_bits = |trits: &[u8]| trits.iter().fold(0, |byte, trit| byte << 2 | trit);
        // ggml's own coding: the fraction of 243, rounded up to one of 256.
        let base_3 = |trits: &[u8]| {
            let digits = trits.iter().chain([0].iter().cycle()).take(5);
            let number = digits.fold(0_u32, |number, trit| number * 3 + u32::from(*trit));
            (number * 256).div_ceil(243) as u8
        };
        Self {
            fours: combinations(4, two_bits),
            fives_of_tq1: combinations(5, base_3),
            fours_of_tq1: combinations(4, base_3),
            bell: bell(),
        }
    }

    /// Writes all blocks that fit into `out`, of a tensor of this type and so many columns.
    pub(super) fn fill(&self, kind: Type, columns: u64, random: &mut Random, out: &mut [u8]) {
        let trits = f16::from_f32(trit_scale(columns)).to_le_bytes();
        let deviation = head_deviation(columns);
        match kind {
            Type::I2S => lookup(&self.fours, random, out),
            Type::Tq2_0 => {
                for block in out.chunks_exact_mut(66) {
                    let (codes, scale) = block.split_at_mut(64);
                    lookup(&self.fours, random, codes);
                    scale.copy_from_slice(&trits);
                }
            }
            Type::Tq1_0 => {
                for block in out.chunks_exact_mut(54) {
                    let (fives, rest) = block.split_at_mut(48);
                    let (fours, scale) = rest.split_at_mut(4);
                    lookup(&self.fives_of_tq1, random, fives);
                    lookup(&self.fours_of_tq1, random, fours);
                    scale.copy_from_slice(&trits);
                }
            }
            Type::F16 => {
                let half = |value| f16::from_f32(value * deviation).to_le_bytes();
                let halves: Vec<[u8; 2]> = self.bell.iter().map(|value| half(*value)).collect();
                let mut next = random.twelves();
                out.as_chunks_mut::<2>().0.iter_mut().for_each(|place| *place = halves[next()]);
            }
            Type::F32 => {
                let mut next = random.twelves();
                for place in out.as_chunks_mut::<4>().0 {
                    *place = (self.bell[next()] * deviation).to_le_bytes();
                }
            }
            Type::Q8_0 => self.fill_q8_0(deviation, random, out),
            Type::Q6K => fill_q6_k(deviation, random, out),
            other => debug_assert!(false, "no random {other:?}"),
        }
    }

    /// Writes the factors of a norm, from 0.75 to 1.25.
    pub(super) fn fill_norm(random: &mut Random, out: &mut [u8]) {
        let mut next = random.twelves();
        for place in out.as_chunks_mut::<4>().0 {
            *place = (0.75 + next() as f32 / 8192.0).to_le_bytes();
        }
    }

    /// Blocks of a scale and 32 numbers, of which the deviation is a quarter of the range.
    fn fill_q8_0(&self, deviation: f32, random: &mut Random, out: &mut [u8]) {
        let scale = f16::from_f32(deviation / 32.0).to_le_bytes();
        let numbers: Vec<u8> =
            self.bell.iter().map(|value| ((value * 32.0) as i8).to_le_bytes()[0]).collect();
        for block in out.chunks_exact_mut(34) {
            let (head, rest) = block.split_at_mut(2);
            head.copy_from_slice(&scale);
            lookup(&numbers, random, rest);
        }
    }
}

/// What the scale of a matrix of trits has to be for its outputs to have the variance of its
/// inputs.
pub(super) fn trit_scale(columns: u64) -> f32 {
    (1.0 / (TRIT_VARIANCE * columns as f64).sqrt()) as f32
}

/// The deviation of embeddings: with it logits deviate by 1, and a token's own embedding, which the
/// residual stream carries to the head, adds less than that to its own logit.
fn head_deviation(columns: u64) -> f32 {
    (1.0 / (columns as f64).sqrt()) as f32
}

/// Blocks of low bits, high bits, sixteen scales and a scale of scales.
fn fill_q6_k(deviation: f32, random: &mut Random, out: &mut [u8]) {
    // Six bits, evenly spread, deviate by 18.5; scales from 32 to 95 by 66 from 0.
    let scale = f16::from_f32(deviation / (18.5 * 66.0)).to_le_bytes();
    for block in out.chunks_exact_mut(210) {
        let (bits, rest) = block.split_at_mut(192);
        let (scales, last) = rest.split_at_mut(16);
        for place in bits.as_chunks_mut::<8>().0 {
            *place = random.next().to_le_bytes();
        }
        for place in scales.as_chunks_mut::<8>().0 {
            *place = (random.next() & 0x3f3f_3f3f_3f3f_3f3f).to_le_bytes().map(|six| six + 32);
        }
        last.copy_from_slice(&scale);
    }
}

fn lookup(table: &[u8], random: &mut Random, out: &mut [u8]) {
    let (whole, rest) = out.as_chunks_mut::<5>();
    for five in whole {
        let bits = random.next();
        for (at, place) in (0..).zip(five) {
            *place = table[(bits >> (12 * at)) as usize % TABLE];
        }
    }
    let mut next = random.twelves();
    rest.iter_mut().for_each(|place| *place = table[next()]);
}

/// The codes of so many trits, each as often in the table as it is likely.
fn combinations(trits: u32, code: impl Fn(&[u8]) -> u8) -> Vec<u8> {
    let mut table = Vec::with_capacity(TABLE);
    let mut sum = 0.0;
    for number in 0..3_u32.pow(trits) {
        let digits: Vec<u8> =
            (0..trits).map(|place| (number / 3_u32.pow(place) % 3) as u8).collect();
        let likely = |digit: &u8| f64::from(if *digit == 1 { ZEROS } else { SIGNS }) / TABLE as f64;
        sum += digits.iter().map(likely).product::<f64>();
        table.resize((sum * TABLE as f64).round() as usize, code(&digits));
    }
    table.resize(TABLE, code(&vec![2; trits as usize]));
    table
}

/// Numbers on a bell curve: sums of twelve even ones, as often as they fall.
fn bell() -> Vec<f32> {
    let mut random = Random::new(0, TABLE_STREAM);
    let mut sums = || (0..12).map(|_| random.below(1 << 16) as f32).sum::<f32>();
    let half: Vec<f32> = (0..TABLE / 2).map(|_| sums() / 65_536.0 - 6.0).collect();
    // Each with its negative, so that the mean is 0.
    half.iter().flat_map(|value| [*value, -value]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Random, TABLE, Tables, Type, trit_scale};

    fn share(of: impl Iterator<Item = bool>) -> f64 {
        let all: Vec<bool> = of.collect();
        all.iter().filter(|yes| **yes).count() as f64 / all.len() as f64
    }

    #[test]
    fn forty_two_percent_of_the_trits_are_zero() {
        let tables = Tables::new();
        let mut bytes = vec![0; 66 * 4000];
        tables.fill(Type::I2S, 128, &mut Random::new(1, 1), &mut bytes);
        let codes = || bytes.iter().flat_map(|byte| [0, 2, 4, 6].map(|shift| byte >> shift & 3));
        assert!(codes().all(|code| code < 3));
        assert!((share(codes().map(|code| code == 1)) - 0.42).abs() < 0.003);
        assert!((share(codes().map(|code| code == 0)) - 0.29).abs() < 0.003);
        tables.fill(Type::Tq2_0, 256, &mut Random::new(1, 1), &mut bytes);
        let blocks = bytes.chunks(66).flat_map(|block| &block[..64]);
        let zeros = blocks.flat_map(|byte| [0, 2, 4, 6].map(|shift| byte >> shift & 3 == 1));
        assert!((share(zeros) - 0.42).abs() < 0.003);
    }

    /// ggml reads digit n of a byte as the top of `byte * 3^n * 3`, all in eight bits.
    #[test]
    fn bytes_of_five_trits_read_back_as_ggml_reads_them() {
        let tables = Tables::new();
        let digit = |byte: u8, n: u32| (u16::from(byte.wrapping_mul(3_u8.pow(n))) * 3) >> 8;
        let zeros = |table: &[u8], trits: u32| {
            share(table.iter().flat_map(|byte| (0..trits).map(|n| digit(*byte, n) == 1)))
        };
        assert!((zeros(&tables.fives_of_tq1, 5) - 0.42).abs() < 0.003);
        assert!((zeros(&tables.fours_of_tq1, 4) - 0.42).abs() < 0.003);
        assert!(tables.fours_of_tq1.iter().all(|byte| digit(*byte, 4) == 0));
    }

    #[test]
    fn floats_have_the_mean_and_the_deviation_that_logits_need() {
        let bell = Tables::new().bell;
        let mean = bell.iter().sum::<f32>() / TABLE as f32;
        let variance = bell.iter().map(|value| value * value).sum::<f32>() / TABLE as f32;
        assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        assert!((trit_scale(2560) - 1.0 / (0.58_f32 * 2560.0).sqrt()).abs() < 1e-4);
    }
}
