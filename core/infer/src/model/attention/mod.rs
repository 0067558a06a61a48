//! Attention of query heads over the keys and values of the head that they share.
//!
//! The softmax is computed on the way (Milakov and Gimelshein, 2018, "Online normalizer
//! calculation for softmax"): positions come in blocks in rising order, and what was summed so far
//! is scaled down whenever a block holds a greater score. So there is no row of scores as long as
//! the context, and the order of additions depends on the number of positions and on whether keys
//! and values are int8, and on nothing else.

#[cfg(not(target_os = "none"))]
mod across;
#[cfg(not(target_os = "none"))]
mod block;
#[cfg(any(test, target_os = "none"))]
mod plain;
mod stage;
#[cfg(not(target_os = "none"))]
mod tiles;

use super::kv_head::KvHead;

/// Query heads that share the keys and values of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// Query heads of a token; they lie side by side.
    pub(crate) heads: usize,
    /// Numbers of a head.
    pub(crate) width: usize,
    /// Numbers from a token's queries to those of the next token.
    pub(crate) stride: usize,
    /// The same of what comes out.
    #[cfg_attr(
        target_os = "none",
        expect(dead_code, reason = "tokens are taken one by one there")
    )]
    pub(crate) out_stride: usize,
}

impl Group {
    /// Tokens that are best taken together.
    pub(crate) const fn tokens(&self) -> usize {
        #[cfg(target_os = "none")]
        return 1;
        #[cfg(not(target_os = "none"))]
        tiles::tokens(self.heads)
    }
}

/// For some tokens, at most [`Group::tokens`]: what each query head finds, the mean of the values
/// of the positions that its token has `seen`, weighted by softmax(query · key / √width). A later
/// token has seen no fewer.
pub(crate) fn attend(
    head: &KvHead<'_>,
    group: Group,
    tokens: (usize, &dyn Fn(usize) -> usize),
    queries: &[f32],
    out: &mut [f32],
) {
    #[cfg(target_os = "none")]
    plain::attend(head, group.width, tokens.1(0), queries, out);
    #[cfg(not(target_os = "none"))]
    tiles::attend(head, group, tokens, queries, out);
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use trine_arena::Arena;
    use trine_bits::Random;
    use trine_ternary::Kernels;

    use super::super::kv::{Cache, KvKind, Shape};
    use super::{Group, attend, plain};
    use crate::config::{Activation, Config, Norm, Rope};

    const POSITIONS: usize = 70;

    fn config(heads: usize, kv_heads: usize, width: usize) -> Config {
        Config {
            dim: heads * width,
            ffn: 32,
            layers: 1,
            heads,
            kv_heads,
            vocab: 8,
            context: POSITIONS,
            rms_epsilon: 1e-5,
            rope_base: 1e4,
            norm: Norm::Sub,
            activation: Activation::ReluSquared,
            rope: Rope::Neox,
            prefix_layers: 0,
        }
    }

    /// Numbers of about -1 to 1, other ones for each seed.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.unit() * 2.0 - 1.0).collect()
    }

    /// What two heads of a width find in a cache of a kind.
    fn found(kind: KvKind, width: usize) -> Vec<f32> {
        let config = config(2, 1, width);
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
        let group = Group { heads: 2, width, stride: 2 * width, out_stride: 2 * width };
        attend(&cache.head(0, 0, 0), group, (1, &|_| POSITIONS), &queries, &mut out);
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

    /// What the heads of some tokens find, so many tokens at a time, or plainly by 0; each token
    /// sees one position more than the one before.
    fn found_by(
        kind: KvKind,
        heads: usize,
        width: usize,
        kernels: Kernels,
        step: usize,
    ) -> Vec<f32> {
        const TOKENS: usize = 37;
        let shape = Shape::new(&config(heads, 1, width), kind, POSITIONS);
        let mut memory = vec![0; shape.bytes().unwrap() + 64];
        let mut arena = Arena::new(&mut memory);
        let mut cache = Cache::new(shape, kernels, &mut arena).unwrap();
        for position in 0..POSITIONS {
            let seed = position as u64;
            cache.put(0, 0, position, &numbers(width, seed), &numbers(width, seed + 1000));
        }
        let dim = heads * width;
        // More lies between the queries of two tokens than between what comes out.
        let group = Group { heads, width, stride: dim + 3, out_stride: dim };
        let queries = numbers(TOKENS * group.stride, 7);
        let mut out = vec![f32::NAN; TOKENS * dim];
        let step = step.min(group.tokens());
        for first in (0..TOKENS).step_by(step.max(1)) {
            let tokens = step.clamp(1, TOKENS - first);
            let seen = |token| POSITIONS - TOKENS + 1 + first + token;
            let (from, to) = (first * group.stride, first * dim);
            let (head, queries, out) = (cache.head(0, 0, 0), &queries[from..], &mut out[to..]);
            if step == 0 {
                plain::attend(&head, width, seen(0), queries, &mut out[..dim]);
            } else {
                attend(&head, group, (tokens, &seen), queries, out);
            }
        }
        out
    }

    #[test]
    fn tokens_that_are_taken_together_find_what_each_finds_by_itself() {
        for kind in [KvKind::F32, KvKind::F16, KvKind::I8] {
            for (heads, width) in [
                (1, 64),
                (2, 128),
                (3, 32),
                (4, 128),
                (5, 20),
                (5, 64),
                (40, 16),
                (4, 192),
                (70, 16),
            ] {
                let wanted = found_by(kind, heads, width, Kernels::scalar(), 0);
                for kernels in trine_ternary::Isa::supported().filter_map(Kernels::new) {
                    for step in [0, 1, 2, 7, usize::MAX] {
                        let found = found_by(kind, heads, width, kernels, step);
                        let bits =
                            |all: &[f32]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                        assert_eq!(bits(&found), bits(&wanted), "{kind:?} {heads} {width} {step}");
                    }
                }
            }
        }
    }
}
