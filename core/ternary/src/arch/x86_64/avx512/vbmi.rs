//! With VBMI: `vpermb` looks bytes up in 64.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_srai_epi32,
    _mm512_srli_epi16, _mm512_ternarylogic_epi32,
};

use super::engine::{Decode, engine};
use super::{field, load};
use crate::packing::{TABLE_HIGH, TABLE_LOW};

engine!("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni", Avx512, Tables, vbmi);

/// The look-ups of [`Code::Table`](crate::Code::Table) in registers, the second one once for each
/// digit: a look-up more takes the place of a look-up and a mask.
#[derive(Clone, Copy)]
struct Tables {
    low: __m512i,
    high: [__m512i; 3],
}

impl Tables {
    /// Of 64 bytes: d0 in bits 7:6 and d1 in bits 1:0 of the first, among other bits; and d2, d3
    /// and d4. `vpermb` ignores the high two bits of an index.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    fn decode(self, bytes: __m512i) -> (__m512i, [__m512i; 3]) {
        let first = _mm512_permutexvar_epi8(bytes, self.low);
        // Shifts of bytes do not exist; what a shift of 16 bits brings in from the neighbour is
        // above the two bits that are taken. 0xca: where the mask is set the second, else the
        // third.
        let shifted = _mm512_srli_epi16::<6>(bytes);
        let index = _mm512_ternarylogic_epi32::<0xca>(_mm512_set1_epi8(3), shifted, first);
        let [d2, d3, d4] = self.high;
        let look = |table| _mm512_permutexvar_epi8(index, table);
        (first, [look(d2), look(d3), look(d4)])
    }
}

impl Decode for Tables {
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn new() -> Self {
        let mut high = [[0; 64]; 3];
        for (digit, high) in high.iter_mut().enumerate() {
            for (to, from) in high.iter_mut().zip(TABLE_HIGH) {
                *to = (from >> (2 * digit)) & 3;
            }
        }
        let [d2, d3, d4] = &high;
        Self { low: load(&TABLE_LOW), high: [load(d2), load(d3), load(d4)] }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn scaled(self, bytes: __m512i) -> [__m512i; 5] {
        let (first, [d2, d3, d4]) = self.decode(bytes);
        [field(first, 0xc0), field(first, 0x03), d2, d3, d4]
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn total([by64, d1, d2, d3, d4]: [__m512i; 5]) -> __m512i {
        let low = _mm512_add_epi32(_mm512_srai_epi32::<6>(by64), d1);
        _mm512_add_epi32(_mm512_add_epi32(low, d2), _mm512_add_epi32(d3, d4))
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn digits(self, bytes: __m512i) -> [__m512i; 5] {
        let (first, [d2, d3, d4]) = self.decode(bytes);
        [field(_mm512_srli_epi16::<6>(first), 3), field(first, 3), d2, d3, d4]
    }
}
