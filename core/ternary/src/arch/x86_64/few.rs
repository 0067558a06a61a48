//! A few tokens, for which nothing is unpacked to memory.

use core::slice;

use crate::arch::panels::Sums;
use crate::scalar::Tokens;

/// Tokens at most.
pub(super) const FEW: usize = 8;

/// The sums of a panel, whose steps have `COLS` columns, and up to [`FEW`] tokens. `add` adds the
/// products of some steps and the tokens, of which it gets the beginning and how far they are
/// apart: of each there are `COLS` activations for each step.
#[inline(always)]
pub(super) fn few<const COLS: usize>(
    panel: &[u8],
    tokens: Tokens<'_>,
    sums: &mut [Sums],
    add: impl Fn(&[[u8; 128]], (*const i8, usize), &mut [Sums]),
) {
    let (steps, cols) = (panel.as_chunks::<128>().0, tokens.cols);
    let (q, sums) = (&tokens.q[..tokens.count * cols], &mut sums[..tokens.count]);
    let whole = steps.len().min(cols / COLS);
    sums.fill(Sums([0; 32]));
    // Token t starts at `t · cols` of `q`, and steps before `whole` end within its columns.
    add(&steps[..whole], (q.as_ptr(), cols), sums);
    if let Some(step) = steps.get(whole) {
        let mut last = [[0; COLS]; FEW];
        for (last, q) in last.iter_mut().zip(q.chunks_exact(cols)) {
            let tail = &q[COLS * whole..];
            last[..tail.len()].copy_from_slice(tail);
        }
        add(slice::from_ref(step), (last.as_ptr().cast(), COLS), sums);
    }
}
