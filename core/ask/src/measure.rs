//! Measures: what units measure, and how much of it they are.

use crate::number::Rational;
use crate::unit::{DAY, HOUR, MINUTE, SECOND, is_listed};

/// What units measure. Its own unit is in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    /// (millisecond)
    Time,
    /// (metre)
    Length,
    /// (square metre)
    Area,
    /// (litre)
    Volume,
    /// (gram)
    Mass,
    /// (newton)
    Force,
    /// (newton metre)
    Torque,
    /// (pascal)
    Pressure,
    /// (volt)
    Voltage,
    /// (ampere)
    Current,
    /// (ampere hour)
    Charge,
    /// (watt)
    Power,
    /// (horsepower)
    HorsePower,
    /// (joule)
    Energy,
    /// (ohm)
    Resistance,
    /// (nanofarad)
    Capacity,
    /// (microhenry)
    Inductance,
    /// (hertz)
    Frequency,
    /// (kelvin)
    Kelvin,
    /// (lux)
    Light,
    /// (lumen)
    Flux,
    /// (candela)
    Intensity,
    /// (decibel)
    Sound,
    /// (decibel milliwatt)
    Level,
    /// (part in a million)
    Part,
    /// Data in powers of a thousand (kilobyte).
    Data,
    /// Data in powers of 1024 (kibibyte).
    Memory,
    /// (kilobit)
    Bits,
    /// (euro)
    Euro,
    /// (dollar)
    Dollar,
    /// (pound sterling)
    Sterling,
    /// (semitone)
    Pitch,
    /// Turns, which only a rate measures (turn).
    Turn,
    /// Things that are counted, which only a rate measures (one).
    Count,
    /// Money of any currency, which only parameters have (its main unit).
    Money,
    /// Whatever is said, which only parameters have.
    Any,
}

/// A measure, or so much of it in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its place in the table.
    index: u8,
    per: Per,
}

/// The time of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Per {
    Nothing,
    Second,
    Minute,
    Hour,
    Day,
}

/// How much of its quantity's own unit one is: a quotient.
type Factor = (Quantity, u32, u32);

