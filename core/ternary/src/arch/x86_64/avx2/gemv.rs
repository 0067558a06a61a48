//! One token and a panel of our own layouts; a register has four bytes of each of eight rows.

use core::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_loadu_si256, _mm256_maddubs_epi16,
    _mm256_min_epu8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi16, _mm256_srli_epi16, _mm256_storeu_si256, _mm256_sub_epi8,
};

use super::{broadcast, field, load, widen};
use crate::ahead::Ahead;
use crate::arch::panels::Sums;
use crate::arch::x86_64::{TWICE, prefetch_step};
use crate::packing::{Packing, TABLE_HIGH};

/// The sums `Σ u·q` of the 32 rows of a panel of [`Panel2Bit`](crate::Packing::Panel2Bit).
#[target_feature(enable = "avx2,f16c")]
pub(super) fn panel_2bit(panel: &[u8], q: &[i8]) -> Sums {
    // A lane of the even digits gains at most 2·2·3·128 = 1536 a step, one of the odd ones, which
    // stay scaled by 4, four times as much: 5 steps fit 15 bits.
    const STEPS: usize = 5;
    let mut sums = Sums([0; 32]);
    each_part::<16, STEPS>(panel, q, |steps, q| {
        for (part, sums) in sums.0.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (step, q) in steps.iter().zip(q) {
                let bytes = load(&step.as_chunks::<32>().0[part]);
                let (high, (q, _)) = (_mm256_srli_epi16::<4>(bytes), q.as_chunks::<4>());
                even = gain(even, field(bytes, 0x03), q[0]);
                odd = gain(odd, field(bytes, 0x0c), q[1]);
                even = gain(even, field(high, 0x03), q[2]);
                odd = gain(odd, field(high, 0x0c), q[3]);
            }
            // Four times the sum: at most 4·2¹⁸·3·128 < 2³¹.
            add(sums, |acc| widen(widen(acc, even, 4), odd, 1));
        }
    });
    Sums(sums.0.map(|sum| sum >> 2))
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`PanelBase3`](crate::Packing::PanelBase3).
///
/// Without a look-up of 64 bytes the low six bits, x = 21·d0 + 7·d1 + h, are taken apart by
/// remainders: x mod 21 is the least of x, x − 21 and x − 42 as unsigned bytes, for what is
/// negative is large. The differences, 21·d0 and 7·d1, are used as they are.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn panel_base3(panel: &[u8], q: &[i8]) -> Sums {
    // The largest gain in a step is 2·42·128 = 10,752, of the first digit: 3 steps.
    const STEPS: usize = 3;
    let (mut by21, mut by16) = ([0; 32], [0; 32]);
    let tables = tables();
    each_part::<20, STEPS>(panel, q, |steps, q| {
        for part in 0..4 {
            let mut acc = [_mm256_setzero_si256(); 5];
            for (step, q) in steps.iter().zip(q) {
                let bytes = load(&step.as_chunks::<32>().0[part]);
                let digits = decode(bytes, tables);
                for ((acc, digit), q) in acc.iter_mut().zip(digits).zip(q.as_chunks::<4>().0) {
                    *acc = gain(*acc, digit, *q);
                }
            }
            let [d0, d1, d2, d3, d4] = acc;
            // Three digits of five times 21: at most 2¹⁸·2·128·21 < 2³¹ though all five were so.
            add(&mut by21.as_chunks_mut().0[part], |acc| {
                widen(widen(widen(acc, d0, 1), d1, 3), d2, 21)
            });
            add(&mut by16.as_chunks_mut().0[part], |acc| widen(widen(acc, d3, 4), d4, 1));
        }
    });
    for (sum, by16) in by21.iter_mut().zip(by16) {
        *sum = *sum / 21 + (by16 >> 4);
    }
    Sums(by21)
}

/// The two halves of the second look-up, each in both halves of a register.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(in super::super) fn tables() -> [__m256i; 2] {
    let mut halves = [[0; 32]; 2];
    for (table, half) in TABLE_HIGH.as_chunks::<16>().0.iter().zip(&mut halves) {
        half[..16].copy_from_slice(table);
        half[16..].copy_from_slice(table);
    }
    [load(&halves[0]), load(&halves[1])]
}

