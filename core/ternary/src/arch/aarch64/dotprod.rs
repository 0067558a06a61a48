//! Dot products of four bytes, `sdot`, 16 products an instruction: four rows in the lanes, and the
//! same four activations for each.

/// The functions of [`float`](crate::float).
pub(crate) use super::float;

/// Attention.
pub(crate) use super::{attention, codes, codes::across};

/// Rows of a head.
pub(crate) mod rows {
    crate::arch::aarch64::rows::doors!("neon,dotprod");
}

/// Rows as files have them.
mod files {
    crate::arch::aarch64::files::doors!("neon,dotprod");
}

use core::arch::aarch64::{
    int8x16_t, int32x4_t, vandq_u8, vdupq_n_s32, vdupq_n_u8, vreinterpretq_s8_s32, vshrq_n_u8,
    vsraq_n_s32,
};
use core::ops::Range;

use super::panels::{self, Parts, Quad, REGISTERS, Tables, alike, load_sums, store_sums, weights};
use super::{load, load_signed, sdot as dot, sdot_lane, signed};
use crate::arch::panels::{Ahead, Group, PanelKernels, Sums, each_part, gemm as panel_gemm};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, in a packing that there are kernels for.
#[target_feature(enable = "neon,dotprod")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
        // SAFETY: we have the features.
        unsafe { panel_gemm::<DotProd>(matrix, rows, tokens, out) };
    } else {
        files::gemm(matrix, rows, tokens, out);
    }
}

/// Registers of 16 bytes and `sdot`.
struct DotProd;

impl PanelKernels for DotProd {
    alike!("neon,dotprod");

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        match packing {
            Packing::Panel2Bit => panel_2bit(panel, q),
            _ => panel_base3(panel, q),
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        panels::unpack(packing, steps, groups)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon,dotprod")]
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

/// Sums of digits that stay where they are in half a byte: those of 1 and those of 4.
type Scaled = [[int32x4_t; REGISTERS]; 2];

/// The sums `Σ u·q` of the 32 rows of a panel of [`Panel2Bit`](crate::Packing::Panel2Bit).
#[target_feature(enable = "neon,dotprod")]
pub(super) fn panel_2bit(panel: &[u8], q: &[i8]) -> Sums {
    let mut acc = [[vdupq_n_s32(0); REGISTERS]; 2];
    each_part(panel, q, |steps, q| add_2bit(&mut acc, steps, q));
    let [mut ones, fours] = acc;
    for (one, four) in ones.iter_mut().zip(fours) {
        *one = vsraq_n_s32::<2>(*one, four);
    }
    let mut sums = Sums([0; 32]);
    store_sums(ones, &mut sums);
    sums
}

/// Two sums for each register leave it some to work with. A lane of those of 4 gains at most
/// 2·4·12·128 in a step of 16 columns: 2³¹ is far.
#[target_feature(enable = "neon,dotprod")]
fn add_2bit(acc: &mut Scaled, steps: &[[u8; 128]], q: &[[i8; 16]]) {
    let [mut ones, mut fours] = *acc;
    for (step, q) in steps.iter().zip(q) {
        let (bytes, q) = (step.as_chunks::<16>().0, load_signed(q));
        for at in 0..REGISTERS {
            let low = load(&bytes[at]);
            let high = vshrq_n_u8::<4>(low);
            let field = |x, bits| signed(vandq_u8(x, vdupq_n_u8(bits)));
            ones[at] = sdot_lane::<0>(ones[at], field(low, 0x03), q);
            fours[at] = sdot_lane::<1>(fours[at], field(low, 0x0c), q);
            ones[at] = sdot_lane::<2>(ones[at], field(high, 0x03), q);
            fours[at] = sdot_lane::<3>(fours[at], field(high, 0x0c), q);
        }
    }
    *acc = [ones, fours];
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`PanelBase3`](crate::Packing::PanelBase3).
#[target_feature(enable = "neon,dotprod")]
pub(super) fn panel_base3(panel: &[u8], q: &[i8]) -> Sums {
    let mut acc = [vdupq_n_s32(0); REGISTERS];
    let tables = Tables::new();
    each_part(panel, q, |steps, q| add_base3(&mut acc, &tables, steps, q));
    let mut sums = Sums([0; 32]);
    store_sums(acc, &mut sums);
    sums
}

#[target_feature(enable = "neon,dotprod")]
fn add_base3(
    acc: &mut [int32x4_t; REGISTERS],
    tables: &Tables,
    steps: &[[u8; 128]],
    q: &[[i8; 20]],
) {
    let (mut sums, tables) = (*acc, *tables);
    for (step, q) in steps.iter().zip(q) {
        let Some((first, last)) = q.split_first_chunk() else { return };
        let first = load_signed(first);
        let last = last.first_chunk::<4>().map_or(0, |last| word(*last));
        let last = vreinterpretq_s8_s32(vdupq_n_s32(last));
        for (bytes, sum) in step.as_chunks().0.iter().zip(&mut sums) {
            let [d0, d1, d2, d3, d4] = tables.digits(load(bytes)).map(|digits| signed(digits));
            *sum = sdot_lane::<0>(*sum, d0, first);
            *sum = sdot_lane::<1>(*sum, d1, first);
            *sum = sdot_lane::<2>(*sum, d2, first);
            *sum = sdot_lane::<3>(*sum, d3, first);
            *sum = sdot_lane::<0>(*sum, d4, last);
        }
    }
    *acc = sums;
}

/// Four activations as they lie.
const fn word([a, b, c, d]: [i8; 4]) -> i32 {
    i32::from_le_bytes([a.cast_unsigned(), b.cast_unsigned(), c.cast_unsigned(), d.cast_unsigned()])
}

/// Adds to the sums of each token the products with some groups: tiles of 32 rows and two
/// tokens, whose 16 registers of sums stay where they are.
#[target_feature(enable = "neon,dotprod")]
pub(super) fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]) {
    let parts = Parts::of(groups, col, tokens);
    let mut rest = [Group([0; 128]); 4];
    let count = parts.rest.len();
    rest[..count].copy_from_slice(parts.rest);
    for (part, sums) in sums[..tokens.count].chunks_mut(2).enumerate() {
        let first = 2 * part;
        match sums {
            [a, b] => tile([a, b], first, tokens, &parts, &rest),
            [a] => tile([a], first, tokens, &parts, &rest),
            _ => {}
        }
    }
}

