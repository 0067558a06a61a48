//! Squares of 16 × 16 numbers of 32 bits, whose lines become columns: four squares of 8 × 8, two of
//! which change places.

use core::arch::x86_64::{
    __m256i, _mm256_loadu_si256, _mm256_permute2x128_si256, _mm256_setzero_si256,
    _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32,
    _mm256_unpacklo_epi64,
};

use crate::float::Square;

/// The lines of a square as its columns.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn turn(square: &mut Square) {
    let before = *square;
    for (down, lines) in before.as_chunks::<8>().0.iter().enumerate() {
        for along in 0..2 {
            let mut eight = [_mm256_setzero_si256(); 8];
            for (lanes, line) in eight.iter_mut().zip(lines) {
                *lanes = load(&line.as_chunks().0[along]);
            }
            let turned = &mut square.as_chunks_mut::<8>().0[along];
            for (line, lanes) in turned.iter_mut().zip(transpose(eight)) {
                store(lanes, &mut line.as_chunks_mut().0[down]);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn transpose(lines: [__m256i; 8]) -> [__m256i; 8] {
    // Of each four lines: register j has, in its two halves, their numbers in the columns j and
    // 4 + j.
    let mut fours = [[_mm256_setzero_si256(); 4]; 2];
    for (four, lines) in fours.iter_mut().zip(lines.as_chunks::<4>().0) {
        let [a, b, c, d] = *lines;
        let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
        let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
        *four = [
            _mm256_unpacklo_epi64(ab, cd),
            _mm256_unpackhi_epi64(ab, cd),
            _mm256_unpacklo_epi64(ab_high, cd_high),
            _mm256_unpackhi_epi64(ab_high, cd_high),
        ];
    }
    let mut turned = [_mm256_setzero_si256(); 8];
    for j in 0..4 {
        let (a, b) = (fours[0][j], fours[1][j]);
        turned[j] = _mm256_permute2x128_si256::<0x20>(a, b);
        turned[4 + j] = _mm256_permute2x128_si256::<0x31>(a, b);
    }
    turned
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(numbers: &[i32; 8]) -> __m256i {
    // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(numbers.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(lanes: __m256i, numbers: &mut [i32; 8]) {
    // SAFETY: the reference is to 32 bytes, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(numbers.as_mut_ptr().cast(), lanes) };
}