/// Names of measures, folded. Rules number them by their place: new ones come last. A name that
/// two have is the one that a parameter has, else the first.
static MEASURES: [(Factor, &str); 124] = [
    ((Quantity::Time, 1, 1_000_000), "ns nanosecond nanoseconds"),
    ((Quantity::Time, 1, 1000), "us usec microsecond microseconds"),
    ((Quantity::Time, 604_800_000, 1), "week weeks wk wks"),
    ((Quantity::Length, 1, 1_000_000_000), "nm nanometre nanometres nanometer nanometers"),
    (
        (Quantity::Length, 1, 1_000_000),
        "um micron microns micrometre micrometres micrometer micrometers mic",
    ),
    (
        (Quantity::Length, 1, 1000),
        "mm millimetre millimetres millimeter millimeters mms milimetre milimetres milimeter \
         milimeters mil mils mill mills millis",
    ),
    (
        (Quantity::Length, 1, 100),
        "cm centimetre centimetres centimeter centimeters cms centi centis",
    ),
    ((Quantity::Length, 1, 10), "dm decimetre decimetres decimeter decimeters"),
    ((Quantity::Length, 1, 1), "m metre metres meter meters mtr mtrs"),
    ((Quantity::Length, 1000, 1), "km kilometre kilometres kilometer kilometers kms klick klicks"),
    ((Quantity::Length, 254, 10_000), "inch inches in"),
    ((Quantity::Length, 3048, 10_000), "foot feet ft"),
    ((Quantity::Length, 9144, 10_000), "yard yards yd yds"),
    ((Quantity::Length, 1_609_344, 1000), "mile miles mi"),
    ((Quantity::Length, 1852, 1), "nmi"),
    ((Quantity::Area, 1, 1_000_000), "mm2"),
    ((Quantity::Area, 1, 10_000), "cm2"),
    ((Quantity::Area, 1, 1), "m2 sqm"),
    ((Quantity::Area, 10_000, 1), "ha hectare hectares"),
    ((Quantity::Area, 316_160_658, 78_125), "acre acres"),
    ((Quantity::Area, 1_000_000, 1), "km2"),
    ((Quantity::Volume, 1, 1_000_000), "ul microlitre microlitres microliter microliters"),
    (
        (Quantity::Volume, 1, 1000),
        "ml millilitre millilitres milliliter milliliters mls mil mils mill mills milli millis cc \
         ccm cm3 mililitre mililitres mililiter mililiters",
    ),
    ((Quantity::Volume, 1, 100), "cl centilitre centilitres centiliter centiliters"),
    ((Quantity::Volume, 1, 10), "dl decilitre decilitres deciliter deciliters"),
    ((Quantity::Volume, 1, 1), "l litre litres liter liters ltr ltrs dm3 lt"),
    ((Quantity::Volume, 100, 1), "hl hectolitre hectolitres hectoliter hectoliters"),
    ((Quantity::Volume, 1000, 1), "m3 cbm kl cubes"),
    ((Quantity::Volume, 454_609, 100_000), "gallon gallons gal"),
    ((Quantity::Volume, 454_609, 800_000), "pint pints"),
    ((Quantity::Mass, 1, 1_000_000), "ug microgram micrograms mcg"),
    ((Quantity::Mass, 1, 1000), "mg milligram milligrams milligramme milligrammes"),
    ((Quantity::Mass, 1, 1), "g gram grams gramme grammes gr grm grms gms"),
    ((Quantity::Mass, 1000, 1), "kg kilogram kilograms kilogramme kilogrammes kilo kilos kgs"),
    ((Quantity::Mass, 1_000_000, 1), "t tonne tonnes ton tons"),
    ((Quantity::Mass, 45_359_237, 100_000), "lb pound pounds lbs"),
    ((Quantity::Mass, 45_359_237, 1_600_000), "oz ounce ounces"),
    ((Quantity::Force, 1, 1000), "millinewton millinewtons"),
    ((Quantity::Force, 1, 1), "n newton newtons"),
    ((Quantity::Force, 1000, 1), "kn kilonewton kilonewtons"),
    ((Quantity::Force, 980_665, 100_000), "kgf kp"),
    ((Quantity::Torque, 1, 100), "ncm"),
    ((Quantity::Torque, 1, 1000), "nmm"),
    ((Quantity::Torque, 1, 1), "nm newtonmetre newtonmetres newtonmeter newtonmeters"),
    ((Quantity::Pressure, 1, 1), "pa pascal pascals"),
    ((Quantity::Pressure, 100, 1), "mbar millibar millibars mbars hpa hectopascal hectopascals"),
    ((Quantity::Pressure, 1000, 1), "kpa kilopascal kilopascals"),
    ((Quantity::Pressure, 1_000_000, 1), "mpa megapascal megapascals"),
    ((Quantity::Pressure, 100_000, 1), "bar bars"),
    ((Quantity::Pressure, 101_325, 1), "atm atmosphere atmospheres"),
    // This one, and mercury's, is no short quotient; it is right to nine digits.
    ((Quantity::Pressure, 344_737_865, 50_000), "psi"),
    ((Quantity::Pressure, 133_322_387, 1_000_000), "mmhg torr"),
    ((Quantity::Pressure, 980_665, 10_000), "cmh2o"),
    ((Quantity::Voltage, 1, 1_000_000), "uv microvolt microvolts"),
    ((Quantity::Voltage, 1, 1000), "mv millivolt millivolts mvpp"),
    ((Quantity::Voltage, 1, 1), "v volt volts vpp vdc vac"),
    ((Quantity::Voltage, 1000, 1), "kv kilovolt kilovolts"),
    ((Quantity::Current, 1, 1_000_000), "ua microamp microamps microampere microamperes"),
    (
        (Quantity::Current, 1, 1000),
        "ma milliamp milliamps milliampere milliamperes mamp mamps milliamperage",
    ),
    ((Quantity::Current, 1, 1), "a amp amps ampere amperes"),
    ((Quantity::Current, 1000, 1), "ka kiloamp kiloamps"),
    ((Quantity::Charge, 1, 1000), "mah"),
    ((Quantity::Charge, 1, 1), "ah"),
    ((Quantity::Power, 1, 1000), "mw milliwatt milliwatts"),
    ((Quantity::Power, 1, 1), "w watt watts"),
    ((Quantity::Power, 1000, 1), "kw kilowatt kilowatts kws"),
    ((Quantity::Power, 1_000_000, 1), "megawatt megawatts"),
    ((Quantity::HorsePower, 1, 1), "hp ps horsepower"),
    ((Quantity::Energy, 1, 1000), "mj millijoule millijoules"),
    ((Quantity::Energy, 1, 1), "j joule joules"),
    ((Quantity::Energy, 1000, 1), "kj kilojoule kilojoules"),
    ((Quantity::Energy, 4184, 1), "kcal calorie calories kilocalorie kilocalories cal"),
    ((Quantity::Energy, 3600, 1), "wh"),
    ((Quantity::Energy, 3_600_000, 1), "kwh kilowatthour kilowatthours"),
    ((Quantity::Energy, 3_600_000_000, 1), "mwh"),
    ((Quantity::Resistance, 1, 1000), "mohm milliohm milliohms"),
    ((Quantity::Resistance, 1, 1), "ohm ohms"),
    ((Quantity::Resistance, 1000, 1), "kohm kilohm kilohms kiloohm kiloohms"),
    ((Quantity::Resistance, 1_000_000, 1), "megohm megohms megaohm megaohms"),
    ((Quantity::Capacity, 1, 1000), "pf picofarad picofarads"),
    ((Quantity::Capacity, 1, 1), "nf nanofarad nanofarads"),
    ((Quantity::Capacity, 1000, 1), "uf microfarad microfarads"),
    ((Quantity::Inductance, 1, 1000), "nh nanohenry nanohenries"),
    ((Quantity::Inductance, 1, 1), "uh microhenry microhenries"),
    ((Quantity::Inductance, 1000, 1), "mh millihenry millihenries"),
    ((Quantity::Frequency, 1, 1), "hz hertz herz"),
    ((Quantity::Frequency, 1000, 1), "khz kilohertz kiloherz"),
    ((Quantity::Frequency, 1_000_000, 1), "mhz megahertz meg megs"),
    ((Quantity::Frequency, 1_000_000_000, 1), "ghz gigahertz"),
    ((Quantity::Kelvin, 1, 1), "kelvin kelvins"),
    ((Quantity::Light, 1, 1), "lux lx"),
    ((Quantity::Light, 1000, 1), "klx klux kilolux"),
    ((Quantity::Flux, 1, 1), "lm lumen lumens"),
    ((Quantity::Intensity, 1, 1), "cd candela candelas nit nits"),
    ((Quantity::Intensity, 1000, 1), "kcd kilocandela kilocandelas"),
    ((Quantity::Sound, 1, 1), "db decibel decibels dbs dba dbfs"),
    ((Quantity::Level, 1, 1), "dbm"),
    ((Quantity::Part, 1, 1), "ppm"),
    ((Quantity::Part, 1, 1000), "ppb"),
    ((Quantity::Data, 1, 1000), "byte bytes"),
    ((Quantity::Data, 1, 1), "kb kilobyte kilobytes"),
    ((Quantity::Data, 1000, 1), "mb megabyte megabytes meg megs"),
    ((Quantity::Data, 1_000_000, 1), "gb gigabyte gigabytes gig gigs"),
    ((Quantity::Data, 1_000_000_000, 1), "tb terabyte terabytes"),
    ((Quantity::Memory, 1, 1), "kib kibibyte kibibytes kb kilobyte kilobytes"),
    ((Quantity::Memory, 1024, 1), "mib mebibyte mebibytes mb megabyte megabytes meg megs"),
    ((Quantity::Memory, 1_048_576, 1), "gib gibibyte gibibytes gb gigabyte gigabytes gig gigs"),
    ((Quantity::Bits, 1, 1000), "bits"),
    ((Quantity::Bits, 1, 1), "kbit kbits kilobit kilobits"),
    ((Quantity::Bits, 1000, 1), "mbit mbits megabit megabits"),
    ((Quantity::Euro, 1, 1), "eur euro euros bucks"),
    ((Quantity::Euro, 1, 100), "cent cents"),
    ((Quantity::Dollar, 1, 1), "usd dollar dollars bucks"),
    ((Quantity::Dollar, 1, 100), "cent cents"),
    ((Quantity::Dollar, 1000, 1), "kusd"),
    ((Quantity::Sterling, 1, 1), "gbp pound pounds quid"),
    ((Quantity::Sterling, 1, 100), "pence penny p"),
    ((Quantity::Pitch, 1, 1), "semitone semitones semis"),
    ((Quantity::Pitch, 12, 1), "octave octaves"),
    ((Quantity::Turn, 1000, 1), "kturn"),
    ((Quantity::Turn, 1, 1), "turn turns rev revs revolution revolutions rotation rotations spins"),
    (
        (Quantity::Count, 1, 1),
        "count beat beats click clicks line lines word words stitch stitches shot shots step steps \
         stroke strokes frame frames page pages cycle cycles breath breaths pulse pulses piece \
         pieces drop drops character characters part parts bottle bottles message messages tick \
         ticks round rounds",
    ),
    // No sentence names these.
    ((Quantity::Money, 1, 1), ""),
    ((Quantity::Any, 1, 1), ""),
];

