//! AVX2 with the `vpdpbusd` of AVX-VNNI: four products of unsigned and signed bytes into a 32-bit
//! lane, so that nothing has to be widened. Processors of laptops have it without AVX-512.
//!
//! All else is that of [`avx2`](super::avx2).

use core::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_mullo_epi32, _mm256_set1_epi32,
};
use core::ops::Range;

use super::avx2::panels::{Products, engine};
use crate::arch::panels::{Group, Sums, gemm as panel_gemm};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
#[target_feature(enable = "avx2,f16c,avxvnni")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    // SAFETY: we have the features.
    unsafe { panel_gemm::<AvxVnni>(matrix, rows, tokens, out) };
}

/// Registers of 32 bytes.
struct AvxVnni;

/// Lanes of 32 bits hold all products of a row, as [`COLS_MAX`](crate::COLS_MAX) shows.
impl Products for AvxVnni {
    const STEPS_2BIT: usize = 8;
    const STEPS_BASE3: usize = 8;
    const GROUPS: usize = usize::MAX / 4;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn gain(sums: __m256i, digits: __m256i, q: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(sums, digits, q)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn widen(lanes: __m256i, sums: __m256i, factor: i16) -> __m256i {
        let factor = _mm256_set1_epi32(i32::from(factor));
        _mm256_add_epi32(lanes, _mm256_mullo_epi32(sums, factor))
    }
}

engine!("avx2,f16c,avxvnni", AvxVnni);
