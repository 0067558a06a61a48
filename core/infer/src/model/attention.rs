//! Attention of one token's query heads over the keys and values of the head that they share.
//!
//! The softmax is computed on the way (Milakov and Gimelshein, 2018, "Online normalizer
//! calculation for softmax"): positions come in blocks in rising order, and what was summed so far
//! is scaled down whenever a block holds a greater score. So there is no row of scores as long as
//! the context, and the order of additions hangs on nothing but the number of positions.

use trine_ternary::{Kernels, math};

use super::kv::Head;

/// Positions of a block.
const BLOCK: usize = 16;

/// For `group` query heads of `width` numbers: `out`, (group, width), becomes the mean of the
/// values of `positions` positions, weighted by softmax(query · key · scale). `queries` is (group,
/// width).
pub(crate) fn attend(
    kernels: &Kernels,
    head: &Head<'_>,
    positions: usize,
    width: usize,
    queries: &[f32],
    out: &mut [f32],
) {
    let scale = 1.0 / math::sqrt(width as f32);
    for (query, out) in queries.chunks_exact(width.max(1)).zip(out.chunks_exact_mut(width.max(1))) {
        out.fill(0.0);
        let (mut most, mut total) = (f32::NEG_INFINITY, 0.0_f32);
        for first in (0..positions).step_by(BLOCK) {
            let count = BLOCK.min(positions - first);
            let mut scores = [f32::NEG_INFINITY; BLOCK];
            for (at, score) in scores.iter_mut().enumerate().take(count) {
                *score = head.score(query, first + at) * scale;
            }
            let greatest = scores.iter().fold(most, |most, score| most.max(*score));
            if greatest > most {
                let shrink = math::exp(most - greatest);
                total *= shrink;
                kernels.scale(shrink, out);
                most = greatest;
            }
            for (at, score) in scores.iter().enumerate().take(count) {
                let weight = math::exp(score - most);
                total += weight;
                head.add_value(weight, first + at, out);
            }
        }
        kernels.scale(1.0 / total, out);
    }
}
