//! AVX2 with the `vpdpbusd` of AVX-VNNI: four products of unsigned and signed bytes into a 32-bit
//! lane, so that nothing has to be widened. Processors of laptops have it without AVX-512.
//!
//! What has no such product is that of [`avx2`](super::avx2).

use core::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_setzero_si256, _mm256_slli_epi32,
    _mm256_srli_epi16,
};
use core::ops::Range;

use super::avx2::gemv::{add, decode, each_part, tables};
use super::avx2::{self, broadcast, field, load, load_sums, store};
use crate::arch::panels::{self, Ahead, BLOCK, Group, PanelKernels, Sums};
use crate::matrix::Matrix;
use crate::packing::Packing;
use crate::scalar::Tokens;

/// Steps whose sums stay in registers, before they are added to those in memory.
const STEPS: usize = 8;

/// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
#[target_feature(enable = "avx2,f16c,avxvnni")]
pub(crate) fn gemm(matrix: &Matrix<'_>, rows: Range<usize>, tokens: Tokens<'_>, out: &mut [i32]) {
    // SAFETY: we have the features.
    unsafe { panels::gemm::<AvxVnni>(matrix, rows, tokens, out) };
}

/// Registers of 32 bytes.
struct AvxVnni;

impl PanelKernels for AvxVnni {
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn sum(q: &[i8]) -> i32 {
        avx2::sum(q)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        match packing {
            Packing::Panel2Bit => panel_2bit(panel, q),
            _ => panel_base3(panel, q),
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        avx2::unpack(packing, steps, groups)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        _: Ahead,
    ) {
        multiply(groups, col, tokens, sums);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn prefetch_write(line: &[i32]) {
        super::prefetch_write(line);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn prefetch(bytes: &[u8], ahead: usize) {
        super::prefetch(bytes, ahead);
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c,avxvnni")]
    unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
        panels::write_rows(sums, less, 0..32, out, stride);
    }
}

/// Adds the products of digits and four activations.
#[inline]
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn gain(acc: __m256i, digits: __m256i, q: [i8; 4]) -> __m256i {
    _mm256_dpbusd_avx_epi32(acc, digits, broadcast(q))
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`Panel2Bit`](crate::Packing::Panel2Bit).
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn panel_2bit(panel: &[u8], q: &[i8]) -> Sums {
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
            let gained = _mm256_add_epi32(_mm256_slli_epi32::<2>(even), odd);
            add(sums, |acc| _mm256_add_epi32(acc, gained));
        }
    });
    Sums(sums.0.map(|sum| sum >> 2))
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`PanelBase3`](crate::Packing::PanelBase3), with
/// digits taken apart as with AVX2: 21 times three of them, and 16 times the other two.
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn panel_base3(panel: &[u8], q: &[i8]) -> Sums {
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
            // At most as with AVX2, 2¹⁸·2·128·21 < 2³¹.
            let three = _mm256_add_epi32(d1, _mm256_slli_epi32::<1>(d1));
            let five = _mm256_add_epi32(d2, _mm256_slli_epi32::<2>(d2));
            let twenty_one = _mm256_add_epi32(five, _mm256_slli_epi32::<4>(d2));
            let gained = _mm256_add_epi32(_mm256_add_epi32(d0, three), twenty_one);
            add(&mut by21.as_chunks_mut().0[part], |acc| _mm256_add_epi32(acc, gained));
            let gained = _mm256_add_epi32(_mm256_slli_epi32::<2>(d3), d4);
            add(&mut by16.as_chunks_mut().0[part], |acc| _mm256_add_epi32(acc, gained));
        }
    });
    for (sum, by16) in by21.iter_mut().zip(by16) {
        *sum = *sum / 21 + (by16 >> 4);
    }
    Sums(by21)
}

/// Adds to the sums of each token the products with some groups, tile by tile, or puts them there
/// where those begin at column 0.
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn multiply(groups: &[Group], col: usize, tokens: Tokens<'_>, sums: &mut [Sums]) {
    if col == 0 {
        sums.fill(Sums([0; 32]));
    }
    let mut first = 0;
    while first < tokens.count {
        let (sums, q) = (&mut sums[first..], &tokens.q[first * tokens.cols..]);
        let at = (col, tokens.cols);
        first += match tokens.count - first {
            3.. => tile::<3>(groups, at, q, sums),
            2 => tile::<2>(groups, at, q, sums),
            _ => tile::<1>(groups, at, q, sums),
        };
    }
}

/// The first `N` tokens in `q`, from column `col` on; returns `N`.
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn tile<const N: usize>(
    groups: &[Group],
    (col, cols): (usize, usize),
    q: &[i8],
    sums: &mut [Sums],
) -> usize {
    let mut tokens: [&[i8]; N] = [&[]; N];
    let mut acc = [[_mm256_setzero_si256(); 4]; N];
    for ((token, q), (acc, sums)) in
        tokens.iter_mut().zip(q.chunks_exact(cols)).zip(acc.iter_mut().zip(&*sums))
    {
        (*token, *acc) = (&q[col..], load_sums(sums));
    }
    let whole = groups.len().min((cols - col) / 4);
    for (i, group) in groups[..whole].iter().enumerate() {
        products(&mut acc, group, |t| tokens[t].as_chunks().0[i]);
    }
    if let Some(group) = groups.get(whole) {
        products(&mut acc, group, |t| {
            let mut last = [0; 4];
            let tail = tokens[t].as_chunks::<4>().1;
            last[..tail.len()].copy_from_slice(tail);
            last
        });
    }
    for (acc, sums) in acc.into_iter().zip(sums) {
        for (acc, sums) in acc.into_iter().zip(sums.0.as_chunks_mut().0) {
            store(acc, sums);
        }
    }
    N
}

/// Adds the products of four columns.
#[inline]
#[target_feature(enable = "avx2,f16c,avxvnni")]
fn products<const N: usize>(
    acc: &mut [[__m256i; 4]; N],
    group: &Group,
    activations: impl Fn(usize) -> [i8; 4],
) {
    let mut q = [_mm256_setzero_si256(); N];
    for (t, q) in q.iter_mut().enumerate() {
        *q = broadcast(activations(t));
    }
    for (part, weights) in group.0.as_chunks().0.iter().enumerate() {
        let weights = load(weights);
        for (acc, q) in acc.iter_mut().zip(q) {
            acc[part] = _mm256_dpbusd_avx_epi32(acc[part], weights, q);
        }
    }
}