/// Rates with a name of their own: what in which time.
static RATES: [(Per, &str, &str); 21] = [
    (Per::Hour, "mile", "mph"),
    (Per::Hour, "km", "kmh kph"),
    (Per::Hour, "nmi", "knot knots kt kts kn"),
    (Per::Second, "m", "mps"),
    (Per::Minute, "m", "mpm"),
    (Per::Second, "inch", "ips"),
    (Per::Second, "foot", "fps"),
    (Per::Minute, "l", "lpm"),
    (Per::Hour, "l", "lph"),
    (Per::Minute, "ml", "mlmin"),
    (Per::Hour, "ml", "mlh"),
    (Per::Hour, "m3", "m3h"),
    (Per::Second, "m3", "m3s"),
    (Per::Minute, "turn", "rpm"),
    (Per::Minute, "kturn", "krpm"),
    (Per::Minute, "count", "bpm spm wpm cpm ppm lpm"),
    (Per::Second, "count", "fps cps"),
    (Per::Second, "kbit", "kbps"),
    (Per::Second, "mbit", "mbps"),
    (Per::Second, "kb", "kbyteps kbps"),
    (Per::Second, "mb", "mbyteps mbps"),
];

/// Letters behind digits that mean a measure only where nothing is between.
const TIGHT: &str = "a n t j p";
/// Words that are measures only behind digits and at an end, or where nothing is between.
const DOUBTFUL: &str = "in us a n t j p ps mil mill mills part keys cal pa ka ma ha mi lt sa mic";

