//! Measures: what people say in other units than the parameter's, read without a program.

use proptest::prelude::*;
use trine_ask::{Mention, NUMBER_RULE_MAX, NumberRule, NumberRules, Sentence, Unit};
use trine_descriptor::{DecimalRange, Field, IntRange, Kind};

use crate::engines::Dice;

const RANGE: DecimalRange = DecimalRange { min: -1 << 40, max: 1 << 40, step: 1, places: 3 };
/// The name of the only unit of the tools' own, and its number.
const OWN: (&str, u8) = ("blips", 200);

/// Rules in a list.
struct Rules<'r>(&'r [NumberRule]);

impl NumberRules for Rules<'_> {
    fn any(&self, each: &mut dyn FnMut(&NumberRule) -> bool) -> bool {
        self.0.iter().any(each)
    }

    fn own_unit(&self, word: &[u8]) -> Option<u8> {
        (word == OWN.0.as_bytes()).then_some(OWN.1)
    }
}

fn number(name: &'static str) -> Field<'static> {
    Field::new(name, Kind::Decimal(RANGE))
}

fn rule(field: &Field<'_>) -> NumberRule {
    NumberRule::of(field, |_| OWN.1).unwrap()
}

/// The numbers of a sentence for the rule of a field.
fn mentions(rule: &NumberRule, text: &str) -> Vec<Mention> {
    let mut sentence = Sentence::empty();
    sentence.fill_for(text.as_bytes(), &Rules(&[*rule])).unwrap();
    sentence.mentions().iter().map(|(mention, _)| *mention).collect()
}

/// Whether the sentence may mean this value of the only parameter, in its places.
fn is_said(field: &Field<'_>, text: &str, value: i64) -> bool {
    let rule = rule(field);
    mentions(&rule, text).iter().any(|mention| rule.value_any(mention) == Some(value))
}

fn says(field: Field<'static>, text: &str, value: f64) -> bool {
    is_said(&field, text, (value * 1000.0).round() as i64)
}

/// The first number, for the rule of a unit.
fn first(unit: &'static str, text: &str) -> Option<Mention> {
    mentions(&rule(&number("n").unit(unit)), text).first().copied()
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
    &[("pascals", 1.0), ("mbar", 1e2), ("kpa", 1e3), ("bar", 1e5), ("psi", 6_894.757_293_168)],
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
    let unit = first(to, &format!("1 {to}"))?.unit;
    let mention = first(to, &format!("{amount} {from}"))?;
    let rule =
        NumberRule { is_decimal: true, unit, places: 6, min: -1 << 60, max: 1 << 60, step: 1 };
    rule.value_any(&mention)
}

#[test]
fn every_unit_is_converted_to_every_other_of_its_quantity() {
    for units in ORACLE.iter().chain(&RATES) {
        for (from, own) in *units {
            for (to, other) in *units {
                let oracle = 12.0 * own / other * 1e6;
                let is_whole = (oracle - oracle.round()).abs() < 1e-7 * oracle.clamp(1.0, 10.0);
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
            let rule = rule(&field);
            let mention = mentions(&rule, text).first().copied();
            let taken = mention.map(|mention| rule.value_any(&mention));
            assert_eq!(taken, Some(None), "{text} for {}", field.name);
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
    let range = Kind::Int(IntRange { min: 40, max: 70 });
    let is = |name, text: &str, value: i64| is_said(&Field::new(name, range), text, value);
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
    }
    let is = |description, text| says(number("n").describe(description), text, 5.0);
    assert!(!is("Takes 3 litres in ten minutes.", "5 litres"), "behind a number");
    assert!(!is("The second channel, by the minute.", "5 seconds"), "no units");
    assert!(!is("In tenths of a millimetre.", "5 millimetres"), "parts of a unit");
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
        first(unit, &text);
    }
    for name in ["", "_", "__min", "min_", "_per_s", "\u{b5}", "\u{b5}s_\u{3bc}", "MMM_Per_", "a.b"]
    {
        mentions(&rule(&number(name).describe(name)), "1 m");
    }
}

#[test]
fn times_of_day_have_their_hour_and_minute() {
    for (text, hour, minute) in [
        ("half past six", 6, 30),
        ("a quarter past seven", 7, 15),
        ("quarter to six pm", 17, 45),
        ("a quarter to midnight", 23, 45),
        ("ten past six", 6, 10),
        ("half past noon", 12, 30),
        ("twenty past 8 in the evening", 20, 20),
        ("14:30", 14, 30),
        ("07:05:30", 7, 5),
        ("7:30 p.m", 19, 30),
        ("12:15 am", 0, 15),
        ("6 pm", 18, 0),
        ("6.45 pm", 18, 45),
        ("six o'clock", 6, 0),
        ("six o'clock in the evening", 18, 0),
        ("six thirty pm", 18, 30),
        ("six oh five am", 6, 5),
        ("twenty two fifteen o'clock", 22, 15),
        ("twelve pm", 12, 0),
        ("24:00", 0, 0),
        ("9 pm at night", 21, 0),
    ] {
        let found = first("", text).unwrap();
        assert_eq!(found.unit, Unit::Clock, "{text}");
        assert_eq!(found.clock(), Some((hour, minute)), "{text}");
        assert_eq!(usize::from(found.end), text.len(), "{text}");
    }
    for text in ["quarter past", "30 pm", "99:30"] {
        let found = first("", text).unwrap();
        assert_eq!((found.unit, found.clock()), (Unit::Clock, None), "{text}");
    }
    for text in ["0:30 h", "six", "90 minutes", "six thirty"] {
        assert_eq!(first("", text).and_then(|found| found.clock()), None, "{text}");
    }
}

#[test]
fn a_number_of_an_item_is_whole_or_not() {
    let mut sentence = Sentence::empty();
    sentence.fill_for(b"HDMI2 or 2.5 or 3 litres", &Rules(&[])).unwrap();
    let whole: Vec<_> = sentence.mentions().iter().map(|(it, _)| it.whole()).collect();
    assert_eq!(whole, [Some(2), None, None]);
    let items: Vec<_> = sentence.items().iter().map(|item| item.mention).collect();
    assert_eq!(items, [None, Some(0), None, Some(1), None, Some(2)]);
    assert!(sentence.tokens().is_empty());
    assert!(sentence.fill_for(b" ", &Rules(&[])).is_err());
    assert!(sentence.fill_for(b"\xff", &Rules(&[])).is_err());
}

#[test]
fn an_own_unit_has_the_number_that_its_rule_has() {
    let field = number("n").unit(OWN.0);
    assert_eq!(rule(&field).unit, Unit::Other(OWN.1));
    assert!(says(field, "12 blips", 12.0) && !says(field, "12 litres", 12.0));
}

#[test]
fn what_was_converted_goes_to_the_nearest_of_fine_steps() {
    let celsius = |step, places| {
        let range = DecimalRange { min: -1 << 20, max: 1 << 20, step, places };
        rule(&Field::new("celsius", Kind::Decimal(range)))
    };
    let near = |rule: &NumberRule, text: &str| rule.value_near(&mentions(rule, text)[0]);
    assert_eq!(near(&celsius(1, 1), "200 degrees fahrenheit"), Some(933));
    assert_eq!(near(&celsius(0, 3), "70 fahrenheit"), Some(21_111));
    assert_eq!(near(&celsius(5, 1), "70 fahrenheit"), None);
    assert_eq!(near(&celsius(5, 1), "68 fahrenheit"), Some(200));
    assert_eq!(near(&celsius(1, 1), "20.55 celsius"), None);
}

#[test]
fn what_was_said_can_be_named_though_it_is_not_taken() {
    let range = DecimalRange { min: 0, max: 300, step: 5, places: 1 };
    let field = Field::new("n", Kind::Decimal(range)).unit("C");
    let said = |text: &str| {
        let rule = rule(&field);
        let mention = *mentions(&rule, text).first().unwrap();
        (rule.value_any(&mention), rule.unchecked(&mention))
    };
    assert_eq!(said("20 degrees"), (Some(200), Some(200)));
    assert_eq!(said("21.1 degrees"), (None, Some(211)), "between steps");
    assert_eq!(said("90"), (None, Some(900)), "out of bounds");
    assert_eq!(said("300 fahrenheit"), (None, Some(1489)), "rounded, out of bounds");
    assert_eq!(said("20.03 degrees"), (None, None), "what is near is taken");
    assert_eq!(said("20 litres"), (None, None), "of another kind");
}

#[test]
fn money_and_open_units_are_the_same_behind_their_bytes_and_no_sentence_names_them() {
    for unit in [Unit::MONEY, Unit::ANY] {
        let own = NumberRule { unit, ..rule(&number("n")) };
        let mut bytes = [0; NUMBER_RULE_MAX];
        let length = own.write(&mut bytes).unwrap();
        assert_eq!(NumberRule::read(&bytes), Some((own, length)));
        for text in ["5 money", "5 any", "$5", "5 euros", "half", "5th", "at 5 pm"] {
            assert!(mentions(&own, text).iter().all(|mention| mention.unit != unit), "{text}");
        }
        let taken = |text: &str| own.value_any(mentions(&own, text).first().unwrap());
        assert_eq!(taken("$5"), Some(5_000));
        assert_eq!(taken("12 litres"), (unit == Unit::ANY).then_some(12_000));
        assert_eq!(taken("two minutes"), (unit == Unit::ANY).then_some(2_000));
    }
}

#[test]
fn values_that_words_stand_for() {
    let values = |min, max, unit| {
        let field = Field::new("n", Kind::Int(IntRange { min, max })).unit(unit);
        rule(&field).implied_values()
    };
    assert_eq!(values(0, 100, "%"), [Some(0), Some(50), Some(100), None]);
    assert_eq!(values(-90, 90, "deg"), [Some(-90), Some(45), Some(90), Some(0)]);
    assert_eq!(values(20, 200, "mm"), [Some(20), Some(100), Some(200), None]);
    assert_eq!(values(-5, 60, "s"), [Some(-5), Some(30), Some(60), Some(0)]);
    assert_eq!(values(i64::MIN, i64::MAX, ""), [None; 4]);
}

/// Units that descriptors have.
const UNITS: [&str; 14] =
    ["", "%", "ms", "s", "min", "h", "d", "deg", "C", "F", "l/min", "kWh", "eur", "blips"];

/// Any text, but often of what numbers are made of.
const TEXT: &str = "(\\PC{0,12}|[0-9]{1,9}|[ .:$/]|half|past|six|pm|litres|kelvin|weeks|grand|of|a|\
                    and|third|quarter|to|per|minute|m3|\u{b5}|percent|degrees|fahrenheit){0,24}";

proptest! {
    #[test]
    fn a_rule_is_the_same_behind_its_bytes(
        (unit, is_decimal) in (0..UNITS.len(), any::<bool>()),
        (min, max, step) in any::<(i64, i64, i64)>(),
        places in 0_u8..128,
        room in 0..=NUMBER_RULE_MAX,
    ) {
        let unit = rule(&number("n").unit(UNITS[unit])).unit;
        let rule = NumberRule { is_decimal, unit, places, min, max, step };
        let mut bytes = [0xee; NUMBER_RULE_MAX];
        let length = rule.write(&mut bytes).unwrap();
        prop_assert_eq!(NumberRule::read(&bytes), Some((rule, length)));
        prop_assert_eq!(NumberRule::read(&bytes[..length - 1]), None);
        prop_assert_eq!(rule.write(&mut bytes[..room]), (room >= length).then_some(length));
    }

    #[test]
    fn no_text_and_no_rule_makes_it_panic(
        text in TEXT,
        bytes in proptest::collection::vec(any::<u8>(), 0..NUMBER_RULE_MAX),
        (unit, min, max, step) in any::<(u8, i64, i64, i64)>(),
        places in 0_u8..128,
    ) {
        let unit = rule(&number("n").unit(UNITS[usize::from(unit) % UNITS.len()])).unit;
        let own = NumberRule { is_decimal: true, unit, places, min, max, step };
        let wild = NumberRule::read(&bytes).map_or(own, |(rule, _)| rule);
        let rules = [own, wild];
        let mut sentence = Sentence::empty();
        let _ = sentence.fill_for(text.as_bytes(), &Rules(&rules));
        for (mention, _) in sentence.mentions() {
            let _ = (mention.clock(), mention.whole());
            for rule in &rules {
                let (value, said) = (rule.value_any(mention), rule.unchecked(mention));
                prop_assert!(value.is_none() || value == said);
                let _ = (rule.value(mention), rule.implied_values());
            }
        }
    }
}

#[test]
fn what_descriptors_do_not_have_is_not_written() {
    let rule = rule(&number("n"));
    for unit in [Unit::Ordinal, Unit::Share, Unit::Clock, Unit::Foreign, Unit::Time(7)] {
        let mut bytes = [0; NUMBER_RULE_MAX];
        assert_eq!(NumberRule { unit, ..rule }.write(&mut bytes), None);
    }
    for bytes in [[0, 14, 250, 0, 0, 0], [0, 16, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0]] {
        assert_eq!(NumberRule::read(&bytes), None);
    }
    let choice = Field::new("n", Kind::Bool);
    assert_eq!(NumberRule::of(&choice, |_| 0), None);
}
