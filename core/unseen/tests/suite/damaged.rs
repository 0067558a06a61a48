//! Tables and bases that were cut, or whose bytes have changed.

use proptest::prelude::*;
use trine_unseen::base::{HEAD, SHAPES};
use trine_unseen::shape::DIM;
use trine_unseen::{Base, BaseError, Table, TableError};

use crate::common::{
    MADE, SENTENCES, asker, base, bases, check, check_sane, compiled, config, packed, plain,
};
use crate::{lists, random_base};

const FLOATS: &[f32] = &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, -3e38, 0.0];

/// What one puts in the place of bytes.
fn change() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => Just(vec![0xff, 0xff]),
        1 => Just(vec![0xff; 8]),
        1 => prop::sample::select(FLOATS).prop_map(|float| float.to_le_bytes().to_vec()),
    ]
}

fn changed(sound: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut out = sound.to_vec();
    out.iter_mut().skip(at % sound.len()).zip(bytes).for_each(|(to, from)| *to = *from);
    out
}

#[test]
fn a_table_that_is_cut_is_refused_wherever_it_is() {
    let table = compiled(base(), &plain()[..3]);
    for length in 0..table.len() {
        let error = Table::parse(&table[..length], base(), None).unwrap_err();
        match length {
            0..8 => assert_eq!(error, TableError::Magic),
            _ => assert!(matches!(error, TableError::Tool(0..=3)), "{length}: {error}"),
        }
    }
    let longer = [&table[..], &[0]].concat();
    assert_eq!(Table::parse(&longer, base(), None).unwrap_err(), TableError::Tool(3));
}

/// What is behind the last node has no number.
#[test]
fn arguments_end_behind_the_last_node_that_there_can_be() {
    let tools = &plain()[1..2];
    let mut seen = Vec::new();
    for base in bases() {
        let mut table = compiled(base, tools);
        let node = table.len() - (4 + DIM) - 4;
        table[node..node + 2].fill(0xff);
        let table = Table::parse(&table, base, None).unwrap();
        let answer = asker().ask(base, &table, b"turn the lamp on").unwrap();
        for call in answer.calls.iter().flatten() {
            seen.push(call.arguments().take(9).map(|(node, _)| node).collect::<Vec<_>>());
        }
    }
    assert!(!seen.is_empty() && seen.iter().all(|nodes| nodes == &[u16::MAX]), "{seen:?}");
}

proptest! {
    #![proptest_config(config(200))]

    /// A table has no sum of its bytes: what reads like one may give calls that no tool takes, and
    /// nothing worse.
    #[test]
    fn a_table_whose_bytes_changed_is_refused_or_gives_sane_answers(
        tools in prop_oneof![Just(plain()), prop::collection::vec(lists::tool(), 1..3)],
        changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 1..4),
        is_head in any::<bool>(),
        sentence in 0..SENTENCES.len(),
        which in 0..bases().len(),
    ) {
        let base = &bases()[which];
        let Ok(mut table) = crate::common::try_compiled(base, &tools) else { return Ok(()) };
        // Vectors of words take most of it, and are the least of it to break.
        let room = if is_head { table.len().min(180) } else { table.len() };
        for (at, bytes) in changes {
            table = changed(&table, at.index(room), &bytes);
        }
        if let Ok(table) = Table::parse(&table, base, None) {
            let answer = asker().ask(base, &table, SENTENCES[sentence].as_bytes());
            check_sane(table.count().into(), &answer.unwrap());
        }
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_base_whose_bytes_changed_is_refused_and_does_no_harm(
        at in any::<prop::sample::Index>(),
        bytes in change(),
        is_packed in any::<bool>(),
        sentence in 0..SENTENCES.len(),
    ) {
        let sound = if is_packed { base().bytes() } else { MADE };
        let damaged = changed(sound, at.index(sound.len()), &bytes);
        prop_assume!(damaged != sound);
        prop_assert!(Base::parse(&damaged).is_err());
        harmless(&damaged, sentence);
    }

    /// Floats stand at a multiple of four.
    #[test]
    fn a_base_with_odd_floats_gives_valid_calls_or_none(
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..300),
        bytes in change(),
        which in 0..bases().len(),
        sentence in 0..SENTENCES.len(),
    ) {
        let sound = bases()[which].bytes();
        let from = (HEAD + bases()[which].rows_bytes()) / 4;
        let mut damaged = sound.to_vec();
        for at in places {
            damaged = changed(&damaged, (from + at.index(sound.len() / 4 - from)) * 4, &bytes);
        }
        harmless(&damaged, sentence);
    }
}

/// Its weights may be anything: its tables read, and its calls are valid all the same.
fn harmless(bytes: &[u8], sentence: usize) {
    let Ok(base) = Base::parse_trusted(bytes) else { return };
    let (tools, sentence) = (plain(), SENTENCES[sentence].as_bytes());
    let table = compiled(&base, &tools);
    let table = Table::parse(&table, &base, None).unwrap();
    let answer = asker().ask(&base, &table, sentence).unwrap();
    check(&tools, &answer, sentence);
}

#[test]
fn weights_of_any_size_give_valid_calls_and_those_that_are_no_numbers_none() {
    for size in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38, 1e20, 1e-30, 0.0] {
        let bytes = random_base::sized(1, size);
        let (base, tools) = (Base::parse(&bytes).unwrap(), plain());
        let table = compiled(&base, &tools);
        let table = Table::parse(&table, &base, None).unwrap();
        for sentence in SENTENCES.map(str::as_bytes) {
            let answer = asker().ask(&base, &table, sentence).unwrap();
            let calls = check(&tools, &answer, sentence);
            assert!(calls == 0 || size.is_finite(), "{size} {answer:?}");
        }
    }
}

#[test]
fn a_base_that_is_cut_or_of_another_sort_says_which() {
    for length in (0..MADE.len()).step_by(997).chain(0..60).chain(MADE.len() - 60..MADE.len()) {
        let error = Base::parse_trusted(&MADE[..length]).unwrap_err();
        match length {
            0..8 => assert_eq!(error, BaseError::Magic),
            _ => assert!(matches!(error, BaseError::Length { .. }), "{length}: {error}"),
        }
    }
    let with = |at: usize, byte: u8| Base::parse(&changed(MADE, at, &[byte])).unwrap_err();
    assert_eq!(with(0, b'X'), BaseError::Magic);
    assert_eq!(with(12, !MADE[12]), BaseError::Hash);
    assert_eq!(with(MADE.len() - 1, !MADE[MADE.len() - 1]), BaseError::Hash);
    assert_eq!(with(24, SHAPES as u8 + 1), BaseError::Version(SHAPES + 1));
    assert_eq!(
        (with(20, 9), with(21, 99), with(36, 0)),
        (BaseError::Parts, BaseError::Parts, BaseError::Parts)
    );
    let longer = [MADE, &[0]].concat();
    assert!(matches!(Base::parse(&longer), Err(BaseError::Length { .. })));
    let packed = packed(&Base::parse(MADE).unwrap(), trine_ternary::Packing::SmladPairs);
    assert_eq!(Base::parse(&packed).unwrap_err(), BaseError::Hash);
}