impl Per {
    const fn of(scale: u32) -> Option<Self> {
        Some(match scale {
            SECOND => Self::Second,
            MINUTE => Self::Minute,
            HOUR => Self::Hour,
            DAY => Self::Day,
            _ => return None,
        })
    }

    const fn milliseconds(self) -> u32 {
        match self {
            Self::Nothing => 1,
            Self::Second => SECOND,
            Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }
}

impl Measure {
    const NOTHING: Factor = (Quantity::Count, 1, 1);

    fn factor(self) -> Factor {
        MEASURES.get(usize::from(self.index)).map_or(Self::NOTHING, |(factor, _)| *factor)
    }

    const fn whole(index: usize) -> Self {
        Self { index: index as u8, per: Per::Nothing }
    }

    /// Its number in a rule, in two bytes: the first is one of five from this on.
    pub(crate) const fn codes(self) -> [u8; 2] {
        [FIRST_CODE + self.per as u8, self.index]
    }

    /// The measure of those.
    pub(crate) fn from_codes([per, index]: [u8; 2]) -> Option<Self> {
        let per = match per.wrapping_sub(FIRST_CODE) {
            0 => Per::Nothing,
            1 => Per::Second,
            2 => Per::Minute,
            3 => Per::Hour,
            4 => Per::Day,
            _ => return None,
        };
        (usize::from(index) < MEASURES.len()).then_some(Self { index, per })
    }

    /// So much of it in a time of so many milliseconds.
    pub(crate) fn per(self, scale: u32) -> Option<Self> {
        let per = Per::of(scale).filter(|_| self.per == Per::Nothing)?;
        (self.factor().0 != Quantity::Time).then_some(Self { per, ..self })
    }

    /// Money of any currency: euros, dollars and pounds are like it, and as much of it.
    pub(crate) const MONEY: Self = Self::whole(MEASURES.len() - 2);
    /// Any measure, whose numbers stay as they are said.
    pub(crate) const ANY: Self = Self::whole(MEASURES.len() - 1);

    /// Whether both measure the same.
    pub(crate) fn is_like(self, other: Self) -> bool {
        let (own, others) = (self.factor().0, other.factor().0);
        let is_any = |one, other: Self| one == Quantity::Money && other.is_money();
        let is_same = own == others || is_any(own, other) || is_any(others, self);
        is_same && self.is_rate() == other.is_rate()
    }

    /// Whether it is so much in a time.
    pub(crate) fn is_rate(self) -> bool {
        self.per != Per::Nothing
    }

