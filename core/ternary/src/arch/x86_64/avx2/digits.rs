//! Digits of two bits and of base three in registers of 32 bytes, and groups of them in memory.

use core::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_min_epu8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16, _mm256_sub_epi8,
};

use super::{field, load, store_bytes};
use crate::arch::panels::Group;
use crate::arch::x86_64::LOW;
use crate::packing::TABLE_HIGH;

/// A look-up of 32 bytes in registers: 0 to 15 and 16 to 31, each in both halves.
#[derive(Clone, Copy)]
pub(super) struct Table([__m256i; 2]);

impl Table {
    /// The second look-up.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn high() -> Self {
        Self::new(&TABLE_HIGH)
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn new(table: &[u8; 32]) -> Self {
        let mut halves = [[0; 32]; 2];
        for (table, half) in table.as_chunks::<16>().0.iter().zip(&mut halves) {
            half[..16].copy_from_slice(table);
            half[16..].copy_from_slice(table);
        }
        Self([load(&halves[0]), load(&halves[1])])
    }

    /// Of indices up to 31. A look-up of 16 gives 0 where bit 7 of the index is set: past 15 in the
    /// first, before 16 in the second.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn look(self, index: __m256i) -> __m256i {
        let Self([low, high]) = self;
        let low = _mm256_shuffle_epi8(low, _mm256_add_epi8(index, _mm256_set1_epi8(0x70)));
        let high = _mm256_shuffle_epi8(high, _mm256_sub_epi8(index, _mm256_set1_epi8(16)));
        _mm256_or_si256(low, high)
    }
}

/// 21·d0, 7·d1, d2, 4·d3, 16·d4.
///
/// Without a look-up of 64 bytes the low six bits, x = 21·d0 + 7·d1 + h, are taken apart by
/// remainders: x mod 21 is the least of x, x − 21 and x − 42 as unsigned bytes, for what is
/// negative is large. The differences, 21·d0 and 7·d1, are used as they are.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn decode(bytes: __m256i, table: Table) -> [__m256i; 5] {
    let (low, low_digits) = remainder(field(bytes, 63), 21);
    let (high, next_digits) = remainder(low, 7);
    let a = _mm256_or_si256(_mm256_slli_epi16::<2>(high), field(_mm256_srli_epi16::<6>(bytes), 3));
    let rest = table.look(a);
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

/// What takes all five digits apart: [`LOW`], [`TABLE_HIGH`], and the first digit by the low bits
/// of 21 times it.
#[derive(Clone, Copy)]
pub(super) struct Tables {
    low: Table,
    high: Table,
    first: __m256i,
}

impl Tables {
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn new() -> Self {
        let mut first = [0; 32];
        for half in first.as_chunks_mut::<16>().0 {
            (half[21 % 16], half[42 % 16]) = (1, 2);
        }
        Self { low: Table::new(&LOW), high: Table::high(), first: load(&first) }
    }

    /// The digits.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn digits(self, bytes: __m256i) -> [__m256i; 5] {
        let (y, by21) = remainder(field(bytes, 63), 21);
        let d0 = _mm256_shuffle_epi8(self.first, by21);
        let low = self.low.look(y);
        let rest = field(_mm256_srli_epi16::<6>(bytes), 3);
        let rest = self.high.look(_mm256_or_si256(field(low, 0x1c), rest));
        [d0, field(low, 3), field(rest, 3), digit::<2>(rest), digit::<4>(rest)]
    }
}

/// Bits `SHIFT` and the next of each byte.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn digit<const SHIFT: i32>(bytes: __m256i) -> __m256i {
    field(_mm256_srli_epi16::<SHIFT>(bytes), 3)
}

/// Unpacks steps of `Panel2Bit` and returns the number of groups.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn unpack_2bit(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<4>().0) {
        for (part, bytes) in step.as_chunks().0.iter().enumerate() {
            let bytes = load(bytes);
            let digits = [field(bytes, 3), digit::<2>(bytes), digit::<4>(bytes), digit::<6>(bytes)];
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.0.as_chunks_mut().0[part]);
            }
        }
    }
    4 * steps.len()
}

/// Unpacks steps of `PanelBase3` and returns the number of groups.
#[target_feature(enable = "avx2,f16c")]
pub(super) fn unpack_base3(steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    let tables = Tables::new();
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<5>().0) {
        for (part, bytes) in step.as_chunks().0.iter().enumerate() {
            let digits = tables.digits(load(bytes));
            for (digits, group) in digits.into_iter().zip(&mut *groups) {
                store_bytes(digits, &mut group.0.as_chunks_mut().0[part]);
            }
        }
    }
    5 * steps.len()
}
