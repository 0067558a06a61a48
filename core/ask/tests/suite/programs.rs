//! What models were trained with does not change: programs, and how numbers are read for them.

use std::fmt::Write;

use trine_ask::{Sentence, Unit, Vocabulary};
use trine_bits::Fnv64;
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo};

use crate::common;
use crate::engines::Dice;

const RANGE: IntRange = IntRange { min: -50, max: 5000 };
/// Parts of sentences: numbers, units of programs, and units that only measures are.
const WORDS: &str = "a an half third quarter of the per / in one two fifty hundred thousand grand \
                     and plus 20 5 -3 0.75 1/3 05 1h5 m s h c f g $5 \u{20ac} hertz litres volts \
                     kelvin fahrenheit degrees celsius % percent minuten minutes hour seconds week \
                     weeks months km mm rpm kPa l/min psi below zero blips turns 6 pm six thirty \
                     past to 7:30 k kilos v w l , . please \u{b5}m m3 cubic metres metre between";

/// A program of one number, and its hash.
fn with_program<T>(
    field: Field<'static>,
    then: impl FnOnce(trine_ask::Program<'_>, &Vocabulary<'_>) -> T,
) -> T {
    let params = vec![field].leak();
    let program = common::program(&[Tool::new(ToolInfo::new("t", "Of metres."), params, &[])]);
    let table = common::table(&program, common::letters().iter().map(String::as_str));
    then(program, &Vocabulary::parse(&table).unwrap())
}

fn fields() -> impl Iterator<Item = Field<'static>> {
    let units = ["", "%", "min", "C", "F", "deg", "l/min", "rpm", "hz", "blips", "m", "us"];
    let names = ["n", "height_mm", "seconds", "t_min", "lpm", "volt-pct", "min"];
    let texts = ["", "In grams.", "Degrees Celsius.", "Litres per minute."];
    let number = |name| Field::new(name, Kind::Int(RANGE));
    let named = names.into_iter().map(number);
    let described = texts.into_iter().map(move |text| number("n").describe(text));
    units.into_iter().map(move |unit| number("n").unit(unit)).chain(named).chain(described)
}

#[test]
fn programs_keep_their_bytes() {
    let mut hash = Fnv64::new();
    for field in fields() {
        hash = with_program(field, |program, _| hash.bytes(program.bytes()));
    }
    assert_eq!(hash.hash(), 0xa99a_92dc_22c0_8506);
}

#[test]
fn sentences_of_programs_keep_their_numbers() {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let (mut hash, mut dice, mut out) = (Fnv64::new(), Dice::new(11), String::new());
    for field in fields() {
        with_program(field, |program, vocabulary| {
            for _ in 0..400 {
                let count = 1 + (dice.next() % 8) as usize;
                let part = |_| words[(dice.next() % words.len() as u64) as usize];
                let text = (0..count).map(part).collect::<Vec<_>>().join(" ");
                out.clear();
                let Ok(sentence) = Sentence::read(text.as_bytes(), &program, vocabulary) else {
                    continue;
                };
                write!(out, "{:?}{:?}", sentence.mentions(), sentence.tokens()).unwrap();
                hash = hash.bytes(out.as_bytes());
            }
        });
    }
    assert_eq!(hash.hash(), 0x417e_c1a5_c878_fea2);
}

#[test]
fn measures_are_foreign_to_programs() {
    for (unit, text, found) in [
        ("", "20 hertz", Unit::None),
        ("", "20 hz", Unit::Foreign),
        ("l", "5 litres", Unit::Foreign),
        ("C", "70 fahrenheit", Unit::Fahrenheit),
        ("eur", "$5", Unit::None),
    ] {
        let field = Field::new("n", Kind::Int(RANGE)).unit(unit);
        let (mention, token) = with_program(field, |program, vocabulary| {
            let sentence = Sentence::read(text.as_bytes(), &program, vocabulary).unwrap();
            *sentence.mentions().first().unwrap()
        });
        assert_eq!(mention.unit, found, "{text}");
        let is_unfit = found != Unit::None;
        let first_unfit = trine_ask::token::MENTIONS
            + trine_ask::token::MENTIONS_OF_A_KIND * trine_ask::token::KIND_UNFIT;
        assert_eq!(token == first_unfit, is_unfit, "{text}");
    }
}