    /// Whether it measures durations.
    pub(crate) fn is_time(self) -> bool {
        self.factor().0 == Quantity::Time && self.per == Per::Nothing
    }

    /// Whether it is the kelvin.
    pub(crate) fn is_kelvin(self) -> bool {
        self.factor().0 == Quantity::Kelvin
    }

    /// Whether it is money.
    pub(crate) fn is_money(self) -> bool {
        matches!(self.factor().0, Quantity::Euro | Quantity::Dollar | Quantity::Sterling)
    }

    /// What names of rates are made of without "per": `l_min`.
    pub(crate) fn flows(self) -> bool {
        matches!(
            self.factor().0,
            Quantity::Length | Quantity::Volume | Quantity::Mass | Quantity::Data | Quantity::Bits
        )
    }

    /// What only a rate measures: alone, it is as much in the time of the parameter.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self.factor().0, Quantity::Turn | Quantity::Count)
    }

    /// Whether it is only counted, for lack of a time.
    pub(crate) fn is_alone(self) -> bool {
        self.is_counted() && self.per == Per::Nothing
    }

    /// What people say for so much of it in the time of the parameter: "forty megabits".
    pub(crate) fn stands_for(self, rate: Self) -> bool {
        let is_speed = matches!(self.factor().0, Quantity::Data | Quantity::Bits);
        let is_rate = self.per == Per::Nothing && rate.per != Per::Nothing;
        let is_same = is_speed && self.factor().0 == rate.factor().0;
        is_rate && (self.index == rate.index || is_same)
    }

    /// How many parts there are in one, of those that people say without their unit: "two metres
    /// forty", "three euros ten", "two kilos five hundred".
    pub(crate) fn parts(self) -> Option<i64> {
        match self.factor() {
            _ if self.per != Per::Nothing => None,
            (Quantity::Length, 1, 1) => Some(100),
            (_, 1, 1) if self.is_money() => Some(100),
            (Quantity::Mass, 1000, 1) => Some(1000),
            (Quantity::Length, 3048, _) => Some(12),
            _ => None,
        }
    }

    /// Whether one of it is more than one of another that measures the same.
    pub(crate) fn is_larger(self, other: Self) -> bool {
        let (own, other) = (self.factor(), other.factor());
        u64::from(own.1) * u64::from(other.2) > u64::from(other.1) * u64::from(own.2)
    }

    /// What a value in it is in another unit that measures the same.
    pub(crate) fn convert(self, value: Rational, to: Self) -> Option<Rational> {
        let (own, other) = (self.factor(), to.factor());
        let value = value.reduced().divided(own.2, own.1)?.divided(other.1, other.2)?;
        value.divided(self.per.milliseconds(), to.per.milliseconds())
    }

    /// The same in the time that another has.
    pub(crate) fn in_time_of(self, other: Self) -> Option<Self> {
        let is_whole = self.per == Per::Nothing && other.per != Per::Nothing;
        is_whole.then_some(Self { per: other.per, ..self })
    }

    /// What a value in milliseconds is in it.
    pub(crate) fn of_milliseconds(self, value: Rational) -> Option<Rational> {
        let (_, over, under) = self.factor();
        value.reduced().divided(over, under)
    }

    /// What a value in it is in milliseconds.
    pub(crate) fn milliseconds(self, value: Rational) -> Option<Rational> {
        let (_, over, under) = self.factor();
        value.reduced().divided(under, over)
    }
}

/// The first byte of a measure in a rule.
pub(crate) const FIRST_CODE: u8 = 10;

/// The measures of a name, in the order of the tables.
fn all(name: &[u8]) -> impl Iterator<Item = Measure> {
    let is_named = move |list: &'static str| is_listed(list, name);
    let whole = MEASURES.iter().enumerate().filter(move |(_, (_, list))| is_named(list));
    let rates = RATES.iter().filter(move |(.., list)| is_named(list));
    let rate = |(per, of, _): &(Per, &str, &str)| {
        let of = of.as_bytes();
        let at = MEASURES.iter().position(|(_, list)| is_listed(list, of))?;
        Some(Measure { per: *per, ..Measure::whole(at) })
    };
    whole.map(|(at, _)| Measure::whole(at)).chain(rates.filter_map(rate))
}

/// The measure of that name, folded: the one that a parameter has, if one does.
pub(crate) fn named(name: &[u8], has: impl Fn(Measure) -> bool) -> Option<Measure> {
    named_by(name, &has)
}

