//! What each stage of a pass computes.

use core::ops::Range;

use trine_ternary::mcu::{self, Part};
use trine_ternary::parallel::for_each_chunk;
use trine_ternary::{Kernels, Matrix, Packing};

use super::forward::Pass;
use super::kv::move_up;
use super::products::{IS_WIDE, SIDE_BY_SIDE, Steps, Sums};
use super::rope;
#[cfg(not(target_os = "none"))]
use super::seats::Seats;
use crate::weights::{Layer, Linear};

/// Rows that are stored together in our own packings: the least that a thread takes.
pub(crate) const ROWS: usize = 32;
/// Parts that each thread's share of a matrix is cut into, so that threads end together.
pub(super) const PARTS: usize = 4;

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

    /// Multiplies the codes by rows of matrices, which count as one matrix on top of the other.
    pub(super) fn product(&mut self, rows: Range<usize>, matrices: &[Linear<'_>]) {
        let (kernels, count) = (self.model.kernels, self.at.count);
        let quantized: &[i8] = self.state.quantized;
        let first = rows.start;
        let share = self.share(rows.len());
        if by_token(matrices, self.state.tables.len()) {
            return self.look_up(rows, matrices);
        }
        let in_blocks = IS_WIDE && self.steps(matrices).in_blocks;
        let sums = part(self.state.sums, &rows, count);
        for_each_chunk(self.pool, sums, share * count, &|index, sums| {
            let tokens = Tokens { count, quantized, in_blocks };
            multiply(&kernels, matrices, first + index * share, tokens, sums);
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
                let one = Tokens { count: 1, quantized: q, in_blocks: false };
                multiply(&self.model.kernels, matrices, rows.start, one, sums);
            }
        }
    }

    /// Where the products with these matrices lie.
    pub(super) fn steps(&self, matrices: &[Linear<'_>]) -> Steps {
        if self.at.count == 1 || by_token(matrices, self.state.tables.len()) {
            let token = matrices.iter().map(|one| one.matrix.rows()).sum();
            return Steps { row: 1, token, in_blocks: false };
        }
        Steps { row: self.at.count, token: 1, in_blocks: IS_WIDE && are_panels(matrices) }
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
            kernels.rotate(one(rotations, token, width), heads);
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
}

/// The elements of some units of a part of the state.
pub(super) fn part<'s, T>(all: &'s mut [T], units: &Range<usize>, width: usize) -> &'s mut [T] {
    all.get_mut(units.start * width..units.end * width).unwrap_or_default()
}

/// The elements of one unit.
pub(super) fn one<T>(all: &[T], unit: usize, width: usize) -> &[T] {
    all.get(unit * width..(unit + 1) * width).unwrap_or_default()
}

/// Codes of tokens that are multiplied.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'s> {
    pub(super) count: usize,
    /// (count, columns), and perhaps more behind them.
    pub(super) quantized: &'s [i8],
    /// As [`Steps`] says it.
    pub(super) in_blocks: bool,
}

/// Multiplies tokens by rows from `start` on of matrices that count as one; `sums` says how many
/// rows, (rows, count).
pub(super) fn multiply(
    kernels: &Kernels,
    matrices: &[Linear<'_>],
    start: usize,
    tokens: Tokens<'_>,
    sums: &mut [i32],
) {
    let Tokens { count, quantized, in_blocks } = tokens;
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
            let done = gemm(kernels, matrix, rows, Tokens { count, quantized, in_blocks }, sums);
            debug_assert!(done.is_ok(), "matrices have the shape of the configuration");
        }
    }
}

fn gemm(
    kernels: &Kernels,
    matrix: &Matrix<'_>,
    rows: Range<usize>,
    tokens: Tokens<'_>,
    sums: &mut [i32],
) -> Result<(), trine_ternary::Error> {
    let Tokens { count, quantized, .. } = tokens;
    #[cfg(not(target_os = "none"))]
    if tokens.in_blocks {
        return kernels.gemm_blocks(matrix, rows, count, quantized, sums);
    }
    kernels.gemm(matrix, rows, count, quantized, sums)
}

/// Whether products with these matrices can be in blocks of [`ROWS`] rows.
fn are_panels(matrices: &[Linear<'_>]) -> bool {
    matrices.iter().all(|Linear { matrix, .. }| {
        let is_panel = matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3);
        is_panel && matrix.rows().is_multiple_of(ROWS)
    })
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
