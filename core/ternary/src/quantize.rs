//! Activations as int8.

use crate::error::{Error, exact};

/// Of a quantised vector: `x[i] ≈ q[i] / scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantized {
    /// What x was multiplied by: 127 by the largest magnitude.
    pub scale: f32,
    /// The sum of all q.
    pub sum: i32,
}

/// The least magnitude that counts as the largest.
const FLOOR: f32 = 1e-5;
/// 127 / 10⁻⁵, which single precision has exactly.
const STEEPEST: f32 = 12_700_000.0;

/// Quantises one token's activations by BitNet's rule: s = 127 / max(10⁻⁵, |x|), and q = x·s to
/// the nearest integer, ties to even, in -128..=127. Not a number becomes 0.
///
/// Source: microsoft/BitNet's ggml fork, `quantize_row_i8_s`, which divides in double precision and
/// rounds to single: for a quotient of two numbers in single precision that is the same as
/// dividing in single precision (Figueroa, 1995, "When is double rounding innocuous?"). It is the
/// same as `ActQuant` of Hugging Face's `transformers/integrations/bitnet.py` but for the last bit
/// of s.
///
/// # Errors
/// When `q` is not as long as `x`.
///
/// ```
/// let mut q = [0; 4];
/// let quantized = trine_ternary::quantize(&[0.5, -1.0, 0.25, 0.0], &mut q)?;
/// assert_eq!(q, [64, -127, 32, 0]);
/// assert_eq!((quantized.scale, quantized.sum), (127.0, -31));
/// # Ok::<(), trine_ternary::Error>(())
/// ```
pub fn quantize(x: &[f32], q: &mut [i8]) -> Result<Quantized, Error> {
    exact(x.len(), q.len())?;
    Ok(quantize_body(x, q))
}

/// [`quantize`] of equally long slices, for every instruction set to compile again.
#[inline(always)]
pub(crate) fn quantize_body(x: &[f32], q: &mut [i8]) -> Quantized {
    let scale = scale_for(largest(x));
    let mut sum = 0;
    for (q, x) in q.iter_mut().zip(x) {
        *q = round(x * scale);
        sum += i32::from(*q);
    }
    Quantized { scale, sum }
}

/// What numbers are multiplied by whose largest magnitude this is.
#[inline(always)]
pub(crate) fn scale_for(largest: f32) -> f32 {
    if largest > FLOOR { 127.0 / largest } else { STEEPEST }
}

/// The largest magnitude. NaN is passed over.
// Where flash is short there is one such loop.
#[cfg_attr(target_os = "none", inline(never))]
#[cfg_attr(not(target_os = "none"), inline(always))]
pub(crate) fn largest(x: &[f32]) -> f32 {
    if SMALL { largest_of_bits(x) } else { largest_of_lanes(x) }
}

/// Microcontrollers have narrow registers, and many no floating-point unit: numbers are compared as
/// integers there.
const SMALL: bool = cfg!(target_os = "none");

/// Magnitudes are in the order of their bits; beyond infinity they are no numbers, which are looked
/// for only where there is one.
#[inline(always)]
fn largest_of_bits(x: &[f32]) -> f32 {
    let magnitudes = || x.iter().map(|x| x.to_bits() & !SIGN);
    let most = magnitudes().fold(0, u32::max);
    if most <= INFINITY {
        return f32::from_bits(most);
    }
    f32::from_bits(magnitudes().filter(|bits| *bits <= INFINITY).fold(0, u32::max))
}

const SIGN: u32 = 1 << 31;
const INFINITY: u32 = f32::INFINITY.to_bits();

#[inline(always)]
fn largest_of_lanes(x: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (chunks, tail) = x.as_chunks::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            raise(lane, *x);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(tail) {
        raise(lane, *x);
    }
    greatest_of(&lanes)
}

/// Raises a lane to a magnitude. NaN is passed over.
#[inline(always)]
pub(crate) fn raise(lane: &mut f32, x: f32) {
    let x = x.abs();
    *lane = if x > *lane { x } else { *lane };
}

#[inline(always)]
pub(crate) fn greatest_of(lanes: &[f32]) -> f32 {
    lanes.iter().fold(0.0, |most, lane| if *lane > most { *lane } else { most })
}

/// To the nearest int8, ties to even.
#[inline(always)]
pub(crate) fn round(x: f32) -> i8 {
    // In 2²³..2²⁴ the step between floats is 1, so the addition rounds; the low bits are the
    // integer. Bounds first: what lies outside would leave that range.
    const MAGIC: f32 = 12_582_912.0;
    if SMALL {
        return round_by_bits(x, MAGIC);
    }
    let x = if x > 127.0 { 127.0 } else { x };
    let x = if x < -128.0 { -128.0 } else { x };
    let x = if x.is_nan() { 0.0 } else { x };
    ((x + MAGIC).to_bits() as u8).cast_signed()
}

