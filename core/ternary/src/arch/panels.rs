//! Products with our own layouts, whatever the instruction set: which panels, which tokens at a
//! time, what is unpacked when, and how sums come to where they belong. What is done with bytes
//! and lanes is an [`PanelKernels`].

use core::ops::Range;

use crate::matrix::Matrix;
use crate::packing::{PANEL_ROWS, Packing};
use crate::scalar::Tokens;

/// Four columns of 32 rows, unpacked: a byte for each weight, four bytes for each row.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(crate) struct Group(pub(crate) [u8; 128]);

/// The sums of one token and 32 rows.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub(crate) struct Sums(pub(crate) [i32; 32]);

/// Steps that are unpacked at a time, at most: 22 or 27 KiB of bytes, which the first cache has
/// together with the activations of a tile of [`TILE`]. Fewer would have the tiles begin and end
/// more often.
const STEPS: usize = 44;
/// Groups of those steps.
const GROUPS: usize = STEPS * 5;
/// Tokens for which a panel is unpacked once; their sums are on the stack.
const TOKENS: usize = 144;
/// Tokens that are multiplied at a time, at most, where [`PanelKernels::TILE`] says nothing else.
pub(crate) const TILE: usize = 12;
/// Tokens that are written at a time, at most: one cache line of a row.
pub(crate) const BLOCK: usize = 16;

/// Lines of 64 bytes that will be read soon, wherever that is.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "no kernel asks by itself"))]
pub(crate) struct Ahead {
    pub(crate) at: *const u8,
    pub(crate) lines: usize,
}

/// What an instruction set does with a panel.
///
/// # Safety
/// All functions are unsafe to call where the processor has not the instruction set. They are
/// `#[inline]`, so that the outermost function, which has `#[target_feature]`, is the one that they
/// become part of.
pub(crate) trait PanelKernels {
    /// Whether [`Self::multiply`] asks for what is ahead, a line now and then: memory gives lines
    /// more slowly than they can be asked for.
    const FETCHES: bool = false;

    /// Tokens that are multiplied at a time, at most.
    const TILE: usize = TILE;

    /// Tokens for which a panel is unpacked once: at most [`TOKENS`].
    const TOKENS: usize = TOKENS;

    /// Steps that are unpacked at a time: at most so many, [`STEPS`] or fewer, and a number of
    /// which they are a multiple, but for the last ones of a panel.
    fn steps(_: Packing) -> (usize, usize) {
        (STEPS, 1)
    }

    /// `Σ q`.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn sum(q: &[i8]) -> i32;

    /// The sums `Σ u·q` of a panel in `packing` and one token.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums;

    /// Unpacks steps in `packing` and returns how many groups they are, with groups of zeros that
    /// an instruction set may want after the last ones of a panel.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize;

    /// The sums `Σ u·q` of a panel and some tokens, where there is a way for so few that unpacks
    /// nothing; answers whether there is.
    ///
    /// # Safety
    /// The processor has the instruction set.
    #[inline]
    unsafe fn few(_: Packing, _: &[u8], _: Tokens<'_>, _: &mut [Sums]) -> bool {
        false
    }

    /// Adds to the sums of up to [`Self::TILE`] tokens the products with some groups, the first of
    /// which has column `col`; where that is 0, puts the products there. Columns past the last one
    /// count as zeros.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        ahead: Ahead,
    );

    /// Says that this cache line will be written to soon.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn prefetch_write(line: &[i32]);

    /// Says that the cache line so many bytes after the first of these will be read soon, wherever
    /// that is.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn prefetch(bytes: &[u8], ahead: usize);

    /// Writes up to [`BLOCK`] tokens of 32 rows, less something for each token: those of a row side
    /// by side, `stride` from one row to the next. `out` has all of them.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize);
}