/// The same, once for all that ask.
#[inline(never)]
fn named_by(name: &[u8], has: &dyn Fn(Measure) -> bool) -> Option<Measure> {
    if name.is_empty() {
        return None;
    }
    let open = || all(name).find(|measure| !measure.is_counted() || measure.per != Per::Nothing);
    all(name).find(|measure| has(*measure)).or_else(open)
}

/// Whether a name is of a measure only right behind digits.
pub(crate) fn is_tight(name: &[u8]) -> bool {
    is_listed(TIGHT, name)
}

/// Whether a name means something else as often.
pub(crate) fn is_doubtful(name: &[u8]) -> bool {
    is_listed(DOUBTFUL, name)
}

/// The measure of a sign.
pub(crate) fn sign(sign: char, has: impl Fn(Measure) -> bool) -> Option<Measure> {
    let name: &[u8] = match sign {
        '$' => b"usd",
        '\u{20ac}' => b"eur",
        '\u{a3}' => b"gbp",
        '\u{3a9}' | '\u{3c9}' | '\u{2126}' => b"ohm",
        _ => return None,
    };
    named(name, has)
}

/// The measure in an hour of power or current: "kilowatt hours".
pub(crate) fn hours(of: Measure) -> Option<Measure> {
    let name: &[u8] = match of.factor() {
        (Quantity::Power, 1, 1) => b"wh",
        (Quantity::Power, 1000, 1) => b"kwh",
        (Quantity::Power, 1_000_000, 1) => b"mwh",
        (Quantity::Current, 1, 1) => b"ah",
        (Quantity::Current, 1, 1000) => b"mah",
        _ => return None,
    };
    named(name, |_| false)
}

/// The measure of that many metres each way, "cubic metres", "square centimetres", or of a force
/// at that many: "newton metres".
pub(crate) fn power(word: &[u8], length: Measure) -> Option<Measure> {
    let name: &[u8] = match (word, length.factor()) {
        (b"newton" | b"newtons", (Quantity::Length, 1, 1)) => b"newtonmetre",
        (b"newton" | b"newtons", (Quantity::Length, 1, 100)) => b"ncm",
        (b"newton" | b"newtons", (Quantity::Length, 1, 1000)) => b"nmm",
        (b"cubic" | b"cube", (Quantity::Length, 1, 1)) => b"m3",
        (b"cubic" | b"cube", (Quantity::Length, 1, 10)) => b"dm3",
        (b"cubic" | b"cube", (Quantity::Length, 1, 100)) => b"cm3",
        (b"square" | b"sq", (Quantity::Length, 1, 1)) => b"m2",
        (b"square" | b"sq", (Quantity::Length, 1, 100)) => b"cm2",
        (b"square" | b"sq", (Quantity::Length, 1, 1000)) => b"mm2",
        (b"square" | b"sq", (Quantity::Length, 1000, 1)) => b"km2",
        _ => return None,
    };
    named(name, |_| false)
}

#[cfg(test)]
mod tests {
    use super::{Measure, Rational, named};

    #[test]
    fn measures_keep_their_numbers_in_a_rule() {
        let codes = |name: &str| named(name.as_bytes(), |_| false).unwrap().codes();
        assert_eq!(codes("ns"), [10, 0]);
        assert_eq!(codes("metres"), [10, 8]);
        assert_eq!((codes("litres"), codes("lpm")), ([10, 25], [12, 25]));
        assert_eq!((codes("rpm"), codes("octave")), ([12, 120], [10, 118]));
        for code in 10..15 {
            let codes = [code, 25];
            assert_eq!(Measure::from_codes(codes).unwrap().codes(), codes);
        }
        assert!(Measure::from_codes([9, 0]).is_none() && Measure::from_codes([15, 0]).is_none());
    }

    #[test]
    fn a_value_is_converted_exactly() {
        let unit = |name: &str| named(name.as_bytes(), |_| false).unwrap();
        let (metre, km) = (unit("metres").per(3_600_000).unwrap(), unit("kmh"));
        assert!(metre.is_like(km));
        let value = metre.convert(Rational::whole(5000), km);
        assert_eq!(value.and_then(Rational::nearly), Some(5));
        let (psi, bar) = (unit("psi"), unit("bar"));
        let value =
            psi.convert(Rational::whole(30), bar).and_then(|it| it.times(Rational::whole(1000)));
        assert_eq!(value.map(|it| it.floor()), Some(2068));
    }
}