/// 21·d0, 7·d1, d2, 4·d3, 16·d4.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(in super::super) fn decode(bytes: __m256i, tables: [__m256i; 2]) -> [__m256i; 5] {
    let (low, low_digits) = remainder(field(bytes, 63), 21);
    let (high, next_digits) = remainder(low, 7);
    let a = _mm256_or_si256(_mm256_slli_epi16::<2>(high), field(_mm256_srli_epi16::<6>(bytes), 3));
    // A look-up of 16 gives 0 where bit 7 of the index is set: past 15 in the first, before 16 in
    // the second.
    let first = _mm256_shuffle_epi8(tables[0], _mm256_add_epi8(a, _mm256_set1_epi8(0x70)));
    let second = _mm256_shuffle_epi8(tables[1], _mm256_sub_epi8(a, _mm256_set1_epi8(16)));
    let rest = _mm256_or_si256(first, second);
    [low_digits, next_digits, field(rest, 0x03), field(rest, 0x0c), field(rest, 0x30)]
}

/// `x mod n` and `x − x mod n`, for `x < 3·n`.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn remainder(x: __m256i, n: i8) -> (__m256i, __m256i) {
    let once = _mm256_min_epu8(x, _mm256_sub_epi8(x, _mm256_set1_epi8(n)));
    let twice = _mm256_min_epu8(once, _mm256_sub_epi8(x, _mm256_set1_epi8(2 * n)));
    (twice, _mm256_sub_epi8(x, twice))
}

/// All five digits.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn digits(bytes: __m256i, tables: [__m256i; 2]) -> [__m256i; 5] {
    let [by21, by7, d2, by4, by16] = decode(bytes, tables);
    // 21 and 42 have bits 4 and 5 by themselves; 7 and 14 bits 0 and 3. What a shift of 16 bits
    // brings in from the neighbour is above the bits that are taken.
    let d0 = field(_mm256_srli_epi16::<4>(by21), 3);
    let d1 = _mm256_or_si256(field(by7, 1), field(_mm256_srli_epi16::<2>(by7), 2));
    let [d3, d4] = [_mm256_srli_epi16::<2>(by4), _mm256_srli_epi16::<4>(by16)];
    [d0, d1, d2, d3, d4]
}

/// Adds the products of digits and four activations to 16-bit sums.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn gain(acc: __m256i, digits: __m256i, q: [i8; 4]) -> __m256i {
    _mm256_add_epi16(acc, _mm256_maddubs_epi16(digits, broadcast(q)))
}

/// Changes eight sums in memory.
#[inline(always)]
pub(in super::super) fn add(sums: &mut [i32; 8], change: impl FnOnce(__m256i) -> __m256i) {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment. Callers have AVX2.
    let acc = change(unsafe { _mm256_loadu_si256(sums.as_ptr().cast()) });
    // SAFETY: as above, of the store.
    unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), acc) };
}

/// Calls `f` with up to `N` steps of a panel at a time and the `COLS` activations of each; those of
/// the last step are filled up with zeros.
#[inline(always)]
pub(in super::super) fn each_part<const COLS: usize, const N: usize>(
    panel: &[u8],
    q: &[i8],
    mut f: impl FnMut(&[[u8; 128]], &[[i8; COLS]]),
) {
    let (steps, _) = panel.as_chunks::<128>();
    let (whole, tail) = q.as_chunks::<COLS>();
    let packing = if COLS == 16 { Packing::Panel2Bit } else { Packing::PanelBase3 };
    let ahead = Ahead::said(packing).unwrap_or(TWICE);
    for (steps, q) in steps.chunks(N).zip(whole.chunks(N)) {
        for step in steps {
            prefetch_step(step, ahead);
        }
        f(steps, q);
    }
    if let Some(step) = steps.get(whole.len()..whole.len() + 1) {
        let mut last = [0; COLS];
        last[..tail.len()].copy_from_slice(tail);
        f(step, &[last]);
    }
}