/// The same with the bounds as integers.
#[inline(always)]
fn round_by_bits(x: f32, magic: f32) -> i8 {
    const BOUND: u32 = 127.5_f32.to_bits();
    let magnitude = x.to_bits() & !SIGN;
    if magnitude < BOUND {
        ((x + magic).to_bits() as u8).cast_signed()
    } else if magnitude > INFINITY {
        0
    } else if x.to_bits() & SIGN == 0 {
        127
    } else {
        -128
    }
}

/// Quantises each `block` of activations by itself, for rows whose weights have a scale a block
/// ([`RowFormat::block`](crate::RowFormat::block)): d = max|x| / 127, q = x·(127 / max|x|) to the
/// nearest, ties to even, and `x[i] ≈ q[i]·d`. A block of zeros has d = 0.
///
/// It is the rule of ggml's `Q8_0` and `Q8_K` but that d is single precision and 127 / max|x| is
/// always positive.
///
/// # Errors
/// When `block` is 0, `q` is not as long as `x`, or `scales` has not one element a (begun) block.
pub fn quantize_blocks(
    x: &[f32],
    block: usize,
    q: &mut [i8],
    scales: &mut [f32],
) -> Result<(), Error> {
    check_blocks(x, block, q, scales)?;
    quantize_blocks_body(x, block, q, scales);
    Ok(())
}

/// Whether slices fit each other for [`quantize_blocks`].
pub(crate) fn check_blocks(x: &[f32], block: usize, q: &[i8], scales: &[f32]) -> Result<(), Error> {
    exact(x.len(), q.len())?;
    if block == 0 {
        return Err(Error::Columns { cols: x.len(), multiple: block });
    }
    exact(x.len().div_ceil(block), scales.len())
}

/// [`quantize_blocks`] of slices that fit each other.
#[inline(always)]
pub(crate) fn quantize_blocks_body(x: &[f32], block: usize, q: &mut [i8], scales: &mut [f32]) {
    for ((x, q), scale) in x.chunks(block).zip(q.chunks_mut(block)).zip(scales) {
        let largest = largest(x);
        let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        *scale = largest / 127.0;
        for (q, x) in q.iter_mut().zip(x) {
            *q = round(x * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        largest_of_bits, largest_of_lanes, quantize, quantize_blocks, round, round_by_bits,
    };

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (x, q) in [(0.5, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (126.5, 126)] {
            assert_eq!(round(x), q, "{x}");
        }
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, -0.0];
        assert_eq!(odd.map(round), [0, 127, -128, 127, -128, 0]);
        for n in -128_i8..=127 {
            assert_eq!(round(f32::from(n)), n);
        }
    }

    #[test]
    fn integers_find_what_floats_find() {
        let any = (0..400_000_u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1)));
        let near = (-260..=260).flat_map(|i| {
            let half = i as f32 / 2.0;
            [half.next_down(), half, half.next_up()]
        });
        let odd = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
        let numbers: std::vec::Vec<f32> = odd.into_iter().chain(near).chain(any).collect();
        for x in &numbers {
            assert_eq!(round_by_bits(*x, 12_582_912.0), round(*x), "{x:e}");
        }
        for part in numbers.chunks(7) {
            assert_eq!(largest_of_bits(part).to_bits(), largest_of_lanes(part).to_bits());
        }
    }

    #[test]
    fn the_largest_magnitude_becomes_127() {
        let mut q = [0; 3];
        let found = quantize(&[0.25, -2.0, 1.0], &mut q).unwrap();
        assert_eq!((q, found.scale, found.sum), ([16, -127, 64], 63.5, -47));
        let found = quantize(&[0.0; 3], &mut q).unwrap();
        assert_eq!((q, found.scale, found.sum), ([0; 3], (127.0_f64 / 1e-5) as f32, 0));
        assert!(quantize(&[0.0; 3], &mut q[..2]).is_err());
    }

    #[test]
    fn the_scale_is_that_of_a_division_in_double_precision() {
        let numbers = (0..200_000_u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1)));
        let near = [1e-5, 1e-5_f32.next_up(), 1e-5_f32.next_down(), f32::MAX, 0.0];
        for x in numbers.chain(near).filter(|x| x.is_finite()) {
            let wide = (127.0 / f64::from(x.abs()).max(1e-5)) as f32;
            assert_eq!(quantize(&[x], &mut [0]).unwrap().scale, wide, "{x:e}");
        }
    }

    #[test]
    fn each_block_has_its_own_scale() {
        let (mut q, mut scales) = ([0; 5], [0.0; 3]);
        quantize_blocks(&[1.0, -0.5, 0.0, 0.0, 254.0], 2, &mut q, &mut scales).unwrap();
        assert_eq!((q, scales), ([127, -64, 0, 0, 127], [1.0 / 127.0, 0.0, 2.0]));
        assert!(quantize_blocks(&[0.0; 5], 0, &mut q, &mut scales).is_err());
        assert!(quantize_blocks(&[0.0; 5], 2, &mut q, &mut scales[..2]).is_err());
    }
}
