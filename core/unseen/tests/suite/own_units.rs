//! Units that are known only to a tool.

use trine_descriptor::{Field, IntRange, Kind};
use trine_unseen::said::Said;
use trine_unseen::tool::{self, RulesOf, Tool};

use crate::common;

/// The values of the one number of a sentence for two parameters with these units.
fn values(units: [&'static str; 2], sentence: &str) -> [Option<i64>; 2] {
    let whole = Kind::Int(IntRange { min: 0, max: 1000 });
    let fields = units.map(|unit| Field::new("p", whole).unit(unit));
    let list = [common::tool("both", "", fields.to_vec())];
    let both = Tool::new(&list, 0).unwrap();
    let mut said = Box::new(Said::empty());
    said.fill(sentence.as_bytes(), &RulesOf(std::slice::from_ref(&both))).unwrap();
    let [(mention, _)] = said.mentions() else { panic!("{sentence}: {:?}", said.mentions()) };
    [0, 1].map(|at| both.params()[at].value(mention))
}

#[test]
fn a_number_with_a_units_name_is_for_the_tool_that_has_it() {
    assert_eq!(values(["flurbs", "min"], "give me 20 flurbs"), [Some(20), None]);
    assert_eq!(values(["Fl\u{fc}rbs", "min"], "give me 20 fl\u{fc}rbs"), [Some(20), None]);
}

#[test]
fn a_unit_with_the_number_of_a_known_one_takes_nothing_from_it() {
    let wanted = tool::own_unit("minutes");
    let letters = || 'a'..='z';
    let mut all = letters().flat_map(|a| letters().map(move |b| format!("{a}lu{b}rbs")));
    let twin: &'static str = all.find(|name| tool::own_unit(name) == wanted).unwrap().leak();
    assert_eq!(values([twin, "min"], "wait 20 minutes"), [None, Some(20)]);
    assert_eq!(values([twin, "min"], &format!("wait 20 {twin}")), [Some(20), None]);
}

/// The value of the one number of a sentence for the first of some parameters.
fn value(fields: Vec<Field<'static>>, sentence: &str) -> Option<i64> {
    let list = [common::tool("own", "", fields)];
    let own = Tool::new(&list, 0).unwrap();
    let mut said = Box::new(Said::empty());
    said.fill(sentence.as_bytes(), &RulesOf(std::slice::from_ref(&own))).unwrap();
    let [(mention, _)] = said.mentions() else { panic!("{sentence}: {:?}", said.mentions()) };
    own.params()[0].value(mention)
}

const WHOLE: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100_000 });

#[test]
fn a_sum_of_money_is_taken_in_any_currency_and_in_nothing_else() {
    let sum = || vec![Field::new("loan_amount", WHOLE)];
    for said in ["borrow $5000", "borrow 5,000 dollars", "borrow \u{a3}5000", "borrow 5000 euros"] {
        assert_eq!(value(sum(), said), Some(5000), "{said}");
    }
    assert_eq!(value(sum(), "borrow 5000"), Some(5000));
    assert_eq!(value(sum(), "borrow 200 cents"), Some(2), "of the main unit");
    assert_eq!(value(sum(), "borrow 5000 kilos"), None);
    assert_eq!(value(vec![Field::new("level", WHOLE)], "raise it 20 dollars"), None);
}

#[test]
fn a_number_whose_unit_is_another_parameter_is_taken_as_it_is_said() {
    let text = Kind::Text { min: 0, max: 40 };
    let with = |unit| vec![Field::new("value", WHOLE), Field::new(unit, text)];
    for (said, wanted) in [
        ("turn 5 kilometres into miles", 5),
        ("wait 90 seconds", 90),
        ("what is 300 kelvin", 300),
        ("make 25 celsius fahrenheit", 25),
        ("change 40 francs", 40),
        ("change 40 dollars", 40),
        ("take 12 percent", 12),
    ] {
        assert_eq!(value(with("from_unit"), said), Some(wanted), "{said}");
    }
    assert_eq!(value(with("currency"), "change 40 dollars"), Some(40));
    assert_eq!(value(with("label"), "turn 5 kilometres into miles"), None);
    let among = |name, labels| {
        let unit = Field::new(name, Kind::Choice(labels));
        value(vec![Field::new("value", WHOLE), unit], "set it to 70 fahrenheit")
    };
    assert_eq!(among("unit", "celsius|fahrenheit"), Some(70));
    assert_eq!(among("units", "metric|imperial"), Some(70));
    assert_eq!(among("heat_unit", "bedroom|hall"), None, "it is a device");
}