/// Of the tokens from `first` on.
#[target_feature(enable = "neon,dotprod")]
fn tile<const N: usize>(
    sums: [&mut Sums; N],
    first: usize,
    tokens: Tokens<'_>,
    parts: &Parts<'_>,
    rest: &Quad,
) {
    let [col, next] = parts.cols;
    let mut acc = [[vdupq_n_s32(0); REGISTERS]; N];
    let mut q: [&[[i8; 16]]; N] = [&[]; N];
    for (t, ((acc, q), sums)) in acc.iter_mut().zip(&mut q).zip(&sums).enumerate() {
        *q = panels::whole(tokens.get(first + t), col, parts.quads.len());
        *acc = load_sums(sums);
    }
    for (at, quad) in parts.quads.iter().enumerate() {
        add(&mut acc, quad, q.map(|q| load_signed(&q[at])));
    }
    if !parts.rest.is_empty() {
        let mut last = [[0; 16]; N];
        for (t, last) in last.iter_mut().enumerate() {
            *last = panels::last(tokens.get(first + t), next, parts.rest.len());
        }
        add(&mut acc, rest, last.map(|last| load_signed(&last)));
    }
    for (acc, sums) in acc.into_iter().zip(sums) {
        store_sums(acc, sums);
    }
}

/// Adds the products of 16 columns.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn add<const N: usize>(acc: &mut [[int32x4_t; REGISTERS]; N], quad: &Quad, q: [int8x16_t; N]) {
    let [a, b, c, d] = quad;
    add_group::<0, N>(acc, a, q);
    add_group::<1, N>(acc, b, q);
    add_group::<2, N>(acc, c, q);
    add_group::<3, N>(acc, d, q);
}

#[inline]
#[target_feature(enable = "neon,dotprod")]
fn add_group<const LANE: usize, const N: usize>(
    acc: &mut [[int32x4_t; REGISTERS]; N],
    group: &Group,
    q: [int8x16_t; N],
) {
    for at in 0..REGISTERS {
        let weights = weights(group, at);
        for (acc, q) in acc.iter_mut().zip(q) {
            acc[at] = sdot_lane::<LANE>(acc[at], weights, q);
        }
    }
}
