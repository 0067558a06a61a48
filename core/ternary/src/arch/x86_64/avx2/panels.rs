//! Our own layouts in registers of 32 bytes, which have four bytes of each of eight rows, whatever
//! product of bytes the instruction set has: a [`Products`].

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each has the same reason: the caller has the instruction set"
)]

use core::arch::x86_64::{__m256i, _mm256_setzero_si256, _mm256_srli_epi16};

use super::digits::{Table, decode};
use super::{broadcast, field, load, load_lanes, store};
use crate::ahead::Ahead;
use crate::arch::panels::Sums;
use crate::arch::x86_64::{TWICE, prefetch_step};
use crate::packing::Packing;

/// Products of bytes, and how many of them its sums hold.
pub(in super::super) trait Products {
    /// Steps of [`Panel2Bit`](crate::Packing::Panel2Bit) with digits in place: four times as much
    /// as two of them are.
    const STEPS_2BIT: usize;
    /// Steps of [`PanelBase3`](crate::Packing::PanelBase3) with digits as [`decode`] has them.
    const STEPS_BASE3: usize;
    /// Groups.
    const GROUPS: usize;

    /// Adds to sums the products of digits and four activations in all lanes.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn gain(sums: __m256i, digits: __m256i, q: __m256i) -> __m256i;

    /// Adds such sums to lanes of 32 bits, times a factor.
    ///
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn widen(lanes: __m256i, sums: __m256i, factor: i16) -> __m256i;
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`Panel2Bit`](crate::Packing::Panel2Bit).
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(in super::super) unsafe fn panel_2bit<P: Products>(panel: &[u8], q: &[i8]) -> Sums {
    let mut sums = Sums([0; 32]);
    for (steps, q) in Parts::<16>::new(panel, q, P::STEPS_2BIT, &mut [[0; 16]]) {
        for (part, sums) in sums.0.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            // SAFETY: as our caller says.
            unsafe {
                let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
                for (step, q) in steps.iter().zip(q) {
                    let bytes = load(&step.as_chunks::<32>().0[part]);
                    let (high, (q, _)) = (_mm256_srli_epi16::<4>(bytes), q.as_chunks::<4>());
                    even = P::gain(even, field(bytes, 0x03), broadcast(q[0]));
                    odd = P::gain(odd, field(bytes, 0x0c), broadcast(q[1]));
                    even = P::gain(even, field(high, 0x03), broadcast(q[2]));
                    odd = P::gain(odd, field(high, 0x0c), broadcast(q[3]));
                }
                // Four times the sum: at most 4·2¹⁸·3·128 < 2³¹.
                let before = load_lanes(sums);
                store(P::widen(P::widen(before, even, 4), odd, 1), sums);
            }
        }
    }
    Sums(sums.0.map(|sum| sum >> 2))
}

/// The sums `Σ u·q` of the 32 rows of a panel of [`PanelBase3`](crate::Packing::PanelBase3): 21
/// times three digits of five, and 16 times the other two.
///
/// # Safety
/// The processor has the instruction set.
#[inline(always)]
pub(in super::super) unsafe fn panel_base3<P: Products>(panel: &[u8], q: &[i8]) -> Sums {
    let (mut by21, mut by16) = (Sums([0; 32]), Sums([0; 32]));
    // SAFETY: as our caller says.
    let table = unsafe { Table::high() };
    for (steps, q) in Parts::<20>::new(panel, q, P::STEPS_BASE3, &mut [[0; 20]]) {
        let sums = by21.0.as_chunks_mut::<8>().0.iter_mut().zip(by16.0.as_chunks_mut::<8>().0);
        for (part, (by21, by16)) in sums.enumerate() {
            // SAFETY: as our caller says.
            unsafe {
                let mut acc = [_mm256_setzero_si256(); 5];
                for (step, q) in steps.iter().zip(q) {
                    let digits = decode(load(&step.as_chunks::<32>().0[part]), table);
                    for ((acc, digit), q) in acc.iter_mut().zip(digits).zip(q.as_chunks::<4>().0) {
                        *acc = P::gain(*acc, digit, broadcast(*q));
                    }
                }
                let [d0, d1, d2, d3, d4] = acc;
                // Three digits of five times 21: at most 2¹⁸·2·128·21 < 2³¹ though all were so.
                let before = P::widen(P::widen(load_lanes(by21), d0, 1), d1, 3);
                store(P::widen(before, d2, 21), by21);
                let before = load_lanes(by16);
                store(P::widen(P::widen(before, d3, 4), d4, 1), by16);
            }
        }
    }
    for (sum, by16) in by21.0.iter_mut().zip(by16.0) {
        *sum = *sum / 21 + (by16 >> 4);
    }
    by21
}

/// The steps of a panel, up to so many at a time, and the `COLS` activations of each; those of the
/// last step are filled up with zeros.
struct Parts<'a, const COLS: usize> {
    steps: &'a [[u8; 128]],
    q: &'a [[i8; COLS]],
    last: &'a [[i8; COLS]; 1],
    most: usize,
    ahead: Ahead,
}

