//! AVX-512 with VNNI (`vpdpbusd`: four products of unsigned and signed bytes into a 32-bit lane)
//! and VBMI (`vpermb`: a look-up of bytes in 64). A 64-byte line of our own layouts is one
//! register.

pub(crate) mod attention;
pub(crate) mod codes;
mod few;
mod gemm;
mod gemv;
pub(crate) mod rows;
pub(crate) mod rows_each;
mod tile;

pub(crate) use codes::across;

/// The functions of [`float`](crate::float).
pub(crate) mod float {
    crate::arch::x86_64::float::doors!("avx2,f16c,avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni");
}

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_and_si512, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_permutexvar_epi8, _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_srli_epi16, _mm512_storeu_si512, _mm512_ternarylogic_epi32,
};

use core::ops::Range;

use crate::arch::panels::{self, Ahead, BLOCK, Group, PanelKernels, Sums};
use crate::arch::x86_64::{prefetch, prefetch_write};
use crate::matrix::Matrix;
use crate::packing::{Packing, TABLE_HIGH, TABLE_LOW};
use crate::scalar::Tokens;

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    // SAFETY: we have the features.
    unsafe { panels::gemm::<Avx512>(matrix, rows, tokens, out) };
}

/// Registers of 64 bytes.
struct Avx512;

impl PanelKernels for Avx512 {
    const FETCHES: bool = true;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn sum(q: &[i8]) -> i32 {
        sum(q)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        match packing {
            Packing::Panel2Bit => gemv::panel_2bit(panel, q),
            _ => gemv::panel_base3(panel, q),
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn few(packing: Packing, panel: &[u8], tokens: Tokens<'_>, sums: &mut [Sums]) -> bool {
        let is_few = packing == Packing::PanelBase3 && (2..=few::FEW).contains(&tokens.count);
        if is_few {
            gemm::few(panel, tokens, &mut sums[..tokens.count]);
        }
        is_few
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        match packing {
            Packing::Panel2Bit => gemm::unpack_2bit(steps, groups),
            _ => gemm::unpack_base3(steps, groups),
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        ahead: Ahead,
    ) {
        gemm::multiply(groups, col, tokens, sums, ahead);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn prefetch_write(line: &[i32]) {
        prefetch_write(line);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn prefetch(bytes: &[u8], ahead: usize) {
        prefetch(bytes, ahead);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
        gemm::write(sums, less, out, stride);
    }
}

/// The sums of 32 rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn load_sums(sums: &Sums) -> [__m512i; 2] {
    let (halves, _) = sums.0.as_chunks::<16>();
    // SAFETY: the references are to 64 bytes, and the load asks for no alignment.
    let load = |half: usize| unsafe { _mm512_loadu_si512(halves[half].as_ptr().cast()) };
    [load(0), load(1)]
}

/// 64 bytes, wherever they lie.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the reference is to 64 bytes, and the load asks for no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// Four bytes in all lanes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn broadcast(bytes: [i8; 4]) -> __m512i {
    _mm512_set1_epi32(i32::from_le_bytes(bytes.map(i8::cast_unsigned)))
}

/// 16 lanes to memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn store(lanes: __m512i, out: &mut [i32; 16]) {
    // SAFETY: the reference is to 64 bytes, and the store asks for no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), lanes) }
}

/// 64 bytes to memory.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn store_bytes(bytes: __m512i, out: &mut [u8; 64]) {
    // SAFETY: the reference is to 64 bytes, and the store asks for no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), bytes) }
}

/// `Σ q`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
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

/// The look-ups of [`Code::Table`](crate::Code::Table) in registers, the second one once for each
/// digit: a look-up more takes the place of a look-up and a mask.
#[derive(Clone, Copy)]
struct Tables {
    low: __m512i,
    high: [__m512i; 3],
}

impl Tables {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
    fn new() -> Self {
        let mut high = [[0; 64]; 3];
        for (digit, high) in high.iter_mut().enumerate() {
            for (to, from) in high.iter_mut().zip(TABLE_HIGH) {
                *to = (from >> (2 * digit)) & 3;
            }
        }
        let [d2, d3, d4] = &high;
        Self { low: load(&TABLE_LOW), high: [load(d2), load(d3), load(d4)] }
    }

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

/// The bits of each byte that are set in `bits`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vnni")]
fn field(bytes: __m512i, bits: u8) -> __m512i {
    _mm512_and_si512(bytes, _mm512_set1_epi8(bits.cast_signed()))
}
