//! Half-precision numbers (IEEE 754 binary16) as their bits.

/// The bits of 1.
pub(crate) const ONE: u16 = 0x3c00;

/// The exact value of a half-precision number.
#[must_use]
pub const fn f32_from_f16(bits: u16) -> f32 {
    let sign = (bits as u32 & 0x8000) << 16;
    let magnitude = bits as u32 & 0x7fff;
    if magnitude >= 0x7c00 {
        // Infinity and NaN keep their bits; a signalling NaN becomes quiet, as hardware does it.
        let quiet = if magnitude > 0x7c00 { 0x0040_0000 } else { 0 };
        return f32::from_bits(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13 | quiet);
    }
    if magnitude < 0x400 {
        // Subnormal: an integer of 2⁻²⁴, exact in f32.
        let value = magnitude as f32 * f32::from_bits((127 - 24) << 23);
        return f32::from_bits(sign | value.to_bits());
    }
    f32::from_bits(sign | ((magnitude << 13) + ((127 - 15) << 23)))
}

/// The nearest half-precision number, ties to even; too large becomes infinity.
#[must_use]
pub const fn f16_from_f32(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    if magnitude > 0x7f80_0000 {
        return sign | 0x7e00 | (magnitude >> 13) as u16 & 0x3ff;
    }
    if magnitude >= 0x4780_0000 {
        return sign | 0x7c00;
    }
    if magnitude < 0x3880_0000 {
        // Below 2⁻¹⁴: adding 2⁻¹ moves the last kept bit, 2⁻²⁴, to the last of the mantissa,
        // and the addition rounds as it must.
        let moved = f32::from_bits(magnitude) + 0.5;
        return sign | (moved.to_bits() - 0x3f00_0000) as u16;
    }
    let even = magnitude >> 13 & 1;
    let rounded = magnitude - ((127 - 15) << 23) + 0xfff + even;
    sign | (rounded >> 13) as u16
}

#[cfg(test)]
mod tests {
    use super::{f16_from_f32, f32_from_f16};

    #[test]
    fn every_half_reads_back() {
        for bits in 0..=u16::MAX {
            let value = f32_from_f16(bits);
            let nan = bits & 0x7fff > 0x7c00;
            assert_eq!(value.is_nan(), nan, "{bits:#x}");
            assert_eq!(f16_from_f32(value), if nan { bits | 0x200 } else { bits }, "{bits:#x}");
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_and_ties_are_even() {
        // Between each two neighbours: a bit under, on and over the middle.
        for bits in 0..0x7bff_u16 {
            let (low, high) = (f32_from_f16(bits), f32_from_f16(bits + 1));
            let middle = f32::midpoint(low, high);
            assert_eq!(f16_from_f32(middle.next_down()), bits, "{bits:#x}");
            assert_eq!(f16_from_f32(middle), bits + bits % 2, "{bits:#x}");
            assert_eq!(f16_from_f32(middle.next_up()), bits + 1, "{bits:#x}");
        }
        assert_eq!(f16_from_f32(65_519.0), 0x7bff);
        assert_eq!(f16_from_f32(65_520.0), 0x7c00);
        assert_eq!(f16_from_f32(f32::NEG_INFINITY), 0xfc00);
    }
}
