//! Two to eight tokens: digits go from their bytes to the products in registers. Eight rows at a
//! time, eight sums and up to five registers of digits are 13 registers of 16.
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use core::arch::x86_64::{__m256i, _mm256_setzero_si256, _mm256_srli_epi16};

use super::digits::Tables;
use super::panels::Products;
use super::{broadcast, field, load, load_lanes, store};
use crate::arch::panels::Sums;
use crate::arch::x86_64::{TWICE, prefetch_step};

/// Steps that are gone through for each eight rows before the next eight: near to the processor,
/// as are their activations.
const STEPS: usize = 32;

/// What the digits of a byte are.
pub(in super::super) trait Code: Copy {
    /// How many.
    const DIGITS: usize;

    /// # Safety
    /// The processor has AVX2.
    unsafe fn new() -> Self;

    /// # Safety
    /// The processor has AVX2.
    unsafe fn digits(self, bytes: __m256i) -> [__m256i; 5];
}

/// [`Panel2Bit`](crate::Packing::Panel2Bit).
#[derive(Clone, Copy)]
pub(in super::super) struct Bits;

impl Code for Bits {
    const DIGITS: usize = 4;

    /// # Safety
    /// As the trait says.
    #[inline(always)]
    unsafe fn new() -> Self {
        Self
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn digits(self, bytes: __m256i) -> [__m256i; 5] {
        let (second, third) = (_mm256_srli_epi16::<2>(bytes), _mm256_srli_epi16::<4>(bytes));
        let fourth = field(_mm256_srli_epi16::<6>(bytes), 3);
        [field(bytes, 3), field(second, 3), field(third, 3), fourth, _mm256_setzero_si256()]
    }
}

/// [`PanelBase3`](crate::Packing::PanelBase3).
#[derive(Clone, Copy)]
pub(in super::super) struct Threes(Tables);

impl Code for Threes {
    const DIGITS: usize = 5;

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn new() -> Self {
        Self(Tables::new())
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn digits(self, bytes: __m256i) -> [__m256i; 5] {
        self.0.digits(bytes)
    }
}

/// Adds to the sums of two to eight tokens the products of steps and the tokens, of which `q` has
/// the beginning and how far they are apart.
///
/// # Safety
/// The processor has the instruction set. Of each of the tokens there are four activations for each
/// digit of each step.
#[inline(always)]
pub(in super::super) unsafe fn add<P: Products, C: Code>(
    steps: &[[u8; 128]],
    q: (*const i8, usize),
    sums: &mut [Sums],
) {
    macro_rules! choose {
        ($($tokens:literal)+) => {
            match sums.len() {
                $($tokens => {
                    if let Some(sums) = sums.first_chunk_mut::<$tokens>() {
                        // SAFETY: as our caller says.
                        unsafe { some::<P, C, $tokens>(steps, q, sums) };
                    }
                })+
                _ => debug_assert!(sums.is_empty(), "more or fewer tokens than there is code for"),
            }
        };
    }
    choose!(2 3 4 5 6 7 8);
}

/// The same of `N` tokens.
///
/// # Safety
/// The processor has the instruction set. Of each of the tokens there are four activations for each
/// digit of each step.
#[inline(always)]
unsafe fn some<P: Products, C: Code, const N: usize>(
    steps: &[[u8; 128]],
    (q, stride): (*const i8, usize),
    sums: &mut [Sums; N],
) {
    // SAFETY: as our caller says. Activations are those of a step and digit that there is.
    unsafe {
        let code = C::new();
        let most = STEPS.min(P::GROUPS / C::DIGITS);
        for (at, steps) in steps.chunks(most).enumerate() {
            let q = q.add(at * most * 4 * C::DIGITS);
            for part in 0..4 {
                // Two sums each of up to six tokens: a product would wait for the one before.
                let mut acc = [[_mm256_setzero_si256(); N]; 2];
                let sets = if N <= 6 { 2 } else { 1 };
                let mut q = q;
                for step in steps {
                    if part == 0 {
                        prefetch_step(step, TWICE);
                    }
                    let digits = code.digits(load(&step.as_chunks::<32>().0[part]));
                    for (at, digit) in digits.into_iter().take(C::DIGITS).enumerate() {
                        for (t, acc) in acc[at % sets].iter_mut().enumerate() {
                            let four = q.add(t * stride + 4 * at).cast::<[i8; 4]>();
                            *acc = P::gain(*acc, digit, broadcast(*four));
                        }
                    }
                    q = q.add(4 * C::DIGITS);
                }
                for acc in acc.into_iter().take(sets) {
                    for (acc, sums) in acc.into_iter().zip(&mut *sums) {
                        let sums = &mut sums.0.as_chunks_mut().0[part];
                        store(P::widen(load_lanes(sums), acc, 1), sums);
                    }
                }
            }
        }
    }
}
