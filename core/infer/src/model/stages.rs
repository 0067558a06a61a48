//! What each stage of a pass computes.

use core::ops::Range;

use trine_ternary::float::ByRow;
use trine_ternary::mcu::{self, Part};
use trine_ternary::parallel::{Parallel, for_each_chunk, for_each_pair};
use trine_ternary::{Kernels, Matrix, math};

use super::forward::Pass;
use super::kv::move_up;
use super::order::Stage;
use super::rope;
#[cfg(not(target_os = "none"))]
use super::seats::Seats;
use crate::config::Activation;
use crate::weights::{Layer, Linear, Vector};

/// Rows that are stored together in our own packings: the least that a thread takes.
pub(crate) const ROWS: usize = 32;
/// Parts that each thread's share of a matrix is cut into, so that threads end together.
pub(super) const PARTS: usize = 4;
/// Tokens that a thread takes sums of together, because they lie side by side there.
const SIDE_BY_SIDE: usize = 16;
/// Products with their scales that are held until they are used: on a chip few, for the stack.
const SCRATCH: usize = SIDE_BY_SIDE * if IS_WIDE { 64 } else { 4 };
/// Whether there are wide registers. Where flash is short there is one loop for all.
const IS_WIDE: bool = !cfg!(target_os = "none");

impl Pass<'_, '_, '_> {
    /// Writes the embedding of each token to the stream, and by how much its position turns heads.
    pub(super) fn embed(&mut self, tokens: Range<usize>) {
        let (dim, width) = (self.model.config.dim, self.model.config.head_width());
        let (at, seats) = (self.at, &self.seats);
        let rotations = part(self.state.rotations, &tokens, width).chunks_exact_mut(width.max(1));
        for (token, rotation) in tokens.clone().zip(rotations) {
            let (_, position) = seats.place(&at, token);
            rope::angles(position as f32, self.state.frequencies, rotation);
        }
        let (kernels, embedding) = (self.model.kernels, self.model.weights.embedding);
        let ids: &[u32] = self.state.tokens;
        let first = tokens.start;
        let rows = part(self.state.stream, &tokens, dim);
        for_each_chunk(self.pool, rows, dim, &|index, row| {
            let (base, position) = seats.place(&at, first + index);
            let id = ids.get(base + position).copied().unwrap_or(0);
            let read = kernels.read(&embedding, id as usize, row);
            debug_assert!(read.is_ok(), "a session takes only tokens of the vocabulary");
        });
    }

    /// Puts the last token in the place of the first; of several sequences, those that go on.
    pub(super) fn last(&mut self) {
        #[cfg(not(target_os = "none"))]
        if let Seats::Each(seats) = &mut self.seats {
            return super::batch::gather(&self.model.config, self.at.count, self.state, seats);
        }
        let (dim, width) = (self.model.config.dim, self.model.config.head_width());
        let last = self.at.count.saturating_sub(1);
        move_up(self.state.stream, last * dim..(last + 1) * dim, 0);
        move_up(self.state.rotations, last * width..(last + 1) * width, 0);
    }

    /// Norms the stream, or what attention made, and rounds it to codes.
    pub(super) fn norm(&mut self, tokens: Range<usize>, block: &Layer<'_>) {
        let (dim, epsilon) = (self.model.config.dim, self.model.config.rms_epsilon);
        let kernels = self.model.kernels;
        let (from, weight): (&[f32], _) = match self.at.stage {
            Stage::AttnSubNorm => (self.state.mixed, &block.attn_sub_norm),
            Stage::AttnNorm => (self.state.stream, &block.attn_norm),
            _ => (self.state.stream, &block.ffn_norm),
        };
        let rows = Rounded {
            kernels,
            wide: self.state.wide,
            quantized: self.state.quantized,
            stride: self.model.config.widest(),
            columns: dim,
        };
        rows.each(self.pool, tokens.clone(), 1, &|token, row| {
            rms_norm(&kernels, one(from, token, dim), weight, epsilon, row);
        });
        self.take_scales(tokens);
    }

    /// Multiplies the codes by rows of matrices, which count as one matrix on top of the other.
    pub(super) fn product(&mut self, rows: Range<usize>, matrices: &[Linear<'_>]) {
        let (kernels, count) = (self.model.kernels, self.at.count);
        let quantized: &[i8] = self.state.quantized;
        let first = rows.start;
        let share = self.share(rows.len());
        if by_token(matrices, self.state.tables.len()) {
            return self.look_up(rows, matrices);
        }
        let sums = part(self.state.sums, &rows, count);
        for_each_chunk(self.pool, sums, share * count, &|index, sums| {
            let start = first + index * share;
            multiply(&kernels, matrices, start, count, quantized, sums);
        });
    }

    /// The same for matrices that are packed for microcontrollers, a token at a time.
    fn look_up(&mut self, rows: Range<usize>, matrices: &[Linear<'_>]) {
        let cols = matrices.first().map_or(0, |one| one.matrix.cols());
        let all: usize = matrices.iter().map(|one| one.matrix.rows()).sum();
        for token in 0..self.at.count {
            let q = one(self.state.quantized, token, cols);
            let own = token * all + rows.start..token * all + rows.end;
            let sums = self.state.sums.get_mut(own).unwrap_or_default();
            if !look_up(matrices, rows.start, q, sums, self.state.tables) {
                multiply(&self.model.kernels, matrices, rows.start, 1, q, sums);
            }
        }
    }

    /// Where the products with these matrices lie.
    fn steps(&self, matrices: &[Linear<'_>]) -> Steps {
        if self.at.count == 1 || by_token(matrices, self.state.tables.len()) {
            return Steps { row: 1, token: matrices.iter().map(|one| one.matrix.rows()).sum() };
        }
        Steps { row: self.at.count, token: 1 }
    }

    /// Rows that a thread takes at a time.
    pub(super) fn share(&self, rows: usize) -> usize {
        match self.pool.threads() {
            0 | 1 => rows.max(1),
            threads => rows.div_ceil(threads.saturating_mul(PARTS).max(1)).next_multiple_of(ROWS),
        }
    }

    /// Takes queries, keys and values from the sums, turns what is to be turned, and keeps keys and
    /// values.
    pub(super) fn rotate(&mut self, tokens: Range<usize>, block: &Layer<'_>) {
        let (config, at, seats) = (self.model.config, self.at, &self.seats);
        let (kernels, width, widest) = (self.model.kernels, config.head_width(), config.widest());
        let (dim, kv_dim) = (config.dim, config.kv_dim());
        let steps = self.steps(&[block.q, block.k, block.v]);
        let sums = Sums { sums: self.state.sums, scales: self.state.scales, steps };
        let rotations: &[f32] = self.state.rotations;
        let keys = sums.of(dim..dim + kv_dim, block.k.scale);
        let values = sums.of(dim + kv_dim..dim + 2 * kv_dim, block.v.scale);
        let rotate = |heads: &mut [f32], token| {
            let rotation = one(rotations, token, width);
            heads.chunks_exact_mut(width.max(1)).for_each(|head| rope::rotate(head, rotation));
        };
        // Behind the queries of a token there may be room for its key and value.
        let are_behind = IS_WIDE && steps.row != 1 && widest >= dim + 2 * kv_dim;
        let (first, are_queries) = (tokens.start, !at.is_kv_only(&config));
        let some = if are_queries || are_behind { tokens.clone() } else { first..first };
        let rows = part(self.state.wide, &some, widest);
        for_each_chunk(self.pool, rows, widest * SIDE_BY_SIDE, &|index, rows| {
            let start = first + index * SIDE_BY_SIDE;
            if are_queries {
                sums.of(0..dim, block.q.scale).take(&kernels, start, widest, rows);
            }
            if are_behind {
                keys.take(&kernels, start, widest, rows.get_mut(dim..).unwrap_or_default());
                let rows = rows.get_mut(dim + kv_dim..).unwrap_or_default();
                values.take(&kernels, start, widest, rows);
            }
            for (index, row) in rows.chunks_exact_mut(widest.max(1)).enumerate() {
                let end = if are_behind { dim + kv_dim } else { dim };
                let heads = if are_queries { 0..end } else { dim..end };
                rotate(row.get_mut(heads).unwrap_or_default(), start + index);
            }
        });
        for token in tokens {
            let pair = if are_behind {
                one(self.state.wide, token, widest).get(dim..).unwrap_or_default()
            } else {
                let (key, value) =
                    self.state.pairs.split_at_mut_checked(kv_dim).unwrap_or_default();
                keys.take(&kernels, token, kv_dim, key);
                values.take(&kernels, token, kv_dim, value);
                rotate(key, token);
                &*self.state.pairs
            };
            let (key, value) = pair.split_at_checked(kv_dim).unwrap_or_default();
            let each = width.max(1);
            let (base, position) = seats.place(&at, token);
            let heads = key.chunks_exact(each).zip(value.chunks_exact(each));
            for (head, (key, value)) in heads.enumerate() {
                self.cache.put(at.layer, head, base + position, key, value);
            }
        }
    }

    /// Adds products to the stream.
    pub(super) fn add(&mut self, tokens: Range<usize>, matrix: Linear<'_>) {
        let (kernels, dim) = (self.model.kernels, self.model.config.dim);
        let steps = self.steps(&[matrix]);
        let sums = Sums { sums: self.state.sums, scales: self.state.scales, steps };
        let first = tokens.start;
        let rows = part(self.state.stream, &tokens, dim);
        for_each_chunk(self.pool, rows, dim * SIDE_BY_SIDE, &|index, rows| {
            let start = first + index * SIDE_BY_SIDE;
            let products = sums.of(0..dim, matrix.scale);
            products.each(&kernels, start, (rows, dim), &|x, products| kernels.add(products, x));
        });
    }

    /// The feed-forward network's function and its norm, and codes.
    pub(super) fn ffn_sub_norm(&mut self, tokens: Range<usize>, block: &Layer<'_>) {
        let (kernels, config) = (self.model.kernels, &self.model.config);
        let (ffn, epsilon, activation) = (config.ffn, config.rms_epsilon, config.activation);
        let stride = config.widest();
        let steps = self.steps(&[block.gate, block.up]);
        let sums = Sums { sums: self.state.sums, scales: self.state.scales, steps };
        let (ups, gates) =
            (sums.of(ffn..2 * ffn, block.up.scale), sums.of(0..ffn, block.gate.scale));
        let rows = Rounded {
            kernels,
            wide: self.state.wide,
            quantized: self.state.quantized,
            stride,
            columns: ffn,
        };
        rows.each(self.pool, tokens.clone(), SIDE_BY_SIDE, &|start, rows| {
            ups.take(&kernels, start, stride, rows);
            gates.each(&kernels, start, (rows, stride), &|x, gates| match activation {
                Activation::ReluSquared => kernels.relu_squared(gates, x),
                Activation::Silu => {
                    for (x, gate) in x.iter_mut().zip(gates) {
                        *x *= gate / (1.0 + math::exp(-gate));
                    }
                }
            });
            for row in rows.chunks_exact_mut(stride.max(1)) {
                let x = row.get_mut(..ffn).unwrap_or_default();
                rms_norm_in_place(&kernels, x, &block.ffn_sub_norm, epsilon);
            }
        });
        self.take_scales(tokens);
    }

    /// Takes what activations were multiplied by from the rows that carry it ([`Rounded`]).
    fn take_scales(&mut self, tokens: Range<usize>) {
        let stride = self.model.config.widest();
        let rows = part(self.state.wide, &tokens, stride).chunks_exact(stride.max(1));
        let scales = self.state.scales.get_mut(tokens).unwrap_or_default();
        for (scale, row) in scales.iter_mut().zip(rows) {
            *scale = row.first().copied().unwrap_or(1.0);
        }
    }
}

/// Rows of `wide` that are filled and rounded to codes.
struct Rounded<'s> {
    kernels: Kernels,
    /// (batch, stride)
    wide: &'s mut [f32],
    /// (batch, columns)
    quantized: &'s mut [i8],
    stride: usize,
    columns: usize,
}

impl Rounded<'_> {
    /// Fills the rows of some tokens, `together` of them at a time, and rounds them; then the first
    /// number of each row is what it was multiplied by. `fill` gets the first token of its rows.
    fn each(
        self,
        pool: &dyn Parallel,
        tokens: Range<usize>,
        together: usize,
        fill: &(dyn Fn(usize, &mut [f32]) + Sync),
    ) {
        let Self { kernels, wide, quantized, stride, columns } = self;
        let wide = part(wide, &tokens, stride);
        let quantized = part(quantized, &tokens, columns);
        let first = tokens.start;
        let (wide, quantized) = ((wide, stride * together), (quantized, columns * together));
        for_each_pair(pool, wide, quantized, &|index, rows, quantized| {
            fill(first + index * together, rows);
            let rows = rows.chunks_exact_mut(stride.max(1));
            for (row, quantized) in rows.zip(quantized.chunks_exact_mut(columns.max(1))) {
                let rounded = kernels.quantize(row.get(..columns).unwrap_or_default(), quantized);
                // The row has served its turn.
                if let (Ok(rounded), Some(carrier)) = (rounded, row.first_mut()) {
                    *carrier = rounded.scale;
                }
            }
        });
    }
}

