//! AVX-512 with VNNI (`vpdpbusd`: four products of unsigned and signed bytes into a 32-bit lane). A
//! 64-byte line of our own layouts is one register. What takes base three apart differs with
//! VBMI ([`vbmi`]) and without ([`vnni`]); nothing else asks for more than all have.

pub(crate) mod attention;
pub(crate) mod codes;
mod engine;
mod few;
mod gemm;
mod gemv;
mod normed;
pub(crate) mod rows;
pub(crate) mod rows_each;
mod tile;
pub(crate) mod vbmi;
pub(crate) mod vnni;

pub(crate) use codes::across;

/// The functions of [`float`](crate::float).
pub(crate) mod float {
    use super::gemm::turn;
    pub(crate) use super::normed::quantize_normed;

    crate::arch::x86_64::float::doors!("avx2,f16c,avx512f,avx512bw,avx512vl,avx512vnni");
}

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_and_si512, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_storeu_si512,
};

use crate::arch::panels::Sums;

/// The sums of 32 rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn load_sums(sums: &Sums) -> [__m512i; 2] {
    let (halves, _) = sums.0.as_chunks::<16>();
    // SAFETY: the references are to 64 bytes, and the load asks for no alignment.
    let load = |half: usize| unsafe { _mm512_loadu_si512(halves[half].as_ptr().cast()) };
    [load(0), load(1)]
}

/// 64 bytes, wherever they lie.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// Four bytes in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn broadcast(bytes: [i8; 4]) -> __m512i {
    _mm512_set1_epi32(i32::from_le_bytes(bytes.map(i8::cast_unsigned)))
}

/// 16 lanes to memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn store(lanes: __m512i, out: &mut [i32; 16]) {
    // SAFETY: the reference is to 64 bytes, and the store asks for no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), lanes) }
}

/// 64 bytes to memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn store_bytes(bytes: __m512i, out: &mut [u8; 64]) {
    // SAFETY: the reference is to 64 bytes, and the store asks for no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), bytes) }
}

/// `Σ q`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn sum(q: &[i8]) -> i32 {
    let (lines, tail) = q.as_chunks::<64>();
    // Four sums, which do not wait for each other.
    let mut acc = [_mm512_setzero_si512(); 4];
    for lines in lines.chunks(4) {
        for (acc, line) in acc.iter_mut().zip(lines) {
            // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
            let line = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
            *acc = _mm512_dpbusd_epi32(*acc, _mm512_set1_epi8(1), line);
        }
    }
    let [a, b, c, d] = acc;
    let acc = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
    _mm512_reduce_add_epi32(acc) + tail.iter().map(|q| i32::from(*q)).sum::<i32>()
}

/// The bits of each byte that are set in `bits`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn field(bytes: __m512i, bits: u8) -> __m512i {
    _mm512_and_si512(bytes, _mm512_set1_epi8(bits.cast_signed()))
}
