//! Units: what they measure, and how much of it.

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    /// What it measures; `/s` behind it where it is a rate.
    pub(super) quantity: Quantity,
    /// How much of the quantity's own unit it is.
    pub(super) factor: f64,
    /// What is added then.
    pub(super) offset: f64,
}

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    /// The name of it.
    pub(super) name: &'static str,
    /// Whether it is so much of it in a time.
    pub(super) is_rate: bool,
}

impl Unit {
    const fn new(name: &'static str, factor: f64) -> Self {
        Self { quantity: Quantity { name, is_rate: false }, factor, offset: 0.0 }
    }

    /// So much in a time.
    pub(super) fn per(self, time: Self) -> Option<Self> {
        let is_time = time.quantity.name == "time" && !time.quantity.is_rate;
        (is_time && !self.quantity.is_rate).then_some(Self {
            quantity: Quantity { is_rate: true, ..self.quantity },
            factor: self.factor / time.factor,
            offset: 0.0,
        })
    }

    /// A value of this unit in another, where that measures the same.
    pub(super) fn convert(self, value: f64, to: Self) -> Option<f64> {
        if self == to {
            return Some(value);
        }
        let (own, other) = (self.quantity, to.quantity);
        // Degrees may be of an angle or of any scale.
        let degrees = |a: &str, b: &str| a == "degree" && ["temperature", "angle"].contains(&b);
        if degrees(own.name, other.name) || degrees(other.name, own.name) {
            return Some(value);
        }
        (own == other).then(|| (value * self.factor + self.offset - to.offset) / to.factor)
    }

    /// What degrees Celsius, a percentage and the like are.
    pub(super) fn is(self, quantity: &str) -> bool {
        self.quantity.name == quantity && !self.quantity.is_rate
    }
}

/// Quantities, with the units of each: names, and how much they are.
type Table = &'static [(&'static str, &'static [(&'static str, f64)])];

