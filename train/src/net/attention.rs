//! Causal attention of one sentence, and its derivative.

use super::product::{View, times, times_transposed, transposed_times};
use crate::shape::Shape;

/// Queries, keys and values of a sentence, turned by their positions: rows of queries, then keys,
/// then values, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) tokens: usize,
    pub(super) stride: usize,
}

impl<'a> Heads<'a> {
    fn part(&self, start: usize, width: usize) -> View<'a> {
        let end = start + (self.tokens - 1) * self.stride + width;
        let numbers = &self.numbers[start..end];
        View { numbers, rows: self.tokens, columns: width, stride: self.stride }
    }
}

/// Where the three parts of a head begin in a row.
fn places(shape: &Shape, head: usize) -> (usize, usize, usize) {
    let width = shape.width();
    let key = shape.dim + head / (shape.heads / shape.kv_heads) * width;
    (head * width, key, key + shape.kv_dim())
}

/// `out`, (tokens, dim), becomes what attention gives; `weights`, (heads, tokens, tokens), the
/// weights of each position.
pub(super) fn attend(shape: &Shape, heads: Heads<'_>, weights: &mut [f32], out: &mut [f32]) {
    let (tokens, width) = (heads.tokens, shape.width());
    let scale = 1.0 / (width as f32).sqrt();
    for (head, weights) in weights.chunks_exact_mut(tokens * tokens).enumerate() {
        let (query, key, value) = places(shape, head);
        let (query, key) = (heads.part(query, width), heads.part(key, width));
        times_transposed(query, key, scale, 0.0, weights, tokens);
        for (at, row) in weights.chunks_exact_mut(tokens).enumerate() {
            let (seen, unseen) = row.split_at_mut(at + 1);
            softmax(seen);
            unseen.fill(0.0);
        }
        let end = head * width + (tokens - 1) * shape.dim + width;
        let out = &mut out[head * width..end];
        times(View::new(weights, tokens), heads.part(value, width), 1.0, 0.0, out, shape.dim);
    }
}

/// The derivative of [`attend`]: from `slope`, that of `out`, to those of queries, keys and values.
/// `room` has as many numbers as the weights of one head.
pub(super) fn attend_back(
    shape: &Shape,
    heads: Heads<'_>,
    weights: &[f32],
    slope: &[f32],
    room: &mut Vec<f32>,
    out: &mut [f32],
) {
    let (tokens, width, stride) = (heads.tokens, shape.width(), heads.stride);
    let scale = 1.0 / (width as f32).sqrt();
    room.resize(tokens * tokens, 0.0);
    let slopes = Heads { numbers: slope, tokens, stride: shape.dim };
    out.fill(0.0);
    let end = |start: usize| start + (tokens - 1) * stride + width;
    for (head, weights) in weights.chunks_exact(tokens * tokens).enumerate() {
        let (query, key, value) = places(shape, head);
        let slope = slopes.part(head * width, width);
        let weights = View::new(weights, tokens);
        transposed_times(weights, slope, 1.0, 1.0, &mut out[value..end(value)], stride);
        times_transposed(slope, heads.part(value, width), 1.0, 0.0, room, tokens);
        let rows = room.chunks_exact_mut(tokens).zip(weights.numbers.chunks_exact(tokens));
        for (at, (row, weights)) in rows.enumerate() {
            let (seen, unseen) = row.split_at_mut(at + 1);
            let mean = super::rows::dot(seen, &weights[..=at]);
            seen.iter_mut()
                .zip(weights)
                .for_each(|(slope, weight)| *slope = weight * (*slope - mean));
            unseen.fill(0.0);
        }
        let room = View::new(room, tokens);
        times(room, heads.part(key, width), scale, 0.0, &mut out[query..end(query)], stride);
        let queries = heads.part(query, width);
        transposed_times(room, queries, scale, 1.0, &mut out[key..end(key)], stride);
    }
}

/// Replaces numbers by their exponentials, divided by the sum of these.
pub(super) fn softmax(row: &mut [f32]) {
    let most = row.iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x));
    let mut sum = 0.0;
    for x in row.iter_mut() {
        *x = (*x - most).exp();
        sum += *x;
    }
    row.iter_mut().for_each(|x| *x /= sum);
}