/// What is kept on the stack.
struct Scratch {
    groups: [Group; GROUPS],
    sums: [Sums; TOKENS],
    /// `Σ q` of each token, and as many more as a block may have past the last one.
    activations: [i32; TOKENS + BLOCK],
}

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
pub(crate) unsafe fn gemm<E: PanelKernels>(
    matrix: &Matrix<'_>,
    rows: Range<usize>,
    tokens: Tokens<'_>,
    out: &mut [i32],
) {
    if tokens.count == 1 {
        // SAFETY: as our caller says.
        return unsafe { one::<E>(matrix, rows, tokens.q, out) };
    }
    #[expect(clippy::large_stack_arrays, reason = "no heap, and no chip has these registers")]
    let mut scratch = Scratch {
        groups: [Group([0; 128]); GROUPS],
        sums: [Sums([0; 32]); TOKENS],
        activations: [0; TOKENS + BLOCK],
    };
    for first in (0..tokens.count).step_by(E::TOKENS) {
        let count = E::TOKENS.min(tokens.count - first);
        let some = tokens.part(first..first + count);
        for (t, sum_of) in scratch.activations.iter_mut().enumerate().take(count) {
            // SAFETY: as our caller says.
            *sum_of = unsafe { E::sum(some.get(t)) };
        }
        let panels = Panels { matrix: *matrix, next: rows.start, rows: rows.clone() };
        for part in panels {
            let before = if tokens.in_blocks { first * PANEL_ROWS } else { first };
            let out = &mut out[part.at * tokens.count + before..];
            let (stride, in_blocks) = (tokens.count, tokens.in_blocks);
            let to = Target { out, within: part.within, stride, in_blocks };
            // SAFETY: as our caller says.
            unsafe { multiply::<E>(matrix.packing(), part.bytes, some, &mut scratch, to) };
        }
    }
}

/// One token, which needs no scratch.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
unsafe fn one<E: PanelKernels>(matrix: &Matrix<'_>, rows: Range<usize>, q: &[i8], out: &mut [i32]) {
    // SAFETY: as our caller says.
    let all = unsafe { E::sum(q) };
    let panels = Panels { matrix: *matrix, next: rows.start, rows };
    for part in panels {
        // SAFETY: as our caller says.
        let sums = unsafe { E::one(matrix.packing(), part.bytes, q) };
        for (out, sum) in out[part.at..].iter_mut().zip(&sums.0[part.within]) {
            *out = sum - all;
        }
    }
}

/// The panels that have some of the rows.
struct Panels<'a> {
    matrix: Matrix<'a>,
    rows: Range<usize>,
    next: usize,
}

/// A panel, which of its rows are wanted, and where the first of them stands among the wanted.
struct Panel<'a> {
    bytes: &'a [u8],
    within: Range<usize>,
    at: usize,
}

impl<'a> Iterator for Panels<'a> {
    type Item = Panel<'a>;

    #[inline]
    fn next(&mut self) -> Option<Panel<'a>> {
        let row = self.next;
        if row >= self.rows.end {
            return None;
        }
        let packing = self.matrix.packing();
        let (height, size) = (packing.rows_multiple(), packing.group_bytes(self.matrix.cols()));
        let start = row / height * height;
        self.next = self.rows.end.min(start + height);
        let bytes = &self.matrix.bytes()[row / height * size..][..size];
        Some(Panel { bytes, within: row - start..self.next - start, at: row - self.rows.start })
    }
}

/// Where the sums of a panel go to: those of the rows `within` it, row by row, the tokens of a row
/// side by side, `stride` from one row to the next; or those of all its rows, token by token.
struct Target<'a> {
    out: &'a mut [i32],
    within: Range<usize>,
    stride: usize,
    in_blocks: bool,
}

impl Target<'_> {
    /// Subtracts `Σ q` and writes the sums of some tokens, the first of which is number `token`.
    /// `activations` begin with its `Σ q`, and have [`BLOCK`] of the last block.
    ///
    /// # Safety
    /// The processor has the engine's instruction set.
    #[inline(always)]
    unsafe fn write<E: PanelKernels>(&mut self, token: usize, sums: &[Sums], activations: &[i32]) {
        if self.in_blocks {
            let (out, _) = self.out[token * PANEL_ROWS..].as_chunks_mut::<PANEL_ROWS>();
            for ((out, sums), less) in out.iter_mut().zip(sums).zip(activations) {
                out.iter_mut().zip(&sums.0).for_each(|(out, sum)| *out = sum - less);
            }
            return;
        }
        for (block, sums) in sums.chunks(BLOCK).enumerate() {
            let at = BLOCK * block;
            let Some(less) = activations[at..].first_chunk() else { return };
            let out = &mut self.out[token + at..];
            if self.within.len() == 32 {
                // SAFETY: as our caller says.
                unsafe { E::write(sums, less, out, self.stride) };
            } else {
                write_rows(sums, less, self.within.clone(), out, self.stride);
            }
        }
    }

    /// Says that some lines will be written to, of which `lines` belong to a row.
    ///
    /// # Safety
    /// The processor has the engine's instruction set.
    #[inline(always)]
    unsafe fn prefetch<E: PanelKernels>(&self, some: Range<usize>, lines: usize) {
        for line in some {
            let at = match self.in_blocks {
                true => line * BLOCK,
                false => line / lines * self.stride + line % lines * BLOCK,
            };
            if let Some(line) = self.out.get(at..) {
                // SAFETY: as our caller says.
                unsafe { E::prefetch_write(line) };
            }
        }
    }
}

