//! Functions of one number that give the same bits on every processor: single precision alone,
//! each operation rounded, no fused multiply-add, no library. They are as exact as a transformer
//! has use for, and a few hundred bytes of a microcontroller's flash together.

/// Adding and subtracting it rounds to the nearest integer what is below 2²² in magnitude.
const MAGIC: f32 = 12_582_912.0;

/// The square root, to the nearest, as IEEE 754 has it. Of what is below zero it is not a number.
#[must_use]
pub fn sqrt(x: f32) -> f32 {
    #[cfg(trine_fpu)]
    return crate::arch::thumb::sqrt(x);
    #[cfg(not(trine_fpu))]
    software_sqrt(x)
}

/// The root's bits one by one, the highest first.
#[cfg(any(test, not(trine_fpu)))]
fn software_sqrt(x: f32) -> f32 {
    /// 2²⁴ and the root of its inverse.
    const RAISE: (f32, f32) = (16_777_216.0, 1.0 / 4096.0);

    if x.is_nan() || x <= 0.0 || x == f32::INFINITY {
        return if x < 0.0 { f32::NAN } else { x };
    }
    if x < f32::MIN_POSITIVE {
        return software_sqrt(x * RAISE.0) * RAISE.1;
    }
    let bits = x.to_bits();
    // x = mantissa · 2^exponent with an even exponent; the root has 24 bits before the point, and
    // one after it to round by. It is never half way between two numbers.
    let exponent = (bits >> 23).cast_signed() - 127;
    let mut rest = (bits & 0x007f_ffff | 0x0080_0000) << (1 + (exponent & 1));
    let (mut root, mut bit) = (0_u32, 1 << 24);
    let mut taken = 0;
    while bit != 0 {
        let next = taken + bit;
        if next <= rest {
            rest -= next;
            taken = next + bit;
            root += bit;
        }
        rest <<= 1;
        bit >>= 1;
    }
    root = (root >> 1) + (root & 1);
    f32::from_bits(root.wrapping_add_signed(((exponent >> 1) + 126) << 23))
}

/// e to the power of x, within 2 units in the last place; 0 below -87.33, infinity above 88.37.
///
/// x = k·ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial of r. The constants are those of S.
/// Moshier's Cephes library, `expf`.
#[must_use]
#[inline]
pub fn exp(x: f32) -> f32 {
    if x < EXP_LEAST {
        return 0.0;
    }
    if x > EXP_MOST {
        return f32::INFINITY;
    }
    exp_inside(x)
}

/// The same of what is at most 0, or no number, without a jump, so that a compiler can take several
/// numbers at a time.
#[inline(always)]
pub(crate) fn exp_down(x: f32) -> f32 {
    let inside = exp_inside(x);
    if x < EXP_LEAST { 0.0 } else { inside }
}

/// Numbers between which e to their power is a normal one.
const EXP_LEAST: f32 = -87.33;
const EXP_MOST: f32 = 88.37;

