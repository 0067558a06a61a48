//! Attention of one token's query heads over the keys and values of the head that they share.
//!
//! The softmax is computed on the way (Milakov and Gimelshein, 2018, "Online normalizer
//! calculation for softmax"): positions come in blocks in rising order, and what was summed so far
//! is scaled down whenever a block holds a greater score. So there is no row of scores as long as
//! the context, and the order of additions depends on nothing but the number of positions.

use trine_ternary::{Kernels, math};

use super::kv_head::{BLOCK, KvHead, Query};

// Where flash is short there is one of it.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline(always))]
fn exp(x: f32) -> f32 {
    math::exp(x)
}

/// For `group` query heads of `width` numbers: `out`, (group, width), becomes the mean of the
/// values of `positions` positions, weighted by softmax(query · key · scale). `queries` is (group,
/// width).
pub(crate) fn attend(
    kernels: &Kernels,
    head: &KvHead<'_>,
    positions: usize,
    width: usize,
    queries: &[f32],
    out: &mut [f32],
) {
    let scale = 1.0 / math::sqrt(width as f32);
    let block = head.block();
    for (query, out) in queries.chunks_exact(width.max(1)).zip(out.chunks_exact_mut(width.max(1))) {
        out.fill(0.0);
        let mut query = Query::new(query);
        head.round(&mut query);
        let (mut most, mut total) = (f32::NEG_INFINITY, 0.0_f32);
        for first in (0..positions).step_by(block) {
            let mut scores = [0.0; BLOCK];
            let scores = scores.get_mut(..block.min(positions - first)).unwrap_or_default();
            head.scores(&mut query, first, scores);
            let mut greatest = most;
            for score in scores.iter_mut() {
                *score *= scale;
                greatest = if *score > greatest { *score } else { greatest };
            }
            if greatest > most {
                let shrink = exp(most - greatest);
                total *= shrink;
                kernels.scale(shrink, out);
                most = greatest;
            }
            for score in scores.iter_mut() {
                *score = exp(*score - most);
                total += *score;
            }
            head.add_values(scores, first, out);
        }
        kernels.scale(1.0 / total, out);
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use trine_arena::Arena;
    use trine_bits::Random;
    use trine_ternary::Kernels;

    use super::super::kv::{Cache, KvKind, Shape};
    use super::attend;
    use crate::config::{Activation, Config, Norm, Rope};

    const POSITIONS: usize = 70;

    /// Numbers of about -1 to 1, other ones for each seed.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
    }

    /// What two heads of a width find in a cache of a kind.
    fn found(kind: KvKind, width: usize) -> Vec<f32> {
        let config = Config {
            dim: 2 * width,
            ffn: 32,
            layers: 1,
            heads: 2,
            kv_heads: 1,
            vocab: 8,
            context: POSITIONS,
            rms_epsilon: 1e-5,
            rope_base: 1e4,
            norm: Norm::Sub,
            activation: Activation::ReluSquared,
            rope: Rope::Neox,
            prefix_layers: 0,
        };
        let shape = Shape::new(&config, kind, POSITIONS);
        let mut memory = vec![0; shape.bytes().unwrap() + 64];
        let mut arena = Arena::new(&mut memory);
        let kernels = Kernels::best();
        let mut cache = Cache::new(shape, kernels, &mut arena).unwrap();
        for position in 0..POSITIONS {
            let seed = position as u64;
            cache.put(0, 0, position, &numbers(width, seed), &numbers(width, seed + 1000));
        }
        // Queries that look at some positions more than at others.
        let queries: Vec<f32> = numbers(2 * width, 7).iter().map(|x| x * 3.0).collect();
        let mut out = vec![0.0; 2 * width];
        attend(&kernels, &cache.head(0, 0), POSITIONS, width, &queries, &mut out);
        out
    }

    #[test]
    fn keys_and_values_as_int8_are_nearly_as_good_as_floats_at_any_width() {
        for width in [2, 6, 32, 64, 128, 130, 200, 256] {
            let (wanted, found) = (found(KvKind::F32, width), found(KvKind::I8, width));
            let most = wanted.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            for (wanted, found) in wanted.iter().zip(&found) {
                let apart = (wanted - found).abs();
                assert!(apart < 0.02 * most, "{width}: {wanted} {found}");
            }
        }
    }
}
