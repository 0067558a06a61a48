//! Products of codes and rows, and their scales.

use core::ops::Range;

use trine_ternary::Kernels;
use trine_ternary::float::ByRow;
#[cfg(not(target_os = "none"))]
use trine_ternary::float::InBlocks;

#[cfg(not(target_os = "none"))]
use super::stages::ROWS;

/// Tokens that a thread takes sums of together, because they lie side by side there.
pub(super) const SIDE_BY_SIDE: usize = 16;
/// Products with their scales that are held until they are used: on a chip few, for the stack.
const SCRATCH: usize = SIDE_BY_SIDE * if IS_WIDE { 64 } else { 4 };
/// Whether there are wide registers. Where flash is short there is one loop for all.
pub(super) const IS_WIDE: bool = !cfg!(target_os = "none");

/// Products of `count` tokens, and what each token's activations were multiplied by.
#[derive(Clone, Copy)]
pub(super) struct Sums<'s> {
    pub(super) sums: &'s [i32],
    pub(super) scales: &'s [f32],
    pub(super) steps: Steps,
}

/// Where products lie.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// From a product to the one of the next row; in blocks, the number of tokens.
    pub(super) row: usize,
    /// From a product to the one of the next token.
    pub(super) token: usize,
    /// Whether they are in blocks of rows, a token of a block after the other
    /// ([`Kernels::gemm_blocks`]); then `token` says nothing.
    pub(super) in_blocks: bool,
}

impl<'s> Sums<'s> {
    /// Those of some rows, whose weights have one scale.
    pub(super) fn of(self, rows: Range<usize>, scale: f32) -> Products<'s> {
        Products { sums: self, rows, scale }
    }
}

/// Products with rows of one matrix.
#[derive(Clone)]
pub(super) struct Products<'s> {
    sums: Sums<'s>,
    rows: Range<usize>,
    scale: f32,
}

impl Products<'_> {
    /// Writes the products with their scales to one row of `out` for each token from `first` on;
    /// rows of `out` are `stride` apart.
    pub(super) fn take(&self, kernels: &Kernels, first: usize, stride: usize, out: &mut [f32]) {
        if !self.are_together() {
            for (token, out) in (first..).zip(out.chunks_exact_mut(stride.max(1))) {
                self.fill(kernels, token, 0..self.rows.len(), out);
            }
            return;
        }
        let tokens = out.len().div_ceil(stride.max(1));
        for some in (0..tokens).step_by(SIDE_BY_SIDE) {
            let factors = self.factors(first + some);
            let count = SIDE_BY_SIDE.min(tokens - some);
            let out = out.get_mut(some * stride..).unwrap_or_default();
            let factors = factors.get(..count).unwrap_or_default();
            self.take_some(kernels, (first + some, 0..self.rows.len()), factors, (out, stride));
        }
    }

    /// The same with another use of the products: `f` gets some numbers of a token's row of `out`,
    /// and the products that belong there.
    pub(super) fn each(
        &self,
        kernels: &Kernels,
        first: usize,
        (out, stride): (&mut [f32], usize),
        f: &dyn Fn(&mut [f32], &[f32]),
    ) {
        let tokens = if self.are_together() { SIDE_BY_SIDE } else { 1 };
        #[cfg_attr(
            not(target_os = "none"),
            expect(clippy::large_stack_arrays, reason = "no heap, and a chip has less")
        )]
        let mut products = [0.0; SCRATCH];
        let most = SCRATCH / tokens;
        for (index, out) in out.chunks_mut((stride * tokens).max(1)).enumerate() {
            let token = first + index * tokens;
            let factors = self.factors(token);
            let count = out.len() / stride.max(1);
            let factors = factors.get(..count).unwrap_or_default();
            for at in (0..self.rows.len()).step_by(most) {
                let rows = at..self.rows.len().min(at + most);
                if tokens == 1 {
                    self.fill(kernels, token, rows.clone(), &mut products);
                } else {
                    let out = (&mut products[..], most);
                    self.take_some(kernels, (token, rows.clone()), factors, out);
                }
                let out = out.chunks_exact_mut(stride.max(1));
                for (out, products) in out.zip(products.chunks_exact(most)) {
                    let products = products.get(..rows.len()).unwrap_or_default();
                    f(out.get_mut(rows.clone()).unwrap_or_default(), products);
                }
            }
        }
    }

    /// Writes the products of some rows and tokens with their scales, by token.
    pub(super) fn take_some(
        &self,
        kernels: &Kernels,
        (token, rows): (usize, Range<usize>),
        factors: &[f32],
        (out, stride): (&mut [f32], usize),
    ) {
        #[cfg(not(target_os = "none"))]
        if self.sums.steps.in_blocks {
            let count = self.sums.steps.row;
            let from = (self.rows.start + rows.start) * count + token * ROWS;
            let products = self.sums.sums.get(from..).unwrap_or_default();
            let x = InBlocks { products, step: ROWS * count, rows: rows.len() };
            return kernels.rescale_blocks(factors, x, out, stride);
        }
        kernels.rescale_turned(factors, self.by_row(token, rows), out, stride);
    }

    /// Whether several tokens are taken together: those of a row, or a block, lie side by side.
    const fn are_together(&self) -> bool {
        IS_WIDE && self.sums.steps.row != 1
    }

    /// Writes the products of some rows and a token with their scales.
    fn fill(&self, kernels: &Kernels, token: usize, rows: Range<usize>, out: &mut [f32]) {
        let (x, factor) = (self.by_row(token, rows), self.factor(token));
        if IS_WIDE {
            let products = x.products.get(..x.rows).unwrap_or_default();
            return kernels.rescale(factor, products, out);
        }
        let products = x.products.iter().step_by(x.step.max(1)).take(x.rows);
        out.iter_mut().zip(products).for_each(|(out, x)| *out = *x as f32 * factor);
    }

    /// What the sums of a token are multiplied by.
    fn factor(&self, token: usize) -> f32 {
        self.scale / self.sums.scales.get(token).copied().unwrap_or(1.0)
    }

    /// The same of it and those after it.
    pub(super) fn factors(&self, token: usize) -> [f32; SIDE_BY_SIDE] {
        core::array::from_fn(|index| self.factor(token + index))
    }

    /// The sums of some rows, from a token on.
    fn by_row(&self, token: usize, rows: Range<usize>) -> ByRow<'_> {
        let Sums { sums, steps: Steps { row, token: step, .. }, .. } = self.sums;
        let from = (self.rows.start + rows.start) * row + token * step;
        ByRow { products: sums.get(from..).unwrap_or_default(), step: row, rows: rows.len() }
    }
}
