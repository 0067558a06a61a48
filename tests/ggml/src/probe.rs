//! What the machine can do at best: reading memory, and multiplying bytes.

use std::arch::asm;
use std::arch::x86_64::{
    __m256i, __m512i, _MM_HINT_T0, _mm_prefetch, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_setzero_si256, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_or_si512,
    _mm512_set1_epi8, _mm512_setzero_si512,
};
use std::hint::black_box;

/// Bytes after those that are read that are asked for.
const AHEAD: usize = 1024;

/// Reads all of it, 512 bytes a turn, and does nothing with it. With `ahead` it asks for what comes
/// later, which some memory is read faster with.
///
/// # Safety
/// The processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub unsafe fn read_avx512(bytes: &[u8], ahead: bool) {
    let mut acc = [_mm512_setzero_si512(); 8];
    for chunk in bytes.as_chunks::<512>().0 {
        if ahead {
            ask_for(chunk);
        }
        for (acc, line) in acc.iter_mut().zip(chunk.as_chunks::<64>().0) {
            // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
            *acc = _mm512_or_si512(*acc, unsafe { _mm512_loadu_si512(line.as_ptr().cast()) });
        }
    }
    black_box::<[__m512i; 8]>(acc);
}

/// The same in registers of 32 bytes.
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub unsafe fn read_avx2(bytes: &[u8], ahead: bool) {
    let mut acc = [_mm256_setzero_si256(); 8];
    for chunk in bytes.as_chunks::<512>().0 {
        if ahead {
            ask_for(chunk);
        }
        for half in chunk.as_chunks::<256>().0 {
            for (acc, line) in acc.iter_mut().zip(half.as_chunks::<32>().0) {
                // SAFETY: the reference is to 32 bytes, and the load asks for no alignment.
                *acc = _mm256_or_si256(*acc, unsafe { _mm256_loadu_si256(line.as_ptr().cast()) });
            }
        }
    }
    black_box::<[__m256i; 8]>(acc);
}

#[inline(always)]
fn ask_for(chunk: &[u8; 512]) {
    for line in chunk.as_chunks::<64>().0 {
        let at = line.as_ptr().wrapping_add(AHEAD).cast();
        // SAFETY: it is a hint, which may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
    }
}

/// `vpdpbusd` on 24 sums that do not wait for each other; returns how many products of bytes.
///
/// # Safety
/// The processor has AVX-512 F and VNNI.
#[target_feature(enable = "avx512f,avx512vnni")]
pub unsafe fn multiply(turns: u64) -> u64 {
    let mut acc = [_mm512_setzero_si512(); 24];
    let (codes, mut q) = (_mm512_set1_epi8(1), _mm512_set1_epi8(3));
    for _ in 0..turns {
        // SAFETY: no instruction at all; the compiler only has to think that q changes, else the
        // loop would be one multiplication.
        unsafe { asm!("/* {0} */", inout(zmm_reg) q, options(nomem, nostack, preserves_flags)) };
        for acc in &mut acc {
            *acc = _mm512_dpbusd_epi32(*acc, codes, q);
        }
    }
    black_box::<[__m512i; 24]>(acc);
    turns * 24 * 64
}
