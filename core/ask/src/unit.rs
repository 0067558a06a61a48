//! Units of numbers: those of parameters and those that people say.

#[cfg(feature = "measures")]
use crate::measure::Measure;

/// The unit of a parameter or of a number in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// None said.
    None,
    /// Percent.
    Percent,
    /// A duration; the number says how many milliseconds the unit is.
    Time(u32),
    /// Degrees, of an angle or of what is not said.
    Degree,
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// A place in an order: only sentences have it.
    Ordinal,
    /// A share of something that is not said: only sentences have it.
    Share,
    /// A time of day: only sentences have it.
    Clock,
    /// One of the tools' own: its number among them.
    Other(u8),
    /// One that is known here and that no parameter has.
    Foreign,
    /// A measure: "litres", "metres a second". No program has one.
    #[cfg(feature = "measures")]
    Measure(Measure),
}

pub(crate) const SECOND: u32 = 1000;
pub(crate) const MINUTE: u32 = 60 * SECOND;
pub(crate) const HOUR: u32 = 60 * MINUTE;
pub(crate) const DAY: u32 = 24 * HOUR;

impl Unit {
    /// Its number in a program; what only sentences have is in none.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Percent => 1,
            Self::Time(1) => 2,
            Self::Time(SECOND) => 3,
            Self::Time(MINUTE) => 4,
            Self::Time(HOUR) => 5,
            Self::Time(_) => 6,
            Self::Degree => 7,
            Self::Celsius => 8,
            Self::Fahrenheit => 9,
            Self::Other(index) => 16 + (index & 0x7f),
            Self::None | Self::Ordinal | Self::Share | Self::Clock | Self::Foreign => 0,
            #[cfg(feature = "measures")]
            Self::Measure(_) => 0,
        }
    }

    /// The unit of that number.
    pub(crate) const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Percent,
            2 => Self::Time(1),
            3 => Self::Time(SECOND),
            4 => Self::Time(MINUTE),
            5 => Self::Time(HOUR),
            6 => Self::Time(DAY),
            7 => Self::Degree,
            8 => Self::Celsius,
            9 => Self::Fahrenheit,
            16.. => Self::Other(code - 16),
            _ => Self::None,
        }
    }

    /// Whether values of a parameter in it may be implied, or said as a share of the greatest.
    pub(crate) const fn has_shares(self) -> bool {
        #[cfg(feature = "measures")]
        if matches!(self, Self::Measure(_)) {
            return true;
        }
        matches!(self, Self::None | Self::Percent | Self::Degree)
    }
}

#[cfg(feature = "measures")]
impl Unit {
    /// Money of any currency, of a parameter that does not say which.
    pub const MONEY: Self = Self::Measure(Measure::MONEY);
    /// Any unit, of a number whose unit is another parameter: it is taken as it is said.
    pub const ANY: Self = Self::Measure(Measure::ANY);

    /// Whether it is a duration.
    #[must_use]
    pub fn is_time(self) -> bool {
        match self {
            Self::Time(_) => true,
            Self::Measure(measure) => measure.is_time(),
            _ => false,
        }
    }

    /// Whether it is a measure of the same.
    pub(crate) fn is_like(self, measure: Measure) -> bool {
        match self {
            Self::Measure(own) => own.is_like(measure),
            _ => self.is_time() && measure.is_time(),
        }
    }
}

