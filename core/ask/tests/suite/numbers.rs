//! Numbers as people say them.

use trine_ask::{Mention, NumberRule, Sentence, Unit, Vocabulary};
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};

use crate::common;

const OPEN: NumberRule = NumberRule {
    is_decimal: true,
    unit: Unit::None,
    places: 3,
    min: -10_000_000_000,
    max: 100_000,
    step: 1,
};

/// The numbers of a sentence: their words, and their values by a rule.
fn by_rule(text: &str, rule: &NumberRule) -> Vec<(String, Option<i64>)> {
    let range = IntRange { min: 0, max: 9 };
    let params = vec![Field::new("n", Kind::Int(range))].leak();
    let program = common::program(&[Tool::new(ToolInfo::new("t", ""), params, &[])]);
    let table = common::table(&program, []);
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let sentence = Sentence::read(text.as_bytes(), &program, &vocabulary).unwrap();
    let words = |(mention, _): &(Mention, u16)| {
        let span = usize::from(mention.start)..usize::from(mention.end);
        (text[span].to_owned(), rule.value(mention))
    };
    sentence.mentions().iter().map(words).collect()
}

/// Their values in thousandths of `unit`.
fn read(text: &str, unit: Unit) -> Vec<(String, Option<i64>)> {
    by_rule(text, &NumberRule { unit, max: 100_000_000_000, ..OPEN })
}

#[track_caller]
fn is_one(text: &str, unit: Unit, thousandths: i64) {
    assert_eq!(read(text, unit), [(text.to_owned(), Some(thousandths))]);
}

#[test]
fn numbers_without_a_unit() {
    for (text, value) in [
        ("40", 40.0),
        ("14.0", 14.0),
        ("22,5", 22.5),
        ("1,500", 1500.0),
        ("2.5k", 2500.0),
        ("1\u{202f}500", 1500.0),
        ("3 thousand", 3000.0),
        ("-5", -5.0),
        ("minus five", -5.0),
        ("+25", 25.0),
        ("zero", 0.0),
        ("forty", 40.0),
        ("forty-five", 45.0),
        ("fortyfive", 45.0),
        ("fourty", 40.0),
        ("thrity five", 35.0),
        ("sixy five", 65.0),
        ("fity-two", 52.0),
        ("one hundred and twenty", 120.0),
        ("a hundred", 100.0),
        ("hundred", 100.0),
        ("twelve hundred", 1200.0),
        ("two million three hundred thousand and six", 2_300_006.0),
        ("six zero", 60.0),
        ("one oh five", 105.0),
        ("thirty-two point five", 32.5),
        ("twenty two comma five", 22.5),
        ("nineteen and a half", 19.5),
        ("2 1/2", 2.5),
        ("2½", 2.5),
        ("two and three quarters", 2.75),
        ("a dozen", 12.0),
        ("half a dozen", 6.0),
        ("half dozen", 6.0),
        (".5", 0.5),
        ("point five", 0.5),
        ("twenty one point five", 21.5),
        ("twenty one decimal five", 21.5),
        ("eleven n a half", 11.5),
        ("1 and 1/2", 1.5),
        ("forty's", 40.0),
        ("eighty five's", 85.0),
        ("40's", 40.0),
        ("thirtyish", 30.0),
        ("ninty", 90.0),
        ("fivety", 50.0),
        ("forteen", 14.0),
        ("twelv", 12.0),
        ("nien", 9.0),
        ("niner zero", 90.0),
        ("forty-f-five", 45.0),
        ("one hunderd", 100.0),
    ] {
        is_one(text, Unit::None, (value * 1000.0) as i64);
    }
}

#[test]
fn durations_are_sums_of_their_parts() {
    for (text, seconds) in [
        ("90 s", 90.0),
        ("5min", 300.0),
        ("1m30", 90.0),
        ("2 min 30", 150.0),
        ("1 min 10 s", 70.0),
        ("1 h 15 min", 4500.0),
        ("0:30 h", 1800.0),
        ("1:30 min", 90.0),
        ("1.5 hours", 5400.0),
        ("1,5 h", 5400.0),
        ("ten-minute", 600.0),
        ("a minute", 60.0),
        ("an hour and a half", 5400.0),
        ("an hour and twenty minutes", 4800.0),
        ("an hour and ten", 4200.0),
        ("one hour thirty", 5400.0),
        ("two and a half minutes", 150.0),
        ("half an hour", 1800.0),
        ("half-a-minute", 30.0),
        ("a half hour", 1800.0),
        ("a quarter of an hour", 900.0),
        ("three quarters of a minute", 45.0),
        ("3/4 hour", 2700.0),
        ("a third of an hour", 1200.0),
        ("five more minutes", 300.0),
        ("1 minute adn 5 sec", 65.0),
        ("twelfe minuts", 720.0),
        ("forty second", 40.0),
        ("250 ms", 0.25),
        ("one whole day", 86_400.0),
    ] {
        is_one(text, Unit::Time(1000), (seconds * 1000.0) as i64);
    }
}

