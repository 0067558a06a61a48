//! The device accepts exactly what the exported schema accepts.

use proptest::prelude::*;
use trine_bits::{Random, rounds};
use trine_descriptor::{Pack, Side, ToolTable, check, validate};

use crate::encode::encode;
use crate::generate;
use crate::source::Source;
use crate::text::{exported, sentence};

/// Values tried against each descriptor.
const VALUES: usize = 3;

fn nodes(
    table: &[trine_descriptor::Tool<'static>; 1],
    side: Side,
) -> &'static [trine_descriptor::Field<'static>] {
    match side {
        Side::Params => table[0].params,
        Side::Output => table[0].output,
    }
}

fn agree(choices: &[u32], side: Side) -> Result<(), TestCaseError> {
    let mut source = Source::new(choices);
    let table = [generate::tool(&mut source, side)];
    prop_assert_eq!(check::table(&table), Ok(()));
    let pack = Pack::<1, 8192>::new(&table);
    let schema = exported(&table, 0, side);
    let judge = jsonschema::draft202012::new(&schema).unwrap();
    for _ in 0..VALUES {
        let value = generate::value(&mut source, nodes(&table, side));
        let accepted = judge.is_valid(&value);
        let Some(bytes) = encode(nodes(&table, side), &value) else {
            // A result is written by the device, so what it cannot write cannot come.
            prop_assert!(!accepted || side == Side::Output, "no encoding: {value} {schema}");
            continue;
        };
        let verdict = validate(&table, 0, side, &bytes);
        prop_assert_eq!(verdict.is_ok(), accepted, "{:?}: {} {}", verdict, value, schema);
        prop_assert_eq!(validate(&pack, 0, side, &bytes), verdict, "{} {}", value, schema);
        if let Err(fault) = verdict {
            let text = sentence(&table, 0, side, fault);
            prop_assert!(text.starts_with("tool: ") && text.len() > 12, "{}", text);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(10_000) as u32))]

    #[test]
    fn parameters_are_judged_as_the_schema_judges(choices in draws()) {
        agree(&choices, Side::Params)?;
    }

    #[test]
    fn results_are_judged_as_the_schema_judges(choices in draws()) {
        agree(&choices, Side::Output)?;
    }
}

fn draws() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 20..250)
}

/// The generators reach both verdicts often, or the property above would say little.
#[test]
fn the_generators_reach_both_verdicts() {
    let mut random = Random::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..2000 {
        let choices: Vec<u32> = (0..150).map(|_| random.bits() as u32).collect();
        let mut source = Source::new(&choices);
        let table = [generate::tool(&mut source, Side::Params)];
        if table.node_count(0, Side::Params) < 2 {
            continue;
        }
        let value = generate::value(&mut source, table[0].params);
        let bytes = encode(table[0].params, &value);
        match bytes.is_some_and(|bytes| validate(&table, 0, Side::Params, &bytes).is_ok()) {
            true => accepted += 1,
            false => refused += 1,
        }
    }
    assert!(accepted > 300 && refused > 300, "{accepted} accepted, {refused} refused");
}
