//! How one byte holds four or five codes.

use crate::mcu::code as place;

/// How a byte holds its digits, each a code in 0..=2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// Four fields of two bits, digit 0 in the lowest.
    BitsLowFirst,
    /// Four fields of two bits, digit 0 in the highest.
    BitsHighFirst,
    /// ggml's base three: the byte is ⌈256·n / 243⌉ for n = 81·d0 + 27·d1 + 9·d2 + 3·d3 + d4, so
    /// that digit i is the integer part of 3·(byte·3ⁱ mod 256) / 256
    /// (ggml-quants.c, `quantize_row_tq1_0_ref`).
    Fraction,
    /// Ours, made for a look-up in a 64-byte register. With c = 3·d0 + d1 and a = 9·d2 + 3·d3 + d4
    /// the byte is `(7·c + (a >> 2)) | (a & 3) << 6`. The low six bits are at most 7·8 + 6 = 62,
    /// an index; what it finds, joined with the high two bits, is the index a of a second look-up.
    Table,
    /// Of four digits, for microcontrollers: where their sum lies in a table, in bytes
    /// ([`mcu`](crate::mcu)).
    Place4,
    /// Of five digits, for microcontrollers: where their sum lies in a table, in halfwords.
    Place5,
}

/// First look-up of [`Code::Table`], by the low six bits of a byte: d0 in bits 7:6, `a >> 2` in
/// bits 4:2, d1 in bits 1:0. Index 63 is no code; it continues the pattern.
pub(crate) const TABLE_LOW: [u8; 64] = {
    let mut table = [0; 64];
    let mut at = 0;
    while at < 64 {
        let c = if at == 63 { 8 } else { at / 7 };
        let high = at - 7 * c;
        table[at] = (((c / 3) << 6) | (high << 2) | (c % 3)) as u8;
        at += 1;
    }
    table
};

/// Second look-up of [`Code::Table`], by a: d2 in bits 1:0, d3 in bits 3:2, d4 in bits 5:4. Past 26
/// there is no code, and all digits are 0.
pub(crate) const TABLE_HIGH: [u8; 32] = {
    let mut table = [0; 32];
    let mut a = 0;
    while a < 27 {
        table[a] = ((a / 9) | ((a / 3 % 3) << 2) | ((a % 3) << 4)) as u8;
        a += 1;
    }
    table
};

impl Code {
    /// The digits of a byte. Where there are four, the fifth is 0. A byte that [`encode`] never
    /// makes has some digits in 0..=3, the same ones in every kernel.
    ///
    /// [`encode`]: Self::encode
    #[must_use]
    pub const fn decode(self, byte: u8) -> [u8; 5] {
        match self {
            Self::BitsLowFirst => [byte & 3, (byte >> 2) & 3, (byte >> 4) & 3, byte >> 6, 0],
            Self::BitsHighFirst => [byte >> 6, (byte >> 4) & 3, (byte >> 2) & 3, byte & 3, 0],
            Self::Fraction => {
                let (mut digits, mut rest, mut i) = ([0; 5], byte, 0);
                while i < 5 {
                    digits[i] = ((3 * rest as u16) >> 8) as u8;
                    rest = rest.wrapping_mul(3);
                    i += 1;
                }
                digits
            }
            Self::Table => {
                let low = TABLE_LOW[(byte & 63) as usize];
                let a = (low & 0x1c) | (byte >> 6);
                let high = TABLE_HIGH[a as usize];
                [low >> 6, low & 3, high & 3, (high >> 2) & 3, high >> 4]
            }
            Self::Place4 => place::digits(byte / 2, 4),
            Self::Place5 => place::digits(byte, 5),
        }
    }

    /// The byte that holds these codes, each of which must be in 0..=2.
    #[must_use]
    pub const fn encode(self, digits: [u8; 5]) -> u8 {
        let [d0, d1, d2, d3, d4] = digits;
        match self {
            Self::BitsLowFirst => d0 | (d1 << 2) | (d2 << 4) | (d3 << 6),
            Self::BitsHighFirst => (d0 << 6) | (d1 << 4) | (d2 << 2) | d3,
            Self::Fraction => {
                let n = 81 * d0 as u16 + 27 * d1 as u16 + 9 * d2 as u16 + 3 * d3 as u16 + d4 as u16;
                ((n * 256).div_ceil(243)) as u8
            }
            Self::Table => {
                let (c, a) = (3 * d0 + d1, 9 * d2 + 3 * d3 + d4);
                (7 * c + (a >> 2)) | ((a & 3) << 6)
            }
            Self::Place4 => 2 * place::place(digits, 4),
            Self::Place5 => place::place(digits, 5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    const CODES: [Code; 6] = [
        Code::BitsLowFirst,
        Code::BitsHighFirst,
        Code::Fraction,
        Code::Table,
        Code::Place4,
        Code::Place5,
    ];

    #[test]
    fn every_byte_of_codes_reads_back() {
        for code in CODES {
            let four = matches!(code, Code::BitsLowFirst | Code::BitsHighFirst | Code::Place4);
            for n in 0..if four { 81 } else { 243 } {
                let digits = if four {
                    [n / 27, n / 9 % 3, n / 3 % 3, n % 3, 0]
                } else {
                    [n / 81, n / 27 % 3, n / 9 % 3, n / 3 % 3, n % 3]
                };
                assert_eq!(code.decode(code.encode(digits)), digits, "{code:?} {n}");
            }
        }
    }

    #[test]
    fn no_byte_has_a_digit_past_three() {
        for code in CODES {
            for byte in 0..=u8::MAX {
                assert!(code.decode(byte).iter().all(|digit| *digit < 4), "{code:?} {byte}");
            }
        }
    }
}
