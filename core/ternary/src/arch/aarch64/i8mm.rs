//! Products of two rows and two tokens of eight columns, `smmla`, 32 products an instruction.

use core::arch::aarch64::{
    int8x16_t, int32x4_t, vaddq_s32, vdupq_n_s8, vdupq_n_s32, vld1q_s32, vreinterpretq_s8_s32,
    vreinterpretq_s8_s64, vreinterpretq_s32_s8, vreinterpretq_s64_s8, vst1q_s8, vst1q_s32,
    vuzp1q_s32, vuzp2q_s32, vzip1q_s32, vzip1q_s64, vzip2q_s32, vzip2q_s64,
};
use core::ops::Range;

use super::panels::{self, Parts, Quad, REGISTERS, alike, weights};
use super::{dotprod, load_signed, smmla};
use crate::arch::panels::{Ahead, Group, PanelKernels, Sums, gemm as panel_gemm};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, in one of our own layouts.
#[target_feature(enable = "neon,dotprod,i8mm")]
pub(super) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    // SAFETY: we have the features.
    unsafe { panel_gemm::<I8mm>(matrix, rows, tokens, out) };
}

/// Registers of 16 bytes and `smmla`.
struct I8mm;

impl PanelKernels for I8mm {
    alike!("neon,dotprod,i8mm");

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        match packing {
            Packing::Panel2Bit => dotprod::panel_2bit(panel, q),
            _ => dotprod::panel_base3(panel, q),
        }
    }

    /// Whole pairs of groups become eight columns of two rows a register.
    ///
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        let count = panels::unpack(packing, steps, groups);
        for two in groups[..count].as_chunks_mut().0 {
            pair(two);
        }
        count
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod,i8mm")]
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        _: Ahead,
    ) {
        if col == 0 {
            sums.fill(Sums([0; 32]));
        }
        multiply(groups, col, tokens, sums);
    }
}

/// Two groups of four columns as one of eight: register `p` has those of the rows 2p and 2p + 1.
#[inline]
#[target_feature(enable = "neon")]
fn pair(groups: &mut [Group; 2]) {
    let [a, b] = *groups;
    for at in 0..REGISTERS {
        let (a, b) = (weights(&a, at), weights(&b, at));
        let (a, b) = (vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b));
        let (out, _) = groups[2 * at / REGISTERS].0.as_chunks_mut::<16>();
        let out = &mut out[2 * at % REGISTERS..];
        for (out, rows) in out.iter_mut().zip([vzip1q_s32(a, b), vzip2q_s32(a, b)]) {
            let rows = vreinterpretq_s8_s32(rows);
            // SAFETY: the reference is to 16 bytes, and the store asks for no alignment.
            unsafe { vst1q_s8(out.as_mut_ptr().cast(), rows) };
        }
    }
}

/// Adds to the sums of each token the products with some groups: tiles of 16 rows and up to four
/// tokens, whose 16 registers of sums stay where they are.
#[target_feature(enable = "neon,dotprod,i8mm")]
fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]) {
    let parts = Parts::of(groups, col, tokens);
    let rest = rest(groups, &parts);
    for (part, sums) in sums[..tokens.count].chunks_mut(4).enumerate() {
        for half in 0..2 {
            let tile = Tile { first: 4 * part, half, tokens, parts: &parts, rest: &rest };
            match sums.len() {
                3.. => tile.add::<2>(sums),
                _ => tile.add::<1>(sums),
            }
        }
    }
}

/// What is left, in pairs. A group without another one was not paired before.
#[target_feature(enable = "neon")]
fn rest(groups: &[Group], parts: &Parts<'_>) -> Quad {
    let mut rest = [Group([0; 128]); 4];
    let from = 4 * parts.quads.len();
    // Both of a pair, though the columns of the second be past the last one.
    let count = groups.len().min(from + parts.rest.len().next_multiple_of(2)) - from;
    rest[..count].copy_from_slice(&groups[from..][..count]);
    if !count.is_multiple_of(2)
        && let Some(last) = rest.as_chunks_mut().0.get_mut(count / 2)
    {
        pair(last);
    }
    rest
}