#[inline(always)]
fn exp_inside(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 355.0 / 512.0;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    let shifted = x * core::f32::consts::LOG2_E + MAGIC;
    let k = shifted - MAGIC;
    let r = x - k * LN_2_HIGH - k * LN_2_LOW;
    let p = 1.987_569_1e-4 * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_65;
    let p = p * r + 0.5;
    let value = p * (r * r) + r + 1.0;
    // The low bits of the shifted number are k, which here is from -126 to 127.
    value * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// The natural logarithm, within 3·10⁻⁷ of its magnitude or of 1, whichever is more; minus infinity
/// of zero and of subnormal numbers, no number of what is below.
///
/// x = m · 2^k with m about 1, and the series of the inverse hyperbolic tangent of (m − 1)/(m + 1).
#[must_use]
pub fn ln(x: f32) -> f32 {
    if !x.is_finite() || x < f32::MIN_POSITIVE {
        return if x == f32::INFINITY || x.is_nan() {
            x
        } else if x < 0.0 {
            f32::NAN
        } else {
            f32::NEG_INFINITY
        };
    }
    /// The bits of √½, so that m is between it and √2.
    const LEAST: u32 = 0x3f35_04f3;
    let turned = x.to_bits().wrapping_sub(LEAST);
    let k = turned.cast_signed() >> 23;
    let m = f32::from_bits((turned & 0x007f_ffff) + LEAST);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let p = z * (1.0 / 9.0) + 1.0 / 7.0;
    let p = p * z + 0.2;
    let p = p * z + 1.0 / 3.0;
    let low = 2.0 * s + 2.0 * s * z * p;
    k as f32 * core::f32::consts::LN_2 + low
}

/// Sine and cosine of an angle. For angles up to 2¹⁶ the error is below 2·10⁻⁷, and it grows to
/// 2·10⁻⁶ at 2²⁰; from 2²⁴ on neighbouring numbers are further apart than a turn's quarter, and
/// what is answered is a point of the circle.
///
/// The angle is brought into a quarter by integers: its mantissa times 2/π with 40 bits after the
/// point, of which 2 bits before the point and 30 after it are kept. The polynomials are those of
/// S. Moshier's Cephes library, `sinf` and `cosf`.
#[must_use]
pub fn sin_cos(angle: f32) -> (f32, f32) {
    /// 2/π · 2⁴⁰.
    const QUARTERS: u64 = 0xa2_f983_6e4e;
    /// π/2 · 2⁻³⁰.
    const UNIT: f32 = core::f32::consts::FRAC_PI_2 / (1 << 30) as f32;

    let bits = angle.to_bits();
    let mantissa = u64::from(bits & 0x007f_ffff | 0x0080_0000);
    let right = 160_u32.wrapping_sub(bits >> 23 & 0xff);
    let turned = (mantissa * QUARTERS).checked_shr(right).unwrap_or(0) as u32;
    let phase = if angle < 0.0 { turned.wrapping_neg() } else { turned };
    let quarter = phase.wrapping_add(1 << 29) >> 30;
    let x = phase.wrapping_sub(quarter << 30).cast_signed() as f32 * UNIT;
    let z = x * x;
    let sine = ((-1.951_529_6e-4 * z + 8.332_161e-3) * z - 0.166_666_55) * z * x + x;
    let cosine = ((2.443_315_7e-5 * z - 1.388_731_6e-3) * z + 4.166_664_6e-2) * (z * z);
    let cosine = cosine - 0.5 * z + 1.0;
    match quarter {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, ln, sin_cos, software_sqrt, sqrt};

    /// Numbers all over the range, the same in each run.
    fn numbers() -> impl Iterator<Item = f32> {
        (0..400_000_u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1)))
    }

    #[test]
    fn roots_are_those_of_the_processor() {
        let special = [0.0, -0.0, 1.0, 2.0, 4.0, 1e-45, f32::MIN_POSITIVE, f32::MAX];
        for x in numbers().chain(special) {
            let (found, wanted) = (software_sqrt(x), f32::sqrt(x));
            assert!(found.to_bits() == wanted.to_bits() || wanted.is_nan(), "{x:e}: {found:e}");
            assert_eq!(found.is_nan(), wanted.is_nan(), "{x:e}");
        }
        assert_eq!(sqrt(f32::INFINITY), f32::INFINITY);
    }

    #[test]
    fn logarithms_are_near_the_exact_ones() {
        for x in numbers().filter(|x| x.is_normal() && *x > 0.0).chain([1.0, 0.5, 0.999_9, 223.0]) {
            let (found, wanted) = (f64::from(ln(x)), f64::from(x).ln());
            let apart = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(apart < 3e-7, "{x:e}: {found} for {wanted}");
        }
        assert_eq!(ln(0.0), f32::NEG_INFINITY);
        assert_eq!(ln(f32::INFINITY), f32::INFINITY);
        assert!(ln(-1.0).is_nan() && ln(f32::NAN).is_nan());
    }

    #[test]
    fn powers_of_e_are_within_two_units() {
        let mut worst = 0.0_f64;
        for x in numbers()
            .filter(|x| x.is_finite())
            .map(|x| x % 100.0)
            .chain((0..200_000).map(|i| i as f32 * -0.000_1))
        {
            let (found, wanted) = (exp(x), f64::from(x).exp());
            if !(-87.33..=88.37).contains(&x) {
                assert_eq!(found, if x < 0.0 { 0.0 } else { f32::INFINITY }, "{x}");
                continue;
            }
            let unit = f64::from((wanted as f32).next_up() - wanted as f32);
            worst = worst.max((f64::from(found) - wanted).abs() / unit);
        }
        assert!(worst < 2.0, "{worst}");
        assert_eq!((exp(0.0), exp(-0.0), exp(f32::NEG_INFINITY)), (1.0, 1.0, 0.0));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sines_and_cosines_are_near() {
        for (most, error) in [(4.0, 1.5e-7), (65_536.0, 2e-7), (1_048_576.0, 2e-6)] {
            for x in (0..300_000_u32).map(|i| (i as f32 / 300_000.0 * 2.0 - 1.0) * most) {
                let (sine, cosine) = sin_cos(x);
                let (s, c) = f64::from(x).sin_cos();
                let worst = (f64::from(sine) - s).abs().max((f64::from(cosine) - c).abs());
                assert!(worst < error, "{x}: {worst:e}");
            }
        }
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
        for x in numbers() {
            let (sine, cosine) = sin_cos(x);
            assert!((sine * sine + cosine * cosine - 1.0).abs() < 1e-6, "{x:e}");
        }
    }
}
