//! Whatever a model says of whatever sentence: what comes out is valid, or no call.

use proptest::prelude::*;
use trine_ask::{Answer, Decoding, Program, Reason, Sentence, Vocabulary};
use trine_descriptor::{
    Condition, DecimalRange, Field, IntRange, Kind, Side, Tool, ToolInfo, ValueReader, ValueWriter,
    validate,
};

use crate::common;
use crate::engines::Dice;

/// Asks; panics where a call is not valid. Answers whether there was one.
fn ask(
    tools: &[Tool<'static>],
    program: Program<'static>,
    vocabulary: &Vocabulary<'_>,
    bytes: &[u8],
    seed: u64,
) -> bool {
    let Ok(sentence) = Sentence::read(bytes, &program, vocabulary) else { return false };
    let mut decoding = Decoding::new(program, vocabulary, &sentence);
    decoding.run(&mut Dice::new(seed)).unwrap();
    let confidence = decoding.confidence();
    assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    assert!(decoding.tokens().iter().all(|token| usize::from(*token) < vocabulary.tokens()));
    match decoding.answer().unwrap() {
        Answer::Call(call) | Answer::Unsure(call) => {
            let mut memory = vec![0; 4096];
            let mut out = ValueWriter::new(&mut memory);
            call.encode(&mut out);
            assert!(!out.overflowed());
            let judged = validate(tools, call.tool(), Side::Params, out.bytes());
            assert_eq!(judged, Ok(()), "{:?}: {:?}", sentence.text(), decoding.tokens());
            let mut entries = ValueReader::new(out.bytes());
            while entries.entry().unwrap().is_some() {}
            true
        }
        Answer::No(reason) => {
            assert_ne!(reason, Reason::TooLong, "a sequence has room for any sentence");
            false
        }
    }
}

#[test]
fn ten_thousand_random_byte_strings_make_valid_calls_or_none() {
    let tools = common::board();
    let program = common::program(&tools);
    let letters = common::letters();
    let table = common::table(&program, letters.iter().map(String::as_str));
    let vocabulary = Vocabulary::parse(&table).unwrap();
    let mut dice = Dice::new(0x5eed);
    // What bytes become by chance hardly ever: parts of sentences between them.
    let parts = [
        "forty", " %", "2 min 30", " seconds", "half ", "a ", "and ", "north ", "-5", "1/2", "٣",
        "é", " degrees", "🔥", "point ", "hundred ", "7:30", " o'clock", "\"", "\0", "third ",
        "0.5", "k",
    ];
    let mut calls = 0;
    for _ in 0..10_000 {
        let mut bytes = Vec::new();
        for _ in 0..dice.next() % 24 {
            match dice.next() % 3 {
                0 => bytes.push(dice.next() as u8),
                1 => bytes.push(b' ' + (dice.next() % 95) as u8),
                _ => bytes.extend(parts[dice.next() as usize % parts.len()].bytes()),
            }
        }
        let seed = dice.next();
        calls += usize::from(ask(&tools, program, &vocabulary, &bytes, seed));
    }
    assert!(calls > 1000, "{calls} calls");
}

fn field() -> impl Strategy<Value = Kind<'static>> {
    let number = |unit: i64| (-unit..unit, 0..unit).prop_map(|(min, width)| (min, min + width));
    prop_oneof![
        Just(Kind::Bool),
        number(5000).prop_map(|(min, max)| Kind::Int(IntRange { min, max })),
        (number(5000), 1..20_i64, 0..4_u8).prop_map(|((min, max), step, places)| {
            Kind::Decimal(DecimalRange { min, max, step, places })
        }),
        (0..3_u16, 0..40_u16).prop_map(|(min, width)| Kind::Text { min, max: min + width }),
        prop::sample::select(vec!["a|b", "on|off|auto", "x"]).prop_map(Kind::Choice),
        Just(Kind::Object { nodes: 1 }),
    ]
}

fn tool() -> impl Strategy<Value = Vec<Field<'static>>> {
    let units = prop::sample::select(vec!["", "%", "s", "ms", "min", "degC", "deg", "rpm"]);
    let one = (field(), units, any::<bool>(), any::<bool>());
    prop::collection::vec(one, 0..7).prop_map(|all| {
        const NAMES: [&str; 7] = ["a", "b", "c", "seconds", "e", "percent", "g"];
        let mut fields: Vec<Field<'static>> = Vec::new();
        let mut choice = None;
        for (name, (kind, unit, is_required, is_conditional)) in NAMES.into_iter().zip(all) {
            let field = Field::new(name, kind).unit(unit);
            let condition = choice.filter(|_| is_conditional && !kind.is_container());
            fields.push(match condition {
                Some(node) => field.required_when(Condition { node, label: 0 }),
                None if is_required => field,
                None => field.optional(),
            });
            match kind {
                Kind::Choice(_) => choice = Some(fields.len() as u16 - 1),
                Kind::Object { .. } => fields.push(Field::new("inner", Kind::Bool)),
                _ => {}
            }
        }
        fields
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_tools_and_any_sentence_make_valid_calls_or_none(
        tools in prop::collection::vec(tool(), 1..4),
        sentence in "([a-e]{1,4} |[0-9]{1,4}|half |ten |%|min |rpm |-|\\PC){0,24}",
        seed in any::<u64>(),
    ) {
        let names = ["one", "two", "three"];
        let tools: Vec<Tool<'static>> = names
            .into_iter()
            .zip(tools)
            .map(|(name, params)| Tool::new(ToolInfo::new(name, ""), params.leak(), &[]))
            .collect();
        let program = common::program(&tools);
        let letters = common::letters();
        let table = common::table(&program, letters.iter().map(String::as_str));
        let vocabulary = Vocabulary::parse(&table).unwrap();
        for round in 0..4 {
            ask(&tools, program, &vocabulary, sentence.as_bytes(), seed.wrapping_add(round));
        }
    }
}
