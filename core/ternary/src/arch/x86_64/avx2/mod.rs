//! AVX2. Its product of bytes, `vpmaddubsw`, adds two neighbours into 16 bits, so sums are kept
//! in 16 bits for a few steps, as many as cannot overflow, and then widened.

pub(crate) mod attention;
pub(crate) mod codes;
mod digits;
pub(super) mod few;
mod files;
pub(super) mod panels;
pub(crate) mod rows;
pub(super) mod tiles;
mod turn;

pub(crate) use codes::across;

/// The functions of [`float`](crate::float).
pub(crate) mod float {
    use super::turn::turn;

    crate::arch::x86_64::float::doors!("avx2,f16c");

    #[target_feature(enable = "avx2,f16c")]
    pub(crate) fn quantize_normed(norm: crate::normed::Norm<'_>, q: &mut [i8]) -> f32 {
        crate::normed::quantize_normed(norm, q)
    }
}

use core::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_shuffle_epi32, _mm256_add_epi16,
    _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_si128, _mm256_extracti128_si256,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256,
};

use core::ops::Range;

use self::panels::{Products, engine};
use crate::arch::panels::{Group, Sums, gemm as panel_gemm};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Whether there are kernels for a packing.
pub(crate) const fn has(packing: Packing) -> bool {
    use Packing::{I2S, Panel2Bit, PanelBase3, Tq1_0, Tq2_0};
    matches!(packing, Panel2Bit | PanelBase3 | I2S | Tq2_0 | Tq1_0)
}

/// `out[r · tokens + t]` for each row of `rows`, in a packing that there are kernels for.
#[target_feature(enable = "avx2,f16c")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    if matches!(matrix.packing(), Packing::Panel2Bit | Packing::PanelBase3) {
        // SAFETY: we have the features.
        unsafe { panel_gemm::<Avx2>(matrix, rows, tokens, out) };
    } else {
        files::gemm(matrix, rows, tokens, out);
    }
}

/// Registers of 32 bytes.
struct Avx2;

/// Products of digits are added up in lanes of 16 bits.
impl Products for Avx2 {
    // A lane of the even digits gains at most 2·2·3·128 = 1536 a step, one of the odd ones four
    // times as much: 5 steps fit 15 bits.
    const STEPS_2BIT: usize = 5;
    // The largest gain in a step is 2·42·128 = 10,752, of the first digit.
    const STEPS_BASE3: usize = 3;
    // Each adds at most 2·3·128 = 768.
    const GROUPS: usize = 42;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn gain(sums: __m256i, digits: __m256i, q: __m256i) -> __m256i {
        _mm256_add_epi16(sums, _mm256_maddubs_epi16(digits, q))
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn widen(lanes: __m256i, sums: __m256i, factor: i16) -> __m256i {
        widen(lanes, sums, factor)
    }
}

engine!("avx2,f16c", Avx2);

/// Unpacks steps and returns how many groups they are.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
    match packing {
        Packing::Panel2Bit => digits::unpack_2bit(steps, groups),
        _ => digits::unpack_base3(steps, groups),
    }
}

/// 32 bytes, wherever they lie.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// 32 bytes of activations.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn load_signed(bytes: &[i8; 32]) -> __m256i {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

/// 32 bytes to memory.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn store_bytes(bytes: __m256i, out: &mut [u8; 32]) {
    // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), bytes) }
}

/// 8 lanes, wherever they lie.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn load_lanes(lanes: &[i32; 8]) -> __m256i {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) }
}

/// 8 lanes to memory.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn store(lanes: __m256i, out: &mut [i32; 8]) {
    // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), lanes) }
}

/// Four bytes in all lanes.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn broadcast(bytes: [i8; 4]) -> __m256i {
    _mm256_set1_epi32(i32::from_le_bytes(bytes.map(i8::cast_unsigned)))
}

/// The bits of each byte that are set in `bits`.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn field(bytes: __m256i, bits: u8) -> __m256i {
    _mm256_and_si256(bytes, _mm256_set1_epi8(bits.cast_signed()))
}

/// Adds to 32-bit sums the two neighbours in each lane of 16-bit sums, times a factor.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn widen(acc: __m256i, sums: __m256i, factor: i16) -> __m256i {
    _mm256_add_epi32(acc, _mm256_madd_epi16(sums, _mm256_set1_epi16(factor)))
}

/// The sum of all lanes.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn reduce(lanes: __m256i) -> i32 {
    let four = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b0100_1110>(four));
    _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b1011_0001>(two)))
}

/// `Σ q`.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn sum(q: &[i8]) -> i32 {
    let (chunks, tail) = q.as_chunks::<32>();
    let mut acc = _mm256_setzero_si256();
    for chunk in chunks {
        acc = widen(acc, _mm256_maddubs_epi16(_mm256_set1_epi8(1), load_signed(chunk)), 1);
    }
    reduce(acc) + tail.iter().map(|q| i32::from(*q)).sum::<i32>()
}