/// The sums of a panel and all tokens.
///
/// What is needed next is fetched meanwhile, a little with each tile: the bytes of the next steps,
/// and the lines that sums will be written to, which are in no cache near.
///
/// # Safety
/// The processor has the engine's instruction set.
#[inline(always)]
unsafe fn multiply<E: PanelKernels>(
    packing: Packing,
    panel: &[u8],
    tokens: Tokens<'_>,
    scratch: &mut Scratch,
    mut to: Target<'_>,
) {
    let Scratch { groups, sums, activations } = scratch;
    if panel.is_empty() && to.in_blocks {
        return to.out[..tokens.count * PANEL_ROWS].fill(0);
    }
    if panel.is_empty() {
        let rows = to.out.chunks_mut(to.stride).take(to.within.len());
        return rows.for_each(|row| row[..tokens.count].fill(0));
    }
    // SAFETY: as our caller says.
    if unsafe { E::few(packing, panel, tokens, sums) } {
        // SAFETY: as our caller says.
        return unsafe { to.write::<E>(0, &sums[..tokens.count], activations) };
    }
    // Tiles of about as many tokens each.
    let tiles = tokens.count.div_ceil(E::TILE);
    let lines = tokens.count.div_ceil(BLOCK);
    let (mut col, mut begun) = (0, 0);
    // Chunks of about as many steps each, too.
    let (steps, _) = panel.as_chunks();
    let (most, multiple) = E::steps(packing);
    let even = steps.len().div_ceil(steps.len().div_ceil(most));
    let chunks = steps.chunks(even.next_multiple_of(multiple));
    let all = chunks.len() * tiles;
    for steps in chunks {
        // SAFETY: as our caller says.
        let unpacked = unsafe { E::unpack(packing, steps, groups) };
        let bytes = steps.as_flattened();
        for tile in 0..tiles {
            let next = share(bytes.len() / 64, tile, tiles);
            let at = bytes.as_ptr().wrapping_add(bytes.len() + 64 * next.start);
            let ahead = Ahead { at, lines: next.len() };
            for line in next.filter(|_| !E::FETCHES) {
                // SAFETY: as our caller says.
                unsafe { E::prefetch(bytes, bytes.len() + 64 * line) };
            }
            // SAFETY: as our caller says.
            unsafe { to.prefetch::<E>(share(to.within.len() * lines, begun, all), lines) };
            begun += 1;
            let part = share(tokens.count, tile, tiles);
            let (token, some, sums) = (part.start, tokens.part(part.clone()), &mut sums[part]);
            // SAFETY: as our caller says.
            unsafe { E::multiply(&groups[..unpacked], col, some, sums, ahead) };
            // The last ones are written while they are near.
            if begun + tiles > all {
                // SAFETY: as our caller says.
                unsafe { to.write::<E>(token, sums, &activations[token..]) };
            }
        }
        col += 4 * unpacked;
    }
}

/// The part of `count` things that belongs to number `index` of `parts`.
fn share(count: usize, index: usize, parts: usize) -> Range<usize> {
    count * index / parts..count * (index + 1) / parts
}

/// The same for some of the rows, and for engines without a better way.
#[inline(always)]
pub(crate) fn write_rows(
    sums: &[Sums],
    less: &[i32; BLOCK],
    within: Range<usize>,
    out: &mut [i32],
    stride: usize,
) {
    for (row, out) in within.zip(out.chunks_mut(stride)) {
        for ((out, sums), less) in out.iter_mut().zip(sums).zip(less) {
            *out = sums.0[row] - less;
        }
    }
}

/// Calls `f` with all whole steps of a panel and their activations, and where columns are left,
/// again with the last step, whose activations are filled up with zeros.
#[cfg(any(trine_neon, trine_simd128))]
#[inline(always)]
pub(crate) fn each_part<const COLS: usize>(
    panel: &[u8],
    q: &[i8],
    mut f: impl FnMut(&[[u8; 128]], &[[i8; COLS]]),
) {
    let (steps, _) = panel.as_chunks::<128>();
    let (whole, tail) = q.as_chunks::<COLS>();
    f(steps, whole);
    if let Some(step) = steps.get(whole.len()..whole.len() + 1) {
        let mut last = [0; COLS];
        last[..tail.len()].copy_from_slice(tail);
        f(step, &[last]);
    }
}