/// What words stand for; those of one meaning have a space between them, which takes less flash
/// than a list of each.
pub(crate) type Words<T> = [(T, &'static str)];

/// What a word stands for.
pub(crate) fn listed<T: Copy>(words: &Words<T>, word: &[u8]) -> Option<T> {
    words.iter().find(|(_, list)| each(list).any(|other| other == word)).map(|(value, _)| *value)
}

/// The words of a list.
pub(crate) fn each(list: &'static str) -> impl Iterator<Item = &'static [u8]> {
    list.as_bytes().split(|byte| *byte == b' ')
}

/// Whether a word is one of a list. It is asked in many places, and a copy in each is flash.
#[cfg(feature = "measures")]
#[inline(never)]
pub(crate) fn is_listed(list: &'static str, word: &[u8]) -> bool {
    each(list).any(|other| other == word)
}

/// Words for units, folded, and what they are.
static WORDS: [(Unit, &str); 10] = [
    (Unit::Percent, "percent percents pct procent prozent"),
    (Unit::Time(SECOND), "second seconds sec secs"),
    (Unit::Time(MINUTE), "minute minutes min mins"),
    (Unit::Time(HOUR), "hour hours hr hrs"),
    (Unit::Time(DAY), "day days"),
    (Unit::Time(1), "ms millisecond milliseconds"),
    (Unit::Degree, "degree degrees deg degs grad grade grades"),
    (Unit::Celsius, "celsius centigrade degc"),
    (Unit::Fahrenheit, "fahrenheit degf"),
    (
        Unit::Foreign,
        "kelvin rpm volt volts watt watts lux lumen lumens litre litres liter liters mm cm metre \
         metres meter meters month months week weeks hz khz kg km ml ppm psi",
    ),
];

/// What people write for units behind a number, and what is none anywhere else.
static SLIPS: [(Unit, &str); 5] = [
    (Unit::Percent, "perc"),
    (Unit::Time(SECOND), "sces seks"),
    (Unit::Time(MINUTE), "minit minits minets mn mni mnis mns mnts"),
    (Unit::Time(HOUR), "huor hrus"),
    (Unit::Fahrenheit, "farenhite farenhiet fahrenhite"),
];

/// Letters, and what is a word of its own, that are units right behind digits.
static LETTERS: [(Unit, &str); 7] = [
    (Unit::Percent, "pc percentage"),
    (Unit::Time(SECOND), "s"),
    (Unit::Time(MINUTE), "m"),
    (Unit::Time(HOUR), "h hous"),
    (Unit::Celsius, "c"),
    (Unit::Fahrenheit, "f"),
    (Unit::Foreign, "v w l"),
];

/// Shortest word that may be a misspelt unit.
const SPELT_MIN: usize = 5;

/// The unit that a folded word names.
pub(crate) fn named(word: &[u8]) -> Option<Unit> {
    listed(&WORDS, word)
}

/// The unit that a folded letter stands for behind digits.
pub(crate) fn letter(word: &[u8]) -> Option<Unit> {
    listed(&LETTERS, word)
}

/// The unit that a folded word behind a number names, perhaps misspelt by one letter.
pub(crate) fn spelt(word: &[u8]) -> Option<Unit> {
    named(word).or_else(|| listed(&SLIPS, word)).or_else(|| {
        // "Yours" are no hours.
        let near = |name: &[u8]| {
            let begins = word.iter().take(2).any(|letter| Some(letter) == name.first());
            let is_long = name.len() >= SPELT_MIN && word.len() >= SPELT_MIN;
            begins && is_long && is_near(name, word)
        };
        // "Wants" are no watts, and a unit that no parameter has is worth no guess.
        let mut own = WORDS.iter().filter(|(unit, _)| *unit != Unit::Foreign);
        own.find(|(_, list)| each(list).any(near)).map(|(unit, _)| *unit)
    })
}

/// The scale that a folded word behind degrees names. What it says is asked back where it is not
/// the parameter's, so a misspelt one has to be known too.
pub(crate) fn scale(word: &[u8]) -> Option<Unit> {
    let is_scale = |unit: &Unit| matches!(unit, Unit::Celsius | Unit::Fahrenheit);
    match word {
        b"c" => Some(Unit::Celsius),
        b"f" => Some(Unit::Fahrenheit),
        _ => named(word)
            .filter(|unit| is_scale(unit) || *unit == Unit::Foreign)
            .or_else(|| spelt(word).filter(is_scale)),
    }
}

/// Whether one letter inserted, left out, changed, or swapped with the next makes one word the
/// other (Damerau, 1964).
pub(crate) fn is_near(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    let (after_a, after_b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
    let is_swapped = matches!((a, b), ([a0, a1, a @ ..], [b0, b1, b @ ..])
        if a0 == b1 && a1 == b0 && a == b);
    after_a == after_b || after_a == b || a == after_b || is_swapped
}

/// The unit that a word in the name or the description of a parameter says it has. Words that
/// mean something else as often ("the second channel", "min") are not taken.
pub(crate) fn described(word: &[u8]) -> Option<Unit> {
    let doubtful: [&[u8]; 7] = [b"second", b"minute", b"min", b"day", b"grad", b"grade", b"grades"];
    named(word).filter(|unit| *unit != Unit::Foreign && !doubtful.contains(&word))
}

/// The unit of a descriptor's text for it; `None` where it is the tools' own.
pub(crate) fn symbol(text: &str) -> Option<Unit> {
    Some(match text {
        "" => Unit::None,
        "%" | "percent" | "pct" => Unit::Percent,
        "ms" => Unit::Time(1),
        "s" | "sec" | "seconds" => Unit::Time(SECOND),
        "min" | "minutes" => Unit::Time(MINUTE),
        "h" | "hours" => Unit::Time(HOUR),
        "d" | "days" => Unit::Time(DAY),
        "deg" | "degrees" | "\u{b0}" => Unit::Degree,
        "degC" | "C" | "\u{b0}C" | "celsius" => Unit::Celsius,
        "degF" | "F" | "\u{b0}F" | "fahrenheit" => Unit::Fahrenheit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{DAY, MINUTE, SECOND, Unit, described, each, is_near, named, spelt, symbol};

    #[test]
    fn misspelt_units_are_known_by_one_letter() {
        for word in each(
            "minuts minuets mintues minuites minits mnts secounds secnods sces huor huors precent \
             percant perc degress celcius farenheit farenhite",
        ) {
            assert!(spelt(word).is_some(), "{}", word.escape_ascii());
        }
        for word in each(
            "house light line minus mints today ours seeds hous pc percentage person wants leeks \
             yours",
        ) {
            assert_eq!(spelt(word), None, "{}", word.escape_ascii());
        }
        assert!(is_near(b"abc", b"abc") && is_near(b"ab", b"ba") && !is_near(b"abc", b"cab"));
    }

    #[test]
    fn units_keep_their_numbers_in_a_program() {
        let units = [Unit::None, Unit::Percent, Unit::Time(1), Unit::Time(SECOND), Unit::Time(DAY)];
        for unit in units.into_iter().chain([Unit::Degree, Unit::Celsius, Unit::Other(3)]) {
            assert_eq!(Unit::from_code(unit.code()), unit);
        }
    }

    #[test]
    fn a_parameter_says_its_unit_in_its_name_or_description() {
        assert_eq!(described(b"seconds"), Some(Unit::Time(SECOND)));
        assert_eq!((described(b"second"), described(b"min")), (None, None));
        assert_eq!((symbol("min"), symbol("rpm")), (Some(Unit::Time(MINUTE)), None));
        assert_eq!(named(b"percents"), Some(Unit::Percent));
    }
}
