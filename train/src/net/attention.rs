//! Attention of one sentence, and its derivative. A token sees those before it and itself, and the
//! first so many tokens are seen by all.

use super::rows::softmax;
use crate::shape::Shape;
use crate::simd::{LANES, ROWS, Rows, Seen, Work, by_columns, by_rows, wide};

/// Numbers of the weights of a sentence: (heads, tokens up to whole blocks of rows, tokens up to
/// whole lanes).
pub(super) const fn weights_len(shape: &Shape, tokens: usize) -> usize {
    let size = Size::of(shape, tokens);
    shape.heads * size.rows * size.long
}

/// The sizes of the parts of one head.
#[derive(Clone, Copy)]
struct Size {
    tokens: usize,
    /// Tokens as rows, and as columns; those that are padding are zeros.
    rows: usize,
    long: usize,
    width: usize,
    /// The width as columns.
    wide: usize,
}

impl Size {
    #[inline(always)]
    const fn of(shape: &Shape, tokens: usize) -> Self {
        let width = shape.width();
        Self {
            tokens,
            rows: tokens.next_multiple_of(ROWS),
            long: tokens.next_multiple_of(LANES),
            width,
            wide: width.next_multiple_of(LANES),
        }
    }
}

/// Where the three parts of a head begin in a row: queries, keys, values.
fn places(shape: &Shape, head: usize) -> (usize, usize, usize) {
    let width = shape.width();
    let key = shape.dim + head / (shape.heads / shape.kv_heads) * width;
    (head * width, key, key + shape.kv_dim())
}

/// Parts of one head, by themselves: (rows, wide), and transposed, (wide, long).
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    /// Keys, or values.
    across: Vec<f32>,
    /// Derivatives of what attention gives, of weights, and of the three parts.
    out: Vec<f32>,
    weights: Vec<f32>,
    gradients: [Vec<f32>; 3],
}

/// Attention of a sentence.
pub(super) struct Attend<'a> {
    pub(super) shape: &'a Shape,
    /// How many of the first tokens all see.
    pub(super) seen: usize,
    /// Rows of queries, keys and values, turned by their positions: (tokens, dim + 2 kv dim)
    pub(super) heads: &'a [f32],
    pub(super) room: &'a mut Room,
    /// Becomes the weight of each position for each: as many as [`weights_len`].
    pub(super) weights: &'a mut [f32],
    /// Becomes what attention gives: (tokens, dim)
    pub(super) out: &'a mut [f32],
}

impl Attend<'_> {
    pub(super) fn compute(self) {
        wide(self);
    }
}

impl Work for Attend<'_> {
    #[inline(always)]
    fn run(self) {
        let (shape, room) = (self.shape, self.room);
        let size = Size::of(shape, self.out.len() / shape.dim);
        let scale = 1.0 / (size.width as f32).sqrt();
        let group = shape.heads / shape.kv_heads;
        let stride = shape.dim + 2 * shape.kv_dim();
        room.out.resize(size.rows * size.wide, 0.0);
        for (head, weights) in self.weights.chunks_exact_mut(size.rows * size.long).enumerate() {
            let (query, key, value) = places(shape, head);
            gather(self.heads, (stride, query), size, scale, &mut room.query);
            if head % group == 0 {
                gather(self.heads, (stride, key), size, 1.0, &mut room.key);
                gather(self.heads, (stride, value), size, 1.0, &mut room.value);
                transpose(&room.key, size, &mut room.across);
            }
            let (left, right) = (Rows(&room.query, size.wide), Rows(&room.across, size.long));
            by_rows(left, right, Seen::Columns(self.seen), weights);
            for (at, row) in weights.chunks_exact_mut(size.long).enumerate() {
                let seen = if at < size.tokens { self.seen.max(at + 1) } else { 0 };
                let (row, unseen) = row.split_at_mut(seen.next_multiple_of(LANES));
                unseen.fill(0.0);
                if seen > 0 {
                    row[seen..].fill(f32::NEG_INFINITY);
                    softmax(row);
                }
            }
            let (left, right) = (Rows(weights, size.long), Rows(&room.value, size.wide));
            by_rows(left, right, Seen::Depth(self.seen), &mut room.out);
            scatter(&room.out, size, 1.0, (shape.dim, query), self.out);
        }
    }
}

/// The derivative of [`Attend`].
pub(super) struct AttendBack<'a> {
    pub(super) shape: &'a Shape,
    pub(super) seen: usize,
    pub(super) heads: &'a [f32],
    pub(super) room: &'a mut Room,
    pub(super) weights: &'a [f32],
    /// The derivative of what attention gives.
    pub(super) gradient: &'a [f32],
    /// Becomes that of `heads`.
    pub(super) out: &'a mut [f32],
}

