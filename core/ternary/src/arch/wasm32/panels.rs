//! Our own layouts: a register has four bytes of each of four rows. Its halfwords have two columns
//! each, the even ones in their low bytes and the odd ones in their high bytes, so that products of
//! halfwords, added in pairs, are sums of a row without any byte being widened.

use core::arch::wasm32::{
    i8x16_shuffle, i8x16_splat, i8x16_sub, i16x8, i16x8_extend_high_i8x16, i16x8_extend_low_i8x16,
    i16x8_mul, i32x4_add, i32x4_dot_i16x8, i32x4_shr, i32x4_shuffle, i32x4_splat, u8x16_swizzle,
    u16x8_shr, u16x8_splat, v128, v128_and, v128_load32_splat, v128_or,
};

use super::{load, store, sum};
use crate::arch::panels::{Ahead, BLOCK, Group, PanelKernels, Sums, each_part, write_rows};
use crate::packing::{Packing, TABLE_HIGH, TABLE_LOW};
use crate::scalar::Tokens;

/// Registers of a step, and of a group.
const REGISTERS: usize = 8;

/// Where a digit is: in which of the registers that come of a byte, and how many twos are below it.
type Field = (usize, u32);

/// Those of [`Packing::Panel2Bit`], whose byte is as it is.
const TWO_BITS: [Field; 4] = [(0, 0), (0, 1), (0, 2), (0, 3)];
/// Those of [`Packing::PanelBase3`], of which two are what the first look-up finds.
const BASE_3: [Field; 5] = [(0, 3), (0, 0), (1, 0), (1, 1), (1, 2)];

/// Digits stay where they are in a byte; what they are multiplied by makes all of them this large.
const SCALE_BITS: u32 = 6;

/// Steps until sums are brought down from that scale: a step adds at most 5·4 products of 3 and 128
/// to a sum.
const STEPS: usize = 4096;
const _: () = assert!((STEPS * 5 * 4 * 3 * 128) << SCALE_BITS < 1 << 31, "sums have 32 bits");

/// Groups whose activations are widened at a time.
const GROUPS: usize = 64;

/// Registers of 16 bytes.
pub(super) struct Simd128;