/// Words and signs that are units wherever they stand behind a number.
const WORDS: Table = &[
    ("percent", &[("percent percents pct % procent prozent", 1.0)]),
    (
        "time",
        &[
            ("microsecond microseconds us \u{b5}s", 1e-6),
            ("millisecond milliseconds ms msec millis milli", 1e-3),
            ("second seconds sec secs second's", 1.0),
            ("minute minutes min mins minits minuts", 60.0),
            ("hour hours hr hrs", 3600.0),
            ("day days", 86400.0),
            ("week weeks fortnight", 604_800.0),
            ("month months", 2_629_800.0),
        ],
    ),
    (
        "length",
        &[
            ("nanometre nanometres nanometer nanometers nm", 1e-9),
            ("micron microns micrometre micrometres micrometer micrometers um \u{b5}m", 1e-6),
            ("millimetre millimetres millimeter millimeters mm mil mils", 1e-3),
            ("centimetre centimetres centimeter centimeters cm centi", 1e-2),
            ("metre metres meter meters mtr", 1.0),
            ("kilometre kilometres kilometer kilometers km kms k", 1e3),
            ("inch inches in", 0.0254),
            ("foot feet ft", 0.3048),
            ("yard yards", 0.9144),
            ("mile miles", 1609.344),
        ],
    ),
    (
        "mass",
        &[
            ("milligram milligrams mg", 1e-6),
            ("gram grams gramme grammes gr gm", 1e-3),
            ("kilo kilos kilogram kilograms kg kgs", 1.0),
            ("tonne tonnes ton tons", 1e3),
            ("pound pounds lb lbs", 0.453_592_37),
            ("ounce ounces oz", 0.028_349_523),
        ],
    ),
    (
        "volume",
        &[
            ("microlitre microlitres microliter microliters ul", 1e-6),
            ("millilitre millilitres milliliter milliliters ml mls cc ccm", 1e-3),
            ("centilitre centilitres cl", 1e-2),
            ("decilitre decilitres dl", 1e-1),
            ("litre litres liter liters ltr ltrs", 1.0),
            ("pint pints", 0.568_261),
            ("gallon gallons", 4.546_09),
        ],
    ),
    (
        "pressure",
        &[
            ("pascal pascals pa", 1.0),
            ("hpa hectopascal hectopascals mbar millibar millibars", 100.0),
            ("kpa kilopascal kilopascals", 1e3),
            ("mpa megapascal megapascals", 1e6),
            ("bar bars", 1e5),
            ("psi", 6894.757),
            ("cmh2o", 98.0665),
            ("mmhg torr", 133.322),
        ],
    ),
    (
        "frequency",
        &[
            ("hertz hz", 1.0),
            ("kilohertz khz", 1e3),
            ("megahertz mhz megs", 1e6),
            ("gigahertz ghz", 1e9),
        ],
    ),
    ("rotation", &[("rpm revs revolutions rev", 1.0), ("krpm", 1e3)]),
    ("beat", &[("bpm beats", 1.0)]),
    (
        "voltage",
        &[
            ("millivolt millivolts mv mvpp", 1e-3),
            ("volt volts vpp", 1.0),
            ("kilovolt kilovolts kv", 1e3),
        ],
    ),
    (
        "current",
        &[
            ("microamp microamps", 1e-6),
            ("milliamp milliamps milliampere milliamperes ma", 1e-3),
            ("amp amps ampere amperes", 1.0),
        ],
    ),
    (
        "power",
        &[
            ("milliwatt milliwatts mw", 1e-3),
            ("watt watts", 1.0),
            ("kilowatt kilowatts kw", 1e3),
            ("megawatt megawatts", 1e6),
        ],
    ),
    ("energy", &[("wh", 1.0), ("kwh kilowatthour kilowatthours", 1e3)]),
    ("work", &[("joule joules", 1.0)]),
    ("resistance", &[("ohm ohms", 1.0), ("kilohm kilohms kiloohm kiloohms", 1e3)]),
    ("sound", &[("decibel decibels db dbs", 1.0)]),
    ("level", &[("dbm", 1.0)]),
    ("light", &[("lux", 1.0), ("klx kilolux", 1e3)]),
    ("flux", &[("lumen lumens", 1.0)]),
    ("tint", &[("kelvin kelvins", 1.0)]),
    ("force", &[("newton newtons", 1.0), ("kilonewton kilonewtons kn", 1e3)]),
    ("torque", &[("newtonmetre newtonmetres ncm", 1.0)]),
    ("share", &[("ppm", 1.0), ("ppb", 1e-3)]),
    ("turbidity", &[("ntu", 1.0)]),
    ("gas", &[("sccm", 1.0), ("slm", 1e3)]),
    (
        "data",
        &[
            ("byte bytes", 1.0),
            ("kilobyte kilobytes kb", 1e3),
            ("megabyte megabytes mb", 1e6),
            ("mib mebibyte mebibytes", 1_048_576.0),
            ("gigabyte gigabytes gb gig gigs", 1e9),
            ("gib gibibyte gibibytes", 1_073_741_824.0),
            ("terabyte terabytes tb", 1e12),
        ],
    ),
    ("bits", &[("kbps kilobit kilobits kbit", 1e3), ("mbps megabit megabits mbit", 1e6)]),
    (
        "money",
        &[
            ("cent cents penny pence", 0.01),
            ("euro euros eur \u{20ac} quid dollar dollars $ \u{a3}", 1.0),
        ],
    ),
    ("angle", &[("radian radians", 57.295_779_5)]),
    ("degree", &[("degree degrees deg degs \u{b0} degreez", 1.0)]),
];

/// Letters that are units right behind digits, or as a part of a parameter's name.
const LETTERS: Table = &[
    ("time", &[("s", 1.0), ("h", 3600.0), ("d", 86400.0)]),
    ("length", &[("m", 1.0)]),
    ("mass", &[("g", 1e-3), ("t", 1e3)]),
    ("volume", &[("l", 1.0)]),
    ("voltage", &[("v", 1.0)]),
    ("current", &[("a", 1.0)]),
    ("power", &[("w", 1.0)]),
    ("work", &[("j", 1.0)]),
    ("force", &[("n", 1.0)]),
];

/// Rates that have a name of their own: what of, and in how many seconds.
const RATES: &[(&str, &str, f64)] = &[
    ("mph", "length", 0.447_04),
    ("kmh kph", "length", 1.0 / 3.6),
    ("knot knots kt kts", "length", 0.514_444),
    ("mps", "length", 1.0),
    ("ips", "length", 0.0254),
    ("lpm", "volume", 1.0 / 60.0),
    ("lph", "volume", 1.0 / 3600.0),
    ("mlmin", "volume", 1e-3 / 60.0),
];

/// Scales of temperature.
const SCALES: &[(&str, f64, f64)] = &[
    ("celsius centigrade degc \u{2103}", 1.0, 0.0),
    ("fahrenheit degf farenheit \u{2109}", 5.0 / 9.0, -160.0 / 9.0),
];

fn listed(table: Table, word: &str) -> Option<Unit> {
    table.iter().find_map(|(quantity, units)| {
        let unit = units.iter().find(|(names, _)| names.split(' ').any(|name| name == word));
        unit.map(|(_, factor)| Unit::new(quantity, *factor))
    })
}

