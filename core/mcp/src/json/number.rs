//! Numbers as exact decimal text: no float is ever formed.
//!
//! `40`, `40.0`, `4e1` and `0.4e2` are the same integer. A number becomes an `i64` in units of
//! 10^-k, or says why it cannot: it is no multiple of that unit, or it is out of range.

use super::words::leading_digits;

/// A JSON number, kept as the span of text that passed the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    raw: &'a [u8],
    /// The value, of a plain integer of few digits: nearly every number there is.
    small: Option<i64>,
}

/// What a number is in units of 10^-k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaled {
    /// Exactly this many units.
    Exact(i64),
    /// Within the range of `i64`, but not an integer of units.
    Inexact,
    /// Above the range of `i64`.
    TooLarge,
    /// Below the range of `i64`.
    TooSmall,
}

/// Digits that always fit an `i64`.
const SMALL_DIGITS: usize = 18;
/// Digits that always fit a `u64`.
const DIGITS_MAX: i64 = 19;

impl<'a> Number<'a> {
    /// Reads the number that starts `bytes`, and gives the rest.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (negative, digits) = match bytes {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, bytes),
        };
        let quick = if cfg!(all(target_pointer_width = "64", not(trine_small))) {
            leading_digits(digits)
        } else {
            None
        };
        let (count, value) = quick.unwrap_or_else(|| small_digits(digits));
        let (_, rest) = digits.split_at_checked(count)?;
        let ends = !matches!(rest, [b'0'..=b'9' | b'.' | b'e' | b'E', ..]);
        if ends && (count == 1 || count > 0 && !matches!(digits, [b'0', ..])) {
            let raw = bytes.get(..count + usize::from(negative))?;
            return Some((Self { raw, small: Some(if negative { -value } else { value }) }, rest));
        }
        let (raw, rest) = bytes.split_at_checked(Self::span(bytes))?;
        (!raw.is_empty()).then_some((Self { raw, small: None }, rest))
    }

    /// The digits that start `bytes`, natural and few, and what follows them.
    pub(crate) fn read_digits(digits: &[u8]) -> Option<(i64, &[u8])> {
        let (count, value) = small_digits(digits);
        let whole = count == 1 || count > 0 && !matches!(digits, [b'0', ..]);
        Some((value, digits.get(count..)?)).filter(|_| whole && count < SMALL_DIGITS)
    }

    /// Length of the number that starts `bytes`, or 0 if the grammar of RFC 8259 §6 fails.
    #[inline(never)]
    fn span(bytes: &[u8]) -> usize {
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let start = usize::from(bytes.first() == Some(&b'-'));
        let mut at = digits(start);
        if at == start || (bytes.get(start) == Some(&b'0') && at != start + 1) {
            return 0;
        }
        if bytes.get(at) == Some(&b'.') {
            let fraction = at + 1;
            at = digits(fraction);
            if at == fraction {
                return 0;
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = at + 1 + sign;
            at = digits(exponent);
            if at == exponent {
                return 0;
            }
        }
        at
    }

    /// The text of the number, as received.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The number in units of 10^-`places`.
    ///
    /// Takes time in proportion to the text, whatever the exponent says.
    #[must_use]
    #[inline]
    pub fn scaled(&self, places: u8) -> Scaled {
        match self.small {
            Some(value) if places == 0 => Scaled::Exact(value),
            _ => self.scale(places),
        }
    }

    fn scale(&self, places: u8) -> Scaled {
        let (negative, unsigned) = match self.raw {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        scale_text(negative, unsigned, i64::from(places))
    }

    /// The value of a plain integer of few digits.
    #[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(always))]
    pub(crate) const fn small(&self) -> Option<i64> {
        self.small
    }
}

/// How many digits start `text`, as far as they are sure to fit, and their value.
#[cfg_attr(all(target_pointer_width = "64", not(trine_small)), inline(never))]
fn small_digits(digits: &[u8]) -> (usize, i64) {
    let (mut count, mut value) = (0, 0i64);
    for byte in digits.get(..SMALL_DIGITS).unwrap_or(digits) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + i64::from(digit);
        count += 1;
    }
    (count, value)
}