impl<'a, const COLS: usize> Parts<'a, COLS> {
    /// `last` are zeros.
    #[inline(always)]
    fn new(panel: &'a [u8], q: &'a [i8], most: usize, last: &'a mut [[i8; COLS]; 1]) -> Self {
        let (q, tail) = q.as_chunks::<COLS>();
        last[0][..tail.len()].copy_from_slice(tail);
        let packing = if COLS == 16 { Packing::Panel2Bit } else { Packing::PanelBase3 };
        let ahead = Ahead::said(packing).unwrap_or(TWICE);
        Self { steps: panel.as_chunks::<128>().0, q, last, most, ahead }
    }
}

impl<'a, const COLS: usize> Iterator for Parts<'a, COLS> {
    type Item = (&'a [[u8; 128]], &'a [[i8; COLS]]);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let most = self.most.min(self.q.len().max(1)).min(self.steps.len());
        let (steps, rest) = self.steps.split_at(most);
        let (q, rest_of_q) = self.q.split_at(most.min(self.q.len()));
        (self.steps, self.q) = (rest, rest_of_q);
        if q.is_empty() {
            return (!steps.is_empty()).then_some((steps, self.last));
        }
        for step in steps {
            prefetch_step(step, self.ahead);
        }
        Some((steps, q))
    }
}

/// What an instruction set with such products does with a panel.
macro_rules! engine {
    ($features:literal, $engine:ty) => {
        /// Adds to the sums of a few tokens the products of steps of two bits a weight.
        ///
        /// # Safety
        /// Of each of the tokens there are 16 activations for each step.
        #[target_feature(enable = $features)]
        unsafe fn few_2bit(steps: &[[u8; 128]], q: (*const i8, usize), sums: &mut [Sums]) {
            use $crate::arch::x86_64::avx2::few::{Bits, add};
            // SAFETY: as our caller says; we have the features.
            unsafe { add::<$engine, Bits>(steps, q, sums) };
        }

        /// The same of base three.
        ///
        /// # Safety
        /// Of each of the tokens there are 20 activations for each step.
        #[target_feature(enable = $features)]
        unsafe fn few_base3(steps: &[[u8; 128]], q: (*const i8, usize), sums: &mut [Sums]) {
            use $crate::arch::x86_64::avx2::few::{Threes, add};
            // SAFETY: as our caller says; we have the features.
            unsafe { add::<$engine, Threes>(steps, q, sums) };
        }

        impl $crate::arch::panels::PanelKernels for $engine {
            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn sum(q: &[i8]) -> i32 {
                $crate::arch::x86_64::avx2::sum(q)
            }

            /// # Safety
            /// As the trait says.
            #[target_feature(enable = $features)]
            unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
                use $crate::arch::x86_64::avx2::panels;
                match packing {
                    // SAFETY: we have the features.
                    Packing::Panel2Bit => unsafe { panels::panel_2bit::<Self>(panel, q) },
                    // SAFETY: as above.
                    _ => unsafe { panels::panel_base3::<Self>(panel, q) },
                }
            }

            /// # Safety
            /// As the trait says.
            #[target_feature(enable = $features)]
            unsafe fn few(
                packing: Packing,
                panel: &[u8],
                tokens: Tokens<'_>,
                sums: &mut [Sums],
            ) -> bool {
                use $crate::arch::x86_64::few::{FEW, few};
                let is_few = (2..=FEW).contains(&tokens.count);
                match packing {
                    Packing::Panel2Bit if is_few => {
                        few::<16>(panel, tokens, sums, |steps, q, sums| {
                            // SAFETY: as it says.
                            unsafe { few_2bit(steps, q, sums) };
                        })
                    }
                    Packing::PanelBase3 if is_few => {
                        few::<20>(panel, tokens, sums, |steps, q, sums| {
                            // SAFETY: as it says.
                            unsafe { few_base3(steps, q, sums) };
                        })
                    }
                    _ => {}
                }
                is_few
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
                $crate::arch::x86_64::avx2::unpack(packing, steps, groups)
            }

            /// # Safety
            /// As the trait says.
            #[target_feature(enable = $features)]
            unsafe fn multiply(
                groups: &[Group],
                col: usize,
                tokens: Tokens<'_>,
                sums: &mut [Sums],
                _: $crate::arch::panels::Ahead,
            ) {
                // SAFETY: we have the features.
                unsafe {
                    $crate::arch::x86_64::avx2::tiles::multiply::<Self>(groups, col, tokens, sums)
                };
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn prefetch_write(line: &[i32]) {
                $crate::arch::x86_64::prefetch_write(line);
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn prefetch(bytes: &[u8], ahead: usize) {
                $crate::arch::x86_64::prefetch(bytes, ahead);
            }

            /// # Safety
            /// As the trait says.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn write(
                sums: &[Sums],
                less: &[i32; $crate::arch::panels::BLOCK],
                out: &mut [i32],
                stride: usize,
            ) {
                $crate::arch::panels::write_rows(sums, less, 0..32, out, stride);
            }
        }
    };
}

pub(in super::super) use engine;