/// The scale that a word behind degrees names.
pub(super) fn scale(word: &str) -> Option<Unit> {
    let letter = match word {
        "c" => "celsius",
        "f" => "fahrenheit",
        word => word,
    };
    let scale = SCALES.iter().find(|(names, ..)| names.split(' ').any(|name| name == letter))?;
    Some(Unit { offset: scale.2, ..Unit::new("temperature", scale.1) })
}

/// The unit that a word behind a number names.
pub(super) fn word(word: &str) -> Option<Unit> {
    let rate = RATES.iter().find(|(names, ..)| names.split(' ').any(|name| name == word));
    let rate = rate.map(|(_, name, factor)| Unit {
        quantity: Quantity { name, is_rate: true },
        ..Unit::new(name, *factor)
    });
    let scale = || if word.len() > 1 { scale(word) } else { None };
    listed(WORDS, word).or(rate).or_else(scale)
}

/// The unit that letters right behind digits are.
pub(super) fn letter(text: &str) -> Option<Unit> {
    word(text).or_else(|| listed(LETTERS, text)).or_else(|| scale(text))
}

/// The unit that the parts of a name have: `rate_ml_h`, `temp_c`, `minutes`.
pub(super) fn of_name(name: &str) -> Option<Unit> {
    // "mA" and "kPa" are one part, though a capital stands in the midst of them.
    let whole = name.rsplit(['_', '-', '.']).next().unwrap_or_default().to_lowercase();
    if let Some(unit) = word(&whole).filter(|_| whole != "in" && whole != "k") {
        let parts = super::text::parts(name);
        let before = parts.len().checked_sub(2).and_then(|at| letter(&parts[at]));
        let rate = before.and_then(|before| before.per(unit));
        return Some(rate.unwrap_or(unit));
    }
    let parts = &super::text::parts(name)[..];
    let last = parts.last()?;
    let (before, is_per) = match parts.len() {
        0 | 1 => (None, false),
        n if parts[n - 2] == "per" => (n.checked_sub(3).map(|at| &parts[at]), true),
        n => (Some(&parts[n - 2]), false),
    };
    let before = before.and_then(|part| letter(part).filter(|_| part != "in" && part != "a"));
    if let (Some(unit), Some(time)) = (before, letter(last).filter(|_| last != "in"))
        && let Some(rate) = unit.per(if last == "m" { Unit::new("time", 60.0) } else { time })
    {
        return Some(rate);
    }
    if is_per {
        return None;
    }
    if last == "no" || last == "n" || last == "in" || (last == "k" && parts.len() == 1) {
        return None;
    }
    letter(last).or_else(|| parts.iter().rev().find_map(|part| word(part).filter(|_| part != "in")))
}

/// The unit that a description speaks of.
pub(super) fn of_text(text: &str) -> Option<Unit> {
    let words = super::text::words(text);
    let named = |at: usize| {
        let text = words.get(at)?.text.as_str();
        let doubtful = ["in", "second", "min", "day", "days", "k", "level", "foot", "ma", "pound"];
        let unit = if doubtful.contains(&text) { None } else { word(text) };
        let behind_in = || {
            let before = words.get(at.checked_sub(1)?)?;
            ["in", "[", "("].contains(&&*before.text).then(|| letter(text)).flatten()
        };
        unit.or_else(behind_in)
    };
    (0..words.len()).find_map(|at| {
        let unit = named(at)?;
        // "for 3 s" says how long the device takes, not what it is given.
        let behind_number = at.checked_sub(1).is_some_and(|before| words[before].is_digits());
        if behind_number && !unit.is("percent") {
            return None;
        }
        if unit.is("degree")
            && let Some(scale) = words.get(at + 1).and_then(|word| scale(&word.text))
        {
            return Some(scale);
        }
        let is_per = words.get(at + 1).is_some_and(|w| ["per", "/", "a"].contains(&&*w.text));
        let time = words.get(at + 2).and_then(|word| letter(&word.text)).filter(|_| is_per);
        Some(time.and_then(|time| unit.per(time)).unwrap_or(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_converted_within_a_quantity() {
        let (kpa, bar) = (word("kpa").unwrap(), word("bar").unwrap());
        assert!((kpa.convert(700.0, bar).unwrap() - 7.0).abs() < 1e-9);
        let (f, c) = (scale("f").unwrap(), scale("c").unwrap());
        assert!((f.convert(212.0, c).unwrap() - 100.0).abs() < 1e-9);
        assert!(word("litres").unwrap().convert(1.0, bar).is_none());
        let metre_a_minute = word("metres").unwrap().per(word("minute").unwrap()).unwrap();
        let mps = of_name("m_s").unwrap();
        assert!((metre_a_minute.convert(30.0, mps).unwrap() - 0.5).abs() < 1e-9);
    }
}