/// Splits `unsigned` into significant digits and an exponent, and applies `places`.
fn scale_text(negative: bool, unsigned: &[u8], places: i64) -> Scaled {
    let exponent_at = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match exponent_at.and_then(|at| unsigned.split_at_checked(at)) {
        Some((mantissa, [_, exponent @ ..])) => (mantissa, read_exponent(exponent)),
        _ => (unsigned, 0),
    };
    let mut digits = 0u64;
    // Zeros seen since the last other digit: they count only when another digit follows.
    let mut zeros = 0i64;
    // Significant digits taken so far, and decimal places consumed.
    let (mut taken, mut fraction, mut seen_point) = (0i64, 0i64, false);
    let mut overflow = false;
    for &byte in mantissa {
        if byte == b'.' {
            seen_point = true;
            continue;
        }
        fraction += i64::from(seen_point);
        if byte == b'0' {
            zeros += i64::from(taken > 0);
            continue;
        }
        taken += zeros + 1;
        if taken > DIGITS_MAX {
            overflow = true;
        } else {
            digits = digits * 10u64.pow(zeros as u32 + 1) + u64::from(byte & 15);
        }
        zeros = 0;
    }
    if taken == 0 {
        return Scaled::Exact(0);
    }
    // The value is digits × 10^power units, and has `taken + power` digits before the point.
    let power = exponent.saturating_sub(fraction - zeros).saturating_add(places);
    let out_of_range = if negative { Scaled::TooSmall } else { Scaled::TooLarge };
    if taken.saturating_add(power) > DIGITS_MAX {
        return out_of_range;
    }
    if power < 0 || overflow {
        return inexact(negative, mantissa, taken + power, out_of_range);
    }
    match digits.checked_mul(10u64.pow(power as u32)) {
        Some(size) if !negative && size <= i64::MAX as u64 => Scaled::Exact(size as i64),
        Some(size) if negative && size <= i64::MIN.unsigned_abs() => {
            Scaled::Exact(0i64.wrapping_sub_unsigned(size))
        }
        _ => out_of_range,
    }
}

/// Decides between [`Scaled::Inexact`] and out of range for a number with a part below one unit,
/// `whole` digits of which lie above it.
fn inexact(negative: bool, mantissa: &[u8], whole: i64, out_of_range: Scaled) -> Scaled {
    if whole < DIGITS_MAX {
        return Scaled::Inexact;
    }
    let significant =
        mantissa.iter().filter(|byte| **byte != b'.').skip_while(|byte| **byte == b'0');
    let size = significant
        .take(DIGITS_MAX as usize)
        .fold(0u64, |sum, digit| sum * 10 + u64::from(digit & 15));
    // With a part below one unit, i64::MAX + something is above the range.
    let limit = if negative { i64::MIN.unsigned_abs() } else { i64::MAX as u64 };
    if size >= limit { out_of_range } else { Scaled::Inexact }
}

/// Reads an exponent that the grammar has passed; anything beyond ±10^9 counts as that.
fn read_exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let size =
        digits.iter().fold(0i64, |sum, digit| (sum * 10 + i64::from(digit & 15)).min(1 << 40));
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str, places: u8) -> Scaled {
        let (number, rest) = Number::read(text.as_bytes()).unwrap();
        assert_eq!((number.raw(), rest), (text.as_bytes(), &b""[..]));
        number.scaled(places)
    }

    #[test]
    fn one_value_has_many_spellings() {
        for text in ["40", "40.0", "4e1", "0.4e2", "40.000", "400e-1", "4E+1", "0.00004e6"] {
            assert_eq!(scaled(text, 0), Scaled::Exact(40), "{text}");
            assert_eq!(scaled(text, 2), Scaled::Exact(4000), "{text}");
        }
        for text in ["0", "-0", "0.0", "-0.000", "0e999999999999", "0.0e-5"] {
            assert_eq!(scaled(text, 3), Scaled::Exact(0), "{text}");
        }
    }

    #[test]
    fn what_is_no_multiple_differs_from_what_is_out_of_range() {
        assert_eq!(scaled("40.5", 0), Scaled::Inexact);
        assert_eq!(scaled("40.5", 1), Scaled::Exact(405));
        assert_eq!(scaled("-21.25", 1), Scaled::Inexact);
        assert_eq!(scaled("1e-400", 9), Scaled::Inexact);
        assert_eq!(scaled("1e400", 0), Scaled::TooLarge);
        assert_eq!(scaled("-1e99999999999999999999", 0), Scaled::TooSmall);
        assert_eq!(scaled("9223372036854775807", 0), Scaled::Exact(i64::MAX));
        assert_eq!(scaled("9223372036854775808", 0), Scaled::TooLarge);
        assert_eq!(scaled("-9223372036854775808", 0), Scaled::Exact(i64::MIN));
        assert_eq!(scaled("-9223372036854775809", 0), Scaled::TooSmall);
        assert_eq!(scaled("9223372036854775807.5", 0), Scaled::TooLarge);
        assert_eq!(scaled("9223372036854775806.5", 0), Scaled::Inexact);
        assert_eq!(scaled("12345678901234567890.5", 0), Scaled::TooLarge);
        assert_eq!(scaled("0.12345678901234567890123", 0), Scaled::Inexact);
        assert_eq!(scaled("922337203685477580.7", 1), Scaled::Exact(i64::MAX));
    }

    #[test]
    fn the_grammar_is_the_one_of_the_standard() {
        for text in ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "e5", "0x1", "1.e5"] {
            let read = Number::read(text.as_bytes());
            assert!(read.is_none_or(|(_, rest)| !rest.is_empty()), "{text}");
        }
    }
}
