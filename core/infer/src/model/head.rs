//! From the stream to logits.

use core::ops::Range;

use trine_ternary::parallel::for_each_chunk;
use trine_ternary::{RowInput, Rows};

use super::forward::Pass;
use super::normed::Norm;
#[cfg(not(target_os = "none"))]
use super::seats::Seats;
use super::stages::{one, part};

impl Pass<'_, '_, '_> {
    /// Norms the tokens for the head.
    pub(super) fn output_norm(&mut self, tokens: Range<usize>) {
        let (kernels, config) = (self.model.kernels, &self.model.config);
        let weights = &self.model.weights;
        let (dim, format) = (config.dim, weights.head.format());
        for token in tokens {
            let (x, own) = (one(self.state.stream, token, dim), token..token + 1);
            let row = part(self.state.wide, &own, dim);
            let epsilon = config.rms_epsilon;
            Norm { kernels, weight: &weights.output_norm, epsilon }.write(x, row);
            if format.is_integer() {
                let quantized = part(self.state.quantized, &own, dim);
                let scales = part(self.state.head_scales, &own, dim / format.block());
                let rounded = kernels.quantize_blocks(row, format.block(), quantized, scales);
                debug_assert!(rounded.is_ok(), "rows of the head are whole blocks");
            }
        }
    }

    /// Some of the logits.
    pub(super) fn head(&mut self, rows: Range<usize>) {
        #[cfg(not(target_os = "none"))]
        if let Seats::Each(_) = &self.seats {
            return self.heads(rows);
        }
        let (kernels, head) = (self.model.kernels, self.model.weights.head);
        let share = self.share(rows.len());
        let input =
            input(&head, (self.state.wide, self.state.quantized), self.state.head_scales, 0..1);
        let first = rows.start;
        let logits = part(self.state.logits, &rows, 1);
        for_each_chunk(self.pool, logits, share, &|index, logits| {
            let start = first + index * share;
            let done = kernels.project(&head, start..start + logits.len(), input, logits);
            debug_assert!(done.is_ok(), "the head has the shape of the configuration");
        });
    }

    /// Some of the logits of several tokens.
    #[cfg(not(target_os = "none"))]
    fn heads(&mut self, rows: Range<usize>) {
        let (kernels, head, count) = (self.model.kernels, self.model.weights.head, self.at.count);
        let (share, first) = (self.share(rows.len()), rows.start);
        let (wide, quantized, scales) =
            (&*self.state.wide, &*self.state.quantized, &*self.state.head_scales);
        let input = input(&head, (wide, quantized), scales, 0..count);
        // A thread's share has a row for each token.
        let spread = part(self.state.spread, &rows, count);
        for_each_chunk(self.pool, spread, share * count, &|index, spread| {
            let (start, own) = (first + index * share, spread.len() / count.max(1));
            let done = kernels.project_each(&head, start..start + own, input, spread);
            debug_assert!(done.is_ok(), "the head has the shape of the configuration");
        });
        let vocab = self.model.config.vocab;
        let shares = part(self.state.spread, &rows, count).chunks(share * count.max(1));
        for (index, shares) in shares.enumerate() {
            let (start, own) = (first + index * share, shares.len() / count.max(1));
            let tokens = self.state.logits.chunks_exact_mut(vocab.max(1));
            for (from, logits) in shares.chunks_exact(own.max(1)).zip(tokens) {
                let places = logits.get_mut(start..start + own).unwrap_or_default();
                places.copy_from_slice(from);
            }
        }
    }
}

/// What the head takes in of some tokens.
fn input<'s>(
    head: &Rows<'_>,
    (wide, quantized): (&'s [f32], &'s [i8]),
    scales: &'s [f32],
    tokens: Range<usize>,
) -> RowInput<'s> {
    let (dim, format) = (head.cols(), head.format());
    if format.is_integer() {
        let q = some(quantized, &tokens, dim);
        RowInput::Blocks { q, scales: some(scales, &tokens, dim / format.block()) }
    } else {
        RowInput::Floats(some(wide, &tokens, dim))
    }
}

/// The elements of some tokens.
fn some<'s, T>(all: &'s [T], tokens: &Range<usize>, each: usize) -> &'s [T] {
    all.get(tokens.start * each..tokens.end * each).unwrap_or_default()
}
