//! Sizes as people write them.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, read from `300000000`, `256K`, `256M`, `2G` or `2GiB`: K, M and G are powers
/// of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes(pub u64);

/// A text that is no size.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSize(String);

impl fmt::Display for BadSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is no size: write bytes, or a number with K, M or G", self.0)
    }
}

impl std::error::Error for BadSize {}

const UNITS: [(&str, u32); 4] = [("G", 30), ("M", 20), ("K", 10), ("", 0)];

impl FromStr for Bytes {
    type Err = BadSize;

    fn from_str(text: &str) -> Result<Self, BadSize> {
        let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let unit = text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase();
        let unit = unit.strip_suffix("IB").filter(|it| !it.is_empty()).unwrap_or(&unit);
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        // A number may have a sign; a size may not.
        let number = Some(digits).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|it| it.parse::<u64>().ok());
        let bytes = unit.zip(number).and_then(|((_, bits), number)| number.checked_mul(1 << *bits));
        bytes.map(Self).ok_or_else(|| BadSize(text.to_owned()))
    }
}

impl fmt::Display for Bytes {
    /// The largest unit that is exact or has one decimal place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        let fits = |(_, bits): &&(&str, u32)| *bits == 0 || bytes >= 1 << *bits;
        let Some((name, bits)) = UNITS.iter().find(fits) else { return Ok(()) };
        let one = 1_u64 << bits;
        match (*name, bytes % one) {
            ("", _) => write!(f, "{bytes} bytes"),
            (name, 0) => write!(f, "{} {name}iB", bytes / one),
            (name, _) => write!(f, "{:.1} {name}iB", bytes as f64 / one as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_what_is_none_is_refused() {
        let good = [
            ("0", 0),
            ("300000000", 300_000_000),
            ("256k", 256 << 10),
            ("256M", 256 << 20),
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("18446744073709551615", u64::MAX),
        ];
        for (text, bytes) in good {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        let bad =
            ["", "M", "-1", "+1", "1.5G", "1T", "1B", "1iB", "1 M", "99999999999G", "0x10", "1MG"];
        for text in bad {
            assert_eq!(text.parse::<Bytes>(), Err(BadSize(text.to_owned())));
        }
    }

    #[test]
    fn sizes_are_written_with_the_unit_that_fits() {
        let shown = [(0, "0 bytes"), (1_023, "1023 bytes"), (1 << 20, "1 MiB"), (1_600, "1.6 KiB")];
        for (bytes, text) in shown {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }
}