#[test]
fn tens_that_are_misspelt_and_short_need_what_is_below_them() {
    let values = |text: &str| read(text, Unit::None).into_iter().map(|(_, value)| value);
    for text in ["the party five of us", "nifty five", "sixth five", "forth five"] {
        assert_eq!(values(text).next_back(), Some(Some(5_000)), "{text}");
    }
    assert_eq!(values("sixy").count(), 0);
    assert_eq!(values("fan to sixy twenty").next_back(), Some(Some(20_000)));
}

#[test]
fn durations_are_known_however_they_are_said_and_misspelt() {
    for (text, seconds) in [
        ("hour and a half", 5400.0),
        ("minute and a half", 90.0),
        ("hour and twenty", 4800.0),
        ("an hour and five", 3900.0),
        ("an hour and three quarters", 6300.0),
        ("three quarter hour", 2700.0),
        ("half hour", 1800.0),
        ("hafl an hour", 1800.0),
        (".5 hr", 1800.0),
        ("one hour n a half", 5400.0),
        ("two an a hauf minutes", 150.0),
        ("an hour plus thirty minutes", 5400.0),
        ("2 hours, 15 minutes", 8100.0),
        ("5 min. 30 sec", 330.0),
        ("5min30s", 330.0),
        ("1h5", 3900.0),
        ("1h05", 3900.0),
        ("05 minutes", 300.0),
        ("0:02:00", 120.0),
        ("1:15:00", 4500.0),
        ("25, minutes", 1500.0),
        ("forty. seconds", 40.0),
        ("five, in minutes", 300.0),
        ("a couple of minutes", 120.0),
        ("couple hours", 7200.0),
        ("a good minute", 60.0),
        ("a single second", 1.0),
        ("six m-m-minutes", 360.0),
        ("five or so minutes", 300.0),
        ("twenty and five minutes", 1500.0),
        ("a hundred and twenty seconds", 120.0),
        ("ninety-second", 90.0),
        ("1 minute's", 60.0),
        ("ten minits", 600.0),
        ("25 mn", 1500.0),
        ("one huor", 3600.0),
        ("tow minutes", 120.0),
    ] {
        is_one(text, Unit::Time(1000), (seconds * 1000.0) as i64);
    }
}

#[test]
fn units_of_other_sorts() {
    for (text, unit, value) in [
        ("40 %", Unit::Percent, 40.0),
        ("forty per cent", Unit::Percent, 40.0),
        ("33.3 percent", Unit::Percent, 33.3),
        ("half a percent", Unit::Percent, 0.5),
        ("one hundred percent", Unit::Percent, 100.0),
        ("sixty odd percent", Unit::Percent, 60.0),
        ("twenty eigth precent", Unit::Percent, 28.0),
        ("sixty and eight percent", Unit::Percent, 68.0),
        ("40 perc", Unit::Percent, 40.0),
        ("40pc", Unit::Percent, 40.0),
        ("45°", Unit::Degree, 45.0),
        ("ninety degrees", Unit::Degree, 90.0),
        ("21.5 °C", Unit::Celsius, 21.5),
        ("thirty-one C", Unit::Celsius, 31.0),
        ("twenty degrees celsius", Unit::Celsius, 20.0),
        ("five degrees below zero", Unit::Celsius, -5.0),
        ("20 deg C", Unit::Celsius, 20.0),
        ("20 degrees celcius", Unit::Celsius, 20.0),
        ("20 degrees centigrade", Unit::Celsius, 20.0),
        ("68°F", Unit::Fahrenheit, 68.0),
        ("68 degrees farenhiet", Unit::Fahrenheit, 68.0),
    ] {
        is_one(text, unit, (value * 1000.0) as i64);
    }
    is_one("3rd", Unit::None, 3000);
    is_one("twenty-first", Unit::None, 21_000);
    is_one("thrid", Unit::None, 3000);
}

