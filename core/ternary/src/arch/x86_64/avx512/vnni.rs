//! Without VBMI, as Cascade Lake and Cooper Lake are: `vpshufb` looks bytes up in 16, and again
//! where bit 4 of an index is set.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_mask_shuffle_epi8, _mm512_min_epu8, _mm512_mullo_epi32,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_shuffle_epi8, _mm512_srai_epi32, _mm512_srli_epi16,
    _mm512_sub_epi8, _mm512_ternarylogic_epi32, _mm512_test_epi8_mask,
};

use super::engine::{Decode, engine};
use super::{field, load};
use crate::arch::x86_64::LOW;
use crate::packing::TABLE_HIGH;

engine!("avx512f,avx512bw,avx512vl,avx512vnni", Avx512Vnni, Tables, vnni);

/// A look-up of 32 bytes in registers: 0 to 15 and 16 to 31, each in all four quarters.
#[derive(Clone, Copy)]
struct Table([__m512i; 2]);

impl Table {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn new(table: &[u8; 32]) -> Self {
        let all = quarters(table);
        Self([load(&all[0]), load(&all[1])])
    }

    /// Bits 7:5 of each index are 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn look(self, index: __m512i) -> __m512i {
        let is_high = _mm512_test_epi8_mask(index, _mm512_set1_epi8(16));
        let low = _mm512_shuffle_epi8(self.0[0], index);
        _mm512_mask_shuffle_epi8(low, is_high, self.0[1], index)
    }
}

/// Both halves of a look-up, each in all four quarters of a register.
pub(super) const fn quarters(table: &[u8; 32]) -> [[u8; 64]; 2] {
    let mut all = [[0; 64]; 2];
    let mut at = 0;
    while at < 128 {
        all[at / 64][at % 64] = table[at / 64 * 16 + at % 16];
        at += 1;
    }
    all
}

/// The two look-ups in registers.
#[derive(Clone, Copy)]
struct Tables {
    low: Table,
    high: Table,
}

impl Tables {
    /// Of 64 bytes: 21·d0; d1 in bits 1:0, among other bits; and d2, d3, d4 in bits 1:0, 3:2, 5:4.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn decode(self, bytes: __m512i) -> [__m512i; 3] {
        // x mod 21 is the least of x, x − 21 and x − 42 as unsigned bytes, for what is negative is
        // large.
        let x = field(bytes, 63);
        let less = |n| _mm512_sub_epi8(x, _mm512_set1_epi8(n));
        let y = _mm512_min_epu8(_mm512_min_epu8(x, less(21)), less(42));
        let first = self.low.look(y);
        // What a shift of 16 bits brings in from the neighbour is above the two bits that are
        // taken. 0xca: where the mask is set the second, else the third.
        let shifted = _mm512_srli_epi16::<6>(bytes);
        let index = _mm512_ternarylogic_epi32::<0xca>(_mm512_set1_epi8(3), shifted, first);
        [_mm512_sub_epi8(x, y), first, self.high.look(index)]
    }
}

impl Decode for Tables {
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn new() -> Self {
        Self { low: Table::new(&LOW), high: Table::new(&TABLE_HIGH) }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn scaled(self, bytes: __m512i) -> [__m512i; 5] {
        let [by21, first, rest] = self.decode(bytes);
        [by21, field(first, 0x03), field(rest, 0x03), field(rest, 0x0c), field(rest, 0x30)]
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn total([by21, d1, d2, by4, by16]: [__m512i; 5]) -> __m512i {
        // An exact quotient is the product with the inverse modulo 2³².
        const INVERSE: i32 = 0x3cf3_cf3d;
        const { assert!(21_i32.wrapping_mul(INVERSE) == 1) };
        let d0 = _mm512_mullo_epi32(by21, _mm512_set1_epi32(INVERSE));
        let low = _mm512_add_epi32(_mm512_add_epi32(d0, d1), d2);
        let high = _mm512_add_epi32(_mm512_srai_epi32::<2>(by4), _mm512_srai_epi32::<4>(by16));
        _mm512_add_epi32(low, high)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn digits(self, bytes: __m512i) -> [__m512i; 5] {
        let [by21, first, rest] = self.decode(bytes);
        // 21 and 42 have bits 4 and 5 by themselves.
        let d0 = field(_mm512_srli_epi16::<4>(by21), 3);
        let d3 = field(_mm512_srli_epi16::<2>(rest), 3);
        let d4 = field(_mm512_srli_epi16::<4>(rest), 3);
        [d0, field(first, 3), field(rest, 3), d3, d4]
    }
}
