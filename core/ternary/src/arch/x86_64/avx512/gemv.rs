//! One token.
//!
//! Digits stay where they lie in their bytes and are masked, not shifted: a digit in bits `2g` up
//! counts 4^g times, which its own accumulator undoes by one shift at the end of the row. That no
//! lane overflows is shown at [`COLS_MAX`](crate::COLS_MAX).

#![expect(clippy::large_stack_arrays, reason = "arrays of registers")]
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_setzero_si512, _mm512_srai_epi32,
};

use super::engine::Decode;
use super::{broadcast, field, load, store};
use crate::ahead::Ahead;
use crate::arch::panels::Sums;
use crate::arch::x86_64::{ONCE, TWICE, prefetch_four_steps, prefetch_step};
use crate::packing::Packing;

/// The sums `Σ u·q` of the 32 rows of a panel of [`Panel2Bit`](crate::Packing::Panel2Bit).
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn panel_2bit(panel: &[u8], q: &[i8]) -> Sums {
    let (steps, _) = panel.as_chunks::<128>();
    let (whole, tail) = q.as_chunks::<16>();
    let mut acc = [[_mm512_setzero_si512(); 2]; 4];
    let ahead = Ahead::said(Packing::Panel2Bit).unwrap_or(TWICE);
    for (step, q) in steps.iter().zip(whole) {
        prefetch_step(step, ahead);
        step_2bit(&mut acc, step, q);
    }
    if let Some(step) = steps.get(whole.len()) {
        let mut last = [0; 16];
        last[..tail.len()].copy_from_slice(tail);
        step_2bit(&mut acc, step, &last);
    }
    let mut out = Sums([0; 32]);
    for (half, out) in out.0.as_chunks_mut().0.iter_mut().enumerate() {
        let [a, b, c, d] = [acc[0][half], acc[1][half], acc[2][half], acc[3][half]];
        let low = _mm512_add_epi32(a, _mm512_srai_epi32::<2>(b));
        let high = _mm512_add_epi32(_mm512_srai_epi32::<4>(c), _mm512_srai_epi32::<6>(d));
        store(_mm512_add_epi32(low, high), out);
    }
    out
}

/// 16 columns: per line, four masks and four `vpdpbusd`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn step_2bit(acc: &mut [[__m512i; 2]; 4], step: &[u8; 128], q: &[i8; 16]) {
    let (lines, _) = step.as_chunks::<64>();
    let (q, _) = q.as_chunks::<4>();
    for (g, (acc, q)) in acc.iter_mut().zip(q).enumerate() {
        let q = broadcast(*q);
        for (acc, line) in acc.iter_mut().zip(lines) {
            *acc = _mm512_dpbusd_epi32(*acc, field(load(line), 3 << (2 * g)), q);
        }
    }
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`PanelBase3`](crate::Packing::PanelBase3).
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(super) unsafe fn panel_base3<D: Decode>(panel: &[u8], q: &[i8]) -> Sums {
    let (steps, _) = panel.as_chunks::<128>();
    let (whole, tail) = q.as_chunks::<20>();
    let ahead = Ahead::said(Packing::PanelBase3).unwrap_or(ONCE);
    let mut out = Sums([0; 32]);
    // SAFETY: as our caller says.
    unsafe {
        let decode = D::new();
        let mut acc = [[_mm512_setzero_si512(); 5]; 2];
        for (at, (step, q)) in steps.iter().zip(whole).enumerate() {
            if at % 4 == 0 {
                prefetch_four_steps(step, ahead);
            }
            step_base3(&mut acc, decode, step, q);
        }
        if let Some(step) = steps.get(whole.len()) {
            let mut last = [0; 20];
            last[..tail.len()].copy_from_slice(tail);
            step_base3(&mut acc, decode, step, &last);
        }
        for (acc, out) in acc.into_iter().zip(out.0.as_chunks_mut().0) {
            store(D::total(acc), out);
        }
    }
    out
}

/// 20 columns: per line, what takes the digits apart, and five `vpdpbusd`.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
unsafe fn step_base3<D: Decode>(
    acc: &mut [[__m512i; 5]; 2],
    decode: D,
    step: &[u8; 128],
    q: &[i8; 20],
) {
    for (acc, line) in acc.iter_mut().zip(step.as_chunks::<64>().0) {
        // SAFETY: as our caller says.
        unsafe {
            let digits = decode.scaled(load(line));
            for ((acc, digit), q) in acc.iter_mut().zip(digits).zip(q.as_chunks::<4>().0) {
                *acc = _mm512_dpbusd_epi32(*acc, digit, broadcast(*q));
            }
        }
    }
}
