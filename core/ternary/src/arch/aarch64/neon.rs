//! NEON alone, which every 64-bit Arm processor has. Products of bytes are added up in lanes of 16
//! bits, as many as cannot overflow, and then widened.

/// The functions of [`float`](crate::float).
pub(crate) use super::float;

/// Attention.
pub(crate) use super::{attention, codes, codes::across};

/// Rows of a head.
pub(crate) mod rows {
    crate::arch::aarch64::rows::doors!("neon");
}

/// Rows as files have them.
mod files {
    crate::arch::aarch64::files::doors!("neon");
}

use core::arch::aarch64::{
    int8x16_t, int16x8_t, int32x4_t, uint8x16_t, vaddq_s32, vdupq_n_s8, vdupq_n_s16, vdupq_n_s32,
    vget_low_s8, vmull_high_s8, vmull_s8, vpadalq_s16, vpaddlq_s16, vpaddq_s32,
    vreinterpretq_s8_s32,
};
use core::arch::asm;
use core::ops::Range;

use super::panels::{self, REGISTERS, Tables, alike, load_sums, store_sums, two_bits, weights};
use super::{load, signed};
use crate::arch::panels::{Ahead, Group, PanelKernels, Sums, each_part, gemm as panel_gemm};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, in a packing that there are kernels for.
#[target_feature(enable = "neon")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
        // SAFETY: we have the features.
        unsafe { panel_gemm::<Neon>(matrix, rows, tokens, out) };
    } else {
        files::gemm(matrix, rows, tokens, out);
    }
}

/// Registers of 16 bytes.
struct Neon;

impl PanelKernels for Neon {
    alike!("neon");

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        let mut sums = Sums([0; 32]);
        if packing == Packing::Panel2Bit {
            each_part(panel, q, |steps, q: &[[i8; 16]]| {
                add_steps(&mut sums, steps, q, |x| two_bits(x));
            });
        } else {
            let tables = Tables::new();
            each_part(panel, q, |steps, q: &[[i8; 20]]| {
                add_steps(&mut sums, steps, q, |x| tables.digits(x));
            });
        }
        sums
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        panels::unpack(packing, steps, groups)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "neon")]
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
        for (part, groups) in groups.chunks(GROUPS).enumerate() {
            let col = tokens.cols.min(col + 4 * GROUPS * part);
            for (t, sums) in sums.iter_mut().enumerate().take(tokens.count) {
                add_groups(groups, &tokens.get(t)[col..], sums);
            }
        }
    }
}

/// Adds to the lanes four products each.
#[inline]
#[target_feature(enable = "neon")]
fn dot(acc: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // Two products of the least bytes leave 16 bits: each is widened by itself.
    let acc = vpadalq_s16(acc, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    vpadalq_s16(acc, vmull_high_s8(a, b))
}

/// 16-bit sums of 16 bytes: of the low eight and of the high eight.
type Halves = [int16x8_t; 2];

/// Products of a digit with an activation, of at most 3·128 each, that fit 15 bits.
const PRODUCTS: usize = 85;
/// Steps of five digits, and so of four.
const STEPS: usize = PRODUCTS / 5;
/// Groups.
const GROUPS: usize = PRODUCTS;

/// Adds 16 products. Of intrinsics the compiler makes an instruction more for each high half, whose
/// activations it knows to be those of the low one.
#[inline]
#[target_feature(enable = "neon")]
fn gain([low, high]: Halves, weights: int8x16_t, q: int8x16_t) -> Halves {
    let (mut low, mut high) = (low, high);
    // SAFETY: it changes the registers that it names; every such processor has the instructions.
    unsafe {
        asm!(
            "smlal {low:v}.8h, {weights:v}.8b, {q:v}.8b",
            "smlal2 {high:v}.8h, {weights:v}.16b, {q:v}.16b",
            low = inout(vreg) low, high = inout(vreg) high,
            weights = in(vreg) weights, q = in(vreg) q,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [low, high]
}

/// Adds to the sums of four rows.
#[inline]
#[target_feature(enable = "neon")]
fn widen(acc: int32x4_t, [low, high]: Halves) -> int32x4_t {
    vaddq_s32(acc, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)))
}

/// Four activations in all lanes.
#[inline]
#[target_feature(enable = "neon")]
fn broadcast([a, b, c, d]: [i8; 4]) -> int8x16_t {
    let [a, b, c, d] = [a, b, c, d].map(i8::cast_unsigned);
    vreinterpretq_s8_s32(vdupq_n_s32(i32::from_le_bytes([a, b, c, d])))
}

/// Adds the products of steps, whose bytes have `N` digits.
#[inline(always)]
fn add_steps<const N: usize, const COLS: usize>(
    sums: &mut Sums,
    steps: &[[u8; 128]],
    q: &[[i8; COLS]],
    digits: impl Fn(uint8x16_t) -> [uint8x16_t; N],
) {
    for (steps, q) in steps.chunks(STEPS).zip(q.chunks(STEPS)) {
        // SAFETY: callers have NEON.
        unsafe { add_some(sums, steps, q, &digits) };
    }
}

/// The same of up to [`STEPS`] steps, whose sums fit 16 bits.
#[inline]
#[target_feature(enable = "neon")]
fn add_some<const N: usize, const COLS: usize>(
    sums: &mut Sums,
    steps: &[[u8; 128]],
    q: &[[i8; COLS]],
    digits: &impl Fn(uint8x16_t) -> [uint8x16_t; N],
) {
    let mut acc = [[vdupq_n_s16(0); 2]; REGISTERS];
    for (step, q) in steps.iter().zip(q) {
        let mut activations = [vdupq_n_s8(0); N];
        for (activations, q) in activations.iter_mut().zip(q.as_chunks::<4>().0) {
            *activations = broadcast(*q);
        }
        for (acc, bytes) in acc.iter_mut().zip(step.as_chunks().0) {
            for (digits, q) in digits(load(bytes)).into_iter().zip(activations) {
                *acc = gain(*acc, signed(digits), q);
            }
        }
    }
    let mut lanes = load_sums(sums);
    for (lanes, acc) in lanes.iter_mut().zip(acc) {
        *lanes = widen(*lanes, acc);
    }
    store_sums(lanes, sums);
}

/// Adds the products of up to [`GROUPS`] groups and one token. Columns past the last are zeros.
#[target_feature(enable = "neon")]
fn add_groups(groups: &[Group], q: &[i8], sums: &mut Sums) {
    let mut acc = [[vdupq_n_s16(0); 2]; REGISTERS];
    let (whole, tail) = q.as_chunks::<4>();
    let mut last = [0; 4];
    last[..tail.len()].copy_from_slice(tail);
    for (group, q) in groups.iter().zip(whole) {
        add_group(&mut acc, group, *q);
    }
    if let Some(group) = groups.get(whole.len()) {
        add_group(&mut acc, group, last);
    }
    let mut lanes = load_sums(sums);
    for (lanes, acc) in lanes.iter_mut().zip(acc) {
        *lanes = widen(*lanes, acc);
    }
    store_sums(lanes, sums);
}

/// Adds the products of one group.
#[inline]
#[target_feature(enable = "neon")]
fn add_group(acc: &mut [Halves; REGISTERS], group: &Group, q: [i8; 4]) {
    let q = broadcast(q);
    for (at, acc) in acc.iter_mut().enumerate() {
        *acc = gain(*acc, weights(group, at), q);
    }
}
