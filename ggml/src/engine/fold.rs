//! Scales of matrices as parts of what is computed anyway, for who does not ask for the engine's
//! bits.
//!
//! The scale of a matrix is a factor of all its products. What is normed may have any factor
//! before, if the number that raises the mean square has its square; what a norm's weights are
//! multiplied by is a factor of all that follows. So no scale needs an operation of its own.

use trine_infer::weights::{Layer, Linear};

/// What parts of a block are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fold {
    /// The norm before queries, keys and values.
    pub(super) attn_norm: f32,
    /// Scores of attention.
    pub(super) scores: f32,
    /// The norm before attention's last matrix.
    pub(super) attn_sub_norm: f32,
    /// The norm before gate and up.
    pub(super) ffn_norm: f32,
    /// What raises the mean square of what comes out of them.
    pub(super) epsilon_factor: f32,
    /// The norm before the last matrix.
    pub(super) ffn_sub_norm: f32,
}

impl Fold {
    /// Of a block whose products have their scales by themselves.
    pub(super) const NONE: Self = Self {
        attn_norm: 1.0,
        scores: 1.0,
        attn_sub_norm: 1.0,
        ffn_norm: 1.0,
        epsilon_factor: 1.0,
        ffn_sub_norm: 1.0,
    };

    /// Of a block whose products are left as they are. `None` where a scale is not of the usual
    /// size, or they are so unlike each other that numbers could be out of the range of half
    /// precision, in which devices multiply.
    ///
    /// Values come out of the attention as they should be, since their scale is that of its norm;
    /// queries and keys have that scale instead of their own, and scores the rest. The gate is as
    /// it should be, as its function wants, and `up` has its scale, which the next norm takes back.
    pub(super) fn of(layer: &Layer<'_>) -> Option<Self> {
        let Layer { q, k, v, output, gate, up, down, .. } = layer;
        Self::of_scales([q, k, v, output, gate, up, down].map(|Linear { scale, .. }| *scale))
    }

    /// Queries, keys, values, output, gate, up, down.
    fn of_scales(all: [f32; 7]) -> Option<Self> {
        let [q, k, v, output, gate, up, down] = all;
        let is_usual = |scale: f32| (1.0 / 4096.0..=16.0).contains(&scale);
        let is_near = |ratio: f32| (1.0 / 64.0..=64.0).contains(&ratio);
        if !all.into_iter().all(is_usual) || ![q / v, k / v, gate / up].into_iter().all(is_near) {
            return None;
        }
        Some(Self {
            attn_norm: v,
            scores: (q / v) * (k / v),
            attn_sub_norm: output,
            ffn_norm: gate,
            epsilon_factor: (gate / up) * (gate / up),
            ffn_sub_norm: down,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Fold;

    /// One number at each place, whose norm is divided by its own magnitude.
    fn normed(x: f64, weight: f64, epsilon: f64) -> f64 {
        x / (x * x + epsilon).sqrt() * weight
    }

    #[test]
    fn a_block_computes_what_it_computed_with_its_scales() {
        const EPSILON: f64 = 1e-2;
        let scales = [0.5, 3.0, 0.25, 1.75, 0.0625, 0.75, 0.3];
        let fold = Fold::of_scales(scales).unwrap();
        let [q, k, v, output, gate, up, down] = scales.map(f64::from);
        let (x, weight) = (1.3, 0.9);
        let plain = normed(x, weight, EPSILON);
        let folded = normed(x, weight * f64::from(fold.attn_norm), EPSILON);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b.abs(), "{a} {b}");
        near(folded * folded * f64::from(fold.scores), plain * q * plain * k);
        near(folded, plain * v);
        let own = weight * f64::from(fold.attn_sub_norm);
        near(normed(x, own, EPSILON), normed(x, weight, EPSILON) * output);

        let folded = normed(x, weight * f64::from(fold.ffn_norm), EPSILON);
        near(folded, plain * gate);
        let silu = |x: f64| x / (1.0 + (-x).exp());
        let own = weight * f64::from(fold.ffn_sub_norm);
        let raised = EPSILON * f64::from(fold.epsilon_factor);
        let wanted = normed(silu(plain * gate) * (plain * up), weight, EPSILON) * down;
        near(normed(silu(folded) * folded, own, raised), wanted);
    }

    #[test]
    fn scales_that_are_invalid_or_far_apart_stay_where_they_are() {
        let with = |at: usize, scale: f32| {
            let mut all = [1.0; 7];
            all[at] = scale;
            Fold::of_scales(all)
        };
        assert_eq!(with(0, 1.0), Some(Fold::NONE));
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-4, 17.0] {
            (0..7).for_each(|at| assert_eq!(with(at, scale), None, "{at}: {scale}"));
        }
        assert_eq!([with(0, 0.01), with(2, 0.01), with(5, 0.01)], [None; 3]);
        assert!(with(3, 1e-3).is_some());
    }
}