/// 16 rows, the first or second half of a panel, and the tokens from `first` on.
struct Tile<'a> {
    first: usize,
    half: usize,
    tokens: Tokens<'a>,
    parts: &'a Parts<'a>,
    rest: &'a Quad,
}

impl Tile<'_> {
    /// Adds to the sums of up to `2·N` tokens. Where there is no second one of a pair, the first
    /// counts twice.
    #[target_feature(enable = "neon,dotprod,i8mm")]
    fn add<const N: usize>(&self, sums: &mut [Sums]) {
        let [col, next] = self.parts.cols;
        let token = |t: usize| self.tokens.get(self.first + t.min(sums.len() - 1));
        let mut q: [[&[[i8; 16]]; 2]; N] = [[&[]; 2]; N];
        for (pair, q) in q.iter_mut().enumerate() {
            *q = [0, 1].map(|t| panels::whole(token(2 * pair + t), col, self.parts.quads.len()));
        }
        let mut acc = [[vdupq_n_s32(0); REGISTERS]; N];
        for (at, quad) in self.parts.quads.iter().enumerate() {
            let q = q.map(|[a, b]| eights(&a[at], &b[at]));
            add(&mut acc, quad, self.half, q);
        }
        if !self.parts.rest.is_empty() {
            let mut q = [[vdupq_n_s8(0); 2]; N];
            for (pair, q) in q.iter_mut().enumerate() {
                let last = |t| panels::last(token(2 * pair + t), next, self.parts.rest.len());
                *q = eights(&last(0), &last(1));
            }
            add(&mut acc, self.rest, self.half, q);
        }
        for (acc, sums) in acc.iter().zip(sums.chunks_mut(2)) {
            for (t, sums) in sums.iter_mut().enumerate() {
                gain(acc, t, &mut sums.0[16 * self.half..]);
            }
        }
    }
}

/// Eight columns of two tokens, and the next eight.
#[inline]
#[target_feature(enable = "neon")]
fn eights(a: &[i8; 16], b: &[i8; 16]) -> [int8x16_t; 2] {
    let (a, b) = (vreinterpretq_s64_s8(load_signed(a)), vreinterpretq_s64_s8(load_signed(b)));
    [vreinterpretq_s8_s64(vzip1q_s64(a, b)), vreinterpretq_s8_s64(vzip2q_s64(a, b))]
}

/// Adds the products of 16 columns.
#[inline]
#[target_feature(enable = "neon,i8mm")]
fn add<const N: usize>(
    acc: &mut [[int32x4_t; REGISTERS]; N],
    quad: &Quad,
    half: usize,
    q: [[int8x16_t; 2]; N],
) {
    for eight in 0..2 {
        for at in 0..REGISTERS {
            let weights = weights(&quad[2 * eight + half], at);
            for (acc, q) in acc.iter_mut().zip(q) {
                acc[at] = smmla(acc[at], weights, q[eight]);
            }
        }
    }
}

/// Adds what is of the first or second token to the sums of its 16 rows.
#[inline]
#[target_feature(enable = "neon")]
fn gain(acc: &[int32x4_t; REGISTERS], token: usize, sums: &mut [i32]) {
    for (two, sums) in acc.as_chunks::<2>().0.iter().zip(sums.as_chunks_mut::<4>().0) {
        let [a, b] = *two;
        let rows = if token == 0 { vuzp1q_s32(a, b) } else { vuzp2q_s32(a, b) };
        // SAFETY: the reference is to 16 bytes, and the load asks for no alignment.
        let rows = vaddq_s32(rows, unsafe { vld1q_s32(sums.as_ptr()) });
        // SAFETY: as above, of the store.
        unsafe { vst1q_s32(sums.as_mut_ptr(), rows) };
    }
}
