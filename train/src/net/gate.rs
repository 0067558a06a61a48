//! The gate of the feed-forward network, relu² times up, and its derivative.

use super::product::{Group, scale};
use super::rows::{QuantizedRows, rms_norm_back};
use crate::simd::Work;

/// Brings gate and up to size, and norms and rounds their product.
pub(super) struct Gate<'a> {
    pub(super) group: Group<'a>,
    /// The token that the first row is of.
    pub(super) from: usize,
    pub(super) steps: &'a [f32],
    pub(super) gate_up: &'a mut [f32],
    /// Room for a row.
    pub(super) product: &'a mut [f32],
    pub(super) weight: &'a [f32],
    pub(super) quantized: &'a mut QuantizedRows,
}

impl Work for Gate<'_> {
    #[inline(always)]
    fn run(self) {
        let rows = self.gate_up.chunks_exact_mut(2 * self.weight.len());
        for (at, (row, step)) in rows.zip(self.steps).enumerate() {
            scale(row, self.group.segments(), *step);
            gate(row, self.product);
            self.quantized.put(self.from + at, self.product, self.weight);
        }
    }
}

#[inline(always)]
fn gate(row: &[f32], out: &mut [f32]) {
    let (gates, ups) = row.split_at(out.len());
    for ((out, gate), up) in out.iter_mut().zip(gates).zip(ups) {
        let gate = gate.max(0.0);
        *out = gate * gate * up;
    }
}

/// The derivative of [`Gate`].
pub(super) struct GateBack<'a> {
    pub(super) gate_up: &'a [f32],
    pub(super) weight: &'a [f32],
    pub(super) factors: &'a [f32],
    pub(super) gradient: &'a mut [f32],
    pub(super) weight_slope: &'a mut [f32],
    pub(super) out: &'a mut [f32],
}

impl Work for GateBack<'_> {
    #[inline(always)]
    fn run(self) {
        let ffn = self.weight.len();
        let inputs = self.gate_up.chunks_exact(2 * ffn).zip(self.factors);
        let outputs = self.gradient.chunks_exact_mut(ffn).zip(self.out.chunks_exact_mut(2 * ffn));
        for ((row, factor), (gradients, out)) in inputs.zip(outputs) {
            // The product is made again, in what is written over.
            gate(row, &mut out[..ffn]);
            rms_norm_back(&out[..ffn], self.weight, *factor, gradients, self.weight_slope);
            let ((gates, ups), (gate_out, up_out)) = (row.split_at(ffn), out.split_at_mut(ffn));
            let inputs = gates.iter().zip(ups).zip(&*gradients);
            for (((gate, up), gradient), (gate_out, up_out)) in
                inputs.zip(gate_out.iter_mut().zip(up_out))
            {
                let gate = gate.max(0.0);
                *gate_out = 2.0 * gate * up * gradient;
                *up_out = gate * gate * gradient;
            }
        }
    }
}