/// The elements of some units of a part of the state.
pub(super) fn part<'s, T>(all: &'s mut [T], units: &Range<usize>, width: usize) -> &'s mut [T] {
    all.get_mut(units.start * width..units.end * width).unwrap_or_default()
}

/// The elements of one unit.
pub(super) fn one<T>(all: &[T], unit: usize, width: usize) -> &[T] {
    all.get(unit * width..(unit + 1) * width).unwrap_or_default()
}

/// Multiplies `count` tokens by rows from `start` on of matrices that count as one; `sums` says how
/// many rows, (rows, count).
fn multiply(
    kernels: &Kernels,
    matrices: &[Linear<'_>],
    start: usize,
    count: usize,
    quantized: &[i8],
    sums: &mut [i32],
) {
    let end = start + sums.len() / count.max(1);
    let (mut above, mut rest) = (0, sums);
    for Linear { matrix, .. } in matrices {
        let inside = |row: usize| row.saturating_sub(above).min(matrix.rows());
        let rows = inside(start)..inside(end);
        above += matrix.rows();
        let here = rows.len() * count;
        let (sums, after) =
            core::mem::take(&mut rest).split_at_mut_checked(here).unwrap_or_default();
        rest = after;
        if !sums.is_empty() {
            let quantized = quantized.get(..matrix.cols() * count).unwrap_or_default();
            let done = kernels.gemm(matrix, rows, count, quantized, sums);
            debug_assert!(done.is_ok(), "matrices have the shape of the configuration");
        }
    }
}

/// Matrices whose rows count as one's; queries, keys and values are the most.
const STACKED: usize = 3;

/// Whether these matrices are packed for microcontrollers and there is room for a table. Then each
/// token has its products side by side, else each row has those of all tokens so.
fn by_token(matrices: &[Linear<'_>], tables: usize) -> bool {
    matrices.len() <= STACKED
        && matrices.iter().all(|one| {
            let least = mcu::scratch_words_least(one.matrix.packing(), one.matrix.cols());
            least > 0 && least <= tables
        })
}

/// The sums of rows from `start` on of matrices that are packed for microcontrollers, with one set
/// of tables for all of them. Answers whether the rows allow it.
fn look_up(
    matrices: &[Linear<'_>],
    start: usize,
    q: &[i8],
    sums: &mut [i32],
    tables: &mut [u32],
) -> bool {
    let nothing = |_| Part { matrix: Matrix::EMPTY, first: 0, out: &mut [][..] };
    let mut parts: [Part<'_>; STACKED] = core::array::from_fn(nothing);
    let (mut above, mut rest, mut count) = (0, sums, 0);
    let mut at = start;
    for Linear { matrix, .. } in matrices {
        // Rows that end before this matrix leave nothing over for it.
        let first = at.saturating_sub(above);
        above += matrix.rows();
        let rows = above.saturating_sub(at).min(rest.len());
        if rows == 0 {
            continue;
        }
        let (out, after) =
            core::mem::take(&mut rest).split_at_mut_checked(rows).unwrap_or_default();
        (rest, at) = (after, at + rows);
        if let Some(part) = parts.get_mut(count) {
            *part = Part { matrix: *matrix, first, out };
            count += 1;
        }
    }
    let parts = parts.get_mut(..count).unwrap_or_default();
    mcu::gemv_each(parts, q, tables).is_ok()
}

/// `out = x / rms(x) · weight`, the mean square being raised by epsilon (Zhang and Sennrich, 2019).
pub(super) fn rms_norm(
    kernels: &Kernels,
    x: &[f32],
    weight: &Vector<'_>,
    epsilon: f32,
    out: &mut [f32],
) {
    let factor = norm_factor(kernels, x, epsilon);
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight.iter()) {
        *out = x * factor * weight;
    }
}

fn rms_norm_in_place(kernels: &Kernels, x: &mut [f32], weight: &Vector<'_>, epsilon: f32) {
    let factor = norm_factor(kernels, x, epsilon);
    for (x, weight) in x.iter_mut().zip(weight.iter()) {
        *x = *x * factor * weight;
    }
}

fn norm_factor(kernels: &Kernels, x: &[f32], epsilon: f32) -> f32 {
    1.0 / math::sqrt(kernels.sum_of_squares(x) / x.len() as f32 + epsilon)
}

/// Products of `count` tokens, and what each token's activations were multiplied by.
#[derive(Clone, Copy)]
struct Sums<'s> {
    sums: &'s [i32],
    scales: &'s [f32],
    steps: Steps,
}

/// Where products lie.
#[derive(Clone, Copy)]
struct Steps {
    /// From a product to the one of the next row.
    row: usize,
    /// From a product to the one of the next token.
    token: usize,
}

impl<'s> Sums<'s> {
    /// Those of some rows, whose weights have one scale.
    fn of(self, rows: Range<usize>, scale: f32) -> Products<'s> {
        Products { sums: self, rows, scale }
    }
}

/// Products with rows of one matrix.
#[derive(Clone)]
struct Products<'s> {
    sums: Sums<'s>,
    rows: Range<usize>,
    scale: f32,
}