#[test]
fn shares_are_of_the_greatest_value() {
    let value = |text: &str, unit, max| {
        let rule = NumberRule { is_decimal: false, unit, places: 0, min: 0, max, step: 1 };
        by_rule(text, &rule)[0].1
    };
    assert_eq!(value("half", Unit::Percent, 100), Some(50));
    assert_eq!(value("a third open", Unit::Degree, 90), Some(30));
    assert_eq!(value("two thirds", Unit::Percent, 100), Some(66));
    assert_eq!(value("50 %", Unit::Degree, 90), Some(45));
    assert_eq!(value("half", Unit::Time(1000), 100), None);
}

#[test]
fn a_value_is_exact_or_none() {
    let rule = NumberRule { places: 1, min: 50, max: 350, step: 5, ..OPEN };
    let rule = NumberRule { unit: Unit::Celsius, ..rule };
    let value = |text: &str| by_rule(text, &rule)[0].1;
    assert_eq!((value("19.5 C"), value("19.5")), (Some(195), Some(195)));
    assert_eq!((value("21.3 C"), value("19 and three quarter degrees")), (None, None));
    assert_eq!((value("4.5 C"), value("35.5 C"), value("72 F")), (None, None, None));
}

#[test]
fn a_number_without_a_unit_after_a_duration_is_in_its_unit() {
    let found = read("five minutes, no, six", Unit::Time(1000));
    assert_eq!(found[1], ("six".to_owned(), Some(360_000)));
}

#[test]
fn what_is_no_number_is_a_word() {
    let none: [(String, Option<i64>); 0] = [];
    for text in [
        "CO2 level",
        "s/n 00417",
        "10.0.0.1",
        "3D print",
        "how thirsty is the soil",
        "the light",
        "a light meter",
        "the night seconds",
        "a lamp",
        "oh well",
        "someone",
        "often",
        "tend the tent",
        "hundreds of them",
        "a mighty weight",
        "the second's done",
        "no one's here",
        "a couple of degrees",
        "a couple more minutes",
        "a few minutes",
        "agent 007",
        "L298N",
        "15m2 of bench",
        "ate, won, too, fore",
    ] {
        assert_eq!(read(text, Unit::None), none, "{text}");
    }
}

#[test]
fn a_time_of_day_is_no_number_for_anything() {
    for text in [
        "7:30",
        "6 pm",
        "six o'clock",
        "half past six",
        "at 7 am",
        "seven a.m.",
        "nine p m",
        "5 o clock",
        "a quarter to nine",
        "ten past six",
        "20 past midnight",
        "at quarter past",
        "half past",
        "at 7:30:00",
        "14:30:00",
    ] {
        let found = read(text, Unit::Time(1000));
        assert!(found.len() == 1 && found[0].1.is_none(), "{text}: {found:?}");
    }
}

/// The words of the numbers in a sentence.
fn words(text: &str) -> Vec<String> {
    read(text, Unit::Time(1000)).into_iter().map(|(words, _)| words).collect()
}

#[test]
fn a_number_ends_where_something_else_begins() {
    for (text, numbers) in [
        ("between twenty and five minutes", &["twenty", "five minutes"][..]),
        ("timers of five and twenty minutes", &["five", "twenty minutes"]),
        ("twenty to thirty", &["twenty", "thirty"]),
        ("ten minutes ten", &["ten minutes", "ten"]),
        ("ten minutes plus five", &["ten minutes", "five"]),
        ("ten minutes and five", &["ten minutes", "five"]),
        ("an hour, fifty minutes say", &["an hour", "fifty minutes"]),
        ("every four hours, one minute of drip", &["four hours", "one minute"]),
        ("twice a day, thirty seconds", &["a day", "thirty seconds"]),
        ("ninety minutes, and a second one", &["ninety minutes", "a second", "one"]),
        ("five minutes. 30 seconds later", &["five minutes", "30 seconds"]),
        ("any minute and twenty people", &["twenty"]),
        ("line 3, minutes of the meeting", &["3"]),
        ("line 3, minutes", &["3"]),
        ("line 2 wants leeks", &["2"]),
        ("22 w/ the heater", &["22"]),
        ("heat 21 k", &["21"]),
        ("L3 leeks", &["3"]),
        ("wait...5 minutes", &["5 minutes"]),
    ] {
        assert_eq!(words(text), numbers, "{text}");
    }
}

#[test]
fn a_number_may_stand_right_behind_a_word() {
    assert_eq!(read("timer10min", Unit::Time(1000)), [("10min".to_owned(), Some(600_000))]);
    assert_eq!(read("roofvent83", Unit::Degree), [("83".to_owned(), Some(83_000))]);
}
