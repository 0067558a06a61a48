//! Measures: what people say in other units than the parameter's.

use trine_ask::{GrammarState, Label, NumberRule, Sentence, Unit, ValueWriter, Vocabulary, teach};
use trine_descriptor::{DecimalRange, Field, IntRange, Kind, Scalar, Tool, ToolInfo};

use crate::common;
use crate::engines::Dice;

const RANGE: DecimalRange = DecimalRange { min: -1 << 40, max: 1 << 40, step: 1, places: 3 };

fn number(name: &'static str) -> Field<'static> {
    Field::new(name, Kind::Decimal(RANGE))
}

fn with_sentence<T>(
    info: ToolInfo<'static>,
    params: &[Field<'static>],
    text: &str,
    then: impl FnOnce(&Sentence<'_>, &mut GrammarState<'_>) -> T,
) -> T {
    let params = params.to_vec().leak();
    let program = common::program(&[Tool::new(info, params, &[])]);
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(text.as_bytes(), &program, &vocabulary).unwrap();
    then(&sentence, &mut GrammarState::new(program, &vocabulary, &sentence))
}

/// Whether the sentence may mean this value of the only parameter, in thousandths.
fn says_of(info: ToolInfo<'static>, field: Field<'static>, text: &str, value: i64) -> bool {
    let mut memory = [0; 32];
    let mut out = ValueWriter::new(&mut memory);
    out.scalar(0, Scalar::Decimal(value));
    let arguments = out.bytes().to_vec();
    with_sentence(info, &[field], text, |_, grammar| {
        let label = Label { tool: 0, arguments: &arguments };
        teach(grammar, Some(label), |_, _, _| {}).is_ok()
    })
}

fn says(field: Field<'static>, text: &str, value: f64) -> bool {
    says_of(ToolInfo::new("t", ""), field, text, (value * 1000.0).round() as i64)
}

/// The unit of the first number, and its value in a rule of a unit, where the rule takes it.
fn first(unit: &'static str, text: &str) -> Option<(Unit, trine_ask::Mention)> {
    let field = number("n").unit(unit);
    with_sentence(ToolInfo::new("t", ""), &[field], text, |sentence, _| {
        sentence.mentions().first().map(|(mention, _)| (mention.unit, *mention))
    })
}

/// Units of a quantity, and how much they are.
const ORACLE: [&[(&str, f64)]; 12] = [
    &[
        ("mm", 1e-3),
        ("centimetres", 1e-2),
        ("metres", 1.0),
        ("km", 1e3),
        ("feet", 0.3048),
        ("inches", 0.0254),
        ("miles", 1609.344),
        ("microns", 1e-6),
    ],
    &[("mg", 1e-3), ("grams", 1.0), ("kilos", 1e3), ("tonnes", 1e6), ("pounds", 453.59237)],
    &[("ml", 1e-3), ("cl", 1e-2), ("litres", 1.0), ("m3", 1e3), ("gallons", 4.54609)],
    &[("pascals", 1.0), ("mbar", 1e2), ("kpa", 1e3), ("bar", 1e5), ("psi", 6894.757_293_168)],
    &[("millivolts", 1e-3), ("volts", 1.0), ("kv", 1e3)],
    &[("milliamps", 1e-3), ("amps", 1.0)],
    &[("mw", 1e-3), ("watts", 1.0), ("kilowatts", 1e3)],
    &[("joules", 1.0), ("wh", 3600.0), ("kwh", 3.6e6)],
    &[("hertz", 1.0), ("khz", 1e3), ("mhz", 1e6)],
    &[("ohms", 1.0), ("kilohms", 1e3)],
    &[("bytes", 1.0), ("kb", 1e3), ("megabytes", 1e6), ("gb", 1e9)],
    &[("lux", 1.0), ("klx", 1e3)],
];

/// Rates, in the first unit of the quantity's in a second.
const RATES: [&[(&str, f64)]; 3] = [
    &[
        ("m/s", 1.0),
        ("cm/s", 0.01),
        ("km/h", 1.0 / 3.6),
        ("metres per minute", 1.0 / 60.0),
        ("mph", 0.44704),
        ("knots", 1852.0 / 3600.0),
    ],
    &[
        ("l/min", 1.0 / 60.0),
        ("litres per hour", 1.0 / 3600.0),
        ("ml/s", 1e-3),
        ("m3/h", 1.0 / 3.6),
    ],
    &[("rpm", 1.0 / 60.0), ("turns per second", 1.0)],
];

/// A value in `from` as a rule in `to` takes it, in millionths.
fn converted(amount: u32, from: &str, to: &'static str) -> Option<i64> {
    let (unit, _) = first(to, &format!("1 {to}"))?;
    let (_, mention) = first(to, &format!("{amount} {from}"))?;
    let rule =
        NumberRule { is_decimal: true, unit, places: 6, min: -1 << 60, max: 1 << 60, step: 1 };
    rule.value(&mention)
}

#[test]
fn every_unit_is_converted_to_every_other_of_its_quantity() {
    for units in ORACLE.iter().chain(&RATES) {
        for (from, own) in *units {
            for (to, other) in *units {
                let oracle = 12.0 * own / other * 1e6;
                let is_whole = (oracle - oracle.round()).abs() < 1e-7 * oracle.max(1.0).min(10.0);
                match converted(12, from, to) {
                    Some(value) => {
                        assert!(
                            (value as f64 - oracle).abs() <= 1e-6 * oracle + 1e-3,
                            "{from} {to}"
                        );
                    }
                    None => assert!(!is_whole || oracle > 1e14, "{from} in {to}: {oracle}"),
                }
            }
        }
    }
    assert_eq!(converted(12, "litres", "bar"), None);
    assert_eq!(converted(12, "m/s", "metres"), None);
    assert_eq!(converted(12, "metres", "m3/h"), None);
}

#[test]
fn numbers_are_read_in_the_unit_of_the_parameter() {
    for (unit, text, value) in [
        ("l", "half a litre", 0.5),
        ("l", "a quarter of a cubic metre", 250.0),
        ("kg", "one and a half kilos", 1.5),
        ("g", "two and half kilos", 2500.0),
        ("g", "quarter of a kilo", 250.0),
        ("min", "hour and a quarter", 75.0),
        ("s", "a third of a minute", 20.0),
        ("s", "third of a minute", 20.0),
        ("eur", "three euros ten", 3.1),
        ("eur", "sixty euros and fifty cents", 60.5),
        ("usd", "$5", 5.0),
        ("m", "two metres forty", 2.4),
        ("m", "3 m", 3.0),
        ("m", "0.75 of a metre", 0.75),
        ("cm", "1.15 metres", 115.0),
        ("l/min", "Twenty-five litres a minute", 25.0),
        ("ml/min", "six litres in the hour", 100.0),
        ("t/h", "8000 kilos an hour", 8.0),
        ("km/h", "5000 metres the hour", 5.0),
        ("km/h", "5 metres per second", 18.0),
        ("rpm", "two turns a second", 120.0),
        ("kWh", "12 kilowatt hours", 12.0),
        ("Nm", "340 newton centimetres", 3.4),
        ("Nm", "two point eight newton metres", 2.8),
        ("mV", "3.3 volts", 3300.0),
        ("Hz", "3 kHz", 3000.0),
        ("MiB", "four gig", 4096.0),
        ("d", "two weeks", 14.0),
        ("us", "2 ms", 2000.0),
        ("C", "86 fahrenheit", 30.0),
        ("C", "289.15 kelvin", 16.0),
        ("F", "20 degrees celsius", 68.0),
        ("g", "three and a half thousand grams", 3500.0),
    ] {
        assert!(says(number("n").unit(unit), text, value), "{text} in {unit}");
    }
}

#[test]
fn a_number_in_a_unit_that_the_parameter_does_not_have_is_of_another_kind() {
    for text in [
        "20 hertz",
        "40 knots",
        "20 mA",
        "3 kHz",
        "5 \u{b5}m",
        "9 l/min",
        "12 volts",
        "$5",
        "7 psi",
        "20 Fahrenheit",
        "4 kilowatt hours",
        "3 weeks",
        "two cubic metres",
        "20A",
        "10 pounds",
    ] {
        for field in [number("n"), number("n").unit("%"), number("pct"), number("deg_s")] {
            assert!(!says(field, text, 20.0), "{text} for {}", field.name);
            let unfit = trine_ask::token::MENTIONS
                + trine_ask::token::MENTIONS_OF_A_KIND * trine_ask::token::KIND_UNFIT;
            let token = with_sentence(ToolInfo::new("t", ""), &[field], text, |sentence, _| {
                sentence.mentions().first().map(|(_, token)| *token)
            });
            assert_eq!(token, Some(unfit), "{text} for {}", field.name);
        }
    }
}

#[test]
fn what_is_no_unit_leaves_its_number_alone() {
    for (text, value) in [
        ("line 3 in the kitchen", 3.0),
        ("badge 207 in", 207.0),
        ("give us 5 a day", 5.0),
        ("22 w/ the heater", 22.0),
        ("5 turns", 5.0),
        ("seven lines more", 7.0),
        ("eighty um of that", 80.0),
        ("2 grand", 2000.0),
    ] {
        assert!(says(number("n"), text, value), "{text}");
    }
    let weak = first("", "turn it up a bit and have a pound of luck at a bar");
    assert!(weak.is_none(), "{weak:?}");
    assert!(first("", "the grand hall").is_none());
}

#[test]
fn a_percentage_may_be_of_a_parameter_that_says_no_unit() {
    let field = Field::new("n", Kind::Int(IntRange { min: 40, max: 70 }));
    let field = |name| Field { name, ..field };
    let is = |name, text: &str, value: i64| {
        let mut memory = [0; 32];
        let mut out = ValueWriter::new(&mut memory);
        out.scalar(0, Scalar::Int(value));
        let arguments = out.bytes().to_vec();
        with_sentence(ToolInfo::new("t", ""), &[field(name)], text, |_, grammar| {
            let label = Label { tool: 0, arguments: &arguments };
            teach(grammar, Some(label), |_, _, _| {}).is_ok()
        })
    };
    assert!(is("humidity", "sixty percent", 60) && is("rh", "45 %", 45));
    assert!(!is("humidity", "sixty percent", 42));
}

#[test]
fn hundreds_may_be_left_out_where_nothing_else_is_meant() {
    let open = DecimalRange { min: 100_000, max: 300_000, step: 5000, places: 3 };
    let wide = DecimalRange { min: 0, ..open };
    for (range, text, value, is) in [
        (open, "one fifty for the oil", 150.0, true),
        (open, "two hundred no make it one fifty", 200.0, true),
        (open, "two hundred no make it one fifty", 150.0, true),
        (open, "two twenty kilos", 220.0, true),
        (wide, "one thirty for the oil", 130.0, false),
        (wide, "lane one fifty kilos", 50.0, true),
    ] {
        let field = Field::new("n", Kind::Decimal(range)).unit("kg");
        assert_eq!(says(field, text, value), is, "{text}: {value}");
    }
}

#[test]
fn the_name_of_a_parameter_says_its_unit() {
    for (name, text, value) in [
        ("height_mm", "12 cm", 120.0),
        ("grams", "2 kilos", 2000.0),
        ("t_min", "an hour", 60.0),
        ("holdMin", "an hour", 60.0),
        ("min", "an hour", 60.0),
        ("off_s", "2 minutes", 120.0),
        ("psu_set_mV", "3 volts", 3000.0),
        ("lpm", "60 litres an hour", 1.0),
        ("lph", "1 litre a minute", 60.0),
        ("m_per_min", "1 metre a second", 60.0),
        ("rate_t_per_h", "8000 kilos an hour", 8.0),
        ("mmPerSecond", "4 centimetres per second", 40.0),
        ("speed_cm_s", "0.1 metres per second", 10.0),
        ("l", "500 ml", 0.5),
        ("g", "2 kg", 2000.0),
        ("c", "20 degrees", 20.0),
        ("h", "90 minutes", 1.5),
        ("hz", "2 kHz", 2000.0),
        ("w", "2 kW", 2000.0),
        ("volt-pct", "20 percent", 20.0),
        ("kBps", "2 kB/s", 2.0),
        ("g_m2", "15 grams", 15.0),
        ("min_ago", "two hours", 120.0),
    ] {
        assert!(says(number(name), text, value), "{text} for {name}");
    }
    for (name, text) in [("temp_min", "5 minutes"), ("min_level", "5 minutes"), ("v_min", "5 min")]
    {
        assert!(!says(number(name), text, 5.0), "{text} for {name}");
    }
}

#[test]
fn descriptions_say_the_unit_where_the_name_does_not() {
    for (description, text, value) in [
        ("Weight in grams.", "2 kilos", 2000.0),
        ("Seconds of light.", "2 minutes", 120.0),
        ("Depth, centimetres", "2 metres", 200.0),
        ("Hood temperature in C.", "86 fahrenheit", 30.0),
        ("lower edge of picture, m", "200 cm", 2.0),
        ("Inches per second.", "2 feet per second", 24.0),
        ("Stitches per minute.", "ten stitches a second", 600.0),
        ("Unloading rate in cubic metres per hour.", "7000 litres an hour", 7.0),
        ("Top speed, km/h", "5 metres per second", 18.0),
        ("Torque in newton metres.", "340 newton centimetres", 3.4),
        ("Grade in percent.", "5 percent", 5.0),
        ("Relative humidity (%)", "5 percent", 5.0),
    ] {
        assert!(says(number("n").describe(description), text, value), "{description}: {text}");
        let info = ToolInfo::new("t", description);
        let value = (value * 1000.0) as i64;
        assert!(says_of(info, number("value"), text, value), "of the tool, {description}: {text}");
    }
    let is = |description, text| says(number("n").describe(description), text, 5.0);
    assert!(!is("Takes 3 litres in ten minutes.", "5 litres"), "behind a number");
    assert!(!is("The second channel, by the minute.", "5 seconds"), "no units");
    assert!(!is("In tenths of a millimetre.", "5 millimetres"), "parts of a unit");
    assert!(!says_of(ToolInfo::new("t", "In grams."), number("lane"), "5 grams", 5000), "a thing");
}

#[test]
fn no_words_and_units_make_it_panic() {
    let words: Vec<&str> = "a an half third quarter of the per / in one two 999999999 0.000001 -5 \
                            9999 1/3 million thousand grand metre metres km nm litres gallons psi \
                            cubic square newton kilowatt hours hour second minute day a/s \u{b5} m \
                            s g $ \u{20ac} euros cents and forty ten gig kelvin fahrenheit ton m3 %"
        .split_whitespace()
        .collect();
    let units = ["nm", "km/h", "m3/h", "GHz", "MiB", "us", "d", "C", "F", "t", "eur", "", "psi"];
    let mut dice = Dice::new(7);
    for round in 0..4000 {
        let count = 1 + (dice.next() % 9) as usize;
        let text: Vec<&str> =
            (0..count).map(|_| words[dice.next() as usize % words.len()]).collect();
        let unit = units[round % units.len()];
        let text = text.join(if round % 5 == 0 { "" } else { " " });
        with_sentence(ToolInfo::new("t", ""), &[number("n").unit(unit)], &text, |_, _| ());
    }
    for name in ["", "_", "__min", "min_", "_per_s", "\u{b5}", "\u{b5}s_\u{3bc}", "MMM_Per_", "a.b"]
    {
        with_sentence(ToolInfo::new(name, name), &[number(name).describe(name)], "1 m", |_, _| ());
    }
}
