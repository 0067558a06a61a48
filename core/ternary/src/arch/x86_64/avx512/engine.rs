//! What AVX-512 does with a panel, whatever takes base three apart: a [`Decode`].

use core::arch::x86_64::__m512i;

/// The five digits of each of 64 bytes of [`Code::Table`](crate::Code::Table).
pub(super) trait Decode: Copy {
    /// With what it needs in registers.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn new() -> Self;

    /// The digits, times factors that [`Self::total`] knows.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn scaled(self, bytes: __m512i) -> [__m512i; 5];

    /// The sum of the products with each of the five, whose factors are undone. They are exact.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn total(sums: [__m512i; 5]) -> __m512i;

    /// The digits.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn digits(self, bytes: __m512i) -> [__m512i; 5];
}

/// The door of an instruction set, `gemm`, and its
/// [`PanelKernels`](crate::arch::panels::PanelKernels).
macro_rules! engine {
    ($features:literal, $engine:ident, $decode:ty, $few:ident) => {
        use core::ops::Range;

        use $crate::arch::panels::{self, Ahead, BLOCK, Group, PanelKernels, Sums};
        use $crate::arch::x86_64::avx512::{few, gemm, gemv};
        use $crate::arch::x86_64::{self, avx512};
        use $crate::matrix::Matrix;
        use $crate::packing::Packing;
        use $crate::scalar::Tokens;

        /// `out[r · tokens + t]` for each row of `rows`, of a matrix in one of our own layouts.
        #[target_feature(enable = $features)]
        pub(crate) fn gemm(
            matrix: &Matrix<'_>,
            rows: Range<usize>,
            tokens: Tokens<'_>,
            out: &mut [i32],
        ) {
            // SAFETY: we have the features.
            unsafe { panels::gemm::<$engine>(matrix, rows, tokens, out) };
        }

        /// Registers of 64 bytes.
        pub(in crate::arch::x86_64) struct $engine;

        impl PanelKernels for $engine {
            const FETCHES: bool = true;

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn sum(q: &[i8]) -> i32 {
                avx512::sum(q)
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
                match packing {
                    Packing::Panel2Bit => gemv::panel_2bit(panel, q),
                    // SAFETY: we have the features.
                    _ => unsafe { gemv::panel_base3::<$decode>(panel, q) },
                }
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn few(
                packing: Packing,
                panel: &[u8],
                tokens: Tokens<'_>,
                sums: &mut [Sums],
            ) -> bool {
                use $crate::arch::x86_64::few::{FEW, few};
                const TWO_BITS: usize = few::bits::COLUMNS;
                const BASE3: usize = few::$few::COLUMNS;
                if !(2..=FEW).contains(&tokens.count) {
                    return false;
                }
                match packing {
                    Packing::Panel2Bit => {
                        few::<TWO_BITS>(panel, tokens, sums, |steps, q, sums| {
                            // SAFETY: as it says.
                            unsafe { few::bits::add(steps, q, sums) };
                        });
                    }
                    _ => {
                        few::<BASE3>(panel, tokens, sums, |steps, q, sums| {
                            // SAFETY: as it says.
                            unsafe { few::$few::add(steps, q, sums) };
                        });
                    }
                }
                true
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
                match packing {
                    Packing::Panel2Bit => gemm::unpack_2bit(steps, groups),
                    // SAFETY: we have the features.
                    _ => unsafe { gemm::unpack_base3::<$decode>(steps, groups) },
                }
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
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
            #[target_feature(enable = $features)]
            unsafe fn prefetch_write(line: &[i32]) {
                x86_64::prefetch_write(line);
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn prefetch(bytes: &[u8], ahead: usize) {
                x86_64::prefetch(bytes, ahead);
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
                gemm::write(sums, less, out, stride);
            }
        }
    };
}

pub(super) use engine;
