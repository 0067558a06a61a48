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