impl Products<'_> {
    /// Writes the products with their scales to one row of `out` for each token from `first` on;
    /// rows of `out` are `stride` apart.
    fn take(&self, kernels: &Kernels, first: usize, stride: usize, out: &mut [f32]) {
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
            let x = self.by_row(first + some, 0..self.rows.len());
            kernels.rescale_turned(factors.get(..count).unwrap_or_default(), x, out, stride);
        }
    }

    /// The same with another use of the products: `f` gets some numbers of a token's row of `out`,
    /// and the products that belong there.
    fn each(
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
                    let x = self.by_row(token, rows.clone());
                    kernels.rescale_turned(factors, x, &mut products, most);
                }
                let out = out.chunks_exact_mut(stride.max(1));
                for (out, products) in out.zip(products.chunks_exact(most)) {
                    let products = products.get(..rows.len()).unwrap_or_default();
                    f(out.get_mut(rows.clone()).unwrap_or_default(), products);
                }
            }
        }
    }

    /// Whether several tokens are taken together: those of a row lie side by side.
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
    fn factors(&self, token: usize) -> [f32; SIDE_BY_SIDE] {
        core::array::from_fn(|index| self.factor(token + index))
    }

    /// The sums of some rows, from a token on.
    fn by_row(&self, token: usize, rows: Range<usize>) -> ByRow<'_> {
        let Sums { sums, steps: Steps { row, token: step }, .. } = self.sums;
        let from = (self.rows.start + rows.start) * row + token * step;
        ByRow { products: sums.get(from..).unwrap_or_default(), step: row, rows: rows.len() }
    }
}