impl AttendBack<'_> {
    pub(super) fn compute(self) {
        wide(self);
    }
}

impl Work for AttendBack<'_> {
    #[inline(always)]
    fn run(self) {
        let (shape, room) = (self.shape, self.room);
        let size = Size::of(shape, self.gradient.len() / shape.dim);
        let Size { long, wide, .. } = size;
        let scale = 1.0 / (size.width as f32).sqrt();
        let group = shape.heads / shape.kv_heads;
        let stride = shape.dim + 2 * shape.kv_dim();
        room.weights.resize(size.rows * long, 0.0);
        room.gradients.iter_mut().for_each(|gradient| gradient.resize(size.rows * wide, 0.0));
        let [queries, keys, values] = &mut room.gradients;
        for (head, weights) in self.weights.chunks_exact(size.rows * long).enumerate() {
            let (query, key, value) = places(shape, head);
            gather(self.heads, (stride, query), size, scale, &mut room.query);
            gather(self.gradient, (shape.dim, query), size, 1.0, &mut room.out);
            if head % group == 0 {
                gather(self.heads, (stride, key), size, 1.0, &mut room.key);
                gather(self.heads, (stride, value), size, 1.0, &mut room.value);
                transpose(&room.value, size, &mut room.across);
                keys.fill(0.0);
                values.fill(0.0);
            }
            by_columns(Rows(weights, long), Rows(&room.out, wide), self.seen, values);
            let gradients = &mut room.weights;
            let seen = Seen::Columns(self.seen);
            by_rows(Rows(&room.out, wide), Rows(&room.across, long), seen, gradients);
            let rows = gradients.chunks_exact_mut(long).zip(weights.chunks_exact(long));
            for (at, (row, weights)) in rows.enumerate() {
                softmax_back(row, weights, self.seen.max(at + 1));
            }
            by_rows(Rows(gradients, long), Rows(&room.key, wide), Seen::Depth(self.seen), queries);
            scatter(queries, size, scale, (stride, query), self.out);
            by_columns(Rows(gradients, long), Rows(&room.query, wide), self.seen, keys);
            if (head + 1) % group == 0 {
                scatter(keys, size, 1.0, (stride, key), self.out);
                scatter(values, size, 1.0, (stride, value), self.out);
            }
        }
    }
}

/// From the derivative of weights to that of what they are the softmax of.
#[inline(always)]
fn softmax_back(row: &mut [f32], weights: &[f32], seen: usize) {
    let (row, unseen) = row.split_at_mut(seen.next_multiple_of(LANES).min(row.len()));
    unseen.fill(0.0);
    let mean = super::rows::dot(row, &weights[..row.len()]);
    for (gradient, weight) in row.iter_mut().zip(weights) {
        *gradient = weight * (*gradient - mean);
    }
}

/// Takes the columns of a head, times a factor: `place` is the stride of the rows and the first
/// column.
#[inline(always)]
fn gather(rows: &[f32], place: (usize, usize), size: Size, factor: f32, out: &mut Vec<f32>) {
    let (stride, start) = place;
    out.resize(size.rows * size.wide, 0.0);
    let (tokens, padding) = out.split_at_mut(size.tokens * size.wide);
    padding.fill(0.0);
    for (row, out) in rows.chunks_exact(stride).zip(tokens.chunks_exact_mut(size.wide)) {
        let (out, padding) = out.split_at_mut(size.width);
        padding.fill(0.0);
        out.iter_mut().zip(&row[start..]).for_each(|(out, x)| *out = x * factor);
    }
}

/// The other way.
#[inline(always)]
fn scatter(numbers: &[f32], size: Size, factor: f32, place: (usize, usize), rows: &mut [f32]) {
    let (stride, start) = place;
    for (row, numbers) in rows.chunks_exact_mut(stride).zip(numbers.chunks_exact(size.wide)) {
        let row = &mut row[start..start + size.width];
        row.iter_mut().zip(numbers).for_each(|(out, x)| *out = x * factor);
    }
}

#[inline(always)]
fn transpose(rows: &[f32], size: Size, out: &mut Vec<f32>) {
    out.resize(size.wide * size.long, 0.0);
    for (column, out) in out.chunks_exact_mut(size.long).enumerate() {
        let (out, padding) = out.split_at_mut(size.tokens);
        padding.fill(0.0);
        let column = rows[column..].iter().step_by(size.wide);
        out.iter_mut().zip(column).for_each(|(out, x)| *out = *x);
    }
}