impl PanelKernels for Simd128 {
    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn sum(q: &[i8]) -> i32 {
        sum(q)
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn one(packing: Packing, panel: &[u8], q: &[i8]) -> Sums {
        let mut sums = Sums([0; 32]);
        if packing == Packing::Panel2Bit {
            each_part(panel, q, |steps, q: &[[i8; 16]]| {
                add_steps(&mut sums, steps, q, TWO_BITS, |x| [x]);
            });
        } else {
            let tables = Tables::new();
            each_part(panel, q, |steps, q: &[[i8; 20]]| {
                add_steps(&mut sums, steps, q, BASE_3, |x| tables.look(x));
            });
        }
        sums
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn unpack(packing: Packing, steps: &[[u8; 128]], groups: &mut [Group]) -> usize {
        if packing == Packing::Panel2Bit {
            digits(steps, groups, TWO_BITS, |x| [x])
        } else {
            let tables = Tables::new();
            digits(steps, groups, BASE_3, |x| tables.look(x))
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn multiply(
        groups: &[Group],
        col: usize,
        tokens: Tokens<'_>,
        sums: &mut [Sums],
        _: Ahead,
    ) {
        if col == 0 {
            sums.fill(Sums([0; 32]));
        }
        for (part, groups) in groups.chunks(GROUPS).enumerate() {
            let col = tokens.cols.min(col + 4 * GROUPS * part);
            let (fours, rest) = sums.as_chunks_mut::<4>();
            let first = 4 * fours.len();
            for (four, sums) in fours.iter_mut().enumerate() {
                add_groups(groups, tokens, (4 * four, col), sums);
            }
            let (twos, rest) = rest.as_chunks_mut::<2>();
            let last = first + 2 * twos.len();
            for (two, sums) in twos.iter_mut().enumerate() {
                add_groups(groups, tokens, (first + 2 * two, col), sums);
            }
            for (one, sums) in rest.iter_mut().enumerate() {
                add_groups(groups, tokens, (last + one, col), core::array::from_mut(sums));
            }
        }
    }

    /// # Safety
    /// As the trait says.
    #[inline]
    unsafe fn prefetch_write(_: &[i32]) {}

    /// # Safety
    /// As the trait says.
    #[inline]
    unsafe fn prefetch(_: &[u8], _: usize) {}

    /// # Safety
    /// As the trait says.
    #[inline]
    #[target_feature(enable = "simd128")]
    unsafe fn write(sums: &[Sums], less: &[i32; BLOCK], out: &mut [i32], stride: usize) {
        write_rows(sums, less, 0..32, out, stride);
    }
}

/// The look-ups of [`Code::Table`](crate::Code::Table), of 64 and 32 bytes.
#[derive(Clone, Copy)]
struct Tables([v128; 4], [v128; 2]);

impl Tables {
    #[inline]
    #[target_feature(enable = "simd128")]
    fn new() -> Self {
        let (low, high) = (TABLE_LOW.as_chunks::<16>().0, TABLE_HIGH.as_chunks::<16>().0);
        let low = [load(&low[0]), load(&low[1]), load(&low[2]), load(&low[3])];
        Self(low, [load(&high[0]), load(&high[1])])
    }

    /// What both look-ups find.
    #[inline]
    #[target_feature(enable = "simd128")]
    fn look(&self, x: v128) -> [v128; 2] {
        let first = find(&self.0, v128_and(x, i8x16_splat(63)));
        let high = v128_and(u16x8_shr(x, 6), i8x16_splat(3));
        [first, find(&self.1, v128_or(v128_and(first, i8x16_splat(0x1c)), high))]
    }
}

/// Looks bytes up in a table of so many times 16. Past 16 a look-up finds zero, and so it does
/// below, since places have no sign.
#[inline(always)]
fn find<const N: usize>(table: &[v128; N], places: v128) -> v128 {
    let mut found = u8x16_swizzle(table[0], places);
    for (part, table) in table.iter().enumerate().skip(1) {
        let places = i8x16_sub(places, i8x16_splat(16 * part as i8));
        found = v128_or(found, u8x16_swizzle(*table, places));
    }
    found
}

/// The low bytes of halfwords, and the high ones.
#[inline(always)]
fn halves(bytes: v128) -> [v128; 2] {
    [v128_and(bytes, u16x8_splat(0xff)), u16x8_shr(bytes, 8)]
}

/// Even columns before odd ones, in each four.
#[inline(always)]
fn even_first(q: v128) -> v128 {
    i8x16_shuffle::<0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15>(q, q)
}

/// A pair of columns, the even ones of four or the odd ones, in all lanes.
#[inline(always)]
fn splat_each(pairs: v128) -> [[v128; 2]; 2] {
    let of = pairs;
    [
        [i32x4_shuffle::<0, 0, 0, 0>(of, of), i32x4_shuffle::<1, 1, 1, 1>(of, of)],
        [i32x4_shuffle::<2, 2, 2, 2>(of, of), i32x4_shuffle::<3, 3, 3, 3>(of, of)],
    ]
}

/// The activations of a step for each digit, of even and of odd columns, scaled as digits are not.
#[inline(always)]
fn activations<const N: usize, const COLS: usize>(
    q: &[i8; COLS],
    fields: [Field; N],
) -> [[v128; 2]; N] {
    const { assert!(COLS == 4 * N && (N == 4 || N == 5), "four columns a digit") };
    let scale = |digit: usize| 1 << (SCALE_BITS - 2 * fields[digit].1);
    let scales = |first: usize| {
        let (a, b) = (scale(first), scale(first + 1));
        i16x8(a, a, a, a, b, b, b, b)
    };
    let (first, last) = (q.first_chunk::<16>(), q.last_chunk::<16>());
    let (Some(first), Some(last)) = (first, last) else { return [[i32x4_splat(0); 2]; N] };
    let (first, last) = (even_first(load(first)), even_first(load(last)));
    let [a, b] = splat_each(i16x8_mul(i16x8_extend_low_i8x16(first), scales(0)));
    let [c, d] = splat_each(i16x8_mul(i16x8_extend_high_i8x16(first), scales(2)));
    let [_, e] = splat_each(i16x8_mul(i16x8_extend_high_i8x16(last), scales(N - 2)));
    let all = [a, b, c, d, e];
    core::array::from_fn(|digit| all[digit])
}

/// Adds the products of steps, whose bytes have `N` digits in `S` registers.
#[inline(always)]
fn add_steps<const S: usize, const N: usize, const COLS: usize>(
    sums: &mut Sums,
    steps: &[[u8; 128]],
    q: &[[i8; COLS]],
    fields: [Field; N],
    registers: impl Fn(v128) -> [v128; S],
) {
    for (steps, q) in steps.chunks(STEPS).zip(q.chunks(STEPS)) {
        // Half of the rows at a time have their sums in registers together with all activations.
        for half in 0..2 {
            let mut scaled = [i32x4_splat(0); REGISTERS / 2];
            for (step, q) in steps.iter().zip(q) {
                let activations = activations(q, fields);
                let (bytes, _) = step[64 * half..].as_chunks::<16>();
                for (sum, bytes) in scaled.iter_mut().zip(bytes) {
                    let halves = registers(load(bytes)).map(|x| [x, u16x8_shr(x, 8)]);
                    for ((register, place), [even, odd]) in fields.into_iter().zip(activations) {
                        let mask = u16x8_splat(3 << (2 * place));
                        let [low, high] = halves[register];
                        let low = i32x4_dot_i16x8(v128_and(low, mask), even);
                        let high = i32x4_dot_i16x8(v128_and(high, mask), odd);
                        *sum = i32x4_add(*sum, i32x4_add(low, high));
                    }
                }
            }
            let (sums, _) = sums.0[16 * half..].as_chunks_mut::<4>();
            for (sum, scaled) in sums.iter_mut().zip(scaled) {
                store(i32x4_add(load(sum), i32x4_shr(scaled, SCALE_BITS)), sum);
            }
        }
    }
}

/// Unpacks steps and returns the number of groups.
#[inline(always)]
fn digits<const S: usize, const N: usize>(
    steps: &[[u8; 128]],
    groups: &mut [Group],
    fields: [Field; N],
    registers: impl Fn(v128) -> [v128; S],
) -> usize {
    for (step, groups) in steps.iter().zip(groups.as_chunks_mut::<N>().0) {
        for (at, bytes) in step.as_chunks::<16>().0.iter().enumerate() {
            let registers = registers(load(bytes));
            for ((register, place), group) in fields.into_iter().zip(&mut *groups) {
                let digit = u16x8_shr(registers[register], 2 * place);
                if let Some(bytes) = group.0.as_chunks_mut::<16>().0.get_mut(at) {
                    store(v128_and(digit, i8x16_splat(3)), bytes);
                }
            }
        }
    }
    N * steps.len()
}

/// Pairs of columns of a token: of each four the even ones, and the odd ones.
type Pairs = [[i32; 2]; GROUPS];

/// The activations of a token for up to [`GROUPS`] groups, filled up with zeros.
#[inline(always)]
fn pairs(q: &[i8]) -> Pairs {
    let mut pairs = [[0; 2]; GROUPS];
    let (whole, tail) = q[..q.len().min(4 * GROUPS)].as_chunks::<16>();
    let mut last = [0; 16];
    last[..tail.len()].copy_from_slice(tail);
    let (fours, _) = pairs.as_chunks_mut::<4>();
    for (q, pairs) in whole.iter().chain([&last]).zip(fours) {
        let q = even_first(load(q));
        let (pairs, _) = pairs.as_flattened_mut().as_chunks_mut::<4>();
        for (pairs, q) in
            pairs.iter_mut().zip([i16x8_extend_low_i8x16(q), i16x8_extend_high_i8x16(q)])
        {
            store(q, pairs);
        }
    }
    pairs
}

/// Adds the products of up to [`GROUPS`] groups and `T` tokens from number `token` and column `col`
/// on. Columns past the last are zeros.
#[target_feature(enable = "simd128")]
fn add_groups<const T: usize>(
    groups: &[Group],
    tokens: Tokens<'_>,
    (token, col): (usize, usize),
    sums: &mut [Sums; T],
) {
    let q: [Pairs; T] = core::array::from_fn(|next| pairs(&tokens.get(token + next)[col..]));
    for at in (0..REGISTERS).step_by(2) {
        let mut own = [[i32x4_splat(0); 2]; T];
        for (own, sums) in own.iter_mut().zip(&*sums) {
            let (sums, _) = sums.0[4 * at..].as_chunks::<4>();
            *own = [load(&sums[0]), load(&sums[1])];
        }
        for (number, group) in groups.iter().enumerate().take(GROUPS) {
            let (bytes, _) = group.0[16 * at..].as_chunks::<16>();
            let weights = [halves(load(&bytes[0])), halves(load(&bytes[1]))];
            for (own, q) in own.iter_mut().zip(&q) {
                let [even, odd] = splat_pairs(&q[number]);
                for (sum, [low, high]) in own.iter_mut().zip(weights) {
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(low, even));
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(high, odd));
                }
            }
        }
        for (own, sums) in own.into_iter().zip(&mut *sums) {
            let (sums, _) = sums.0[4 * at..].as_chunks_mut::<4>();
            for (own, sums) in own.into_iter().zip(sums) {
                store(own, sums);
            }
        }
    }
}

/// Each of two pairs in all lanes.
#[inline(always)]
fn splat_pairs(pairs: &[i32; 2]) -> [v128; 2] {
    // SAFETY: the reference is to four bytes, and the load asks for no alignment.
    let splat = |pair: &i32| unsafe { v128_load32_splat(core::ptr::from_ref(pair).cast()) };
    [splat(&pairs[0]), splat(&pairs[1])]
}
